/*
 * unpack_arj: an ARJ archive written anew as LHA, whose packing is the same, because
 * libarchive does not know ARJ.
 * Runs in: worker-archive, in the jail.
 * Hostile input: the headers; packed bytes are copied as they are.
 * Must never: believe a length, or write more than it reads.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "unpack_private.h"

#define BASIC_MIN	30	/* of a header, before its name */
#define BASIC_MAX	2600
#define NAME_MAX_LHA	220
#define FLAG_GARBLED	0x01
#define TYPE_TEXT	1	/* 0 bytes, 1 text; others are folders and labels */

struct arj {
	const uint8_t	*data;
	size_t		 len, at;
	uint8_t		*out;
	size_t		 out_len;
};

static size_t
le16(const uint8_t *p)
{
	return p[0] | (size_t)p[1] << 8;
}

static size_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* The basic header at a->at, which is left behind it and what extends it. NULL: there
 * is none, so the archive ends here. */
static const uint8_t *
header_next(struct arj *a, size_t *basic)
{
	const uint8_t	*h = a->data + a->at;
	size_t		 left = a->len - a->at, n;

	if (left < 4 || h[0] != 0x60 || h[1] != 0xea)
		return NULL;
	n = le16(h + 2);
	if (n < BASIC_MIN || n > BASIC_MAX || left - 4 < n + 6 ||
	    h[4] < BASIC_MIN || h[4] > n)
		return NULL;
	*basic = n;
	a->at += 4 + n + 4;
	while (a->len - a->at >= 2 && (n = le16(a->data + a->at)) > 0) {
		if (a->len - a->at < 2 + n + 4)
			return NULL;
		a->at += 2 + n + 4;
	}
	if (a->len - a->at < 2)
		return NULL;
	a->at += 2;
	return h + 4;
}

static const char *
method_name(uint8_t method)
{
	if (method == 0)
		return "-lh0-";
	/* the fastest packing is one of its own; libarchive unpacks no lh2 */
	return method <= 3 ? "-lh6-" : "-lh2-";
}

static void
member_write(struct arj *a, const uint8_t *h, size_t basic, size_t packed)
{
	const uint8_t	*name = h + h[0];
	size_t		 n = strnlen((const char *)name, basic - h[0]);
	uint8_t		*o = a->out + a->out_len, sum = 0;

	if (n > NAME_MAX_LHA) {		/* the end says what it is */
		name += n - NAME_MAX_LHA;
		n = NAME_MAX_LHA;
	}
	o[0] = (uint8_t)(20 + n);		/* without a checksum of its data */
	memcpy(o + 2, method_name(h[5]), 5);
	memcpy(o + 7, h + 12, 8);		/* packed, whole */
	memcpy(o + 15, h + 8, 4);		/* time */
	o[19] = 0x20;
	o[20] = 0;
	o[21] = (uint8_t)n;
	memcpy(o + 22, name, n);
	for (size_t i = 2; i < 22 + n; i++)
		sum = (uint8_t)(sum + o[i]);
	o[1] = sum;
	memcpy(o + 22 + n, a->data + a->at, packed);
	a->out_len += 22 + n + packed;
}

int
unpack_arj_convert(const uint8_t *data, size_t len, uint8_t **outp,
    size_t *out_lenp, int *locked)
{
	struct arj	 a = { .data = data, .len = len };
	const uint8_t	*h;
	size_t		 basic, packed;

	*locked = 0;
	if (header_next(&a, &basic) == NULL)
		return ERR_FORMAT;
	if ((a.out = malloc(len + 1)) == NULL)
		return ERR_MEMORY;
	while ((h = header_next(&a, &basic)) != NULL) {
		packed = le32(h + 12);
		*locked |= (h[4] & FLAG_GARBLED) != 0;
		if (packed > len - a.at)
			break;
		if (h[6] <= TYPE_TEXT)
			member_write(&a, h, basic, packed);
		a.at += packed;
	}
	a.out[a.out_len++] = 0;
	*outp = a.out;
	*out_lenp = a.out_len;
	return ERR_OK;
}
