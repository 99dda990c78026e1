/*
 * charset_table: sets in which every byte is a character, as tables of ours, so
 * that their fifty libraries need not stay in a warm parent: every fork would copy
 * the places where they lie, and that is most of what a small part costs.
 * Runs in: worker-mime, -text and -html. Hostile input: the bytes of texts.
 * Must never: write more than there is room for.
 */
#include <errno.h>
#include <string.h>

#include "charset_table.h"

/* 1 when the byte is a character of its own, or none at all. */
static int
byte_learn(struct charset_table *t, unsigned byte, iconv_t cd,
    charset_iconv *convert)
{
	char	 in[1] = { (char)byte }, out[16], *from = in, *to = out;
	size_t	 left = 1, room = sizeof(out), n;

	convert(cd, NULL, NULL, NULL, NULL);
	if (convert(cd, &from, &left, &to, &room) == (size_t)-1)
		return errno == EILSEQ;
	n = sizeof(out) - room;
	/* None yet: it waits for what may follow. */
	if (left != 0 || n == 0 || n > sizeof(t->utf8[byte]))
		return 0;
	memcpy(t->utf8[byte], out, n);
	t->len[byte] = (uint8_t)n;
	/* Nor may anything be left over. */
	return convert(cd, NULL, NULL, &to, &room) == 0 &&
	    sizeof(out) - room == n;
}

int
charset_table_learn(struct charset_table *t, iconv_t cd,
    charset_iconv *convert)
{
	unsigned	 i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < 256; i++)
		if (!byte_learn(t, i, cd, convert))
			return 0;
	return 1;
}

size_t
charset_table_convert(const struct charset_table *t, char **in,
    size_t *in_left, char **out, size_t *out_left)
{
	uint8_t	 byte;

	if (in == NULL || *in == NULL)
		return 0;		/* there is no state */
	for (; *in_left > 0; (*in)++, (*in_left)--) {
		byte = (uint8_t)**in;
		if (t->len[byte] == 0) {
			errno = EILSEQ;
			return (size_t)-1;
		}
		if (t->len[byte] > *out_left) {
			errno = E2BIG;
			return (size_t)-1;
		}
		memcpy(*out, t->utf8[byte], t->len[byte]);
		*out += t->len[byte];
		*out_left -= t->len[byte];
	}
	return 0;
}
