#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "text.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	enum text_form	 form;
	const char	*in, *out;
	uint32_t	 invisible, controls, invalid;
} cases[] = {
	{ TEXT_BLOCK, "a\r\nb\rc\n\td", "a\nb\nc\n\td", 0, 0, 0 },
	{ TEXT_BLOCK, "a\fb\vc\xc2\x85" "d\u2028e", "a\nb\nc\nd\ne", 0, 0, 0 },
	{ TEXT_LINE, "  a \t\r\n b\u3000c ", "a b c", 0, 0, 0 },
	{ TEXT_BLOCK, "a\u3000b", "a\u3000b", 0, 0, 0 },
	{ TEXT_BLOCK, "a\x01\x1b[31mb\x7f", "a[31mb", 0, 3, 0 },
	{ TEXT_BLOCK, "a\xff\xfe" "b\xc3", "a\ufffdb\ufffd", 0, 0, 2 },
	{ TEXT_BLOCK, "\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80",
	  "\ufffd|\ufffd|\ufffd", 0, 0, 3 },
	{ TEXT_BLOCK, "\ufffe\uffff", "\ufffd", 0, 0, 1 },
	{ TEXT_BLOCK, "e\u0301", "\u00e9", 0, 0, 0 },
	{ TEXT_BLOCK, "\u202egpj.exe\u2066x", "gpj.exex", 2, 0, 0 },
	{ TEXT_BLOCK, "p\u200bay\u200dpal\u00ad", "paypal", 3, 0, 0 },
	{ TEXT_BLOCK, "\ufeffx\U000e0041", "x", 2, 0, 0 },
	{ TEXT_BLOCK, "\u3164\uffa0", "", 2, 0, 0 },
	{ TEXT_BLOCK, "\u2764\ufe0f", "\u2764", 0, 0, 0 },
	{ TEXT_BLOCK, "x\ufe00\ufe01\ufe02", "x", 2, 0, 0 },
	{ TEXT_BLOCK, "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc",
	  "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc", 0, 0, 0 },
	{ TEXT_BLOCK, "\u0915\u094d\u200d\u0937",
	  "\u0915\u094d\u200d\u0937", 0, 0, 0 },
	{ TEXT_BLOCK, "\u0915\u200d", "\u0915", 1, 0, 0 },
	{ TEXT_BLOCK, "\U0001f468\u200d\U0001f469\u200d\U0001f467",
	  "\U0001f468\u200d\U0001f469\u200d\U0001f467", 0, 0, 0 }
};

static void
text_comes_out_as_the_table_says(void **state)
{
	struct text_cleaned	 c;
	size_t			 i;
	char			*t;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		memset(&c, 0, sizeof(c));
		t = text_clean(cases[i].in, strlen(cases[i].in), cases[i].form,
		    1000, &c);
		assert_non_null(t);
		assert_string_equal(t, cases[i].out);
		assert_int_equal(c.invisible, cases[i].invisible);
		assert_int_equal(c.controls, cases[i].controls);
		assert_int_equal(c.invalid, cases[i].invalid);
		assert_int_equal(c.cut, 0);
		assert_int_equal(text_check(t, strlen(t), cases[i].form),
		    ERR_OK);
		if (strcmp(t, cases[i].in) != 0)
			assert_int_equal(text_check(cases[i].in,
			    strlen(cases[i].in), cases[i].form), ERR_FORMAT);
		free(t);
	}
}

static void
a_nul_inside_is_a_control(void **state)
{
	struct text_cleaned	 c = { 0 };
	char			*t;

	(void)state;
	t = text_clean("a\0b", 3, TEXT_LINE, 10, &c);
	assert_string_equal(t, "ab");
	assert_int_equal(c.controls, 1);
	free(t);
}

static void
the_cut_falls_between_characters(void **state)
{
	static const char	 s[] = "あいう";
	struct text_cleaned	 c;
	char			*t;
	size_t			 max;

	(void)state;
	for (max = 0; max < 9; max++) {
		memset(&c, 0, sizeof(c));
		t = text_clean(s, 9, TEXT_BLOCK, max, &c);
		assert_int_equal(strlen(t), max / 3 * 3);
		assert_int_equal(c.cut, 1);
		free(t);
	}
}

static void
towers_of_marks_are_cut(void **state)
{
	struct text_cleaned	 c = { 0 };
	char			 s[2002] = "x", *t;
	int			 i;

	(void)state;
	for (i = 0; i < 1000; i++)
		memcpy(s + 1 + 2 * i, "\u0335", 2);
	t = text_clean(s, 2001, TEXT_BLOCK, 10000, &c);
	assert_int_equal(strlen(t), 1 + 2 * 16);
	assert_int_equal(c.invisible, 1000 - 16);
	assert_int_equal(text_check(t, strlen(t), TEXT_BLOCK), ERR_OK);
	free(t);
}

static void
cleaning_twice_changes_nothing_for_any_bytes(void **state)
{
	static const char *const pieces[] = {
		"a", " ", "\n", "\r", "\xff", "\xe3\x81", "e\u0301", "\u0301",
		"\u200d", "\u200c", "\u0646", "\u064e", "\u0653", "\u0627",
		"\u0915", "\u094d", "\u2764", "\ufe0f", "\U0001f468", "\u202e",
		"\u1100", "\u1161", "\u11a8", "\u212b", "\u0344", "\u3000",
		"\u0f73", "\u0958", "\u2000", "\xc2\x85", "\t", "\u0335"
	};
	char		 s[256], *t;
	unsigned	 seed = 7, max;
	int		 round, n, form;

	(void)state;
	for (round = 0; round < 20000; round++) {
		s[0] = '\0';
		for (n = (int)(seed >> 16) % 40; n >= 0; n--) {
			seed = seed * 1103515245u + 12345u;
			strcat(s, pieces[(seed >> 8) % COUNT(pieces)]);
		}
		max = round % 3 == 0 ? (seed >> 9) % 30 : 1000;
		for (form = TEXT_BLOCK; form <= TEXT_LINE; form++) {
			t = text_clean(s, strlen(s), (enum text_form)form, max,
			    NULL);
			assert_true(strlen(t) <= max);
			assert_int_equal(text_check(t, strlen(t),
			    (enum text_form)form), ERR_OK);
			free(t);
		}
	}
}

static const struct {
	const char	*in, *out;
} names[] = {
	{ "report.pdf", "report.pdf" },
	{ "", "unnamed" },
	{ "...", "unnamed" },
	{ "../../etc/passwd", "passwd" },
	{ "C:\\Users\\a\\b.txt", "b.txt" },
	{ "dir/", "dir" },
	{ "invoice.pdf.exe", "invoice.pdf.exe" },
	{ "invoice.pdf        .exe", "invoice.pdf.exe" },
	{ "invoice\u202efdp.exe", "invoicefdp.exe" },
	{ ".htaccess", "htaccess" },
	{ "-rf", "rf" },
	{ "a. ", "a" },
	{ "a<b>:c|d?.txt", "a_b__c_d_.txt" },
	{ "con", "_con" },
	{ "NUL.tar.gz", "_NUL.tar.gz" },
	{ "com1.txt", "_com1.txt" },
	{ "com\u00b9", "_com\u00b9" },
	{ "console.log", "console.log" },
	{ "a\nb.txt", "a b.txt" },
	{ "報告書.pdf", "報告書.pdf" }
};

static void
file_names_come_out_as_the_table_says(void **state)
{
	size_t	 i;
	char	*t, *again;
	int	 changed;

	(void)state;
	for (i = 0; i < COUNT(names); i++) {
		t = text_file_name(names[i].in, strlen(names[i].in), &changed);
		assert_string_equal(t, names[i].out);
		assert_int_equal(changed, strcmp(names[i].in, t) != 0);
		again = text_file_name(t, strlen(t), &changed);
		assert_string_equal(again, t);
		assert_int_equal(changed, 0);
		free(again);
		free(t);
	}
}

static void
a_long_name_keeps_its_ending(void **state)
{
	char	 s[1024], *t;
	int	 changed, i;

	(void)state;
	for (i = 0; i < 300; i++)
		memcpy(s + 3 * i, "長", 3);
	strcpy(s + 900, ".tar.gz");
	t = text_file_name(s, strlen(s), &changed);
	assert_true(strlen(t) <= 120);
	assert_string_equal(t + strlen(t) - 3, ".gz");
	assert_int_equal(changed, 1);
	assert_int_equal(text_check(t, strlen(t), TEXT_LINE), ERR_OK);
	free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_out_as_the_table_says),
		cmocka_unit_test(a_nul_inside_is_a_control),
		cmocka_unit_test(the_cut_falls_between_characters),
		cmocka_unit_test(towers_of_marks_are_cut),
		cmocka_unit_test(cleaning_twice_changes_nothing_for_any_bytes),
		cmocka_unit_test(file_names_come_out_as_the_table_says),
		cmocka_unit_test(a_long_name_keeps_its_ending)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
