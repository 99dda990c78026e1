/*
 * front-try: an attacker who has taken the datagram front over, in its real jail
 * (jail_fork and POLICY, with a socket and a pipe as it has them). Prints, as TAP, what
 * each attempt came to. Test tool.
 *	front-try POLICY
 */
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"

#define SUCCEEDED	7	/* exit codes of the child */
#define REFUSED		8

static int			 sock, peer, pipes[2];
static struct sockaddr_in	 there;

static long
try_open(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static long
try_creat(void)
{
	return creat("/tmp/front-try", 0600);
}

static long
try_dirs(void)
{
	return openat(AT_FDCWD, "/", O_DIRECTORY);
}

static long
try_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static long
try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long
try_bind(void)
{
	return bind(sock, (void *)&there, sizeof(there));
}

static long
try_send(void)
{
	return send(sock, "x", 1, 0);
}

static long
try_fork(void)
{
	return fork();
}

static long
try_kill(void)
{
	return kill(getppid(), SIGTERM);
}

static long
try_setuid(void)
{
	return setuid(0);
}

static long
try_splice(void)
{
	return syscall(SYS_splice, pipes[0], NULL, sock, NULL, 1, 0);
}

static long
try_io_uring(void)
{
	char	 p[256] = "";

	return syscall(SYS_io_uring_setup, 4, p);
}

static long
try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long
try_write_sock(void)
{
	return write(sock, "xx", 2);
}

static long
try_connect(void)
{
	return connect(sock, (void *)&there, sizeof(there));
}

static long
try_sendto(void)
{
	return sendto(sock, "x", 1, 0, (void *)&there, sizeof(there));
}

static long
try_sendmsg(void)
{
	struct iovec	 v = { (void *)(uintptr_t)"x", 1 };
	struct msghdr	 m = { .msg_name = &there, .msg_namelen = sizeof(there),
			    .msg_iov = &v, .msg_iovlen = 1 };

	return sendmsg(sock, &m, 0);
}

static long
try_sendmmsg(void)
{
	struct mmsghdr	 m;

	memset(&m, 0, sizeof(m));
	m.msg_hdr.msg_name = &there;
	m.msg_hdr.msg_namelen = sizeof(there);
	return sendmmsg(sock, &m, 1, 0);
}

static long
try_exec(void)
{
	char	*argv[] = { (char *)(uintptr_t)"true", NULL };

	return execve("/bin/true", argv, argv + 1);
}

static long
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ|PROT_WRITE|PROT_EXEC,
	    MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static long
try_setsockopt(void)
{
	int	 on = 1;

	return setsockopt(sock, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
}

static const struct { const char *name; long (*fn)(void); } attempts[] = {
	{ "open", try_open }, { "creat", try_creat }, { "openat", try_dirs },
	{ "socket inet", try_socket }, { "socket unix", try_unix },
	{ "bind", try_bind }, { "connect", try_connect }, { "send", try_send },
	{ "sendto", try_sendto }, { "sendmsg", try_sendmsg },
	{ "sendmmsg", try_sendmmsg }, { "write of two bytes", try_write_sock },
	{ "execve", try_exec }, { "fork", try_fork }, { "kill", try_kill },
	{ "ptrace", try_ptrace }, { "setuid", try_setuid },
	{ "splice", try_splice }, { "io_uring_setup", try_io_uring },
	{ "executable memory", try_code }, { "setsockopt", try_setsockopt },
};

/* How the child ended: 0 as a forbidden call. */
static int
attempt(const struct jail_filter *filter, long (*fn)(void))
{
	struct jail_limits	 lim = { .cpu_s = UINT32_MAX, .files = 16 };
	int			 fds[2] = { sock, pipes[1] }, status;
	pid_t			 pid;

	if ((pid = jail_fork(filter, &lim, fds, 2)) == 0)
		_exit(fn() == -1 ? REFUSED : SUCCEEDED);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
main(int argc, char **argv)
{
	struct jail_filter	*filter;
	socklen_t		 len = sizeof(there);
	char			*why = NULL, byte;
	size_t			 i;
	int			 r, bad = 0;

	if (argc != 2 || jail_filter_load(argv[1], &filter, &why) != ERR_OK) {
		printf("Bail out! %s\n", why != NULL ? why : "usage");
		return 1;
	}
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	peer = socket(AF_INET, SOCK_DGRAM, 0);
	there.sin_family = AF_INET;
	there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (pipe2(pipes, O_NONBLOCK) == -1 ||
	    bind(peer, (void *)&there, sizeof(there)) == -1 ||
	    getsockname(peer, (void *)&there, &len) == -1) {
		printf("Bail out! %s\n", strerror(errno));
		return 1;
	}
	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		r = attempt(filter, attempts[i].fn);
		bad += r != 0;
		printf("%sok %zu - %s ends the front as a forbidden call\n",
		    r == 0 ? "" : "not ", i + 1, attempts[i].name);
		if (r != 0)
			printf("# it ended with %d\n", r);
	}
	r = recv(peer, &byte, 1, MSG_DONTWAIT) == -1;
	bad += !r;
	printf("%sok %zu - not one datagram got out\n1..%zu\n", r ? "" : "not ",
	    i + 1, i + 1);
	jail_filter_free(filter);
	return bad > 0;
}
