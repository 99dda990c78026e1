/*
 * Missing sources of a block (fec.h).
 * Run by limpid-diode-recv only, in the spool writer.
 * Hostile input: none that the front did not authenticate; counts and rows are checked
 * by the caller and once more here.
 * Must never invert a whole k x k matrix: that is slower than the line.
 */
#include <stdlib.h>
#include <string.h>

#include <isa-l/erasure_code.h>

#include "err.h"
#include "fec.h"
#include "fec_matrix.h"

struct fec_decoder {
	unsigned		 missing[FEC_SOURCES], e;	/* to find */
	unsigned		 known[FEC_SOURCES], n;
	uint8_t			 matrix[FEC_SOURCES * FEC_SOURCES];
	uint8_t			 inverse[FEC_SOURCES * FEC_SOURCES];
	struct fec_matrix	 by;
	uint8_t			*from[FEC_SOURCES], *to[FEC_SOURCES];
};

struct fec_decoder *
fec_decoder_new(void)
{
	return calloc(1, sizeof(struct fec_decoder));
}

void
fec_decoder_free(struct fec_decoder *d)
{
	free(d);
}

static uint8_t
coefficient(uint8_t row, unsigned source)
{
	return gf_inv((uint8_t)(row ^ source));
}

static void
sources_sort(struct fec_decoder *d, const uint8_t *have, unsigned k)
{
	unsigned	 j;

	d->n = d->e = 0;
	for (j = 0; j < k; j++) {
		if (have[j])
			d->known[d->n++] = j;
		else
			d->missing[d->e++] = j;
	}
}

/* Takes what is known of the block out of each parity: what stays depends on the
 * missing sources only. */
static void
known_subtract(struct fec_decoder *d, uint8_t *const *src, size_t len,
    uint8_t *const *parity, const uint8_t *row)
{
	unsigned	 i, j;

	if (d->n == 0)
		return;
	for (i = 0; i < d->e; i++)
		for (j = 0; j < d->n; j++)
			d->matrix[i * d->n + j] = coefficient(row[i],
			    d->known[j]);
	fec_matrix_set(&d->by, d->matrix, d->n, d->e);
	for (j = 0; j < d->n; j++)
		d->from[j] = src[d->known[j]];
	fec_matrix_add(&d->by, d->from, parity, len);
}

/* The matrix of missing sources by parities is a Cauchy matrix, 1 / (row + source), and
 * so is the way back, but for a factor for each row and column (S. Schechter, "On the
 * inversion of certain matrices", 1959). ERR_LIMIT: two rows are the same. */
static int
inverse_find(struct fec_decoder *d, const uint8_t *row)
{
	uint8_t		 by_row[FEC_SOURCES], by_source[FEC_SOURCES];
	uint8_t		 up, down;
	unsigned	 i, j;

	for (i = 0; i < d->e; i++) {
		for (j = 0, up = down = 1; j < d->e; j++) {
			up = gf_mul(up, (uint8_t)(row[i] ^ d->missing[j]));
			if (j != i)
				down = gf_mul(down, row[i] ^ row[j]);
		}
		if (down == 0)
			return ERR_LIMIT;
		by_row[i] = gf_mul(up, gf_inv(down));
		for (j = 0, up = down = 1; j < d->e; j++) {
			up = gf_mul(up, (uint8_t)(row[j] ^ d->missing[i]));
			if (j != i)
				down = gf_mul(down, (uint8_t)(d->missing[i] ^
				    d->missing[j]));
		}
		by_source[i] = gf_mul(up, gf_inv(down));
	}
	for (i = 0; i < d->e; i++)
		for (j = 0; j < d->e; j++)
			d->inverse[i * d->e + j] = gf_mul(coefficient(row[j],
			    d->missing[i]), gf_mul(by_source[i], by_row[j]));
	return ERR_OK;
}

int
fec_decode(struct fec_decoder *d, uint8_t *const *src, const uint8_t *have,
    unsigned k, size_t len, uint8_t *const *parity, const uint8_t *row,
    unsigned count)
{
	unsigned	 i;

	if (k == 0 || k > FEC_SOURCES)
		return ERR_LIMIT;
	sources_sort(d, have, k);
	if (d->e == 0)
		return ERR_OK;
	if (d->e > count)
		return ERR_LIMIT;
	/* Nothing is spoilt before it is known that there is a way back. */
	if (inverse_find(d, row) != ERR_OK)
		return ERR_LIMIT;
	known_subtract(d, src, len, parity, row);
	fec_matrix_set(&d->by, d->inverse, d->e, d->e);
	for (i = 0; i < d->e; i++)
		d->to[i] = src[d->missing[i]];
	fec_matrix_multiply(&d->by, parity, d->to, len);
	return ERR_OK;
}
