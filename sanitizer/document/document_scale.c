/*
 * How large a page may be drawn.
 * Runs in the jailed children of worker-pdf and worker-poppler.
 * Hostile input: the sides of the page, which may be anything or no number.
 * Must never give a scale at which the page has more samples than it may.
 */
#include <math.h>

#include "copy.h"
#include "document.h"

double
document_scale(double width, double height, uint16_t dpi, uint32_t max_pixels)
{
	double side = COPY_PAGE_SIDE - 2, area, s = dpi / 72.0;

	if (!(width > 0) || !(height > 0) || !isfinite(width) ||
	    !isfinite(height) || max_pixels < 16)
		return 0;
	if (max_pixels > COPY_PAGE_PIXELS)
		max_pixels = COPY_PAGE_PIXELS;
	s = fmin(s, side / fmax(width, height));
	/* Sides are rounded outwards: room for a sample more on each. */
	area = (width * s + 2) * (height * s + 2);
	while (area > max_pixels) {
		s *= fmin(0.995, sqrt(max_pixels / area));
		area = (width * s + 2) * (height * s + 2);
		if (s < 1e-6)
			return 0;
	}
	return s;
}
