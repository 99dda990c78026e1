/*
 * The steps by which every long-lived program starts (proc.h). Run by all of
 * them, before they meet any input; nothing here is hostile. Must never leave
 * a process with a privilege that its step promised to take away: each step
 * checks that the privilege is really gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"
#include "log.h"
#include "proc.h"
#include "wire.h"

static int	 signals_fd = -1;
static int	 stopping, reloading;

void
proc_options(int argc, char **argv, const char *usage, struct proc_options *out)
{
	int	 i;

	out->root = NULL;
	out->check_only = 0;
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			out->root = argv[++i];
		else if (strncmp(argv[i], "--root=", 7) == 0)
			out->root = argv[i] + 7;
		else if (strcmp(argv[i], "-n") == 0)
			out->check_only = 1;
		else if (strcmp(argv[i], "-f") != 0) {
			if (strcmp(argv[i], "--root") == 0)
				fprintf(stderr, "%s: --root needs a folder\n",
				    program_invocation_short_name);
			else
				fprintf(stderr, "%s: unknown option %s\n",
				    program_invocation_short_name,
				    log_safe(argv[i]));
			fprintf(stderr, "usage: %s\n", usage);
			exit(EXIT_USAGE);
		}
	}
}

int
proc_kept(void)
{
	const char	*pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	int		 count;

	if (pid == NULL || n == NULL || atol(pid) != (long)getpid())
		return 0;
	count = atoi(n);
	return count > 0 && count <= PROC_KEPT_MAX ? count : 0;
}

void
proc_start(void)
{
	int	 fd;

	do {
		if ((fd = open("/dev/null", O_RDWR)) == -1)
			_exit(EXIT_IO);
	} while (fd <= 2);
	if (syscall(SYS_close_range, 3U + (unsigned)proc_kept(), ~0U, 0U) ==
	    -1)
		_exit(EXIT_IO);
	umask(027);
	signal(SIGPIPE, SIG_IGN);
}

/* ERR_OK when no way leads back to another user. */
static int
proc_user_is(uid_t uid, gid_t gid)
{
	uid_t	 ru, eu, su;
	gid_t	 rg, eg, sg;

	if (getresuid(&ru, &eu, &su) == -1 || getresgid(&rg, &eg, &sg) == -1)
		return ERR_SYS;
	if (ru != uid || eu != uid || su != uid ||
	    rg != gid || eg != gid || sg != gid)
		return ERR_DENIED;
	if (uid != 0 && setresuid(0, 0, 0) != -1)
		return ERR_DENIED;
	return getgroups(0, NULL) == 0 ? ERR_OK : ERR_DENIED;
}

int
proc_drop_user(const char *user)
{
	struct passwd	*pw;

	errno = 0;
	pw = getpwnam(user);
	if (geteuid() != 0) {
		if (pw == NULL || pw->pw_uid != geteuid())
			log_info("not root: staying uid=%u instead of %s",
			    (unsigned)geteuid(), user);
		return ERR_OK;
	}
	if (pw == NULL)
		return errno != 0 ? ERR_SYS : ERR_NOTFOUND;
	if (pw->pw_uid == 0)
		return ERR_DENIED;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		return ERR_SYS;
	return proc_user_is(pw->pw_uid, pw->pw_gid);
}

static int
proc_drop_capabilities(void)
{
	struct __user_cap_header_struct	 head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct	 none[2], now[2];
	int				 cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1 &&
		    errno != EPERM)
			return ERR_SYS;
	memset(none, 0, sizeof(none));
	memset(now, 0xff, sizeof(now));
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 ||
	    syscall(SYS_capset, &head, none) == -1 ||
	    syscall(SYS_capget, &head, now) == -1)
		return ERR_SYS;
	return memcmp(none, now, sizeof(none)) == 0 ? ERR_OK : ERR_DENIED;
}

int
proc_no_new_privs(void)
{
	struct rlimit	 none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return ERR_SYS;
#ifndef LIMPID_SAN
	/* The leak checker of a SAN=1 build traces its own process at exit. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return ERR_SYS;
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ERR_SYS;
	return proc_drop_capabilities();
}

int
proc_filter(const char *policy_path)
{
	struct jail_filter	*f = NULL;
	char			*why = NULL;
	int			 r;

	if ((r = jail_filter_load(policy_path, &f, &why)) != ERR_OK)
		log_error("%s", why != NULL ? why : err_text(r));
#ifndef LIMPID_SAN
	else if ((r = jail_filter_apply(f)) != ERR_OK)
		log_error("filter %s: %s", policy_path, err_text(r));
#endif
	jail_filter_free(f);
	free(why);
	return r;
}

int
proc_signals(void)
{
	sigset_t	 set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return ERR_SYS;
	if ((signals_fd = signalfd(signals_fd, &set, SFD_NONBLOCK |
	    SFD_CLOEXEC)) == -1)
		return ERR_SYS;
	return signals_fd;
}

int
proc_signals_read(void)
{
	struct signalfd_siginfo	 si;

	while (signals_fd != -1 &&
	    read(signals_fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGHUP)
			reloading = 1;
		else
			stopping = 1;
	}
	return stopping;
}

int
proc_stopping(void)
{
	return stopping;
}

int
proc_reloading(void)
{
	int	 was = reloading;

	reloading = 0;
	return was;
}

#ifndef LIMPID_SAN
static const char	*crash_path;

/* Only calls that are allowed in a signal handler; then the fault takes its
 * way. */
static void
crash_mark(int sig)
{
	int	 fd = open(crash_path, O_WRONLY | O_CREAT | O_CLOEXEC |
		    O_NOFOLLOW, 0644);

	if (fd != -1)
		close(fd);
	raise(sig);
}
#endif

int
proc_crash_marker(const char *path)
{
#ifndef LIMPID_SAN	/* whose own report is worth more */
	static const int	 faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE,
				    SIGABRT };
	struct sigaction	 sa = { .sa_handler = crash_mark,
				    .sa_flags = (int)SA_RESETHAND };
	size_t			 i;

	crash_path = path;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		sigaction(faults[i], &sa, NULL);
#endif
	return unlink(path) == 0;
}

/* Where systemd listens; -1 without it. Nothing is connected: receivers of a link have
 * no such call. */
static int
notify_open(struct sockaddr_un *sun, socklen_t *sun_len)
{
	const char	*path = getenv("NOTIFY_SOCKET");
	size_t		 len;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    (len = strlen(path)) >= sizeof(sun->sun_path))
		return -1;
	memcpy(sun->sun_path, path, len);
	if (sun->sun_path[0] == '@')
		sun->sun_path[0] = '\0';
	*sun_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

/* systemd's sd_notify, which is one datagram. */
static void
proc_notify(void)
{
	struct sockaddr_un	 sun;
	static const char	 ready[] = "READY=1";
	socklen_t		 len;
	int			 fd;

	if ((fd = notify_open(&sun, &len)) == -1)
		return;
	if (sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL,
	    (const struct sockaddr *)&sun, len) == -1)
		log_warn("telling systemd: %s", err_text(ERR_SYS));
	close(fd);
}

void
proc_keep(const char *name, int kept)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; }
				 room = { .bytes = { 0 } };
	char			 text[128];
	struct sockaddr_un	 sun;
	struct iovec		 iov = { text, 0 };
	struct msghdr		 m = { .msg_name = &sun, .msg_iov = &iov,
				    .msg_iovlen = 1 };
	struct cmsghdr		*head;
	int			 fd;

	if ((fd = notify_open(&sun, &m.msg_namelen)) == -1)
		return;
	/* One that was kept before goes first. */
	iov.iov_len = (size_t)snprintf(text, sizeof(text),
	    "FDSTOREREMOVE=1\nFDNAME=%s", name);
	(void)sendmsg(fd, &m, MSG_NOSIGNAL);
	iov.iov_len = (size_t)snprintf(text, sizeof(text),
	    "FDSTORE=1\nFDNAME=%s", name);
	m.msg_control = room.bytes;
	m.msg_controllen = sizeof(room.bytes);
	head = CMSG_FIRSTHDR(&m);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &kept, sizeof(kept));
	if (sendmsg(fd, &m, MSG_NOSIGNAL) == -1)
		log_warn("systemd does not keep %s: %s", name,
		    err_text(ERR_SYS));
	close(fd);
}

int
proc_ready(const char *pid_path)
{
	char	 line[32];
	int	 fd, n, r = ERR_OK;

	proc_notify();
	if (pid_path == NULL)
		return ERR_OK;
	if ((fd = open(pid_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0644)) == -1)
		return ERR_SYS;
	n = snprintf(line, sizeof(line), "%ld\n", (long)getpid());
	r = fd_write_all(fd, line, (size_t)n);
	close(fd);
	return r;
}

static long long
proc_clock_ms(clockid_t id)
{
	struct timespec	 ts;

	if (clock_gettime(id, &ts) == -1)
		panic("clock_gettime failed");
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

long long
proc_now_ms(void)
{
	return proc_clock_ms(CLOCK_MONOTONIC);
}

long long
proc_wall_ms(void)
{
	return proc_clock_ms(CLOCK_REALTIME);
}

int
proc_sync_dir(int dirfd)
{
	return fsync(dirfd) == 0 ? ERR_OK : ERR_SYS;
}
