/* Pixels: grey detection, flattening, and frames that decode to the samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zstd.h>

#include "copy.h"
#include "err.h"
#include "pixels.h"

#define W	203		/* two vector blocks and an odd tail */
#define H	5

static uint8_t *
rgb_of(uint8_t r, uint8_t g, uint8_t b)
{
	uint8_t *p = test_malloc(W * H * 3);

	for (size_t i = 0; i < W * H; i++) {
		p[3 * i] = r;
		p[3 * i + 1] = g;
		p[3 * i + 2] = b;
	}
	return p;
}

static uint8_t
channels_of(const uint8_t *rgb)
{
	struct pixels *p = pixels_new();
	const uint8_t *frame;
	size_t len;
	uint8_t ch = 0;

	assert_int_equal(pixels_compress(p, W, H, 3, W * 3, rgb, &ch, &frame,
	    &len), ERR_OK);
	assert_int_equal(ZSTD_getFrameContentSize(frame, len), W * H * ch);
	pixels_free(p);
	return ch;
}

static void
one_coloured_sample_anywhere_keeps_the_page_coloured(void **state)
{
	uint8_t *rgb = rgb_of(200, 200, 200);

	(void)state;
	assert_int_equal(channels_of(rgb), 1);
	for (size_t i = 0; i < W * H * 3; i++) {
		rgb[i] = 200 - PIXELS_CHROMA_MAX - 1;
		assert_int_equal(channels_of(rgb), 3);
		rgb[i] = 200 - PIXELS_CHROMA_MAX;
		assert_int_equal(channels_of(rgb), 1);
		rgb[i] = 200;
	}
	test_free(rgb);
}

static void
neighbouring_greys_are_not_colour(void **state)
{
	uint8_t *rgb = rgb_of(0, 0, 0);

	(void)state;
	for (size_t i = 0; i < W * H; i += 2)
		memset(rgb + 3 * i, 255, 3);
	assert_int_equal(channels_of(rgb), 1);
	test_free(rgb);
}

static void
grey_is_luma_and_exact_grey_is_kept(void **state)
{
	uint8_t rgb[6] = { 100, 110, 104, 37, 37, 37 }, grey[2];

	(void)state;
	pixels_row_grey(grey, rgb, 2, 0);
	assert_int_equal(grey[0], (77 * 100 + 150 * 110 + 29 * 104 + 128) >> 8);
	assert_int_equal(grey[1], 37);
	pixels_row_grey(grey + 1, rgb + 3, 1, 1);
	assert_int_equal(grey[1], 37);
}

static void
frames_decode_to_the_samples_whatever_the_stride(void **state)
{
	struct pixels *p = pixels_new();
	size_t stride = W * 3 + 7, len;
	uint8_t *src = test_malloc(stride * H), *back = test_malloc(W * H * 3);
	const uint8_t *frame;
	uint8_t ch;

	(void)state;
	for (size_t i = 0; i < stride * H; i++)
		src[i] = i * 31;
	for (uint8_t in = 1; in <= 3; in += 2) {
		size_t row = (size_t)W * in;

		assert_int_equal(pixels_compress(p, W, H, in, stride, src, &ch,
		    &frame, &len), ERR_OK);
		assert_int_equal(ch, in);
		assert_int_equal(ZSTD_findFrameCompressedSize(frame, len), len);
		assert_int_equal(ZSTD_decompress(back, row * H, frame, len),
		    row * H);
		for (size_t y = 0; y < H; y++)
			assert_memory_equal(back + y * row, src + y * stride,
			    row);
	}
	test_free(src);
	test_free(back);
	pixels_free(p);
}

static void
alpha_is_laid_onto_white(void **state)
{
	uint8_t rgba[12] = { 255, 0, 0, 255, 255, 0, 0, 0, 0, 0, 255, 128 };
	const uint8_t want[9] = { 255, 0, 0, 255, 255, 255, 127, 127, 255 };
	struct pixels *p = pixels_new();
	const uint8_t *frame;
	uint8_t back[9], ch;
	size_t len;

	(void)state;
	assert_int_equal(pixels_compress(p, 3, 1, 4, 12, rgba, &ch, &frame,
	    &len), ERR_OK);
	assert_int_equal(ch, 3);
	assert_int_equal(ZSTD_decompress(back, 9, frame, len), 9);
	assert_memory_equal(back, want, 9);
	memset(rgba, 9, sizeof(rgba));
	assert_int_equal(pixels_compress(p, 3, 1, 4, 12, rgba, &ch, &frame,
	    &len), ERR_OK);
	assert_int_equal(ch, 1);
	pixels_free(p);
}

static void
sizes_beyond_the_copy_are_refused(void **state)
{
	struct pixels *p = pixels_new();
	const uint8_t *frame, px[4] = {0};
	uint8_t ch;
	size_t len;

	(void)state;
	assert_int_equal(pixels_compress(p, 0, 1, 3, 3, px, &ch, &frame, &len),
	    ERR_LIMIT);
	assert_int_equal(pixels_compress(p, COPY_PAGE_SIDE + 1, 1, 1,
	    COPY_PAGE_SIDE + 1, px, &ch, &frame, &len), ERR_LIMIT);
	assert_int_equal(pixels_compress(p, 10000, 10000, 1, 10000, px, &ch,
	    &frame, &len), ERR_LIMIT);
	assert_int_equal(pixels_compress(p, 1, 1, 2, 2, px, &ch, &frame, &len),
	    ERR_FORMAT);
	assert_int_equal(pixels_compress(p, 1, 1, 3, 2, px, &ch, &frame, &len),
	    ERR_FORMAT);
	pixels_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_coloured_sample_anywhere_keeps_the_page_coloured),
		cmocka_unit_test(neighbouring_greys_are_not_colour),
		cmocka_unit_test(grey_is_luma_and_exact_grey_is_kept),
		cmocka_unit_test(frames_decode_to_the_samples_whatever_the_stride),
		cmocka_unit_test(alpha_is_laid_onto_white),
		cmocka_unit_test(sizes_beyond_the_copy_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
