/*
 * The scanner of the engine: which of its two warm parents is in use, when a new database
 * takes over, and what a mail says of it. Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: none; zygotes never read a part. Must never let a part wait for a new
 * database while an old one is there, nor let a mail end without a word on its scan.
 */
#include "engine_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "log.h"
#include "proc.h"

#define REST_BROKEN_MS	300000	/* a database that does not load is tried again */
#define DAY_S		86400

struct pool *
scan_pool(struct engine *e, enum engine_worker w)
{
	if (w != ENGINE_SCAN)
		return &e->pool[w];
	return &e->pool[e->scan_other ? ENGINE_SCAN_OTHER : ENGINE_SCAN];
}

static const struct pool *
in_use(const struct engine *e)
{
	return &e->pool[e->scan_other ? ENGINE_SCAN_OTHER : ENGINE_SCAN];
}

static struct pool *
spare(struct engine *e)
{
	return &e->pool[e->scan_other ? ENGINE_SCAN : ENGINE_SCAN_OTHER];
}

int
scan_is_wanted(const struct engine *e)
{
	return e->scan_wanted;
}

int
scan_is_settled(const struct engine *e)
{
	return !e->scan_wanted || in_use(e)->ready ||
	    in_use(e)->failures >= POOL_FAILURES;
}

static void
pool_forget(struct pool *p)
{
	pool_drop(p, 0);
	p->failures = 0;
	p->retry_ms = 0;
}

void
engine_scan_database(struct engine *e)
{
	if (e->config.scan_off)
		return;
	e->scan_wanted = 1;
	if (!in_use(e)->ready) {
		/* what it reads, or could not read, may be the old one */
		pool_forget(scan_pool(e, ENGINE_SCAN));
		return;
	}
	e->scan_again = 1;
	if (!spare(e)->ready)
		pool_forget(spare(e));
}

/* "2026-11-20", "" when it is not known. */
static void
date_format(uint64_t s, char *out, size_t size)
{
	time_t		 t = (time_t)s;
	struct tm	 tm;

	if (s == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, size, "%Y-%m-%d", &tm) == 0)
		snprintf(out, size, "%s", "");
}

void
scan_failed(struct engine *e, struct pool *p)
{
	char	 date[16];

	if (p == in_use(e)) {
		if (p->failures >= POOL_FAILURES) {
			p->retry_ms = proc_now_ms() + REST_BROKEN_MS;
			log_error("the scanner does not start; its own line "
			    "above says why. Mails go on and say so");
		}
		return;
	}
	pool_forget(p);
	e->scan_kept = 1;
	date_format(in_use(e)->data.made_s, date, sizeof(date));
	log_error("the new scan database does not load; the one of %s stays in "
	    "use. Bring a whole one", date);
}

void
scan_ready(struct engine *e, struct pool *p)
{
	e->scan_kept = 0;
	if (p == spare(e))
		e->scan_other = !e->scan_other;
}

void
scan_work(struct engine *e)
{
	struct pool	*other = spare(e);
	struct zygote	*z;
	long long	 now = proc_now_ms();

	if (!e->scan_wanted)
		return;
	if (!in_use(e)->ready)
		pool_take(scan_pool(e, ENGINE_SCAN), now, &z);
	if (pool_is_late(other, now))
		scan_failed(e, other);
	/* the one before, after its last part */
	if (other->ready && zygote_jobs(other->zygote) == 0)
		pool_forget(other);
	if (e->scan_again && other->zygote == NULL) {
		e->scan_again = 0;
		if (pool_take(other, now, &z) == ERR_NOTFOUND)
			scan_failed(e, other);
	}
}

void
engine_scan_look(const struct engine *e, struct engine_scan *out)
{
	const struct pool	*p = in_use(e);

	memset(out, 0, sizeof(*out));	/* compared as a whole by others */
	out->kept = e->scan_kept;
	if (e->config.scan_off)
		return;
	out->state = !e->scan_wanted ? ENGINE_SCAN_NONE :
	    p->ready ? ENGINE_SCAN_READY :
	    p->failures >= POOL_FAILURES ? ENGINE_SCAN_BROKEN :
	    ENGINE_SCAN_STARTING;
	if (p->ready)
		out->data = p->data;
}

const char *
engine_scan_name(enum engine_scan_state s)
{
	static const char *const names[] = {
		[ENGINE_SCAN_OFF] = "off", [ENGINE_SCAN_NONE] = "none",
		[ENGINE_SCAN_STARTING] = "starting",
		[ENGINE_SCAN_READY] = "ready", [ENGINE_SCAN_BROKEN] = "broken",
	};

	return names[s];
}

static void
database_describe(const struct worker_data *d, char *out, size_t size)
{
	char		 date[16], set[64] = "";
	long long	 now = proc_wall_ms() / 1000, days = 0;

	date_format(d->made_s, date, sizeof(date));
	if (d->name[0] != '\0')
		snprintf(set, sizeof(set), "%s %u ", d->name, d->version);
	if (now > (long long)d->made_s)
		days = (now - (long long)d->made_s) / DAY_S;
	snprintf(out, size, "%s, database %sof %s, %lld day%s old", d->engine,
	    set, date, days, days == 1 ? "" : "s");
}

void
scan_describe(const struct engine *e, char *out, size_t size)
{
	struct engine_scan	 s;

	engine_scan_look(e, &s);
	switch (s.state) {
	case ENGINE_SCAN_OFF:
		snprintf(out, size, "not scanned: switched off");
		return;
	case ENGINE_SCAN_NONE:
		snprintf(out, size, "no database");
		return;
	case ENGINE_SCAN_READY:
		database_describe(&s.data, out, size);
		return;
	case ENGINE_SCAN_STARTING:
	case ENGINE_SCAN_BROKEN:
		break;
	}
	snprintf(out, size, "not scanned: the scanner does not start");
}
