/*
 * What is next for a part: bounds, identify, scan, policy, flatten; and what the
 * worker of that step is told. Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: none but kinds and sizes, checked before. Must never let a part go
 * without a next step or an outcome.
 */
#include "engine_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"
#include "words.h"

#define CHILD_BYTES_MAX	(4ull << 30)	/* of a mail, whatever limit expand allows */
#define EXPAND_FROM	65536		/* tiny parts may grow to this many times */
#define LIGHT_BYTES	65536
#define LIGHT_MEMORY	(128u << 20)	/* with less, nothing is light */
#define NESTING		4		/* multiparts within a mail, a level of depth */
#define RENDERING_FORMAT "PDF"
#define TO_A_KEY	"encrypted to somebody's key, which is not here; ask the sender " \
			"to send it without S/MIME or OpenPGP encryption, or locked " \
			"with a password"

void
part_wait_for(struct part *p, enum answer_step step, enum engine_worker worker)
{
	p->step = step;
	p->worker = worker;
	p->tries = 0;
	p->state = PART_WAITING;
}

/* A mail as Outlook keeps it, which is no characters. */
static int
is_outlook(const struct part *p)
{
	return strcmp(p->format, "MSG") == 0 || strcmp(p->format, "TNEF") == 0;
}

/* A picture whose library has a worker of its own. */
static int
is_heif(const struct part *p)
{
	return strcmp(p->format, "HEIC") == 0 ||
	    strcmp(p->format, "HEIF") == 0 || strcmp(p->format, "AVIF") == 0;
}

void
part_ask_policy(struct part *p)
{
	struct policy_facts	 f = { .kind = p->kind, .format = p->format,
				    .declared = p->declared, .name = p->name,
				    .size = p->size, .depth = p->depth,
				    .encrypted = p->encrypted,
				    .scanned = p->scanned,
				    .malware = p->malware,
				    .sender = p->mail->q.mail.sender };

	/* the beginning of characters is of use, that of a file is none */
	if (p->cut_bytes && (!part_is_characters(p->kind) || is_outlook(p))) {
		part_stub(p, REASON_LIMIT_BYTES, NULL);
		return;
	}
	policy_decide(p->mail->q.policy, &f, &p->action);
}

/* The kind is known: what does the policy want? */
void
part_decide(struct part *p)
{
	part_ask_policy(p);
	if (p->action.verb == POLICY_STUB) {
		part_stub(p, p->action.reason, p->kind == KIND_ENCRYPTED ?
		    TO_A_KEY : NULL);
		return;
	}
	switch (p->kind) {
	case KIND_MAIL:
	case KIND_MULTIPART:
		part_wait_for(p, ANSWER_UNPACK, is_outlook(p) ? ENGINE_MSG :
		    ENGINE_MIME);
		return;
	case KIND_ARCHIVE:
		part_wait_for(p, ANSWER_UNPACK, ENGINE_ARCHIVE);
		return;
	case KIND_CARD:
		part_wait_for(p, ANSWER_DRAW, ENGINE_CARD);
		return;
	case KIND_TEXT:
		part_wait_for(p, ANSWER_DRAW, ENGINE_TEXT);
		return;
	case KIND_HTML:
		part_wait_for(p, ANSWER_DRAW, ENGINE_HTML);
		return;
	case KIND_PDF:
		part_wait_for(p, ANSWER_DOCUMENT, ENGINE_PDF);
		return;
	case KIND_IMAGE:
		part_wait_for(p, ANSWER_DRAW, is_heif(p) ? ENGINE_HEIF :
		    ENGINE_IMAGE);
		return;
	case KIND_OFFICE:
		if (strcmp(p->format, "HWP") == 0)
			part_wait_for(p, ANSWER_DRAW, ENGINE_MSG);
		else
			part_wait_for(p, ANSWER_CONVERT, ENGINE_OFFICE);
		return;
	case KIND_SIGNATURE:
		part_wait_for(p, ANSWER_DRAW, ENGINE_SMIME);
		return;
	case KIND_UNKNOWN:
	case KIND_PROGRAM:
	case KIND_ENCRYPTED:
	case KIND_AUDIO:
	case KIND_VIDEO:
	case KIND_EMPTY:
	case KIND_MAX:
		break;
	}
	part_stub(p, REASON_UNSUPPORTED, NULL);
}

/* Whether there is nothing in it but parts, each of which is scanned. */
static int
is_scanned_through_parts(const struct part *p)
{
	return p->kind == KIND_MULTIPART ||
	    (p->kind == KIND_MAIL && !is_outlook(p));
}

/* The kind is known: first what the scanner says, for the policy may ask. */
void
part_identified(struct part *p)
{
	struct engine	*e = p->mail->engine;

	if (part_is_left_out(p)) {
		part_stub(p, REASON_POLICY, NULL);
		return;
	}
	p->scanned = is_scanned_through_parts(p);
	if (!p->scanned && scan_is_wanted(e))
		part_wait_for(p, ANSWER_SCAN, ENGINE_SCAN);
	else
		part_decide(p);
}

void
part_unscanned(struct part *p, enum reason reason)
{
	const char	*why = reason_name(reason);

	free(p->unscanned);
	if (reason == REASON_ENGINE)
		why = "the scanner does not start";
	if (asprintf(&p->unscanned, "not scanned%s: %s", reason >=
	    REASON_LIMIT_BYTES && reason <= REASON_LIMIT_HEADERS ?
	    " to its end" : "", why) == -1)
		p->unscanned = NULL;
	part_decide(p);
}

void
part_consider(struct part *p)
{
	const struct policy_limits	*l = part_limits(p);

	if (p->mail->late && p->step == ANSWER_READ) {
		part_unread(p, REASON_TIMEOUT);
		return;
	}
	if (p->mail->late && p->second) {
		part_settle(p);
		return;
	}
	if (p->mail->late) {
		part_stub(p, REASON_TIMEOUT, NULL);
		return;
	}
	if (p->state != PART_NEW)
		return;
	p->cut_bytes = p->size > l->bytes;
	if (p->lost != REASON_COMPLETE) {
		p->kind = p->hint;
		part_stub(p, p->lost, p->note);
	} else if (p->size == 0) {
		p->kind = KIND_EMPTY;
		part_stub(p, REASON_EMPTY, NULL);
	} else if (p->depth > l->depth) {
		part_stub(p, REASON_LIMIT_DEPTH, NULL);
	} else if (p->kind != KIND_UNKNOWN || p->identified) {
		part_identified(p);
	} else {
		part_wait_for(p, ANSWER_IDENTIFY, ENGINE_IDENTIFY);
	}
}

unsigned
part_weight(const struct part *p)
{
	return p->size <= LIGHT_BYTES && p->worker != ENGINE_PDF &&
	    p->worker != ENGINE_IMAGE && p->worker != ENGINE_OCR && p->worker != ENGINE_HEIF &&
	    p->worker != ENGINE_POPPLER &&
	    part_limits(p)->memory / ENGINE_WEIGHT >= LIGHT_MEMORY ? 1 :
	    ENGINE_WEIGHT;
}

void
part_tell(const struct part *p, struct worker_job *told)
{
	const struct policy_limits	*l = part_limits(p);
	const struct policy_profile	*profile = p->action.profile;
	const struct mail		*m = p->mail;
	long long			 left = m->deadline_ms - proc_now_ms();

	memset(told, 0, sizeof(*told));
	told->deadline_ms = (uint32_t)least((uint64_t)l->seconds * 1000,
	    left > 1000 ? (uint64_t)left : 1000);
	told->memory_bytes = l->memory / (ENGINE_WEIGHT / part_weight(p));
	told->max_input = l->bytes;
	told->max_text = l->text;
	told->max_words = l->passwords > 0 ? WORDS_PART_MAX : 0;
	told->max_attempts = p->with_words ? l->passwords : 0;
	told->max_headers = l->headers;
	told->max_depth = l->depth * NESTING;
	told->max_page_pixels = l->page_pixels;
	told->max_pixels = l->mail_pixels > m->pixels ?
	    l->mail_pixels - m->pixels : 0;
	told->max_children = l->parts > m->part_count ?
	    l->parts - m->part_count : 0;
	told->max_child_bytes = least(m->unpacked < CHILD_BYTES_MAX ?
	    CHILD_BYTES_MAX - m->unpacked : 0, l->expand *
	    (p->size > EXPAND_FROM ? p->size : EXPAND_FROM));
	if (p->step == ANSWER_SCAN)
		told->max_child_bytes += l->bytes;	/* itself, read again */
	snprintf(told->charset, sizeof(told->charset), "%.63s", p->charset);
	/* to identify, what the mail calls it is one hint among others */
	snprintf(told->format, sizeof(told->format), "%.63s",
	    p->rendering != NULL ? RENDERING_FORMAT :
	    p->step == ANSWER_IDENTIFY ? p->declared : p->format);
	if (p->depth == 0)
		snprintf(told->authserv_id, sizeof(told->authserv_id),
		    "%.127s", m->engine->authserv_id);
	if (profile == NULL)
		return;
	told->max_pages = (uint32_t)least(l->pages, profile->pages);
	told->dpi = profile->dpi;
	told->want_pages = (uint8_t)(profile->render != 0);
	told->want_text = (uint8_t)(profile->text != 0);
	if (p->step == ANSWER_CONVERT) {
		told->max_children = 1;
		told->max_child_bytes = l->bytes;
		told->want_pages = told->want_pages && !p->words_only;
	} else if (p->step == ANSWER_READ) {
		told->max_input = store_len(p->frames);
		told->max_words = 0;	/* guessed words are no passwords */
		snprintf(told->ocr, sizeof(told->ocr), "%s", profile->ocr);
	} else if (p->second == SECOND_WORDS) {
		told->max_children = 0;
		told->want_pages = 0;
	} else if (p->rendering != NULL) {
		told->want_text = told->want_text && !p->words;
	}
}
