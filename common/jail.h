/*
 * Jail: what a process gives up before it meets hostile bytes.
 *
 * Two steps. jail_enter_zygote, once in a warm parent: new user, pid, net, ipc,
 * uts, cgroup and mount namespaces where the kernel allows, an empty read-only
 * root, no capabilities. jail_lock, in each forked child: stdio on /dev/null, only
 * the wanted fds, Landlock (no path at all unless granted), rlimits,
 * no-new-privs, and last the seccomp allow-list with default kill.
 *
 * Filters are text, deploy/seccomp/NAME.policy, one line a call:
 *	read			# reason
 *	mmap if arg2 !& 0x4	# not executable (argN !& MASK: no bit of it,
 *				# argN & MASK: every bit, argN == V, argN != V)
 *	fcntl if arg1 == 3 and arg2 == 0	# both must hold
 *	sysinfo errno EPERM	# refused softly: glibc qsort asks for it
 * Lines of one call add up: one of them must hold. A line without a reason is
 * refused; a call not named kills the process.
 */
#ifndef LIMPID_JAIL_H
#define LIMPID_JAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * For a library that reads its program files and fonts while it works: what its jail
 * shows of the file system. Everything else does not exist there.
 */
struct jail_files {
	const char *const *shown;	/* absolute paths, read-only; NULL ends. A
					 * link is shown as a link; what is not on
					 * this host is left out */
	const char *const *hidden;	/* below those: shown as empty */
	uint64_t tmp_bytes;		/* /tmp of each child, fresh and its own */
	uint32_t tmp_files;
};

struct jail_limits {
	uint64_t memory_bytes;		/* RLIMIT_AS on top of mapped_bytes; 0 none */
	uint64_t mapped_bytes;		/* from jail_mapped() */
	uint32_t cpu_s;			/* RLIMIT_CPU */
	uint64_t file_bytes;		/* RLIMIT_FSIZE, 0 for no writing to files;
					 * pipes are not files */
	uint32_t files;			/* RLIMIT_NOFILE */
	const struct jail_files *shown;	/* as given to jail_enter_zygote; NULL: no
					 * path at all */
};

struct jail_filter;	/* a compiled seccomp program */

/* Reads and compiles a policy. On failure *why (caller frees) is
 * "file:line: what, what to do". */
int jail_filter_load(const char *path, struct jail_filter **fp, char **why);
void jail_filter_free(struct jail_filter *f);
/* How many calls are named, and each line in the order of the file, for
 * `limpid doctor`: f's, borrowed. */
struct jail_rule {
	char	*call;		/* "mmap" */
	char	*condition;	/* "arg2 !& 0x4", "" none */
	char	*error;		/* "EPERM", "" when the call is allowed */
	char	*reason;
};
size_t jail_filter_calls(const struct jail_filter *f);
size_t jail_filter_rules(const struct jail_filter *f);
const struct jail_rule *jail_filter_rule(const struct jail_filter *f, size_t i);

/* no-new-privs, and the filter on every thread of the calling process: for daemons
 * (proc.h). What the filter forbids from then on kills. */
int jail_filter_apply(const struct jail_filter *f);

/* Bytes of address space that the caller has mapped now, from /proc; 0 when that
 * cannot be read (then memory_bytes is not enforced as RLIMIT_AS). */
uint64_t jail_mapped(void);

/* What holds on this kernel: bits, for doctor and for the log line at start. */
#define JAIL_USERNS	0x01
#define JAIL_PIDNS	0x02
#define JAIL_NETNS	0x04
#define JAIL_IPCNS	0x08
#define JAIL_MOUNTNS	0x10
#define JAIL_LANDLOCK	0x20
#define JAIL_SECCOMP	0x40
#define JAIL_UTSNS	0x80
#define JAIL_CGROUPNS	0x100
unsigned jail_probe(void);

/*
 * Namespaces for a warm parent. Forks: the caller's process stays outside and
 * becomes a minder that waits for the inner one, passes its end on and dies with
 * it; the function returns only in the inner process (pid 1 of its namespace).
 * held gets the bits that took effect. Seccomp and Landlock come in jail_lock.
 * ERR_DENIED when the kernel allows no namespaces at all: there was no fork then, all
 * rights are dropped nevertheless, and the caller may go on with jail_lock alone.
 */
int jail_enter_zygote(const struct jail_files *files, unsigned *held);
/*
 * With files (NULL: none) the root holds those, an /etc/passwd of one line, /tmp, and
 * until jail_files_settle a read-only /proc, so that the library can be warmed up
 * inside. The warm parent then keeps one right over its own namespaces, that of
 * mounting, because each child gets its /tmp by it and drops it. Without namespaces
 * for users and mounts there is no such jail: ERR_DENIED.
 */
int jail_files_settle(void);

/*
 * For a process that stays outside of namespaces (deliverd's warm parent, the link's
 * receiver), so that its own filter need not allow making them: forks a child locked
 * by jail_lock with these fds. Returns 0 in the child, which is then locked and must end by _exit, and
 * its pid in the parent, which kills it at its deadline and waits for it; ERR_SYS in
 * the parent when there was no fork. The child dies with its parent. One that cannot
 * lock itself leaves with JAIL_EXIT_UNLOCKED before it returns. The caller must be
 * single-threaded, and its own filter must allow: clone, wait4, kill, getppid, prctl,
 * capset, openat, dup3, newfstatat, close, close_range, landlock_create_ruleset,
 * landlock_restrict_self, prlimit64, seccomp, exit_group.
 */
#define JAIL_EXIT_UNLOCKED 103
pid_t jail_fork(const struct jail_filter *filter, const struct jail_limits *lim,
    const int *fds, size_t fd_count);

/*
 * Locks the calling process for good. fds: those that stay open besides 0..2
 * (which become /dev/null). Returns ERR_OK with everything in force, else the
 * process must _exit: it is half locked. filter NULL only in SAN=1 builds.
 * Must be called single-threaded, with fd 0 on /dev/null (or /dev/null in reach).
 * In a SANDBOX=trap build forbidden calls are logged by number on stderr and fail
 * instead of killing.
 */
int jail_lock(const struct jail_filter *filter, const struct jail_limits *lim,
    const int *fds, size_t fd_count);

#endif
