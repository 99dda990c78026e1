#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "charset_table.h"

static iconv_t
opened(const char *name)
{
	iconv_t	 cd = iconv_open("UTF-8", name);

	assert_true(cd != (iconv_t)-1);
	return cd;
}

/* All bytes at once, through tiny rooms, as libc reads them. */
static void
a_table_says_what_libc_says(void **state)
{
	static const char *const names[] = {
		"CP1252", "ISO-8859-7", "CP1251", "KOI8-R", "CP437", "CP037",
		"MACINTOSH", "VISCII", "TIS-620", "GEORGIAN-PS"
	};
	static struct charset_table	 t;
	char				 bytes[256], want[1024], got[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		iconv_t	 cd = opened(names[i]);
		char	*in, *out, *to;
		size_t	 n = 0, left, room, had, r;

		if (!charset_table_learn(&t, cd, iconv))
			fail_msg("%s is no table", names[i]);
		for (unsigned b = 0; b < 256; b++)
			if (t.len[b] > 0)
				bytes[n++] = (char)b;
		assert_true(n > 200);
		in = bytes, out = want, left = n, room = sizeof(want);
		assert_int_equal(iconv(cd, &in, &left, &out, &room), 0);
		in = bytes, to = got, left = n;
		do {
			room = had = 5;
			r = charset_table_convert(&t, &in, &left, &to, &room);
			assert_true(r == 0 || errno == E2BIG);
			assert_true(room <= had);
		} while (r != 0);
		assert_int_equal(to - got, out - want);
		assert_memory_equal(got, want, (size_t)(out - want));
		iconv_close(cd);
	}
}

static void
a_byte_that_is_no_character_stops_it(void **state)
{
	static struct charset_table	 t;
	char				 bytes[] = "a\xff" "b", out[8];
	char				*in = bytes, *to = out;
	size_t				 left = 3, room = sizeof(out);
	iconv_t				 cd = opened("TIS-620");

	(void)state;
	assert_true(charset_table_learn(&t, cd, iconv));
	assert_true(charset_table_convert(&t, &in, &left, &to, &room) ==
	    (size_t)-1);
	assert_int_equal(errno, EILSEQ);
	assert_int_equal(left, 2);
	assert_int_equal(to - out, 1);
	iconv_close(cd);
}

static void
sets_whose_bytes_belong_together_are_no_table(void **state)
{
	static const char *const names[] = {
		"UTF-8", "UTF-7", "UTF-16", "UTF-32LE", "CP932", "EUC-JP-MS",
		"CP949", "JOHAB", "GB18030", "BIG5-HKSCS", "EUC-TW",
		"ISO-2022-JP-2", "ISO-2022-KR", "CP1255", "CP1258", "TCVN"
	};
	static struct charset_table	 t;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		iconv_t	 cd = opened(names[i]);

		if (charset_table_learn(&t, cd, iconv))
			fail_msg("%s is taken for a table", names[i]);
		iconv_close(cd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_says_what_libc_says),
		cmocka_unit_test(a_byte_that_is_no_character_stops_it),
		cmocka_unit_test(sets_whose_bytes_belong_together_are_no_table)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
