/*
 * The jail: namespaces and an empty root for warm parents, then for each child the
 * lock that closes behind it: descriptors, Landlock, limits, and the filter last.
 * Runs in worker programs and in deliverd's decoder; it meets no hostile byte itself,
 * everything after it does.
 * Must never return ERR_OK while a wall that this kernel can hold is missing.
 */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"
#include "jail_private.h"
#include "wire.h"

#define NOBODY		65534
#define FDS_MAX		16

static const struct { int flag; unsigned bit; } spaces[] = {
	{ CLONE_NEWNS,		JAIL_MOUNTNS },
	{ CLONE_NEWPID,		JAIL_PIDNS },
	{ CLONE_NEWNET,		JAIL_NETNS },
	{ CLONE_NEWIPC,		JAIL_IPCNS },
	{ CLONE_NEWUTS,		JAIL_UTSNS },
	{ CLONE_NEWCGROUP,	JAIL_CGROUPNS },
};

uint64_t
jail_mapped(void)
{
	char	 line[64];
	ssize_t	 n;
	int	 fd;

	if ((fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) == -1)
		return 0;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	line[n] = '\0';
	return strtoull(line, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int
file_write(const char *path, const char *text)
{
	int	 fd, r;

	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) == -1)
		return ERR_SYS;
	r = fd_write_all(fd, text, strlen(text));
	close(fd);
	return r;
}

/* The caller's own user and group, and nobody else, exist in the new namespace. */
static int
ids_map(uid_t uid, gid_t gid)
{
	char	 line[64];

	if (file_write("/proc/self/setgroups", "deny") != ERR_OK)
		return ERR_SYS;
	snprintf(line, sizeof(line), "%u %u 1", uid, uid);
	if (file_write("/proc/self/uid_map", line) != ERR_OK)
		return ERR_SYS;
	snprintf(line, sizeof(line), "%u %u 1", gid, gid);
	return file_write("/proc/self/gid_map", line);
}

/*
 * Root has no business in a jail. In a user namespace where only one user exists
 * (EINVAL: nobody is not mapped) root is that ordinary user already, and stays it.
 */
static int
root_leave(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) == -1)
		return errno == EINVAL ? ERR_OK : ERR_SYS;
	if (setgroups(0, NULL) == -1 ||
	    setresuid(NOBODY, NOBODY, NOBODY) == -1)
		return ERR_SYS;
	/* Changing users took /proc/self away from us, and ids_map needs it. */
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == -1 ? ERR_SYS : ERR_OK;
}

/* Enters whatever namespaces the kernel allows, one for users first where wanted;
 * returns the bits. */
static unsigned
spaces_enter(int users)
{
	uid_t		 uid = geteuid();
	gid_t		 gid = getegid();
	unsigned	 held = 0;

	if (users && unshare(CLONE_NEWUSER) == 0) {
		if (ids_map(uid, gid) != ERR_OK)
			return 0;
		held |= JAIL_USERNS;
	}
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (unshare(spaces[i].flag) == 0)
			held |= spaces[i].bit;
	return held;
}

/* What an unprivileged process of this kernel gets, found out by a child. */
static unsigned
spaces_probe(void)
{
	unsigned	 held = 0;
	int		 p[2], status;
	pid_t		 pid;

	if (pipe2(p, O_CLOEXEC) == -1)
		return 0;
	if ((pid = fork()) == 0) {
		if (geteuid() == 0 && root_leave() != ERR_OK)
			_exit(1);
		held = spaces_enter(1);
		_exit(fd_write_all(p[1], &held, sizeof(held)) != ERR_OK);
	}
	close(p[1]);
	if (pid == -1 || fd_read_all(p[0], &held, sizeof(held)) != ERR_OK)
		held = 0;
	close(p[0]);
	if (pid != -1)
		waitpid(pid, &status, 0);
	return held;
}

unsigned
jail_probe(void)
{
	uint32_t	 action = SECCOMP_RET_KILL_PROCESS;
	unsigned	 held = spaces_probe();

	if (jail_landlock_version() > 0)
		held |= JAIL_LANDLOCK;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		held |= JAIL_SECCOMP;
	return held;
}

/* Swaps the file system for an empty read-only one without a way back. */
static int
root_empty(void)
{
	static const char *const places[] = { "/tmp", "/proc", "/usr" };
	size_t	 i;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return ERR_SYS;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (mount("none", places[i], "tmpfs", MS_RDONLY | MS_NOSUID |
		    MS_NODEV | MS_NOEXEC, "size=4k,nr_inodes=2,mode=555") == 0)
			break;
	if (i == sizeof(places) / sizeof(places[0]) || chdir(places[i]) == -1)
		return ERR_SYS;
	/* The same place as old and new root: the old one then lies on top. */
	if (syscall(SYS_pivot_root, ".", ".") == -1 ||
	    umount2(".", MNT_DETACH) == -1)
		return ERR_SYS;
	return chdir("/") == -1 ? ERR_SYS : ERR_OK;
}

#define KEEP_MOUNTING	(1u << CAP_SYS_ADMIN)

/* All capabilities but these. */
static int
capabilities_keep(uint32_t kept)
{
	struct __user_cap_header_struct	 head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct	 data[2] = {
		{ .effective = kept, .permitted = kept },
	};

	return syscall(SYS_capset, &head, data) == -1 ? ERR_SYS : ERR_OK;
}

static int
capabilities_drop(void)
{
	return capabilities_keep(0);
}

/* Also what an exec could give back, though no child may call exec. */
static int
capabilities_drop_bounding(uint32_t kept)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1 && errno != EPERM)
			return ERR_SYS;
	return capabilities_keep(kept);
}

static int
rights_drop(uint32_t kept)
{
	if (capabilities_drop_bounding(kept) != ERR_OK ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return ERR_SYS;
	return ERR_OK;
}

/* Stays outside, holds nothing, and ends as the inner process ended. */
static _Noreturn void
minder_run(pid_t inner)
{
	int	 status;

	close_range(0, ~0u, 0);
	if (capabilities_drop_bounding(0) != ERR_OK)
		_exit(EXIT_BUG);
	while (waitpid(inner, &status, 0) == -1)
		if (errno != EINTR)
			_exit(EXIT_BUG);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}

/* The inner process: what it sees, and what it gives up. */
static int
inner_prepare(const struct jail_files *files, unsigned held, int was_root)
{
	if (files != NULL) {
		if (jail_files_root(files) != ERR_OK)
			return ERR_SYS;
	} else if ((held & JAIL_MOUNTNS) && root_empty() != ERR_OK) {
		return ERR_SYS;
	}
	if (was_root && root_leave() != ERR_OK)
		return ERR_SYS;
	if (rights_drop(files != NULL ? KEEP_MOUNTING : 0) != ERR_OK ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return ERR_SYS;
	return ERR_OK;
}

int
jail_enter_zygote(const struct jail_files *files, unsigned *held)
{
	const unsigned	 need = JAIL_USERNS | JAIL_MOUNTNS;
	unsigned	 got;
	pid_t		 pid;
	int		 was_root = geteuid() == 0;

	/* Where only root may make namespaces it makes them, and leaves after; in one
	 * for users it would be the same root as outside. */
	if (was_root && (spaces_probe() & JAIL_USERNS)) {
		if (root_leave() != ERR_OK)
			return ERR_SYS;
		was_root = 0;
	}
	got = spaces_enter(!was_root);
	*held = got;
	if (got == 0 || (files != NULL && (got & need) != need))
		return (was_root && root_leave() != ERR_OK) ||
		    rights_drop(0) != ERR_OK ? ERR_SYS : ERR_DENIED;
	if ((pid = fork()) == -1)
		return ERR_SYS;
	if (pid > 0)
		minder_run(pid);
	return inner_prepare(files, got, was_root);
}

static int
is_null_device(int fd)
{
	struct stat	 st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(1, 3);
}

/* A warm parent has no /dev any more, but its fd 0 came from there. */
static int
stdio_null(void)
{
	int	 fd = STDIN_FILENO, r = ERR_OK;

	if (!is_null_device(fd) &&
	    (fd = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		return ERR_SYS;
	for (int i = 0; i <= STDERR_FILENO; i++) {
#ifdef LIMPID_SANDBOX_TRAP
		if (i == STDERR_FILENO)
			continue;	/* trapped calls are logged there */
#endif
		if (i != fd && dup3(fd, i, 0) == -1)
			r = ERR_SYS;
	}
	if (fd > STDERR_FILENO)
		close(fd);
	return r;
}

/* Closes all but 0..2 and the wanted, gap by gap. */
static int
fds_close(const int *fds, size_t count)
{
	int		 keep[FDS_MAX] = {0}, t;
	unsigned	 from = STDERR_FILENO + 1;
	size_t		 i, j;

	if (count > FDS_MAX)
		panic("a jail keeps fewer descriptors than that");
	for (i = 0; i < count; i++) {
		t = fds[i];
		for (j = i; j > 0 && keep[j - 1] > t; j--)
			keep[j] = keep[j - 1];
		keep[j] = t;
	}
	for (i = 0; i < count; i++) {
		if (keep[i] > (int)from &&
		    close_range(from, (unsigned)keep[i] - 1, 0) == -1)
			return ERR_SYS;
		if (keep[i] >= (int)from)
			from = (unsigned)keep[i] + 1;
	}
	return close_range(from, ~0u, 0) == -1 ? ERR_SYS : ERR_OK;
}

static int
limit_set(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit	 lim = { soft, hard };

	return setrlimit((__rlimit_resource_t)what, &lim) == -1 ? ERR_SYS :
	    ERR_OK;
}

static int
limits_set(const struct jail_limits *lim)
{
#ifndef LIMPID_SAN	/* a sanitizer reserves terabytes of addresses */
	uint64_t	 all = lim->mapped_bytes + lim->memory_bytes;

	if (lim->memory_bytes > 0 && lim->mapped_bytes > 0 &&
	    all > lim->memory_bytes && limit_set(RLIMIT_AS, all, all) != ERR_OK)
		return ERR_SYS;
#endif
#ifndef LIMPID_SANDBOX_TRAP	/* the log of trapped calls may be a file */
	if (limit_set(RLIMIT_FSIZE, lim->file_bytes, lim->file_bytes) != ERR_OK)
		return ERR_SYS;
#endif
	/* SIGXCPU first, so that the end says what it was. */
	if (limit_set(RLIMIT_CPU, lim->cpu_s, (rlim_t)lim->cpu_s + 2) != ERR_OK ||
	    limit_set(RLIMIT_CORE, 0, 0) != ERR_OK ||
	    limit_set(RLIMIT_MEMLOCK, 0, 0) != ERR_OK ||
	    limit_set(RLIMIT_NOFILE, lim->files, lim->files) != ERR_OK)
		return ERR_SYS;
	return ERR_OK;
}

int
jail_lock(const struct jail_filter *filter, const struct jail_limits *lim,
    const int *fds, size_t fd_count)
{
	int	 r;

	if ((r = stdio_null()) != ERR_OK ||
	    (r = fds_close(fds, fd_count)) != ERR_OK)
		return r;
	if (lim->shown != NULL && (r = jail_files_child(lim->shown)) != ERR_OK)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    capabilities_drop() != ERR_OK)
		return ERR_SYS;
	/* Before the limit on descriptors, because it needs one. A kernel without
	 * it still has the filter, which allows no open either; doctor says so. */
	if ((r = jail_landlock(lim->shown)) != ERR_OK && r != ERR_NOTFOUND)
		return r;
	if ((r = limits_set(lim)) != ERR_OK)
		return r;
#ifdef LIMPID_SAN
	if (filter == NULL)
		return ERR_OK;
#else
	if (filter == NULL)
		panic("a jail without a filter");
#endif
	return jail_filter_install(filter, 0);
}

pid_t
jail_fork(const struct jail_filter *filter, const struct jail_limits *lim,
    const int *fds, size_t fd_count)
{
	pid_t	 parent = getpid(), pid;

	if ((pid = fork()) == -1)
		return ERR_SYS;
	if (pid > 0)
		return pid;
	/* A parent that died before this line would never be missed. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    getppid() != parent ||
	    jail_lock(filter, lim, fds, fd_count) != ERR_OK)
		_exit(JAIL_EXIT_UNLOCKED);
	return 0;
}
