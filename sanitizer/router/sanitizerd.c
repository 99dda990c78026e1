/*
 * limpid-sanitizerd: opens what came over link 1, has jailed workers take it
 * apart, and writes the copy for link 2. Runs as limpid-san (the router) beside
 * a launcher process that keeps root only to start workers as limpid-work.
 * Hostile input: answers of workers; originals are carried, never parsed. Must
 * never let a byte of an original into a copy.
 */
#include "sanitizerd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "launcher.h"
#include "log.h"
#include "proc.h"
#include "sanitizerd_locked.h"

#define MAILS_A_WORKER	2	/* at once, so that no worker waits for a disk */
#define MAILS_SMALL	8	/* the same, of small ones */
#define SMALL_BYTES	(256 * 1024)
#define STOP_MS		20000	/* mails in work may end before the program does */
#define HELD_MS		60000	/* between looks at held parcels */
#define SYNC_MS		1000	/* between syncs of the record */
#define LEAVE_MS	2000	/* for the launcher and its workers to end */

static const char usage[] = "limpid-sanitizerd [--root DIR] [-n] [-f]";

struct start {
	struct sanitizer	 s;
	struct launcher		*launcher;
	pid_t			 launcher_pid;
	int			 tmp;
	char			*crashed;	/* the crash marker's path */
};

static char *
path_of(const struct conf *c, const char *path)
{
	char	*p;

	if ((p = conf_path(c, path)) == NULL)
		fatal(EXIT_BUG, "out of memory");
	return p;
}

static struct policy_use *
policy_take(const struct conf *c)
{
	struct policy_use	*u;
	char			*why = NULL;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return NULL;
	if (policy_load(c->sanitizer.policy, &u->policy, &why) != ERR_OK) {
		log_error("%s", why != NULL ? why : "the policy cannot be "
		    "loaded");
		free(why);
		free(u);
		return NULL;
	}
	u->users = 1;
	return u;
}

static struct key *
key_take(const struct conf *c, const char *name, enum key_type type,
    int private)
{
	struct key	*k = NULL;
	char		*rel, *path;
	int		 r;

	if (asprintf(&rel, "etc/keys/%s.%s", name, private ? "key" :
	    "pub") == -1)
		fatal(EXIT_BUG, "out of memory");
	path = path_of(c, rel);
	r = private ? key_load_private(path, type, &k) :
	    key_load_public(path, type, &k);
	if (r != ERR_OK)
		fatal(r == ERR_SYS && errno == EACCES ? EXIT_NOPERM :
		    EXIT_CONF, "%s: %s. %s.", path, err_text(r), private ?
		    "`limpid init` makes it" : "Bring it with `limpid keys`");
	free(path);
	free(rel);
	return k;
}

static void
keys_take(struct sanitizer *s)
{
	s->intake_sign = key_take(s->conf, "intake-sign", KEY_ED25519, 0);
	s->own_seal = key_take(s->conf, "sanitizer-seal", KEY_X25519, 1);
	s->own_sign = key_take(s->conf, "sanitizer-sign", KEY_ED25519, 1);
	s->internal_seal = key_take(s->conf, "internal-seal", KEY_X25519, 0);
}

/* Root stays here, in a process that knows no key and reads no mail. */
static void
launcher_take(struct start *t)
{
	const struct conf	*c = t->s.conf;
	struct passwd		*pw;
	uid_t			 uid = (uid_t)-1;
	gid_t			 gid = (gid_t)-1;
	int			 r;

	if (geteuid() == 0) {
		if ((pw = getpwnam("limpid-work")) == NULL)
			fatal(EXIT_CONF, "there is no user limpid-work for "
			    "the workers; `limpid init` makes it");
		uid = pw->pw_uid;
		gid = pw->pw_gid;
	}
	if ((r = launcher_fork(c->sanitizer.worker_dir,
	    c->sanitizer.seccomp_dir, scan_database_of(c),
	    strcmp(c->sanitizer.smime_ca, "none") == 0 ? NULL :
	    c->sanitizer.smime_ca, uid, gid, &t->launcher, &t->launcher_pid)) != ERR_OK)
		fatal(err_exit(r), "launcher: %s", err_text(r));
}

static struct spool *
spool_take(const struct conf *c, const char *rel)
{
	struct spool	*s = NULL;
	char		*path = path_of(c, rel);
	int		 r;

	if ((r = spool_open(path, c->spool.high_water, c->spool.reserve,
	    &s)) != ERR_OK)
		fatal(err_exit(r), "%s: %s; `limpid init` makes the spool",
		    path, err_text(r));
	free(path);
	return s;
}

static void
state_take(struct start *t)
{
	struct sanitizer	*s = &t->s;
	char			*path;
	int			 r;

	s->in = spool_take(s->conf, "state/spool/link1-in");
	s->out = spool_take(s->conf, "state/spool/link2-out");
	if (spool_wake_fd(s->in) < 0)
		fatal(EXIT_IO, "inotify: %s", strerror(errno));
	path = path_of(s->conf, "state/record/sanitizerd.record");
	if ((r = record_open(path, &s->record)) != ERR_OK)
		fatal(err_exit(r), "%s: %s%s", path, err_text(r),
		    r == ERR_AGAIN ? "; another limpid-sanitizerd runs" : "");
	free(path);
	path = path_of(s->conf, "state/tmp");
	t->tmp = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->tmp == -1)
		log_warn("%s: %s; large answers wait in memory", path,
		    strerror(errno));
	free(path);
}

static void
spools_recover(struct start *t)
{
	struct sanitizer	*s = &t->s;
	int			 r;

	t->crashed = path_of(s->conf, "state/tmp/sanitizerd.crashed");
	if ((r = spool_recover(s->in, proc_crash_marker(t->crashed))) < 0)
		fatal(err_exit(r), "spool link1-in: %s", err_text(r));
	if (r > 0)
		log_info("%d parcels go on from before", r);
	if ((r = spool_clear_tmp(s->out)) < 0)
		log_warn("spool link2-out: %s", err_text(r));
}

static void
engine_take(struct start *t)
{
	const struct conf	*c = t->s.conf;
	struct engine_config	 config = { .launcher = t->launcher,
				    .tmp_dirfd = t->tmp,
				    .authserv_id = c->intake.authserv_id,
				    .scan_off = scan_database_of(c) == NULL };

	config.workers = c->sanitizer.workers > 0 ?
	    (unsigned)c->sanitizer.workers : 1;
	if (engine_new(&config, &t->s.engine) != ERR_OK)
		fatal(EXIT_UNAVAILABLE, "engine: %s", strerror(errno));
}

static void
filter_take(const struct conf *c)
{
	char	*path;

	if (asprintf(&path, "%s/sanitizerd.policy",
	    c->sanitizer.seccomp_dir) == -1)
		fatal(EXIT_BUG, "out of memory");
	if (proc_filter(path) != ERR_OK)
		fatal(EXIT_CONF, "%s: the filter is not in force", path);
	free(path);
}

/* A policy that does not hold leaves the old one in force. */
static void
reload(struct sanitizer *s)
{
	struct policy_use	*u;

	if ((u = policy_take(s->conf)) == NULL) {
		log_error("reload: the old policy stays, digest %s",
		    policy_digest(s->policy->policy));
		return;
	}
	policy_use_drop(s->policy);
	s->policy = u;
	log_info("reload: policy digest %s", policy_digest(u->policy));
	record_add(s->record, "policy.loaded", "digest",
	    policy_digest(u->policy), NULL);
}

/* Many mails at once while they are small, few when one is not. */
static int
has_room(const struct sanitizer *s, unsigned workers)
{
	return s->mails < MAILS_A_WORKER * workers ||
	    (s->mails < MAILS_SMALL * workers &&
	    s->bytes < (uint64_t)workers * SMALL_BYTES);
}

static void
claim_some(struct sanitizer *s)
{
	unsigned	 workers = s->conf->sanitizer.workers > 0 ?
			    (unsigned)s->conf->sanitizer.workers : 1;
	unsigned	 attempt;
	char		 name[SPOOL_NAME_MAX + 1];
	int		 fd, r = ERR_OK;

	while (!proc_stopping() && has_room(s, workers) &&
	    proc_now_ms() >= s->pause_until &&
	    (r = spool_claim(s->in, name, &fd, &attempt)) == ERR_OK)
		mail_begin(s, name, fd, attempt);
	if (r != ERR_OK && r != ERR_AGAIN) {
		log_error("spool link1-in: %s", err_text(r));
		s->pause_until = proc_now_ms() + 1000;
	}
}

/* What nobody waits for: events reach the disk within a second. */
static void
housekeeping(struct sanitizer *s, long long *look_at, long long *sync_at)
{
	long long	now = proc_now_ms();
	int		r;

	scan_keep(s);
	locked_keep(s);
	if (now >= *look_at) {
		notices_catch_up(s);
		*look_at = now + HELD_MS;
	}
	if (now >= *sync_at) {
		missing_tell(s);
		if ((r = record_sync(s->record)) != ERR_OK)
			log_error("the record is not on disk: %s",
			    err_text(r));
		*sync_at = now + SYNC_MS;
	}
}

static int
how_long(struct sanitizer *s)
{
	long long	left = s->pause_until - proc_now_ms();
	int		wait = engine_timeout(s->engine);

	if (wait < 0 || wait > 1000)
		wait = 1000;
	if (s->ready_count > 0 && s->ready_until - proc_now_ms() < wait)
		wait = s->ready_until > proc_now_ms() ?
		    (int)(s->ready_until - proc_now_ms()) : 0;
	return left > 0 && left < wait ? (int)left : wait;
}

static void
loop(struct sanitizer *s, const struct launcher *launcher, int signals)
{
	struct pollfd	 p[4];
	long long	 stop_at = 0, look_at = 0, sync_at = 0;

	p[0].fd = signals;
	p[1].fd = spool_wake_fd(s->in);
	p[2].fd = engine_fd(s->engine);
	p[3].fd = launcher_fd(launcher);
	p[0].events = p[1].events = p[2].events = p[3].events = POLLIN;
	for (;;) {
		claim_some(s);
		if (engine_work(s->engine) != ERR_OK)
			fatal(EXIT_AGAIN, "engine: %s", strerror(errno));
		mails_commit(s);
		if (proc_stopping() && stop_at == 0)
			stop_at = proc_now_ms() + STOP_MS;
		if (stop_at != 0 && (s->mails == 0 ||
		    proc_now_ms() >= stop_at))
			break;
		housekeeping(s, &look_at, &sync_at);
		if (poll(p, 4, how_long(s)) == -1 && errno != EINTR)
			fatal(EXIT_IO, "poll: %s", strerror(errno));
		if (p[3].revents != 0)
			fatal(EXIT_AGAIN, "the launcher is gone, so no worker "
			    "can be started; start this program again");
		if (p[0].revents != 0)
			proc_signals_read();
		if (proc_reloading())
			reload(s);
		if (p[1].revents != 0) {
			spool_wake_clear(s->in);
			missing_tell(s);
		}
	}
	if (s->mails > 0)
		log_warn("%u mails were in work; they go on at the next "
		    "start", s->mails);
}

static void
sanitizer_free(struct sanitizer *s)
{
	policy_use_drop(s->policy);
	key_free(s->intake_sign);
	key_free(s->own_seal);
	key_free(s->own_sign);
	key_free(s->internal_seal);
	conf_free(s->conf);
}

static void
sanitizer_close(struct start *t)
{
	struct sanitizer	*s = &t->s;
	long long		 until = proc_now_ms() + LEAVE_MS;

	engine_free(s->engine);
	launcher_free(t->launcher);
	while (waitpid(t->launcher_pid, NULL, WNOHANG) == 0 &&
	    proc_now_ms() < until)
		usleep(1000);
	if (t->tmp != -1)
		close(t->tmp);
	(void)record_sync(s->record);
	record_close(s->record);
	spool_close(s->in);
	spool_close(s->out);
	locked_close(s);
	sanitizer_free(s);
	free(t->crashed);
}

static int
check_only(struct sanitizer *s)
{
	if ((s->policy = policy_take(s->conf)) == NULL) {
		sanitizer_free(s);
		return EXIT_CONF;
	}
	keys_take(s);
	conf_print(s->conf, stdout);
	printf("# policy %s, digest %s\n", s->conf->sanitizer.policy,
	    policy_digest(s->policy->policy));
	sanitizer_free(s);
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct start		 t = { .tmp = -1 };
	struct proc_options	 options;
	char			*why = NULL, *pid;
	int			 r, signals;

	proc_start();
	log_open("limpid-sanitizerd");
	proc_options(argc, argv, usage, &options);
	if ((r = conf_load(options.root, &t.s.conf, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
	if (options.check_only)
		return check_only(&t.s);
	if ((t.s.policy = policy_take(t.s.conf)) == NULL)
		fatal(EXIT_CONF, "%s: no good policy, no work. See `limpid "
		    "policy check`.", t.s.conf->sanitizer.policy);
	launcher_take(&t);
	if ((r = proc_drop_user("limpid-san")) != ERR_OK)
		fatal(err_exit(r), "user limpid-san: %s", err_text(r));
	keys_take(&t.s);
	state_take(&t);
	spools_recover(&t);
	locked_open(&t.s);
	engine_take(&t);
	if ((signals = proc_signals()) < 0)
		fatal(EXIT_IO, "signals: %s", strerror(errno));
	if ((r = proc_no_new_privs()) != ERR_OK)
		fatal(err_exit(r), "privileges: %s", err_text(r));
	pid = path_of(t.s.conf, "run/sanitizerd.pid");
	filter_take(t.s.conf);
	engine_warm(t.s.engine);
	scan_begin(&t.s);
	if ((r = proc_ready(pid)) != ERR_OK)
		log_warn("%s: %s", pid, err_text(r));
	record_add(t.s.record, "program.started", "policy",
	    policy_digest(t.s.policy->policy), NULL);
	loop(&t.s, t.launcher, signals);
	record_add(t.s.record, "program.stopped", NULL);
	scan_end(&t.s);
	unlink(pid);
	free(pid);
	sanitizer_close(&t);
	return EXIT_DONE;
}
