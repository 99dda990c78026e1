/*
 * One warm parent for each kind of worker: started at need, and again, after a
 * rest that doubles, when it died. Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: none; zygotes never read a part. Must never start one in a
 * tight loop.
 */
#include "engine_private.h"

#include <limits.h>
#include <sys/epoll.h>

#include "err.h"
#include "launcher.h"
#include "log.h"
#include "proc.h"

#define WARM_MS		60000	/* a warm-up that takes longer has hung */
#define REST_MS		100	/* after the first failure */
#define REST_MOST_MS	10000
#define WARM_SCAN_MS	600000	/* the same of a large database on a slow disk */

static const char *const names[ENGINE_WORKERS] = {
	[ENGINE_IDENTIFY] = "identify", [ENGINE_MIME] = "mime",
	[ENGINE_TEXT] = "text", [ENGINE_HTML] = "html",
	[ENGINE_PDF] = "pdf", [ENGINE_IMAGE] = "image",
	[ENGINE_OFFICE] = "office",
	[ENGINE_ARCHIVE] = "archive", [ENGINE_MSG] = "msg",
	[ENGINE_CARD] = "card", [ENGINE_HEIF] = "heif",
	[ENGINE_POPPLER] = "poppler", [ENGINE_SMIME] = "smime",
	[ENGINE_OCR] = "ocr",
	[ENGINE_SCAN] = "scan", [ENGINE_SCAN_OTHER] = "scan",
};

void
pool_init(struct engine *e)
{
	for (int i = 0; i < ENGINE_WORKERS; i++) {
		e->pool[i].engine = e;
		e->pool[i].name = names[i];
		e->pool[i].watch.type = WATCH_POOL;
		e->pool[i].watch.owner = &e->pool[i];
	}
}

void
pool_free(struct engine *e)
{
	for (int i = 0; i < ENGINE_WORKERS; i++)
		zygote_free(e->pool[i].zygote);
}

void
pool_drop(struct pool *p, int failed)
{
	long long	rest = REST_MS;

	if (p->zygote != NULL)
		epoll_ctl(p->engine->epoll, EPOLL_CTL_DEL,
		    zygote_fd(p->zygote), NULL);
	zygote_free(p->zygote);
	p->zygote = NULL;
	p->ready = 0;
	if (!failed)
		return;
	for (unsigned i = 0; i < p->failures && rest < REST_MOST_MS; i++)
		rest *= 2;
	p->failures++;
	p->retry_ms = proc_now_ms() + (rest < REST_MOST_MS ? rest :
	    REST_MOST_MS);
}

static int
start(struct pool *p, long long now)
{
	struct epoll_event	ev = { .events = EPOLLIN,
				    .data.ptr = &p->watch };
	int			r;

	r = launcher_start(p->engine->config.launcher, p->name, &p->zygote);
	if (r == ERR_OK && epoll_ctl(p->engine->epoll, EPOLL_CTL_ADD,
	    zygote_fd(p->zygote), &ev) == -1)
		r = ERR_SYS;
	if (r != ERR_OK) {
		log_warn("worker=%s cannot be started: %s", p->name,
		    err_text(r));
		p->failures = POOL_FAILURES;
		pool_drop(p, 1);
		return ERR_NOTFOUND;
	}
	p->started_ms = now;
	p->wanted = 0;
	return ERR_AGAIN;
}

static long long
warm_ms(const struct pool *p)
{
	return p == &p->engine->pool[ENGINE_SCAN] ||
	    p == &p->engine->pool[ENGINE_SCAN_OTHER] ? WARM_SCAN_MS : WARM_MS;
}

int
pool_is_late(const struct pool *p, long long now)
{
	return p->zygote != NULL && !p->ready &&
	    now - p->started_ms > warm_ms(p);
}

int
pool_take(struct pool *p, long long now, struct zygote **zp)
{
	if (p->zygote != NULL && p->ready) {
		*zp = p->zygote;
		return ERR_OK;
	}
	if (pool_is_late(p, now)) {
		log_warn("worker=%s did not get ready in time", p->name);
		pool_drop(p, 1);
	}
	if (p->zygote != NULL)
		return ERR_AGAIN;
	p->wanted = 1;
	if (now < p->retry_ms)
		return p->failures >= POOL_FAILURES ? ERR_NOTFOUND : ERR_AGAIN;
	return start(p, now);
}

int
pool_read(struct pool *p, struct zygote_event *ev)
{
	int	r;

	while ((r = zygote_read(p->zygote, ev)) == ERR_OK) {
		if (ev->type != ZYGOTE_READY)
			return ERR_OK;
		p->ready = 1;
		p->failures = 0;
		p->data = ev->data;
		log_debug("worker=%s ready held=0x%x", p->name, ev->held);
	}
	if (r == ERR_AGAIN)
		return r;
	log_warn("worker=%s warm parent is gone", p->name);
	pool_drop(p, 1);
	return ERR_PEER;
}

long long
pool_due(const struct engine *e)
{
	const struct pool	*p;
	long long		 due = LLONG_MAX, at;

	for (int i = 0; i < ENGINE_WORKERS; i++) {
		p = &e->pool[i];
		if (p->zygote != NULL && !p->ready)
			at = p->started_ms + warm_ms(p) + 1;
		else if (p->zygote == NULL && p->failures > 0 && p->wanted)
			at = p->retry_ms;
		else
			continue;
		if (at < due)
			due = at;
	}
	return due;
}
