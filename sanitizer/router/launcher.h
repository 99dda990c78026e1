/*
 * Launcher: starts warm parents (zygote.h) by name. In the daemon it is the
 * start-up half, a process of its own that keeps root for one thing only: to
 * start workers as another user. For an unprivileged caller (limpid-clean,
 * tests) it is the same calls in the caller's own process, without the change
 * of user.
 */
#ifndef LIMPID_LAUNCHER_H
#define LIMPID_LAUNCHER_H

#include <sys/types.h>

struct launcher;
struct zygote;

/* Programs are DIR/limpid-worker-NAME, their filters SECCOMP_DIR/worker-
 * NAME.policy; the scanner loads database (NULL: there is none and it is not
 * asked for), worker-smime the issuers of smime_ca (NULL: none). In the caller's
 * process, as the caller. */
int launcher_new(const char *worker_dir, const char *seccomp_dir,
    const char *database, const char *smime_ca, struct launcher **lp);
/*
 * Forks the launcher process. Zygotes run as uid and gid. It ends, and every
 * zygote with it, when the caller's end of its socket closes. Call before
 * dropping privileges; *pidp is the process to wait for.
 */
int launcher_fork(const char *worker_dir, const char *seccomp_dir,
    const char *database, const char *smime_ca, uid_t uid, gid_t gid,
    struct launcher **lp, pid_t *pidp);
void launcher_free(struct launcher *l);
/* Readable when the launcher process is gone: then no worker can be started any
 * more. -1 when there is no such process. Borrowed. */
int launcher_fd(const struct launcher *l);

/*
 * A new zygote for worker `name`, not yet READY. Waits a few milliseconds for
 * the launcher process. ERR_NOTFOUND when there is no such program, ERR_PEER
 * when the launcher is gone.
 */
int launcher_start(struct launcher *l, const char *name, struct zygote **zp);

#endif
