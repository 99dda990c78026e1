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

/* The schedule of a key is worked out once. */
static EVP_CIPHER_CTX *
context(struct datagram_keys *k, int slot)
{
	EVP_CIPHER_CTX	*x = k->ctx[slot];

	if (!k->there[slot])
		return NULL;
	if (EVP_CIPHER_CTX_get0_cipher(x) == NULL && EVP_EncryptInit_ex(x,
	    k->cipher, NULL, k->key[slot], NULL) != 1)
		return NULL;
	return x;
}

int
datagram_seal(struct datagram_keys *k, const struct datagram *d,
    const uint8_t *symbol, uint8_t *out)
{
	EVP_CIPHER_CTX	*x = context(k, (d->flags & DATAGRAM_SLOT_2) != 0);
	uint8_t		 nonce[DATAGRAM_NONCE];
	int		 n;

	if (x == NULL)
		return ERR_CRYPTO;
	header_write(d, out);
	memcpy(nonce, out + 8, 4);	/* the counter of starts */
	memcpy(nonce + 4, out + 16, 8);
	if (EVP_EncryptInit_ex(x, NULL, NULL, NULL, nonce) != 1 ||
	    EVP_EncryptUpdate(x, NULL, &n, out, DATAGRAM_HEADER) != 1 ||
	    (d->len > 0 && EVP_EncryptUpdate(x, out + DATAGRAM_HEADER, &n,
	    symbol, d->len) != 1) ||
	    EVP_EncryptFinal_ex(x, out + DATAGRAM_HEADER + d->len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, DATAGRAM_TAG,
	    out + DATAGRAM_HEADER + d->len) != 1)
		return ERR_CRYPTO;
	return ERR_OK;
}
