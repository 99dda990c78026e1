/*
 * Reads link headers and fragment headers.
 * Run by limpid-diode-recv only.
 * Hostile input: every byte, until the signature has been verified.
 * Must never hand on a field of a header whose signature is not good.
 */
#include <string.h>

#include "crypto.h"
#include "err.h"
#include "link.h"
#include "wire.h"

struct raw_header {
	struct link_header	 h;
	const uint8_t		*magic, *id;
	uint8_t			 version, reserved;
};

static int
get_fields(struct wire *w, struct raw_header *raw)
{
	const uint8_t	*prev, *sha;
	uint64_t	 made;
	int		 r;

	if ((r = wire_get_raw(w, &raw->magic, 4)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->version)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->h.link)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->h.class)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->reserved)) != ERR_OK ||
	    (r = wire_get_u64(w, &raw->h.seq)) != ERR_OK ||
	    (r = wire_get_raw(w, &prev, 32)) != ERR_OK ||
	    (r = wire_get_u64(w, &raw->h.parcel_len)) != ERR_OK ||
	    (r = wire_get_raw(w, &sha, 32)) != ERR_OK ||
	    (r = wire_get_u64(w, &made)) != ERR_OK ||
	    (r = wire_get_raw(w, &raw->id, 8)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r;
	memcpy(raw->h.prev, prev, 32);
	memcpy(raw->h.trailer_hash, sha, 32);
	raw->h.made_ms = (int64_t)made;
	return ERR_OK;
}

int
link_header_decode(const uint8_t in[LINK_HEADER], const struct key *signer,
    int link, struct link_header *out)
{
	struct raw_header	 raw;
	struct wire		*w;
	uint8_t			 id[8], digest[SHA256_BYTES];
	int			 r;

	if ((w = wire_new_over(in, LINK_SIGNED)) == NULL)
		return ERR_MEMORY;
	r = get_fields(w, &raw);
	wire_free(w);
	if (r != ERR_OK)
		return r;
	if (memcmp(raw.magic, "LMPO", 4) != 0 || raw.version != LINK_VERSION ||
	    raw.reserved != 0 || raw.h.link != link ||
	    raw.h.class < LINK_MAIL || raw.h.class > LINK_HISTORY ||
	    raw.h.seq == 0 || raw.h.seq == UINT64_MAX)
		return ERR_FORMAT;
	key_id(signer, id);
	if (memcmp(id, raw.id, sizeof(id)) != 0)
		return ERR_CRYPTO;
	if ((r = sha256(in, LINK_SIGNED, digest)) != ERR_OK ||
	    (r = verify_digest(signer, "limpid-link-1", digest,
	    in + LINK_SIGNED)) != ERR_OK)
		return r;
	*out = raw.h;
	return ERR_OK;
}

int
link_fragment_decode(const uint8_t *message, size_t len,
    struct link_fragment *out)
{
	struct link_fragment	 f;
	const uint8_t		*magic, *reserved;
	struct wire		*w;
	size_t			 chunk;
	uint8_t			 version;
	int			 r;

	if ((w = wire_new_over(message, len)) == NULL)
		return ERR_MEMORY;
	if ((r = wire_get_raw(w, &magic, 4)) != ERR_OK ||
	    (r = wire_get_u8(w, &version)) != ERR_OK ||
	    (r = wire_get_raw(w, &reserved, 3)) != ERR_OK ||
	    (r = wire_get_u64(w, &f.stream)) != ERR_OK ||
	    (r = wire_get_u64(w, &f.seq)) != ERR_OK ||
	    (r = wire_get_u32(w, &f.index)) != ERR_OK ||
	    (r = wire_get_u32(w, &f.count)) != ERR_OK)
		goto out;
	chunk = wire_left(w);
	r = ERR_FORMAT;
	if (memcmp(magic, "LMPF", 4) == 0 && version == LINK_VERSION &&
	    memcmp(reserved, "\0\0\0", 3) == 0 && f.seq != 0 &&
	    f.index < f.count && chunk > 0 && chunk <= LINK_CHUNK &&
	    (chunk == LINK_CHUNK || f.index == f.count - 1) &&
	    (f.index != 0 || chunk > LINK_HEADER)) {
		*out = f;
		r = ERR_OK;
	}
 out:
	wire_free(w);
	return r;
}
