/*
 * What became of a step: the worker's answer becomes the part's kind, children, pages
 * and words, its outcome, or its next step. Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: answers, checked by engine_answer.c. Must never take more of them than
 * the mail has room for.
 */
#include "engine_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "signed_pair.h"

#define RENDERING_ENGINE "libreoffice+%s"

/* What was converted comes back as a stranger: it must be what it should be. */
static int
take_rendering_identity(struct part *p, struct answer *a)
{
	const char	*format;
	enum kind	 found;

	if (answer_identified(a, &found, &format) && found == KIND_PDF)
		part_wait_for(p, ANSWER_DOCUMENT, ENGINE_PDF);
	else if (!part_try_again(p, REASON_BAD_ANSWER))
		part_stub(p, REASON_BAD_ANSWER, NULL);
	return ERR_OK;
}

static int
take_identity(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	const char			*format;
	enum kind			 found;

	if (p->rendering != NULL)
		return take_rendering_identity(p, a);
	if (!answer_identified(a, &found, &format)) {
		part_stub(p, d->reason, d->note);
		return ERR_OK;
	}
	if (strcmp(format, SIGNED_PAIR_FORMAT) == 0)
		format = "";
	part_take_kind(p, found, format);
	p->encrypted = answer_has_fact(a, FACT_ENCRYPTED);
	part_identified(p);
	return ERR_OK;
}

/* What it found before it ran into a limit counts all the same. */
static int
take_scan(struct part *p, struct answer *a)
{
	enum reason	 reason = answer_done(a)->reason;

	p->malware = answer_take_malware(a);
	if (p->malware != NULL)
		engine_report(p, REASON_MALWARE, p->malware);
	if (reason == REASON_COMPLETE) {
		p->scanned = 1;
		part_decide(p);
		return ERR_OK;
	}
	engine_report(p, reason, "scan not ended");
	part_unscanned(p, reason);
	return ERR_OK;
}

/* What a member that came locked says to its reader. */
static int
note_of_lock(const struct part *p, char **note)
{
	char	*kept;

	if (p->mail->q.locked_note == NULL || strcmp(p->format, "ZIP") != 0 ||
	    (*note != NULL && **note != '\0'))
		return ERR_OK;
	if ((kept = strdup(p->mail->q.locked_note)) == NULL)
		return ERR_MEMORY;
	free(*note);
	*note = kept;
	return ERR_OK;
}

static int
link_children(struct part *p, struct answer_child *list, struct origin *o)
{
	const struct policy_limits	*l = part_limits(p);
	struct part			*child, **at = &p->next;
	int				 r;

	for (; list != NULL; list = list->next) {
		if (list->lost == REASON_ENCRYPTED &&
		    (r = note_of_lock(p, &list->note)) != ERR_OK)
			return r;
		if (p->mail->part_count >= l->parts) {
			/* two mails inside this one were unpacked at once */
			p->reason = REASON_LIMIT_PARTS;
			break;
		}
		if ((child = part_new_child(p, list, o)) == NULL)
			return ERR_MEMORY;
		p->mail->part_count++;
		child->next = *at;
		*at = child;
		at = &child->next;
	}
	return ERR_OK;
}

static int
take_children(struct part *p, struct answer *a)
{
	struct answer_child	*list, *c;
	struct origin		*o;
	int			 r;

	if (answer_child_count(a) == 0)
		return ERR_OK;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return ERR_MEMORY;
	o->holders = 1;
	o->bytes = answer_take_bytes(a);
	o->copy_id = p->copy_id;	/* its pages may have gone out already */
	p->children = o;
	if (o->bytes != NULL)
		p->mail->unpacked += store_len(o->bytes);
	list = answer_take_children(a);
	r = link_children(p, list, o);
	while ((c = list) != NULL) {
		list = c->next;
		answer_child_free(c);
	}
	return r;
}

static int
take_words(struct part *p, const struct answer_done *d)
{
	free(p->engine);
	free(p->note);
	p->note = NULL;
	if ((p->engine = strdup(d->engine)) == NULL ||
	    (p->note = strdup(d->note)) == NULL)
		return ERR_MEMORY;
	if (d->outcome != OUTCOME_STUB || d->reason != REASON_ENCRYPTED ||
	    d->note[0] != '\0' || p->mail->q.locked_note == NULL)
		return ERR_OK;
	free(p->note);
	p->note = strdup(p->mail->q.locked_note);
	return p->note != NULL ? ERR_OK : ERR_MEMORY;
}

/* A document became something that is drawn in its place, or words alone. */
static int
take_conversion(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	struct answer_child		*c;
	int				 r;

	p->outcome = d->outcome;
	p->reason = p->words_only ? p->failed : d->reason;
	p->encrypted = p->encrypted && !answer_has_fact(a, FACT_ENCRYPTED);
	p->format_said = answer_has_fact(a, FACT_FORMAT);
	if ((r = take_words(p, d)) != ERR_OK)
		return r;
	if (d->outcome != OUTCOME_CONTAINER) {
		p->frames = answer_take_frames(a);
		part_finish(p);
		return ERR_OK;
	}
	p->outcome = OUTCOME_STUB;	/* until it is drawn */
	p->cut = d->reason;
	p->words = answer_has_text(a);
	p->converted = answer_take_frames(a);
	while ((c = answer_take_children(a)) != NULL)
		answer_child_free(c);
	if ((p->rendering = answer_take_bytes(a)) == NULL) {
		if (!part_try_again(p, REASON_BAD_ANSWER))
			part_stub(p, REASON_BAD_ANSWER, NULL);
		return ERR_OK;
	}
	part_wait_for(p, ANSWER_IDENTIFY, ENGINE_IDENTIFY);
	return ERR_OK;
}

/* The pages of a rendering are the document's own. */
static int
take_drawn(struct part *p, const struct answer_done *d)
{
	char	*engine = NULL;

	if (d->outcome == OUTCOME_STUB && part_try_again(p, d->reason))
		return ERR_AGAIN;
	if (d->reason == REASON_COMPLETE)
		p->reason = p->cut;
	if (asprintf(&engine, RENDERING_ENGINE, d->engine) == -1)
		return ERR_MEMORY;
	free(p->engine);
	p->engine = engine;
	return ERR_OK;
}

/* What the worker drew or read becomes the part's, whatever becomes of it. */
static int
take_pages(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);

	p->pixels = answer_pixels(a);
	p->pages = answer_pages(a);
	p->outcome = d->outcome;
	p->reason = d->reason;
	p->pages_total = d->pages_total;
	part_take_facts(p, a);
	return take_words(p, d);
}

/* 0: it is not taken. Two parts that were drawn at once may be too much together;
 * then the second is drawn again, as far as there is room. */
static int
take_pixels(struct part *p, const struct answer *a)
{
	const uint64_t	 most = part_limits(p)->mail_pixels;
	uint64_t	*taken = &p->mail->pixels;

	if (p->streamed || *taken + answer_pixels(a) <= most) {
		*taken += answer_pixels(a);
		return 1;
	}
	if (*taken < most)
		p->state = PART_WAITING;
	else
		part_stub(p, REASON_LIMIT_PIXELS, NULL);
	return 0;
}

int
part_take_answer(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	int				 r;

	if (p->step == ANSWER_IDENTIFY)
		return take_identity(p, a);
	if (p->step == ANSWER_SCAN)
		return take_scan(p, a);
	if (p->step == ANSWER_READ)
		return part_take_read(p, a);
	if ((r = mail_take_words(p->mail, a)) != ERR_OK)
		return r;
	if (part_wait_for_words(p, a))
		return ERR_OK;
	if ((r = part_take_lock(p, a)) != ERR_OK)
		return r;
	if (p->step == ANSWER_CONVERT)
		return take_conversion(p, a);
	if (p->streamed && d->outcome == OUTCOME_STUB) {
		part_stub(p, d->reason, d->note);
		return ERR_OK;
	}
	if (p->second && !part_take_second(p, a)) {
		part_settle(p);
		return ERR_OK;
	}
	if (!take_pixels(p, a))
		return ERR_OK;
	if ((r = take_pages(p, a)) != ERR_OK)
		return r;
	if (p->rendering != NULL && (r = take_drawn(p, d)) != ERR_OK)
		return r == ERR_AGAIN ? ERR_OK : r;
	p->frames = answer_take_frames(a);
	if ((d->outcome == OUTCOME_CONTAINER || p->step == ANSWER_DOCUMENT) &&
	    p->rendering == NULL && p->children == NULL &&
	    (r = take_children(p, a)) != ERR_OK)
		return r;
	p->legible = answer_legible(a);
	if (!part_ask_second(p, a))
		part_drawn(p);
	return ERR_OK;
}
