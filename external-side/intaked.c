/*
 * limpid-intaked: takes mail by LMTP from our own MTA and by SMTP or LMTP on
 * TCP, keeps the original in the vault and passes it on in the spool. Run as
 * limpid-intake. Hostile: the dialogue and the mail, which is not parsed. Must
 * never say 250 before vault and spool are on disk, and cannot read the vault.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "listen.h"
#include "log.h"
#include "proc.h"
#include "served.h"
#include "session.h"
#include "store.h"

#define PROGRAM		"limpid-intaked"
#define USER		"limpid-intake"
#define USAGE		PROGRAM " [--root DIR] [-n]"
#define EVENTS		128
#define TICK_MS		1000
#define GATHER_MS	5	/* a mail waits so long for others, at most */
#define ACCEPTS		64	/* connections taken at a time */
#define FDS_A_SESSION	2	/* the socket, and the file of a large mail */
#define FDS_OTHER	256

static struct conf	*conf;
static struct sessions	 all;
static int		 unix_fd = -1, tcp_fd = -1, signal_fd = -1;

static void
start_read_conf(const char *root)
{
	char	*why = NULL;
	int	 r;

	if ((r = conf_load(root, &conf, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
	if ((r = served_load(conf->intake.domains, conf->intake.recipients,
	    &all.served, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
	all.conf = conf;
}

static void
start_limits(void)
{
	struct rlimit	 rl;
	rlim_t		 want = (rlim_t)conf->intake.max_sessions *
			    FDS_A_SESSION + FDS_OTHER;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal(EXIT_IO, "file limit: %s", err_text(ERR_SYS));
	if (rl.rlim_cur >= want)
		return;
	if (rl.rlim_max < want)
		rl.rlim_max = want;	/* root may raise it */
	rl.rlim_cur = want;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal(EXIT_NOPERM, "%d sessions need %llu open files: %s; "
		    "lower intake max_sessions or raise the limit",
		    conf->intake.max_sessions, (unsigned long long)want,
		    err_text(ERR_SYS));
}

static void
start_listen(void)
{
	char	*why = NULL;

	if (conf->intake.lmtp_socket[0] != '\0' &&
	    (unix_fd = listen_unix(conf->intake.lmtp_socket, &why)) < 0)
		fatal(err_exit(unix_fd), "%s", why != NULL ? why : "listen");
	if (conf->intake.listen[0] != '\0' &&
	    (tcp_fd = listen_tcp(conf->intake.listen, &why)) < 0)
		fatal(err_exit(tcp_fd), "%s", why != NULL ? why : "listen");
	if (unix_fd < 0 && tcp_fd < 0)
		fatal(EXIT_CONF, "nothing to listen on: set intake lmtp_socket "
		    "or intake listen in limpid.conf");
}

static void
start_drop(void)
{
	char	*policy;
	int	 r;

	if ((r = proc_drop_user(USER)) != ERR_OK)
		fatal(err_exit(r), "user %s: %s; limpid init makes it", USER,
		    err_text(r));
	if ((r = proc_no_new_privs()) != ERR_OK)
		fatal(err_exit(r), "giving up privileges: %s", err_text(r));
	if (asprintf(&policy, "%s/intaked.policy", conf->sanitizer.seccomp_dir)
	    == -1)
		fatal(EXIT_AGAIN, "out of memory");
	if ((r = proc_filter(policy)) != ERR_OK)
		fatal(err_exit(r), "%s: the filter does not hold; install it "
		    "from deploy/seccomp", policy);
	free(policy);
}

static void
watch(int fd, void *mark)
{
	struct epoll_event	 ev = { .events = EPOLLIN, .data.ptr = mark };

	if (fd != -1 && epoll_ctl(all.epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		fatal(EXIT_IO, "epoll: %s", err_text(ERR_SYS));
}

static void
start_loop(void)
{
	if ((all.epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		fatal(EXIT_IO, "epoll: %s", err_text(ERR_SYS));
	if ((signal_fd = proc_signals()) < 0)
		fatal(EXIT_IO, "signals: %s", err_text(ERR_SYS));
	watch(signal_fd, &signal_fd);
	watch(unix_fd, &unix_fd);
	watch(tcp_fd, &tcp_fd);
}

static void
start_ready(void)
{
	char	*pid = conf_path(conf, "run/intaked.pid");
	int	 r;

	if (pid == NULL)
		fatal(EXIT_AGAIN, "out of memory");
	if ((r = proc_ready(pid)) != ERR_OK)
		fatal(err_exit(r), "%s: %s", pid, err_text(r));
	free(pid);
	log_info("event=ready lmtp=%s listen=%s", unix_fd >= 0 ?
	    conf->intake.lmtp_socket : "-", tcp_fd >= 0 ?
	    conf->intake.listen : "-");
}

/* New tables, when they are good. */
static void
reload(void)
{
	struct served	*fresh = NULL;
	char		*why = NULL;
	int		 r;

	if ((r = served_load(conf->intake.domains, conf->intake.recipients,
	    &fresh, &why)) != ERR_OK) {
		log_error("event=reload-refused reason=\"%s\" effect=\"the old "
		    "tables stay\"", why != NULL ? why : err_text(r));
		free(why);
		return;
	}
	served_free(all.served);
	all.served = fresh;
	log_info("event=reloaded");
}

static void
take_clients(int fd)
{
	enum dialogue_protocol	 protocol = DIALOGUE_LMTP;
	char			 peer[LISTEN_PEER_MAX];
	int			 i, client;

	if (fd == tcp_fd && strcmp(conf->intake.protocol, "smtp") == 0)
		protocol = DIALOGUE_SMTP;
	for (i = 0; i < ACCEPTS; i++) {
		if ((client = listen_accept(fd, peer)) < 0) {
			if (client != ERR_AGAIN)
				log_warn("event=accept-failed reason=\"%s\"",
				    err_text(client));
			return;
		}
		if (session_open(&all, client, fd == tcp_fd ? peer : NULL,
		    protocol) != ERR_OK)
			log_warn("event=refused client=%s reason=\"too many "
			    "sessions\"", peer[0] != '\0' ? peer : "mta");
	}
}

static void
on_event(const struct epoll_event *ev)
{
	if (ev->data.ptr == &signal_fd) {
		proc_signals_read();
		if (proc_reloading())
			reload();
	} else if (ev->data.ptr == &unix_fd || ev->data.ptr == &tcp_fd)
		take_clients(*(int *)ev->data.ptr);
	else
		session_event(ev->data.ptr, ev->events);
}

/*
 * Mails that are ready wait for each other, because they share the waiting for
 * the disk: as long as other sessions are busy, but a few milliseconds only.
 */
static int
gathering(long long *since, int events)
{
	size_t	 ready = sessions_ready(&all);

	if (ready == 0)
		return 0;
	if (*since == 0)
		*since = proc_now_ms();
	else if (events == 0 || proc_now_ms() - *since >= GATHER_MS)
		return 0;
	return ready < all.count && ready < SESSION_BATCH;
}

static void
loop(void)
{
	struct epoll_event	 events[EVENTS];
	long long		 ticked = proc_now_ms(), since = 0;
	int			 i, n, more = 0;

	while (!proc_stopping()) {
		n = epoll_wait(all.epoll, events, EVENTS, more ? 1 : TICK_MS);
		if (n == -1 && errno != EINTR)
			fatal(EXIT_IO, "epoll: %s", err_text(ERR_SYS));
		for (i = 0; i < n; i++)
			on_event(&events[i]);
		if ((more = gathering(&since, n)))
			continue;
		since = 0;
		while (all.ready != NULL)
			sessions_commit(&all);
		if (proc_now_ms() - ticked >= TICK_MS) {
			sessions_expire(&all);
			ticked = proc_now_ms();
		}
	}
}

int
main(int argc, char **argv)
{
	struct proc_options	 options;
	char			*why = NULL;
	int			 r;

	proc_start();
	log_open(PROGRAM);
	proc_options(argc, argv, USAGE, &options);
	start_read_conf(options.root);
	if (options.check_only) {
		conf_print(conf, stdout);
		return EXIT_DONE;
	}
	start_limits();
	start_listen();
	start_drop();
	if ((r = store_open(conf, &all.store, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
	start_loop();
	start_ready();
	loop();
	log_info("event=stopping sessions=%zu", all.count);
	sessions_close(&all);
	store_close(all.store);
	served_free(all.served);
	if (unix_fd >= 0)
		unlink(conf->intake.lmtp_socket);
	conf_free(conf);
	return EXIT_DONE;
}
