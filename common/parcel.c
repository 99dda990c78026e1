/*
 * Parcels: written, checked, opened (parcel.h has the layout). Run by every
 * process between intake and delivery. Hostile: whole files from a captured
 * peer. Must never hand out a byte of the body before the signature over the
 * whole file has been verified, and must never allocate by a length that the
 * file claims beyond PARCEL_MANIFEST_MAX.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "parcel.h"
#include "parcel_private.h"
#include "pieces.h"
#include "wire.h"

#define PARCEL_MAGIC	"LMPP"
#define PARCEL_VERSION	1
#define SIGN_CONTEXT	"limpid-parcel-1"
#define BODY_CONTEXT	"limpid-parcel-body-1"
#define BODY_LEN_AT	40
#define READ_STEP	65536

struct parcel_writer {
	int			 fd;
	struct parcel_head	 head;
	uint8_t			*manifest;
	size_t			 manifest_len;
	const struct key	*sign_with;
	struct seal		*seal;
};

static int
head_encode(const struct parcel_head *h, size_t manifest_len,
    uint8_t out[PARCEL_HEADER])
{
	struct wire	*w = wire_new(PARCEL_HEADER);
	int		 r;

	if (w == NULL)
		return ERR_MEMORY;
	if ((r = wire_put_raw(w, PARCEL_MAGIC, 4)) == ERR_OK &&
	    (r = wire_put_u8(w, PARCEL_VERSION)) == ERR_OK &&
	    (r = wire_put_u8(w, (uint8_t)h->kind)) == ERR_OK &&
	    (r = wire_put_u8(w, h->link)) == ERR_OK &&
	    (r = wire_put_u8(w, 0)) == ERR_OK &&
	    (r = wire_put_raw(w, h->ref.b, REF_BYTES)) == ERR_OK &&
	    (r = wire_put_u64(w, (uint64_t)h->created_ms)) == ERR_OK &&
	    (r = wire_put_raw(w, h->key_id, 8)) == ERR_OK &&
	    (r = wire_put_u32(w, (uint32_t)manifest_len)) == ERR_OK &&
	    (r = wire_put_u64(w, h->body_len)) == ERR_OK)
		memcpy(out, wire_data(w), PARCEL_HEADER);
	wire_free(w);
	return r;
}

static int
head_decode(const uint8_t in[PARCEL_HEADER], struct parcel_head *out,
    size_t *manifest_len)
{
	struct parcel_head	 h = {0};
	struct wire		*w = wire_new_over(in, PARCEL_HEADER);
	const uint8_t		*magic, *ref, *id;
	uint8_t			 version, kind, zero;
	uint64_t		 created;
	uint32_t		 len;
	int			 r;

	if (w == NULL)
		return ERR_MEMORY;
	if ((r = wire_get_raw(w, &magic, 4)) != ERR_OK ||
	    (r = wire_get_u8(w, &version)) != ERR_OK ||
	    (r = wire_get_u8(w, &kind)) != ERR_OK ||
	    (r = wire_get_u8(w, &h.link)) != ERR_OK ||
	    (r = wire_get_u8(w, &zero)) != ERR_OK ||
	    (r = wire_get_raw(w, &ref, REF_BYTES)) != ERR_OK ||
	    (r = wire_get_u64(w, &created)) != ERR_OK ||
	    (r = wire_get_raw(w, &id, 8)) != ERR_OK ||
	    (r = wire_get_u32(w, &len)) != ERR_OK ||
	    (r = wire_get_u64(w, &h.body_len)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		goto out;
	r = ERR_FORMAT;
	if (memcmp(magic, PARCEL_MAGIC, 4) != 0 || version != PARCEL_VERSION ||
	    kind < PARCEL_MAIL || kind > PARCEL_HISTORY || zero != 0 ||
	    h.link < 1 || h.link > 2 || created > INT64_MAX ||
	    len > PARCEL_MANIFEST_MAX || h.body_len < seal_size(0) ||
	    h.body_len > INT64_MAX / 2)
		goto out;
	h.kind = (enum parcel_kind)kind;
	h.created_ms = (int64_t)created;
	memcpy(h.ref.b, ref, REF_BYTES);
	memcpy(h.key_id, id, 8);
	*out = h;
	*manifest_len = len;
	r = ERR_OK;
 out:
	wire_free(w);
	return r;
}

/*
 * What the body is bound to: the digest of the header with its body length
 * zeroed and of the manifest.
 */
static int
body_aad(const uint8_t head[PARCEL_HEADER], const uint8_t *manifest,
    size_t manifest_len, uint8_t out[SHA256_BYTES])
{
	uint8_t		 zeroed[PARCEL_HEADER];
	struct hash	*h = hash_new();
	int		 r;

	if (h == NULL)
		return ERR_MEMORY;
	memcpy(zeroed, head, PARCEL_HEADER);
	memset(zeroed + BODY_LEN_AT, 0, 8);
	if ((r = hash_update(h, zeroed, PARCEL_HEADER)) != ERR_OK ||
	    (r = hash_update(h, manifest, manifest_len)) != ERR_OK) {
		hash_free(h);
		return r;
	}
	return hash_final(h, out);
}

static int
writer_sink(void *arg, const uint8_t *data, size_t len)
{
	struct parcel_writer	*w = arg;

	w->head.body_len += len;
	return fd_write_all(w->fd, data, len);
}

int
parcel_writer_new(int fd, const struct parcel_head *head,
    const struct manifest *m, const struct key *sign_with,
    const struct key *seal_to, struct parcel_writer **wp)
{
	struct parcel_writer	*w = calloc(1, sizeof(*w));
	uint8_t			 bytes[PARCEL_HEADER], aad[SHA256_BYTES];
	int			 r;

	if (w == NULL)
		return ERR_MEMORY;
	w->fd = fd;
	w->head = *head;
	w->head.body_len = 0;
	w->sign_with = sign_with;
	key_id(sign_with, w->head.key_id);
	if ((r = manifest_encode(m, &w->manifest, &w->manifest_len)) !=
	    ERR_OK ||
	    (r = head_encode(&w->head, w->manifest_len, bytes)) != ERR_OK ||
	    (r = body_aad(bytes, w->manifest, w->manifest_len, aad)) != ERR_OK)
		goto out;
	if (lseek(fd, 0, SEEK_SET) == -1) {
		r = ERR_SYS;
		goto out;
	}
	if ((r = fd_write_all(fd, bytes, PARCEL_HEADER)) != ERR_OK ||
	    (r = fd_write_all(fd, w->manifest, w->manifest_len)) != ERR_OK ||
	    (r = seal_new(seal_to, BODY_CONTEXT, aad, sizeof(aad), writer_sink,
	    w, &w->seal)) != ERR_OK)
		goto out;
	*wp = w;
	w = NULL;
 out:
	parcel_writer_free(w);
	return r;
}

int
parcel_writer_write(struct parcel_writer *w, const void *data, size_t len)
{
	return seal_write(w->seal, data, len);
}

/* Feeds the file from at up to end to sink, in steps. */
static int
each_step(int fd, uint64_t at, uint64_t end,
    int (*step)(void *arg, const uint8_t *data, size_t len), void *arg)
{
	uint8_t	*buf = malloc(READ_STEP);
	size_t	 n;
	int	 r = ERR_OK;

	if (buf == NULL)
		return ERR_MEMORY;
	while (at < end && r == ERR_OK) {
		n = end - at < READ_STEP ? (size_t)(end - at) : READ_STEP;
		if ((r = fd_read_at(fd, buf, n, at)) == ERR_OK)
			r = step(arg, buf, n);
		at += n;
	}
	free(buf);
	return r;
}

static int
pieces_step(void *arg, const uint8_t *data, size_t len)
{
	return pieces_update(arg, data, len);
}

/* Digest of the file's first len bytes. */
static int
file_digest(int fd, uint64_t len, uint8_t out[SHA256_BYTES])
{
	struct pieces	*p = pieces_new();
	int		 r;

	if (p == NULL)
		return ERR_MEMORY;
	if ((r = each_step(fd, 0, len, pieces_step, p)) != ERR_OK) {
		pieces_free(p);
		return r;
	}
	return pieces_final(p, out);
}

int
parcel_writer_finish(struct parcel_writer *w)
{
	uint8_t	 bytes[PARCEL_HEADER], trailer[PARCEL_TRAILER];
	int	 r;

	if ((r = seal_finish(w->seal)) != ERR_OK ||
	    (r = head_encode(&w->head, w->manifest_len, bytes)) != ERR_OK)
		return r;
	if (lseek(w->fd, 0, SEEK_SET) == -1)
		return ERR_SYS;
	if ((r = fd_write_all(w->fd, bytes, PARCEL_HEADER)) != ERR_OK ||
	    (r = file_digest(w->fd, PARCEL_HEADER + w->manifest_len +
	    w->head.body_len, trailer)) != ERR_OK ||
	    (r = sign_digest(w->sign_with, SIGN_CONTEXT, trailer,
	    trailer + SHA256_BYTES)) != ERR_OK)
		return r;
	if (lseek(w->fd, 0, SEEK_END) == -1)
		return ERR_SYS;
	return fd_write_all(w->fd, trailer, sizeof(trailer));
}

void
parcel_writer_free(struct parcel_writer *w)
{
	if (w == NULL)
		return;
	seal_free(w->seal);
	free(w->manifest);
	free(w);
}

/* A parcel's raw parts, read and checked for shape. */
struct shape {
	uint8_t			 bytes[PARCEL_HEADER];
	struct parcel_head	 head;
	uint8_t			*manifest;
	size_t			 manifest_len;
	uint64_t		 body_at, trailer_at;
};

static int
shape_read(int fd, struct shape *s)
{
	struct stat	 st;
	int		 r;

	memset(s, 0, sizeof(*s));
	if (fstat(fd, &st) == -1)
		return ERR_SYS;
	if ((r = fd_read_at(fd, s->bytes, PARCEL_HEADER, 0)) != ERR_OK ||
	    (r = head_decode(s->bytes, &s->head, &s->manifest_len)) != ERR_OK)
		return r;
	s->body_at = PARCEL_HEADER + s->manifest_len;
	s->trailer_at = s->body_at + s->head.body_len;
	if ((uint64_t)st.st_size < s->trailer_at + PARCEL_TRAILER)
		return ERR_SHORT;
	if ((uint64_t)st.st_size > s->trailer_at + PARCEL_TRAILER)
		return ERR_FORMAT;
	if ((s->manifest = malloc(s->manifest_len + 1)) == NULL)
		return ERR_MEMORY;
	return fd_read_at(fd, s->manifest, s->manifest_len, PARCEL_HEADER);
}

int
parcel_peek(int fd, struct parcel_head *head, struct manifest **mp)
{
	struct manifest	*m = NULL;
	struct shape	 s;
	int		 r;

	if ((r = shape_read(fd, &s)) == ERR_OK &&
	    (r = manifest_decode(s.manifest, s.manifest_len, &m)) == ERR_OK) {
		*head = s.head;
		if (mp != NULL) {
			*mp = m;
			m = NULL;
		}
	}
	manifest_free(m);
	free(s.manifest);
	return r;
}

int
parcel_trailer(int fd, uint64_t len, uint8_t out[PARCEL_TRAILER])
{
	if (len < PARCEL_TRAILER)
		return ERR_SHORT;
	return fd_read_at(fd, out, PARCEL_TRAILER, len - PARCEL_TRAILER);
}

/* Whether the trailer has the digest of all before it, signed by signer. */
static int
shape_verify(int fd, const struct shape *s, const struct key *signer,
    const uint8_t digest[SHA256_BYTES])
{
	uint8_t	 trailer[PARCEL_TRAILER], id[8];
	int	 r;

	key_id(signer, id);
	if (memcmp(id, s->head.key_id, sizeof(id)) != 0)
		return ERR_CRYPTO;
	if ((r = fd_read_at(fd, trailer, sizeof(trailer), s->trailer_at)) !=
	    ERR_OK)
		return r;
	if (secret_differs(digest, trailer, SHA256_BYTES))
		return ERR_CRYPTO;
	return verify_digest(signer, SIGN_CONTEXT, digest,
	    trailer + SHA256_BYTES);
}

/* Shape and signature; s->manifest is the caller's to free in any case. */
static int
parcel_check(int fd, const struct key *signer, struct shape *s,
    uint8_t digest[SHA256_BYTES])
{
	struct manifest	*m = NULL;
	int		 r;

	if ((r = shape_read(fd, s)) != ERR_OK ||
	    (r = file_digest(fd, s->trailer_at, digest)) != ERR_OK ||
	    (r = shape_verify(fd, s, signer, digest)) != ERR_OK)
		return r;
	r = manifest_decode(s->manifest, s->manifest_len, &m);
	manifest_free(m);
	return r;
}

/* Opens the body while hashing the file a second time. */
struct opening {
	struct pieces	*pieces;
	struct unseal	*unseal;
};

static int
opening_step(void *arg, const uint8_t *data, size_t len)
{
	struct opening	*o = arg;
	int		 r;

	if ((r = pieces_update(o->pieces, data, len)) != ERR_OK)
		return r;
	return unseal_write(o->unseal, data, len);
}

/*
 * The body into sink. ERR_CRYPTO when the file is no longer the one verified.
 */
static int
body_open(int fd, const struct shape *s, const uint8_t digest[SHA256_BYTES],
    const struct key *own, seal_sink *sink, void *arg)
{
	struct opening	 o = { pieces_new(), NULL };
	uint8_t		 aad[SHA256_BYTES], again[SHA256_BYTES];
	int		 r = ERR_MEMORY;

	if (o.pieces == NULL ||
	    (r = body_aad(s->bytes, s->manifest, s->manifest_len, aad)) !=
	    ERR_OK || (r = unseal_new(own, BODY_CONTEXT, aad, sizeof(aad), sink,
	    arg, &o.unseal)) != ERR_OK)
		goto out;
	if ((r = pieces_update(o.pieces, s->bytes, PARCEL_HEADER)) != ERR_OK ||
	    (r = pieces_update(o.pieces, s->manifest, s->manifest_len)) !=
	    ERR_OK || (r = each_step(fd, s->body_at, s->trailer_at, opening_step, &o)) !=
	    ERR_OK || (r = unseal_finish(o.unseal)) != ERR_OK)
		goto out;
	r = pieces_final(o.pieces, again);
	o.pieces = NULL;
	if (r == ERR_OK && secret_differs(digest, again, sizeof(again)))
		r = ERR_CRYPTO;
 out:
	unseal_free(o.unseal);
	pieces_free(o.pieces);
	return r;
}

int
parcel_open(int fd, const struct key *signer, const struct key *own,
    struct parcel_head *head, struct manifest **mp, seal_sink *sink, void *arg)
{
	uint8_t		 digest[SHA256_BYTES];
	struct manifest	*m = NULL;
	struct shape	 s;
	int		 r;

	if ((r = parcel_check(fd, signer, &s, digest)) != ERR_OK ||
	    (r = manifest_decode(s.manifest, s.manifest_len, &m)) != ERR_OK ||
	    (r = body_open(fd, &s, digest, own, sink, arg)) != ERR_OK)
		goto out;
	*head = s.head;
	if (mp != NULL) {
		*mp = m;
		m = NULL;
	}
 out:
	manifest_free(m);
	free(s.manifest);
	return r;
}
