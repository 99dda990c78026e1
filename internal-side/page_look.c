/*
 * Looks at raw samples and packs rows for PNG. Runs in the jailed compose child.
 * Hostile input: the samples, any values; sizes were computed by the caller. Must
 * never read or write beyond width * height * channels.
 */
#include <string.h>

#include "page_look.h"

/* One build serves every x86-64; the loader picks. Sanitizers cannot be up yet
 * when it does, so they get the plain form. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(LIMPID_SAN)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#define SMOOTH_PERCENT	2

static WIDE int
row_is_bilevel(const uint8_t *row, size_t n)
{
	uint8_t	 other = 0;
	size_t	 i;

	/* v + 1 is 1 or 0 for 0 and 255. */
	for (i = 0; i < n; i++)
		other |= (uint8_t)(row[i] + 1) & 0xfe;
	return other == 0;
}

int
page_is_bilevel(const uint8_t *grey, size_t width, size_t height)
{
	size_t	 y;

	for (y = 0; y < height; y++)
		if (!row_is_bilevel(grey + y * width, width))
			return 0;
	return 1;
}

/* A row is at most COPY_PAGE_SIDE samples, so 16 bits hold the count. */
static WIDE uint16_t
row_smooth(const uint8_t *row, size_t n)
{
	uint16_t	 count = 0;
	size_t		 i;

	for (i = 0; i + 1 < n; i++) {
		uint8_t	 a = row[i], b = row[i + 1];
		uint8_t	 d = a > b ? (uint8_t)(a - b) : (uint8_t)(b - a);

		count += (uint16_t)(((uint8_t)(d - 1) <= 5) &
		    ((uint8_t)(a - 24) <= 207));
	}
	return count;
}

static WIDE void
row_luma(const uint8_t *rgb, size_t n, uint8_t *luma)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		luma[i] = (uint8_t)((rgb[3 * i] * 77 + rgb[3 * i + 1] * 150 +
		    rgb[3 * i + 2] * 29) >> 8);
}

int
page_is_smooth(const uint8_t *samples, size_t width, size_t height,
    int channels, uint8_t *luma)
{
	uint64_t	 smooth = 0, pairs = (uint64_t)(width - 1) * height;
	size_t		 y;
	const uint8_t	*row;

	for (y = 0; y < height; y++) {
		row = samples + y * width * (size_t)channels;
		if (channels == 3) {
			row_luma(row, width, luma);
			row = luma;
		}
		smooth += row_smooth(row, width);
	}
	return smooth * 100 > pairs * SMOOTH_PERCENT;
}

/* The top bits of 8 samples as one byte, the first sample highest: each product
 * bit is made by one pair only, so nothing carries. */
static uint8_t
pack_8(const uint8_t *row)
{
	uint64_t	 v = 0;
	int		 i;

	for (i = 0; i < 8; i++)
		v |= (uint64_t)(row[i] >> 7) << 8 * i;
	return (uint8_t)(v * UINT64_C(0x8040201008040201) >> 56);
}

void
page_pack_1(const uint8_t *grey, size_t width, size_t height, uint8_t *rows)
{
	uint8_t	 last[8];
	size_t	 x, y, rest = width % 8;

	for (y = 0; y < height; y++, grey += width) {
		*rows++ = 0;
		for (x = 0; x + 8 <= width; x += 8)
			*rows++ = pack_8(grey + x);
		if (rest > 0) {
			memset(last, 0, sizeof(last));
			memcpy(last, grey + x, rest);
			*rows++ = pack_8(last);
		}
	}
}

static WIDE void
row_16_greys(const uint8_t *row, size_t n, uint8_t *out)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)((row[i] * 15 + 135) >> 8);
}

/* Two numbers below 16 a byte, the left one high; n is even. */
static WIDE void
row_pack_4(const uint8_t *row, size_t n, uint8_t *out)
{
	size_t	 i;

	for (i = 0; i < n / 2; i++)
		out[i] = (uint8_t)(row[2 * i] << 4 | row[2 * i + 1]);
}

void
page_pack_4(const uint8_t *grey, size_t width, size_t height, uint8_t *line,
    uint8_t *rows)
{
	size_t	 y, even = (width + 1) & ~(size_t)1;

	line[even - 1] = 0;
	for (y = 0; y < height; y++, grey += width) {
		*rows++ = 0;
		row_16_greys(grey, width, line);
		row_pack_4(line, even, rows);
		rows += even / 2;
	}
}

void
page_pack_index_4(const uint8_t *index, size_t width, size_t height,
    uint8_t *rows)
{
	size_t	 y, even = width & ~(size_t)1;

	for (y = 0; y < height; y++, index += width) {
		*rows++ = 0;
		row_pack_4(index, even, rows);
		rows += even / 2;
		if (even != width)
			*rows++ = (uint8_t)(index[even] << 4);
	}
}

void
page_pack_index_8(const uint8_t *index, size_t width, size_t height,
    uint8_t *rows)
{
	size_t	 y;

	for (y = 0; y < height; y++, index += width, rows += width) {
		*rows++ = 0;
		memcpy(rows, index, width);
	}
}

static WIDE void
row_up(const uint8_t *row, const uint8_t *above, size_t n, uint8_t *out)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		out[i] = (uint8_t)(row[i] - above[i]);
}

void
page_pack_rgb(const uint8_t *rgb, size_t width, size_t height, uint8_t *rows)
{
	size_t	 y, n = width * 3;

	for (y = 0; y < height; y++, rgb += n, rows += n) {
		*rows++ = y == 0 ? 0 : 2;
		if (y == 0)
			memcpy(rows, rgb, n);
		else
			row_up(rgb, rgb - n, n, rows);
	}
}
