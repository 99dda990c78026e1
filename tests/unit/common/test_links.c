#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "links.h"
#include "links_cases.h"
#include "text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char *
defang(const char *s, uint32_t *count)
{
	char	*t = links_defang_text(s, strlen(s), count);

	assert_non_null(t);
	return t;
}

static void
assert_stays(const char *s)
{
	char	*again = defang(s, NULL);

	assert_string_equal(again, s);
	free(again);
}

static void
text_cases_come_out_as_the_table_says(void **state)
{
	size_t		 i;
	char		*t;
	uint32_t	 n;

	(void)state;
	for (i = 0; i < COUNT(text_cases); i++) {
		n = 0;
		t = defang(text_cases[i].in, &n);
		assert_string_equal(t, text_cases[i].out);
		if (n != text_cases[i].count)
			fail_msg("%s: %u links", text_cases[i].in, n);
		assert_stays(t);
		free(t);
	}
}

static void
links_are_counted(void **state)
{
	uint32_t	 n = 3;

	(void)state;
	free(defang("http://a.example b.example c@d.example none", &n));
	assert_int_equal(n, 6);
}

static void
targets_come_out_as_the_table_says(void **state)
{
	size_t	 i;
	char	*t;

	(void)state;
	for (i = 0; i < COUNT(target_cases); i++) {
		t = links_defang_target(target_cases[i].in,
		    strlen(target_cases[i].in));
		assert_non_null(t);
		assert_string_equal(t, target_cases[i].out);
		assert_stays(t);
		free(t);
	}
}

static void
a_long_target_is_cut_and_says_so(void **state)
{
	char	 s[10000] = "tel:";
	char	*t;

	(void)state;
	memset(s + 4, '1', sizeof(s) - 5);
	t = links_defang_target(s, strlen(s));
	assert_true(strlen(t) < 300);
	assert_non_null(strstr(t, "bytes more)"));
	assert_stays(t);
	free(t);
}

static void
labels_that_lie_are_found(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < COUNT(mismatch_cases); i++)
		if (links_mismatch(mismatch_cases[i].label,
		    mismatch_cases[i].target) != mismatch_cases[i].mismatch)
			fail_msg("\"%s\" -> %s", mismatch_cases[i].label,
			    mismatch_cases[i].target);
}

/* Pieces that links are made of, in any order. */
static const char *const pieces[] = {
	"http", "https", "HTTP", "ftp", "mailto", "javascript", "tel", "://",
	":", "//", "/", "\\", "\\\\", ".", ".", ".", "www", "com", "example",
	"co.jp", "jp", "zip", "@", "@", "localhost", "[", "]", "(", ")", "[.]",
	"[:]", "[@]", "1", "127", "0x7f", "3000", " ", " ", "-", "_", "?", "=",
	"&", "#", "例え", "。", "．", "ｃｏｍ", "，", "謝謝", "é", "а",
	"xn--fsq", "💩", "$", "+", "~", "`", "|", "<", ">", "\"", "'", ",",
	";", "!", "%2e", "a", "pdf", "user", "hxxp", "2130706433", "::1", "\n"
};

static void
defanging_twice_changes_nothing_for_any_text(void **state)
{
	char		 s[512], *t, *clean;
	unsigned	 seed = 1;
	int		 round, n;

	(void)state;
	for (round = 0; round < 20000; round++) {
		s[0] = '\0';
		for (n = (int)(seed >> 16) % 14; n >= 0; n--) {
			seed = seed * 1103515245u + 12345u;
			strcat(s, pieces[(seed >> 8) % COUNT(pieces)]);
		}
		clean = text_clean(s, strlen(s), TEXT_BLOCK, 4096, NULL);
		t = defang(clean, NULL);
		assert_stays(t);
		assert_int_equal(text_check(t, strlen(t), TEXT_BLOCK), 0);
		free(t);
		free(clean);
	}
}

static void
a_megabyte_of_tricks_is_done_in_linear_time(void **state)
{
	static const char *const units[] = {
		"\\\\a/", "data:", "http:", "a.", "//", "[", "x@", "例え.jp"
	};
	size_t	 i, n, unit;
	char	*s = malloc(400000), *t;

	(void)state;
	for (i = 0; i < COUNT(units); i++) {
		unit = strlen(units[i]);
		for (n = 0; n + unit < 400000; n += unit)
			memcpy(s + n, units[i], unit);
		t = links_defang_text(s, n, NULL);
		assert_non_null(t);
		free(t);
	}
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_cases_come_out_as_the_table_says),
		cmocka_unit_test(links_are_counted),
		cmocka_unit_test(targets_come_out_as_the_table_says),
		cmocka_unit_test(a_long_target_is_cut_and_says_so),
		cmocka_unit_test(labels_that_lie_are_found),
		cmocka_unit_test(defanging_twice_changes_nothing_for_any_text),
		cmocka_unit_test(a_megabyte_of_tricks_is_done_in_linear_time)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
