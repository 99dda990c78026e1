/*
 * A second way for a part whose first one failed: a PDF is given to another engine,
 * an office document is asked for its words alone.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: which of two answers
 * says that it is the better one; a captured worker lies about its own part only.
 * Must never try a third time, nor lose what the first try left.
 */
#include "engine_private.h"

#include <string.h>

/* XPS, EPUB and the like have one engine. */
static int
is_pdf(const struct part *p)
{
	return p->rendering != NULL || (p->kind == KIND_PDF &&
	    (p->format[0] == '\0' || strncmp(p->format, "PDF", 3) == 0));
}

/* Whether another engine may do better where this was the end. What is locked stays
 * locked, a limit is a limit, and what broke out of one jail is not put in another. */
static int
is_failure(enum reason r)
{
	return r == REASON_CRASH || r == REASON_TIMEOUT || r == REASON_MEMORY ||
	    r == REASON_BAD_ANSWER || r == REASON_FORMAT || r == REASON_EMPTY ||
	    r == REASON_PAGES_FAILED;
}

static int
ask_poppler(struct part *p, enum second what, enum reason reason)
{
	if (p->second != SECOND_NONE || p->worker != ENGINE_PDF ||
	    !is_pdf(p) || p->streamed || p->mail->late)
		return 0;
	p->second = what;
	p->failed = reason;
	part_wait_for(p, ANSWER_DOCUMENT, ENGINE_POPPLER);
	return 1;
}

/* An office document that cannot be drawn may still have words. */
static int
ask_for_words(struct part *p, enum reason reason)
{
	if (p->kind != KIND_OFFICE || p->step == ANSWER_UNPACK ||
	    p->step == ANSWER_SCAN || p->step == ANSWER_READ ||
	    (p->state != PART_RUNNING && !p->second) || p->words_only ||
	    p->streamed || p->mail->late ||
	    (p->step == ANSWER_IDENTIFY && p->rendering == NULL))
		return 0;
	store_free(p->rendering);
	store_free(p->converted);
	p->rendering = p->converted = NULL;
	p->words_only = 1;
	p->failed = reason;
	part_wait_for(p, ANSWER_CONVERT, ENGINE_OFFICE);
	return 1;
}

void
part_settle(struct part *p)
{
	if (p->outcome != OUTCOME_STUB || p->frames != NULL)
		part_drawn(p);
	else if (!ask_for_words(p, p->failed))
		part_stub(p, p->failed, p->note);
}

int
part_try_again(struct part *p, enum reason reason)
{
	if (p->second && p->worker == ENGINE_POPPLER) {
		part_settle(p);
		return 1;
	}
	return (is_failure(reason) && ask_poppler(p, SECOND_PAGES, reason)) ||
	    ask_for_words(p, reason);
}

int
part_ask_second(struct part *p, const struct answer *a)
{
	const struct answer_done	*d = answer_done(a);

	/* Pages without words, when only words are wanted, are no failure. */
	if (d->reason == REASON_EMPTY && d->pages_total > 0)
		return 0;
	if (is_failure(d->reason) && (d->outcome == OUTCOME_STUB ||
	    d->reason == REASON_PAGES_FAILED))
		return ask_poppler(p, SECOND_PAGES, d->reason);
	return d->outcome != OUTCOME_STUB && answer_doubted(a) &&
	    ask_poppler(p, SECOND_WORDS, d->reason);
}

/* A tenth more: a different count of hyphens is no gain. */
static void
take_words(struct part *p, struct answer *a)
{
	if (answer_legible(a) > p->legible + p->legible / 10 &&
	    answer_has_text(a))
		p->reread = answer_take_frames(a);
}

int
part_take_second(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	const struct policy_limits	*l = part_limits(p);
	uint64_t			 others = p->mail->pixels - p->pixels;

	if (p->second == SECOND_WORDS) {
		take_words(p, a);
		return 0;
	}
	if (d->outcome == OUTCOME_STUB ||
	    (p->outcome != OUTCOME_STUB && d->pages <= p->pages) ||
	    others + answer_pixels(a) > l->mail_pixels)
		return 0;
	p->mail->pixels = others;
	store_free(p->frames);
	p->frames = NULL;
	return 1;
}
