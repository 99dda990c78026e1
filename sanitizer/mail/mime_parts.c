/*
 * mime_parts: the tree of a mail, walked to its leaves.
 * Runs in: worker-mime, in the jail.
 * Hostile input: the whole mail.
 * Must never: leave a part out without saying so, or go deeper than its limit.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "charset.h"
#include "envelope.h"
#include "err.h"
#include "mime_private.h"

void
mime_malformed(struct mime *m, const char *fmt, ...)
{
	char	 s[512];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(s, sizeof(s), fmt, ap);
	va_end(ap);
	m->sink->fact(m->sink->arg, FACT_MALFORMED, s);
}

int
mime_place_child(const struct place *at, unsigned n, struct place *child)
{
	int	 len;

	*child = *at;
	child->depth++;
	len = *at->path == '\0' ?
	    snprintf(child->path, sizeof(child->path), "%u", n) :
	    snprintf(child->path, sizeof(child->path), "%.200s.%u", at->path,
	    n);
	return len > 0 && strlen(at->path) <= 200;
}

static int
type_is(GMimeObject *o, const char *type, const char *subtype)
{
	return g_mime_content_type_is_type(g_mime_object_get_content_type(o),
	    type, subtype);
}

/* Whether a part is, or leads to, a page to be read. */
static int
holds(GMimeObject *o, const char *subtype, unsigned depth)
{
	GMimeMultipart	*mp;
	int		 i, n;

	if (type_is(o, "text", subtype))
		return !mime_is_attached(o);
	if (!GMIME_IS_MULTIPART(o) || depth == 0)
		return 0;
	mp = GMIME_MULTIPART(o);
	n = g_mime_multipart_get_count(mp);
	for (i = 0; i < n && i < 100; i++)
		if (holds(g_mime_multipart_get_part(mp, i), subtype,
		    depth - 1))
			return 1;
	return 0;
}

/* Which form of a multipart/alternative is the body: HTML, because its links show
 * what is behind their labels; else plain text; else the last. */
static int
alternative_choose(GMimeMultipart *mp, int n)
{
	int	 i;

	for (i = n - 1; i >= 0; i--)
		if (holds(g_mime_multipart_get_part(mp, i), "html", 3))
			return i;
	for (i = n - 1; i >= 0; i--)
		if (holds(g_mime_multipart_get_part(mp, i), "plain", 3))
			return i;
	return n - 1;
}

static void
walk_multipart(struct mime *m, GMimeMultipart *mp, const struct place *at)
{
	GMimeObject	*o = GMIME_OBJECT(mp), *part;
	struct place	 child;
	int		 i, n = g_mime_multipart_get_count(mp), body = -1;
	int		 alternative = type_is(o, "multipart", "alternative");
	int		 related = type_is(o, "multipart", "related");
	int		 encrypted = type_is(o, "multipart", "encrypted");
	int		 is_signed = type_is(o, "multipart", "signed");

	if (alternative)
		body = alternative_choose(mp, n);
	for (i = 0; i < n && !m->full; i++) {
		part = g_mime_multipart_get_part(mp, i);
		/* "Version: 1" says nothing that the other part does not. */
		if (encrypted && i == 0 && n > 1)
			continue;
		if (!mime_place_child(at, (unsigned)i + 1, &child)) {
			m->reason = REASON_LIMIT_DEPTH;
			return;
		}
		if (alternative && i != body)
			child.text_role = ROLE_ALTERNATIVE;
		child.related = related || (at->related && !related);
		if (!is_signed || !mime_signature(m, mp, i, &child))
			mime_walk(m, part, &child);
	}
}

/* A multipart without parts still has bytes that somebody may have meant. */
static void
walk_empty(struct mime *m, GMimeMultipart *mp, const struct place *at)
{
	const char	*path = *at->path == '\0' ? "1" : at->path;
	const char	*text = g_mime_multipart_get_prologue(mp);
	size_t		 n, start;

	mime_malformed(m, "part %s: a multipart without parts", path);
	if (*at->path == '\0') {
		start = mime_header_end(m);
		text = (const char *)m->data + start;
		n = m->len - start;
	} else
		n = text == NULL ? 0 : strlen(text);
	mime_emit(m, at->text_role, KIND_TEXT, path, "", "text/plain", "", "",
	    (const uint8_t *)text, n);
}

void
mime_walk(struct mime *m, GMimeObject *o, const struct place *at)
{
	struct place	 leaf = *at;

	if (o == NULL || m->full)
		return;
	if (at->depth > m->limits->max_depth) {
		mime_deeper(m, o, at);
		return;
	}
	if (GMIME_IS_MULTIPART(o)) {
		if (g_mime_multipart_get_count(GMIME_MULTIPART(o)) == 0)
			walk_empty(m, GMIME_MULTIPART(o), at);
		else
			walk_multipart(m, GMIME_MULTIPART(o), at);
		return;
	}
	if (*leaf.path == '\0')
		strcpy(leaf.path, "1");
	if (GMIME_IS_MESSAGE_PART(o))
		mime_nested(m, GMIME_MESSAGE_PART(o), &leaf);
	else
		mime_leaf(m, o, &leaf);
}

static const struct {
	GMimeParserWarning	 code;
	const char		*words;
} warnings[] = {
	{ GMIME_WARN_UNENCODED_8BIT_HEADER, "headers with raw 8-bit bytes" },
	{ GMIME_WARN_INVALID_CONTENT_TYPE, "a content type that is none" },
	{ GMIME_WARN_INVALID_RFC2047_HEADER_VALUE, "broken encoded words" },
	{ GMIME_WARN_MALFORMED_MULTIPART, "a multipart without parts" },
	{ GMIME_WARN_TRUNCATED_MESSAGE, "the mail ends too early" },
	{ GMIME_WARN_MALFORMED_MESSAGE, "the structure is damaged" },
	{ GMIME_CRIT_INVALID_HEADER_NAME, "lines among the headers that are "
	    "none" },
	{ GMIME_CRIT_CONFLICTING_HEADER, "headers that contradict each other" },
	{ GMIME_CRIT_CONFLICTING_PARAMETER, "parameters that contradict each "
	    "other" },
	{ GMIME_CRIT_MULTIPART_WITHOUT_BOUNDARY, "a multipart without "
	    "boundary" },
	{ GMIME_CRIT_NESTING_OVERFLOW, "nested deeper than any mail is" }
};

static void
on_warning(gint64 offset, GMimeParserWarning code, const gchar *item,
    gpointer arg)
{
	struct mime	*m = arg;

	(void)offset;
	(void)item;
	if ((unsigned)code < 32)
		m->warnings |= 1u << code;
}

static void
put_warnings(struct mime *m)
{
	size_t	 i;

	for (i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++)
		if (m->warnings & 1u << warnings[i].code)
			mime_malformed(m, "%s", warnings[i].words);
}

/* What the raw 8-bit bytes in lines that look like headers are in. */
static const char *
raw_charset(const struct mime *m)
{
	uint8_t			 sample[2048];
	size_t			 n = 0, at = 0, end, i, len;
	struct charset_found	 f = { 0 };
	const uint8_t		*p, *colon;

	for (; at < m->len && at < 65536 && n < sizeof(sample); at = end) {
		p = memchr(m->data + at, '\n', m->len - at);
		end = p == NULL ? m->len : (size_t)(p - m->data) + 1;
		for (i = at; i < end && m->data[i] < 0x80; i++)
			;
		if (i == end || (colon = memchr(m->data + at, ':', i - at)) ==
		    NULL)
			continue;
		for (p = colon + 1; p < m->data + end && n < sizeof(sample);
		    p++)
			sample[n++] = *p;
	}
	if (n == 0)
		return "";
	free(charset_to_utf8(sample, n, "", &f, &len));
	return f.name == NULL ? "" : f.name;
}

static GMimeParserOptions *
parser_options(struct mime *m)
{
	GMimeParserOptions	*options = g_mime_parser_options_new();
	const char		*fallback[3] = { "utf-8", NULL, NULL };

	fallback[1] = *m->raw_charset != '\0' ? m->raw_charset : "cp1252";
	g_mime_parser_options_set_fallback_charsets(options, fallback);
	g_mime_parser_options_set_warning_callback(options, on_warning, m);
	return options;
}

static GMimeMessage *
parse(struct mime *m)
{
	GMimeParserOptions	*options = parser_options(m);
	GMimeStream		*stream;
	GMimeParser		*parser;
	GMimeMessage		*message;

	/* The stream only reads; the bytes stay ours. */
	m->array = g_byte_array_new_take((guint8 *)(uintptr_t)m->data, m->len);
	stream = g_mime_stream_mem_new_with_byte_array(m->array);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, options);
	g_object_unref(parser);
	g_object_unref(stream);
	g_mime_parser_options_free(options);
	return message;
}

GMimeObject *
mime_parse_part(struct mime *m, const uint8_t *s, size_t len)
{
	GMimeParserOptions	*options = parser_options(m);
	GMimeStream		*stream;
	GMimeParser		*parser;
	GMimeObject		*part;

	stream = g_mime_stream_mem_new_with_buffer((const char *)s, len);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	part = g_mime_parser_construct_part(parser, options);
	g_object_unref(parser);
	g_object_unref(stream);
	g_mime_parser_options_free(options);
	return part;
}

enum reason
mime_read(const uint8_t *data, size_t len, const struct mime_limits *limits,
    const struct mime_sink *sink, uint64_t *limit)
{
	struct mime	 m = { .limits = limits, .sink = sink };
	struct place	 root = { .text_role = ROLE_BODY };
	GMimeMessage	*message = NULL;

	if (envelope_find(data, len) != ENVELOPE_NONE) {
		m.data = data;
		m.len = len;
		m.raw_charset = "";
		if (!mime_envelope(&m))
			m.reason = REASON_FORMAT;
		goto out;
	}
	if (!mime_repair(&m, data, len)) {
		m.reason = REASON_MEMORY;
		goto out;
	}
	m.raw_charset = raw_charset(&m);
	if ((message = parse(&m)) == NULL) {
		mime_malformed(&m, "no structure: all of it is shown as text");
		mime_emit(&m, ROLE_BODY, KIND_TEXT, "1", "", "text/plain", "",
		    "", m.data, m.len);
		goto out;
	}
	mime_headers(&m, message);
	mime_walk(&m, g_mime_message_get_mime_part(message), &root);
	put_warnings(&m);
	if (m.children == 0 && !m.full)
		mime_emit(&m, ROLE_BODY, KIND_TEXT, "1", "", "text/plain", "",
		    "", NULL, 0);
 out:
	if (message != NULL)
		g_object_unref(message);
	if (m.array != NULL)
		g_byte_array_free(m.array, FALSE);
	free(m.owned);
	*limit = m.limit;
	return m.reason;
}

/* A mail that makes the library open now what it would open later: types, charset
 * aliases, time zones. */
static const char sample[] =
    "From: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <a@example.com>\n"
    "Date: Mon, 7 Jul 2025 10:00:00 +0900\n"
    "Date: yesterday PST\n"
    "Content-Type: multipart/mixed; boundary=x\n"
    "\n"
    "--x\n"
    "Content-Type: text/plain; charset=big5; format=flowed\n"
    "Content-Disposition: inline; filename*0*=utf-8''%E6%97%A5;\n"
    " filename*1=\"=?gb2312?Q?=C8=D5?=\"\n"
    "Content-Transfer-Encoding: quoted-printable\n"
    "\n"
    "=A4\xe9 \n"
    "--x\n"
    "Content-Type: message/rfc822\n"
    "\n"
    "Subject: inside\n"
    "\n"
    "text\n"
    "--x--\n";

static void
sample_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	(void)f;
	(void)value;
}

static int
sample_child(void *arg, enum worker_role role, enum kind hint,
    const char *path, const char *name, const char *declared,
    const char *charset, const char *content_id)
{
	(void)arg;
	(void)role;
	(void)hint;
	(void)path;
	(void)name;
	(void)declared;
	(void)charset;
	(void)content_id;
	return 1;
}

static int
sample_data(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 1;
}

int
mime_warm(void)
{
	static const struct mime_limits	 limits = { 65536, 10, "" };
	static const struct mime_sink	 sink = { NULL, sample_fact,
					    sample_child, sample_data };
	uint64_t			 limit;
	int				 r;

	if ((r = charset_warm()) != ERR_OK)
		return r;
	g_mime_init();
	return mime_read((const uint8_t *)sample, sizeof(sample) - 1, &limits,
	    &sink, &limit) == REASON_COMPLETE ? ERR_OK : ERR_FORMAT;
}
