/*
 * One mail in limpid-sanitizerd: claimed, opened, flattened, committed, done;
 * or put back, or held and its recipients told. Runs in limpid-sanitizerd.
 * Hostile input: none is looked at here. Must never call a mail done before its
 * copy is on disk in the next spool.
 */
#include "sanitizerd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"
#include "sanitizerd_locked.h"
#include "sanitizerd_parcel.h"

#define PAUSE_MS	1000	/* after trouble that is not the mail's */
#define READY_MS	10	/* for others, before a copy goes to disk */
#define TOLD		"recipients were told"

struct mail_run {
	struct sanitizer	*s;
	char			 name[SPOOL_NAME_MAX + 1];
	char			 ref[REF_TEXT_LEN + 1];
	unsigned		 attempt;
	struct opened		 o;
	struct outgoing		 out;
	struct policy_use	*policy;
	struct engine_result	 result;
	struct locked		 locked;
	long long		 started_ms;
};

struct policy_use *
policy_use_take(struct policy_use *u)
{
	u->users++;
	return u;
}

void
policy_use_drop(struct policy_use *u)
{
	if (u == NULL || --u->users > 0)
		return;
	policy_free(u->policy);
	free(u);
}

static void
run_free(struct mail_run *m)
{
	locked_free(&m->locked);
	opened_free(&m->o);
	policy_use_drop(m->policy);
	free(m);
}

static void
record_problem(int r)
{
	if (r != ERR_OK)
		log_error("the record was not written: %s", err_text(r));
}

int
notice_write(struct sanitizer *s, const struct opened *o)
{
	char			 none[] = "", zero[] = "0";
	char			 note[] = "held by the sanitizer; an operator "
				    "can find it by its reference";
	struct copy_part	 p = { .id = 1, .kind = KIND_MAIL,
				    .size = o->mail.size, .path = zero,
				    .name = none, .declared = none };
	struct copy_part_end	 e = { .outcome = OUTCOME_STUB,
				    .reason = REASON_ENGINE, .engine = none,
				    .rule = none, .note = note };
	struct copy_writer	*w;
	struct outgoing		 out;
	int			 r;

	memcpy(p.sha256, o->mail.sha256, sizeof(p.sha256));
	if ((r = outgoing_open(s, o, &out)) != ERR_OK)
		return r;
	r = ERR_MEMORY;
	if ((w = copy_writer_new(outgoing_write, &out)) == NULL ||
	    (r = copy_write_mail(w, &o->mail)) != ERR_OK ||
	    (r = copy_write_part(w, &p)) != ERR_OK ||
	    (r = copy_write_part_end(w, &e)) != ERR_OK ||
	    (r = copy_write_end(w)) != ERR_OK)
		outgoing_abort(s, &out);
	else
		r = outgoing_commit(s, &out);
	copy_writer_free(w);
	return r;
}

/* Its last attempt failed: the notice first, so that it is never held in
 * silence. */
static void
mail_hold(struct mail_run *m, const char *why)
{
	struct sanitizer	*s = m->s;
	char			 line[300];
	int			 r;

	if ((r = notice_write(s, &m->o)) != ERR_OK) {
		log_warn("ref=%s no notice could be written: %s; the mail is "
		    "tried again", m->ref, err_text(r));
		spool_release(s->in, m->name);
		return;
	}
	snprintf(line, sizeof(line), "%s; " TOLD, why);
	if ((r = spool_hold(s->in, m->name, line)) != ERR_OK)
		log_error("ref=%s cannot be held: %s", m->ref, err_text(r));
	log_error("ref=%s held after %u attempts: %s", m->ref, m->attempt,
	    why);
	record_problem(record_add(s->record, "mail.held", "ref", m->ref,
	    "why", why, NULL));
	record_problem(record_sync(s->record));
}

/* The world failed this mail. */
static void
mail_again(struct mail_run *m, const char *why)
{
	struct sanitizer	*s = m->s;

	s->pause_until = proc_now_ms() + PAUSE_MS * m->attempt;
	if (m->attempt >= SPOOL_ATTEMPTS) {
		mail_hold(m, why);
		return;
	}
	log_warn("ref=%s attempt=%u not flattened: %s", m->ref, m->attempt,
	    why);
	if (spool_retry(s->in, m->name, why) < 0)
		log_error("ref=%s cannot go back to the spool", m->ref);
}

static void
record_done(struct mail_run *m)
{
	const struct engine_result	*r = &m->result;
	char				 parts[16], stubs[16], cuts[16],
					 pages[16], ms[24];

	snprintf(parts, sizeof(parts), "%u", r->parts);
	snprintf(stubs, sizeof(stubs), "%u", r->stubs);
	snprintf(cuts, sizeof(cuts), "%u", r->cuts);
	snprintf(pages, sizeof(pages), "%u", r->pages);
	snprintf(ms, sizeof(ms), "%lld", proc_now_ms() - m->started_ms);
	log_info("ref=%s outcome=%s reason=%s parts=%s stubs=%s cuts=%s "
	    "pages=%s ms=%s", m->ref, outcome_name(r->outcome),
	    reason_name(r->reason), parts, stubs, cuts, pages, ms);
	record_problem(record_add(m->s->record, "mail.flattened", "ref",
	    m->ref, "outcome", outcome_name(r->outcome), "reason",
	    reason_name(r->reason), "parts", parts, "stubs", stubs, "cuts",
	    cuts, "pages", pages, "ms", ms, "policy", m->o.mail.policy,
	    NULL));
}

/* A crash before the parcel is gone sends the copy twice; its reference tells. */
static void
mail_committed(struct mail_run *m, int last)
{
	struct sanitizer	*s = m->s;
	int			 r;

	record_done(m);
	locked_end(s, &m->locked, m->name);
	r = last ? spool_done(s->in, m->name) : spool_done_soon(s->in, m->name);
	if (r != ERR_OK)
		log_error("ref=%s stays in the spool: %s", m->ref,
		    err_text(r));
}

void
mails_commit(struct sanitizer *s)
{
	struct outgoing	*outs[READY_MAX];
	unsigned	 n = s->ready_count;
	int		 r;

	if (n == 0 || (n < READY_MAX && s->mails > 0 &&
	    proc_now_ms() < s->ready_until))
		return;
	s->ready_count = 0;
	for (unsigned i = 0; i < n; i++)
		outs[i] = &s->ready[i]->out;
	r = outgoing_commit_many(s, outs, n);
	for (unsigned i = 0; i < n; i++) {
		if (r != ERR_OK)
			mail_again(s->ready[i], err_text(r));
		else
			mail_committed(s->ready[i], i + 1 == n);
		run_free(s->ready[i]);
	}
}

/* The copy is whole; returns 1 when it waits for mails_commit. */
static int
mail_ready(struct mail_run *m)
{
	struct sanitizer	*s = m->s;
	int			 r;

	if ((r = outgoing_finish(&m->out)) != ERR_OK) {
		outgoing_abort(s, &m->out);
		mail_again(m, err_text(r));
		return 0;
	}
	if (s->ready_count == 0)
		s->ready_until = proc_now_ms() + READY_MS;
	s->ready[s->ready_count++] = m;
	if (s->ready_count == READY_MAX)
		mails_commit(s);
	return 1;
}

static void
mail_done(void *arg, const struct engine_result *result)
{
	struct mail_run	*m = arg;
	int		 r;

	m->s->mails--;
	m->s->bytes -= m->o.mail.size;
	if (result->error != ERR_OK) {
		outgoing_abort(m->s, &m->out);
		mail_again(m, err_text(result->error));
	} else if (result->outcome == OUTCOME_STUB &&
	    result->reason == REASON_ENGINE) {
		/* not one part could be looked at: that is this host's
		 * trouble */
		outgoing_abort(m->s, &m->out);
		mail_again(m, "no worker could be started");
	} else {
		m->result = *result;
		if ((r = locked_take(&m->locked, &m->o, result)) != ERR_OK)
			log_warn("ref=%s its words are not kept: %s", m->ref,
			    err_text(r));
		if (mail_ready(m))
			return;
	}
	run_free(m);
}

static void
mail_event(void *arg, const struct engine_event *ev)
{
	struct mail_run	*m = arg;
	char		 hash[2 * SHA256_BYTES + 1];
	int		 forbidden = ev->reason == REASON_FORBIDDEN_CALL;

	hex_format(ev->sha256, SHA256_BYTES, hash);
	log_warn("%sref=%s part=%s worker=%s reason=%s sha256=%s what=\"%s\"",
	    forbidden ? "security " : "", m->ref, ev->path, ev->worker,
	    reason_name(ev->reason), hash, log_safe(ev->what));
	record_problem(record_add(m->s->record, forbidden ?
	    "security.forbidden-call" : ev->reason == REASON_MALWARE ?
	    "part.malware" : strcmp(ev->worker, "scan") == 0 ?
	    "part.not-scanned" : "part.stub", "ref", m->ref, "part",
	    ev->path, "worker", ev->worker, "reason",
	    reason_name(ev->reason), "sha256", hash, "what", ev->what, NULL));
}

static int
mail_submit(struct mail_run *m)
{
	struct sanitizer	*s = m->s;
	struct engine_request	 q = { .name = "", .kind = KIND_MAIL,
				    .sink = outgoing_write, .sink_fd = -1,
				    .event = mail_event, .done = mail_done,
				    .arg = m };
	int			 r;

	if ((r = outgoing_open(s, &m->o, &m->out)) != ERR_OK)
		return r;
	q.mail = m->o.mail;
	q.original = m->o.original;
	q.policy = m->policy->policy;
	q.sink_arg = &m->out;
	if ((r = locked_begin(s, &m->o, &m->locked, &q)) != ERR_OK) {
		outgoing_abort(s, &m->out);
		return r;
	}
	m->o.original = -1;		/* the engine's now */
	if ((r = engine_submit(s->engine, &q)) != ERR_OK)
		outgoing_abort(s, &m->out);
	return r;
}

/* Not ours, or damaged: nobody can be told, for nothing in it can be
 * believed. */
static void
parcel_refuse(struct sanitizer *s, const char *name, int r)
{
	char	why[200];

	snprintf(why, sizeof(why), "the parcel does not open: %s; see that "
	    "keys/intake-sign.pub and keys/sanitizer-seal.key are right",
	    err_text(r));
	log_error("parcel=%s held: %s", name, why);
	record_problem(record_add(s->record, "parcel.refused", "name",
	    name, "why", why, NULL));
	record_problem(record_sync(s->record));
	if (spool_hold(s->in, name, why) != ERR_OK)
		log_error("parcel=%s cannot be held", name);
}

static int
is_damaged(int r)
{
	return r == ERR_CRYPTO || r == ERR_FORMAT || r == ERR_SHORT ||
	    r == ERR_LIMIT;
}

void
mail_begin(struct sanitizer *s, const char *name, int fd, unsigned attempt)
{
	struct mail_run	*m;
	int		 r;

	if ((m = calloc(1, sizeof(*m))) == NULL) {
		close(fd);
		spool_release(s->in, name);
		s->pause_until = proc_now_ms() + PAUSE_MS;
		return;
	}
	m->s = s;
	m->attempt = attempt;
	m->out.fd = m->o.original = -1;
	m->started_ms = proc_now_ms();
	m->policy = policy_use_take(s->policy);
	snprintf(m->name, sizeof(m->name), "%s", name);
	r = opened_take(s, fd, policy_limits(m->policy->policy)->bytes,
	    &m->o);
	close(fd);
	if (r == ERR_OK) {
		ref_format(&m->o.head.ref, m->ref);
		m->o.mail.policy = strdup(policy_digest(m->policy->policy));
		r = m->o.mail.policy != NULL ? mail_submit(m) : ERR_MEMORY;
	}
	if (r == ERR_OK) {
		s->mails++;
		s->bytes += m->o.mail.size;
		return;
	}
	if (m->o.manifest == NULL && is_damaged(r)) {
		parcel_refuse(s, name, r);
	} else if (r == ERR_FULL) {
		log_warn("ref=%s the spool of link 2 is full: waiting",
		    m->ref);
		spool_release(s->in, name);
		s->pause_until = proc_now_ms() + PAUSE_MS;
	} else if (m->o.mail.policy != NULL) {
		mail_again(m, err_text(r));
	} else {
		spool_retry(s->in, name, err_text(r));
		s->pause_until = proc_now_ms() + PAUSE_MS;
	}
	run_free(m);
}

/* Whether the line beside a held parcel says that its notice was sent. */
static int
was_told(const struct sanitizer *s, const char *name)
{
	char	 path[64 + SPOOL_NAME_MAX], *at, *line = NULL;
	size_t	 room = 0;
	FILE	*f;
	int	 told = 0;

	snprintf(path, sizeof(path), "state/spool/link1-in/held/%s.why", name);
	if ((at = conf_path(s->conf, path)) == NULL)
		return 1;
	if ((f = fopen(at, "r+e")) != NULL) {
		while (!told && getline(&line, &room, f) != -1)
			told = strstr(line, TOLD) != NULL ||
			    strstr(line, "does not open") != NULL;
		fclose(f);
	}
	free(line);
	free(at);
	return told;
}

static void
tell_why(const struct sanitizer *s, const char *name)
{
	char	 path[64 + SPOOL_NAME_MAX], *at;
	FILE	*f;

	snprintf(path, sizeof(path), "state/spool/link1-in/held/%s.why", name);
	if ((at = conf_path(s->conf, path)) == NULL)
		return;
	if ((f = fopen(at, "ae")) != NULL) {
		fputs(TOLD "\n", f);
		if (fclose(f) != 0)
			log_warn("%s: %s", at, strerror(errno));
	}
	free(at);
}

static int
catch_up(void *arg, const char *name, int fd)
{
	struct sanitizer	*s = arg;
	struct opened		 o;
	char			 ref[REF_TEXT_LEN + 1];
	int			 r;

	if (was_told(s, name))
		return ERR_OK;
	if (opened_take(s, fd, 0, &o) != ERR_OK)
		return ERR_OK;
	ref_format(&o.head.ref, ref);
	o.mail.policy = strdup(policy_digest(s->policy->policy));
	r = o.mail.policy != NULL ? notice_write(s, &o) : ERR_MEMORY;
	if (r == ERR_OK) {
		tell_why(s, name);
		log_warn("ref=%s is held; its recipients are told", ref);
		record_problem(record_add(s->record, "mail.held", "ref",
		    ref, "why", "it ended this program again and again",
		    NULL));
	}
	opened_free(&o);
	return r == ERR_FULL ? r : ERR_OK;
}

void
notices_catch_up(struct sanitizer *s)
{
	int	r;

	if ((r = spool_each(s->in, "held", catch_up, s)) < 0)
		log_warn("held parcels cannot be looked at: %s", err_text(r));
}
