/*
 * Resend slip: what an operator reads on the receiving host and types on the sending
 * one, for mail that never came. It names a link and a range of sequences, and is no
 * secret and no permission: what it can do is have the sender repeat what it sent.
 *
 *	LR-XXXXX-XXXXX-XXXXX	Crockford base 32
 *
 * 15 letters of 5 bits: version (3 bits, 1) and link (2 bits); first sequence, 8
 * letters; count - 1, 4 letters; check, 2 letters: the 13 before, read as a number
 * modulo 1021. Each wrong letter and each swap of two is found.
 */
#ifndef LIMPID_SLIP_H
#define LIMPID_SLIP_H

#include <stdint.h>

#define SLIP_TEXT_LEN	20		/* without the NUL */
#define SLIP_FIRST_MAX	((UINT64_C(1) << 40) - 1)
#define SLIP_COUNT_MAX	(UINT32_C(1) << 20)

struct slip {
	int		 link;		/* 1 or 2 */
	uint64_t	 first;
	uint32_t	 count;		/* from 1 */
};

/* ERR_LIMIT when it does not fit a slip. */
int slip_format(const struct slip *s, char out[SLIP_TEXT_LEN + 1]);
/*
 * Accepts what people type: any case, o for 0, i and l for 1, hyphens and spaces
 * anywhere or nowhere, "LR" optional. ERR_FORMAT: it is no slip, ERR_CRYPTO: a letter
 * is mistyped, ERR_LIMIT: a slip of another version or link.
 */
int slip_parse(const char *text, struct slip *out);

#endif
