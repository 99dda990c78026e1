/*
 * What sealing and opening share.
 */
#ifndef LIMPID_DATAGRAM_PRIVATE_H
#define LIMPID_DATAGRAM_PRIVATE_H

#include <intel-ipsec-mb.h>

#include "datagram.h"

#define DATAGRAM_KEY	32
#define DATAGRAM_NONCE	12

/* Libcrypto of Debian 12 takes four times as long over a datagram. */
struct datagram_keys {
	struct gcm_key_data	 schedule[2];	/* first: they are aligned */
	int			 there[2];
	IMB_MGR			*gcm;
};

#endif
