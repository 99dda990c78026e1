/*
 * Images: which engine reads a file, and what happens to every picture after it.
 * Runs in the jailed children of worker-image and worker-heif.
 * Hostile input: the file, and what an engine says of it.
 * Must never give out a picture larger than its limits.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "err.h"
#include "image.h"

#define DPI_DEFAULT	150

struct image {
	const struct image_engine	*engine;
	void				*state;
	uint8_t				*samples, *turned;	/* just decoded */
};

enum reason
image_open_with(const struct image_engine *e, const uint8_t *data, size_t len,
    uint64_t max_memory, struct image **ip)
{
	struct image *i;
	enum reason reason;

	if ((i = calloc(1, sizeof(*i))) == NULL)
		return REASON_MEMORY;
	i->engine = e;
	reason = e->open(data, len, max_memory, &i->state);
	if (reason != REASON_COMPLETE) {
		free(i);
		return reason;
	}
	*ip = i;
	return REASON_COMPLETE;
}

void
image_close(struct image *i)
{
	if (i == NULL)
		return;
	i->engine->close(i->state);
	free(i->samples);
	free(i->turned);
	free(i);
}

const char *
image_engine(const struct image *i)
{
	return i->engine->name;
}

const char *
image_format(const struct image *i)
{
	return i->engine->format(i->state);
}

uint32_t
image_count(const struct image *i)
{
	return i->engine->count(i->state);
}

void
image_meta(const struct image *i, struct image_meta *m)
{
	i->engine->meta(i->state, m);
}

void
image_fit(uint32_t w, uint32_t h, uint64_t max_pixels, uint32_t *ow,
    uint32_t *oh)
{
	double s = 1, longer = w > h ? w : h;

	if (max_pixels > (uint32_t)COPY_PAGE_PIXELS)
		max_pixels = (uint32_t)COPY_PAGE_PIXELS;
	if (longer > COPY_PAGE_SIDE)
		s = COPY_PAGE_SIDE / longer;
	if (s * w * s * h > max_pixels)
		s = sqrt(max_pixels / ((double)w * h));
	*ow = s < 1 ? fmax(1, floor(w * s)) : w;
	*oh = s < 1 ? fmax(1, floor(h * s)) : h;
}

void
image_flatten(uint8_t *samples, uint32_t width, uint32_t height)
{
	size_t n = (size_t)width * height;
	uint8_t *out = samples;

	for (const uint8_t *in = samples; n > 0; n--, in += 4) {
		unsigned a = in[3], white = (255 - a) * 255 + 127;

		for (int c = 0; c < 3; c++)
			*out++ = (in[c] * a + white) / 255;
	}
}

/* The mean of an area; out lies before what is still to be read. */
static void
shrink_one(uint8_t *out, const uint8_t *samples, size_t stride,
    uint8_t channels, const uint32_t x[2], const uint32_t y[2])
{
	uint64_t sum[4] = {0}, n = (uint64_t)(x[1] - x[0]) * (y[1] - y[0]);

	for (uint32_t r = y[0]; r < y[1]; r++) {
		const uint8_t *in = samples + r * stride +
		    (size_t)x[0] * channels;

		for (uint32_t k = x[0]; k < x[1]; k++)
			for (int c = 0; c < channels; c++)
				sum[c] += *in++;
	}
	if (n == 0)
		panic("an area of nothing");
	for (int c = 0; c < channels; c++)
		out[c] = (sum[c] + n / 2) / n;
}

void
image_shrink(uint8_t *samples, uint32_t w, uint32_t h, uint8_t channels,
    uint32_t ow, uint32_t oh)
{
	size_t stride = (size_t)w * channels;
	uint8_t *out = samples, px[4];

	for (uint32_t y = 0; y < oh; y++) {
		const uint32_t rows[2] = { (uint64_t)y * h / oh,
		    (uint64_t)(y + 1) * h / oh };

		for (uint32_t x = 0; x < ow; x++, out += channels) {
			const uint32_t cols[2] = { (uint64_t)x * w / ow,
			    (uint64_t)(x + 1) * w / ow };

			shrink_one(px, samples, stride, channels, cols, rows);
			memcpy(out, px, channels);
		}
	}
}

static uint16_t
dpi_of(const struct image_drawn *d, uint32_t width)
{
	double dpi = d->dpi;

	if (dpi < 30 || dpi > 2400)
		dpi = DPI_DEFAULT;
	dpi = dpi * width / d->full_width;
	return dpi < 1 ? 1 : dpi;
}

static enum reason
turn(struct image *i, uint8_t orientation, struct image_picture *pic)
{
	uint32_t w = pic->width;

	if (orientation < 2 || orientation > 8)
		return REASON_COMPLETE;
	if ((i->turned = malloc((size_t)w * pic->height * pic->channels)) ==
	    NULL)
		return REASON_MEMORY;
	image_turn(i->turned, pic->samples, w, pic->height, pic->channels,
	    orientation);
	pic->samples = i->turned;
	pic->turned = 1;
	if (orientation >= 5) {
		pic->width = pic->height;
		pic->height = w;
	}
	return REASON_COMPLETE;
}

enum reason
image_decode(struct image *i, uint32_t index, const struct image_limits *lim,
    struct image_picture *pic)
{
	struct image_drawn d = {0};
	enum reason reason;
	uint32_t w, h;

	free(i->samples);
	free(i->turned);
	i->samples = i->turned = NULL;
	reason = i->engine->decode(i->state, index, lim, &d);
	if (reason != REASON_COMPLETE)
		return reason;
	i->samples = d.samples;
	if (d.channels == 4) {
		image_flatten(d.samples, d.width, d.height);
		d.channels = 3;
	}
	image_fit(d.width, d.height, lim->max_pixels, &w, &h);
	if (w < d.width || h < d.height)
		image_shrink(d.samples, d.width, d.height, d.channels, w, h);
	memset(pic, 0, sizeof(*pic));
	pic->width = w;
	pic->height = h;
	pic->channels = d.channels;
	pic->samples = d.samples;
	pic->scaled = w < d.full_width;
	pic->dpi = dpi_of(&d, w);
	reason = turn(i, d.orientation, pic);
	pic->stride = (size_t)pic->width * pic->channels;
	return reason;
}
