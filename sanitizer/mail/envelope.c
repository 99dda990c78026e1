/*
 * envelope: the outermost layers of S/MIME, read without cryptography.
 * Runs in: worker-identify and worker-mime, in the jail.
 * Hostile input: BER of any depth, with lengths that lie or are missing.
 * Must never: recurse, or read beyond what it was given.
 */
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "err.h"

#define TAG_INTEGER	0x02
#define TAG_OCTETS	0x04
#define TAG_OID		0x06
#define TAG_SEQUENCE	0x30
#define TAG_SET		0x31
#define TAG_EXPLICIT	0xa0		/* [0], constructed */
#define CONSTRUCTED	0x20

/* A place in BER; end is that of the innermost layer whose length is known. */
struct ber {
	const uint8_t	*s;
	size_t		 at, end;
};

struct element {
	uint8_t	 tag;
	int	 open;		/* without a length, up to an end mark */
	int	 whole;		/* all of its length is there */
	size_t	 len;
};

/* Reads a tag and a length, which may be more than is left: mails are cut. */
static int
ber_head(struct ber *b, struct element *e)
{
	size_t	 n;

	if (b->end - b->at < 2 || (b->s[b->at] & 0x1f) == 0x1f)
		return 0;
	e->tag = b->s[b->at++];
	n = b->s[b->at++];
	e->open = n == 0x80;
	e->len = n < 0x80 ? n : 0;
	if (n > 0x80) {
		if ((n -= 0x80) > sizeof(size_t) || n > b->end - b->at)
			return 0;
		for (; n > 0; n--)
			e->len = e->len << 8 | b->s[b->at++];
	}
	e->whole = e->len <= b->end - b->at;
	if (!e->whole)
		e->len = b->end - b->at;
	return !e->open || (e->tag & CONSTRUCTED) != 0;
}

static int
is_end_mark(const struct element *e)
{
	return e->tag == 0 && !e->open && e->len == 0;
}

/* Steps into an element of this tag. */
static int
ber_enter(struct ber *b, uint8_t tag)
{
	struct element	 e;

	if (!ber_head(b, &e) || e.tag != tag)
		return 0;
	if (!e.open)
		b->end = b->at + e.len;
	return 1;
}

/* Steps over an element of this tag. */
static int
ber_skip(struct ber *b, uint8_t tag)
{
	struct element	 e;
	size_t		 open = 0;

	if (b->at >= b->end || b->s[b->at] != tag)
		return 0;
	do {
		if (!ber_head(b, &e) || !e.whole)
			return 0;
		if (e.open)
			open++;
		else if (is_end_mark(&e) && open > 0)
			open--;
		else
			b->at += e.len;
	} while (open > 0);
	return 1;
}

/* Which ContentInfo begins here; b then stands in what it holds. */
static enum envelope
envelope_type(struct ber *b)
{
	static const uint8_t	 pkcs7[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07";
	static const uint8_t	 smime[] =
	    "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01";
	struct element		 e;
	const uint8_t		*oid;

	if (!ber_enter(b, TAG_SEQUENCE) || !ber_head(b, &e) ||
	    e.tag != TAG_OID || e.open || !e.whole)
		return ENVELOPE_NONE;
	oid = b->s + b->at;
	b->at += e.len;
	if (!ber_enter(b, TAG_EXPLICIT))
		return ENVELOPE_NONE;
	if (e.len == 9 && memcmp(oid, pkcs7, 8) == 0)
		return oid[8] == 2 ? ENVELOPE_SIGNED : oid[8] == 3 ||
		    oid[8] == 4 || oid[8] == 6 ? ENVELOPE_ENCRYPTED :
		    ENVELOPE_NONE;
	if (e.len == 11 && memcmp(oid, smime, 10) == 0)
		return oid[10] == 9 ? ENVELOPE_COMPRESSED : oid[10] == 23 ?
		    ENVELOPE_ENCRYPTED : ENVELOPE_NONE;
	return ENVELOPE_NONE;
}

/* Steps to the encapsulated content; 0 when there is none. */
static int
envelope_enter(struct ber *b, enum envelope type)
{
	return ber_enter(b, TAG_SEQUENCE) && ber_skip(b, TAG_INTEGER) &&
	    ber_skip(b, type == ENVELOPE_SIGNED ? TAG_SET : TAG_SEQUENCE) &&
	    ber_enter(b, TAG_SEQUENCE) && ber_skip(b, TAG_OID) &&
	    ber_enter(b, TAG_EXPLICIT);
}

enum envelope
envelope_find(const uint8_t *data, size_t len)
{
	struct ber	 b = { data, 0, len };
	enum envelope	 type = envelope_type(&b);

	if (type == ENVELOPE_SIGNED && !envelope_enter(&b, type))
		return ENVELOPE_SIGNATURE;
	return type;
}

/* Octets that come in pieces: each is copied, whatever holds them. */
static int
octets_join(struct ber *b, uint8_t *out, size_t *n)
{
	struct element	 e;
	size_t		 open = 0, total = 0;

	if (b->at >= b->end || (b->s[b->at] & ~CONSTRUCTED) != TAG_OCTETS)
		return 0;
	do {
		if (!ber_head(b, &e))
			return 0;
		if (is_end_mark(&e) && open > 0) {
			open--;
		} else if ((e.tag & ~CONSTRUCTED) != TAG_OCTETS) {
			return 0;
		} else if (e.open) {
			open++;
		} else if ((e.tag & CONSTRUCTED) && open == 0) {
			b->end = b->at + e.len;
			open = 1;
		} else if (!(e.tag & CONSTRUCTED)) {
			memcpy(out + total, b->s + b->at, e.len);
			total += e.len;
			b->at += e.len;
		}
	} while (open > 0 && b->at < b->end);
	*n = total;
	return 1;
}

int
envelope_content(const uint8_t *data, size_t len, uint8_t **content, size_t *n)
{
	struct ber	 b = { data, 0, len };
	enum envelope	 type = envelope_type(&b);
	uint8_t		*out;

	if ((type != ENVELOPE_SIGNED && type != ENVELOPE_COMPRESSED) ||
	    !envelope_enter(&b, type))
		return ERR_FORMAT;
	if ((out = malloc(b.end - b.at + 1)) == NULL)
		return ERR_MEMORY;
	if (!octets_join(&b, out, n)) {
		free(out);
		return ERR_FORMAT;
	}
	*content = out;
	return ERR_OK;
}
