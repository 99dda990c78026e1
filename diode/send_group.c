/*
 * Blocks that are sent together (send_group.h).
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never send fewer parities than a burst on the line can take.
 */
#include <stdlib.h>
#include <string.h>

#include "datagram.h"
#include "err.h"
#include "fec.h"
#include "send_group.h"

#define BLOCKS		64
#define PARITY_LEAST	4	/* of a block among many */

struct block {
	struct datagram	 d;
	uint8_t		*sources, *parities;
	unsigned	 next, rows;	/* rows: k + m */
};

struct send_group {
	struct fec_encoder	*fec;
	unsigned		 parity, burst;
	uint16_t		 symbol;
	unsigned		 sources, sources_max;
	size_t			 count, left;
	struct block		 blocks[BLOCKS];
	uint8_t			*memory, *parities;
};

struct send_group *
send_group_new(int parity, int interleave, uint16_t symbol)
{
	struct send_group	*g;
	size_t			 most;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->parity = (unsigned)parity;
	g->burst = (unsigned)(parity * interleave);
	g->symbol = symbol;
	g->sources_max = FEC_SOURCES * (unsigned)interleave;
	/* Each block rounds up, and has a least. */
	most = 2 * g->burst + (PARITY_LEAST + 3) * BLOCKS;
	g->fec = fec_encoder_new();
	g->memory = calloc(g->sources_max, symbol);
	g->parities = calloc(most, symbol);
	if (g->fec == NULL || g->memory == NULL || g->parities == NULL) {
		send_group_free(g);
		return NULL;
	}
	return g;
}

void
send_group_free(struct send_group *g)
{
	if (g == NULL)
		return;
	fec_encoder_free(g->fec);
	free(g->memory);
	free(g->parities);
	free(g);
}

void
send_group_begin(struct send_group *g)
{
	g->sources = 0;
	g->count = g->left = 0;
}

int
send_group_has_room(const struct send_group *g, unsigned k)
{
	return g->count < BLOCKS && g->sources + k <= g->sources_max;
}

uint8_t *
send_group_place(struct send_group *g)
{
	return g->memory + (size_t)g->sources * g->symbol;
}

void
send_group_add(struct send_group *g, const struct datagram *d)
{
	struct block	*b = &g->blocks[g->count++];

	b->d = *d;
	b->sources = send_group_place(g);
	b->next = 0;
	g->sources += d->k;
}

/* The share of the group's parities that falls to a block, so that they are where the
 * rows are; and never fewer than the code rate asks for. */
static uint8_t
parity_of(const struct send_group *g, unsigned k)
{
	unsigned	 m = (k * g->parity + FEC_SOURCES - 1) / FEC_SOURCES;
	unsigned	 share = (k * g->burst + g->sources - 1) / g->sources;

	unsigned	 least = g->parity < PARITY_LEAST ? g->parity :
			    PARITY_LEAST;

	/* Rows of unlike blocks jostle. */
	if (g->parity > 0 && g->sources < g->count * FEC_SOURCES)
		share++;
	if (m < share)
		m = share;
	if (m < least)
		m = least;
	return (uint8_t)(m < FEC_PARITY_MAX ? m : FEC_PARITY_MAX);
}

static void
block_encode(struct send_group *g, struct block *b)
{
	uint8_t		*p[FEC_SOURCES], *out[FEC_PARITY_MAX];
	unsigned	 j;

	for (j = 0; j < b->d.k; j++)
		p[j] = b->sources + (size_t)j * g->symbol;
	for (j = 0; j < b->d.m; j++)
		out[j] = b->parities + (size_t)j * g->symbol;
	fec_encode(g->fec, p, b->d.k, g->symbol, b->d.round, b->d.m, out);
}

void
send_group_close(struct send_group *g)
{
	uint8_t		*at = g->parities;
	struct block	*b;

	for (b = g->blocks; b < g->blocks + g->count; b++) {
		b->d.m = parity_of(g, b->d.k);
		b->parities = at;
		b->rows = (unsigned)b->d.k + b->d.m;
		block_encode(g, b);
		at += (size_t)b->d.m * g->symbol;
		g->left += b->rows;
	}
}

/* Row n of a block with `rows` of them stands at (2n + 1) / 2 rows of the group. */
int
send_group_next(struct send_group *g, struct datagram *d,
    const uint8_t **symbol)
{
	struct block	*b, *first = NULL;
	unsigned	 n;

	for (b = g->blocks; b < g->blocks + g->count; b++)
		if (b->next < b->rows && (first == NULL ||
		    (2 * b->next + 1) * first->rows <
		    (2 * first->next + 1) * b->rows))
			first = b;
	if (first == NULL)
		return 0;
	n = first->next++;
	g->left--;
	*d = first->d;
	if (n < d->k) {
		d->index = (uint8_t)n;
		*symbol = first->sources + (size_t)n * g->symbol;
	} else {
		n -= d->k;
		d->index = fec_row(d->round, n);
		*symbol = first->parities + (size_t)n * g->symbol;
	}
	return 1;
}

size_t
send_group_left(const struct send_group *g)
{
	return g->left;
}
