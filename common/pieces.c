/*
 * The digest of a parcel, piece by piece (pieces.h).
 * Run by every process that makes or opens parcels.
 * Hostile input: bytes, which are hashed and nothing else.
 * Must never leave a byte out.
 */
#include <stdlib.h>

#include "err.h"
#include "pieces.h"

struct pieces {
	struct hash	*list, *piece;	/* piece: NULL between two */
	size_t		 have;		/* bytes of the piece */
};

struct pieces *
pieces_new(void)
{
	struct pieces	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if ((p->list = hash_new()) == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
pieces_free(struct pieces *p)
{
	if (p == NULL)
		return;
	hash_free(p->list);
	hash_free(p->piece);
	free(p);
}

static int
piece_end(struct pieces *p)
{
	uint8_t		 sum[SHA256_BYTES];
	struct hash	*piece = p->piece;
	int		 r;

	p->piece = NULL;
	p->have = 0;
	if ((r = hash_final(piece, sum)) != ERR_OK)
		return r;
	return hash_update(p->list, sum, sizeof(sum));
}

int
pieces_update(struct pieces *p, const void *data, size_t len)
{
	const uint8_t	*in = data;
	size_t		 n;
	int		 r = ERR_OK;

	for (; r == ERR_OK && len > 0; in += n, len -= n) {
		if (p->piece == NULL && (p->piece = hash_new()) == NULL)
			return ERR_MEMORY;
		n = PIECE_BYTES - p->have;
		n = n < len ? n : len;
		p->have += n;
		r = hash_update(p->piece, in, n);
		if (r == ERR_OK && p->have == PIECE_BYTES)
			r = piece_end(p);
	}
	return r;
}

int
pieces_final(struct pieces *p, uint8_t out[SHA256_BYTES])
{
	struct hash	*list;
	int		 r = ERR_OK;

	if (p->piece != NULL)
		r = piece_end(p);
	if (r == ERR_OK) {
		list = p->list;
		p->list = NULL;
		r = hash_final(list, out);
	}
	pieces_free(p);
	return r;
}
