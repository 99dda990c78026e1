/*
 * Parity of a block (fec.h).
 * Run by limpid-diode-send only.
 * Hostile input: none; these are the bytes of our own spool.
 * Must never write a row twice in one round.
 */
#include <stdlib.h>
#include <string.h>

#include <isa-l/erasure_code.h>

#include "err.h"
#include "fec.h"
#include "fec_matrix.h"

#define SHAPES	8

struct shape {
	unsigned		 k, m, round;
	uint64_t		 used;
	struct fec_matrix	 matrix;
};

struct fec_encoder {
	uint64_t	 turn;
	struct shape	 shapes[SHAPES];
};

struct fec_encoder *
fec_encoder_new(void)
{
	return calloc(1, sizeof(struct fec_encoder));
}

void
fec_encoder_free(struct fec_encoder *e)
{
	free(e);
}

uint8_t
fec_row(unsigned round, unsigned i)
{
	return (uint8_t)(FEC_SOURCES + (64 * (round % 3) + 16 * (round / 3) +
	    i) % (FEC_ROW_END - FEC_SOURCES));
}

static void
shape_make(struct shape *s, unsigned k, unsigned round, unsigned m)
{
	uint8_t		 matrix[FEC_SOURCES * FEC_PARITY_MAX];
	unsigned	 i, j;

	for (i = 0; i < m; i++)
		for (j = 0; j < k; j++)
			matrix[i * k + j] = gf_inv((uint8_t)(fec_row(round,
			    i) ^ j));
	fec_matrix_set(&s->matrix, matrix, k, m);
	s->k = k;
	s->m = m;
	s->round = round;
}

static struct shape *
shape_find(struct fec_encoder *e, unsigned k, unsigned round, unsigned m)
{
	struct shape	*oldest = &e->shapes[0], *s;

	for (s = e->shapes; s < e->shapes + SHAPES; s++) {
		if (s->k == k && s->m == m && s->round == round) {
			oldest = s;
			break;
		}
		if (s->used < oldest->used)
			oldest = s;
	}
	if (oldest->k != k || oldest->m != m || oldest->round != round)
		shape_make(oldest, k, round, m);
	oldest->used = ++e->turn;
	return oldest;
}

void
fec_encode(struct fec_encoder *e, uint8_t *const *src, unsigned k, size_t len,
    unsigned round, unsigned m, uint8_t *const *out)
{
	struct shape	*s;

	if (k == 0 || k > FEC_SOURCES || m > FEC_PARITY_MAX)
		panic("fec_encode: a block of that shape does not exist");
	if (m == 0)
		return;
	s = shape_find(e, k, round, m);
	fec_matrix_multiply(&s->matrix, src, out, len);
}
