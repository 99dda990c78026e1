/*
 * Icons and cursors of Windows (ICO, CUR): the largest picture, which is a PNG
 * or the inner part of a BMP with a mask behind it.
 * Runs in the jailed child of worker-image.
 * Hostile input: every number in the file.
 * Must never read outside of the file, whatever an entry says.
 */
#include <stdlib.h>
#include <string.h>

#include "image.h"

#define DIRECTORY	6	/* bytes before the entries, and of each */
#define ENTRY		16
#define BITMAP_HEAD	40
#define SIDE_MAX	8192
#define NEED_BYTES	20	/* a pixel */

struct icon {
	const uint8_t	*data;		/* the picture chosen */
	size_t		 len;
	int		 cursor;
	void		*png;		/* state of image_mupdf, else NULL */
};

/* The inner BMP: what its header says, checked against its length. */
struct bitmap {
	uint32_t	 width, height;
	unsigned	 bits;
	const uint8_t	*palette, *rows, *mask;	/* mask NULL: none */
	size_t		 colours, stride, mask_stride;
};

static uint32_t
le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static int
is_png(const uint8_t *data, size_t len)
{
	return len >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0;
}

/* The largest of those that lie in the file, of these the one with most colours. */
static int
choose(struct icon *p, const uint8_t *data, size_t len)
{
	uint64_t best = 0;

	for (uint32_t n = le16(data + 4), i = 0; i < n; i++) {
		const uint8_t *e = data + DIRECTORY + (size_t)i * ENTRY;
		uint32_t size, off;
		uint64_t rank;

		if ((size_t)(e - data) + ENTRY > len)
			break;
		size = le32(e + 8);
		off = le32(e + 12);
		rank = (uint64_t)(e[0] ? e[0] : 256) * (e[1] ? e[1] : 256) * 64 +
		    (p->cursor ? 1 : le16(e + 6) % 64) + 1;
		if (off >= len || rank <= best)
			continue;
		best = rank;
		p->data = data + off;
		p->len = size < len - off ? size : len - off;
	}
	return best > 0;
}

static void
icon_close(void *state)
{
	struct icon *p = state;

	if (p->png != NULL)
		image_mupdf.close(p->png);
	free(p);
}

static enum reason
icon_open(const uint8_t *data, size_t len, uint64_t max_memory, void **statep)
{
	struct icon *p;
	enum reason reason = REASON_COMPLETE;

	if (len < DIRECTORY + ENTRY || data[0] != 0 || data[1] != 0 ||
	    (data[2] != 1 && data[2] != 2) || data[3] != 0)
		return REASON_UNSUPPORTED;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return REASON_MEMORY;
	p->cursor = data[2] == 2;
	if (!choose(p, data, len))
		reason = REASON_FORMAT;
	else if (is_png(p->data, p->len))
		reason = image_mupdf.open(p->data, p->len, max_memory, &p->png);
	if (reason != REASON_COMPLETE) {
		icon_close(p);
		return reason;
	}
	*statep = p;
	return REASON_COMPLETE;
}

static const char *
icon_format(const void *state)
{
	return ((const struct icon *)state)->cursor ? "CUR" : "ICO";
}

static uint32_t
icon_count(const void *state)
{
	(void)state;
	return 1;
}

static void
icon_meta(const void *state, struct image_meta *m)
{
	const struct icon *p = state;

	if (p->png != NULL)
		image_mupdf.meta(p->png, m);
	else
		memset(m, 0, sizeof(*m));
}

/* 0 when it does not hold together. */
static int
bitmap_read(const struct icon *p, struct bitmap *b)
{
	uint32_t head, used;
	size_t at, need;

	memset(b, 0, sizeof(*b));
	if (p->len < BITMAP_HEAD || (head = le32(p->data)) < BITMAP_HEAD ||
	    head > p->len)
		return 0;
	b->width = le32(p->data + 4);
	b->height = le32(p->data + 8) / 2;	/* colours, then the mask */
	b->bits = le16(p->data + 14);
	used = le32(p->data + 32);
	if (b->width == 0 || b->width > SIDE_MAX || b->height == 0 ||
	    b->height > SIDE_MAX || le32(p->data + 16) != 0 ||
	    (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 24 &&
	    b->bits != 32))
		return 0;
	if (b->bits <= 8)
		b->colours = used > 0 && used < 1u << b->bits ? used :
		    1u << b->bits;
	b->stride = ((size_t)b->width * b->bits + 31) / 32 * 4;
	b->mask_stride = ((size_t)b->width + 31) / 32 * 4;
	at = head + b->colours * 4;
	need = b->stride * b->height;
	if (at > p->len || need > p->len - at)
		return 0;
	b->palette = p->data + head;
	b->rows = p->data + at;
	at += need;
	if (b->mask_stride * b->height <= p->len - at)
		b->mask = p->data + at;
	return 1;
}

/* Blue, green and red of a pixel, and its own alpha or 255. */
static void
pixel_read(const struct bitmap *b, const uint8_t *row, uint32_t x, uint8_t *out)
{
	const uint8_t *bgr;
	unsigned n;

	if (b->bits >= 24) {
		bgr = row + (size_t)x * (b->bits / 8);
	} else {
		n = row[(size_t)x * b->bits / 8];
		n >>= 8 - b->bits - x * b->bits % 8;
		n &= (1u << b->bits) - 1;
		bgr = b->palette + 4 * (n < b->colours ? n : 0);
	}
	out[0] = bgr[2];
	out[1] = bgr[1];
	out[2] = bgr[0];
	out[3] = b->bits == 32 ? bgr[3] : 255;
}

/* Rows from the last to the first, as they are stored. */
static void
bitmap_draw(const struct bitmap *b, uint8_t *rgba)
{
	size_t n = (size_t)b->width * b->height;
	int alpha = 0;

	for (uint32_t y = 0; y < b->height; y++)
		for (uint32_t x = 0; x < b->width; x++)
			pixel_read(b, b->rows + (b->height - 1 - y) * b->stride,
			    x, rgba + ((size_t)y * b->width + x) * 4);
	for (size_t k = 0; b->bits == 32 && k < n && !alpha; k++)
		alpha = rgba[k * 4 + 3] != 0;
	if (alpha)
		return;
	for (size_t k = 0; k < n; k++) {
		uint32_t x = k % b->width, y = b->height - 1 - k / b->width;

		rgba[k * 4 + 3] = b->mask != NULL && (b->mask[y *
		    b->mask_stride + x / 8] & 0x80 >> x % 8) ? 0 : 255;
	}
}

static enum reason
icon_decode(void *state, uint32_t index, const struct image_limits *lim,
    struct image_drawn *out)
{
	struct icon *p = state;
	struct bitmap b;

	if (p->png != NULL)
		return image_mupdf.decode(p->png, index, lim, out);
	if (index > 0 || !bitmap_read(p, &b))
		return REASON_FORMAT;
	if ((uint64_t)b.width * b.height > lim->max_memory / NEED_BYTES)
		return REASON_LIMIT_PIXELS;
	if ((out->samples = malloc((size_t)b.width * b.height * 4)) == NULL)
		return REASON_MEMORY;
	bitmap_draw(&b, out->samples);
	out->width = out->full_width = b.width;
	out->height = b.height;
	out->channels = 4;
	return REASON_COMPLETE;
}

const struct image_engine image_icon = {
	.name = "limpid",
	.open = icon_open,
	.close = icon_close,
	.format = icon_format,
	.count = icon_count,
	.meta = icon_meta,
	.decode = icon_decode,
};
