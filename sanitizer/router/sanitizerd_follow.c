/*
 * A mail that waited with locked parts, tried again with new words: what opens goes
 * out in a copy that follows the first one. Runs in limpid-sanitizerd.
 * Hostile input: none is looked at here. Must never lose the waiting mail before its
 * copy is on disk; a repeat after a crash has the same reference and is removed inside.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"
#include "sanitizerd_locked.h"
#include "sanitizerd_parcel.h"

#define AT_ONCE		1
#define PAUSE_MS	5000	/* after trouble that is not the mail's */

struct follow_run {
	struct sanitizer	*s;
	struct keep_note	 note;
	struct locked		 l;
	struct opened		 o;
	struct outgoing		 out;
	struct policy_use	*policy;
	char			 first[REF_TEXT_LEN + 1];
	char			 ref[REF_TEXT_LEN + 1];	/* "" nothing opened */
};

static void
run_free(struct follow_run *f)
{
	locked_free(&f->l);
	opened_free(&f->o);
	keep_note_clear(&f->note);
	policy_use_drop(f->policy);
	free(f);
}

static int
hash_compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

/* The same parts opened, in whatever order, give the same reference. */
static int
ref_derive(const struct ref *first, const uint8_t (*unlocked)[32], size_t n,
    struct ref *out)
{
	static const char	 context[] = "limpid-follow-1";
	uint8_t			 hash[SHA256_BYTES], (*parts)[32];
	struct hash		*h = NULL;
	int			 r;

	if ((parts = calloc(n, sizeof(*parts))) == NULL ||
	    (h = hash_new()) == NULL) {
		free(parts);
		return ERR_MEMORY;
	}
	memcpy(parts, unlocked, n * sizeof(*parts));
	qsort(parts, n, sizeof(*parts), hash_compare);
	if ((r = hash_update(h, context, sizeof(context))) != ERR_OK ||
	    (r = hash_update(h, first->b, sizeof(first->b))) != ERR_OK ||
	    (r = hash_update(h, parts, n * sizeof(*parts))) != ERR_OK)
		hash_free(h);
	else if ((r = hash_final(h, hash)) == ERR_OK)
		memcpy(out->b, hash, sizeof(out->b));
	free(parts);
	return r;
}

static int
on_follow(void *arg, const uint8_t (*unlocked)[32], size_t n, struct ref *ref)
{
	struct follow_run	*f = arg;
	int			 r;

	if ((r = ref_derive(&f->note.ref, unlocked, n, ref)) != ERR_OK)
		return r;
	f->o.head.ref = *ref;
	if ((r = outgoing_open(f->s, &f->o, &f->out)) != ERR_OK)
		return r;
	ref_format(ref, f->ref);
	return ERR_OK;
}

static int
on_bytes(void *arg, const uint8_t *data, size_t len)
{
	struct follow_run	*f = arg;

	return outgoing_write(&f->out, data, len);
}

/* The copy is on disk: the mail waits with what is left, or no longer. */
static void
note_update(struct follow_run *f, const struct engine_result *r)
{
	struct keep_note	*n = &f->note;
	int			 e;

	locked_parts(n, r);
	if (n->locked_count == 0) {
		keep_drop(f->s->waiting, &n->ref);
		return;
	}
	if ((e = keep_put(f->s->waiting, n, -1)) != ERR_OK)
		log_warn("ref=%s: the note of its locked parts: %s", f->first,
		    err_text(e));
}

static void
follow_tell(struct follow_run *f, const struct engine_result *r)
{
	char	 parts[16];

	snprintf(parts, sizeof(parts), "%zu", r->unlocked_count);
	log_info("ref=%s unlocked=%s follow=%s", f->first, parts, f->ref);
	record_add(f->s->record, "mail.unlocked", "ref", f->first, "parts",
	    parts, "follow", f->ref, NULL);
	record_add(f->s->record, "mail.follows", "ref", f->ref, "first",
	    f->first, NULL);
}

static void
on_done(void *arg, const struct engine_result *result)
{
	struct follow_run	*f = arg;
	struct sanitizer	*s = f->s;
	int			 r = result->error;

	s->mails--;
	s->following--;
	if (r == ERR_OK && f->ref[0] != '\0')
		r = outgoing_commit(s, &f->out);
	else
		outgoing_abort(s, &f->out);
	if (r != ERR_OK) {
		log_warn("ref=%s what was unlocked is not told yet: %s; it is "
		    "tried again", f->first, err_text(r));
		keep_mark(s->waiting, &f->note.ref);
		s->follow_after_ms = proc_now_ms() + PAUSE_MS;
	} else if (f->ref[0] != '\0') {
		note_update(f, result);
		follow_tell(f, result);
	}
	run_free(f);
}

/* Events were told when the mail came first. */
static int
run_submit(struct follow_run *f)
{
	struct engine_request	 q = { .name = "", .kind = KIND_MAIL,
				    .sink = on_bytes, .sink_arg = f,
				    .sink_fd = -1, .follow = on_follow,
				    .done = on_done, .arg = f };

	q.mail = f->o.mail;
	q.policy = f->policy->policy;
	q.words = f->l.words;
	q.word_count = f->l.word_count;
	q.locked_note = f->l.note;
	q.only = (const uint8_t (*)[32])f->note.locked;
	q.only_count = f->note.locked_count;
	q.original = f->o.original;
	f->o.original = -1;		/* the engine's now */
	return engine_submit(f->s->engine, &q);
}

/* ERR_NOTFOUND: there is nothing to try. */
static int
run_open(struct follow_run *f, const struct ref *ref)
{
	struct sanitizer	*s = f->s;
	int			 fd = -1, r;

	if ((r = keep_get(s->waiting, ref, &f->note)) != ERR_OK ||
	    (r = locked_again(s, &f->note, &f->l)) != ERR_OK ||
	    (r = keep_parcel(s->waiting, ref, &fd)) != ERR_OK)
		return r;
	r = opened_take(s, fd, policy_limits(f->policy->policy)->bytes, &f->o);
	close(fd);
	if (r != ERR_OK)
		return r;
	f->o.mail.policy = strdup(policy_digest(f->policy->policy));
	return f->o.mail.policy != NULL ? ERR_OK : ERR_MEMORY;
}

static void
follow_begin(struct sanitizer *s, const struct ref *ref)
{
	struct follow_run	*f;
	int			 r;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return;
	f->s = s;
	f->out.fd = f->o.original = -1;
	f->policy = policy_use_take(s->policy);
	ref_format(ref, f->first);
	if ((r = run_open(f, ref)) == ERR_OK && (r = run_submit(f)) == ERR_OK) {
		s->mails++;
		s->following++;
		return;
	}
	if (r == ERR_CRYPTO || r == ERR_FORMAT || r == ERR_SHORT) {
		log_warn("ref=%s waits no longer for a password: its file does "
		    "not open: %s", f->first, err_text(r));
		keep_drop(s->waiting, ref);
	} else if (r != ERR_NOTFOUND) {
		keep_mark(s->waiting, ref);
		s->follow_after_ms = proc_now_ms() + PAUSE_MS;
	}
	run_free(f);
}

void
follow_some(struct sanitizer *s)
{
	struct ref	ref;

	while (s->following < AT_ONCE && !proc_stopping() &&
	    proc_now_ms() >= s->follow_after_ms &&
	    keep_take_marked(s->waiting, &ref) == ERR_OK)
		follow_begin(s, &ref);
}
