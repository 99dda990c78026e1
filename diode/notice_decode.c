/*
 * Reads notices: heartbeats and histories (PROTOCOL.md section 4).
 * Run by limpid-diode-recv only.
 * Hostile input: every byte, until the signature has been verified.
 * Must never hand on a field of a notice whose signature is not good.
 */
#include <string.h>

#include "crypto.h"
#include "err.h"
#include "link.h"
#include "wire.h"

struct raw_notice {
	struct link_notice	 n;
	const uint8_t		*magic, *id;
	uint8_t			 version;
};

int
link_is_notice(const uint8_t *in, size_t len)
{
	return len >= 4 && memcmp(in, "LMPN", 4) == 0;
}

static int
get_head(struct wire *w, struct raw_notice *raw)
{
	uint64_t	 made;
	int		 r;

	if ((r = wire_get_raw(w, &raw->magic, 4)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->version)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->n.link)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->n.class)) != ERR_OK ||
	    (r = wire_get_u8(w, &raw->n.count)) != ERR_OK ||
	    (r = wire_get_u64(w, &raw->n.epoch)) != ERR_OK ||
	    (r = wire_get_u64(w, &raw->n.number)) != ERR_OK ||
	    (r = wire_get_u64(w, &made)) != ERR_OK ||
	    (r = wire_get_raw(w, &raw->id, 8)) != ERR_OK ||
	    (r = wire_get_u64(w, &raw->n.sent)) != ERR_OK)
		return r;
	raw->n.made_ms = (int64_t)made;
	return ERR_OK;
}

static int
get_body(struct wire *w, struct link_notice *n)
{
	const uint8_t	*p;
	int		 r;

	if (n->class == LINK_HISTORY) {
		if (n->count == 0 || n->count > LINK_NOTICES)
			return ERR_FORMAT;
		if ((r = wire_get_u64(w, &n->first)) != ERR_OK ||
		    (r = wire_get_raw(w, &p, (size_t)n->count * 16)) != ERR_OK)
			return r;
		memcpy(n->hash, p, (size_t)n->count * 16);
		return wire_end(w);
	}
	if (n->class != LINK_HEARTBEAT || n->count != 0)
		return ERR_FORMAT;
	if ((r = wire_get_u64(w, &n->waiting)) != ERR_OK ||
	    (r = wire_get_u64(w, &n->waiting_bytes)) != ERR_OK ||
	    (r = wire_get_u64(w, &n->oldest_ms)) != ERR_OK ||
	    (r = wire_get_raw(w, &p, sizeof(n->config))) != ERR_OK)
		return r;
	memcpy(n->config, p, sizeof(n->config));
	return wire_end(w);
}

static int
notice_sound(const struct raw_notice *raw, int link)
{
	const struct link_notice	*n = &raw->n;

	return memcmp(raw->magic, "LMPN", 4) == 0 &&
	    raw->version == LINK_VERSION && n->link == link &&
	    n->number != 0 && n->sent < UINT64_MAX &&
	    (n->class != LINK_HISTORY || (n->first != 0 &&
	    n->first <= n->sent && n->sent - n->first >= n->count - 1u));
}

int
link_notice_decode(const uint8_t *in, size_t len, const struct key *signer,
    int link, struct link_notice *out)
{
	struct raw_notice	 raw = {0};
	struct wire		*w;
	uint8_t			 id[8], digest[SHA256_BYTES];
	size_t			 signed_len;
	int			 r;

	if (len <= CRYPTO_SIG_BYTES || len > LINK_NOTICE_MAX)
		return ERR_FORMAT;
	signed_len = len - CRYPTO_SIG_BYTES;
	if ((w = wire_new_over(in, signed_len)) == NULL)
		return ERR_MEMORY;
	if ((r = get_head(w, &raw)) == ERR_OK)
		r = get_body(w, &raw.n);
	wire_free(w);
	if (r != ERR_OK)
		return r;
	if (!notice_sound(&raw, link))
		return ERR_FORMAT;
	key_id(signer, id);
	if (memcmp(id, raw.id, sizeof(id)) != 0)
		return ERR_CRYPTO;
	if ((r = sha256(in, signed_len, digest)) != ERR_OK ||
	    (r = verify_digest(signer, "limpid-notice-1", digest,
	    in + signed_len)) != ERR_OK)
		return r;
	*out = raw.n;
	return ERR_OK;
}
