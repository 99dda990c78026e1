/* Images: metadata walks, orientation, and pictures through the decoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "image.h"
#include "image_meta.h"

#define BYTES(s)	(const uint8_t *)(s), sizeof(s) - 1

static const char exif_jpeg[] =
    "\xff\xd8\xff\xe1\x00\x2e" "Exif\0\0"
    "MM\0*\0\0\0\x08" "\0\x02"
    "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
    "\x88\x25\0\x04\0\0\0\x01\0\0\0\x1a" "\0\0\0\0"
    "\xff\xfe\x00\x05" "abc" "\xff\xda\x00\x02";

static void
a_jpeg_tells_orientation_position_and_comment(void **state)
{
	struct image_meta m;

	(void)state;
	image_meta_read(BYTES(exif_jpeg), &m);
	assert_int_equal(m.orientation, 6);
	assert_int_equal(m.metadata, IMAGE_META_EXIF | IMAGE_META_POSITION |
	    IMAGE_META_COMMENT);
}

static void
every_cut_of_a_jpeg_is_safe_to_read(void **state)
{
	struct image_meta m;

	(void)state;
	for (size_t n = 0; n < sizeof(exif_jpeg); n++) {
		uint8_t *copy = test_malloc(n + 1);

		memcpy(copy, exif_jpeg, n);
		image_meta_read(copy, n, &m);
		assert_true(m.orientation <= 8);
		test_free(copy);
	}
}

static const char gif[] =
    "GIF89a\x02\0\x01\0\x80\0\0" "\0\0\0\xff\xff\xff"
    "\x21\xfe\x02hi\0"
    "\x2c\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x0a\0"
    "\x2c\0\0\0\0\x02\0\x01\0\0\x02\x02\x4c\x0a\0" ";tail";

static void
a_gif_tells_its_frames_comment_and_tail(void **state)
{
	struct image_meta m;

	(void)state;
	image_meta_read(BYTES(gif), &m);
	assert_int_equal(m.frames, 2);
	assert_int_equal(m.metadata, IMAGE_META_COMMENT | IMAGE_META_TRAILING);
	assert_int_equal(image_meta_gif_first(BYTES(gif)), 19 + 6 + 15);
}

static void
a_png_tells_animation_and_words(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n"
	    "\0\0\0\x08" "acTL\0\0\0\x07\0\0\0\0crc4"
	    "\0\0\0\x03" "tEXta\0bcrc4" "\0\0\0\0IENDcrc4";
	struct image_meta m;

	(void)state;
	image_meta_read(BYTES(png), &m);
	assert_int_equal(m.frames, 7);
	assert_int_equal(m.metadata, IMAGE_META_COMMENT);
}

static void
a_chunk_longer_than_the_file_ends_the_walk(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n"
	    "\xff\xff\xff\xff" "tEXta\0bcrc4";
	struct image_meta m;

	(void)state;
	image_meta_read(BYTES(png), &m);
	assert_int_equal(m.metadata, 0);
}

/* Two colours of a palette, side by side, in a directory whose next is itself. */
static const char tiff[] = "II*\0\x08\0\0\0" "\x08\0"
    "\0\1\3\0\1\0\0\0\2\0\0\0" "\1\1\3\0\1\0\0\0\1\0\0\0"
    "\2\1\3\0\1\0\0\0\1\0\0\0" "\3\1\3\0\1\0\0\0\1\0\0\0"
    "\6\1\3\0\1\0\0\0\3\0\0\0" "\x11\1\4\0\1\0\0\0\x7a\0\0\0"
    "\x17\1\4\0\1\0\0\0\1\0\0\0" "\x40\1\3\0\6\0\0\0\x6e\0\0\0"
    "\x08\0\0\0" "\0\xff\0\0" "\0\0\0\x80" "\0\xff\0\0" "\x40";

static void
a_tiff_shows_its_palette_and_ends(void **state)
{
	struct image_limits lim = { 100, 1 << 20 };
	struct image_picture pic;
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES(tiff), 1 << 20, &i), REASON_COMPLETE);
	assert_string_equal(image_format(i), "TIFF");
	assert_int_equal(image_count(i), 1);
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_COMPLETE);
	assert_int_equal(pic.width, 2);
	assert_int_equal(pic.height, 1);
	assert_memory_equal(pic.samples, "\xff\0\xff\0\x80\0", 6);
	assert_int_equal(image_decode(i, 1, &lim, &pic), REASON_FORMAT);
	lim.max_memory = 50;
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_LIMIT_PIXELS);
	image_close(i);
}

/* a b c     what a person should see is, for each orientation, the same:
 * d e f     "abc def" turned back from how it was stored. */
static void
every_orientation_turns_the_picture_upright(void **state)
{
	static const struct {
		const char *stored;
		uint32_t w, h;
	} table[9] = {
		[2] = { "cbafed", 3, 2 }, [3] = { "fedcba", 3, 2 },
		[4] = { "defabc", 3, 2 }, [5] = { "adbecf", 2, 3 },
		[6] = { "cfbead", 2, 3 }, [7] = { "fcebda", 2, 3 },
		[8] = { "daebfc", 2, 3 },
	};
	uint8_t out[7] = {0};

	(void)state;
	for (uint8_t o = 2; o <= 8; o++) {
		image_turn(out, (const uint8_t *)table[o].stored, table[o].w,
		    table[o].h, 1, o);
		assert_string_equal((const char *)out, "abcdef");
	}
}

static void
a_grey_picture_comes_out_as_it_is(void **state)
{
	static const char pgm[] = "P5\n3 2\n255\n" "\x00\x20\x40\x60\x80\xff";
	struct image_limits lim = { 100, 1 << 20 };
	struct image_picture pic;
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES(pgm), 1 << 20, &i), REASON_COMPLETE);
	assert_string_equal(image_format(i), "PNM");
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_COMPLETE);
	assert_int_equal(pic.channels, 1);
	assert_int_equal(pic.width, 3);
	assert_int_equal(pic.height, 2);
	assert_memory_equal(pic.samples, pgm + 11, 6);
	image_close(i);
}

static void
what_is_too_large_is_scaled_or_refused_before_it_is_decoded(void **state)
{
	static char pgm[64 * 64 + 16];
	static const char bomb[] = "\x89PNG\r\n\x1a\n"
	    "\0\0\0\x0d" "IHDR\0\0\x4e\x20\0\0\x4e\x20\x08\0\0\0\0crc4"
	    "\0\0\0\0IDATcrc4" "\0\0\0\0IENDcrc4";
	struct image_limits lim = { 1000, 1 << 20 };
	struct image_picture pic;
	struct image *i;
	int n = sprintf(pgm, "P5\n64 64\n255\n");

	(void)state;
	assert_int_equal(image_open((uint8_t *)pgm, n + 64 * 64, 1 << 20, &i),
	    REASON_COMPLETE);
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_COMPLETE);
	assert_true((uint64_t)pic.width * pic.height <= 1000);
	assert_true(pic.scaled);
	image_close(i);
	assert_int_equal(image_open(BYTES(bomb), 1 << 20, &i), REASON_COMPLETE);
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_LIMIT_PIXELS);
	image_close(i);
}

static void
only_the_first_frame_of_an_animation_is_decoded(void **state)
{
	struct image_limits lim = { 100, 1 << 20 };
	struct image_picture pic;
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES(gif), 1 << 20, &i), REASON_COMPLETE);
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_COMPLETE);
	assert_int_equal(pic.width, 2);
	image_close(i);
}

/* 4 by 6: two frames of 2 by 2; the first, red, lies at 2, 4. */
static const char webp[] =
    "RIFF\x84\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\3\0\0\5\0\0"
    "ANIM\6\0\0\0\xff\xff\xff\xff\0\0"
    "ANMF\x28\0\0\0\1\0\0\2\0\0\1\0\0\1\0\0\x64\0\0\0"
    "VP8L\x0f\0\0\0\x2f\1\x40\0\0\7\x10\xfd\x8f\xfe\7\"\xa2\xff\1\0"
    "ANMF\x28\0\0\0\0\0\0\0\0\0\1\0\0\1\0\0\x64\0\0\0"
    "VP8L\x0f\0\0\0\x2f\1\x40\0\0\7\xd0\xff\x88\xfe\7\"\xa2\xff\1\0";

static void
an_animated_webp_shows_its_first_frame_in_its_place(void **state)
{
	struct image_limits lim = { 100, 1 << 20 };
	struct image_picture pic;
	struct image_meta m;
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES(webp), 1 << 20, &i), REASON_COMPLETE);
	assert_string_equal(image_format(i), "WebP");
	image_meta(i, &m);
	assert_int_equal(m.frames, 2);
	assert_int_equal(m.cut, 0);
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_COMPLETE);
	assert_int_equal(pic.width, 4);
	assert_int_equal(pic.height, 6);
	assert_memory_equal(pic.samples, "\xff\xff\xff", 3);
	assert_memory_equal(pic.samples + (4 * 4 + 2) * 3, "\xff\0\0", 3);
	lim.max_memory = 100;
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_LIMIT_PIXELS);
	image_close(i);
}

/* Every cut of a file opens and decodes, or says why not; each in a block of its
 * own length, so that a reader beyond it is seen. */
static void
cuts_are_safe(const char *file, size_t len)
{
	struct image_limits lim = { 100, 1 << 20 };
	struct image_picture pic;
	struct image *i;

	for (size_t n = 0; n <= len; n++) {
		uint8_t *copy = test_malloc(n + 1);

		memcpy(copy, file, n);
		if (image_open(copy, n, 1 << 20, &i) == REASON_COMPLETE) {
			if (image_decode(i, 0, &lim, &pic) == REASON_COMPLETE)
				assert_true(pic.width * pic.height <= 100);
			image_close(i);
		}
		test_free(copy);
	}
}

/* Two icons: 1 by 1 with 4 colours; 2 by 1 with 2, of which the left is masked. */
static const char ico[] =
    "\0\0\1\0\2\0"
    "\1\1\0\0\1\0\4\0\x28\0\0\0\x26\0\0\0"
    "\2\1\0\0\1\0\1\0\x38\0\0\0\x26\0\0\0"
    "\x28\0\0\0\2\0\0\0\2\0\0\0\1\0\1\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\0\x10\x20\x30\0" "\xc0\0\0\0" "\x80\0\0\0";

static void
the_largest_icon_is_shown_without_what_its_mask_hides(void **state)
{
	struct image_limits lim = { 100, 1 << 20 };
	struct image_picture pic;
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES(ico), 1 << 20, &i), REASON_COMPLETE);
	assert_string_equal(image_format(i), "ICO");
	assert_int_equal(image_decode(i, 0, &lim, &pic), REASON_COMPLETE);
	assert_int_equal(pic.width, 2);
	assert_int_equal(pic.height, 1);
	assert_memory_equal(pic.samples, "\xff\xff\xff\x30\x20\x10", 6);
	image_close(i);
}

static void
every_cut_of_a_webp_an_icon_and_a_tiff_is_safe(void **state)
{
	(void)state;
	cuts_are_safe(webp, sizeof(webp) - 1);
	cuts_are_safe(ico, sizeof(ico) - 1);
	cuts_are_safe(tiff, sizeof(tiff) - 1);
}

static void
a_smaller_picture_is_made_of_means(void **state)
{
	uint8_t grey[8] = { 0, 10, 20, 30, 20, 30, 40, 50 };
	uint8_t rgba[8] = { 0, 0, 0, 255, 9, 9, 9, 0 };

	(void)state;
	image_shrink(grey, 4, 2, 1, 2, 1);
	assert_int_equal(grey[0], 15);
	assert_int_equal(grey[1], 35);
	image_flatten(rgba, 2, 1);
	assert_memory_equal(rgba, "\0\0\0\xff\xff\xff", 6);
}

static void
other_formats_are_unsupported_and_damage_is_format(void **state)
{
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES("RIFF....WEBPVP8 "), 1 << 20, &i),
	    REASON_FORMAT);
	assert_int_equal(image_open(BYTES("8BPS\0\1........"), 1 << 20, &i),
	    REASON_UNSUPPORTED);
	assert_int_equal(image_open(BYTES("\x89PNG\r\n\x1a\nxxxx"), 1 << 20, &i),
	    REASON_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jpeg_tells_orientation_position_and_comment),
		cmocka_unit_test(every_cut_of_a_jpeg_is_safe_to_read),
		cmocka_unit_test(a_gif_tells_its_frames_comment_and_tail),
		cmocka_unit_test(a_png_tells_animation_and_words),
		cmocka_unit_test(a_chunk_longer_than_the_file_ends_the_walk),
		cmocka_unit_test(a_tiff_shows_its_palette_and_ends),
		cmocka_unit_test(every_orientation_turns_the_picture_upright),
		cmocka_unit_test(a_grey_picture_comes_out_as_it_is),
		cmocka_unit_test(what_is_too_large_is_scaled_or_refused_before_it_is_decoded),
		cmocka_unit_test(only_the_first_frame_of_an_animation_is_decoded),
		cmocka_unit_test(an_animated_webp_shows_its_first_frame_in_its_place),
		cmocka_unit_test(the_largest_icon_is_shown_without_what_its_mask_hides),
		cmocka_unit_test(every_cut_of_a_webp_an_icon_and_a_tiff_is_safe),
		cmocka_unit_test(a_smaller_picture_is_made_of_means),
		cmocka_unit_test(other_formats_are_unsupported_and_damage_is_format),
	};

	if (image_warm() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
