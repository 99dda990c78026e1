/*
 * A signature and what it signs, as worker-mime hands them to worker-smime through
 * the router. Whoever shows the content also says which bytes were signed, so that
 * no second reading of the mail can differ from the first.
 */
#ifndef LIMPID_SIGNED_PAIR_H
#define LIMPID_SIGNED_PAIR_H

#include <stddef.h>
#include <stdint.h>

/* What worker-mime calls a pair; no content is ever identified as this. */
#define SIGNED_PAIR_FORMAT	"S/MIME pair"
#define SIGNED_PAIR_TEXT_MAX	320

struct signed_pair {
	char		 from[SIGNED_PAIR_TEXT_MAX];	/* shown sender, "" none */
	char		 over[SIGNED_PAIR_TEXT_MAX];	/* path of what is signed,
							 * "" the whole mail */
	const uint8_t	*signature;
	size_t		 signature_len;
	const uint8_t	*content;
	size_t		 content_len;
};

/* In one new buffer (caller frees) of *len bytes. NULL: no memory. */
uint8_t *signed_pair_pack(const struct signed_pair *p, size_t *len);
/* Borrows from data. ERR_FORMAT, ERR_MEMORY. */
int signed_pair_unpack(const uint8_t *data, size_t len, struct signed_pair *p);

#endif
