/*
 * Missing sources of a block (fec.h).
 * Run by limpid-diode-recv only, in the spool writer.
 * Hostile input: none that the front did not authenticate; counts and rows are checked
 * by the caller and once more here.
 * Must never invert the whole k x k matrix: that is slower than the line.
 */
#include <stdlib.h>
#include <string.h>

#include <isa-l/erasure_code.h>

#include "err.h"
#include "fec.h"

struct decode {
	unsigned	 missing[FEC_SOURCES], e;	/* sources to find */
	unsigned	 known[FEC_SOURCES], n;
	uint8_t		 matrix[FEC_SOURCES * FEC_SOURCES];
	uint8_t		 inverse[FEC_SOURCES * FEC_SOURCES];
	uint8_t		 tables[32 * FEC_SOURCES * FEC_SOURCES];
	uint8_t		*from[FEC_SOURCES], *to[FEC_SOURCES];
};

static uint8_t
coefficient(uint8_t row, unsigned source)
{
	return gf_inv((uint8_t)(row ^ source));
}

static void
sources_sort(struct decode *d, const uint8_t *have, unsigned k)
{
	unsigned	 j;

	for (j = 0; j < k; j++) {
		if (have[j])
			d->known[d->n++] = j;
		else
			d->missing[d->e++] = j;
	}
}

/* Takes what is known of the block out of each parity: what stays depends on the
 * missing sources only. ISA-L adds in place, one source at a time. */
static void
known_subtract(struct decode *d, uint8_t *const *src, size_t len,
    uint8_t *const *parity, const uint8_t *row)
{
	unsigned	 i, j;

	if (d->n == 0)
		return;
	for (i = 0; i < d->e; i++)
		for (j = 0; j < d->n; j++)
			d->matrix[i * d->n + j] = coefficient(row[i],
			    d->known[j]);
	ec_init_tables((int)d->n, (int)d->e, d->matrix, d->tables);
	for (i = 0; i < d->e; i++)
		d->to[i] = parity[i];
	for (j = 0; j < d->n; j++)
		ec_encode_data_update((int)len, (int)d->n, (int)d->e, (int)j,
		    d->tables, src[d->known[j]], d->to);
}

int
fec_decode(uint8_t *const *src, const uint8_t *have, unsigned k, size_t len,
    uint8_t *const *parity, const uint8_t *row, unsigned count)
{
	struct decode	*d;
	unsigned	 i, j;
	int		 r = ERR_OK;

	if (k == 0 || k > FEC_SOURCES)
		return ERR_LIMIT;
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return ERR_MEMORY;
	sources_sort(d, have, k);
	if (d->e == 0)
		goto out;
	if (d->e > count) {
		r = ERR_LIMIT;
		goto out;
	}
	known_subtract(d, src, len, parity, row);
	for (i = 0; i < d->e; i++)
		for (j = 0; j < d->e; j++)
			d->matrix[i * d->e + j] = coefficient(row[i],
			    d->missing[j]);
	if (gf_invert_matrix(d->matrix, d->inverse, (int)d->e) != 0) {
		r = ERR_LIMIT;	/* two rows are the same */
		goto out;
	}
	ec_init_tables((int)d->e, (int)d->e, d->inverse, d->tables);
	for (i = 0; i < d->e; i++) {
		d->from[i] = parity[i];
		d->to[i] = src[d->missing[i]];
	}
	ec_encode_data((int)len, (int)d->e, (int)d->e, d->tables, d->from,
	    d->to);
 out:
	free(d);
	return r;
}
