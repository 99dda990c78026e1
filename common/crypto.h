/*
 * Keys, signatures and seals, all by OpenSSL 3 (libcrypto).
 *
 * Signature: Ed25519 (RFC 8032) over a context string, its NUL, and a SHA-256.
 * Seal: X25519 (RFC 7748) with a fresh ephemeral key, HKDF-SHA256 (RFC 5869),
 * AES-256-GCM in chunks of SEAL_CHUNK bytes. Chunk nonce = 11 bytes of big-endian
 * counter and 1 byte "last" flag, so chunks cannot be cut, swapped or dropped.
 *
 * sealed stream = ephemeral public key (32) | chunk...
 * chunk         = ciphertext (SEAL_CHUNK, the last one shorter) | tag (16)
 * An empty input is one empty last chunk. An input of an exact multiple of
 * SEAL_CHUNK has a full last chunk, not an additional empty one.
 */
#ifndef LIMPID_CRYPTO_H
#define LIMPID_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define CRYPTO_KEY_BYTES	32
#define CRYPTO_SIG_BYTES	64
#define SHA256_BYTES		32
#define SEAL_CHUNK		65536
#define SEAL_TAG		16

enum key_type { KEY_ED25519, KEY_X25519 };

struct key;			/* one key pair, or only its public half */

/*
 * Key files are PEM (PKCS#8 and SubjectPublicKeyInfo). Creation writes NAME.key
 * (0400) and NAME.pub (0444) in dirfd, fsynced, and never overwrites (ERR_EXISTS).
 */
int key_create(int dirfd, const char *name, enum key_type type);
int key_load_private(const char *path, enum key_type type, struct key **kp);
int key_load_public(const char *path, enum key_type type, struct key **kp);
void key_free(struct key *k);
/* First 8 bytes of SHA-256 of the raw public key: names keys in headers. */
void key_id(const struct key *k, uint8_t out[8]);

/* Incremental SHA-256. */
struct hash;
struct hash *hash_new(void);
int hash_update(struct hash *h, const void *data, size_t len);
/* Finishes and frees h. */
int hash_final(struct hash *h, uint8_t out[SHA256_BYTES]);
void hash_free(struct hash *h);
int sha256(const void *data, size_t len, uint8_t out[SHA256_BYTES]);

/* Sign or verify a digest under a context such as "limpid-parcel-1". */
int sign_digest(const struct key *k, const char *context,
    const uint8_t digest[SHA256_BYTES], uint8_t sig[CRYPTO_SIG_BYTES]);
/* ERR_OK or ERR_CRYPTO. */
int verify_digest(const struct key *k, const char *context,
    const uint8_t digest[SHA256_BYTES], const uint8_t sig[CRYPTO_SIG_BYTES]);

/*
 * Streaming seal. `aad` (at most 4096 bytes) is bound to every chunk. The sink is
 * called with sealed bytes and returns ERR_OK or an error that travels up.
 */
typedef int seal_sink(void *arg, const uint8_t *data, size_t len);
struct seal;
int seal_new(const struct key *to, const char *context, const uint8_t *aad,
    size_t aad_len, seal_sink *sink, void *arg, struct seal **sp);
int seal_write(struct seal *s, const void *data, size_t len);
/* Writes the last chunk. The seal is freed by seal_free() in any case. */
int seal_finish(struct seal *s);
void seal_free(struct seal *s);

/* Streaming opening, the same shape; plaintext of a chunk reaches the sink only
 * after its tag was verified. unseal_finish is ERR_SHORT for a stream that ends
 * at the end of a chunk or before one, ERR_CRYPTO for one cut elsewhere. The key
 * must outlive the unseal. */
struct unseal;
int unseal_new(const struct key *own, const char *context, const uint8_t *aad,
    size_t aad_len, seal_sink *sink, void *arg, struct unseal **up);
int unseal_write(struct unseal *u, const void *data, size_t len);
int unseal_finish(struct unseal *u);
void unseal_free(struct unseal *u);

/* Sealed size of n plaintext bytes. */
uint64_t seal_size(uint64_t n);

/* Kernel randomness. */
int random_bytes(void *out, size_t len);
/* Constant-time comparison: 0 when equal. */
int secret_differs(const void *a, const void *b, size_t len);

#endif
