/*
 * Bar codes of a page: looked for, read, covered.
 * Runs in the jailed children that draw.
 * Hostile input: the samples, and what a code says.
 * Must never leave a code in the page that it told of.
 */
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "err.h"
#include "image.h"

#define ROUNDS		6		/* covered ones may uncover others */
#define CROWD_MAX	6		/* marks in a place that is scanned, and */
#define CROWD_SHARE	12000		/* one more for so many samples of it */
#define SOFTER		2		/* tries with softer edges */
#define SOFT_PIXELS	250000		/* in a place this small */
#define SCAN_ALL	12000000	/* samples of a page, places together */
#define SCAN_PIXELS	4000000		/* larger places are looked at smaller */
#define FILL		0xd0		/* of a cover, and its lines */
#define LINE		0x60

struct cover {
	const struct codes_page	*page;
	struct codes_box	 box;		/* the place scanned */
	uint8_t			*grey;
	uint32_t		 width, height;	/* of grey */
	codes_seen		*seen;
	void			*arg;
	int			 count;
	uint64_t		 left;		/* samples still to be scanned */
};

static void
sample_set(const struct codes_page *p, uint32_t x, uint32_t y, uint8_t value)
{
	uint8_t *px = p->samples + (size_t)y * p->stride +
	    (size_t)x * p->channels;

	memset(px, value, p->channels == 4 ? 3 : p->channels);
	if (p->channels == 4)
		px[3] = 255;
}

/* A box with its diagonals, which no reader takes for a code and no person for
 * part of the page. */
static void
box_draw(const struct codes_page *p, uint32_t left, uint32_t top,
    uint32_t right, uint32_t bottom)
{
	uint32_t w = right - left + 1, h = bottom - top + 1;
	uint32_t line = 1 + (w < h ? w : h) / 60;

	for (uint32_t y = 0; y < h; y++) {
		uint32_t at = (uint64_t)y * w / h;

		for (uint32_t x = 0; x < w; x++) {
			int on = x < line || y < line || x + line >= w ||
			    y + line >= h || (x >= at && x - at < line) ||
			    (w - 1 - x >= at && w - 1 - x - at < line);

			sample_set(p, left + x, top + y, on ? LINE : FILL);
		}
	}
}

static uint32_t
clamp(int64_t v, uint32_t most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

/* From samples of grey to samples of the page. */
static uint32_t
across(const struct cover *c, int64_t x)
{
	return c->box.left + clamp(x * (c->box.right - c->box.left + 1) /
	    c->width, c->box.right - c->box.left);
}

static uint32_t
down(const struct cover *c, int64_t y)
{
	return c->box.top + clamp(y * (c->box.bottom - c->box.top + 1) /
	    c->height, c->box.bottom - c->box.top);
}

/* A code's box with a margin. */
static void
hit_cover(void *arg, const struct codes_hit *hit)
{
	struct cover *c = arg;
	int64_t w = hit->right - hit->left + 1, h = hit->bottom - hit->top + 1;
	int64_t margin = 2 + (w > h ? w : h) / 24;

	box_draw(c->page, across(c, hit->left - margin),
	    down(c, hit->top - margin), across(c, hit->right + margin + 1),
	    down(c, hit->bottom + margin + 1));
	c->seen(c->arg, hit->kind, hit->data, hit->len);
	c->count++;
}

/* Means of two by two, in place: what jagged edges hide from zbar. */
static void
soften(uint8_t *grey, uint32_t width, uint32_t height)
{
	for (uint32_t y = 0; y + 1 < height; y++) {
		uint8_t *row = grey + (size_t)y * width;

		for (uint32_t x = 0; x + 1 < width; x++)
			row[x] = (row[x] + row[x + 1] + row[x + width] +
			    row[x + width + 1] + 2) / 4;
	}
}

static int
place_scan(struct cover *c)
{
	const struct codes_box *b = &c->box;
	uint32_t w = b->right - b->left + 1, h = b->bottom - b->top + 1;
	const struct codes_page place = {
		.samples = c->page->samples + (size_t)b->left *
		    c->page->channels,
		.width = w, .height = h, .channels = c->page->channels,
		.stride = c->page->stride
	};
	int r;

	for (uint32_t y = 0; y < h; y++)
		codes_row(&place, b->top + y, c->grey + (size_t)y * w);
	if (c->width < w || c->height < h)
		image_shrink(c->grey, w, h, 1, c->width, c->height);
	for (int i = 0; i < SOFTER && (uint64_t)w * h < SOFT_PIXELS; i++) {
		if ((r = codes_scan(c->grey, c->width, c->height, hit_cover,
		    c)) != 0)
			return r;
		soften(c->grey, c->width, c->height);
	}
	return codes_scan(c->grey, c->width, c->height, hit_cover, c);
}

/* Again until nothing is found: one that is covered may have hidden another. */
static int
place_cover(struct cover *c)
{
	const struct codes_box *b = &c->box;
	uint32_t w = b->right - b->left + 1, h = b->bottom - b->top + 1;
	uint64_t area;
	int r = 1;

	image_fit(w, h, SCAN_PIXELS, &c->width, &c->height);
	area = (uint64_t)c->width * c->height;
	if ((c->grey = malloc((size_t)w * h)) == NULL)
		return ERR_MEMORY;
	for (int i = 0; r > 0 && i < ROUNDS && area <= c->left; i++) {
		r = place_scan(c);
		c->left -= area;
	}
	free(c->grey);
	return r > 0 ? ERR_LIMIT : r;
}

/* Among many marks zbar tries every three of them, which takes it for ever. */
static int
is_crowded(const struct codes_sights *s, const struct codes_box *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->marks; i++)
		n += s->mark_x[i] >= b->left && s->mark_x[i] <= b->right &&
		    s->mark_y[i] >= b->top && s->mark_y[i] <= b->bottom;
	return n > CROWD_MAX + (uint64_t)(b->right - b->left) *
	    (b->bottom - b->top) / CROWD_SHARE;
}

int
codes_cover(const struct codes_page *p, uint64_t *budget, codes_seen *seen,
    void *arg)
{
	uint64_t most = *budget < SCAN_ALL ? *budget : SCAN_ALL;
	struct cover c = { .page = p, .seen = seen, .arg = arg, .left = most };
	struct codes_sights sights;
	int r, end;

	if ((r = codes_sight(p, &sights)) != ERR_OK)
		return r;
	end = sights.lost ? ERR_LIMIT : ERR_OK;
	for (unsigned i = 0; i < sights.count; i++) {
		c.box = sights.box[i];
		r = is_crowded(&sights, &c.box) ? ERR_LIMIT : place_cover(&c);
		if (r == ERR_MEMORY)
			return r;
		if (r != ERR_OK)
			end = r;
	}
	*budget -= most - c.left;
	return end == ERR_OK ? c.count : end;
}
