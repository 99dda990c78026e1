/*
 * Forward error correction of one block: Cauchy Reed-Solomon over GF(2^8) with the
 * polynomial of ISA-L (0x11d). A block has k source symbols, at most FEC_SOURCES;
 * those that are missing up to FEC_SOURCES count as zeros and are never sent.
 *
 * Rows 0..63 are the sources themselves; parity row i (64..254) is the sum over all
 * sources j of symbol j times the inverse of (i xor j). Any k rows give the block
 * back. Who only encodes links fec_encode.c, who only decodes fec_decode.c.
 */
#ifndef LIMPID_FEC_H
#define LIMPID_FEC_H

#include <stddef.h>
#include <stdint.h>

#define FEC_SOURCES	64
#define FEC_ROW_END	255	/* one past the last parity row */
#define FEC_PARITY_MAX	64	/* parity symbols of one block in one round */

/* The row of parity symbol i of a round. No row comes twice in three rounds of up to 63
 * symbols, nor in eleven of up to 16. */
uint8_t fec_row(unsigned round, unsigned i);

struct fec_encoder;

/* Keeps the tables of the last few shapes. NULL: no memory. */
struct fec_encoder *fec_encoder_new(void);
void fec_encoder_free(struct fec_encoder *e);
/* Writes the m parity symbols of a round. src: k pointers, out: m pointers, to len
 * bytes each. */
void fec_encode(struct fec_encoder *e, uint8_t *const *src, unsigned k,
    size_t len, unsigned round, unsigned m, uint8_t *const *out);

struct fec_decoder;

/* Room to work in. NULL: no memory. */
struct fec_decoder *fec_decoder_new(void);
void fec_decoder_free(struct fec_decoder *d);
/*
 * Fills in the missing sources. src: k pointers to len bytes; have[j] is 1 where
 * source j is there. parity[i] is the symbol of row[i]; count of them, at least as
 * many as sources are missing, all rows different. The parity symbols are spoilt.
 * ERR_LIMIT: too few. Inverts only a matrix of the missing sources by as many
 * parities, because known sources are subtracted first.
 */
int fec_decode(struct fec_decoder *d, uint8_t *const *src, const uint8_t *have,
    unsigned k, size_t len, uint8_t *const *parity, const uint8_t *row,
    unsigned count);

#endif
