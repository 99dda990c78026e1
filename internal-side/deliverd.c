/*
 * limpid-deliverd: takes copies that came over link 2, composes harmless mail in a
 * jailed child, files it and keeps the index. Run as limpid-deliver. Hostile: the
 * copies, decoded only by the child. Must never talk to a network, and must never
 * lose or double a mail.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compose_jail.h"
#include "conf.h"
#include "deliver.h"
#include "err.h"
#include "log.h"
#include "proc.h"
#include "recipients.h"

#define PROGRAM		"limpid-deliverd"
#define USER		"limpid-deliver"
#define USAGE		PROGRAM " [--root DIR] [-n]"
#define IDLE_MS		1000	/* look without being woken */
#define PAUSE_MS	1000	/* when the disk or the index says no */

static struct conf	*conf;
static struct compose_jail *jail;
static struct deliver	*deliver;
static char		 crash_path[4096];	/* for as long as we live */

static void
start_read_conf(const char *root)
{
	char	*why = NULL;
	int	 r;

	if ((r = conf_load(root, &conf, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
}

/* What -n checks beyond the configuration's own values. */
static void
start_check(void)
{
	struct recipients	*table = NULL;
	char			*why = NULL;
	int			 r;

	if ((r = recipients_load(conf->deliver.recipients,
	    conf->deliver.unclaimed, &table, &why)) != ERR_OK)
		fatal(EXIT_CONF, "%s", why != NULL ? why : err_text(r));
	recipients_free(table);
	conf_print(conf, stdout);
}

static void
start_drop(void)
{
	int	 r;

	if ((r = proc_drop_user(USER)) != ERR_OK)
		fatal(err_exit(r), "user %s: %s; limpid init makes it", USER,
		    err_text(r));
	if ((r = proc_no_new_privs()) != ERR_OK)
		fatal(err_exit(r), "giving up privileges: %s", err_text(r));
}

/* Its children get a copy of this process as it is now: without keys and index, and
 * the filter that follows allows no process any more. */
static void
start_compose(void)
{
	char	*why = NULL;
	int	 r;

	r = compose_jail_open(conf->sanitizer.seccomp_dir, &jail, &why);
	if (r != ERR_OK)
		fatal(err_exit(r), "the compose process: %s", why != NULL ?
		    why : err_text(r));
}

static void
start_filter(void)
{
	char	*policy;
	int	 r;

	if (asprintf(&policy, "%s/deliverd.policy",
	    conf->sanitizer.seccomp_dir) == -1)
		fatal(EXIT_AGAIN, "out of memory");
	if ((r = proc_filter(policy)) != ERR_OK)
		fatal(err_exit(r), "%s: the filter does not hold; install it "
		    "from deploy/seccomp", policy);
	free(policy);
}

static void
start_work(void)
{
	char	*why = NULL, *path;
	int	 r;

	if ((path = conf_path(conf, "state/index/deliverd.crashed")) == NULL)
		fatal(EXIT_AGAIN, "out of memory");
	snprintf(crash_path, sizeof(crash_path), "%s", path);
	free(path);
	r = deliver_open(conf, jail, proc_crash_marker(crash_path), &deliver,
	    &why);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
}

static void
start_ready(void)
{
	char	*pid = conf_path(conf, "run/deliverd.pid");
	int	 r;

	if (pid == NULL)
		fatal(EXIT_AGAIN, "out of memory");
	if ((r = proc_ready(pid)) != ERR_OK)
		fatal(err_exit(r), "%s: %s", pid, err_text(r));
	free(pid);
	log_info("event=ready");
}

static void
loop(int signal_fd)
{
	struct pollfd	 p[2] = {
		{ .fd = signal_fd, .events = POLLIN },
		{ .fd = deliver_wake_fd(deliver), .events = POLLIN }
	};
	int		 n, wait_ms;

	while (!proc_stopping()) {
		deliver_reload(deliver);
		n = deliver_batch(deliver);
		deliver_missing(deliver);
		wait_ms = n > 0 ? 0 : n == ERR_AGAIN ? PAUSE_MS : IDLE_MS;
		/* A spool that keeps waking us must not undo the pause. */
		if (poll(p, n == ERR_AGAIN ? 1 : 2, wait_ms) == -1 &&
		    errno != EINTR)
			fatal(EXIT_IO, "poll: %s", err_text(ERR_SYS));
		if (p[0].revents != 0)
			proc_signals_read();
		proc_reloading();	/* the table is looked at anyway */
	}
}

int
main(int argc, char **argv)
{
	struct proc_options	 options;
	int			 signal_fd;

	proc_start();
	log_open(PROGRAM);
	proc_options(argc, argv, USAGE, &options);
	start_read_conf(options.root);
	if (options.check_only) {
		start_check();
		conf_free(conf);
		return EXIT_DONE;
	}
	start_drop();
	start_compose();
	if ((signal_fd = proc_signals()) < 0)
		fatal(EXIT_IO, "signals: %s", err_text(ERR_SYS));
	start_filter();
	start_work();
	start_ready();
	loop(signal_fd);
	log_info("event=stopping");
	deliver_close(deliver);
	compose_jail_close(jail);
	conf_free(conf);
	return EXIT_DONE;
}
