/*
 * The engine's loop: mails, what may begin, deadlines.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: workers, which may
 * say anything, stop reading, or never end; none of that may stop the loop.
 * Must never wait for one worker, and never lose a part.
 */
#include "engine_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "err.h"
#include "proc.h"

#define EVENTS		64
#define AHEAD		8	/* parts before their turn, for each worker */

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
			jobs_pool_event(e, w->owner);
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
