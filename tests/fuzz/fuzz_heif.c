/* folder: sanitizer */
/* HEIC and AVIF through libheif as worker-heif uses it: never more samples than
 * allowed. libheif itself is not instrumented; this watches what we make of its
 * answers. */
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "image.h"
#include "image_heif.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct image_limits lim = { 100000, 8 << 20 };
	static int warm;
	struct image_picture pic;
	struct image_meta meta;
	struct image *i;
	volatile uint8_t last;

	if (!warm && image_heif_warm() != ERR_OK)
		return 0;
	warm = 1;
	if (image_open_with(&image_heif, data, len, lim.max_memory, &i) !=
	    REASON_COMPLETE)
		return 0;
	image_meta(i, &meta);
	for (uint32_t k = 0; k < image_count(i) && k < 3; k++) {
		if (image_decode(i, k, &lim, &pic) != REASON_COMPLETE)
			continue;
		if ((uint64_t)pic.width * pic.height > lim.max_pixels)
			abort();
		last = pic.samples[pic.stride * pic.height - 1];
		(void)last;
	}
	image_close(i);
	return 0;
}
