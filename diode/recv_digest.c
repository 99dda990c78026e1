/*
 * The digest of a received parcel (recv_digest.h).
 * Run by limpid-diode-recv only.
 * Hostile input: bytes, which are hashed and nothing else.
 * Must never give a digest of bytes that it could not read.
 */
#include <stdlib.h>
#include <string.h>

#include <intel-ipsec-mb.h>

#include "err.h"
#include "recv_digest.h"
#include "wire.h"

#define PIECES		16	/* of one reading, and side by side */
#define WORTH_IT	7	/* fewer are sooner done one after the other */

struct recv_digest {
	IMB_MGR		*lanes;
	uint8_t		 sums[PIECES][SHA256_BYTES];
	uint8_t		 bytes[PIECES * PIECE_BYTES];
};

void
recv_digest_free(struct recv_digest *g)
{
	if (g == NULL)
		return;
	if (g->lanes != NULL)
		free_mb_mgr(g->lanes);
	free(g);
}

struct recv_digest *
recv_digest_new(void)
{
	struct recv_digest	*g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	if ((g->lanes = alloc_mb_mgr(0)) == NULL) {
		recv_digest_free(g);
		return NULL;
	}
	init_mb_mgr_auto(g->lanes, NULL);
	return g;
}

static size_t
piece_len(size_t len, size_t i)
{
	size_t	 left = len - i * PIECE_BYTES;

	return left < PIECE_BYTES ? left : PIECE_BYTES;
}

static int
pieces_in_turn(struct recv_digest *g, size_t len)
{
	size_t	 i;
	int	 r = ERR_OK;

	for (i = 0; r == ERR_OK && i * PIECE_BYTES < len; i++)
		r = sha256(g->bytes + i * PIECE_BYTES, piece_len(len, i),
		    g->sums[i]);
	return r;
}

static int
is_done(const IMB_JOB *job, size_t *done)
{
	if (job == NULL)
		return 0;
	*done += job->status == IMB_STATUS_COMPLETED;
	return 1;
}

static int
pieces_side_by_side(struct recv_digest *g, size_t len)
{
	size_t	 i, done = 0;
	IMB_JOB	*job;

	for (i = 0; i * PIECE_BYTES < len; i++) {
		job = IMB_GET_NEXT_JOB(g->lanes);
		memset(job, 0, sizeof(*job));
		job->cipher_mode = IMB_CIPHER_NULL;
		job->cipher_direction = IMB_DIR_ENCRYPT;
		job->chain_order = IMB_ORDER_HASH_CIPHER;
		job->hash_alg = IMB_AUTH_SHA_256;
		job->src = g->bytes + i * PIECE_BYTES;
		job->msg_len_to_hash_in_bytes = piece_len(len, i);
		job->auth_tag_output = g->sums[i];
		job->auth_tag_output_len_in_bytes = SHA256_BYTES;
		(void)is_done(IMB_SUBMIT_JOB(g->lanes), &done);
	}
	while (is_done(IMB_FLUSH_JOB(g->lanes), &done))
		;
	return done == i ? ERR_OK : ERR_CRYPTO;
}

int
recv_digest_file(struct recv_digest *g, int fd, uint64_t len,
    uint8_t out[SHA256_BYTES])
{
	struct hash	*list;
	uint64_t	 at;
	size_t		 n, pieces;
	int		 r = ERR_OK;

	if ((list = hash_new()) == NULL)
		return ERR_MEMORY;
	for (at = 0; r == ERR_OK && at < len; at += n) {
		n = len - at < sizeof(g->bytes) ? (size_t)(len - at) :
		    sizeof(g->bytes);
		pieces = (n + PIECE_BYTES - 1) / PIECE_BYTES;
		if ((r = fd_read_at(fd, g->bytes, n, at)) != ERR_OK)
			break;
		r = pieces < WORTH_IT ? pieces_in_turn(g, n) :
		    pieces_side_by_side(g, n);
		if (r == ERR_OK)
			r = hash_update(list, g->sums, pieces * SHA256_BYTES);
	}
	if (r == ERR_OK)
		return hash_final(list, out);
	hash_free(list);
	return r == ERR_SHORT ? ERR_SYS : r;
}
