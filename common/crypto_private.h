/* The inside of a key, for crypto.c (streams) and key.c (files). */
#ifndef LIMPID_CRYPTO_PRIVATE_H
#define LIMPID_CRYPTO_PRIVATE_H

#include <openssl/evp.h>

#include "crypto.h"

struct key {
	EVP_PKEY	*pkey;
	enum key_type	 type;
	int		 has_private;
	uint8_t		 pub[CRYPTO_KEY_BYTES];
};

#endif
