/* Bar codes: found, read and covered however they are drawn, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "err.h"

#define SIDE	21

/* HTTP://EVIL.EXAMPLE/A */
static const char qr[] =
    "#######.###.#.#######"
    "#.....#.#.#.#.#.....#"
    "#.###.#.#..#..#.###.#"
    "#.###.#.####..#.###.#"
    "#.###.#....##.#.###.#"
    "#.....#.##.##.#.....#"
    "#######.#.#.#.#######"
    ".........####........"
    "##..###..#..#..#.####"
    "#....#..#.#.##.##..#."
    ".###..#.#.#..##.###.#"
    "#.......##...#..#..#."
    "#.#.#####.####.#...##"
    "........#.#..#...##.."
    "#######...###.##....#"
    "#.....#.##..##..#.#.#"
    "#.###.#.#.###.####.#."
    "#.###.#..#..#...#..##"
    "#.###.#..##.........."
    "#.....#.#..#.####.#.#"
    "#######.#..#.#.###.##";

/* "A.B" in Code 128: widths of bars and gaps, by turns. */
static const char bars[] =
    "211214" "111323" "122231" "131123" "221411" "2331112";

static uint64_t budget = UINT64_MAX;

struct seen {
	unsigned	count;
	char		kind[64], data[128];
};

static void
note(void *arg, const char *kind, const char *data, size_t len)
{
	struct seen *s = arg;

	s->count++;
	snprintf(s->kind, sizeof(s->kind), "%s", kind);
	snprintf(s->data, sizeof(s->data), "%.*s", (int)len, data);
}

static struct codes_page
page_new(uint32_t width, uint32_t height, uint8_t channels, uint8_t fill)
{
	struct codes_page p = { .width = width, .height = height,
	    .channels = channels, .stride = (size_t)width * channels + 5 };

	p.samples = malloc(p.stride * height);
	assert_non_null(p.samples);
	memset(p.samples, fill, p.stride * height);
	return p;
}

/* The code with its middle at (x, y), modules of size samples, turned; dark is what
 * its dark modules look like. */
static void
qr_draw(const struct codes_page *p, double x, double y, double size,
    double degrees, uint8_t dark, uint8_t light)
{
	double a = degrees * M_PI / 180, half = size * (SIDE / 2.0 + 4);

	for (int dy = -half * 1.5; dy < half * 1.5; dy++) {
		for (int dx = -half * 1.5; dx < half * 1.5; dx++) {
			double u = (cos(a) * dx + sin(a) * dy) / size +
			    SIDE / 2.0;
			double v = (cos(a) * dy - sin(a) * dx) / size +
			    SIDE / 2.0;
			uint32_t px = x + dx, py = y + dy;
			int in = u >= 0 && v >= 0 && u < SIDE && v < SIDE;

			if (px >= p->width || py >= p->height || u < -4 ||
			    v < -4 || u >= SIDE + 4 || v >= SIDE + 4)
				continue;
			memset(p->samples + py * p->stride + (size_t)px *
			    p->channels, in && qr[(int)v * SIDE + (int)u] ==
			    '#' ? dark : light, p->channels);
		}
	}
}

static void
bars_draw(const struct codes_page *p, uint32_t x, uint32_t y, uint32_t size,
    uint32_t height)
{
	for (const char *c = bars; *c != '\0'; c++) {
		uint32_t w = (*c - '0') * size;

		for (uint32_t r = 0; r < height && (c - bars) % 2 == 0; r++)
			memset(p->samples + (y + r) * p->stride +
			    (size_t)x * p->channels, 0, (size_t)w *
			    p->channels);
		x += w;
	}
}

/* Covers all, and nothing is left. */
static struct seen
cover(const struct codes_page *p, int want)
{
	struct seen s = {0}, again = {0};

	assert_int_equal(codes_cover(p, &budget, note, &s), want);
	assert_int_equal(codes_cover(p, &budget, note, &again), 0);
	return s;
}

static void
a_code_is_found_at_every_size(void **state)
{
	(void)state;
	for (int size = 2; size <= 20; size++) {
		struct codes_page p = page_new(800, 700, 1, 255);
		struct seen s;

		qr_draw(&p, 400, 350, size, 0, 0, 255);
		s = cover(&p, 1);
		assert_string_equal(s.kind, "QR code");
		assert_string_equal(s.data, "HTTP://EVIL.EXAMPLE/A");
		free(p.samples);
	}
}

static void
a_code_is_found_however_it_is_turned(void **state)
{
	(void)state;
	for (int degrees = 0; degrees < 360; degrees += 15) {
		struct codes_page p = page_new(500, 500, 3, 255);

		qr_draw(&p, 250, 250, 5, degrees, 0, 255);
		cover(&p, 1);
		free(p.samples);
	}
}

static void
light_codes_on_dark_and_pale_ones_are_found(void **state)
{
	static const uint8_t tones[][2] = {
		{ 255, 0 }, { 100, 255 }, { 0, 120 }, { 200, 90 }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(tones) / sizeof(tones[0]); i++) {
		struct codes_page p = page_new(400, 400, 3, tones[i][1]);

		qr_draw(&p, 200, 200, 4, 0, tones[i][0], tones[i][1]);
		cover(&p, 1);
		free(p.samples);
	}
}

static void
several_codes_of_one_page_are_all_covered(void **state)
{
	struct codes_page p = page_new(1240, 1754, 3, 255);

	(void)state;
	qr_draw(&p, 150, 150, 3, 0, 0, 255);
	qr_draw(&p, 400, 150, 3, 0, 0, 255);
	qr_draw(&p, 900, 700, 6, 20, 0, 255);
	qr_draw(&p, 300, 1500, 2, 0, 0, 255);
	cover(&p, 4);
	free(p.samples);
}

static void
a_covered_page_is_untouched_elsewhere(void **state)
{
	struct codes_page p = page_new(600, 600, 3, 255);

	(void)state;
	qr_draw(&p, 300, 300, 4, 0, 0, 255);
	cover(&p, 1);
	for (uint32_t y = 0; y < p.height; y++) {
		const uint8_t *row = p.samples + y * p.stride;

		assert_int_equal(row[p.stride - 1], 255);
		for (uint32_t x = 0; x < 3 * p.width; x++)
			if (y < 230 || y > 370 || x < 690 || x > 1110)
				assert_int_equal(row[x], 255);
	}
	free(p.samples);
}

static void
a_bar_code_is_found_beside_other_things(void **state)
{
	struct codes_page p = page_new(700, 400, 1, 255);
	struct seen s;

	(void)state;
	bars_draw(&p, 200, 100, 2, 60);
	memset(p.samples + 120 * p.stride + 20, 0, 60);
	s = cover(&p, 1);
	assert_string_equal(s.kind, "bar code (Code 128)");
	assert_string_equal(s.data, "A.B");
	free(p.samples);
}

static void
pages_without_codes_are_left_alone(void **state)
{
	struct codes_page p = page_new(1000, 1000, 3, 255);
	uint32_t seed = 1;
	uint8_t *before;
	struct seen s;

	(void)state;
	before = malloc(p.stride * p.height);
	assert_non_null(before);
	for (size_t i = 0; i < p.stride * p.height; i++) {
		seed = seed * 1103515245 + 12345;
		p.samples[i] = seed >> 16;
	}
	memcpy(before, p.samples, p.stride * p.height);
	memset(&s, 0, sizeof(s));
	codes_cover(&p, &budget, note, &s);
	assert_int_equal(s.count, 0);
	assert_memory_equal(before, p.samples, p.stride * p.height);
	free(before);
	free(p.samples);
}

static void
a_page_beyond_the_budget_is_not_called_clean(void **state)
{
	struct codes_page p = page_new(400, 400, 1, 255);
	uint64_t little = 5000;
	struct seen s = {0};

	(void)state;
	qr_draw(&p, 200, 200, 4, 0, 0, 255);
	assert_int_equal(codes_cover(&p, &little, note, &s), ERR_LIMIT);
	assert_int_equal(s.count, 0);
	free(p.samples);
}

static void
a_page_full_of_corner_marks_ends_soon(void **state)
{
	struct codes_page p = page_new(1200, 1600, 1, 255);
	uint64_t left = CODES_BUDGET;
	struct seen s = {0};

	(void)state;
	for (uint32_t y = 10; y < 1550; y++) {
		for (uint32_t x = 10; x < 1150; x++) {
			int u = abs((int)((x - 10) % 45) - 17);
			int v = abs((int)((y - 10) % 45) - 17);
			int ring = u > v ? u : v;

			if (ring <= 7 || (ring >= 13 && ring <= 17))
				p.samples[y * p.stride + x] = 0;
		}
	}
	assert_int_equal(codes_cover(&p, &left, note, &s), ERR_LIMIT);
	assert_int_equal(s.count, 0);
	free(p.samples);
}

static void
pages_of_any_sides_are_safe(void **state)
{
	struct seen s = {0};

	(void)state;
	for (uint32_t w = 1; w < 40; w++) {
		for (uint32_t h = 1; h < 12; h++) {
			struct codes_page p = page_new(w, h, 1 + w % 2 * 2,
			    w * h);

			for (uint32_t x = 0; x < w; x += 2)
				p.samples[h / 2 * p.stride + x] ^= 0xff;
			assert_int_equal(codes_cover(&p, &budget, note, &s), 0);
			free(p.samples);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_code_is_found_at_every_size),
		cmocka_unit_test(a_code_is_found_however_it_is_turned),
		cmocka_unit_test(light_codes_on_dark_and_pale_ones_are_found),
		cmocka_unit_test(several_codes_of_one_page_are_all_covered),
		cmocka_unit_test(a_covered_page_is_untouched_elsewhere),
		cmocka_unit_test(a_bar_code_is_found_beside_other_things),
		cmocka_unit_test(pages_without_codes_are_left_alone),
		cmocka_unit_test(a_page_beyond_the_budget_is_not_called_clean),
		cmocka_unit_test(a_page_full_of_corner_marks_ends_soon),
		cmocka_unit_test(pages_of_any_sides_are_safe),
	};

	if (codes_warm() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
