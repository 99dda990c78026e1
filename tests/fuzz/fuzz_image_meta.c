/* folder: sanitizer */
/* Walks over JPEG, PNG, GIF, TIFF and JPEG 2000: any bytes, and an end. */
#include <stdint.h>
#include <stdlib.h>

#include "image_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct image_meta m;
	uint32_t w = 1, h = 1;

	image_meta_read(data, len, &m);
	if (m.orientation > 8 || image_meta_gif_first(data, len) > len)
		abort();
	image_meta_jpx(data, len, &w, &h);
	return 0;
}
