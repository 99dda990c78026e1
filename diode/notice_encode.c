/*
 * Writes notices: heartbeats and histories (PROTOCOL.md section 4).
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never write a notice that a receiver would refuse.
 */
#include <string.h>

#include "crypto.h"
#include "err.h"
#include "link.h"
#include "wire.h"

static int
put_head(struct wire *w, const struct link_notice *n, const uint8_t id[8])
{
	int	 r;

	if ((r = wire_put_raw(w, "LMPN", 4)) != ERR_OK ||
	    (r = wire_put_u8(w, LINK_VERSION)) != ERR_OK ||
	    (r = wire_put_u8(w, n->link)) != ERR_OK ||
	    (r = wire_put_u8(w, n->class)) != ERR_OK ||
	    (r = wire_put_u8(w, n->count)) != ERR_OK ||
	    (r = wire_put_u64(w, n->epoch)) != ERR_OK ||
	    (r = wire_put_u64(w, n->number)) != ERR_OK ||
	    (r = wire_put_u64(w, (uint64_t)n->made_ms)) != ERR_OK ||
	    (r = wire_put_raw(w, id, 8)) != ERR_OK ||
	    (r = wire_put_u64(w, n->sent)) != ERR_OK)
		return r;
	return ERR_OK;
}

static int
put_body(struct wire *w, const struct link_notice *n)
{
	int	 r;

	if (n->class == LINK_HISTORY) {
		if ((r = wire_put_u64(w, n->first)) != ERR_OK)
			return r;
		return wire_put_raw(w, n->hash, (size_t)n->count * 16);
	}
	if ((r = wire_put_u64(w, n->waiting)) != ERR_OK ||
	    (r = wire_put_u64(w, n->waiting_bytes)) != ERR_OK ||
	    (r = wire_put_u64(w, n->oldest_ms)) != ERR_OK)
		return r;
	return wire_put_raw(w, n->config, sizeof(n->config));
}

int
link_notice_encode(const struct link_notice *n, const struct key *sign_with,
    uint8_t out[LINK_NOTICE_MAX], size_t *len)
{
	struct wire	*w;
	uint8_t		 id[8], digest[SHA256_BYTES];
	size_t		 signed_len;
	int		 r;

	if (n->count > LINK_NOTICES)
		return ERR_LIMIT;
	if ((w = wire_new(LINK_NOTICE_MAX)) == NULL)
		return ERR_MEMORY;
	key_id(sign_with, id);
	if ((r = put_head(w, n, id)) != ERR_OK || (r = put_body(w, n)) !=
	    ERR_OK)
		goto out;
	signed_len = wire_len(w);
	memcpy(out, wire_data(w), signed_len);
	if ((r = sha256(out, signed_len, digest)) != ERR_OK ||
	    (r = sign_digest(sign_with, "limpid-notice-1", digest,
	    out + signed_len)) != ERR_OK)
		goto out;
	*len = signed_len + CRYPTO_SIG_BYTES;
 out:
	wire_free(w);
	return r;
}
