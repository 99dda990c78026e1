/*
 * Writes datagrams (datagram.h).
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never seal two datagrams under one nonce: the caller counts them.
 */
#include <string.h>

#include "datagram_private.h"
#include "err.h"

static void
put(uint8_t *out, uint64_t v, int bytes)
{
	int	 i;

	for (i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
}

static void
header_write(const struct datagram *d, uint8_t out[DATAGRAM_HEADER])
{
	memcpy(out, "LMPD", 4);
	out[4] = DATAGRAM_VERSION;
	out[5] = d->type;
	put(out + 6, d->flags, 2);
	put(out + 8, d->epoch, 8);
	put(out + 16, d->seq, 8);
	put(out + 24, d->object, 8);
	put(out + 32, d->block, 4);
	put(out + 36, d->blocks, 4);
	out[40] = d->k;
	out[41] = d->m;
	out[42] = d->index;
	out[43] = d->round;
	put(out + 44, d->len, 2);
	put(out + 46, d->last, 2);
}

int
datagram_seal(struct datagram_keys *k, const struct datagram *d,
    const uint8_t *symbol, uint8_t *out)
{
	struct gcm_context_data	 x;
	uint8_t			 nonce[DATAGRAM_NONCE];
	int			 slot = (d->flags & DATAGRAM_SLOT_2) != 0;

	if (!k->there[slot])
		return ERR_CRYPTO;
	header_write(d, out);
	memcpy(nonce, out + 8, 4);	/* the counter of starts */
	memcpy(nonce + 4, out + 16, 8);
	IMB_AES256_GCM_ENC(k->gcm, &k->schedule[slot], &x,
	    out + DATAGRAM_HEADER, symbol, d->len, nonce, out, DATAGRAM_HEADER,
	    out + DATAGRAM_HEADER + d->len, DATAGRAM_TAG);
	return imb_get_errno(k->gcm) == 0 ? ERR_OK : ERR_CRYPTO;
}
