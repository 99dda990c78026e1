/*
 * Whether a page may hold a bar code: every fourth row is looked at for the marks
 * in the corners of a QR code, and for bars that stand still from row to row.
 * Runs in the jailed children that draw.
 * Hostile input: the samples.
 * Must never cost more than a small share of drawing the page.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "err.h"
#include "pixels.h"

/* The hot loops once plain and once for AVX2, chosen when the program loads. */
#if defined(__x86_64__) && !defined(LIMPID_SAN)
#define SIGHT_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define SIGHT_CLONES
#endif

#define STEP		4	/* rows */
#define BLOCK		32	/* samples with a threshold of their own */
#define CONTRAST_MIN	40	/* below it a stretch is even */
#define MARK_MIN	9	/* samples across a corner mark */
#define RING_MIN	12	/* of 16 points */
#define HEART_MIN	12
#define MARKS		48	/* remembered */
#define GRID		16	/* points a side, in a square of marks */
#define BARS_MIN	24	/* edges in a row at the same places */
#define BARS_ROWS	3	/* looked at, one below the other */

/* A corner mark: its middle, and how wide it is. */
struct mark {
	uint32_t	x, y, all;
	int		middle, light;	/* grey between its tones; is it light */
};

struct sight {
	const struct codes_page	*page;
	uint8_t			*grey;			/* the row */
	uint8_t			*low, *high;		/* of its blocks */
	uint32_t		*edges, *above;		/* where it changes */
	uint32_t		 edge_count, above_count;
	unsigned		 bar_rows;
	struct mark		 mark[MARKS];
	unsigned		 next;
	struct codes_sights	*out;
};

void
codes_row(const struct codes_page *p, uint32_t y, uint8_t *grey)
{
	const uint8_t *in = p->samples + (size_t)y * p->stride;

	if (p->channels == 1) {
		memcpy(grey, in, p->width);
	} else if (p->channels == 3) {
		pixels_row_grey(grey, in, p->width, 0);
	} else {
		for (uint32_t x = 0; x < p->width; x++, in += 4) {
			uint8_t rgb[3];

			pixels_row_flatten(rgb, in, 1);
			pixels_row_grey(grey + x, rgb, 1, 0);
		}
	}
}

SIGHT_CLONES static void
blocks_measure(struct sight *s, uint32_t blocks)
{
	for (uint32_t b = 0; b < blocks; b++) {
		const uint8_t *in = s->grey + (size_t)b * BLOCK;
		uint8_t low = 255, high = 0;

		for (int i = 0; i < BLOCK; i++) {
			low = in[i] < low ? in[i] : low;
			high = in[i] > high ? in[i] : high;
		}
		s->low[b] = low;
		s->high[b] = high;
	}
}

/* 1 where a sample of a block is on the other side than the one before. */
SIGHT_CLONES static void
block_changes(const uint8_t *grey, int middle, int light,
    uint8_t change[BLOCK])
{
	uint8_t side[BLOCK + 1];

	side[0] = light;
	for (int i = 0; i < BLOCK; i++)
		side[i + 1] = grey[i] > middle;
	for (int i = 0; i < BLOCK; i++)
		change[i] = side[i] ^ side[i + 1];
}

/* Adds a block's edges; on which side it ends. */
static int
block_edges(struct sight *s, uint32_t at, int middle, int light)
{
	uint8_t change[BLOCK];

	block_changes(s->grey + at, middle, light, change);
	for (uint32_t i = 0; i < BLOCK; i += 8) {
		uint64_t word;

		memcpy(&word, change + i, sizeof(word));
		for (uint32_t k = i; word != 0; word >>= 8, k++) {
			if ((word & 1) != 0) {
				s->edges[s->edge_count++] = at + k;
				light = !light;
			}
		}
	}
	return light;
}

/* Where dark and light meet, by the middle of what a block and its neighbours
 * hold; even stretches go on as they were. */
static void
edges_find(struct sight *s)
{
	uint32_t w = s->page->width, blocks = (w + BLOCK - 1) / BLOCK;
	int light = 1, middle = 128;

	/* The last block is filled up with the last sample. */
	memset(s->grey + w, s->grey[w - 1], (size_t)blocks * BLOCK - w);
	blocks_measure(s, blocks);
	s->edge_count = 0;
	for (uint32_t b = 0; b < blocks; b++) {
		uint32_t from = b > 0 ? b - 1 : 0;
		uint32_t to = b + 1 < blocks ? b + 1 : b;
		int low = 255, high = 0;

		for (uint32_t k = from; k <= to; k++) {
			low = s->low[k] < low ? s->low[k] : low;
			high = s->high[k] > high ? s->high[k] : high;
		}
		if (high - low >= CONTRAST_MIN)
			middle = (low + high) / 2;
		if (light ? s->low[b] > middle : s->high[b] <= middle)
			continue;
		light = block_edges(s, b * BLOCK, middle, light);
	}
}

/* 1 : 1 : 3 : 1 : 1, as far as small samples can show it. */
static int
is_mark(const uint32_t run[5])
{
	uint32_t all = run[0] + run[1] + run[2] + run[3] + run[4];

	if (all < MARK_MIN || run[2] * 7 < all * 2 || run[2] * 28 > all * 17)
		return 0;
	for (int i = 0; i < 5; i++) {
		/* an outer run of 2 samples may be drawn as 1 or as 3 */
		if (i != 2 && (run[i] * 7 * 3 + 21 < all ||
		    run[i] * 7 > all * 2 + 7))
			return 0;
	}
	return 1;
}

static uint8_t
grey_at(const struct codes_page *p, uint32_t x, uint32_t y)
{
	const struct codes_page one = {
		.samples = p->samples + (size_t)y * p->stride +
		    (size_t)x * p->channels,
		.width = 1, .height = 1, .channels = p->channels,
	};
	uint8_t grey;

	codes_row(&one, 0, &grey);
	return grey;
}

/* Runs from (x, y) in one direction: half the middle, the ring, the border. */
static int
runs_walk(const struct sight *s, uint32_t x, uint32_t y, const int by[2],
    int middle, uint32_t most, uint32_t run[3])
{
	int side = grey_at(s->page, x, y) > middle, k = 0;

	run[0] = run[1] = run[2] = 0;
	for (uint32_t n = 0; n < most; n++, x += by[0], y += by[1]) {
		if (x >= s->page->width || y >= s->page->height)
			return k == 2 && run[2] > 0;
		if ((grey_at(s->page, x, y) > middle) != side) {
			side = !side;
			if (++k == 3)
				return 1;
		}
		run[k]++;
	}
	return k == 2;
}

/*
 * However a mark is turned, a circle of 2.2 modules round its middle lies in the
 * light ring, one of 1 module in the dark middle. Letters show the runs of a mark
 * now and then, hardly ever its rings.
 */
static int
mark_rings(const struct sight *s, uint32_t x, uint32_t y, double m, int middle)
{
	static const double circle[16][2] = {
		{ 1, 0 }, { .92, .38 }, { .71, .71 }, { .38, .92 },
		{ 0, 1 }, { -.38, .92 }, { -.71, .71 }, { -.92, .38 },
		{ -1, 0 }, { -.92, -.38 }, { -.71, -.71 }, { -.38, -.92 },
		{ 0, -1 }, { .38, -.92 }, { .71, -.71 }, { .92, -.38 },
	};
	int dark = grey_at(s->page, x, y) > middle, ring = 0, heart = 0;

	for (int i = 0; i < 16; i++) {
		double rx = x + circle[i][0] * m * 2.2 + 0.5;
		double ry = y + circle[i][1] * m * 2.2 + 0.5;
		double hx = x + circle[i][0] * m + 0.5;
		double hy = y + circle[i][1] * m + 0.5;

		if (rx < 0 || ry < 0 || rx >= s->page->width ||
		    ry >= s->page->height)
			return 0;
		ring += (grey_at(s->page, rx, ry) > middle) != dark;
		heart += (grey_at(s->page, hx, hy) > middle) == dark;
	}
	return ring >= RING_MIN && heart >= HEART_MIN;
}

/*
 * Squares within squares: every line through their middle shows the same runs,
 * however they are turned. all is the width of the mark in its row. The border may
 * width of the mark in its row.
 */
static int
mark_crosses(const struct sight *s, uint32_t x, uint32_t y, uint32_t all,
    int middle)
{
	static const int ways[3][2][2] = {
		{ { 0, -1 }, { 0, 1 } },
		{ { -1, -1 }, { 1, 1 } },
		{ { -1, 1 }, { 1, -1 } },
	};
	uint32_t one[3], two[3], run[5];
	double m = all / 7.0, across;

	for (int i = 0; i < 3; i++) {
		if (!runs_walk(s, x, y, ways[i][0], middle, all, one) ||
		    !runs_walk(s, x, y, ways[i][1], middle, all, two))
			return 0;
		run[1] = one[1];
		run[2] = one[0] + two[0] - 1;
		run[3] = two[1];
		run[0] = one[2];
		run[4] = two[2];
		if (!is_mark(run))
			return 0;
		if (i == 0)	/* from here on through its very middle */
			y = y + 1 - one[0] + (run[2] - 1) / 2;
		across = (run[1] + run[2] + run[3]) * (i > 0 ? M_SQRT2 : 1);
		m = across / 5 < m ? across / 5 : m;
	}
	return mark_rings(s, x, y, m, middle);
}

/* Whether b and c stand from a as two corners of a square do from the third,
 * seen at some slant. */
static int
is_corner(const struct mark *a, const struct mark *b, const struct mark *c)
{
	double bx = (double)b->x - a->x, by = (double)b->y - a->y;
	double cx = (double)c->x - a->x, cy = (double)c->y - a->y;
	double ll = bx * bx + by * by, rr = cx * cx + cy * cy;
	double dot = bx * cx + by * cy, all = a->all;

	return ll < 2 * rr && rr < 2 * ll && dot * dot < 0.1 * ll * rr &&
	    ll > 1.5 * all * all && ll < 700 * all * all;
}

static int
is_alike(const struct mark *a, const struct mark *b)
{
	return a->all * 3 <= b->all * 4 + 3 && b->all * 3 <= a->all * 4 + 3;
}

static uint64_t
box_area(const struct codes_box *b)
{
	return (uint64_t)(b->right - b->left + 1) * (b->bottom - b->top + 1);
}

/* Whether most of the larger lies in both. */
static int
box_same(const struct codes_box *a, const struct codes_box *b)
{
	struct codes_box both = {
		a->left > b->left ? a->left : b->left,
		a->top > b->top ? a->top : b->top,
		a->right < b->right ? a->right : b->right,
		a->bottom < b->bottom ? a->bottom : b->bottom,
	};
	uint64_t large = box_area(a) > box_area(b) ? box_area(a) : box_area(b);

	return both.left <= both.right && both.top <= both.bottom &&
	    box_area(&both) * 10 > large * 7;
}

/*
 * Keeps the boxes by size. Small ones are scanned first and alone: marks of codes
 * that stand side by side also make larger squares, in which zbar finds less.
 */
static void
box_add(struct sight *s, struct codes_box b)
{
	struct codes_sights *out = s->out;
	unsigned i;

	for (i = 0; i < out->count; i++) {
		struct codes_box *o = &out->box[i];

		if (!box_same(o, &b))
			continue;
		b.left = o->left < b.left ? o->left : b.left;
		b.top = o->top < b.top ? o->top : b.top;
		b.right = o->right > b.right ? o->right : b.right;
		b.bottom = o->bottom > b.bottom ? o->bottom : b.bottom;
		memmove(o, o + 1, (--out->count - i) * sizeof(*o));
		break;
	}
	for (i = 0; i < out->count && box_area(&out->box[i]) <= box_area(&b);
	    i++)
		;
	if (out->count == CODES_BOXES) {
		out->lost = 1;
		if (i == CODES_BOXES)
			return;
		out->count--;
	}
	memmove(&out->box[i + 1], &out->box[i],
	    (out->count - i) * sizeof(b));
	out->box[i] = b;
	out->count++;
}

static uint32_t
within(double v, uint32_t sides)
{
	return v < 0 ? 0 : v > sides - 1 ? sides - 1 : v;
}

/*
 * About half of a code is dark, all over; of lines of text, whose letters can make
 * three marks, a seventh. b, a and c are three corners of the square looked at.
 */
static int
is_speckled(const struct sight *s, const struct mark *a, const struct mark *b,
    const struct mark *c)
{
	unsigned dark = 0, all = 0;

	for (int i = 0; i < GRID; i++) {
		for (int k = 0; k < GRID; k++) {
			double u = (i + 0.5) / GRID, v = (k + 0.5) / GRID;
			double x = a->x + u * ((double)b->x - a->x) +
			    v * ((double)c->x - a->x);
			double y = a->y + u * ((double)b->y - a->y) +
			    v * ((double)c->y - a->y);

			if (x < 0 || y < 0 || x >= s->page->width ||
			    y >= s->page->height)
				continue;
			all++;
			dark += (grey_at(s->page, x, y) > a->middle) ==
			    a->light;
		}
	}
	return dark * 10 > all * 3 && dark * 10 < all * 7;
}

/* All of the square whose corners are b, a and c, with room round it. */
static void
square_add(struct sight *s, const struct mark *a, const struct mark *b,
    const struct mark *c)
{
	double x[4] = { a->x, b->x, c->x, (double)b->x + c->x - a->x };
	double y[4] = { a->y, b->y, c->y, (double)b->y + c->y - a->y };

	if (!is_speckled(s, a, b, c))
		return;
	double l = x[0], r = x[0], t = y[0], d = y[0], room = a->all * 2.0;

	if (!is_speckled(s, a, b, c))
		return;
	for (int i = 1; i < 4; i++) {
		l = fmin(l, x[i]);
		r = fmax(r, x[i]);
		t = fmin(t, y[i]);
		d = fmax(d, y[i]);
	}
	room += (r - l) / 8;
	box_add(s, (struct codes_box){
	    within(l - room, s->page->width), within(t - room, s->page->height),
	    within(r + room, s->page->width),
	    within(d + room, s->page->height) });
}

/* Every two that were seen before and can be one code's together with m. */
static void
marks_agree(struct sight *s, const struct mark *m)
{
	for (unsigned i = 0; i < MARKS; i++) {
		const struct mark *a = &s->mark[i];

		for (unsigned k = 0; a->all > 0 && is_alike(a, m) && k < i;
		    k++) {
			const struct mark *b = &s->mark[k];

			if (b->all == 0 || !is_alike(b, m) || !is_alike(a, b))
				continue;
			if (is_corner(m, a, b))
				square_add(s, m, a, b);
			else if (is_corner(a, m, b))
				square_add(s, a, m, b);
			else if (is_corner(b, m, a))
				square_add(s, b, m, a);
		}
	}
}

/* The last ones are kept; those of one place are one. */
static void
mark_add(struct sight *s, uint32_t x, uint32_t y, uint32_t all, int middle)
{
	const struct mark m = { x, y, all, middle, s->grey[x] > middle };

	for (unsigned i = 0; i < MARKS; i++) {
		int64_t dx = (int64_t)s->mark[i].x - x;
		int64_t dy = (int64_t)s->mark[i].y - y;

		if (dx * dx + dy * dy < (int64_t)all * all / 4)
			return;
	}
	if (s->out->marks == CODES_MARKS) {
		s->out->lost = 1;
		return;
	}
	s->out->mark_x[s->out->marks] = x;
	s->out->mark_y[s->out->marks++] = y;
	marks_agree(s, &m);
	s->mark[s->next++ % MARKS] = m;
}

static void
marks_look(struct sight *s, uint32_t y)
{
	const uint32_t *e = s->edges;

	for (uint32_t i = 0; i + 5 < s->edge_count; i++) {
		const uint32_t run[5] = { e[i + 1] - e[i], e[i + 2] - e[i + 1],
		    e[i + 3] - e[i + 2], e[i + 4] - e[i + 3],
		    e[i + 5] - e[i + 4] };
		uint32_t x = (e[i + 2] + e[i + 3]) / 2, all = e[i + 5] - e[i];
		int middle;

		if (!is_mark(run))
			continue;
		middle = (s->grey[x] + s->grey[(e[i + 1] + e[i + 2]) / 2]) / 2;
		if (mark_crosses(s, x, y, all, middle))
			mark_add(s, x, y, all, middle);
	}
}

/* Bars and gaps of one to four modules; wider ones are no bar code's. */
static int
is_bar(uint32_t run, uint32_t *low, uint32_t *high)
{
	*low = run < *low ? run : *low;
	*high = run > *high ? run : *high;
	return *high <= 5 * *low + 3;
}

/* The longest row of edges that the row above has at the same places: how many, and
 * from where to where. */
static unsigned
bars_match(const struct sight *s, uint32_t *from, uint32_t *to)
{
	uint32_t first = 0, last = 0, low = 0, high = 0;
	unsigned now = 0, most = 0;

	for (uint32_t i = 0, k = 0; i < s->edge_count && k < s->above_count;) {
		int64_t d = (int64_t)s->edges[i] - s->above[k];

		if (d < -1 || d > 1) {
			now = 0;
			d < 0 ? i++ : k++;
			continue;
		}
		if (now == 0 || !is_bar(s->edges[i] - last, &low, &high)) {
			first = s->edges[i];
			low = UINT32_MAX / 8;
			high = now = 0;
		}
		last = s->edges[i];
		if (++now > most) {
			most = now;
			*from = first;
			*to = s->edges[i];
		}
		i++;
		k++;
	}
	return most;
}

static void
bars_look(struct sight *s, uint32_t y)
{
	uint32_t from = 0, to = 0, room;

	if (bars_match(s, &from, &to) < BARS_MIN) {
		s->bar_rows = 0;
		return;
	}
	if (++s->bar_rows < BARS_ROWS)
		return;
	room = (to - from) / 4 + 8;
	box_add(s, (struct codes_box){ within((double)from - room,
	    s->page->width), within((double)y - BARS_ROWS * STEP - room,
	    s->page->height), within((double)to + room, s->page->width),
	    within((double)y + room, s->page->height) });
}

static void
row_look(struct sight *s, uint32_t y)
{
	uint32_t *swap = s->above;

	s->above = s->edges;
	s->above_count = s->edge_count;
	s->edges = swap;
	codes_row(s->page, y, s->grey);
	edges_find(s);
	if (s->edge_count >= 6) {
		bars_look(s, y);
		marks_look(s, y);
	}
}

int
codes_sight(const struct codes_page *p, struct codes_sights *out)
{
	size_t blocks = (size_t)p->width / BLOCK + 1;
	struct sight s = { .page = p, .out = out };
	int r = ERR_MEMORY;

	memset(out, 0, sizeof(*out));
	if (p->width == 0)
		return ERR_OK;
	s.grey = malloc(blocks * BLOCK);
	s.low = malloc(blocks);
	s.high = malloc(blocks);
	s.edges = malloc(blocks * BLOCK * sizeof(*s.edges));
	s.above = malloc(blocks * BLOCK * sizeof(*s.above));
	if (s.grey != NULL && s.low != NULL && s.high != NULL &&
	    s.edges != NULL && s.above != NULL) {
		r = ERR_OK;
		for (uint32_t y = STEP / 2; y < p->height; y += STEP)
			row_look(&s, y);
	}
	free(s.grey);
	free(s.low);
	free(s.high);
	free(s.edges);
	free(s.above);
	return r;
}
