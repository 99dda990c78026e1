/*
 * Forks a jailed child for each composition and tells how it ended. Runs beside
 * limpid-deliverd and limpid-compose. Hostile input: none; the copy goes to the child
 * by a descriptor. Must never hold a key, and must never read a copy or an answer.
 */
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "compose.h"
#include "compose_warm.h"
#include "err.h"
#include "handover.h"
#include "jail.h"
#include "proc.h"
#include "wire.h"

#define CHILD_MEMORY	(UINT64_C(1536) * 1024 * 1024)
#define CHILD_CPU_S	900
#define CHILD_FILE	(UINT64_C(16) * 1024 * 1024 * 1024)
#define CHILD_FILES	32

/* The child, locked in: compose, say how it went, end. */
static _Noreturn void
child_run(const struct compose_ask *ask, const int *fds)
{
	struct compose_job	 job = { .copy = fds[COMPOSE_FD_COPY],
				    .main = fds[COMPOSE_FD_MAIN],
				    .text = fds[COMPOSE_FD_TEXT],
				    .report = fds[COMPOSE_FD_REPORT],
				    .spill = fds[COMPOSE_FD_SPILL],
				    .hostname = ask->hostname,
				    .filed_ms = ask->filed_ms };
	struct compose_done	 done;
	struct wire		*w = wire_new(COMPOSE_ANSWER_MAX);
	int			 r;

	if (w == NULL)
		_exit(EXIT_IO);
	r = compose(&job, &done);
	if (wire_put_u32(w, (uint32_t)-r) != ERR_OK ||
	    wire_put_u8(w, (uint8_t)done.kind) != ERR_OK ||
	    wire_put_u8(w, (uint8_t)done.outcome) != ERR_OK ||
	    wire_put_u8(w, (uint8_t)done.reason) != ERR_OK ||
	    wire_put_u32(w, done.parts) != ERR_OK ||
	    wire_put_u32(w, done.pages) != ERR_OK ||
	    wire_put_u32(w, done.stubs) != ERR_OK ||
	    wire_put_u8(w, done.has_text) != ERR_OK ||
	    wire_write_frame(fds[COMPOSE_FD_ANSWER], COMPOSE_ANSWER,
	    wire_data(w), wire_len(w)) != ERR_OK)
		_exit(EXIT_IO);
	_exit(EXIT_DONE);
}

/* Waits for the child's own end, not for its answer: one that was taken over could
 * answer and stay. 1: late. */
static int
child_wait(int pidfd, int deadline_ms)
{
	struct pollfd	 p = { .fd = pidfd, .events = POLLIN };
	long long	 end = proc_now_ms() + deadline_ms, left;

	for (;;) {
		left = end - proc_now_ms();
		if (left <= 0)
			return 1;
		if (poll(&p, 1, (int)left) > 0)
			return 0;
	}
}

static void
child_watch(pid_t pid, const struct compose_ask *ask, struct compose_told *told)
{
	int	 pidfd = pidfd_open(pid, 0), status = 0;

	told->end = COMPOSE_TOLD_ENDED;
	if (pidfd == -1 || child_wait(pidfd, ask->deadline_ms)) {
		kill(pid, SIGKILL);
		told->end = COMPOSE_TOLD_LATE;
	}
	if (pidfd != -1)
		close(pidfd);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	told->status = status;
}

static int
serve_one(int socket, const struct jail_filter *filter,
    const struct jail_limits *limits)
{
	struct compose_ask	 ask = {0};
	struct compose_told	 told = { COMPOSE_TOLD_WORLD, 0 };
	size_t			 len = sizeof(ask);
	int			 fds[COMPOSE_FDS], r;
	pid_t			 pid;

	if ((r = handover_take(socket, 0, &ask, &len, fds,
	    COMPOSE_FDS)) != ERR_OK)
		return r;
	if (len != sizeof(ask) || fds[COMPOSE_FDS - 1] == -1 ||
	    memchr(ask.hostname, '\0', sizeof(ask.hostname)) == NULL)
		panic("not what compose_jail.c sends");
	pid = jail_fork(filter, limits, fds, COMPOSE_FDS);
	if (pid == 0)
		child_run(&ask, fds);
	for (size_t i = 0; i < COMPOSE_FDS; i++)
		close(fds[i]);
	if (pid > 0)
		child_watch(pid, &ask, &told);
	return handover_send(socket, &told, sizeof(told), NULL, 0);
}

void
compose_warm_run(int socket, const struct jail_filter *own,
    const struct jail_filter *child)
{
	struct jail_limits	 limits = { .memory_bytes = CHILD_MEMORY,
				    .mapped_bytes = jail_mapped(),
				    .cpu_s = CHILD_CPU_S,
				    .file_bytes = CHILD_FILE,
				    .files = CHILD_FILES };

	/* With the program it serves dies what it was about to finish. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	/* Whoever stops all processes at once lets the last mail be finished. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (own != NULL && jail_filter_apply(own) != ERR_OK)
		_exit(EXIT_NOPERM);
	while (serve_one(socket, child, &limits) == ERR_OK)
		;
	_exit(EXIT_DONE);
}
