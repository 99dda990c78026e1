#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "charset.h"
#include "charset_cases.h"
#include "err.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
texts_are_read_whatever_was_declared(void **state)
{
	struct charset_found	 f;
	size_t			 i, n;
	char			*t;

	(void)state;
	for (i = 0; i < COUNT(charset_cases); i++) {
		t = charset_to_utf8((const uint8_t *)charset_cases[i].bytes,
		    charset_cases[i].len, charset_cases[i].declared, &f, &n);
		assert_non_null(t);
		if (strcmp(t, charset_cases[i].utf8) != 0 ||
		    strcmp(f.name, charset_cases[i].found) != 0 ||
		    f.lied != charset_cases[i].lied ||
		    (f.bad != 0) != (strstr(t, "\ufffd") != NULL))
			fail_msg("case %zu, %s as \"%s\": %s lied %d bad %zu "
			    "%s", i, charset_cases[i].found,
			    charset_cases[i].declared, f.name, f.lied, f.bad, t);
		free(t);
	}
}

static void
labels_of_mails_have_a_converter(void **state)
{
	static const char *const labels[] = {
		"UTF-8", "utf8", "\"iso-8859-1\"", "ISO8859-15", "iso_8859-2",
		"windows-1250", "win-1251", "cp1253", "x-cp1254", "ibm850",
		"Shift_JIS", "x-sjis", "EUC-JP", "ISO-2022-JP", "ISO-2022-KR",
		"iso-2022-cn", "ks_c_5601-1987", "EUC-KR", "GB2312", "GBK",
		"gb18030", "Big5", "big5-hkscs", "x-euc-tw", "TIS-620",
		"viscii", "koi8-r", "KOI8-U", "macintosh", "x-mac-roman",
		"utf-7", "utf-16", "utf-16le", "us-ascii", "x-gbk"
	};
	size_t	 i;
	iconv_t	 cd;

	(void)state;
	for (i = 0; i < COUNT(labels); i++) {
		if (charset_find(labels[i]) == NULL)
			fail_msg("no converter for %s", labels[i]);
		cd = iconv_open("UTF-8", labels[i]);
		assert_true(cd != (iconv_t)-1);
		iconv_close(cd);
	}
}

static void
unknown_labels_fail_softly(void **state)
{
	static const char *const labels[] = {
		"", "x-", "x-x-x-x", "x-user-defined", "cp", "iso-8859-",
		"../../tmp/evil", "UTF-8//../../x", "windows-99999", "\xff\xfe"
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(labels); i++)
		if (strcmp(labels[i], "UTF-8//../../x") != 0)
			assert_null(charset_find(labels[i]));
	assert_true(iconv_open("UTF-8", "../../tmp/evil") == (iconv_t)-1);
	assert_true(iconv_open("../x", "UTF-8") == (iconv_t)-1);
}

static void
a_broken_character_becomes_a_mark(void **state)
{
	struct charset_found	 f;
	size_t			 n;
	char			*t;

	(void)state;
	t = charset_to_utf8((const uint8_t *)"ab\xc3\xa9\xff" "c", 6, "utf-8",
	    &f, &n);
	assert_string_equal(t, "abé\xef\xbf\xbd" "c");
	assert_int_equal(f.bad, 1);
	free(t);
	t = charset_to_utf8((const uint8_t *)"", 0, "", &f, &n);
	assert_string_equal(t, "");
	assert_int_equal(n, 0);
	free(t);
}

static int
warm(void **state)
{
	(void)state;
	return charset_warm();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_whatever_was_declared),
		cmocka_unit_test(labels_of_mails_have_a_converter),
		cmocka_unit_test(unknown_labels_fail_softly),
		cmocka_unit_test(a_broken_character_becomes_a_mark)
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
