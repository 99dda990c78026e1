/*
 * Running jobs of the engine: a part's step is handed to a warm parent, its answer read,
 * and what its end means for the part. Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: workers, which may say anything, stop reading, or never end.
 * Must never wait for one worker, and never let a part go with its job.
 */
#include "engine_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"

#define PIPE_BYTES	(1024 * 1024)
#define BLOCKS_AT_ONCE	8	/* of one pipe, before others have a turn */
#define GRACE_MS	5000	/* beyond a deadline that zygotes enforce */

/* A forked process may still hold the pipe for a moment, and epoll would go on
 * telling of it: so it is taken out, not only closed. */
static void
job_close(struct job *j)
{
	if (j->fd == -1)
		return;
	epoll_ctl(j->pool->engine->epoll, EPOLL_CTL_DEL, j->fd, NULL);
	close(j->fd);
	j->fd = -1;
}

void
job_free(struct job *j)
{
	job_close(j);
	answer_free(j->answer);
	free(j);
}

static int
open_pipe(struct engine *e, struct job *j, int *out)
{
	struct epoll_event	ev = { .events = EPOLLIN,
				    .data.ptr = &j->watch };
	int			fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return ERR_SYS;
	fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES);
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1 ||
	    epoll_ctl(e->epoll, EPOLL_CTL_ADD, fds[0], &ev) == -1) {
		close(fds[0]);
		close(fds[1]);
		return ERR_SYS;
	}
	j->fd = fds[0];
	*out = fds[1];
	return ERR_OK;
}

static int
send_job(struct engine *e, struct job *j, struct zygote *z)
{
	int	in = -1, out = -1, words = -1, r;

	if ((r = part_open(j->part, &in)) == ERR_OK &&
	    (r = part_open_words(j->part, &words)) == ERR_OK &&
	    (r = open_pipe(e, j, &out)) == ERR_OK)
		r = zygote_send_job(z, &j->told, in, out, words);
	if (words != -1)
		close(words);
	if (in != -1)
		close(in);
	if (out != -1)
		close(out);
	return r;
}

int
engine_start_job(struct engine *e, struct part *p)
{
	struct pool	*pool = scan_pool(e, p->worker);
	struct zygote	*z;
	struct job	*j;
	int		 r;

	if (p->worker == ENGINE_SCAN && !pool->ready &&
	    pool->failures >= POOL_FAILURES)
		return ERR_NOTFOUND;	/* it may be tried again, unwaited for */
	if ((r = pool_take(pool, proc_now_ms(), &z)) != ERR_OK)
		return r;
	if ((j = calloc(1, sizeof(*j))) == NULL)
		return ERR_MEMORY;
	j->watch.type = WATCH_JOB;
	j->watch.owner = j;
	j->fd = -1;
	j->part = p;
	j->pool = pool;
	j->weight = part_weight(p);
	part_tell(p, &j->told);
	j->told.id = ++e->next_job;
	if ((j->answer = answer_new(p->step, &j->told,
	    e->config.tmp_dirfd)) == NULL)
		r = ERR_MEMORY;
	else
		r = send_job(e, j, z);
	if (r != ERR_OK) {
		job_free(j);
		if (r == ERR_PEER)
			pool_drop(pool, 1);
		return r == ERR_PEER || r == ERR_FULL ? ERR_AGAIN : r;
	}
	j->give_up_ms = proc_now_ms() + j->told.deadline_ms + GRACE_MS;
	j->next = e->jobs;
	e->jobs = j;
	e->running += j->weight;
	p->state = PART_RUNNING;
	p->answer = j->answer;
	return ERR_OK;
}

/* Nothing more is wanted from this worker; its ENDED still comes. */
void
job_stop(struct job *j, enum reason verdict)
{
	if (j->verdict == REASON_COMPLETE)
		j->verdict = verdict;
	job_close(j);
	if (!j->ended && j->pool->zygote != NULL)
		zygote_kill_job(j->pool->zygote, j->told.id);
}

static void
part_ended_badly(struct part *p, const struct job *j, enum reason reason)
{
	char	 what[80];
	int	 r;

	if (reason == REASON_BAD_ANSWER)
		snprintf(what, sizeof(what), "%.79s", answer_fault(j->answer));
	else
		snprintf(what, sizeof(what), "%s %u",
		    job_end_name(j->end.end), j->end.detail);
	engine_report(p, reason, what);
	if (p->step == ANSWER_SCAN && reason != REASON_FORBIDDEN_CALL) {
		part_unscanned(p, reason);
		return;
	}
	if (p->locked != NULL) {
		/* it was locked before, and no word opened it */
		if ((r = part_take_answer(p, p->locked)) != ERR_OK)
			engine_fail_mail(p->mail, r);
		return;
	}
	if (p->step == ANSWER_READ) {
		part_unread(p, reason);
		return;
	}
	if (p->second && part_try_again(p, reason))
		return;		/* the note stays that of the first try */
	free(p->note);
	p->note = NULL;
	if (!part_try_again(p, reason))
		part_stub(p, reason, NULL);
}

/* The job is over: what does that mean for its part? */
static void
part_ended(struct part *p, struct job *j)
{
	int	r;

	p->millis += j->end.wall_ms;
	if (j->end.end == JOB_FORBIDDEN_CALL) {
		part_ended_badly(p, j, REASON_FORBIDDEN_CALL);
	} else if (j->verdict != REASON_COMPLETE) {
		part_ended_badly(p, j, j->verdict);
	} else if (j->end.end == JOB_LOST || j->end.end == JOB_NOT_LOCKED) {
		if (p->tries++ == 0 && !p->streamed)
			p->state = PART_WAITING;
		else
			part_ended_badly(p, j, REASON_ENGINE);
	} else if (j->end.end != JOB_OK || answer_done(j->answer) == NULL) {
		part_ended_badly(p, j, job_end_reason(j->end.end));
	} else {
		if ((r = part_take_answer(p, j->answer)) != ERR_OK)
			engine_fail_mail(p->mail, r);
		if (p->locked == j->answer)
			j->answer = NULL;	/* the part's now */
	}
}

static void
job_settle(struct engine *e, struct job *j)
{
	struct job	**at = &e->jobs;

	if (!j->ended || (j->fd != -1 && j->end.end == JOB_OK &&
	    j->verdict == REASON_COMPLETE))
		return;
	while (*at != j)
		at = &(*at)->next;
	*at = j->next;
	e->running -= j->weight;
	if (j->part != NULL) {
		part_ended(j->part, j);
		j->part->answer = NULL;
	}
	job_free(j);
}

void
job_read(struct engine *e, struct job *j)
{
	ssize_t	n = 0;
	int	r;

	for (int i = 0; i < BLOCKS_AT_ONCE && j->fd != -1; i++) {
		n = read(j->fd, e->block, ENGINE_BLOCK);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		r = answer_feed(j->answer, e->block, (size_t)n);
		if (r == ERR_FORMAT) {
			job_stop(j, REASON_BAD_ANSWER);
		} else if (r != ERR_OK) {
			if (j->part != NULL)
				engine_fail_mail(j->part->mail, r);
			job_stop(j, REASON_ENGINE);
		}
	}
	/* its end, or empty after the child has left */
	if (j->fd != -1 && (n == 0 || (n == -1 && (errno != EAGAIN ||
	    j->ended))))
		job_close(j);
	job_settle(e, j);
}

static struct job *
find_job(struct engine *e, uint32_t id)
{
	struct job	*j;

	for (j = e->jobs; j != NULL; j = j->next)
		if (j->told.id == id)
			break;
	return j;
}

/* The zygote is gone and took its children with it. */
static void
jobs_lost(struct engine *e, const struct pool *pool)
{
	struct job	*j, *next;

	for (j = e->jobs; j != NULL; j = next) {
		next = j->next;
		if (j->pool != pool || j->ended)
			continue;
		j->ended = 1;
		j->end.end = JOB_LOST;
		job_settle(e, j);
	}
}

void
jobs_pool_event(struct engine *e, struct pool *pool)
{
	struct zygote_event	 ev;
	struct job		*j;
	int			 r = ERR_OK, scans, was_ready;

	scans = pool == &e->pool[ENGINE_SCAN] ||
	    pool == &e->pool[ENGINE_SCAN_OTHER];
	while (pool->zygote != NULL && r != ERR_AGAIN) {
		was_ready = pool->ready;
		r = pool_read(pool, &ev);
		if (scans && !was_ready && r != ERR_AGAIN && !pool->ready)
			scan_failed(e, pool);
		else if (scans && !was_ready && pool->ready)
			scan_ready(e, pool);
		if (r == ERR_AGAIN)
			return;
		if (r != ERR_OK) {
			jobs_lost(e, pool);
			return;
		}
		if ((j = find_job(e, ev.job)) == NULL)
			continue;
		j->ended = 1;
		j->end = ev;
		job_read(e, j);
	}
}

void
jobs_overdue(struct engine *e, long long now)
{
	struct job	*j;

	for (j = e->jobs; j != NULL; j = j->next) {
		if (now < j->give_up_ms || j->ended)
			continue;
		/* the zygote did not keep its own deadline: first ask it, and
		 * when that does not help, end it */
		if (j->verdict == REASON_COMPLETE) {
			job_stop(j, REASON_TIMEOUT);
			j->give_up_ms = now + GRACE_MS;
			continue;
		}
		log_warn("worker=%s does not end its jobs", j->pool->name);
		pool_drop(j->pool, 1);
		jobs_lost(e, j->pool);
		return;
	}
}
