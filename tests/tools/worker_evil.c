/*
 * A worker that is the attacker: its part's text says what it tries. Built for tests
 * only, run in the real jail of each worker kind, under that kind's own policy file.
 * What succeeds is answered as TEXT "succeeded", what fails softly as TEXT "refused".
 * Must never be installed.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#ifdef EVIL_FILES
#include "office_jail.h"
#include "scan_jail.h"
#endif
#include "wire.h"
#include "worker.h"
#include "worker_private.h"

#define IS(s) (strcmp(what, (s)) == 0)

static const char	 passwd[] = "/etc/passwd";
static char		*const no_words[] = { NULL };

/* A datagram to the world, by a socket that the filter let through. */
static long
attempt_connect_out(void)
{
	struct sockaddr_in	 a = { .sin_family = AF_INET,
				    .sin_port = htons(53),
				    .sin_addr.s_addr = htonl(0x01010101) };
	int			 fd = socket(AF_INET, SOCK_DGRAM, 0);

	return fd == -1 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof(a));
}

/* The raw call's result; 0 or more is a success. -2: no such attempt. */
static long
attempt_call(const char *what, int fd)
{
	char	 zeros[256] = {0};

	if (IS("execve"))
		return syscall(SYS_execve, "/bin/true", no_words, no_words);
	if (IS("execveat"))
		return syscall(SYS_execveat, AT_FDCWD, "/bin/true", no_words,
		    no_words, 0);
	if (IS("socket-inet"))
		return syscall(SYS_socket, 2, 1, 0);
	if (IS("socket-unix"))
		return syscall(SYS_socket, 1, 1, 0);
	if (IS("connect"))
		return syscall(SYS_connect, fd, zeros, 16);
	if (IS("connect-out"))
		return attempt_connect_out();
	if (IS("sendmsg"))
		return syscall(SYS_sendmsg, fd, zeros, 0);
	if (IS("ptrace"))
		return syscall(SYS_ptrace, 0, 0, 0, 0);
	if (IS("open-passwd"))
		return syscall(SYS_open, passwd, O_RDONLY);
	if (IS("openat-passwd"))
		return syscall(SYS_openat, AT_FDCWD, passwd, O_RDONLY);
	if (IS("open-write"))
		return syscall(SYS_openat, AT_FDCWD, "/tmp/evil",
		    O_WRONLY | O_CREAT, 0600);
	if (IS("creat"))
		return syscall(SYS_creat, "/tmp/evil", 0600);
	if (IS("mount"))
		return syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL);
	if (IS("chroot"))
		return syscall(SYS_chroot, "/");
	if (IS("unshare"))
		return syscall(SYS_unshare, CLONE_NEWUSER);
	if (IS("setns"))
		return syscall(SYS_setns, fd, 0);
	if (IS("fork"))
		return syscall(SYS_fork);
	if (IS("clone"))
		return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (IS("clone3"))
		return syscall(SYS_clone3, zeros, 64);
	if (IS("kill-parent"))
		return syscall(SYS_kill, 1, SIGKILL);
	if (IS("setuid"))
		return syscall(SYS_setuid, 12345);
	return -2;
}

static long
opened(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags, 0600);
}

/* For a jail that shows files: what lies beside and behind them. */
static long
attempt_file(const char *what)
{
	if (IS("open-shadow"))
		return opened("/etc/shadow", O_RDONLY);
	if (IS("open-proc"))
		return opened("/proc/self/environ", O_RDONLY);
	if (IS("open-home"))
		return opened("/root", O_RDONLY | O_DIRECTORY);
	if (IS("open-root"))
		return opened("/", O_RDONLY | O_DIRECTORY);
	if (IS("open-spool"))
		return opened("/var/lib/limpid", O_RDONLY | O_DIRECTORY);
	if (IS("open-up"))
		return opened("/usr/lib/../../etc/passwd", O_RDONLY);
	if (IS("write-program"))
		return opened("/usr/lib/libreoffice/program/evil",
		    O_WRONLY | O_CREAT);
	if (IS("write-font"))
		return opened("/usr/share/fonts/evil", O_WRONLY | O_CREAT);
	if (IS("write-hidden"))
		return opened("/usr/lib/libreoffice/share/Scripts/evil",
		    O_WRONLY | O_CREAT);
	if (IS("link-out"))
		return syscall(SYS_symlink, "/etc/shadow", "/tmp/out");
	if (IS("device"))
		return syscall(SYS_mknod, "/tmp/disk", 0060600, 0x800);
	if (IS("signal-all"))
		return syscall(SYS_kill, -1, SIGKILL);
	if (IS("tmp-leave"))
		return opened("/tmp/left", O_WRONLY | O_CREAT);
	if (IS("tmp-look"))
		return opened("/tmp/left", O_RDONLY);
	return -2;
}

static long
attempt_kernel(const char *what)
{
	void		*page;
	char		 zeros[256] = {0};
	/* The parent has the same memory at the same place. */
	struct iovec	 here = { zeros, sizeof(passwd) };
	struct iovec	 there = { (void *)(uintptr_t)passwd, sizeof(passwd) };

	if (IS("bpf"))
		return syscall(SYS_bpf, 0, zeros, sizeof(zeros));
	if (IS("io_uring_setup"))
		return syscall(SYS_io_uring_setup, 8, zeros);
	if (IS("userfaultfd"))
		return syscall(SYS_userfaultfd, 1);
	if (IS("keyctl"))
		return syscall(SYS_keyctl, 0, -3, 0, 0, 0);
	if (IS("prctl"))
		return syscall(SYS_prctl, 4, 1, 0, 0, 0);
	if (IS("memfd_create"))
		return syscall(SYS_memfd_create, "evil", 0);
	if (IS("process_vm_readv"))
		return syscall(SYS_process_vm_readv, 1, &here, 1, &there, 1, 0);
	if (IS("perf_event_open"))
		return syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0);
	if (IS("pidfd_open"))
		return syscall(SYS_pidfd_open, 1, 0);
	if (IS("mmap-exec"))
		return syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (IS("mmap-file"))
		return syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 3, 0);
	if (IS("mprotect-exec")) {
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		return mprotect(page, 4096, PROT_READ | PROT_EXEC);
	}
	if (IS("x32-getpid"))
		return syscall(0x40000000 | SYS_getpid);
	return -2;
}

/* Memory without end, the way libraries take it: some notice, some do not. */
static void
allocate(struct worker *w, int notice)
{
	volatile char	*block;

	for (;;) {
		block = malloc(8u << 20);
		if (block == NULL && notice)
			worker_done(w, OUTCOME_STUB, REASON_FORMAT, 0, 0,
			    "evil", "malformed, it says");
		for (size_t i = 0; i < 8u << 20; i += 4096)
			block[i] = 1;
	}
}

static int
stack_eat(volatile int depth)
{
	volatile char	 block[65536];

	block[0] = (char)depth;
	return depth < 0 ? 0 : stack_eat(depth + 1) + block[0];
}

static void
misbehave(struct worker *w, const char *what)
{
	static const uint8_t	 rubbish[] = "\xff\xff\xff\xff never a frame";
	volatile int		*nowhere = NULL;
	char			 text[4096];

	memset(text, 'x', sizeof(text));
	if (IS("spin"))
		for (volatile int i = 0;; i = i + 1)
			;
	if (IS("sleep"))
		for (;;)
			syscall(SYS_futex, text, 0, 0x78787878, NULL);
	if (IS("allocate"))
		allocate(w, 0);
	if (IS("allocate-notice"))
		allocate(w, 1);
	if (IS("flood"))
		for (;;)
			worker_send(w, WORKER_TEXT, text, sizeof(text), NULL, 0);
	if (IS("rubbish"))
		fd_write_all(w->out, rubbish, sizeof(rubbish));
	if (IS("unknown-type"))
		worker_send(w, 77, "?", 1, NULL, 0);
	if (IS("abort"))
		abort();
	if (IS("segv"))
		*nowhere = 1;
	if (IS("stack"))
		stack_eat(0);
}

/* A part that must look like something says it at its end: "%evil segv". */
static void
order_find(const uint8_t *tail, char *what, size_t len)
{
	const uint8_t	*at = memmem(tail, len, "%evil ", 6);

	if (at != NULL)
		memcpy(what, at + 6, (size_t)(tail + len - at) - 6);
}

static void
run(struct worker *w, const struct worker_job *job, const uint8_t *data, size_t len)
{
	char	 what[64] = "", said[96];
	long	 r;

	(void)job;
	if (len < sizeof(what))
		memcpy(what, data, len);
	else
		order_find(data + len - sizeof(what) + 1, what, sizeof(what) - 1);
	if ((r = attempt_call(what, w->out)) == -2)
		r = attempt_kernel(what);
	if (r == -2)
		r = attempt_file(what);
	if (r != -2) {
		snprintf(said, sizeof(said), "%s %s %s", what,
		    r >= 0 ? "succeeded" : "refused",
		    r >= 0 ? "" : strerrorname_np(errno));
		worker_text(w, COPY_NO_PAGE, said, strlen(said));
	} else if (!IS("") && !IS("done")) {
		misbehave(w, what);
		return;		/* without DONE */
	}
	worker_done(w, OUTCOME_TEXT, REASON_COMPLETE, 0, 0, "evil", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "evil",
		.run = run,
#ifdef EVIL_FILES
		.files = &EVIL_FILES,
#endif
	};

	return worker_main(argc, argv, &ops);
}
