/*
 * The router's side of a warm parent: start it, hand it jobs, hear how they ended.
 * Runs in the launcher (zygote_spawn only) and in the router; the zygote is trusted,
 * its children are not, and nothing they wrote comes this way.
 * Must never pass a descriptor to a worker program but the control socket.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "err.h"
#include "zygote.h"

struct zygote {
	int		 control;
	pid_t		 pid;		/* -1: somebody else's child */
	int		 ready;
	unsigned	 held;
	unsigned	 jobs;
};

static int
user_become(uid_t uid, gid_t gid)
{
	if (uid == (uid_t)-1)
		return ERR_OK;
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return ERR_SYS;
	return ERR_OK;
}

/* The forked half of zygote_spawn: keeps stderr and the socket, becomes program. */
static _Noreturn void
program_run(const char *program, const char *policy, const char *folder,
    uid_t uid, gid_t gid, int control)
{
	char		*argv[] = { (char *)(uintptr_t)program,
			    (char *)(uintptr_t)"--policy",
			    (char *)(uintptr_t)policy,
			    (char *)(uintptr_t)(folder != NULL ? "--data" : NULL),
			    (char *)(uintptr_t)folder, NULL };
	/* libraries that would start threads (OpenMP) read this before main */
	static char	 one_thread[] = "OMP_THREAD_LIMIT=1";
	static char	*env[] = { one_thread, NULL };
	static const int reset[] = { SIGPIPE, SIGCHLD, SIGTERM, SIGINT, SIGHUP };
	sigset_t	 none;

	/* What the caller ignores would be ignored for ever after exec. */
	for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
		signal(reset[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (control == CONTROL_FD)
		fcntl(control, F_SETFD, 0);
	else if (dup2(control, CONTROL_FD) == -1)
		_exit(EXIT_IO);
	close_range(CONTROL_FD + 1, ~0u, 0);
	if (user_become(uid, gid) != ERR_OK)
		_exit(EXIT_NOPERM);
	execve(program, argv, env);
	_exit(EXIT_UNAVAILABLE);
}

int
zygote_spawn(const char *program, const char *policy, const char *folder,
    uid_t uid, gid_t gid, int *controlp, pid_t *pidp)
{
	int	 pair[2];
	pid_t	 pid;

	if (access(program, X_OK) == -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return ERR_SYS;
	if ((pid = fork()) == 0)
		program_run(program, policy, folder, uid, gid, pair[1]);
	close(pair[1]);
	if (pid == -1) {
		close(pair[0]);
		return ERR_SYS;
	}
	*controlp = pair[0];
	*pidp = pid;
	return ERR_OK;
}

int
zygote_attach(int control, pid_t pid, struct zygote **zp)
{
	struct zygote	*z;

	if ((z = calloc(1, sizeof(*z))) == NULL)
		return ERR_MEMORY;
	z->control = control;
	z->pid = pid;
	*zp = z;
	return ERR_OK;
}

int
zygote_start(const char *program, const char *policy, const char *folder,
    struct zygote **zp)
{
	pid_t	 pid;
	int	 control, r;

	r = zygote_spawn(program, policy, folder, (uid_t)-1, (gid_t)-1, &control,
	    &pid);
	if (r != ERR_OK)
		return r;
	if ((r = zygote_attach(control, pid, zp)) != ERR_OK) {
		close(control);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return r;
}

void
zygote_free(struct zygote *z)
{
	if (z == NULL)
		return;
	close(z->control);
	if (z->pid > 0) {
		kill(z->pid, SIGKILL);
		while (waitpid(z->pid, NULL, 0) == -1 && errno == EINTR)
			;
	}
	free(z);
}

int
zygote_fd(const struct zygote *z)
{
	return z->control;
}

int
zygote_wait_ready(struct zygote *z, int timeout_ms, unsigned *heldp)
{
	struct pollfd		 p = { .fd = z->control, .events = POLLIN };
	struct zygote_event	 ev;
	int			 r;

	if (!z->ready) {
		while ((r = poll(&p, 1, timeout_ms)) == -1 && errno == EINTR)
			;
		if (r <= 0)
			return r == 0 ? ERR_TIMEOUT : ERR_SYS;
		if ((r = zygote_read(z, &ev)) != ERR_OK)
			return r;
		if (ev.type != ZYGOTE_READY)
			return ERR_PEER;
	}
	*heldp = z->held;
	return ERR_OK;
}

int
zygote_send_job(struct zygote *z, const struct worker_job *job, int in, int out,
    int words)
{
	struct control_packet	 packet = { .type = CONTROL_JOB, .job = *job,
				    .in = in, .out = out, .words = words };
	int			 r;

	if (z->jobs == ZYGOTE_JOBS_MAX)
		return ERR_FULL;
	if ((r = control_send(z->control, &packet)) == ERR_OK)
		z->jobs++;
	return r;
}

int
zygote_kill_job(struct zygote *z, uint32_t job)
{
	struct control_packet	 packet = { .type = CONTROL_KILL,
				    .event.job = job };

	return control_send(z->control, &packet);
}

int
zygote_read(struct zygote *z, struct zygote_event *ev)
{
	struct control_packet	 packet;
	int			 r;

	if ((r = control_take(z->control, MSG_DONTWAIT, &packet)) != ERR_OK)
		return r == ERR_AGAIN ? r : ERR_PEER;
	if (packet.type == CONTROL_READY && !z->ready) {
		z->ready = 1;
		z->held = packet.event.held;
	} else if (packet.type == CONTROL_ENDED && z->jobs > 0)
		z->jobs--;
	else
		return ERR_PEER;
	*ev = packet.event;
	return ERR_OK;
}

unsigned
zygote_jobs(const struct zygote *z)
{
	return z->jobs;
}

enum reason
job_end_reason(enum job_end end)
{
	switch (end) {
	case JOB_FORBIDDEN_CALL:
		return REASON_FORBIDDEN_CALL;
	case JOB_DEADLINE:
		return REASON_TIMEOUT;
	case JOB_MEMORY:
		return REASON_MEMORY;
	case JOB_SILENT:
	case JOB_KILLED:
		return REASON_BAD_ANSWER;
	case JOB_NOT_LOCKED:
	case JOB_LOST:
		return REASON_ENGINE;
	case JOB_OK:
		return REASON_BAD_ANSWER;	/* OK and yet asked: no DONE came */
	case JOB_CRASH:
		break;
	}
	return REASON_CRASH;
}

const char *
job_end_name(enum job_end end)
{
	static const char *const names[] = {
		[JOB_CRASH] = "crash", [JOB_OK] = "ok",
		[JOB_FORBIDDEN_CALL] = "forbidden-call",
		[JOB_DEADLINE] = "deadline", [JOB_MEMORY] = "memory",
		[JOB_SILENT] = "silent", [JOB_KILLED] = "killed",
		[JOB_NOT_LOCKED] = "not-locked", [JOB_LOST] = "lost",
	};

	return (unsigned)end <= JOB_LOST ? names[end] : "unknown";
}
