/*
 * Key files: made, loaded, named (crypto.h). Run by `limpid init` and, at
 * start, by every process that signs or seals. Hostile: nothing; files are our
 * own, but a wrong or damaged one must be refused, not used. Must never
 * overwrite a key and must never ask a terminal for a password.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "crypto.h"
#include "crypto_private.h"
#include "err.h"
#include "wire.h"

#define KEY_FILE_MAX	4096

static const int evp_types[] = {
	[KEY_ED25519] = EVP_PKEY_ED25519,
	[KEY_X25519] = EVP_PKEY_X25519,
};

static int
key_no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

/* Takes ownership of pkey, also on failure. */
static int
key_wrap(EVP_PKEY *pkey, enum key_type type, int has_private, struct key **kp)
{
	struct key	*k;
	size_t		 len = CRYPTO_KEY_BYTES;

	if (pkey == NULL)
		return ERR_CRYPTO;
	if (EVP_PKEY_get_id(pkey) != evp_types[type]) {
		EVP_PKEY_free(pkey);
		return ERR_CRYPTO;
	}
	if ((k = calloc(1, sizeof(*k))) == NULL) {
		EVP_PKEY_free(pkey);
		return ERR_MEMORY;
	}
	k->pkey = pkey;
	k->type = type;
	k->has_private = has_private;
	if (EVP_PKEY_get_raw_public_key(pkey, k->pub, &len) != 1 ||
	    len != CRYPTO_KEY_BYTES) {
		key_free(k);
		return ERR_CRYPTO;
	}
	*kp = k;
	return ERR_OK;
}

/* Reads a small file whole; *lenp is what came. */
static int
key_read(const char *path, uint8_t buf[KEY_FILE_MAX], size_t *lenp)
{
	ssize_t	 n;
	int	 fd, saved;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? ERR_NOTFOUND :
		    errno == EACCES ? ERR_DENIED : ERR_SYS;
	do
		n = read(fd, buf, KEY_FILE_MAX);
	while (n == -1 && errno == EINTR);
	saved = errno;
	close(fd);
	errno = saved;
	if (n == -1)
		return ERR_SYS;
	*lenp = (size_t)n;
	return n == KEY_FILE_MAX ? ERR_LIMIT : ERR_OK;
}

static int
key_load(const char *path, enum key_type type, int private, struct key **kp)
{
	uint8_t		 buf[KEY_FILE_MAX];
	size_t		 len = 0;
	BIO		*bio;
	EVP_PKEY	*pkey;
	int		 r;

	if ((r = key_read(path, buf, &len)) != ERR_OK)
		goto out;
	if ((bio = BIO_new_mem_buf(buf, (int)len)) == NULL) {
		r = ERR_MEMORY;
		goto out;
	}
	pkey = private ?
	    PEM_read_bio_PrivateKey(bio, NULL, key_no_password, NULL) :
	    PEM_read_bio_PUBKEY(bio, NULL, key_no_password, NULL);
	BIO_free(bio);
	r = key_wrap(pkey, type, private, kp);
 out:
	OPENSSL_cleanse(buf, sizeof(buf));
	return r;
}

int
key_load_private(const char *path, enum key_type type, struct key **kp)
{
	return key_load(path, type, 1, kp);
}

int
key_load_public(const char *path, enum key_type type, struct key **kp)
{
	return key_load(path, type, 0, kp);
}

void
key_free(struct key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

void
key_id(const struct key *k, uint8_t out[8])
{
	uint8_t	 digest[SHA256_BYTES];

	if (sha256(k->pub, sizeof(k->pub), digest) != ERR_OK)
		panic("SHA-256 of a public key failed");
	memcpy(out, digest, 8);
}

/* Writes bytes to dirfd/name, durable, never over an existing file. */
static int
key_store(int dirfd, const char *name, mode_t mode, const void *data,
    size_t len)
{
	char	 tmp[NAME_MAX + 1];
	int	 fd, r = ERR_SYS;

	if (snprintf(tmp, sizeof(tmp), ".%s.tmp", name) >= (int)sizeof(tmp))
		return ERR_LIMIT;
	if (unlinkat(dirfd, tmp, 0) == -1 && errno != ENOENT)
		return ERR_SYS;
	if ((fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600)) == -1)
		return ERR_SYS;
	if ((r = fd_write_all(fd, data, len)) != ERR_OK)
		goto out;
	if (fchmod(fd, mode) == -1 || fsync(fd) == -1)
		r = ERR_SYS;
	else if (renameat2(dirfd, tmp, dirfd, name, RENAME_NOREPLACE) == -1)
		r = errno == EEXIST ? ERR_EXISTS : ERR_SYS;
 out:
	close(fd);
	if (r != ERR_OK)
		unlinkat(dirfd, tmp, 0);
	return r;
}

/* PEM of one half into a new memory BIO. */
static int
key_pem(EVP_PKEY *pkey, int private, BIO **bp)
{
	BIO	*bio = BIO_new(private ? BIO_s_secmem() : BIO_s_mem());
	int	 ok;

	if (bio == NULL)
		return ERR_MEMORY;
	ok = private ? PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0,
	    NULL, NULL) : PEM_write_bio_PUBKEY(bio, pkey);
	if (ok != 1) {
		BIO_free(bio);
		return ERR_CRYPTO;
	}
	*bp = bio;
	return ERR_OK;
}

static int
key_store_half(int dirfd, const char *name, EVP_PKEY *pkey, int private)
{
	char	 file[NAME_MAX + 1], *data;
	BIO	*bio;
	long	 len;
	int	 r;

	if (snprintf(file, sizeof(file), "%s.%s", name, private ? "key" :
	    "pub") >= (int)sizeof(file))
		return ERR_LIMIT;
	if ((r = key_pem(pkey, private, &bio)) != ERR_OK)
		return r;
	len = BIO_get_mem_data(bio, &data);
	r = key_store(dirfd, file, private ? 0400 : 0444, data, (size_t)len);
	BIO_free(bio);
	return r;
}

int
key_create(int dirfd, const char *name, enum key_type type)
{
	char		 file[NAME_MAX + 1];
	EVP_PKEY	*pkey;
	int		 r;

	if (snprintf(file, sizeof(file), "%s.pub", name) >= (int)sizeof(file))
		return ERR_LIMIT;
	if (faccessat(dirfd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return ERR_EXISTS;
	if ((pkey = EVP_PKEY_Q_keygen(NULL, NULL, type == KEY_ED25519 ?
	    "ED25519" : "X25519")) == NULL)
		return ERR_CRYPTO;
	r = key_store_half(dirfd, name, pkey, 1);
	if (r == ERR_OK)
		r = key_store_half(dirfd, name, pkey, 0);
	if (r == ERR_OK && fsync(dirfd) == -1)
		r = ERR_SYS;
	EVP_PKEY_free(pkey);
	return r;
}
