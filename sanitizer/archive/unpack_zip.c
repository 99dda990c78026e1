/*
 * unpack_zip: finds ZIP bombs whose members are the same bytes read many times.
 * Runs in: worker-archive, in the jail.
 * Hostile input: the central directory.
 * Must never: unpack anything, or take longer than the directory is long.
 */
#include <stdlib.h>
#include <string.h>

#include "unpack_private.h"

#define EOCD		22
#define CENTRAL		46
#define LOCAL		30
#define ENTRIES_MAX	100000
#define SHARED_MAX	2	/* some writers store equal files once */

struct extent {
	uint64_t	from, to;
};

static uint32_t
le16(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static size_t
directory_find(const uint8_t *data, size_t len)
{
	size_t	 at, stop = len > 65536 + EOCD ? len - 65536 - EOCD : 0;

	for (at = len >= EOCD ? len - EOCD + 1 : 0; at > stop; at--)
		if (memcmp(data + at - 1, "PK\x05\x06", 4) == 0)
			return le32(data + at - 1 + 16);
	return len;
}

static int
extent_compare(const void *a, const void *b)
{
	const struct extent	*x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

/* Entries of the central directory in out; how many. */
static size_t
extents_read(const uint8_t *data, size_t len, struct extent *out, size_t max)
{
	size_t		 at = directory_find(data, len), n = 0;
	const uint8_t	*h;

	while (n < max && at <= len && len - at >= CENTRAL &&
	    memcmp(data + at, "PK\x01\x02", 4) == 0) {
		h = data + at;
		out[n].from = le32(h + 42);
		out[n].to = out[n].from + LOCAL + le16(h + 28) + le32(h + 20);
		/* ZIP64 keeps its numbers elsewhere */
		if (le32(h + 20) != UINT32_MAX && le32(h + 42) != UINT32_MAX)
			n++;
		at += CENTRAL + le16(h + 28) + le16(h + 30) + le16(h + 32);
	}
	return n;
}

int
unpack_zip_overlaps(const uint8_t *data, size_t len)
{
	struct extent	*e;
	size_t		 max = len / CENTRAL + 1, n, i, shared = 0;
	uint64_t	 end = 0;

	if (max > ENTRIES_MAX)
		max = ENTRIES_MAX;
	if ((e = calloc(max, sizeof(*e))) == NULL)
		return 0;
	n = extents_read(data, len, e, max);
	qsort(e, n, sizeof(*e), extent_compare);
	for (i = 0; i < n; i++) {
		shared += e[i].from < end;
		if (e[i].to > end)
			end = e[i].to;
	}
	free(e);
	return shared > SHARED_MAX;
}
