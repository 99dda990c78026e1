/*
 * How every long-lived program starts, in the same visible order: read
 * configuration, open what it needs, drop to its user, limits, no-new-privs,
 * filter, announce ready, loop.
 */
#ifndef LIMPID_PROC_H
#define LIMPID_PROC_H

#include <signal.h>
#include <stddef.h>

/* Common options of every daemon: --root DIR, -n (check), -f (stay; default). */
struct proc_options { const char *root; int check_only; };
/* Parses them; usage errors print a sentence and exit EXIT_USAGE. */
void proc_options(int argc, char **argv, const char *usage,
    struct proc_options *out);

/* fds 0..2 open on /dev/null where closed, all above 2 closed but what systemd kept,
 * umask 027, SIGPIPE ignored. The first call of main. */
void proc_start(void);
/* How many fds, from 3 on, systemd kept for this program since it ran before
 * (sd_listen_fds(3)); who takes one makes it close-on-exec. */
#define PROC_KEPT_MAX	16
int proc_kept(void);
/* Asks systemd to keep a copy of a fd under a short name, instead of one it has under
 * that name (FDSTORE in sd_notify(3)). Without systemd nothing happens. */
void proc_keep(const char *name, int fd);
/* Becomes user (and its primary group, no supplementary groups) for good.
 * ERR_NOTFOUND when there is no such user. As non-root it is a no-op that
 * returns ERR_OK and, when that is another user, says so in the log. */
int proc_drop_user(const char *user);
/* No core dumps, not ptraceable, no-new-privs, all capabilities dropped. */
int proc_no_new_privs(void);
/* Applies deploy/seccomp/NAME.policy to this process (jail.h reads it). */
int proc_filter(const char *policy_path);

/* SIGTERM and SIGINT make proc_stopping() true and the returned fd (a signalfd,
 * for poll) readable; SIGHUP makes proc_reloading() true once. */
int proc_signals(void);
int proc_signals_read(void);	/* drains the fd; returns 1 when stopping */
int proc_stopping(void);
int proc_reloading(void);

/*
 * Whether the run before ended by a fault of its own (SIGSEGV, abort ...) and not by
 * a kill or a power cut: 1 or 0. From here on a fault of this run leaves path behind
 * for the next one. path is borrowed for ever; its folder must be writable.
 */
int proc_crash_marker(const char *path);

/* Tells systemd (NOTIFY_SOCKET) and, when given, writes path (a pid file under
 * run/) so that others can wait for it. */
int proc_ready(const char *pid_path);

/* Monotonic and wall clock, milliseconds. */
long long proc_now_ms(void);
long long proc_wall_ms(void);

/* fsync a directory by path. */
int proc_sync_dir(int dirfd);

#endif
