/*
 * Finds palettes. Runs in the jailed compose child. Hostile input: samples of any
 * value. Must never work longer on one page than its pixels deserve: colours are
 * capped before anything is searched.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "page_palette.h"

#define COLORS_MAX	12000	/* more: not a drawing */
#define EXACT		48	/* most frequent colours, kept as they are */
#define SLOTS		32768	/* of the hash table, a power of two */
#define BINS		4096	/* 4 bits a channel */
#define TOLERANCE	12	/* greatest error of a channel nobody sees */
#define WRONG_SHARE	500	/* one of so many pixels may err more */

struct palette {
	uint32_t	 color[COLORS_MAX];	/* 0xBBGGRR */
	uint32_t	 count[COLORS_MAX];
	uint8_t		 map[COLORS_MAX];	/* colour -> palette number */
	uint16_t	 slot[SLOTS];		/* colour number + 1 */
	uint32_t	 colors;
	uint16_t	*number;		/* colour number of each pixel */
	size_t		 size;
};

struct bin {
	uint64_t	 sum[3], count;
	int		 kept;			/* palette number, -1 none */
};

struct palette *
palette_new(void)
{
	return calloc(1, sizeof(struct palette));
}

void
palette_free(struct palette *p)
{
	if (p == NULL)
		return;
	free(p->number);
	free(p);
}

/* The number of a colour, a new one where it was not seen; -1: too many. */
static int
color_number(struct palette *p, uint32_t c)
{
	uint32_t	 h = (c * 2654435761u) >> 17;

	while (p->slot[h] != 0) {
		if (p->color[p->slot[h] - 1] == c)
			return p->slot[h] - 1;
		h = (h + 1) & (SLOTS - 1);
	}
	if (p->colors == COLORS_MAX)
		return -1;
	p->color[p->colors] = c;
	p->count[p->colors] = 0;
	p->slot[h] = (uint16_t)++p->colors;
	return (int)p->colors - 1;
}

static uint32_t
color_at(const uint8_t *s)
{
	return (uint32_t)s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16;
}

/* Pixels from s that have the same colour as the first; at least 1. */
static size_t
run_length(const uint8_t *s, size_t pixels)
{
	size_t	 n = pixels * 3, i = 3;

	/* Equal to itself three bytes on: one long comparison. */
	while (i + 8 <= n) {
		uint64_t	 a, b;

		memcpy(&a, s + i, 8);
		memcpy(&b, s + i - 3, 8);
		if (a != b) {
			i += (size_t)__builtin_ctzll(a ^ b) / 8;
			return i / 3;
		}
		i += 8;
	}
	while (i < n && s[i] == s[i - 3])
		i++;
	return i / 3;
}

/* Numbers every pixel's colour; 0 when there are too many colours. */
static int
colors_count(struct palette *p, const uint8_t *s, size_t pixels)
{
	size_t	 at = 0, run, i;
	int	 n;

	p->colors = 0;
	memset(p->slot, 0, sizeof(p->slot));
	while (at < pixels) {
		if ((n = color_number(p, color_at(s + at * 3))) == -1)
			return 0;
		run = run_length(s + at * 3, pixels - at);
		p->count[n] += (uint32_t)run;
		for (i = 0; i < run; i++)
			p->number[at + i] = (uint16_t)n;
		at += run;
	}
	return 1;
}

static void
color_put(uint8_t *rgb, uint32_t c)
{
	rgb[0] = (uint8_t)c;
	rgb[1] = (uint8_t)(c >> 8);
	rgb[2] = (uint8_t)(c >> 16);
}

static int
palette_exact(struct palette *p, uint8_t *rgb)
{
	uint32_t	 i;

	for (i = 0; i < p->colors; i++) {
		color_put(rgb + (size_t)i * 3, p->color[i]);
		p->map[i] = (uint8_t)i;
	}
	return (int)p->colors;
}

struct ranked { uint32_t count, number; };

/* Most frequent first; equal counts by number, so the result is one. */
static int
rank_compare(const void *va, const void *vb)
{
	const struct ranked	*a = va, *b = vb;

	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static unsigned
bin_of(uint32_t c)
{
	return (c >> 4 & 0xf) | (c >> 12 & 0xf) << 4 | (c >> 20 & 0xf) << 8;
}

static int
channel_error(const uint8_t *rgb, uint32_t c)
{
	int	 r = abs(rgb[0] - (int)(c & 0xff));
	int	 g = abs(rgb[1] - (int)(c >> 8 & 0xff));
	int	 b = abs(rgb[2] - (int)(c >> 16 & 0xff));

	return r > g ? (r > b ? r : b) : (g > b ? g : b);
}

static int
nearest(const uint8_t *rgb, int n, uint32_t c)
{
	int	 i, r, g, b, d, best = 0, best_d = 1 << 30;

	for (i = 0; i < n; i++, rgb += 3) {
		r = rgb[0] - (int)(c & 0xff);
		g = rgb[1] - (int)(c >> 8 & 0xff);
		b = rgb[2] - (int)(c >> 16 & 0xff);
		if ((d = r * r + g * g + b * b) < best_d) {
			best_d = d;
			best = i;
		}
	}
	return best;
}

/* Fills rgb from the bins that hold most of the remaining pixels. */
static int
palette_bins(struct bin *bins, uint8_t *rgb, int n)
{
	struct ranked	*rank;
	size_t		 i, used = 0;
	int		 k;

	if ((rank = malloc(BINS * sizeof(*rank))) == NULL)
		return ERR_MEMORY;
	for (i = 0; i < BINS; i++) {
		bins[i].kept = -1;
		if (bins[i].count > 0) {
			rank[used].count = (uint32_t)bins[i].count;
			rank[used++].number = (uint32_t)i;
		}
	}
	qsort(rank, used, sizeof(*rank), rank_compare);
	for (i = 0; i < used && n < 256; i++, n++) {
		struct bin	*b = &bins[rank[i].number];

		b->kept = n;
		for (k = 0; k < 3; k++)
			rgb[n * 3 + k] = (uint8_t)((b->sum[k] + b->count / 2) /
			    b->count);
	}
	free(rank);
	return n;
}

/* Maps every colour; 0 when too many pixels would be seen to change. */
static int
palette_map(struct palette *p, const struct bin *bins, const uint8_t *rgb,
    int n, size_t pixels)
{
	uint64_t	 wrong = 0;
	uint32_t	 i, c;

	for (i = 0; i < p->colors; i++) {
		c = p->color[i];
		if (p->map[i] < EXACT)
			continue;
		if (bins[bin_of(c)].kept >= 0)
			p->map[i] = (uint8_t)bins[bin_of(c)].kept;
		else
			p->map[i] = (uint8_t)nearest(rgb, n, c);
		if (channel_error(rgb + (size_t)p->map[i] * 3, c) > TOLERANCE)
			wrong += p->count[i];
		if (wrong > pixels / WRONG_SHARE)
			return 0;
	}
	return n;
}

static int
palette_approximate(struct palette *p, size_t pixels, uint8_t *rgb)
{
	struct ranked	*rank = NULL;
	struct bin	*bins = NULL;
	uint32_t	 i, k;
	int		 n = ERR_MEMORY;

	rank = malloc(p->colors * sizeof(*rank));
	bins = calloc(BINS, sizeof(*bins));
	if (rank == NULL || bins == NULL)
		goto out;
	for (i = 0; i < p->colors; i++) {
		rank[i].count = p->count[i];
		rank[i].number = i;
	}
	qsort(rank, p->colors, sizeof(*rank), rank_compare);
	for (i = 0; i < p->colors; i++) {
		struct bin	*b = &bins[bin_of(p->color[rank[i].number])];

		if (i < EXACT) {
			color_put(rgb + (size_t)i * 3,
			    p->color[rank[i].number]);
			p->map[rank[i].number] = (uint8_t)i;
			continue;
		}
		p->map[rank[i].number] = EXACT;
		for (k = 0; k < 3; k++)
			b->sum[k] += (uint64_t)(p->color[rank[i].number] >>
			    8 * k & 0xff) * rank[i].count;
		b->count += rank[i].count;
	}
	if ((n = palette_bins(bins, rgb, EXACT)) > 0)
		n = palette_map(p, bins, rgb, n, pixels);
 out:
	free(rank);
	free(bins);
	return n;
}

int
palette_make(struct palette *p, const uint8_t *samples, size_t pixels,
    uint8_t *index, uint8_t rgb[256 * 3])
{
	uint16_t	*number;
	size_t		 i;
	int		 n;

	if (pixels > p->size) {
		free(p->number);
		p->number = NULL;
		p->size = 0;
		if ((number = malloc(pixels * sizeof(*number))) == NULL)
			return ERR_MEMORY;
		p->number = number;
		p->size = pixels;
	}
	if (!colors_count(p, samples, pixels))
		return 0;
	n = p->colors <= 256 ? palette_exact(p, rgb) :
	    palette_approximate(p, pixels, rgb);
	if (n <= 0)
		return n;
	for (i = 0; i < pixels; i++)
		index[i] = p->map[p->number[i]];
	return n;
}
