/*
 * References: 96 random bits and 4 check bits as 20 letters of Crockford's
 * base 32. Run by every process. Hostile: what people type and what a peer
 * says is a reference. Must never accept a reference whose check bits do not
 * fit, and must never take randomness from anywhere but the kernel.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "err.h"
#include "ref.h"

#define REF_LETTERS	20	/* 5 bits each: 96 bits and 4 check bits */

const char ref_alphabet[33] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int
ref_new(struct ref *out)
{
	ssize_t	 n;

	do
		n = getrandom(out->b, sizeof(out->b), 0);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(out->b) ? ERR_OK : ERR_SYS;
}

/* CRC-4 (x^4 + x + 1): finds every single wrong bit, and 30 of 31 single wrong
 * or swapped neighbouring letters. */
static unsigned
ref_check(const uint8_t b[REF_BYTES])
{
	unsigned	 crc = 0, bit;
	int		 i, k;

	for (i = 0; i < REF_BYTES; i++)
		for (k = 7; k >= 0; k--) {
			bit = (crc >> 3 ^ b[i] >> k) & 1;
			crc = (crc << 1 & 15) ^ (bit ? 3 : 0);
		}
	return crc;
}

/* The n-th group of 5 bits of the 100, most significant first. */
static unsigned
ref_group(const uint8_t bits[REF_BYTES + 1], int n)
{
	unsigned	 v = 0;
	int		 i;

	for (i = n * 5; i < n * 5 + 5; i++)
		v = v << 1 | (bits[i / 8] >> (7 - i % 8) & 1);
	return v;
}

void
ref_format(const struct ref *r, char out[REF_TEXT_LEN + 1])
{
	uint8_t	 bits[REF_BYTES + 1];
	int	 i;

	memcpy(bits, r->b, REF_BYTES);
	bits[REF_BYTES] = (uint8_t)(ref_check(r->b) << 4);
	*out++ = 'L';
	*out++ = 'M';
	for (i = 0; i < REF_LETTERS; i++) {
		if (i % 5 == 0)
			*out++ = '-';
		*out++ = ref_alphabet[ref_group(bits, i)];
	}
	*out = '\0';
}

int
ref_letter(char c)
{
	const char	*p;

	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		c = '0';
	if (c == 'I' || c == 'L')
		c = '1';
	if (c == '\0' || (p = strchr(ref_alphabet, c)) == NULL)
		return -1;
	return (int)(p - ref_alphabet);
}

/* Letters of s without hyphens, at most max; -1 when there are more. */
static int
ref_letters(const char *s, char *out, int max)
{
	int	 n = 0;

	for (; *s != '\0'; s++) {
		if (*s == '-')
			continue;
		if (n == max)
			return -1;
		out[n++] = *s;
	}
	return n;
}

int
ref_parse(const char *s, struct ref *out)
{
	uint8_t	 bits[REF_BYTES + 1] = {0};
	char	 typed[REF_LETTERS + 2];
	char	*p = typed;
	int	 i, k, n, v;

	n = ref_letters(s, typed, REF_LETTERS + 2);
	if (n == REF_LETTERS + 2 && (p[0] == 'L' || p[0] == 'l') &&
	    (p[1] == 'M' || p[1] == 'm')) {
		p += 2;
		n -= 2;
	}
	if (n != REF_LETTERS)
		return ERR_FORMAT;
	for (i = 0; i < REF_LETTERS; i++) {
		if ((v = ref_letter(p[i])) == -1)
			return ERR_FORMAT;
		for (k = 0; k < 5; k++)
			if (v >> (4 - k) & 1)
				bits[(i * 5 + k) / 8] |=
				    (uint8_t)(0x80 >> (i * 5 + k) % 8);
	}
	if (bits[REF_BYTES] >> 4 != ref_check(bits))
		return ERR_CRYPTO;
	memcpy(out->b, bits, REF_BYTES);
	return ERR_OK;
}
