/*
 * Hashes, signatures, seals and key files by OpenSSL's libcrypto; nothing of
 * its types leaves this file. Run by every process that makes or opens
 * parcels. Hostile: sealed streams and signatures. Must never let plaintext of
 * a chunk out before its tag was verified, and must never take a key of
 * another type than the caller asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto.h"
#include "crypto_private.h"
#include "err.h"

#define NONCE_BYTES	12
#define CONTEXT_MAX	64
#define AAD_MAX		4096

struct hash {
	EVP_MD_CTX	*md;
};

/* Key and nonce state that sealing and opening share. */
struct stream {
	EVP_CIPHER_CTX	*aes;
	uint8_t		 aad[AAD_MAX];
	size_t		 aad_len;
	uint64_t	 counter;
};

struct seal {
	struct stream	 st;
	seal_sink	*sink;
	void		*arg;
	size_t		 have;
	int		 finished;
	uint8_t		 plain[SEAL_CHUNK];
	uint8_t		 out[SEAL_CHUNK + SEAL_TAG];
};

struct unseal {
	struct stream	 st;
	const struct key *own;
	char		 context[CONTEXT_MAX];
	seal_sink	*sink;
	void		*arg;
	size_t		 have, head_have;
	uint8_t		 head[CRYPTO_KEY_BYTES];
	uint8_t		 in[SEAL_CHUNK + SEAL_TAG];
	uint8_t		 plain[SEAL_CHUNK];
};

struct hash *
hash_new(void)
{
	struct hash	*h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	if ((h->md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(h->md, EVP_sha256(), NULL) != 1) {
		hash_free(h);
		return NULL;
	}
	return h;
}

int
hash_update(struct hash *h, const void *data, size_t len)
{
	return EVP_DigestUpdate(h->md, data, len) == 1 ? ERR_OK : ERR_CRYPTO;
}

int
hash_final(struct hash *h, uint8_t out[SHA256_BYTES])
{
	int	 ok = EVP_DigestFinal_ex(h->md, out, NULL) == 1;

	hash_free(h);
	return ok ? ERR_OK : ERR_CRYPTO;
}

void
hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->md);
	free(h);
}

int
sha256(const void *data, size_t len, uint8_t out[SHA256_BYTES])
{
	return EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1 ?
	    ERR_OK : ERR_CRYPTO;
}

/* What is signed: the context with its NUL, then the digest. */
static size_t
sign_message(const char *context, const uint8_t digest[SHA256_BYTES],
    uint8_t out[CONTEXT_MAX + SHA256_BYTES])
{
	size_t	 n = strlen(context) + 1;

	if (n > CONTEXT_MAX)
		panic("signature context is too long");
	memcpy(out, context, n);
	memcpy(out + n, digest, SHA256_BYTES);
	return n + SHA256_BYTES;
}

int
sign_digest(const struct key *k, const char *context,
    const uint8_t digest[SHA256_BYTES], uint8_t sig[CRYPTO_SIG_BYTES])
{
	uint8_t		 msg[CONTEXT_MAX + SHA256_BYTES];
	size_t		 len = sign_message(context, digest, msg);
	size_t		 sig_len = CRYPTO_SIG_BYTES;
	EVP_MD_CTX	*md;
	int		 ok;

	if (k->type != KEY_ED25519 || !k->has_private)
		panic("signing with a key that cannot sign");
	if ((md = EVP_MD_CTX_new()) == NULL)
		return ERR_MEMORY;
	ok = EVP_DigestSignInit(md, NULL, NULL, NULL, k->pkey) == 1 &&
	    EVP_DigestSign(md, sig, &sig_len, msg, len) == 1 &&
	    sig_len == CRYPTO_SIG_BYTES;
	EVP_MD_CTX_free(md);
	return ok ? ERR_OK : ERR_CRYPTO;
}

int
verify_digest(const struct key *k, const char *context,
    const uint8_t digest[SHA256_BYTES], const uint8_t sig[CRYPTO_SIG_BYTES])
{
	uint8_t		 msg[CONTEXT_MAX + SHA256_BYTES];
	size_t		 len = sign_message(context, digest, msg);
	EVP_MD_CTX	*md;
	int		 ok;

	if (k->type != KEY_ED25519)
		panic("verifying with a key of another type");
	if ((md = EVP_MD_CTX_new()) == NULL)
		return ERR_MEMORY;
	ok = EVP_DigestVerifyInit(md, NULL, NULL, NULL, k->pkey) == 1 &&
	    EVP_DigestVerify(md, sig, CRYPTO_SIG_BYTES, msg, len) == 1;
	EVP_MD_CTX_free(md);
	return ok ? ERR_OK : ERR_CRYPTO;
}

/* Shared secret of our half and theirs; an all-zero one is refused by
 * libcrypto. */
static int
stream_agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t out[CRYPTO_KEY_BYTES])
{
	EVP_PKEY_CTX	*ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t		 len = CRYPTO_KEY_BYTES;
	int		 ok;

	ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	    EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	    EVP_PKEY_derive(ctx, out, &len) == 1 && len == CRYPTO_KEY_BYTES;
	EVP_PKEY_CTX_free(ctx);
	return ok ? ERR_OK : ERR_CRYPTO;
}

/* HKDF with the context and both public halves as info. */
static int
stream_key(uint8_t secret[CRYPTO_KEY_BYTES], const char *context,
    const uint8_t *ephemeral, const uint8_t *recipient,
    uint8_t out[CRYPTO_KEY_BYTES])
{
	uint8_t		 info[CONTEXT_MAX + 2 * CRYPTO_KEY_BYTES];
	size_t		 n = strlen(context) + 1;
	char		 digest[] = "SHA256";
	OSSL_PARAM	 p[4];
	EVP_KDF		*kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX	*ctx = EVP_KDF_CTX_new(kdf);
	int		 ok;

	if (n > CONTEXT_MAX)
		panic("seal context is too long");
	memcpy(info, context, n);
	memcpy(info + n, ephemeral, CRYPTO_KEY_BYTES);
	memcpy(info + n + CRYPTO_KEY_BYTES, recipient, CRYPTO_KEY_BYTES);
	p[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
	    digest, 0);
	p[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret,
	    CRYPTO_KEY_BYTES);
	p[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
	    n + 2 * CRYPTO_KEY_BYTES);
	p[3] = OSSL_PARAM_construct_end();
	ok = ctx != NULL && EVP_KDF_derive(ctx, out, CRYPTO_KEY_BYTES, p) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return ok ? ERR_OK : ERR_CRYPTO;
}

/* Derives the key of a stream and readies the cipher. */
static int
stream_start(struct stream *st, EVP_PKEY *own, EVP_PKEY *peer,
    const char *context, const uint8_t *ephemeral, const uint8_t *recipient,
    int encrypt)
{
	uint8_t	 secret[CRYPTO_KEY_BYTES], aes_key[CRYPTO_KEY_BYTES];
	int	 r;

	if ((r = stream_agree(own, peer, secret)) == ERR_OK)
		r = stream_key(secret, context, ephemeral, recipient, aes_key);
	if (r == ERR_OK && (st->aes = EVP_CIPHER_CTX_new()) == NULL)
		r = ERR_MEMORY;
	if (r == ERR_OK && EVP_CipherInit_ex(st->aes, EVP_aes_256_gcm(), NULL,
	    aes_key, NULL, encrypt) != 1)
		r = ERR_CRYPTO;
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(aes_key, sizeof(aes_key));
	return r;
}

/* 11 bytes of big-endian counter, one byte "last". */
static void
stream_nonce(const struct stream *st, int last, uint8_t out[NONCE_BYTES])
{
	int	 i;

	memset(out, 0, NONCE_BYTES);
	for (i = 0; i < 8; i++)
		out[NONCE_BYTES - 2 - i] = (uint8_t)(st->counter >> (8 * i));
	out[NONCE_BYTES - 1] = last ? 1 : 0;
}

/* Seals one chunk; out gets len bytes and the tag. */
static int
stream_encrypt(struct stream *st, int last, const uint8_t *plain, size_t len,
    uint8_t *out)
{
	uint8_t	 nonce[NONCE_BYTES];
	int	 n;

	stream_nonce(st, last, nonce);
	if (EVP_EncryptInit_ex(st->aes, NULL, NULL, NULL, nonce) != 1 ||
	    (st->aad_len > 0 && EVP_EncryptUpdate(st->aes, NULL, &n, st->aad,
	    (int)st->aad_len) != 1) ||
	    (len > 0 && EVP_EncryptUpdate(st->aes, out, &n, plain, (int)len) !=
	    1) || EVP_EncryptFinal_ex(st->aes, out + len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(st->aes, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG,
	    out + len) != 1)
		return ERR_CRYPTO;
	st->counter++;
	return ERR_OK;
}

/* Opens one chunk of len bytes followed by its tag. */
static int
stream_decrypt(struct stream *st, int last, uint8_t *in, size_t len,
    uint8_t *plain)
{
	uint8_t	 nonce[NONCE_BYTES], none[1];
	int	 n;

	stream_nonce(st, last, nonce);
	if (EVP_DecryptInit_ex(st->aes, NULL, NULL, NULL, nonce) != 1 ||
	    (st->aad_len > 0 && EVP_DecryptUpdate(st->aes, NULL, &n, st->aad,
	    (int)st->aad_len) != 1) ||
	    (len > 0 && EVP_DecryptUpdate(st->aes, plain, &n, in, (int)len) !=
	    1) || EVP_CIPHER_CTX_ctrl(st->aes, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG,
	    in + len) != 1 ||
	    EVP_DecryptFinal_ex(st->aes, none, &n) != 1)
		return ERR_CRYPTO;
	return ERR_OK;
}

static int
stream_aad(struct stream *st, const uint8_t *aad, size_t len)
{
	if (len > AAD_MAX)
		return ERR_LIMIT;
	if (len > 0)
		memcpy(st->aad, aad, len);
	st->aad_len = len;
	return ERR_OK;
}

int
seal_new(const struct key *to, const char *context, const uint8_t *aad,
    size_t aad_len, seal_sink *sink, void *arg, struct seal **sp)
{
	uint8_t		 pub[CRYPTO_KEY_BYTES];
	size_t		 pub_len = sizeof(pub);
	EVP_PKEY	*ephemeral = NULL;
	struct seal	*s;
	int		 r;

	if (to->type != KEY_X25519)
		panic("sealing to a key of another type");
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return ERR_MEMORY;
	s->sink = sink;
	s->arg = arg;
	if ((r = stream_aad(&s->st, aad, aad_len)) != ERR_OK)
		goto out;
	r = ERR_CRYPTO;
	if ((ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "X25519")) == NULL ||
	    EVP_PKEY_get_raw_public_key(ephemeral, pub, &pub_len) != 1)
		goto out;
	if ((r = stream_start(&s->st, ephemeral, to->pkey, context, pub,
	    to->pub, 1)) != ERR_OK)
		goto out;
	if ((r = sink(arg, pub, sizeof(pub))) != ERR_OK)
		goto out;
	*sp = s;
	s = NULL;
 out:
	EVP_PKEY_free(ephemeral);
	seal_free(s);
	return r;
}

static int
seal_chunk(struct seal *s, int last)
{
	int	 r;

	if ((r = stream_encrypt(&s->st, last, s->plain, s->have, s->out)) !=
	    ERR_OK)
		return r;
	r = s->sink(s->arg, s->out, s->have + SEAL_TAG);
	s->have = 0;
	return r;
}

int
seal_write(struct seal *s, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 n;
	int		 r;

	if (s->finished)
		panic("writing to a finished seal");
	while (len > 0) {
		if (s->have == SEAL_CHUNK &&
		    (r = seal_chunk(s, 0)) != ERR_OK)
			return r;
		n = SEAL_CHUNK - s->have < len ? SEAL_CHUNK - s->have : len;
		memcpy(s->plain + s->have, p, n);
		s->have += n;
		p += n;
		len -= n;
	}
	return ERR_OK;
}

int
seal_finish(struct seal *s)
{
	if (s->finished)
		panic("finishing a seal twice");
	s->finished = 1;
	return seal_chunk(s, 1);
}

void
seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->st.aes);
	OPENSSL_cleanse(s->plain, sizeof(s->plain));
	free(s);
}

int
unseal_new(const struct key *own, const char *context, const uint8_t *aad,
    size_t aad_len, seal_sink *sink, void *arg, struct unseal **up)
{
	struct unseal	*u;
	int		 r;

	if (own->type != KEY_X25519 || !own->has_private)
		panic("opening with a key that cannot open");
	if (strlen(context) >= CONTEXT_MAX)
		panic("seal context is too long");
	if ((u = calloc(1, sizeof(*u))) == NULL)
		return ERR_MEMORY;
	if ((r = stream_aad(&u->st, aad, aad_len)) != ERR_OK) {
		unseal_free(u);
		return r;
	}
	u->own = own;
	u->sink = sink;
	u->arg = arg;
	strcpy(u->context, context);
	*up = u;
	return ERR_OK;
}

/* The ephemeral key is complete: derive. */
static int
unseal_start(struct unseal *u)
{
	EVP_PKEY	*peer;
	int		 r;

	if ((peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, u->head,
	    CRYPTO_KEY_BYTES)) == NULL)
		return ERR_CRYPTO;
	r = stream_start(&u->st, u->own->pkey, peer, u->context, u->head,
	    u->own->pub, 0);
	EVP_PKEY_free(peer);
	return r;
}

static int
unseal_chunk(struct unseal *u, int last)
{
	size_t	 len = u->have - SEAL_TAG;
	int	 r;

	if ((r = stream_decrypt(&u->st, last, u->in, len, u->plain)) != ERR_OK)
		return r;
	if (len == 0 && u->st.counter > 0)
		return ERR_FORMAT;	/* only an empty stream ends empty */
	u->st.counter++;
	u->have = 0;
	return len > 0 ? u->sink(u->arg, u->plain, len) : ERR_OK;
}

int
unseal_write(struct unseal *u, const void *data, size_t len)
{
	const uint8_t	*p = data;
	size_t		 n;
	int		 r;

	while (len > 0) {
		if (u->head_have < CRYPTO_KEY_BYTES) {
			u->head[u->head_have++] = *p++;
			len--;
			if (u->head_have == CRYPTO_KEY_BYTES &&
			    (r = unseal_start(u)) != ERR_OK)
				return r;
			continue;
		}
		if (u->have == sizeof(u->in) &&
		    (r = unseal_chunk(u, 0)) != ERR_OK)
			return r;
		n = sizeof(u->in) - u->have < len ? sizeof(u->in) - u->have :
		    len;
		memcpy(u->in + u->have, p, n);
		u->have += n;
		p += n;
		len -= n;
	}
	return ERR_OK;
}

int
unseal_finish(struct unseal *u)
{
	int	 r;

	if (u->head_have < CRYPTO_KEY_BYTES || u->have < SEAL_TAG)
		return ERR_SHORT;
	if ((r = unseal_chunk(u, 1)) != ERR_CRYPTO)
		return r;
	/*
	 * Does it verify as a chunk in the middle? Then the rest was cut off.
	 */
	return stream_decrypt(&u->st, 0, u->in, u->have - SEAL_TAG, u->plain) ==
	    ERR_OK ? ERR_SHORT : ERR_CRYPTO;
}

void
unseal_free(struct unseal *u)
{
	if (u == NULL)
		return;
	EVP_CIPHER_CTX_free(u->st.aes);
	OPENSSL_cleanse(u->plain, sizeof(u->plain));
	free(u);
}

uint64_t
seal_size(uint64_t n)
{
	uint64_t	 chunks = n == 0 ? 1 : n / SEAL_CHUNK +
			    (n % SEAL_CHUNK != 0);

	return CRYPTO_KEY_BYTES + n + chunks * SEAL_TAG;
}

int
random_bytes(void *out, size_t len)
{
	uint8_t	*p = out;
	ssize_t	 n;

	while (len > 0) {
		if ((n = getrandom(p, len, 0)) == -1) {
			if (errno == EINTR)
				continue;
			return ERR_SYS;
		}
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

int
secret_differs(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len);
}
