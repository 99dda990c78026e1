/*
 * Writes link headers and fragment headers.
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never write a header that a receiver would refuse.
 */
#include <string.h>

#include "crypto.h"
#include "err.h"
#include "link.h"
#include "wire.h"

static int
put_signed(struct wire *w, const struct link_header *h, const uint8_t id[8])
{
	int	 r;

	if ((r = wire_put_raw(w, "LMPO", 4)) != ERR_OK ||
	    (r = wire_put_u8(w, LINK_VERSION)) != ERR_OK ||
	    (r = wire_put_u8(w, h->link)) != ERR_OK ||
	    (r = wire_put_u8(w, h->class)) != ERR_OK ||
	    (r = wire_put_u8(w, 0)) != ERR_OK ||
	    (r = wire_put_u64(w, h->seq)) != ERR_OK ||
	    (r = wire_put_raw(w, h->prev, 32)) != ERR_OK ||
	    (r = wire_put_u64(w, h->parcel_len)) != ERR_OK ||
	    (r = wire_put_raw(w, h->trailer_hash, 32)) != ERR_OK ||
	    (r = wire_put_u64(w, (uint64_t)h->made_ms)) != ERR_OK ||
	    (r = wire_put_raw(w, id, 8)) != ERR_OK)
		return r;
	return wire_len(w) == LINK_SIGNED ? ERR_OK : ERR_FORMAT;
}

int
link_header_encode(const struct link_header *h, const struct key *sign_with,
    uint8_t out[LINK_HEADER])
{
	struct wire	*w;
	uint8_t		 id[8], digest[SHA256_BYTES];
	int		 r;

	if ((w = wire_new(LINK_HEADER)) == NULL)
		return ERR_MEMORY;
	key_id(sign_with, id);
	if ((r = put_signed(w, h, id)) != ERR_OK)
		goto out;
	memcpy(out, wire_data(w), LINK_SIGNED);
	if ((r = sha256(out, LINK_SIGNED, digest)) == ERR_OK)
		r = sign_digest(sign_with, "limpid-link-1", digest,
		    out + LINK_SIGNED);
 out:
	wire_free(w);
	return r;
}

static void
put_number(uint8_t *out, uint64_t v, size_t bytes)
{
	size_t	 i;

	for (i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

void
link_fragment_encode(const struct link_fragment *f, uint8_t out[LINK_FRAGMENT])
{
	memcpy(out, "LMPF", 4);
	out[4] = LINK_VERSION;
	memset(out + 5, 0, 3);
	put_number(out + 8, f->stream, 8);
	put_number(out + 16, f->seq, 8);
	put_number(out + 24, f->index, 4);
	put_number(out + 28, f->count, 4);
}
