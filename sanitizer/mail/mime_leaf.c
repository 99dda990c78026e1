/*
 * mime_leaf: one part of a mail: its name, what it is to the reader, its bytes.
 * Runs in: worker-mime, in the jail.
 * Hostile input: part headers and encoded content.
 * Must never: let a declared type decide more than where a part is shown.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mime_decode.h"
#include "mime_private.h"

static const struct {
	const char	*type;
	enum kind	 hint;
} hints[] = {
	{ "text/html", KIND_HTML }, { "application/xhtml+xml", KIND_HTML },
	{ "text/x-amp-html", KIND_HTML },
	{ "text/calendar", KIND_CARD }, { "text/vcard", KIND_CARD },
	{ "text/x-vcard", KIND_CARD }, { "text/directory", KIND_CARD },
	{ "text/rtf", KIND_OFFICE }, { "text/richtext", KIND_TEXT },
	{ "message/rfc822", KIND_MAIL }, { "message/global", KIND_MAIL },
	{ "message/news", KIND_MAIL },
	{ "application/pgp-signature", KIND_SIGNATURE },
	{ "application/pkcs7-signature", KIND_SIGNATURE },
	{ "application/x-pkcs7-signature", KIND_SIGNATURE },
	{ "application/pgp-encrypted", KIND_ENCRYPTED }
};

static enum kind
hint_of(const char *type)
{
	size_t	 i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(hints[i].type, type) == 0)
			return hints[i].hint;
	if (strncmp(type, "text/", 5) == 0 || strncmp(type, "message/", 8) == 0)
		return KIND_TEXT;
	return KIND_UNKNOWN;
}

static const char *
or_empty(const char *s)
{
	return s == NULL ? "" : s;
}

void
mime_leaf_describe(GMimeObject *part, const struct place *at, struct leaf *l)
{
	GMimeContentType	*ct = g_mime_object_get_content_type(part);
	const char		*how = g_mime_object_get_disposition(part);
	const char		*smime;
	char			*p;

	memset(l, 0, sizeof(*l));
	snprintf(l->type, sizeof(l->type), "%.60s/%.60s",
	    or_empty(g_mime_content_type_get_media_type(ct)),
	    or_empty(g_mime_content_type_get_media_subtype(ct)));
	for (p = l->type; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	l->charset = or_empty(g_mime_object_get_content_type_parameter(part,
	    "charset"));
	if (GMIME_IS_PART(part))
		l->name = g_mime_part_get_filename(GMIME_PART(part));
	l->name = or_empty(l->name);
	l->content_id = or_empty(g_mime_object_get_content_id(part));
	l->attached = how != NULL && strcasecmp(how, "inline") != 0;
	l->hint = hint_of(l->type);
	if (strstr(l->type, "pkcs7-mime") != NULL) {
		smime = g_mime_object_get_content_type_parameter(part,
		    "smime-type");
		if (smime == NULL || strcasecmp(smime, "signed-data") != 0)
			l->hint = KIND_ENCRYPTED;
	}
	if (!l->attached && *l->name == '\0' && (l->hint == KIND_TEXT ||
	    l->hint == KIND_HTML))
		l->role = at->text_role;
	else if (!l->attached && (at->related || (how != NULL &&
	    strncmp(l->type, "image/", 6) == 0)))
		l->role = ROLE_INLINE;
	else if (l->hint == KIND_CARD && at->text_role == ROLE_ALTERNATIVE)
		l->role = ROLE_ALTERNATIVE;
	else
		l->role = ROLE_ATTACHMENT;
}

int
mime_is_attached(GMimeObject *part)
{
	struct place	 nowhere = { .text_role = ROLE_BODY };
	struct leaf	 l;

	mime_leaf_describe(part, &nowhere, &l);
	return l.role == ROLE_ATTACHMENT;
}

int
mime_emit(struct mime *m, enum worker_role role, enum kind hint,
    const char *path, const char *name, const char *declared,
    const char *charset, const char *content_id, const uint8_t *s, size_t len)
{
	const struct mime_sink	*k = m->sink;

	if (m->full)
		return 0;
	if (!k->child(k->arg, role, hint, path, name, declared, charset,
	    content_id)) {
		m->full = 1;
		if (m->reason == REASON_COMPLETE) {
			m->reason = REASON_LIMIT_PARTS;
			m->limit = m->children;
		}
		return 0;
	}
	m->children++;
	if (len > 0 && !k->data(k->arg, s, len)) {
		m->full = 1;
		if (m->reason == REASON_COMPLETE)
			m->reason = REASON_LIMIT_BYTES;
		return 0;
	}
	return 1;
}

int
mime_span_find(GMimePart *part, struct mime_span *span)
{
	GMimeDataWrapper	*content = g_mime_part_get_content(part);
	GMimeStream		*stream;
	GByteArray		*all;
	gint64			 start, end;

	if (content == NULL ||
	    (stream = g_mime_data_wrapper_get_stream(content)) == NULL ||
	    !GMIME_IS_STREAM_MEM(stream) ||
	    (all = g_mime_stream_mem_get_byte_array(
	    GMIME_STREAM_MEM(stream))) == NULL)
		return 0;
	start = stream->bound_start;
	end = stream->bound_end == -1 ? (gint64)all->len : stream->bound_end;
	if (start < 0 || end > (gint64)all->len || start > end)
		return 0;
	span->base = all->data;
	span->size = all->len;
	span->start = (size_t)start;
	span->end = (size_t)end;
	return 1;
}

uint8_t *
mime_leaf_decode(struct mime *m, GMimePart *part, const char *path,
    size_t *len)
{
	struct mime_span	 span = { 0 };
	const uint8_t		*s = NULL;
	struct mime_uu		 block;
	uint8_t			*out;
	size_t			 n, damage = 0;
	const char		*how = NULL;

	if (mime_span_find(part, &span))
		s = span.base + span.start;
	n = span.end - span.start;
	if ((out = malloc(n + 1)) == NULL)
		return NULL;
	switch (g_mime_part_get_content_encoding(part)) {
	case GMIME_CONTENT_ENCODING_BASE64:
		how = "base64";
		*len = mime_decode_base64(s, n, out, &damage);
		break;
	case GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE:
		how = "quoted-printable";
		*len = mime_decode_quoted(s, n, out, &damage);
		break;
	case GMIME_CONTENT_ENCODING_UUENCODE:
		how = "uuencode";
		if (mime_uu_find(s, n, 0, &block)) {
			*len = mime_uu_decode(s, &block, out, &damage);
			break;
		}
		damage++;
		/* FALLTHROUGH */
	case GMIME_CONTENT_ENCODING_DEFAULT:
	case GMIME_CONTENT_ENCODING_7BIT:
	case GMIME_CONTENT_ENCODING_8BIT:
	case GMIME_CONTENT_ENCODING_BINARY:
	default:
		if (n > 0)
			memcpy(out, s, n);
		*len = n;
		break;
	}
	if (damage > 0)
		mime_malformed(m, "part %s: %zu places in its %s do not fit",
		    path, damage, how);
	return out;
}

/* A file that stands in a text as uuencode or yEnc; 0 when full. */
static int
emit_uu(struct mime *m, const struct leaf *l, const char *path, unsigned n,
    const uint8_t *s, const struct mime_uu *block)
{
	char	 sub[MIME_PATH_MAX + 16], name[256];
	uint8_t	*t;
	size_t	 len, damage = 0;
	int	 ok;

	if ((t = malloc(block->end - block->body + 1)) == NULL) {
		m->reason = REASON_MEMORY;
		return 0;
	}
	len = mime_uu_decode(s, block, t, &damage);
	snprintf(sub, sizeof(sub), "%s.%u", path, n);
	snprintf(name, sizeof(name), "%.*s", block->name_len < 255 ?
	    (int)block->name_len : 255, (const char *)s + block->name);
	if (damage > 0)
		mime_malformed(m, "part %s: damaged %s", sub, block->yenc ?
		    "yEnc" : "uuencode");
	if (block->total > 1)
		mime_malformed(m, "part %s: piece %u of %u of a file; the "
		    "others are in other mails", sub, block->part,
		    block->total);
	ok = mime_emit(m, ROLE_ATTACHMENT, KIND_UNKNOWN, sub, name, "",
	    l->charset, "", t, len);
	free(t);
	return ok;
}

/* A text: encoded files in it become parts of their own. */
static void
emit_text(struct mime *m, const struct leaf *l, const char *path, uint8_t *s,
    size_t len)
{
	struct mime_uu	 block;
	uint8_t		*rest;
	size_t		 at = 0, n = 0;
	unsigned	 files = 0;

	if (!mime_uu_find(s, len, 0, &block)) {
		mime_emit(m, l->role, l->hint, path, l->name, l->type,
		    l->charset, l->content_id, s, len);
		return;
	}
	if ((rest = malloc(len + 1)) == NULL) {
		m->reason = REASON_MEMORY;
		return;
	}
	while (mime_uu_find(s, len, at, &block)) {
		memcpy(rest + n, s + at, block.start - at);
		n += block.start - at;
		at = block.end;
	}
	memcpy(rest + n, s + at, len - at);
	n += len - at;
	/* Without words around the file there is only the file. */
	while (n > 0 && strchr(" \t\r\n", rest[n - 1]) != NULL)
		n--;
	if (n == 0 || mime_emit(m, l->role, l->hint, path, l->name, l->type,
	    l->charset, l->content_id, rest, n))
		for (at = 0; mime_uu_find(s, len, at, &block); at = block.end)
			if (!emit_uu(m, l, path, ++files, s, &block))
				break;
	free(rest);
}

static int
is_flowed(GMimeObject *part, int *delsp)
{
	const char	*f, *d;

	f = g_mime_object_get_content_type_parameter(part, "format");
	d = g_mime_object_get_content_type_parameter(part, "delsp");
	*delsp = d != NULL && strcasecmp(d, "yes") == 0;
	return f != NULL && strcasecmp(f, "flowed") == 0;
}

/* The file in an AppleSingle, or the bytes as they are: people send the file, Macs
 * wrap it together with its icon. */
static uint8_t *
apple_unwrap(uint8_t *s, size_t *len)
{
	size_t	 i, n, at, size;

	if (*len < 26 || memcmp(s, "\0\5\x16\0", 4) != 0)
		return s;
	n = (size_t)s[24] << 8 | s[25];
	for (i = 0; i < n && 26 + 12 * (i + 1) <= *len; i++) {
		const uint8_t	*e = s + 26 + 12 * i;

		at = (size_t)e[4] << 24 | (size_t)e[5] << 16 |
		    (size_t)e[6] << 8 | e[7];
		size = (size_t)e[8] << 24 | (size_t)e[9] << 16 |
		    (size_t)e[10] << 8 | e[11];
		/* entry 1 is the data fork */
		if (memcmp(e, "\0\0\0\1", 4) != 0 || at > *len ||
		    size > *len - at)
			continue;
		memmove(s, s + at, size);
		*len = size;
		break;
	}
	return s;
}

/* What stands elsewhere, or in other mails, is told; the words that came are shown. */
static void
tell_elsewhere(struct mime *m, GMimeObject *part, const struct leaf *l,
    const char *path)
{
	static const char *const	 keys[] = { "access-type", "url",
					    "site", "directory", "name",
					    "server", "expiration" };
	GString				*s;
	const char			*v, *of;

	if (strcmp(l->type, "message/partial") == 0) {
		v = g_mime_object_get_content_type_parameter(part, "number");
		of = g_mime_object_get_content_type_parameter(part, "total");
		mime_malformed(m, "part %s: piece %.10s of %.10s of a mail; the "
		    "others came in other mails", path, or_empty(v),
		    of != NULL ? of : "several");
	}
	if (strcmp(l->type, "message/external-body") != 0)
		return;
	s = g_string_new("");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((v = g_mime_object_get_content_type_parameter(part,
		    keys[i])) != NULL)
			g_string_append_printf(s, "%s: %.500s\n", keys[i], v);
	mime_malformed(m, "part %s: its content is elsewhere and was not "
	    "fetched", path);
	mime_emit(m, ROLE_ATTACHMENT, KIND_TEXT, path, "", "text/plain", "",
	    "", (const uint8_t *)s->str, s->len);
	g_string_free(s, TRUE);
}

void
mime_leaf(struct mime *m, GMimeObject *part, const struct place *at)
{
	struct leaf	 l;
	uint8_t		*s;
	size_t		 len = 0;
	int		 delsp;

	if (m->full || !GMIME_IS_PART(part))
		return;
	mime_leaf_describe(part, at, &l);
	if ((s = mime_leaf_decode(m, GMIME_PART(part), at->path,
	    &len)) == NULL) {
		m->reason = REASON_MEMORY;
		return;
	}
	s = apple_unwrap(s, &len);
	if (mime_opaque(m, &l, at, s, len)) {
		free(s);
		return;
	}
	/* beside a file that comes on its own: icon and window place */
	if (strcmp(l.type, "application/applefile") == 0 && len > 4 &&
	    memcmp(s, "\0\5\x16\7", 4) == 0) {
		m->sink->fact(m->sink->arg, FACT_METADATA,
		    "the side file of a Mac, left out");
		free(s);
		return;
	}
	tell_elsewhere(m, part, &l, at->path);
	if (strcmp(l.type, "message/external-body") == 0) {
		free(s);
		return;
	}
	if (l.hint == KIND_TEXT && is_flowed(part, &delsp))
		len = mime_unflow(s, len, delsp);
	if (l.hint == KIND_TEXT)
		emit_text(m, &l, at->path, s, len);
	else
		mime_emit(m, l.role, l.hint, at->path, l.name, l.type,
		    l.charset, l.content_id, s, len);
	free(s);
}

/* Emits what the library read as a mail, written down again. */
static void
emit_mail(struct mime *m, GMimeObject *o, const char *path, const char *name)
{
	GMimeStream	*stream = g_mime_stream_mem_new();
	GByteArray	*all;

	if (o != NULL)
		g_mime_object_write_to_stream(o, NULL, stream);
	all = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	mime_emit(m, ROLE_ATTACHMENT, KIND_MAIL, path, name,
	    "message/rfc822", "", "", all->data, all->len);
	g_object_unref(stream);
}

void
mime_nested(struct mime *m, GMimeMessagePart *part, const struct place *at)
{
	GMimeObject	*o = GMIME_OBJECT(part);
	const char	*name;

	name = g_mime_object_get_content_disposition_parameter(o, "filename");
	if (name == NULL)
		name = g_mime_object_get_content_type_parameter(o, "name");
	emit_mail(m, (GMimeObject *)g_mime_message_part_get_message(part),
	    at->path, or_empty(name));
}

void
mime_deeper(struct mime *m, GMimeObject *part, const struct place *at)
{
	mime_malformed(m, "part %s: nested so deeply that it is read as a mail "
	    "of its own", at->path);
	emit_mail(m, part, at->path, "");
}
