/* folder: diode
 * A link header: the first byte says whether the rest is a header as it came, or
 * fields that we sign ourselves, so that the checks behind the signature are met too.
 */
#include "fuzz_signer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_header	 h;
	uint8_t			 raw[LINK_HEADER] = {0}, digest[32], id[8];
	int			 signed_by_us;

	if (signer == NULL)
		key_make();
	if (size < 1)
		return 0;
	signed_by_us = data[0] & 1;
	memcpy(raw, data + 1, size - 1 < LINK_HEADER ? size - 1 : LINK_HEADER);
	if (signed_by_us) {
		key_id(signer, id);
		memcpy(raw + LINK_SIGNED - 8, id, 8);
		if (sha256(raw, LINK_SIGNED, digest) != ERR_OK ||
		    sign_digest(signer, "limpid-link-1", digest,
		    raw + LINK_SIGNED) != ERR_OK)
			abort();
	}
	if (link_header_decode(raw, signer, 1, &h) != ERR_OK)
		return 0;
	/* Only a header that we signed may pass, and only with sense. */
	if (!signed_by_us || h.link != 1 || h.seq == 0 ||
	    h.class < LINK_MAIL || h.class > LINK_HISTORY)
		abort();
	return 0;
}
