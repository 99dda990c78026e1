/*
 * A mail while it comes in. Run by limpid-intaked. Hostile: the bytes, which
 * are never looked at here. Must never write plain text to a disk, and must
 * never hold more of a mail in memory than two blocks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "err.h"
#include "message.h"
#include "wire.h"

#define BLOCK		65536
#define HEAD_FIRST	8192

struct message {
	int		 dirfd, fd;
	uint8_t		*head;
	size_t		 head_len, head_room;
	uint8_t		*block;		/* not yet written */
	size_t		 block_len;
	uint64_t	 size;
	EVP_CIPHER_CTX	*aes;
	uint8_t		 key[32];
	struct hash	*hash;
	uint8_t		 digest[SHA256_BYTES];
};

struct message *
message_new(int dirfd)
{
	struct message	*m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->dirfd = dirfd;
	m->fd = -1;
	if ((m->hash = hash_new()) == NULL) {
		message_free(m);
		return NULL;
	}
	return m;
}

void
message_free(struct message *m)
{
	if (m == NULL)
		return;
	if (m->fd != -1)
		close(m->fd);
	EVP_CIPHER_CTX_free(m->aes);
	OPENSSL_cleanse(m->key, sizeof(m->key));
	hash_free(m->hash);
	free(m->block);
	free(m->head);
	free(m);
}

/* A cipher at the start of the stream. Every message has its own key, so the
 * counter may start at zero. */
static EVP_CIPHER_CTX *
cipher_new(const struct message *m)
{
	static const uint8_t	 zero[16];
	EVP_CIPHER_CTX		*ctx = EVP_CIPHER_CTX_new();

	if (ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_256_ctr(), NULL,
	    m->key, zero) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* An unnamed file; where the file system has none, one that loses its name. */
static int
file_open(int dirfd)
{
	char		 name[40];
	uint64_t	 random;
	int		 fd;

	fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if (random_bytes(&random, sizeof(random)) != ERR_OK)
		return -1;
	snprintf(name, sizeof(name), ".mail-%016llx",
	    (unsigned long long)random);
	fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd != -1)
		unlinkat(dirfd, name, 0);
	return fd;
}

static int
disk_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS;
}

/* The mail outgrew its head: open what the rest needs. */
static int
message_overflow(struct message *m)
{
	int	 r;

	if ((m->block = malloc(BLOCK)) == NULL)
		return ERR_MEMORY;
	if ((r = random_bytes(m->key, sizeof(m->key))) != ERR_OK)
		return r;
	if ((m->aes = cipher_new(m)) == NULL)
		return ERR_MEMORY;
	return (m->fd = file_open(m->dirfd)) == -1 ? disk_error() : ERR_OK;
}

/* Encrypts the block in place and writes it. */
static int
message_flush(struct message *m)
{
	int	 n;

	if (m->block_len == 0)
		return ERR_OK;
	if (EVP_EncryptUpdate(m->aes, m->block, &n, m->block,
	    (int)m->block_len) != 1)
		return ERR_CRYPTO;
	if (fd_write_all(m->fd, m->block, m->block_len) != ERR_OK)
		return disk_error();
	m->block_len = 0;
	return ERR_OK;
}

static int
head_write(struct message *m, const uint8_t *data, size_t len)
{
	size_t	 room = m->head_room > 0 ? m->head_room : HEAD_FIRST;
	uint8_t	*p;

	while (room < m->head_len + len)
		room *= 2;
	if (room > m->head_room) {
		if ((p = realloc(m->head, room)) == NULL)
			return ERR_MEMORY;
		m->head = p;
		m->head_room = room;
	}
	memcpy(m->head + m->head_len, data, len);
	m->head_len += len;
	return hash_update(m->hash, data, len);
}

int
message_write(struct message *m, const uint8_t *data, size_t len)
{
	size_t	 n = MESSAGE_HEAD - m->head_len < len ?
		    MESSAGE_HEAD - m->head_len : len;
	int	 r;

	m->size += len;
	if (n > 0 && (r = head_write(m, data, n)) != ERR_OK)
		return r;
	data += n;
	len -= n;
	if (len > 0 && m->fd == -1 && (r = message_overflow(m)) != ERR_OK)
		return r;
	while (len > 0) {
		n = BLOCK - m->block_len < len ? BLOCK - m->block_len : len;
		memcpy(m->block + m->block_len, data, n);
		if ((r = hash_update(m->hash, data, n)) != ERR_OK)
			return r;
		m->block_len += n;
		data += n;
		len -= n;
		if (m->block_len == BLOCK && (r = message_flush(m)) != ERR_OK)
			return r;
	}
	return ERR_OK;
}

int
message_finish(struct message *m, uint8_t digest[SHA256_BYTES])
{
	int	 r;

	if (m->fd != -1 && (r = message_flush(m)) != ERR_OK)
		return r;
	r = hash_final(m->hash, m->digest);
	m->hash = NULL;
	memcpy(digest, m->digest, SHA256_BYTES);
	return r;
}

uint64_t
message_size(const struct message *m)
{
	return m->size;
}

const uint8_t *
message_head(const struct message *m, size_t *lenp)
{
	*lenp = m->head_len;
	return m->head;
}

/* The part in the file, decrypted block by block. */
static int
file_each(const struct message *m, struct hash *h, seal_sink *sink, void *arg)
{
	EVP_CIPHER_CTX	*aes = cipher_new(m);
	uint8_t		*block = malloc(BLOCK);
	uint64_t	 at = 0, end = m->size - m->head_len;
	ssize_t		 n;
	int		 out, r = ERR_OK;

	if (aes == NULL || block == NULL)
		r = ERR_MEMORY;
	while (r == ERR_OK && at < end) {
		if ((n = pread(m->fd, block, BLOCK, (off_t)at)) == -1) {
			r = errno == EINTR ? ERR_OK : ERR_SYS;
			continue;
		}
		if (n == 0)
			r = ERR_SHORT;
		else if (EVP_EncryptUpdate(aes, block, &out, block, (int)n) !=
		    1)
			r = ERR_CRYPTO;
		else if ((r = hash_update(h, block, (size_t)n)) == ERR_OK)
			r = sink(arg, block, (size_t)n);
		at += (uint64_t)n;
	}
	if (block != NULL)
		OPENSSL_cleanse(block, BLOCK);
	free(block);
	EVP_CIPHER_CTX_free(aes);
	return r;
}

int
message_each(const struct message *m, seal_sink *sink, void *arg)
{
	uint8_t		 digest[SHA256_BYTES];
	struct hash	*h = hash_new();
	int		 r = ERR_MEMORY;

	if (h == NULL)
		return r;
	if ((r = hash_update(h, m->head, m->head_len)) == ERR_OK &&
	    m->head_len > 0)
		r = sink(arg, m->head, m->head_len);
	if (r == ERR_OK && m->fd != -1)
		r = file_each(m, h, sink, arg);
	if (r != ERR_OK) {
		hash_free(h);
		return r;
	}
	if ((r = hash_final(h, digest)) == ERR_OK &&
	    secret_differs(digest, m->digest, sizeof(digest)) != 0)
		r = ERR_CRYPTO;
	return r;
}
