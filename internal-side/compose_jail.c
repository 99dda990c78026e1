/*
 * Has copies composed in jailed children and hears how that ended. Runs in
 * limpid-deliverd and limpid-compose. Hostile input: the child's answer, since the
 * child may have been captured. Must never give the child a path, nor believe it more
 * than a few numbers from closed lists.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compose_jail.h"
#include "compose_warm.h"
#include "err.h"
#include "handover.h"
#include "jail.h"
#include "wire.h"

#define GRACE_MS	5000	/* beyond the deadline, which the warm parent keeps */

struct compose_jail {
	int	 socket;	/* to the warm parent */
};

/* NULL and why when it does not hold. In a SAN=1 build *fp stays NULL: a sanitizer's
 * own calls are not in the list. */
static int
filter_load(const char *dir, const char *name, struct jail_filter **fp,
    char **why)
{
	char	*path;
	int	 r;

	if (asprintf(&path, "%s/%s.policy", dir, name) == -1)
		return ERR_MEMORY;
	r = jail_filter_load(path, fp, why);
#ifdef LIMPID_SAN
	jail_filter_free(*fp);
	*fp = NULL;
#endif
	free(path);
	return r;
}

static int
warm_fork(const struct jail_filter *own, const struct jail_filter *child,
    struct compose_jail *j)
{
	int	 pair[2];
	pid_t	 pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return ERR_SYS;
	if ((pid = fork()) == 0) {
		close(pair[0]);
		compose_warm_run(pair[1], own, child);
	}
	close(pair[1]);
	j->socket = pair[0];
	return pid == -1 ? ERR_SYS : ERR_OK;
}

int
compose_jail_open(const char *seccomp_dir, struct compose_jail **jp, char **why)
{
	struct compose_jail	*j = NULL;
	struct jail_filter	*own = NULL, *child = NULL;
	int			 r = ERR_MEMORY;

	*why = NULL;
	if ((j = calloc(1, sizeof(*j))) == NULL)
		goto out;
	j->socket = -1;
	if ((r = filter_load(seccomp_dir, "deliver-warm", &own,
	    why)) != ERR_OK || (r = filter_load(seccomp_dir,
	    "deliver-compose", &child, why)) != ERR_OK ||
	    (r = warm_fork(own, child, j)) != ERR_OK)
		goto out;
	*jp = j;
	j = NULL;
 out:
	jail_filter_free(own);
	jail_filter_free(child);
	compose_jail_close(j);
	return r;
}

void
compose_jail_close(struct compose_jail *j)
{
	if (j == NULL)
		return;
	if (j->socket != -1)
		close(j->socket);	/* its end is the warm parent's */
	free(j);
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
	struct wire	*w = wire_new(COMPOSE_ANSWER_MAX);
	uint8_t		 type;
	int		 error = ERR_SYS, r = ERR_MEMORY;

	if (w != NULL)
		r = wire_read_frame(fd, COMPOSE_ANSWER_MAX, w, &type);
	if (r == ERR_OK)
		r = type == COMPOSE_ANSWER ? answer_decode(w, &error, done) :
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

static int
told_take(struct compose_jail *j, int deadline_ms, struct compose_told *told)
{
	struct pollfd	 p = { .fd = j->socket, .events = POLLIN };
	size_t		 len = sizeof(*told);
	int		 n;

	do
		n = poll(&p, 1, deadline_ms + GRACE_MS);
	while (n == -1 && errno == EINTR);
	if (n <= 0)
		return ERR_TIMEOUT;
	if (handover_take(j->socket, 0, told, &len, NULL, 0) != ERR_OK ||
	    len != sizeof(*told))
		return ERR_PEER;
	return ERR_OK;
}

/* One composition, whose answer may be read from p[0] when the child is gone. */
static enum compose_end
ask_run(struct compose_jail *j, const struct compose_ask *ask,
    const int fds[COMPOSE_FDS], struct compose_told *told, const char **detail)
{
	if (handover_send(j->socket, ask, sizeof(*ask), fds,
	    COMPOSE_FDS) != ERR_OK ||
	    told_take(j, ask->deadline_ms, told) != ERR_OK) {
		*detail = "the process that starts it is gone; start this "
		    "program again";
		return COMPOSE_WORLD;
	}
	if (told->end == COMPOSE_TOLD_LATE) {
		*detail = "it took too long";
		return COMPOSE_LATE;
	}
	*detail = "no process could be started";
	return told->end == COMPOSE_TOLD_ENDED ? COMPOSE_OK : COMPOSE_WORLD;
}

enum compose_end
compose_jail_run(struct compose_jail *j, const struct compose_job *job,
    int deadline_ms, struct compose_done *done, const char **detail)
{
	struct compose_ask	 ask = { .filed_ms = job->filed_ms,
				    .deadline_ms = deadline_ms };
	struct compose_told	 told;
	int			 p[2], fds[COMPOSE_FDS] = {
					[COMPOSE_FD_COPY] = job->copy,
					[COMPOSE_FD_MAIN] = job->main,
					[COMPOSE_FD_TEXT] = job->text,
					[COMPOSE_FD_REPORT] = job->report,
					[COMPOSE_FD_SPILL] = job->spill };
	enum compose_end	 end;

	snprintf(ask.hostname, sizeof(ask.hostname), "%s", job->hostname);
	if (pipe2(p, O_CLOEXEC) == -1) {
		*detail = err_text(ERR_SYS);
		return COMPOSE_WORLD;
	}
	fds[COMPOSE_FD_ANSWER] = p[1];
	end = ask_run(j, &ask, fds, &told, detail);
	close(p[1]);
	if (end == COMPOSE_OK)
		end = answer_judge(p[0], told.status, done, detail);
	close(p[0]);
	return end;
}
