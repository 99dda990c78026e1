/*
 * What a child says: each answer is bounded, cleaned and framed here, so that every
 * worker keeps the rules of copy.h without thinking of them.
 * Runs in the jailed child; all strings it is given are hostile.
 * Must never return after a broken pipe, and never send what the reader would refuse.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "text.h"
#include "wire.h"
#include "worker.h"
#include "worker_private.h"
#include "words.h"

#define SMALL_FRAME	4096		/* goes out in one write */
#define NAME_MAX_BYTES	1024		/* the router makes file names of them */
#define TOKEN_MAX	255		/* charset, declared type, path */
#define ENGINE_MAX	64
#define FACTS_MAX	200		/* of one kind, for one part */

static void
out_write(struct worker *w, const void *data, size_t len)
{
	if (len > 0 && fd_write_all(w->out, data, len) != ERR_OK)
		_exit(WORKER_EXIT_PIPE);
}

void
worker_send(struct worker *w, uint8_t type, const void *head, size_t head_len,
    const void *body, size_t body_len)
{
	uint8_t		 frame[SMALL_FRAME];
	uint32_t	 len;
	size_t		 at = 0;

	if (head_len > WORKER_FRAME_MAX || body_len > WORKER_FRAME_MAX - head_len)
		panic("an answer larger than any frame");
	len = (uint32_t)(head_len + body_len);
	for (unsigned i = 0; i < 4; i++)
		frame[at++] = (uint8_t)(len >> (8 * i));
	frame[at++] = type;
	if (head_len + body_len <= sizeof(frame) - at) {
		if (head_len > 0)
			memcpy(frame + at, head, head_len);
		if (body_len > 0)
			memcpy(frame + at + head_len, body, body_len);
		out_write(w, frame, at + head_len + body_len);
		return;
	}
	out_write(w, frame, at);
	out_write(w, head, head_len);
	out_write(w, body, body_len);
}

/* A wire for a small payload; worker_send_wire ends its life. */
static struct wire *
wire_begin(void)
{
	struct wire	*p;

	if ((p = wire_new(COPY_VALUE_MAX + 8 * (size_t)NAME_MAX_BYTES)) == NULL)
		worker_no_memory();
	return p;
}

static void
worker_send_wire(struct worker *w, uint8_t type, struct wire *p)
{
	worker_send(w, type, wire_data(p), wire_len(p), NULL, 0);
	wire_free(p);
}

/* r collects what wire_put returned; the maxima above leave only one failure. */
static void
must(int r)
{
	if (r == ERR_MEMORY)
		worker_no_memory();
	if (r != ERR_OK)
		panic("an answer did not fit its buffer");
}

static void
put_clean(struct wire *p, const char *s, size_t max, uint32_t *invisible)
{
	struct text_cleaned	 counts;
	char			*clean;

	if (s == NULL)
		s = "";
	if ((clean = text_clean(s, strlen(s), TEXT_LINE, max, &counts)) == NULL)
		worker_no_memory();
	must(wire_put_text(p, clean));
	free(clean);
	if (invisible != NULL)
		*invisible = counts.invisible;
}

/* A word that the router will take; others are not worth an answer. */
static int
word_say(void *arg, const char *word)
{
	struct worker	*w = arg;
	struct wire	*p;

	if (w->words_said >= w->job->max_words)
		return 0;
	if (strchr(word, '\t') != NULL ||
	    text_check(word, strlen(word), TEXT_BLOCK) != ERR_OK)
		return 1;
	p = wire_begin();
	must(wire_put_text(p, word));
	worker_send_wire(w, WORKER_WORD, p);
	w->words_said++;
	return 1;
}

/* What is said to the reader may hold the password of another part. */
static void
words_say(struct worker *w, const char *s, size_t len)
{
	if (w->words_said >= w->job->max_words ||
	    w->words_looked >= WORDS_TEXT_MAX)
		return;
	w->words_looked += len;
	words_find(s, len, word_say, w);
}

const char *
worker_words(const struct worker *w)
{
	return w->words != NULL ? w->words : "";
}

void
worker_unlocked(struct worker *w, unsigned line)
{
	struct wire	*p = wire_begin();

	must(wire_put_u32(p, line));
	worker_send_wire(w, WORKER_UNLOCKED, p);
}

void
worker_fact(struct worker *w, enum fact f, const char *value)
{
	struct wire	*p;

	if (f <= FACT_NONE || f >= FACT_MAX)
		panic("no such fact");
	if (w->fact_seen[f] >= (fact_repeatable(f) ? FACTS_MAX : 1))
		return;
	w->fact_seen[f]++;
	p = wire_begin();
	must(wire_put_u16(p, (uint16_t)f));
	put_clean(p, value, COPY_VALUE_MAX, NULL);
	worker_send_wire(w, WORKER_FACT, p);
	if (f == FACT_HDR_SUBJECT && value != NULL)
		words_say(w, value, strlen(value));
}

void
worker_fact_number(struct worker *w, enum fact f, uint64_t n)
{
	char	 digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	worker_fact(w, f, digits);
}

static int
is_joiner(const char *s)
{
	return strncmp(s, "\u200c", 3) == 0 || strncmp(s, "\u200d", 3) == 0;
}

/*
 * Bytes of s, at most max, that may go in one frame: up to a line's end or a space
 * when there is one in the last half, so that no joined characters are parted, else
 * to a character border.
 */
static size_t
chunk_size(const char *s, size_t len, size_t max)
{
	size_t	 n;

	if (len <= max)
		return len;
	for (n = max; n > max / 2; n--)
		if (s[n - 1] == '\n' || s[n - 1] == ' ')
			return n;
	/* No chunk may begin or end with a joiner: alone it joins nothing. */
	for (n = max; n > max / 2; n--)
		if (((uint8_t)s[n] & 0xc0) != 0x80 && !is_joiner(s + n) &&
		    !is_joiner(s + n - 3))
			return n;
	return max;
}

static void
text_send(struct worker *w, uint32_t page, const char *s, size_t len)
{
	uint8_t	 head[8];
	size_t	 n;

	for (; len > 0; s += n, len -= n) {
		n = chunk_size(s, len, WORKER_TEXT_MAX);
		for (unsigned i = 0; i < 4; i++) {
			head[i] = (uint8_t)(page >> (8 * i));
			head[4 + i] = (uint8_t)(n >> (8 * i));
		}
		worker_send(w, WORKER_TEXT, head, sizeof(head), s, n);
	}
}

int
worker_text(struct worker *w, uint32_t page, const char *utf8, size_t len)
{
	struct text_cleaned	 counts;
	uint64_t		 left = w->job->max_text - w->text_bytes;
	char			*clean;
	size_t			 n;

	clean = text_clean(utf8, len, TEXT_BLOCK,
	    left < SIZE_MAX ? (size_t)left : SIZE_MAX, &counts);
	if (clean == NULL)
		worker_no_memory();
	n = strlen(clean);
	text_send(w, page, clean, n);
	w->text_bytes += n;
	words_say(w, clean, n);
	free(clean);
	return !counts.cut;
}

/* A hidden direction in a file name is the sender's trick, and the only trace of it
 * would be lost by the cleaning: the mail that holds the name says so. */
static void
name_warn(struct worker *w, const char *path, uint32_t invisible)
{
	char	 note[TOKEN_MAX + 128];

	snprintf(note, sizeof(note), "the file name of part %.*s held %u "
	    "invisible characters", TOKEN_MAX, path != NULL ? path : "",
	    invisible);
	worker_fact(w, FACT_MALFORMED, note);
}

int
worker_child(struct worker *w, enum worker_role role, enum kind hint,
    const char *path, const char *name, const char *declared,
    const char *charset, const char *content_id)
{
	struct wire	*p;
	uint32_t	 invisible;

	w->child_open = 0;
	if (w->children >= w->job->max_children)
		return 0;
	p = wire_begin();
	must(wire_put_u8(p, (uint8_t)role));
	must(wire_put_u8(p, (uint8_t)hint));
	put_clean(p, path, TOKEN_MAX, NULL);
	put_clean(p, name, NAME_MAX_BYTES, &invisible);
	put_clean(p, declared, TOKEN_MAX, NULL);
	put_clean(p, charset, TOKEN_MAX, NULL);
	put_clean(p, content_id, TOKEN_MAX, NULL);
	if (invisible > 0)
		name_warn(w, path, invisible);
	worker_send_wire(w, WORKER_CHILD, p);
	w->children++;
	w->child_open = 1;
	return 1;
}

int
worker_child_data(struct worker *w, const void *data, size_t len)
{
	const uint8_t	*at = data;
	uint64_t	 left = w->job->max_child_bytes - w->child_bytes;
	size_t		 n;
	int		 whole = len <= left;

	if (!w->child_open)
		panic("data without a child");
	if (!whole)
		len = (size_t)left;
	for (; len > 0; at += n, len -= n) {
		n = len < WORKER_DATA_MAX ? len : WORKER_DATA_MAX;
		worker_send(w, WORKER_CHILD_DATA, NULL, 0, at, n);
		w->child_bytes += n;
	}
	return whole;
}

void
worker_child_stub(struct worker *w, enum reason reason, const char *note)
{
	struct wire	*p = wire_begin();

	if (!w->child_open || reason == REASON_COMPLETE || reason >= REASON_MAX)
		panic("a stub of no child, or without a reason");
	w->child_open = 0;
	must(wire_put_u8(p, (uint8_t)reason));
	put_clean(p, note, COPY_VALUE_MAX, NULL);
	worker_send_wire(w, WORKER_CHILD_STUB, p);
}

void
worker_pages_total(struct worker *w, uint32_t pages)
{
	struct wire	*p = wire_begin();

	must(wire_put_u32(p, pages));
	worker_send_wire(w, WORKER_PAGES_TOTAL, p);
}

void
worker_legible(struct worker *w, uint64_t legible, int doubted)
{
	struct wire	*p = wire_begin();

	must(wire_put_u64(p, legible));
	must(wire_put_u8(p, doubted != 0));
	worker_send_wire(w, WORKER_LEGIBLE, p);
}

void
worker_identified(struct worker *w, enum kind kind, const char *format)
{
	struct wire	*p = wire_begin();

	must(wire_put_u8(p, (uint8_t)kind));
	put_clean(p, format, sizeof(w->job->format) - 1, NULL);
	worker_send_wire(w, WORKER_IDENTIFIED, p);
}

_Noreturn void
worker_done(struct worker *w, enum outcome outcome, enum reason reason,
    uint32_t pages, uint32_t pages_total, const char *engine, const char *note)
{
	struct wire	*p = wire_begin();

	/* A library that ran out of memory likes to call its input malformed. */
	if (outcome == OUTCOME_STUB && worker_memory_failed() &&
	    (reason == REASON_FORMAT || reason == REASON_CRASH ||
	    reason == REASON_UNSUPPORTED || reason == REASON_PAGES_FAILED))
		reason = REASON_MEMORY;
	must(wire_put_u8(p, (uint8_t)outcome));
	must(wire_put_u8(p, (uint8_t)reason));
	must(wire_put_u32(p, pages));
	must(wire_put_u32(p, pages_total));
	put_clean(p, engine, ENGINE_MAX, NULL);
	put_clean(p, note, COPY_VALUE_MAX, NULL);
	worker_send_wire(w, WORKER_DONE, p);
	_exit(WORKER_EXIT_DONE);
}
