/*
 * Vault: every original, byte-exact, sealed to the vault's public key in a
 * file of its own. Who writes it cannot read it.
 *
 * vault/AA/REF.vlt, AA being the first two letters of the reference:
 *
 *	 0  4  magic "LMPV"
 *	 4  1  version (1)
 *	 5  3  zero
 *	 8 12  reference
 *	20  8  received, milliseconds since 1970
 *	28  8  key id of the vault's key
 *	36  8  size of the original
 *	44 32  SHA-256 of the original
 *	76  4  zero
 *	80  .  sealed stream (crypto.h), the 80 bytes as AAD, context
 *	       "limpid-vault-1"
 *
 * The first 32 bytes of the sealed stream are what the vault's private key
 * needs to open it: overwriting them erases the mail. Integers are little-
 * endian.
 */
#ifndef LIMPID_VAULT_H
#define LIMPID_VAULT_H

#include <stdint.h>

#include "crypto.h"
#include "message.h"
#include "ref.h"

#define VAULT_HEADER	80

struct vault;

/* path is the vault's folder, which must exist. seal_to must outlive it. */
int vault_open(const char *path, const struct key *seal_to, struct vault **vp);
void vault_close(struct vault *v);

/* Writes an original; it counts only after vault_sync. ERR_FULL: no room. */
int vault_put(struct vault *v, const struct ref *ref, int64_t received_ms,
    const uint8_t digest[SHA256_BYTES], const struct message *m);
/* All that was put since is now durable and has its name, or (error) none
 * counts. An original that is there already stays as it is. */
int vault_sync(struct vault *v);

#endif
