/*
 * mime_words: encoded words and addresses of headers.
 * Runs in: worker-mime, in the jail.
 * Hostile input: header values.
 * Must never: take work more than the length of the value, or trust a charset.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "charset.h"
#include "mime_decode.h"
#include "mime_words.h"
#include "strbuf.h"
#include "text.h"

#define MAILBOXES_MAX	1000
#define WORD_MAX	4096		/* bytes of one encoded word */

/* Bytes of one charset in a row: words that part a character are joined. */
struct run {
	struct strbuf	 bytes;
	char		 charset[64];
	int		 encoded;
};

struct word {
	const char	*charset, *text;
	size_t		 charset_len, text_len, len;
	int		 base64;
};

static void
run_flush(struct run *r, struct strbuf *out)
{
	char	*t;
	size_t	 n;

	if (r->bytes.len > 0) {
		t = charset_to_utf8((uint8_t *)r->bytes.s, r->bytes.len,
		    r->charset, NULL, &n);
		if (t == NULL)
			out->failed = 1;
		else
			strbuf_add(out, t, n);
		free(t);
	}
	out->failed |= r->bytes.failed;
	strbuf_free(&r->bytes);
}

static void
run_begin(struct run *r, struct strbuf *out, const char *charset, size_t len,
    int encoded)
{
	if (len >= sizeof(r->charset))
		len = sizeof(r->charset) - 1;
	if (r->encoded == encoded && strncasecmp(r->charset, charset, len) ==
	    0 && r->charset[len] == '\0')
		return;
	run_flush(r, out);
	memcpy(r->charset, charset, len);
	r->charset[len] = '\0';
	r->encoded = encoded;
}

/* =?charset?B?text?= at s; a missing end is the end of the word. */
static int
word_parse(const char *s, size_t len, struct word *w)
{
	const char	*end = s + len, *p, *q;

	if (len < 8 || s[0] != '=' || s[1] != '?')
		return 0;
	w->charset = s + 2;
	if ((p = memchr(s + 2, '?', len - 2 < 64 ? len - 2 : 64)) == NULL ||
	    end - p < 4 || p[2] != '?' || memchr(s + 2, ' ',
	    (size_t)(p - s) - 2) != NULL)
		return 0;
	w->charset_len = (size_t)(p - w->charset);
	if ((q = memchr(w->charset, '*', w->charset_len)) != NULL)
		w->charset_len = (size_t)(q - w->charset);
	if (strchr("bBqQ", p[1]) == NULL)
		return 0;
	w->base64 = p[1] == 'b' || p[1] == 'B';
	w->text = p + 3;
	q = memmem(w->text, end - w->text < WORD_MAX ?
	    (size_t)(end - w->text) : WORD_MAX, "?=", 2);
	if (q == NULL) {
		for (q = w->text; q < end && *q != ' ' && *q != '?'; q++)
			;
		w->len = (size_t)(q - s);
	} else
		w->len = (size_t)(q - s) + 2;
	w->text_len = (size_t)(q - w->text);
	return 1;
}

static void
word_append(struct run *r, const struct word *w)
{
	uint8_t	*t = malloc(w->text_len + 1);
	size_t	 n, damage = 0;

	if (t == NULL) {
		r->bytes.failed = 1;
		return;
	}
	n = w->base64 ?
	    mime_decode_base64((const uint8_t *)w->text, w->text_len, t,
	    &damage) :
	    mime_decode_q((const uint8_t *)w->text, w->text_len, t);
	strbuf_add(&r->bytes, (char *)t, n);
	free(t);
}

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Words of a value as UTF-8, not yet cleaned. */
static void
decode_words(struct strbuf *out, const char *s, size_t len,
    const char *charset)
{
	struct run	 r = { STRBUF_EMPTY, "", 0 };
	struct word	 w;
	size_t		 i = 0, k;

	run_begin(&r, out, charset, strlen(charset), 0);
	while (i < len) {
		/* Blanks between two encoded words are not part of the text. */
		for (k = i; k < len && is_blank(s[k]); k++)
			;
		if (r.encoded && k > i && word_parse(s + k, len - k, &w))
			i = k;
		if (word_parse(s + i, len - i, &w)) {
			run_begin(&r, out, w.charset, w.charset_len, 1);
			word_append(&r, &w);
			i += w.len;
			continue;
		}
		run_begin(&r, out, charset, strlen(charset), 0);
		if (k == i)
			for (k = i + 1; k < len && !is_blank(s[k]) &&
			    !(s[k] == '=' && k + 1 < len && s[k + 1] == '?');
			    k++)
				;
		strbuf_add(&r.bytes, s + i, k - i);
		i = k;
	}
	run_flush(&r, out);
}

char *
mime_words_decode(const char *raw, size_t len, const char *charset)
{
	struct strbuf	 out = STRBUF_EMPTY;
	char		*t = NULL;

	if (len > MIME_RAW_MAX)
		len = MIME_RAW_MAX;
	decode_words(&out, raw, len, charset);
	if (!out.failed)
		t = text_clean(out.s != NULL ? out.s : "", out.len, TEXT_LINE,
		    MIME_VALUE_MAX, NULL);
	strbuf_free(&out);
	return t;
}

/* One mailbox while it is taken apart. */
struct mailbox {
	struct strbuf	 phrase, address, comment;
	int		 has_angle;
};

static void
mailbox_free(struct mailbox *m)
{
	strbuf_free(&m->phrase);
	strbuf_free(&m->address);
	strbuf_free(&m->comment);
	m->has_angle = 0;
}

static char *
decode_buffer(const struct strbuf *b, const char *charset)
{
	if (b->failed)
		return NULL;
	return mime_words_decode(b->s != NULL ? b->s : "", b->len, charset);
}

/* Hands one mailbox over; 1 when it was one, 0 when empty, -1 no memory. */
static int
mailbox_end(struct mailbox *m, const char *charset, mime_mailbox_fn *each,
    void *arg)
{
	char	*name, *address;
	int	 r = -1;

	name = decode_buffer(m->has_angle ? &m->phrase : &m->comment, charset);
	address = decode_buffer(m->has_angle ? &m->address : &m->phrase,
	    charset);
	if (name == NULL || address == NULL)
		goto out;
	r = *name != '\0' || *address != '\0';
	if (r > 0)
		each(arg, name, address);
 out:
	free(name);
	free(address);
	mailbox_free(m);
	return r;
}

/* Copies a quoted string without its quotes; the index after it. */
static size_t
take_quoted(struct strbuf *b, const char *s, size_t len, size_t i)
{
	for (i++; i < len && s[i] != '"'; i++) {
		if (s[i] == '\\' && i + 1 < len)
			i++;
		strbuf_putc(b, s[i]);
	}
	return i + 1;
}

/* Likewise a comment, which may nest. */
static size_t
take_comment(struct strbuf *b, const char *s, size_t len, size_t i)
{
	int	 depth = 1;

	for (i++; i < len; i++) {
		depth += s[i] == '(' ? 1 : s[i] == ')' ? -1 : 0;
		if (depth == 0)
			break;
		if (s[i] == '\\' && i + 1 < len)
			i++;
		strbuf_putc(b, s[i]);
	}
	return i + 1;
}

static size_t
take_angle(struct mailbox *m, const char *s, size_t len, size_t i)
{
	const char	*end = memchr(s + i, '>', len - i);
	size_t		 n = end == NULL ? len : (size_t)(end - s);

	strbuf_free(&m->address);
	strbuf_add(&m->address, s + i + 1, n - i - 1);
	m->has_angle = 1;
	return n + 1;
}

static size_t
take_piece(struct mailbox *m, const char *s, size_t len, size_t i)
{
	struct word	 w;

	if (s[i] == '"')
		return take_quoted(&m->phrase, s, len, i);
	if (s[i] == '(')
		return take_comment(&m->comment, s, len, i);
	if (s[i] == '<')
		return take_angle(m, s, len, i);
	if (word_parse(s + i, len - i, &w)) {
		strbuf_add(&m->phrase, s + i, w.len);
		return i + w.len;
	}
	if (s[i] == ':' && !m->has_angle)
		strbuf_free(&m->phrase);	/* the name of a group */
	else if (s[i] == '\\' && i + 1 < len)
		strbuf_putc(&m->phrase, s[++i]);
	else
		strbuf_putc(&m->phrase, s[i]);
	return i + 1;
}

int
mime_addresses(const char *raw, size_t len, const char *charset,
    mime_mailbox_fn *each, void *arg)
{
	struct mailbox	 m = { STRBUF_EMPTY, STRBUF_EMPTY, STRBUF_EMPTY, 0 };
	size_t		 i = 0;
	int		 n = 0, r;

	if (len > MIME_RAW_MAX)
		len = MIME_RAW_MAX;
	while (i < len && n < MAILBOXES_MAX) {
		if (raw[i] != ',' && raw[i] != ';') {
			i = take_piece(&m, raw, len, i);
			continue;
		}
		if ((r = mailbox_end(&m, charset, each, arg)) < 0)
			return r;
		n += r;
		i++;
	}
	if ((r = mailbox_end(&m, charset, each, arg)) < 0)
		return r;
	return n + r;
}
