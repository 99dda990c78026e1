/* folder: diode
 * A notice: the first byte says whether the rest is one as it came, or fields that we
 * sign ourselves, so that the checks behind the signature are met too.
 */
#include "fuzz_signer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_notice	 n;
	uint8_t			 raw[LINK_NOTICE_MAX + CRYPTO_SIG_BYTES];
	uint8_t			 digest[32];
	int			 signed_by_us;

	if (signer == NULL)
		key_make();
	if (size < 1 || size - 1 > LINK_NOTICE_MAX)
		return 0;
	signed_by_us = data[0] & 1;
	memcpy(raw, data + 1, --size);
	if (signed_by_us) {
		if (size >= 40)
			key_id(signer, raw + 32);
		if (sha256(raw, size, digest) != ERR_OK ||
		    sign_digest(signer, "limpid-notice-1", digest,
		    raw + size) != ERR_OK)
			abort();
		size += CRYPTO_SIG_BYTES;
	}
	if (link_notice_decode(raw, size, signer, 1, &n) != ERR_OK)
		return 0;
	/* Only what we signed may pass, and only with sense. */
	if (!signed_by_us || n.link != 1 || n.number == 0 ||
	    n.count > LINK_NOTICES || (n.class == LINK_HISTORY) !=
	    (n.count > 0) || (n.count > 0 &&
	    n.first + n.count - 1 > n.sent))
		abort();
	return 0;
}
