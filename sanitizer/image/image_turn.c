/*
 * Turning a picture upright.
 * Runs in the jailed child of worker-image.
 * Hostile input: the orientation and the sides, checked by the caller.
 * Must never write outside of width * height * channels bytes.
 */
#include <string.h>

#include "image.h"

/* Where the sample row that becomes (x, y) of the upright picture lies. */
static size_t
source_of(uint32_t x, uint32_t y, uint32_t w, uint32_t h, uint8_t orientation)
{
	uint32_t sx = x, sy = y;

	switch (orientation) {
	case 2:		/* mirrored */
		sx = w - 1 - x;
		break;
	case 3:		/* upside down */
		sx = w - 1 - x;
		sy = h - 1 - y;
		break;
	case 4:		/* upside down, mirrored */
		sy = h - 1 - y;
		break;
	case 5:		/* over the main diagonal */
		sx = y;
		sy = x;
		break;
	case 6:		/* a quarter turn clockwise makes it upright */
		sx = y;
		sy = h - 1 - x;
		break;
	case 7:		/* over the other diagonal */
		sx = w - 1 - y;
		sy = h - 1 - x;
		break;
	case 8:		/* a quarter turn counter-clockwise */
		sx = w - 1 - y;
		sy = x;
		break;
	}
	return (size_t)sy * w + sx;
}

void
image_turn(uint8_t *out, const uint8_t *in, uint32_t width, uint32_t height,
    uint8_t channels, uint8_t orientation)
{
	uint32_t w = orientation >= 5 ? height : width;
	uint32_t h = orientation >= 5 ? width : height;

	for (uint32_t y = 0; y < h; y++) {
		for (uint32_t x = 0; x < w; x++) {
			memcpy(out, in + channels * source_of(x, y, width,
			    height, orientation), channels);
			out += channels;
		}
	}
}
