/* What tests/tools/worker_evil.c can be told to try, by the text of its part. */
#ifndef JAIL_ATTEMPTS_H
#define JAIL_ATTEMPTS_H

/* Each of these must end the child as a forbidden call, in every worker's jail. */
#define ATTEMPTS(X)			\
	X("execve")			\
	X("execveat")			\
	X("socket-inet")		\
	X("socket-unix")		\
	X("connect")			\
	X("ptrace")			\
	X("open-passwd")		\
	X("openat-passwd")		\
	X("open-write")			\
	X("creat")			\
	X("mount")			\
	X("unshare")			\
	X("fork")			\
	X("clone")			\
	X("clone3")			\
	X("kill-parent")		\
	X("bpf")			\
	X("io_uring_setup")		\
	X("userfaultfd")		\
	X("keyctl")			\
	X("prctl")			\
	X("mmap-exec")			\
	X("mprotect-exec")		\
	X("mmap-file")			\
	X("memfd_create")		\
	X("process_vm_readv")		\
	X("perf_event_open")		\
	X("pidfd_open")			\
	X("setns")			\
	X("chroot")			\
	X("setuid")			\
	X("sendmsg")			\
	X("x32-getpid")

/* In a jail with files: these end the child, with or without threads ... */
#define FILES_KILLED(X)			\
	X("execve")			\
	X("execveat")			\
	X("connect")			\
	X("sendmsg")			\
	X("ptrace")			\
	X("mount")			\
	X("unshare")			\
	X("setns")			\
	X("chroot")			\
	X("setuid")			\
	X("kill-parent")		\
	X("signal-all")			\
	X("bpf")			\
	X("io_uring_setup")		\
	X("userfaultfd")		\
	X("keyctl")			\
	X("memfd_create")		\
	X("process_vm_readv")		\
	X("perf_event_open")		\
	X("pidfd_open")			\
	X("creat")			\
	X("link-out")			\
	X("device")			\
	X("x32-getpid")

/* ... these fail where there may be threads, because the library asks for them and does
 * without, and end the child elsewhere ... */
#define THREADS_REFUSED(X)		\
	X("socket-inet")		\
	X("socket-unix")		\
	X("fork")			\
	X("clone")			\
	X("clone3")			\
	X("prctl")			\
	X("mmap-exec")			\
	X("mprotect-exec")

/* ... and these fail, because there is nothing of that name. */
#define FILES_REFUSED(X)		\
	X("open-passwd")		\
	X("openat-passwd")		\
	X("open-shadow")		\
	X("open-proc")			\
	X("open-home")			\
	X("open-root")			\
	X("open-spool")			\
	X("open-up")			\
	X("write-program")		\
	X("write-font")			\
	X("write-hidden")		\
	X("tmp-look")

#endif
