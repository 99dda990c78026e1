/*
 * What an S/MIME signature is worth (RFC 8551), in words. Nothing is fetched: no
 * certificate, no revocation list. Without trust anchors the issuer is not checked,
 * and the verdict says so.
 */
#ifndef LIMPID_SMIME_H
#define LIMPID_SMIME_H

#include <stddef.h>
#include <stdint.h>

#include "signed_pair.h"

struct smime_verdict {
	char	*line;		/* for FACT_SIGNED: one line, UTF-8, not yet clean */
	char	*text;		/* several lines about signer and certificate */
};

/* Loads what the library needs before the jail. folder holds trust anchors in PEM;
 * NULL or "": none. ERR_OK; ERR_CONFIG when there is none that can be read. */
int smime_warm(const char *folder);

/* Judges a pair; both strings are the caller's. ERR_OK, whatever the verdict;
 * ERR_MEMORY. */
int smime_judge(const struct signed_pair *p, struct smime_verdict *v);

/* A signature that came without what it signs: whose it says that it is. */
int smime_describe(const uint8_t *data, size_t len, struct smime_verdict *v);

#endif
