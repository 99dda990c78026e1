/*
 * Pixels: from drawn samples to one compressed frame.
 * Runs in the jailed workers, so that no trusted program touches a pixel.
 * Hostile input: the samples, and through them the compressor's state.
 * Must never read beyond width * channels of a row, or send more than two
 * kinds of page (grey, RGB).
 */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "copy.h"
#include "err.h"
#include "pixels.h"

/* The hot loops once plain and once for AVX2, chosen when the program loads. */
#if defined(__x86_64__) && !defined(LIMPID_SAN)
#define PIXELS_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define PIXELS_CLONES
#endif

#define LEVEL		1	/* more costs time, saves little */
#define BLOCK		96	/* bytes: whole pixels and whole vectors */

struct pixels {
	ZSTD_CCtx	*cctx;
	uint8_t		*packed, *frame;
	size_t		 packed_size, frame_size;
};

struct pixels *
pixels_new(void)
{
	struct pixels *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if ((p->cctx = ZSTD_createCCtx()) == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(p->cctx,
	    ZSTD_c_compressionLevel, LEVEL))) {
		pixels_free(p);
		return NULL;
	}
	return p;
}

void
pixels_free(struct pixels *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->cctx);
	free(p->packed);
	free(p->frame);
	free(p);
}

static uint8_t
chroma_of(const uint8_t *px)
{
	int rg = abs(px[0] - px[1]), gb = abs(px[1] - px[2]);

	return rg > gb ? rg : gb;
}

/*
 * 32 pixels at a time: every byte against the one that follows, the greatest
 * difference kept for each place in the block. Every third place compares blue
 * with the next pixel's red and is left out at the end.
 */
PIXELS_CLONES uint8_t
pixels_row_chroma(const uint8_t *rgb, uint32_t width)
{
	uint8_t acc[BLOCK] = {0}, most = 0;
	size_t len = (size_t)width * 3, off;

	for (off = 0; off + BLOCK < len; off += BLOCK) {
		const uint8_t *a = rgb + off, *b = a + 1;

		for (int i = 0; i < BLOCK; i++) {
			uint8_t hi = a[i] > b[i] ? a[i] : b[i];
			uint8_t lo = a[i] > b[i] ? b[i] : a[i];
			uint8_t d = hi - lo;

			acc[i] = acc[i] > d ? acc[i] : d;
		}
	}
	for (int i = 0; i < BLOCK; i++) {
		if (i % 3 != 2 && acc[i] > most)
			most = acc[i];
	}
	for (; off < len; off += 3) {
		uint8_t d = chroma_of(rgb + off);

		most = most > d ? most : d;
	}
	return most;
}

PIXELS_CLONES void
pixels_row_grey(uint8_t *grey, const uint8_t *rgb, uint32_t width, int exact)
{
	if (exact) {
		for (uint32_t x = 0; x < width; x++)
			grey[x] = rgb[3 * (size_t)x];
		return;
	}
	for (uint32_t x = 0; x < width; x++) {
		const uint8_t *px = rgb + 3 * (size_t)x;

		/* Rec. 601 weights in 1/256; they sum to 256. */
		grey[x] = (77 * px[0] + 150 * px[1] + 29 * px[2] + 128) >> 8;
	}
}

void
pixels_row_flatten(uint8_t *rgb, const uint8_t *rgba, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++, rgb += 3, rgba += 4) {
		unsigned a = rgba[3], white = (255 - a) * 255 + 127;

		rgb[0] = (rgba[0] * a + white) / 255;
		rgb[1] = (rgba[1] * a + white) / 255;
		rgb[2] = (rgba[2] * a + white) / 255;
	}
}

/* Buffers only grow: fresh memory for each page would cost more than zstd. */
static int
buffer_grow(uint8_t **buf, size_t *size, size_t want)
{
	uint8_t *b;

	if (want <= *size)
		return ERR_OK;
	free(*buf);
	*buf = NULL;
	*size = 0;
	if ((b = malloc(want)) == NULL)
		return ERR_MEMORY;
	*buf = b;
	*size = want;
	return ERR_OK;
}

/* Fills packed with grey and returns 1, or 0 at the first coloured row. */
static int
pack_grey(uint8_t *packed, uint32_t width, uint32_t height, size_t stride,
    const uint8_t *rgb)
{
	for (uint32_t y = 0; y < height; y++, rgb += stride, packed += width) {
		uint8_t chroma = pixels_row_chroma(rgb, width);

		if (chroma > PIXELS_CHROMA_MAX)
			return 0;
		pixels_row_grey(packed, rgb, width, chroma == 0);
	}
	return 1;
}

static void
pack_rows(uint8_t *packed, size_t row, uint32_t height, size_t stride,
    const uint8_t *samples)
{
	for (uint32_t y = 0; y < height; y++)
		memcpy(packed + y * row, samples + y * stride, row);
}

static int
compress(struct pixels *p, const uint8_t *src, size_t len, size_t *frame_len)
{
	size_t n;
	int r;

	if ((r = buffer_grow(&p->frame, &p->frame_size,
	    ZSTD_compressBound(len))) != ERR_OK)
		return r;
	n = ZSTD_compress2(p->cctx, p->frame, p->frame_size, src, len);
	if (ZSTD_isError(n))
		return ERR_MEMORY;
	*frame_len = n;
	return ERR_OK;
}

/* RGBA: flattened into the second half of packed, then as RGB. */
static int
flatten(struct pixels *p, uint32_t width, uint32_t height, size_t *stride,
    const uint8_t **samples)
{
	size_t row = (size_t)width * 3, area = (size_t)width * height;
	uint8_t *rgb;
	int r;

	if ((r = buffer_grow(&p->packed, &p->packed_size, area * 4)) != ERR_OK)
		return r;
	rgb = p->packed + area;
	for (uint32_t y = 0; y < height; y++)
		pixels_row_flatten(rgb + y * row, *samples + y * *stride,
		    width);
	*samples = rgb;
	*stride = row;
	return ERR_OK;
}

int
pixels_compress(struct pixels *p, uint32_t width, uint32_t height,
    uint8_t channels, size_t stride, const uint8_t *samples,
    uint8_t *out_channels, const uint8_t **frame, size_t *frame_len)
{
	size_t area = (size_t)width * height, row;
	uint8_t out;
	int r;

	if (width == 0 || height == 0 || width > COPY_PAGE_SIDE ||
	    height > COPY_PAGE_SIDE || area > (uint32_t)COPY_PAGE_PIXELS)
		return ERR_LIMIT;
	if ((channels != 1 && channels != 3 && channels != 4) ||
	    stride < (size_t)width * channels)
		return ERR_FORMAT;
	if (channels == 4) {
		r = flatten(p, width, height, &stride, &samples);
		if (r != ERR_OK)
			return r;
		channels = 3;
	}
	/* Room for RGB, and behind a flattened page nothing moves. */
	if ((r = buffer_grow(&p->packed, &p->packed_size, area * 3)) != ERR_OK)
		return r;
	out = channels;
	row = (size_t)width * channels;
	if (channels == 3 && pack_grey(p->packed, width, height, stride,
	    samples)) {
		out = 1;
		samples = p->packed;
	} else if (stride != row) {
		pack_rows(p->packed, row, height, stride, samples);
		samples = p->packed;
	}
	if ((r = compress(p, samples, area * out, frame_len)) != ERR_OK)
		return r;
	*out_channels = out;
	*frame = p->frame;
	return ERR_OK;
}
