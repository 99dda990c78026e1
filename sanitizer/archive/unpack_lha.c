/*
 * unpack_lha: the raw names in an LHA archive, which the library would refuse to
 * give away before it knows their charset.
 * Runs in: worker-archive, in the jail.
 * Hostile input: headers, found by their signature wherever they stand.
 * Must never: look at more than the names, or further than the part is long.
 */
#include <string.h>

#include "unpack_private.h"

#define HEADERS_MAX	4096
#define NAME_BYTES	1024
#define BASE		20	/* of a header, from its signature on */

static void
learn(struct unpack_names *n, const uint8_t *s, size_t len)
{
	char	 name[NAME_BYTES];
	size_t	 i;

	if (len >= sizeof(name))
		len = sizeof(name) - 1;
	for (i = 0; i < len; i++)	/* 0xff is LHA's own "/" */
		name[i] = s[i] == 0xff || s[i] == 0 ? '/' : (char)s[i];
	name[len] = '\0';
	unpack_names_learn(n, name);
}

/* Extended headers, each with the length of the next: 1 is a name, 2 a folder. */
static void
extended(struct unpack_names *n, const uint8_t *h, size_t left, size_t at)
{
	size_t	 size, steps;

	for (steps = 0; steps < 32 && at + 2 <= left; steps++) {
		size = h[at] | (size_t)h[at + 1] << 8;
		if (size < 3 || size > left - at)
			return;
		if (h[at + 2] == 1 || h[at + 2] == 2)
			learn(n, h + at + 3, size - 3 < left - at - 3 ?
			    size - 3 : left - at - 3);
		at += size;
	}
}

void
unpack_lha_names(const uint8_t *data, size_t len, struct unpack_names *n)
{
	const uint8_t	*h = data, *end = data + len;
	size_t		 i, left, name;

	for (i = 0; i < HEADERS_MAX && (h = memmem(h, (size_t)(end - h), "-l",
	    2)) != NULL; i++, h += 2) {
		left = (size_t)(end - h);
		if (left < BASE + 4 || h[4] != '-')
			continue;
		name = h[19];
		if (h[18] <= 1 && name <= left - BASE)
			learn(n, h + BASE, name);
		if (h[18] == 1 && BASE + name + 5 <= left)
			extended(n, h, left, BASE + name + 3);
		if (h[18] == 2)
			extended(n, h, left, 22);
	}
	if (n->len > 0)
		unpack_names_settle(n);
}
