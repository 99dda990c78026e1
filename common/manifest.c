/*
 * The manifest of a parcel: "key value" lines in a closed grammar. Run by
 * every process that makes or opens parcels. Hostile: manifests of a captured
 * peer and what a sender put into an envelope. Must never accept a key that is
 * not in the table, a value that could be read as another line, or text that
 * is not UTF-8.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "parcel.h"
#include "parcel_private.h"

#define VALUE_MAX	4096

enum form { TEXT, NUMBER, DIGEST, FLAG };

static const struct {
	const char	*name;
	enum form	 form;
	int		 repeatable;
} keys[] = {
	{ "sender",	TEXT,	0 },
	{ "rcpt",	TEXT,	1 },
	{ "client",	TEXT,	0 },
	{ "helo",	TEXT,	0 },
	{ "tls",	TEXT,	0 },
	{ "auth",	TEXT,	1 },
	{ "smtputf8",	FLAG,	0 },
	{ "body8bit",	FLAG,	0 },
	{ "received",	TEXT,	0 },
	{ "size",	NUMBER,	0 },
	{ "sha256",	DIGEST,	0 },
	{ "outcome",	TEXT,	0 },
	{ "reason",	TEXT,	0 },
	{ "policy",	TEXT,	0 },
	{ "class",	TEXT,	0 },
	{ "hold",	TEXT,	0 },
	{ "attempt",	NUMBER,	0 },
};

#define KEYS	(sizeof(keys) / sizeof(keys[0]))

struct entry {
	size_t	 key;		/* index into keys */
	char	*value;
};

struct manifest {
	struct entry	*entries;
	size_t		 count, room;
	size_t		 bytes;		/* of the lines */
};

struct manifest *
manifest_new(void)
{
	return calloc(1, sizeof(struct manifest));
}

void
manifest_free(struct manifest *m)
{
	size_t	 i;

	if (m == NULL)
		return;
	for (i = 0; i < m->count; i++)
		free(m->entries[i].value);
	free(m->entries);
	free(m);
}

/* Bytes of the UTF-8 character at s (n bytes left), 0 when it is none or a
 * control character. */
static size_t
value_char(const uint8_t *s, size_t n)
{
	uint32_t	 cp;
	size_t		 len, i;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f;
	len = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ?
	    3 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 0;
	if (len == 0 || len > n)
		return 0;
	cp = s[0] & (0xff >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3f);
	}
	if (cp < 0xa0 || (len == 3 && cp < 0x800) ||
	    (len == 4 && cp < 0x10000) || cp > 0x10ffff ||
	    (cp >= 0xd800 && cp <= 0xdfff))
		return 0;
	return len;
}

static int
value_is_text(const char *s, size_t len)
{
	size_t	 n;

	while (len > 0) {
		if ((n = value_char((const uint8_t *)s, len)) == 0)
			return 0;
		s += n;
		len -= n;
	}
	return 1;
}

static int
value_fits(enum form form, const char *s, size_t len)
{
	switch (form) {
	case TEXT:
		return value_is_text(s, len);
	case NUMBER:
		return len > 0 && len <= 18 && strspn(s, "0123456789") == len;
	case DIGEST:
		return len == 2 * SHA256_BYTES &&
		    strspn(s, "0123456789abcdef") == len;
	case FLAG:
		return strcmp(s, "yes") == 0;
	}
	return 0;
}

static size_t
key_find(const char *name, size_t len)
{
	size_t	 i;

	for (i = 0; i < KEYS; i++)
		if (strlen(keys[i].name) == len &&
		    memcmp(keys[i].name, name, len) == 0)
			break;
	return i;
}

/* Room for one more entry. */
static int
manifest_grow(struct manifest *m)
{
	size_t		 room = m->room > 0 ? m->room * 2 : 16;
	struct entry	*p;

	if (m->count < m->room)
		return ERR_OK;
	if ((p = reallocarray(m->entries, room, sizeof(*p))) == NULL)
		return ERR_MEMORY;
	m->entries = p;
	m->room = room;
	return ERR_OK;
}

/* Adds what is checked here; value has len bytes and no NUL. */
static int
manifest_put(struct manifest *m, size_t key, const char *value, size_t len)
{
	size_t	 line, i;
	char	*copy;
	int	 r;

	if (key == KEYS)
		return ERR_FORMAT;
	line = strlen(keys[key].name) + 1 + len + 1;
	if (len > VALUE_MAX || line > PARCEL_MANIFEST_MAX - m->bytes)
		return ERR_LIMIT;
	for (i = 0; i < m->count && !keys[key].repeatable; i++)
		if (m->entries[i].key == key)
			return ERR_FORMAT;
	if ((r = manifest_grow(m)) != ERR_OK)
		return r;
	if ((copy = strndup(value, len)) == NULL)
		return ERR_MEMORY;
	if (strlen(copy) != len || !value_fits(keys[key].form, copy, len)) {
		free(copy);
		return ERR_FORMAT;
	}
	m->entries[m->count++] = (struct entry){ key, copy };
	m->bytes += line;
	return ERR_OK;
}

int
manifest_add(struct manifest *m, const char *key, const char *value)
{
	return manifest_put(m, key_find(key, strlen(key)), value,
	    strlen(value));
}

const char *
manifest_find(const struct manifest *m, const char *key, size_t n)
{
	size_t	 k = key_find(key, strlen(key)), i;

	for (i = 0; i < m->count; i++)
		if (m->entries[i].key == k && n-- == 0)
			return m->entries[i].value;
	return NULL;
}

int
manifest_encode(const struct manifest *m, uint8_t **out, size_t *lenp)
{
	uint8_t	*buf, *p;
	size_t	 i, n;

	if ((buf = malloc(m->bytes > 0 ? m->bytes : 1)) == NULL)
		return ERR_MEMORY;
	for (p = buf, i = 0; i < m->count; i++) {
		n = strlen(keys[m->entries[i].key].name);
		memcpy(p, keys[m->entries[i].key].name, n);
		p += n;
		*p++ = ' ';
		n = strlen(m->entries[i].value);
		memcpy(p, m->entries[i].value, n);
		p += n;
		*p++ = '\n';
	}
	*out = buf;
	*lenp = m->bytes;
	return ERR_OK;
}

int
manifest_decode(const uint8_t *data, size_t len, struct manifest **mp)
{
	struct manifest	*m = manifest_new();
	const char	*p = (const char *)data, *end = p + len, *sp, *nl;
	int		 r = ERR_OK;

	if (m == NULL)
		return ERR_MEMORY;
	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		sp = nl == NULL ? NULL : memchr(p, ' ', (size_t)(nl - p));
		if (sp == NULL)
			r = ERR_FORMAT;
		else
			r = manifest_put(m, key_find(p, (size_t)(sp - p)),
			    sp + 1, (size_t)(nl - sp - 1));
		if (r != ERR_OK)
			goto out;
		p = nl + 1;
	}
	*mp = m;
	m = NULL;
 out:
	manifest_free(m);
	return r;
}
