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

static void
a_tiff_directory_that_points_at_itself_ends(void **state)
{
	static const char tiff[] = "II*\0\x08\0\0\0" "\x02\0"
	    "\0\1\3\0\1\0\0\0\7\0\0\0" "\1\1\3\0\1\0\0\0\5\0\0\0"
	    "\x08\0\0\0";
	uint32_t w, h;
	uint8_t o;

	(void)state;
	assert_true(image_meta_tiff(BYTES(tiff), 0, &w, &h, &o));
	assert_int_equal(w, 7);
	assert_int_equal(h, 5);
	assert_true(image_meta_tiff(BYTES(tiff), 4000, &w, &h, &o));
	assert_false(image_meta_tiff(BYTES(tiff), 5000, &w, &h, &o));
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

static void
other_formats_are_unsupported_and_damage_is_format(void **state)
{
	struct image *i;

	(void)state;
	assert_int_equal(image_open(BYTES("RIFF....WEBPVP8 "), 1 << 20, &i),
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
		cmocka_unit_test(a_tiff_directory_that_points_at_itself_ends),
		cmocka_unit_test(every_orientation_turns_the_picture_upright),
		cmocka_unit_test(a_grey_picture_comes_out_as_it_is),
		cmocka_unit_test(what_is_too_large_is_scaled_or_refused_before_it_is_decoded),
		cmocka_unit_test(only_the_first_frame_of_an_animation_is_decoded),
		cmocka_unit_test(other_formats_are_unsupported_and_damage_is_format),
	};

	if (image_warm() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
