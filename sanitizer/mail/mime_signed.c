/*
 * mime_signed: S/MIME signatures, and the content that some of them carry inside.
 * Runs in: worker-mime, in the jail.
 * Hostile input: signed parts, whose bytes and bounds are the attacker's.
 * Must never: hand over as signed what is not exactly what is shown, nor call
 * anything valid; that is worker-smime's.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "envelope.h"
#include "err.h"
#include "mime_decode.h"
#include "mime_private.h"
#include "signed_pair.h"

#define INFLATE_MAX	(64u << 20)

/* The first or last leaf below a part, and where its bytes stand. */
static int
leaf_span(GMimeObject *o, int last, struct mime_span *span)
{
	GMimeMessage	*message;
	int		 n;

	while (o != NULL && !GMIME_IS_PART(o)) {
		if (GMIME_IS_MULTIPART(o)) {
			n = g_mime_multipart_get_count(GMIME_MULTIPART(o));
			if (n == 0)
				return 0;
			o = g_mime_multipart_get_part(GMIME_MULTIPART(o),
			    last ? n - 1 : 0);
		} else if (GMIME_IS_MESSAGE_PART(o)) {
			message = g_mime_message_part_get_message(
			    GMIME_MESSAGE_PART(o));
			o = message == NULL ? NULL :
			    g_mime_message_get_mime_part(message);
		} else
			return 0;
	}
	return o != NULL && mime_span_find(GMIME_PART(o), span);
}

/* Whether the line from start to end is "--boundary", or with "--" behind it. */
static int
is_border(const uint8_t *s, size_t start, size_t end, const char *boundary)
{
	size_t	 n = strlen(boundary);

	while (end > start && strchr(" \t\r\n", s[end - 1]) != NULL &&
	    s[end - 1] != '\0')
		end--;
	if (end - start < n + 2 || memcmp(s + start, "--", 2) != 0 ||
	    memcmp(s + start + 2, boundary, n) != 0)
		return 0;
	return end - start == n + 2 || (end - start == n + 4 &&
	    memcmp(s + end - 2, "--", 2) == 0);
}

/* The line after the last border before at; SIZE_MAX: none. */
static size_t
border_before(const struct mime_span *span, size_t at, const char *boundary)
{
	const uint8_t	*p;
	size_t		 start;

	for (; at > 0; at = start) {
		p = memrchr(span->base, '\n', at - 1);
		start = p == NULL ? 0 : (size_t)(p - span->base) + 1;
		if (is_border(span->base, start, at, boundary))
			return at;
	}
	return SIZE_MAX;
}

/* The first border after at, without the end of line that belongs to it. */
static size_t
border_after(const struct mime_span *span, size_t at, const char *boundary)
{
	const uint8_t	*p;
	size_t		 end;

	for (; at < span->size; at = end) {
		p = memchr(span->base + at, '\n', span->size - at);
		end = p == NULL ? span->size : (size_t)(p - span->base) + 1;
		if ((at == 0 || span->base[at - 1] == '\n') &&
		    is_border(span->base, at, end, boundary)) {
			at -= at > 0;
			return at - (at > 0 && span->base[at - 1] == '\r');
		}
	}
	return SIZE_MAX;
}

/*
 * The bytes of a multipart's first part as they came, headers and all: what stands
 * between the borders around the leaves that are shown.
 */
static int
signed_bytes(GMimeMultipart *mp, struct signed_pair *pair)
{
	GMimeObject		*part = g_mime_multipart_get_part(mp, 0);
	const char		*boundary = g_mime_multipart_get_boundary(mp);
	struct mime_span	 first, last;
	size_t			 start, end;

	if (part == NULL || boundary == NULL || *boundary == '\0' ||
	    !leaf_span(part, 0, &first) || !leaf_span(part, 1, &last) ||
	    first.base != last.base)
		return 0;
	start = border_before(&first, first.start, boundary);
	end = border_after(&last, last.end, boundary);
	if (start == SIZE_MAX || end == SIZE_MAX || start > end)
		return 0;
	pair->content = first.base + start;
	pair->content_len = end - start;
	return 1;
}

static void
emit_pair(struct mime *m, const struct leaf *l, const struct place *at,
    const char *over, struct signed_pair *pair)
{
	uint8_t	*s;
	size_t	 len;

	memcpy(pair->from, m->from, sizeof(pair->from));
	snprintf(pair->over, sizeof(pair->over), "%s", over);
	if ((s = signed_pair_pack(pair, &len)) == NULL) {
		m->reason = REASON_MEMORY;
		return;
	}
	mime_emit(m, ROLE_SIGNATURE, KIND_SIGNATURE, at->path,
	    *l->name != '\0' ? l->name : "smime.p7s", l->type, "", "", s, len);
	free(s);
}

int
mime_signature(struct mime *m, GMimeMultipart *mp, int i,
    const struct place *at)
{
	GMimeObject		*part = g_mime_multipart_get_part(mp, i);
	struct signed_pair	 pair = { 0 };
	struct leaf		 l;
	char			 over[MIME_PATH_MAX];
	uint8_t			*s;
	size_t			 n;

	if (i == 2)
		mime_malformed(m, "part %s: it stands beside a signed part and "
		    "is not signed", at->path);
	if (i != 1 || part == NULL || !GMIME_IS_PART(part))
		return 0;
	mime_leaf_describe(part, at, &l);
	if (strstr(l.type, "pkcs7-signature") == NULL ||
	    !signed_bytes(mp, &pair))
		return 0;
	if ((s = mime_leaf_decode(m, GMIME_PART(part), at->path, &n)) ==
	    NULL) {
		m->reason = REASON_MEMORY;
		return 1;
	}
	pair.signature = s;
	pair.signature_len = n;
	/* 2 signs all of the mail, 1.2.2 signs 1.2.1 */
	snprintf(over, sizeof(over), "%s", at->depth > 1 ? at->path : "");
	if (strrchr(over, '.') != NULL)
		strcpy(strrchr(over, '.'), ".1");
	emit_pair(m, &l, at, over, &pair);
	free(s);
	return 1;
}

/* RFC 3274: zlib in an envelope. NULL: no memory, or it is none. */
static uint8_t *
inflate_all(const uint8_t *s, size_t len, size_t *n)
{
	z_stream	 z = { .next_in = (Bytef *)(uintptr_t)s,
			    .avail_in = (uInt)len };
	uint8_t		*out = NULL, *grown;
	size_t		 room = 0;
	int		 r = Z_OK;

	if (len > UINT32_MAX || inflateInit(&z) != Z_OK)
		return NULL;
	while (r == Z_OK && room < INFLATE_MAX) {
		room = room == 0 ? 65536 : room * 2;
		if ((grown = realloc(out, room)) == NULL)
			break;
		out = grown;
		z.next_out = out + z.total_out;
		z.avail_out = (uInt)(room - z.total_out);
		r = inflate(&z, Z_NO_FLUSH);
	}
	*n = z.total_out;
	inflateEnd(&z);
	if (r != Z_STREAM_END) {
		free(out);
		return NULL;
	}
	return out;
}

/* What is a mail's part begins with one of its header lines. */
static int
is_entity(const uint8_t *s, size_t len)
{
	static const char *const	 names[] = { "content-", "mime-version",
					    "x-", "subject:", "from:", "date:",
					    "received:" };

	while (len > 0 && (*s == '\r' || *s == '\n')) {
		s++;
		len--;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len > strlen(names[i]) && strncasecmp((const char *)s,
		    names[i], strlen(names[i])) == 0)
			return 1;
	return 0;
}

/* Content that is no mail: a file, named as it was before it was signed. */
static void
emit_file(struct mime *m, const struct leaf *l, const struct place *at,
    const uint8_t *s, size_t len)
{
	char	 name[256];
	size_t	 n;

	snprintf(name, sizeof(name), "%.255s", l->name);
	n = strlen(name);
	if (n > 4 && (strcasecmp(name + n - 4, ".p7m") == 0 ||
	    strcasecmp(name + n - 4, ".p7z") == 0 ||
	    strcasecmp(name + n - 4, ".p7s") == 0))
		name[n - 4] = '\0';
	mime_emit(m, l->role == ROLE_BODY ? ROLE_ATTACHMENT : l->role,
	    KIND_UNKNOWN, at->path, name, "", "", "", s, len);
}

static void
walk_content(struct mime *m, const struct leaf *l, const struct place *at,
    const uint8_t *s, size_t len)
{
	GMimeObject	*o;

	if (!is_entity(s, len) || (o = mime_parse_part(m, s, len)) == NULL) {
		emit_file(m, l, at, s, len);
		return;
	}
	mime_walk(m, o, at);
	g_object_unref(o);
}

/* Some send the base64 of it as a file. */
static uint8_t *
decode_text(const struct leaf *l, const uint8_t *s, size_t len, size_t *n)
{
	uint8_t	*out;
	size_t	 damage = 0, i = strlen(l->name);

	if (i < 4 || strcasecmp(l->name + i - 4, ".p7m") != 0 || len < 2 ||
	    s[0] != 'M' || (out = malloc(len + 1)) == NULL)
		return NULL;
	*n = mime_decode_base64(s, len, out, &damage);
	return out;
}

static int
open_envelope(struct mime *m, const struct leaf *l, const struct place *at,
    const uint8_t *s, size_t len)
{
	enum envelope		 type = envelope_find(s, len);
	struct signed_pair	 pair = { .signature = s,
				    .signature_len = len };
	struct place		 inside;
	uint8_t			*content = NULL, *inflated = NULL;
	size_t			 n = 0;
	int			 opened = 0;

	if ((type != ENVELOPE_SIGNED && type != ENVELOPE_COMPRESSED) ||
	    at->depth >= m->limits->max_depth ||
	    !mime_place_child(at, 1, &inside) ||
	    envelope_content(s, len, &content, &n) != ERR_OK)
		return 0;
	if (type == ENVELOPE_SIGNED) {
		walk_content(m, l, &inside, content, n);
		pair.content = content;
		pair.content_len = n;
		emit_pair(m, l, at, at->depth > 0 ? at->path : "", &pair);
		opened = 1;
	} else if ((inflated = inflate_all(content, n, &n)) != NULL) {
		walk_content(m, l, &inside, inflated, n);
		opened = 1;
	}
	free(inflated);
	free(content);
	return opened;
}

int
mime_envelope(struct mime *m)
{
	static const struct leaf	 l = { .type = "", .charset = "",
					    .name = "", .content_id = "" };
	struct place			 at = { .path = "1",
					    .text_role = ROLE_BODY };

	return open_envelope(m, &l, &at, m->data, m->len);
}

int
mime_opaque(struct mime *m, const struct leaf *l, const struct place *at,
    const uint8_t *s, size_t len)
{
	uint8_t	*decoded;
	size_t	 n = 0;
	int	 opened;

	if ((decoded = decode_text(l, s, len, &n)) == NULL)
		return open_envelope(m, l, at, s, len);
	opened = open_envelope(m, l, at, decoded, n);
	free(decoded);
	return opened;
}
