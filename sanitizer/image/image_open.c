/*
 * Which engine of worker-image reads a file.
 * Runs in the jailed child of worker-image.
 * Hostile input: the first bytes of the file.
 * Must never guess: each engine says itself what it does not know.
 */
#include "image.h"

enum reason
image_open(const uint8_t *data, size_t len, uint64_t max_memory,
    struct image **ip)
{
	static const struct image_engine *const engines[] = {
		&image_webp, &image_icon, &image_tiff, &image_mupdf
	};
	enum reason reason = REASON_UNSUPPORTED;

	for (size_t k = 0; reason == REASON_UNSUPPORTED &&
	    k < sizeof(engines) / sizeof(engines[0]); k++)
		reason = image_open_with(engines[k], data, len, max_memory, ip);
	return reason;
}
