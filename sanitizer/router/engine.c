/*
 * The engine's loop: mails, running jobs, deadlines.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: workers, which may
 * say anything, stop reading, or never end; none of that may stop the loop.
 * Must never wait for one worker, and never lose a part.
 */
#include "engine_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"

#define PIPE_BYTES	(1024 * 1024)
#define EVENTS		64
#define BLOCKS_AT_ONCE	8	/* of one pipe, before others have a turn */
#define AHEAD		8	/* parts before their turn, for each worker */
#define GRACE_MS	5000	/* beyond a deadline that zygotes enforce */

int
engine_new(const struct engine_config *config, struct engine **ep)
{
	struct engine	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return ERR_MEMORY;
	e->config = *config;
	e->epoll = -1;
	if (e->config.workers == 0)
		e->config.workers = 1;
	if ((e->authserv_id = strdup(config->authserv_id != NULL ?
	    config->authserv_id : "")) == NULL ||
	    (e->block = malloc(ENGINE_BLOCK)) == NULL) {
		engine_free(e);
		return ERR_MEMORY;
	}
	if ((e->epoll = epoll_create1(EPOLL_CLOEXEC)) == -1) {
		engine_free(e);
		return ERR_SYS;
	}
	pool_init(e);
	*ep = e;
	return ERR_OK;
}

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

static void
job_free(struct job *j)
{
	job_close(j);
	answer_free(j->answer);
	free(j);
}

static void
mail_free(struct mail *m)
{
	struct part	*p;

	while ((p = m->parts) != NULL) {
		m->parts = p->next;
		part_free(p);
	}
	copy_writer_free(m->writer);
	close(m->q.original);
	mail_free_words(m);
	free(m);
}

void
engine_free(struct engine *e)
{
	struct job	*j;
	struct mail	*m;

	if (e == NULL)
		return;
	pool_free(e);
	while ((j = e->jobs) != NULL) {
		e->jobs = j->next;
		job_free(j);
	}
	while ((m = e->mails) != NULL) {
		e->mails = m->next;
		mail_free(m);
	}
	if (e->epoll != -1)
		close(e->epoll);
	free(e->authserv_id);
	free(e->block);
	free(e);
}

void
engine_warm(struct engine *e)
{
	struct zygote	*z;

	for (int i = 0; i < ENGINE_OCR; i++)
		pool_take(&e->pool[i], proc_now_ms(), &z);
}

int
engine_submit(struct engine *e, const struct engine_request *q)
{
	struct mail	*m, **at = &e->mails;

	if ((m = calloc(1, sizeof(*m))) == NULL) {
		close(q->original);
		return ERR_MEMORY;
	}
	m->engine = e;
	m->q = *q;
	m->sink_watch.type = WATCH_SINK;
	m->sink_watch.owner = m;
	m->deadline_ms = proc_now_ms() +
	    (long long)policy_limits(q->policy)->mail_seconds * 1000;
	if ((m->writer = copy_writer_new(q->sink, q->sink_arg)) == NULL ||
	    (m->parts = part_new_root(m)) == NULL) {
		mail_free(m);
		return ERR_MEMORY;
	}
	m->part_count = 1;
	while (*at != NULL)
		at = &(*at)->next;
	*at = m;
	e->mail_count++;
	return ERR_OK;
}

unsigned
engine_mails(const struct engine *e)
{
	return e->mail_count;
}

int
engine_fd(const struct engine *e)
{
	return e->epoll;
}

void
engine_fail_mail(struct mail *m, int error)
{
	if (m->result.error == ERR_OK)
		m->result.error = error;
}

void
engine_report(struct part *p, enum reason reason, const char *what)
{
	struct mail		*m = p->mail;
	struct engine_event	 ev = { .ref = &m->q.mail.ref,
				    .path = p->path, .name = p->name,
				    .sha256 = p->sha256,
				    .worker = m->engine->pool[p->worker].name,
				    .reason = reason, .what = what };

	if (m->q.event != NULL)
		m->q.event(m->q.arg, &ev);
}

/* Jobs. */

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
static void
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

static void
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

static void
pool_event(struct engine *e, struct pool *pool)
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

/* Mails. */

static void
mail_abandon(struct engine *e, struct mail *m)
{
	for (struct job *j = e->jobs; j != NULL; j = j->next)
		if (j->part != NULL && j->part->mail == m) {
			j->part = NULL;
			job_stop(j, REASON_ENGINE);
		}
}

static void
mail_done(struct engine *e, struct mail *m)
{
	struct mail		**at = &e->mails;
	struct engine_result	 result = m->result;
	void			(*done)(void *, const struct engine_result *);
	void			*arg = m->q.arg;

	result.words = m->words;
	result.word_count = m->word_count;
	result.locked = (const uint8_t (*)[32])m->locked_parts;
	result.unlocked = (const uint8_t (*)[32])m->unlocked_parts;
	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	e->mail_count--;
	mail_abandon(e, m);
	done = m->q.done;
	if (m->sink_watched)
		epoll_ctl(e->epoll, EPOLL_CTL_DEL, m->q.sink_fd, NULL);
	done(arg, &result);
	mail_free(m);
}

static void
mail_is_late(struct engine *e, struct mail *m)
{
	m->late = 1;
	for (struct job *j = e->jobs; j != NULL; j = j->next)
		if (j->part != NULL && j->part->mail == m)
			job_stop(j, REASON_TIMEOUT);
}

/* Whether the part may begin now. Who waits for room keeps the later ones from
 * taking it. */
static int
has_room(struct engine *e, const struct part *p)
{
	if (e->running + part_weight(p) > e->config.workers * ENGINE_WEIGHT)
		e->full = 1;
	return !e->full;
}

/* Its next step; without a scanner, or one who reads pages, the one after that. */
static int
part_start(struct engine *e, struct part *p)
{
	int	r = engine_start_job(e, p);

	if (r != ERR_NOTFOUND || (p->step != ANSWER_SCAN &&
	    p->step != ANSWER_READ))
		return r;
	engine_report(p, REASON_ENGINE, "no worker");
	if (p->step == ANSWER_READ) {
		part_unread(p, REASON_ENGINE);
		return ERR_OK;
	}
	part_unscanned(p, REASON_ENGINE);
	return p->state == PART_WAITING ? engine_start_job(e, p) : ERR_OK;
}

/* Moves the parts near the head of the mail on, as far as workers are free. What
 * stands finished behind a locked part does not count: its words may be further on. */
static void
parts_schedule(struct engine *e, struct mail *m)
{
	unsigned	 ahead = e->config.workers * AHEAD;
	struct part	*p;
	int		 r, locked = 0;

	for (p = m->parts; p != NULL && ahead > 0; p = p->next) {
		locked |= p->state == PART_LOCKED;
		if (!locked || (p->state != PART_LOCKED &&
		    p->state != PART_FINISHED))
			ahead--;
		if (p->state == PART_NEW ||
		    (p->state == PART_WAITING && m->late))
			part_consider(p);
		if (p->state != PART_WAITING || !has_room(e, p))
			continue;
		if ((r = part_start(e, p)) == ERR_NOTFOUND) {
			engine_report(p, REASON_ENGINE, "no worker");
			if (p->second && part_try_again(p, REASON_ENGINE))
				continue;
			part_stub(p, REASON_ENGINE, e->pool[p->worker].name);
		} else if (r != ERR_OK && r != ERR_AGAIN) {
			engine_fail_mail(m, r);
		}
	}
}

static void
mail_schedule(struct engine *e, struct mail *m)
{
	do
		parts_schedule(e, m);
	while (mail_unlock(m));
	mail_follow(m);
}

/* Returns 1 when the mail could go on at once. */
static int
mail_work(struct engine *e, struct mail *m)
{
	int	more;

	if (!m->late && proc_now_ms() >= m->deadline_ms)
		mail_is_late(e, m);
	mail_schedule(e, m);
	more = emit_some(m);
	if (m->result.error != ERR_OK || m->parts == NULL) {
		mail_done(e, m);
		return 1;
	}
	return more;
}

static void
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

int
engine_timeout(struct engine *e)
{
	long long	 now = proc_now_ms(), due = pool_due(e);
	struct mail	*m;
	struct job	*j;

	for (m = e->mails; m != NULL; m = m->next) {
		if (!m->late && m->deadline_ms < due)
			due = m->deadline_ms;
		if (emit_waits(m) && !m->sink_full)
			return 0;
		if (m->parts != NULL && m->parts->state == PART_NEW)
			return 0;
	}
	for (j = e->jobs; j != NULL; j = j->next)
		if (!j->ended && j->give_up_ms < due)
			due = j->give_up_ms;
	if (due == LLONG_MAX)
		return -1;
	return due <= now ? 0 : due - now > 60000 ? 60000 : (int)(due - now);
}

int
engine_work(struct engine *e)
{
	struct epoll_event	 ev[EVENTS];
	struct mail		*m, *next;
	struct watch		*w;
	int			 n, more;

	/* one at a time: what one event does may free what the next is about */
	for (int i = 0; i < EVENTS; i++) {
		if ((n = epoll_wait(e->epoll, ev, 1, 0)) == -1)
			return errno == EINTR ? ERR_OK : ERR_SYS;
		if (n == 0)
			break;
		w = ev[0].data.ptr;
		if (w->type == WATCH_POOL)
			pool_event(e, w->owner);
		else if (w->type == WATCH_JOB)
			job_read(e, w->owner);
		else
			((struct mail *)w->owner)->sink_full = 0;
	}
	jobs_overdue(e, proc_now_ms());
	for (int i = 0; i < ENGINE_WORKERS; i++)
		e->pool[i].wanted = 0;
	scan_work(e);
	do {
		more = e->full = 0;
		for (m = e->mails; m != NULL; m = next) {
			next = m->next;
			more |= mail_work(e, m);
		}
	} while (more && e->jobs == NULL);
	return ERR_OK;
}
