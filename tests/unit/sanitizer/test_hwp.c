#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "hwp_text.h"
#include "outlook.h"

static const struct {
	const char	*bytes;
	size_t		 len;
	const char	*words;
	int		 whole;
} cases[] = {
	{ "", 0, "", 1 },
	/* 회의 */
	{ "\x43\0\x40\0\x8c\xd6\x58\xc7", 8, "회의\n", 1 },
	/* another record before it */
	{ "\x42\0\x20\0..\x43\0\x20\0a\0", 12, "a\n", 1 },
	/* a table's reference of eight units, a tab of eight, a line, an end */
	{ "\x43\0\x50\x02\x0b\0..............\t\0..............a\0\n\0\r\0",
	    42, "\ta\n\n", 0 },
	{ "\x43\0\x40\x02\x0b\0..............\t\0..............a\0\n\0", 40,
	    "\ta\n\n", 1 },
	/* half of a pair, and a pair */
	{ "\x43\0\x20\0\x3d\xd8", 6, "\n", 1 },
	{ "\x43\0\x40\0\x3d\xd8\x00\xde", 8, "😀\n", 1 },
	/* a long record: its size comes behind */
	{ "\x43\0\xf0\xff\x02\0\0\0a\0", 10, "a\n", 1 },
	/* sizes that lie, and an end inside of a head */
	{ "\x43\0\xf0\xff\xff\xff\xff\xff" "a\0", 10, "", 0 },
	{ "\x43\0\xf0\xff\x02\0", 6, "", 0 },
	{ "\x43\0\x40\0a\0", 6, "", 0 },
	{ "\x43\0\x20\0a\0\x43", 7, "a\n", 0 },
	/* a reference that is cut */
	{ "\x43\0\x40\0\x0b\0..", 8, "\n", 1 },
};

static void
sections_give_their_words(void **state)
{
	struct office_words	 w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		w = (struct office_words){ .max = 1000 };
		if (hwp_section((const uint8_t *)cases[i].bytes, cases[i].len,
		    &w) != cases[i].whole || strcmp(w.s == NULL ? "" : w.s,
		    cases[i].words) != 0)
			fail_msg("case %zu: \"%s\"", i, w.s == NULL ? "" :
			    w.s);
		free(w.s);
	}
}

static void
words_stop_at_their_bound(void **state)
{
	struct office_words	 w = { .max = 3 };

	(void)state;
	assert_int_equal(hwp_section((const uint8_t *)"\x43\0\x80\0a\0b\0c\0d\0",
	    12, &w), 1);
	assert_string_equal(w.s, "abc");
	free(w.s);
}

static void
what_is_no_document_says_so(void **state)
{
	enum reason	 reason;

	(void)state;
	assert_null(hwp_text((const uint8_t *)"\xd0\xcf\x11\xe0", 4, 100,
	    &reason));
	assert_int_equal(reason, REASON_FORMAT);
}

static int
warm(void **state)
{
	(void)state;
	return outlook_warm();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_give_their_words),
		cmocka_unit_test(words_stop_at_their_bound),
		cmocka_unit_test(what_is_no_document_says_so)
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
