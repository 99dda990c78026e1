/* folder: sanitizer */
/* Images through MuPDF as worker-image uses it: never more samples than allowed.
 * MuPDF itself is not instrumented; this watches what we make of its answers. */
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct image_limits lim = { 100000, 8 << 20 };
	struct image_picture pic;
	struct image *i;
	volatile uint8_t last;

	if (image_warm() != ERR_OK ||
	    image_open(data, len, lim.max_memory, &i) != REASON_COMPLETE)
		return 0;
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
