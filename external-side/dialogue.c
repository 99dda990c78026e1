/*
 * The states of the dialogue: lines are cut, the mail's text is passed on,
 * replies are queued. Run by limpid-intaked. Hostile: every byte. Must never
 * hold more than one line, one envelope and a bounded queue of replies, and
 * must never say 250 to a mail before dialogue_committed said ERR_OK.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialogue.h"
#include "dialogue_private.h"
#include "err.h"

#define OUT_MAX		((size_t)512 * 1024)	/* 1000 recipients and more */
#define OUT_STOP	((size_t)16 * 1024)	/* then the client must read */
#define REPLY_MAX	1024
#define MISTAKES_MAX	20

struct dialogue *
dialogue_new(const struct dialogue_limits *limits,
    const struct dialogue_handlers *handlers, void *arg)
{
	struct dialogue	*d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->limits = *limits;
	d->handlers = handlers;
	d->arg = arg;
	if ((d->out = wire_new(OUT_MAX)) == NULL ||
	    (d->line = malloc(limits->max_line + 1)) == NULL) {
		dialogue_free(d);
		return NULL;
	}
	dialogue_reply(d, "220 %s %s Limpid", limits->hostname,
	    limits->protocol == DIALOGUE_LMTP ? "LMTP" : "ESMTP");
	return d;
}

static void
envelope_clear(struct dialogue *d)
{
	struct envelope	*e = &d->env;
	size_t		 i;

	for (i = 0; i < e->rcpt_count; i++)
		free(e->rcpts[i]);
	free(e->rcpts);
	free(e->sender);
	e->rcpts = NULL;
	e->sender = NULL;
	e->rcpt_count = 0;
	e->smtputf8 = e->body8bit = 0;
	d->rcpt_bytes = 0;
}

void
dialogue_free(struct dialogue *d)
{
	if (d == NULL)
		return;
	envelope_clear(d);
	free(d->env.helo);
	free(d->env.client);
	free(d->env.client_helo);
	free(d->line);
	wire_free(d->out);
	free(d);
}

void
dialogue_reply(struct dialogue *d, const char *fmt, ...)
{
	char	 line[REPLY_MAX];
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if (n > (int)sizeof(line) - 3)
		n = (int)sizeof(line) - 3;
	line[n++] = '\r';
	line[n++] = '\n';
	if (wire_put_raw(d->out, line, (size_t)n) != ERR_OK)
		d->stage = STAGE_ENDED;
}

const uint8_t *
dialogue_output(const struct dialogue *d, size_t *lenp)
{
	*lenp = wire_len(d->out) - d->out_at;
	return *lenp > 0 ? wire_data(d->out) + d->out_at : NULL;
}

void
dialogue_drain(struct dialogue *d, size_t len)
{
	if (len > wire_len(d->out) - d->out_at)
		panic("more output drained than there is");
	d->out_at += len;
	if (d->out_at == wire_len(d->out)) {
		wire_clear(d->out);
		d->out_at = 0;
	}
}

int
dialogue_waiting(const struct dialogue *d)
{
	return d->stage == STAGE_WAITING;
}

int
dialogue_ended(const struct dialogue *d)
{
	return d->stage == STAGE_ENDED;
}

void
dialogue_end(struct dialogue *d, const char *line)
{
	if (d->stage == STAGE_ENDED)
		return;
	d->handlers->discard(d->arg);
	dialogue_reply(d, "%s", line);
	d->stage = STAGE_ENDED;
}

void
dialogue_no_memory(struct dialogue *d)
{
	dialogue_end(d, "421 4.3.0 Out of memory; try again later");
}

void
dialogue_mistake(struct dialogue *d, const char *line)
{
	dialogue_reply(d, "%s", line);
	if (++d->mistakes >= MISTAKES_MAX)
		dialogue_end(d, "421 4.7.0 Too many wrong commands");
}

void
dialogue_reset(struct dialogue *d)
{
	d->handlers->discard(d->arg);
	envelope_clear(d);
	memset(&d->dots, 0, sizeof(d->dots));
	d->size = 0;
	d->chunk_left = 0;
	d->chunk_last = d->chunk_bad = 0;
	d->failure = ERR_OK;
	if (d->stage != STAGE_NEW && d->stage != STAGE_ENDED)
		d->stage = STAGE_READY;
}

/* A run of the mail's text. */
static void
text_sink(void *arg, const uint8_t *data, size_t len)
{
	struct dialogue	*d = arg;

	d->size += len;
	if (d->failure != ERR_OK)
		return;
	if (d->size > d->limits.max_size)
		d->failure = ERR_LIMIT;
	else
		d->failure = d->handlers->data(d->arg, data, len);
	if (d->failure != ERR_OK)
		d->handlers->discard(d->arg);
}

/* A reply for each recipient in LMTP, one in SMTP. */
static void
reply_for_mail(struct dialogue *d, const char *code, const char *words)
{
	size_t	 i, n = d->limits.protocol == DIALOGUE_LMTP ?
		    d->env.rcpt_count : 1;

	for (i = 0; i < n; i++) {
		if (d->limits.protocol == DIALOGUE_LMTP)
			dialogue_reply(d, "%s <%s> %s", code, d->env.rcpts[i],
			    words);
		else
			dialogue_reply(d, "%s %s", code, words);
	}
}

static void
reply_failure(struct dialogue *d, int failure)
{
	switch (failure) {
	case ERR_LIMIT:
		reply_for_mail(d, "552 5.3.4", "Mail is larger than allowed");
		break;
	case ERR_FORMAT:
		reply_for_mail(d, "550 5.6.0", "Lone CR or LF in the mail; "
		    "lines must end in CR LF");
		break;
	case ERR_FULL:
		reply_for_mail(d, "452 4.3.1", "No room at the moment; try "
		    "again later");
		break;
	default:
		reply_for_mail(d, "451 4.3.0", "Could not keep the mail; try "
		    "again later");
		break;
	}
}

void
dialogue_complete(struct dialogue *d)
{
	if (d->failure == ERR_OK && (d->dots.bare_lf > 0 ||
	    (d->dots.bare_cr > 0 && !d->limits.own_mta)))
		d->failure = ERR_FORMAT;
	if (d->failure != ERR_OK) {
		reply_failure(d, d->failure);
		dialogue_reset(d);
		return;
	}
	d->stage = STAGE_WAITING;
	d->handlers->complete(d->arg, &d->env);
}

void
dialogue_committed(struct dialogue *d, int result, const char *ref)
{
	char	 words[128];

	if (d->stage == STAGE_ENDED)
		return;
	if (d->stage != STAGE_WAITING)
		panic("a commit that nobody waits for");
	if (result == ERR_OK) {
		snprintf(words, sizeof(words), "Accepted as %s", ref);
		reply_for_mail(d, d->limits.protocol == DIALOGUE_LMTP ?
		    "250 2.1.5" : "250 2.0.0", words);
		d->mails++;
	} else
		reply_failure(d, result);
	dialogue_reset(d);
}

/* The end of a chunk: an answer, and after the last one the mail. */
static void
chunk_end(struct dialogue *d)
{
	if (d->chunk_bad) {
		d->chunk_bad = 0;
		return;
	}
	if (d->chunk_last) {
		dialogue_complete(d);
		return;
	}
	d->stage = STAGE_BETWEEN;
	dialogue_reply(d, "250 2.0.0 Chunk taken, %llu bytes so far",
	    (unsigned long long)d->size);
}

static size_t
feed_chunk(struct dialogue *d, const uint8_t *data, size_t len)
{
	size_t	 n = len < d->chunk_left ? len : (size_t)d->chunk_left;

	if (!d->chunk_bad && n > 0)
		text_sink(d, data, n);
	d->chunk_left -= n;
	if (d->chunk_left == 0)
		chunk_end(d);
	return n;
}

static size_t
feed_text(struct dialogue *d, const uint8_t *data, size_t len)
{
	size_t	 n = dots_feed(&d->dots, data, len, text_sink, d);

	if (d->dots.ended)
		dialogue_complete(d);
	return n;
}

/* The line end was read: run the line. */
static void
line_end(struct dialogue *d)
{
	size_t	 len = d->line_len;
	int	 too_long = d->line_long;

	d->line_len = 0;
	d->line_long = d->line_cr = 0;
	d->line[len] = '\0';
	if (too_long)
		dialogue_mistake(d, "500 5.5.2 Line is too long");
	else
		dialogue_command(d, d->line, len);
}

/*
 * Bytes of a command line. A lone CR or LF in a command means that somebody
 * tries to make two parsers disagree, or is no mail client at all: goodbye.
 */
static size_t
feed_line(struct dialogue *d, const uint8_t *data, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		uint8_t	 c = data[i];

		if ((c == '\n') != d->line_cr) {
			dialogue_end(d, "521 5.5.2 Lone CR or LF in a command; "
			    "lines must end in CR LF");
			return i + 1;
		}
		if (c == '\n') {
			line_end(d);
			return i + 1;
		}
		if (c == '\r')
			d->line_cr = 1;
		else if (d->line_len < d->limits.max_line)
			d->line[d->line_len++] = (char)c;
		else
			d->line_long = 1;
	}
	return len;
}

size_t
dialogue_feed(struct dialogue *d, const uint8_t *data, size_t len)
{
	size_t	 at = 0, unread;

	while (at < len && d->stage != STAGE_WAITING &&
	    d->stage != STAGE_ENDED) {
		dialogue_output(d, &unread);
		if (unread > OUT_STOP)
			break;
		if (d->stage == STAGE_DATA)
			at += feed_text(d, data + at, len - at);
		else if (d->chunk_left > 0)
			at += feed_chunk(d, data + at, len - at);
		else
			at += feed_line(d, data + at, len - at);
	}
	return at;
}
