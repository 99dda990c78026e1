/*
 * Reads datagrams (datagram.h).
 * Run by limpid-diode-recv only: the jailed front, and the writer's second look.
 * Hostile input: every byte that comes from the wire.
 * Must never use a field of a datagram whose tag does not verify, but to count it.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "datagram_private.h"
#include "err.h"
#include "fec.h"

static uint64_t
get(const uint8_t *in, int bytes)
{
	uint64_t	 v = 0;
	int		 i;

	for (i = 0; i < bytes; i++)
		v = v << 8 | in[i];
	return v;
}

static void
header_read(const uint8_t in[DATAGRAM_HEADER], struct datagram *d)
{
	d->type = in[5];
	d->flags = (uint16_t)get(in + 6, 2);
	d->epoch = get(in + 8, 8);
	d->seq = get(in + 16, 8);
	d->object = get(in + 24, 8);
	d->block = (uint32_t)get(in + 32, 4);
	d->blocks = (uint32_t)get(in + 36, 4);
	d->k = in[40];
	d->m = in[41];
	d->index = in[42];
	d->round = in[43];
	d->len = (uint16_t)get(in + 44, 2);
	d->last = (uint16_t)get(in + 46, 2);
}

static int
tag_verify(struct datagram_keys *k, const uint8_t *in, size_t len,
    uint8_t *symbol)
{
	size_t			 body = len - DATAGRAM_HEADER - DATAGRAM_TAG;
	struct gcm_context_data	 x;
	uint8_t			 nonce[DATAGRAM_NONCE], tag[DATAGRAM_TAG];
	int			 slot = (in[7] & DATAGRAM_SLOT_2) != 0;

	if (!k->there[slot])
		return 0;
	memcpy(nonce, in + 8, 4);
	memcpy(nonce + 4, in + 16, 8);
	IMB_AES256_GCM_DEC(k->gcm, &k->schedule[slot], &x, symbol,
	    in + DATAGRAM_HEADER, body, nonce, in, DATAGRAM_HEADER, tag,
	    DATAGRAM_TAG);
	return imb_get_errno(k->gcm) == 0 && CRYPTO_memcmp(tag,
	    in + len - DATAGRAM_TAG, DATAGRAM_TAG) == 0;
}

static int
block_is_sound(const struct datagram *d, const struct datagram_limits *l)
{
	int	 final = d->block + 1 == d->blocks;

	return d->object != 0 && d->object != UINT64_MAX &&
	    d->blocks > 0 && d->blocks <= l->blocks_max &&
	    d->block < d->blocks &&
	    d->k > 0 && d->k <= FEC_SOURCES &&
	    (d->k == FEC_SOURCES || final) &&
	    d->m <= FEC_PARITY_MAX &&
	    (d->index < d->k || d->index >= FEC_SOURCES) &&
	    d->index < FEC_ROW_END &&
	    d->len > 0 && d->len % DATAGRAM_UNIT == 0 &&
	    d->len <= l->symbol_max &&
	    d->last > 0 && d->last <= d->len &&
	    (d->last == d->len || final) &&
	    !(d->flags & DATAGRAM_SHORTENED) == (d->k == FEC_SOURCES) &&
	    !(d->flags & DATAGRAM_JUMBO) == (d->len <= DATAGRAM_SYMBOL) &&
	    !(d->flags & DATAGRAM_REPEAT) == (d->round == 0);
}

int
datagram_is_sound(const struct datagram *d, const struct datagram_limits *l)
{
	if (d->epoch >> 32 == 0 || d->seq == 0 || d->seq >> 62 != 0 ||
	    d->flags >> 4 != 0 || d->len > l->symbol_max)
		return 0;
	switch (d->type) {
	case DATAGRAM_BLOCK:
		return block_is_sound(d, l);
	case DATAGRAM_NOTICE:
	case DATAGRAM_PAD:
		return d->object == 0 && d->block == 0 && d->blocks == 0 &&
		    d->k == 0 && d->m == 0 && d->index == 0 && d->round == 0 &&
		    d->last == 0 && !(d->flags & ~DATAGRAM_SLOT_2);
	default:
		return 0;
	}
}

enum datagram_fault
datagram_open(struct datagram_keys *k, const uint8_t *in, size_t len,
    const struct datagram_limits *limits, struct datagram *out, uint8_t *symbol)
{
	struct datagram	 d;
	size_t		 said;

	if (len < 5 || memcmp(in, "LMPD", 4) != 0 || in[4] != DATAGRAM_VERSION)
		return DATAGRAM_FOREIGN;
	if (len < DATAGRAM_HEADER + DATAGRAM_TAG)
		return DATAGRAM_TRUNCATED;
	if (len > (size_t)DATAGRAM_HEADER + limits->symbol_max + DATAGRAM_TAG)
		return DATAGRAM_OVERLONG;
	if (!tag_verify(k, in, len, symbol)) {
		said = DATAGRAM_HEADER + DATAGRAM_TAG + get(in + 44, 2);
		return said > len ? DATAGRAM_TRUNCATED :
		    said < len ? DATAGRAM_OVERLONG : DATAGRAM_FORGED;
	}
	header_read(in, &d);
	if ((size_t)DATAGRAM_HEADER + d.len + DATAGRAM_TAG != len ||
	    !datagram_is_sound(&d, limits))
		return DATAGRAM_CONTRADICTORY;
	*out = d;
	return DATAGRAM_GOOD;
}
