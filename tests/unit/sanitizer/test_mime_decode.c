/*
 * Files inside texts: uuencode and yEnc, whole, in pieces and damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mime_decode.h"

static struct mime_uu	 block;
static uint8_t		 out[4096];
static size_t		 len, damage;

static int
find(const char *text, size_t n)
{
	damage = 0;
	if (!mime_uu_find((const uint8_t *)text, n, 0, &block))
		return 0;
	len = mime_uu_decode((const uint8_t *)text, &block, out, &damage);
	return 1;
}

static void
a_file_in_yenc_is_found_and_decoded(void **state)
{
	/* "a" is 0x8b, the "=" of the code is 0x3d: here an escaped NUL */
	static const char	text[] = "before\r\n"
	    "=ybegin line=128 size=4 name=a b.bin\r\n"
	    "\x8b\x8c=j\x8d\r\n=yend size=4\r\nafter\r\n";

	(void)state;
	assert_true(find(text, sizeof(text) - 1));
	assert_true(block.yenc);
	assert_int_equal(block.total, 0);
	assert_memory_equal(text + block.name, "a b.bin", block.name_len);
	assert_int_equal(block.name_len, 7);
	assert_int_equal(len, 4);
	assert_memory_equal(out, "ab\0c", 4);
	assert_int_equal(damage, 0);
	assert_string_equal(text + block.end, "after\r\n");
}

static void
a_piece_of_a_file_says_which(void **state)
{
	static const char	text[] =
	    "=ybegin part=2 total=3 line=128 size=9 name=x\n"
	    "=ypart begin=4 end=6\n\x8b\n=yend size=3 part=2\n";

	(void)state;
	assert_true(find(text, sizeof(text) - 1));
	assert_int_equal(block.part, 2);
	assert_int_equal(block.total, 3);
	assert_int_equal(len, 1);
	assert_int_equal(out[0], 'a');
}

static void
a_cut_file_is_damaged_and_never_longer_than_its_text(void **state)
{
	static const char	text[] =
	    "=ybegin line=128 size=4 name=x\n\x8b\x8c\x8d=\n=yend\n";

	(void)state;
	for (size_t n = 0; n <= sizeof(text) - 1; n++)
		if (find(text, n))
			assert_true(len <= n);
	assert_true(find(text, 34));
	assert_int_equal(damage, 1);
}

static void
words_like_it_are_words(void **state)
{
	(void)state;
	assert_false(find("=ybegin is a word\n", 18));
	assert_false(find("begin 644 of the year\nwords\n", 28));
}

static void
uuencode_is_still_found(void **state)
{
	static const char	text[] = "x\nbegin 644 a.txt\n#86)C\n`\nend\n";

	(void)state;
	assert_true(find(text, sizeof(text) - 1));
	assert_false(block.yenc);
	assert_int_equal(len, 3);
	assert_memory_equal(out, "abc", 3);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(a_file_in_yenc_is_found_and_decoded),
		cmocka_unit_test(a_piece_of_a_file_says_which),
		cmocka_unit_test(
		    a_cut_file_is_damaged_and_never_longer_than_its_text),
		cmocka_unit_test(words_like_it_are_words),
		cmocka_unit_test(uuencode_is_still_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
