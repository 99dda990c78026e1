/*
 * TIFF by libtiff, picture by picture: fax, palettes, every layout of samples.
 * Runs in the jailed child of worker-image.
 * Hostile input: the whole file.
 * Must never decode before the declared sides are checked, nor show numbers that are
 * no colours as if they were.
 */
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

#include "image.h"

#define DIRECTORIES_MAX	10000	/* pictures that are counted */
#define NEED_BYTES	28	/* a pixel: raster, strip, packed, turned, sent */

struct tiff {
	const uint8_t	*data;
	size_t		 len;
	toff_t		 at;
	TIFF		*tiff;
	uint32_t	 count;
};

static tmsize_t
file_read(thandle_t h, void *out, tmsize_t n)
{
	struct tiff *p = h;

	if (n <= 0 || p->at >= p->len)
		return 0;
	if ((toff_t)n > p->len - p->at)
		n = p->len - p->at;
	memcpy(out, p->data + p->at, n);
	p->at += n;
	return n;
}

static tmsize_t
file_write(thandle_t h, void *in, tmsize_t n)
{
	(void)h;
	(void)in;
	(void)n;
	return 0;
}

static toff_t
file_seek(thandle_t h, toff_t off, int from)
{
	struct tiff *p = h;

	p->at = off + (from == SEEK_CUR ? p->at : from == SEEK_END ? p->len :
	    0);
	return p->at;
}

static int
file_close(thandle_t h)
{
	(void)h;
	return 0;
}

static toff_t
file_size(thandle_t h)
{
	return ((struct tiff *)h)->len;
}

static void
tiff_close(void *state)
{
	struct tiff *p = state;

	if (p->tiff != NULL)
		TIFFClose(p->tiff);
	free(p);
}

static enum reason
tiff_open(const uint8_t *data, size_t len, uint64_t max_memory, void **statep)
{
	struct tiff *p;

	(void)max_memory;
	if (len < 8 || (memcmp(data, "II*\0", 4) != 0 &&
	    memcmp(data, "MM\0*", 4) != 0 && memcmp(data, "II+\0", 4) != 0 &&
	    memcmp(data, "MM\0+", 4) != 0))
		return REASON_UNSUPPORTED;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return REASON_MEMORY;
	p->data = data;
	p->len = len;
	TIFFSetErrorHandler(NULL);
	TIFFSetWarningHandler(NULL);
	/* m: no mapping; O: nothing is read before it is asked for */
	p->tiff = TIFFClientOpen("", "rmO", p, file_read, file_write, file_seek,
	    file_close, file_size, NULL, NULL);
	if (p->tiff == NULL) {
		tiff_close(p);
		return REASON_FORMAT;
	}
	/* libtiff itself ends at a directory that it has seen. */
	do {
		p->count++;
	} while (p->count < DIRECTORIES_MAX && TIFFReadDirectory(p->tiff));
	*statep = p;
	return REASON_COMPLETE;
}

static const char *
tiff_format(const void *state)
{
	const struct tiff *p = state;

	return p->data[2] == '+' || p->data[3] == '+' ? "BigTIFF" : "TIFF";
}

static uint32_t
tiff_count(const void *state)
{
	return ((const struct tiff *)state)->count;
}

static void
tiff_meta(const void *state, struct image_meta *m)
{
	const struct tiff *p = state;

	image_meta_read(p->data, p->len, m);
}

/* libtiff gives words of red, green, blue and alpha from the lowest byte on; alpha is
 * multiplied in. On white, where they lie. */
static void
words_flatten(uint8_t *samples, size_t n)
{
	uint8_t *out = samples;

	for (size_t i = 0; i < n; i++) {
		uint32_t word, white;

		memcpy(&word, samples + i * 4, sizeof(word));
		white = 255 - TIFFGetA(word);
		for (int k = 0; k < 3; k++) {
			uint32_t v = (word >> 8 * k & 255) + white;

			*out++ = v > 255 ? 255 : v;
		}
	}
}

static uint16_t
dpi_read(TIFF *t)
{
	uint16_t unit = RESUNIT_INCH;
	float x = 0;

	TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &unit);
	if (!TIFFGetField(t, TIFFTAG_XRESOLUTION, &x) || unit == RESUNIT_NONE)
		return 0;
	if (unit == RESUNIT_CENTIMETER)
		x *= 2.54f;
	return x > 0 && x < 10000 ? x : 0;
}

static enum reason
tiff_decode(void *state, uint32_t index, const struct image_limits *lim,
    struct image_drawn *out)
{
	struct tiff *p = state;
	TIFF *t = p->tiff;
	uint16_t orientation = ORIENTATION_TOPLEFT;
	uint32_t w = 0, h = 0;
	char why[1024];

	if (!TIFFSetDirectory(t, index) ||
	    !TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w) ||
	    !TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h) || w == 0 || h == 0)
		return REASON_FORMAT;
	if ((uint64_t)w * h > lim->max_memory / NEED_BYTES)
		return REASON_LIMIT_PIXELS;
	if (!TIFFRGBAImageOK(t, why))
		return REASON_UNSUPPORTED;
	/* White where the file ends too early. */
	if ((out->samples = malloc((size_t)w * h * 4)) == NULL)
		return REASON_MEMORY;
	memset(out->samples, 255, (size_t)w * h * 4);
	TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &orientation);
	/* In the order of the file; turning is ours. */
	if (!TIFFReadRGBAImageOriented(t, w, h, (uint32_t *)out->samples,
	    orientation, 0)) {
		free(out->samples);
		return REASON_FORMAT;
	}
	words_flatten(out->samples, (size_t)w * h);
	out->width = out->full_width = w;
	out->height = h;
	out->channels = 3;
	out->dpi = dpi_read(t);
	out->orientation = orientation;
	return REASON_COMPLETE;
}

const struct image_engine image_tiff = {
	.name = "libtiff",
	.open = tiff_open,
	.close = tiff_close,
	.format = tiff_format,
	.count = tiff_count,
	.meta = tiff_meta,
	.decode = tiff_decode,
};
