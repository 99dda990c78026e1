/*
 * Page encoding: each kind of page takes the form that the rule says, and what is
 * decoded again is what went in.
 */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <zstd.h>

#include <cmocka.h>

#include "copy.h"
#include "err.h"
#include "page_encode.h"

#define W	203		/* odd, and no multiple of 8 */
#define H	150

struct page {
	uint8_t			 samples[W * H * 3];
	uint8_t			 frame[W * H * 4 + 1000];
	struct copy_page	 copy;
	struct page_encoder	*enc;
	struct page_image	 image;
	uint8_t			 back[W * H * 3];
};

static uint32_t random_state = 1;

static uint32_t
random_next(void)
{
	random_state = random_state * 1103515245u + 12345u;
	return random_state >> 16;
}

static int
page_setup(void **state)
{
	struct page	*p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->enc = page_encoder_new();
	assert_non_null(p->enc);
	random_state = 1;
	*state = p;
	return 0;
}

static int
page_teardown(void **state)
{
	struct page	*p = *state;

	page_encoder_free(p->enc);
	free(p);
	return 0;
}

static int
page_run(struct page *p, uint8_t channels)
{
	size_t	 n = ZSTD_compress(p->frame, sizeof(p->frame), p->samples,
		    (size_t)W * H * channels, 1);

	assert_false(ZSTD_isError(n));
	p->copy = (struct copy_page){ .width = W, .height = H,
	    .channels = channels, .dpi = 150, .frame = p->frame,
	    .frame_len = n };
	return page_encode(p->enc, &p->copy, &p->image);
}

/* Undoes zlib, filters and packing into 8-bit samples of the image's channels. */
static void
page_back(struct page *p)
{
	struct inflate_state	*z = malloc(sizeof(*z));
	unsigned		 ch = p->image.color == PAGE_RGB ? 3 : 1;
	unsigned		 bits = p->image.depth * ch;
	size_t			 row = (W * bits + 7) / 8, x, y;
	size_t			 size = (row + 1) * H;
	uint8_t			*raw = malloc(size + 1), *r;
	uint32_t		 crc;

	assert_non_null(z);
	assert_non_null(raw);
	crc = crc32_gzip_refl(0, (const uint8_t *)"IDAT", 4);
	crc = crc32_gzip_refl(crc, p->image.data, p->image.len);
	assert_int_equal(crc, p->image.crc);
	isal_inflate_init(z);
	z->crc_flag = ISAL_ZLIB;
	z->next_in = (uint8_t *)(uintptr_t)p->image.data;
	z->avail_in = (uint32_t)p->image.len;
	z->next_out = raw;
	z->avail_out = (uint32_t)size + 1;
	assert_int_equal(isal_inflate(z), ISAL_DECOMP_OK);
	assert_int_equal(z->total_out, size);
	for (y = 0; y < H; y++) {
		r = raw + y * (row + 1);
		assert_true(*r == 0 || (*r == 2 && y > 0));
		if (*r == 2)
			for (x = 1; x <= row; x++)
				r[x] = (uint8_t)(r[x] + r[x - 1 - row]);
		for (x = 0; x < W * ch; x++) {
			unsigned d = p->image.depth;
			size_t at = x * d;

			p->back[y * W * ch + x] = (uint8_t)(r[1 + at / 8] >>
			    (8 - d - at % 8) & ((1u << d) - 1));
		}
	}
	free(raw);
	free(z);
}

static void
black_and_white_becomes_one_bit(void **state)
{
	struct page	*p = *state;
	size_t		 i;

	for (i = 0; i < W * H; i++)
		p->samples[i] = random_next() % 7 == 0 ? 0 : 255;
	assert_int_equal(page_run(p, 1), ERR_OK);
	assert_int_equal(p->image.form, PAGE_PNG);
	assert_int_equal(p->image.depth, 1);
	assert_int_equal(p->image.color, PAGE_GREY);
	page_back(p);
	for (i = 0; i < W * H; i++)
		assert_int_equal(p->back[i] * 255, p->samples[i]);
}

/* White, with strokes that have soft edges. */
static void
draw_text(struct page *p, int channels)
{
	static const uint8_t	 edge[] = { 200, 90, 0, 0, 70, 210 };
	size_t			 x, y, k, c;

	memset(p->samples, 255, sizeof(p->samples));
	for (y = 10; y < H - 10; y++)
		for (x = 7; x + 6 < W; x += 17)
			for (k = 0; k < 6; k++)
				for (c = 0; c < (size_t)channels; c++)
					p->samples[(y * W + x + k) *
					    (size_t)channels + c] = edge[k];
}

static void
grey_text_becomes_16_greys(void **state)
{
	struct page	*p = *state;
	size_t		 i;

	draw_text(p, 1);
	assert_int_equal(page_run(p, 1), ERR_OK);
	assert_int_equal(p->image.form, PAGE_PNG);
	assert_int_equal(p->image.depth, 4);
	page_back(p);
	for (i = 0; i < W * H; i++) {
		assert_in_range(abs(p->back[i] * 17 - p->samples[i]), 0, 9);
		if (p->samples[i] == 0 || p->samples[i] == 255)
			assert_int_equal(p->back[i] * 17, p->samples[i]);
	}
}

static void
check_jpeg(struct page *p, int subsamp)
{
	tjhandle	 t = tjInitDecompress();
	int		 w, h, s, c;

	assert_int_equal(p->image.form, PAGE_JPEG);
	assert_int_equal(tjDecompressHeader3(t, p->image.data, p->image.len,
	    &w, &h, &s, &c), 0);
	assert_int_equal(w, W);
	assert_int_equal(h, H);
	assert_int_equal(s, subsamp);
	tjDestroy(t);
}

static void
a_grey_photo_becomes_a_jpeg(void **state)
{
	struct page	*p = *state;
	size_t		 x, y;

	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++)
			p->samples[y * W + x] = (uint8_t)(40 + x % 180 +
			    random_next() % 4);
	assert_int_equal(page_run(p, 1), ERR_OK);
	check_jpeg(p, TJSAMP_GRAY);
}

static void
a_colour_photo_becomes_a_jpeg_with_whole_colour(void **state)
{
	struct page	*p = *state;
	size_t		 x, y;

	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++) {
			p->samples[(y * W + x) * 3] = (uint8_t)(40 + x % 180);
			p->samples[(y * W + x) * 3 + 1] = (uint8_t)(60 + y);
			p->samples[(y * W + x) * 3 + 2] =
			    (uint8_t)(90 + random_next() % 5);
		}
	assert_int_equal(page_run(p, 3), ERR_OK);
	check_jpeg(p, TJSAMP_444);
}

static void
check_palette_exact(struct page *p)
{
	size_t	 i;

	assert_int_equal(p->image.form, PAGE_PNG);
	assert_int_equal(p->image.color, PAGE_PALETTE);
	page_back(p);
	for (i = 0; i < W * H; i++)
		assert_memory_equal(p->image.palette + p->back[i] * 3,
		    p->samples + i * 3, 3);
}

static void
few_colours_become_an_exact_palette_of_4_bits(void **state)
{
	struct page	*p = *state;

	draw_text(p, 3);
	p->samples[(75 * W + 3) * 3 + 1] = 0;	/* one magenta dot */
	p->samples[(75 * W + 3) * 3] = 250;
	assert_int_equal(page_run(p, 3), ERR_OK);
	assert_int_equal(p->image.depth, 4);
	check_palette_exact(p);
}

static void
up_to_256_colours_become_an_exact_palette_of_8_bits(void **state)
{
	struct page	*p = *state;
	size_t		 i;

	memset(p->samples, 255, sizeof(p->samples));
	for (i = 0; i < W * H; i += 5) {
		p->samples[i * 3] = (uint8_t)((i / 5) % 255);
		p->samples[i * 3 + 1] = 1;
	}
	assert_int_equal(page_run(p, 3), ERR_OK);
	assert_int_equal(p->image.depth, 8);
	assert_int_equal(p->image.colors, 256);
	check_palette_exact(p);
}

static void
many_near_colours_become_a_palette_nobody_tells_apart(void **state)
{
	struct page	*p = *state;
	size_t		 i, wrong = 0;
	int		 c, d, worst;

	/* 17 levels of red edges, each with slightly different blue. */
	memset(p->samples, 255, sizeof(p->samples));
	for (i = 0; i < W * H; i += 3) {
		p->samples[i * 3 + 1] = (uint8_t)(random_next() % 17 * 15);
		p->samples[i * 3 + 2] = (uint8_t)(random_next() % 24);
	}
	assert_int_equal(page_run(p, 3), ERR_OK);
	assert_int_equal(p->image.form, PAGE_PNG);
	assert_int_equal(p->image.color, PAGE_PALETTE);
	page_back(p);
	for (i = 0; i < W * H; i++) {
		for (c = 0, worst = 0; c < 3; c++) {
			d = abs(p->image.palette[p->back[i] * 3 + c] -
			    p->samples[i * 3 + (size_t)c]);
			worst = d > worst ? d : worst;
		}
		wrong += worst > 12;
	}
	assert_true(wrong * 500 <= W * H);
}

static void
many_far_colours_become_rgb_or_jpeg(void **state)
{
	struct page	*p = *state;
	size_t		 i, k;

	/* A few random blocks on white: no palette, but a small PNG. */
	memset(p->samples, 255, sizeof(p->samples));
	for (i = 100; i < 1300; i++)
		for (k = 0; k < 3; k++)
			p->samples[i * 3 + k] = (uint8_t)random_next();
	assert_int_equal(page_run(p, 3), ERR_OK);
	assert_int_equal(p->image.form, PAGE_PNG);
	assert_int_equal(p->image.color, PAGE_RGB);
	page_back(p);
	assert_memory_equal(p->back, p->samples, W * H * 3);
	/* Noise everywhere: too large. */
	for (i = 0; i < sizeof(p->samples); i++)
		p->samples[i] = (uint8_t)random_next();
	assert_int_equal(page_run(p, 3), ERR_OK);
	check_jpeg(p, TJSAMP_444);
}

static void
a_frame_that_is_not_the_page_is_refused(void **state)
{
	struct page	*p = *state;
	size_t		 len;

	draw_text(p, 1);
	assert_int_equal(page_run(p, 1), ERR_OK);
	len = p->copy.frame_len;
	p->copy.width--;
	assert_int_equal(page_encode(p->enc, &p->copy, &p->image), ERR_FORMAT);
	p->copy.width++;
	p->copy.frame_len = len - 1;
	assert_int_equal(page_encode(p->enc, &p->copy, &p->image), ERR_FORMAT);
	/* A second frame, and a skippable one, behind the first. */
	memcpy(p->frame + len, p->frame, len);
	p->copy.frame_len = 2 * len;
	assert_int_equal(page_encode(p->enc, &p->copy, &p->image), ERR_FORMAT);
	memcpy(p->frame + len, "\x50\x2a\x4d\x18\x01\0\0\0x", 9);
	p->copy.frame_len = len + 9;
	assert_int_equal(page_encode(p->enc, &p->copy, &p->image), ERR_FORMAT);
	p->copy.frame_len = len;
	p->frame[len / 2] ^= 0x55;
	p->frame[len / 2 + 1] ^= 0x55;
	assert_int_not_equal(page_encode(p->enc, &p->copy, &p->image), ERR_SYS);
	p->copy.frame_len = 3;
	assert_int_equal(page_encode(p->enc, &p->copy, &p->image), ERR_FORMAT);
	/* The encoder lives on. */
	assert_int_equal(page_run(p, 1), ERR_OK);
}

static void
a_frame_without_its_size_is_refused(void **state)
{
	struct page	*p = *state;
	ZSTD_CCtx	*c = ZSTD_createCCtx();
	size_t		 n;

	draw_text(p, 1);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	n = ZSTD_compress2(c, p->frame, sizeof(p->frame), p->samples, W * H);
	ZSTD_freeCCtx(c);
	p->copy = (struct copy_page){ .width = W, .height = H, .channels = 1,
	    .dpi = 150, .frame = p->frame, .frame_len = n };
	assert_int_equal(page_encode(p->enc, &p->copy, &p->image), ERR_FORMAT);
}

static void
one_pixel_is_a_page(void **state)
{
	struct page	*p = *state;
	size_t		 n;
	uint8_t		 ch;

	for (ch = 1; ch <= 3; ch += 2) {
		memset(p->samples, 120, 3);
		n = ZSTD_compress(p->frame, sizeof(p->frame), p->samples, ch, 1);
		p->copy = (struct copy_page){ .width = 1, .height = 1,
		    .channels = ch, .dpi = 150, .frame = p->frame,
		    .frame_len = n };
		assert_int_equal(page_encode(p->enc, &p->copy, &p->image),
		    ERR_OK);
		assert_int_equal(p->image.form, PAGE_PNG);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, page_setup, page_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(black_and_white_becomes_one_bit),
		TEST(grey_text_becomes_16_greys),
		TEST(a_grey_photo_becomes_a_jpeg),
		TEST(a_colour_photo_becomes_a_jpeg_with_whole_colour),
		TEST(few_colours_become_an_exact_palette_of_4_bits),
		TEST(up_to_256_colours_become_an_exact_palette_of_8_bits),
		TEST(many_near_colours_become_a_palette_nobody_tells_apart),
		TEST(many_far_colours_become_rgb_or_jpeg),
		TEST(a_frame_that_is_not_the_page_is_refused),
		TEST(a_frame_without_its_size_is_refused),
		TEST(one_pixel_is_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
