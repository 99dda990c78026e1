/*
 * What sealing and opening share.
 */
#ifndef LIMPID_DATAGRAM_PRIVATE_H
#define LIMPID_DATAGRAM_PRIVATE_H

#include <openssl/evp.h>

#include "datagram.h"

#define DATAGRAM_KEY	32
#define DATAGRAM_NONCE	12

struct datagram_keys {
	uint8_t		 key[2][DATAGRAM_KEY];
	int		 there[2];
	EVP_CIPHER	*cipher;
	EVP_CIPHER_CTX	*ctx[2];	/* made by the first use */
};

#endif
