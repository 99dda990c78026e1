/*
 * Starts the jailed compose child and hears how it ended. Runs in limpid-deliverd
 * and limpid-compose. Hostile input: the child's answer, since the child may have
 * been captured. Must never give the child a path, nor believe it more than a few
 * numbers from closed lists.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compose_jail.h"
#include "err.h"
#include "jail.h"
#include "proc.h"
#include "wire.h"

#define CHILD_MEMORY	(UINT64_C(1536) * 1024 * 1024)
#define CHILD_CPU_S	900
#define CHILD_FILE	(UINT64_C(16) * 1024 * 1024 * 1024)
#define CHILD_FILES	32
#define ANSWER		1	/* frame type */
#define ANSWER_MAX	64

struct compose_jail {
	struct jail_filter	*filter;
	struct jail_limits	 limits;
};

int
compose_jail_open(const char *seccomp_dir, struct compose_jail **jp, char **why)
{
	struct compose_jail	*j = NULL;
	char			*path = NULL;
	int			 r = ERR_MEMORY;

	*why = NULL;
	if (asprintf(&path, "%s/deliver-compose.policy", seccomp_dir) == -1) {
		path = NULL;
		goto out;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL)
		goto out;
	if ((r = jail_filter_load(path, &j->filter, why)) != ERR_OK)
		goto out;
#ifdef LIMPID_SAN	/* a sanitizer's own calls are not in the list */
	jail_filter_free(j->filter);
	j->filter = NULL;
#endif
	j->limits.memory_bytes = CHILD_MEMORY;
	j->limits.mapped_bytes = jail_mapped();
	j->limits.cpu_s = CHILD_CPU_S;
	j->limits.file_bytes = CHILD_FILE;
	j->limits.files = CHILD_FILES;
	*jp = j;
	j = NULL;
 out:
	compose_jail_close(j);
	free(path);
	return r;
}

void
compose_jail_close(struct compose_jail *j)
{
	if (j == NULL)
		return;
	jail_filter_free(j->filter);
	free(j);
}

/* The child, locked in: compose, say how it went, end. */
static _Noreturn void
child_run(const struct compose_job *job, int answer)
{
	struct compose_done	 done;
	struct wire		*w = wire_new(ANSWER_MAX);
	int			 r;

	if (w == NULL)
		_exit(EXIT_IO);
	r = compose(job, &done);
	if (wire_put_u32(w, (uint32_t)-r) != ERR_OK ||
	    wire_put_u8(w, (uint8_t)done.kind) != ERR_OK ||
	    wire_put_u8(w, (uint8_t)done.outcome) != ERR_OK ||
	    wire_put_u8(w, (uint8_t)done.reason) != ERR_OK ||
	    wire_put_u32(w, done.parts) != ERR_OK ||
	    wire_put_u32(w, done.pages) != ERR_OK ||
	    wire_put_u32(w, done.stubs) != ERR_OK ||
	    wire_put_u8(w, done.has_text) != ERR_OK ||
	    wire_write_frame(answer, ANSWER, wire_data(w),
	    wire_len(w)) != ERR_OK)
		_exit(EXIT_IO);
	_exit(EXIT_DONE);
}

static int
answer_decode(struct wire *w, int *error, struct compose_done *done)
{
	struct compose_done	 d = {0};
	uint32_t		 code;
	uint8_t			 kind, outcome, reason;
	int			 r;

	if ((r = wire_get_u32(w, &code)) != ERR_OK ||
	    (r = wire_get_u8(w, &kind)) != ERR_OK ||
	    (r = wire_get_u8(w, &outcome)) != ERR_OK ||
	    (r = wire_get_u8(w, &reason)) != ERR_OK ||
	    (r = wire_get_u32(w, &d.parts)) != ERR_OK ||
	    (r = wire_get_u32(w, &d.pages)) != ERR_OK ||
	    (r = wire_get_u32(w, &d.stubs)) != ERR_OK ||
	    (r = wire_get_u8(w, &d.has_text)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r;
	if (code > 1000 || kind >= COMPOSE_KIND_MAX ||
	    outcome >= OUTCOME_MAX || reason >= REASON_MAX || d.has_text > 1)
		return ERR_FORMAT;
	d.kind = (enum compose_kind)kind;
	d.outcome = (enum outcome)outcome;
	d.reason = (enum reason)reason;
	*error = -(int)code;
	*done = d;
	return ERR_OK;
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

static enum compose_end
child_end(int status, const char **detail)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
		*detail = "it tried what its jail forbids";
		return COMPOSE_FORBIDDEN;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
		*detail = "it used too much processor time";
		return COMPOSE_LATE;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == JAIL_EXIT_UNLOCKED) {
		*detail = "it could not lock itself in";
		return COMPOSE_WORLD;
	}
	*detail = "it died";
	return COMPOSE_CRASHED;
}

static enum compose_end
answer_judge(int fd, int status, struct compose_done *done,
    const char **detail)
{
	struct wire	*w = wire_new(ANSWER_MAX);
	uint8_t		 type;
	int		 error = ERR_SYS, r = ERR_MEMORY;

	if (w != NULL)
		r = wire_read_frame(fd, ANSWER_MAX, w, &type);
	if (r == ERR_OK)
		r = type == ANSWER ? answer_decode(w, &error, done) :
		    ERR_FORMAT;
	wire_free(w);
	if (r != ERR_OK)
		return child_end(status, detail);
	*detail = err_text(error);
	switch (error) {
	case ERR_OK:
		return COMPOSE_OK;
	case ERR_FORMAT:
	case ERR_LIMIT:
	case ERR_SHORT:
		return COMPOSE_BAD_COPY;
	case ERR_MEMORY:
		return COMPOSE_MEMORY;
	default:
		return COMPOSE_WORLD;
	}
}

enum compose_end
compose_jail_run(struct compose_jail *j, const struct compose_job *job,
    int deadline_ms, struct compose_done *done, const char **detail)
{
	int			 fds[] = { job->copy, job->main, job->text,
				    job->report, job->spill, -1 };
	int			 p[2], status, late, pidfd;
	pid_t			 pid;
	enum compose_end	 end;

	*detail = "";
	if (pipe2(p, O_CLOEXEC) == -1) {
		*detail = err_text(ERR_SYS);
		return COMPOSE_WORLD;
	}
	fds[5] = p[1];
	pid = jail_fork(j->filter, &j->limits, fds,
	    sizeof(fds) / sizeof(fds[0]));
	if (pid == 0)
		child_run(job, p[1]);
	close(p[1]);
	if (pid < 0) {
		*detail = err_text(ERR_SYS);
		close(p[0]);
		return COMPOSE_WORLD;
	}
	pidfd = pidfd_open(pid, 0);
	if ((late = pidfd == -1 || child_wait(pidfd, deadline_ms)) != 0)
		kill(pid, SIGKILL);
	if (pidfd != -1)
		close(pidfd);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (late) {
		*detail = "it took too long";
		end = COMPOSE_LATE;
	} else
		end = answer_judge(p[0], status, done, detail);
	close(p[0]);
	return end;
}
