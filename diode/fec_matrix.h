/*
 * Multiplies symbols by a matrix over GF(2^8), polynomial 0x11d: what encoding and
 * decoding both come down to.
 */
#ifndef LIMPID_FEC_MATRIX_H
#define LIMPID_FEC_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "fec.h"

struct fec_matrix {
	unsigned	 k, m;
	int		 wide;		/* GFNI */
	union {
		/* ISA-L's nibble tables, or a matrix of bits each */
		uint8_t		 isal[32 * FEC_SOURCES * FEC_PARITY_MAX];
		uint64_t	 gfni[FEC_SOURCES * FEC_PARITY_MAX];
	}		 tables;
};

/* Prepares m rows of k coefficients, row by row; both at most 64. */
void fec_matrix_set(struct fec_matrix *x, const uint8_t *coefficients,
    unsigned k, unsigned m);
/* The same without GFNI: what an older processor does. */
void fec_matrix_set_plain(struct fec_matrix *x, const uint8_t *coefficients,
    unsigned k, unsigned m);
/* out[i] = sum over j of coefficient (i, j) times src[j]; len is a multiple of 64. */
void fec_matrix_multiply(const struct fec_matrix *x, uint8_t *const *src,
    uint8_t *const *out, size_t len);
/* The same, added to what is in out. */
void fec_matrix_add(const struct fec_matrix *x, uint8_t *const *src,
    uint8_t *const *out, size_t len);

#endif
