/*
 * Resend slips: every wrong letter and every swap of two is found, what people type is
 * read, and nothing else is.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "slip.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const struct slip some[] = {
	{ 1, 1, 1 }, { 2, 7, 3 }, { 1, 123456789, 4096 },
	{ 2, SLIP_FIRST_MAX, SLIP_COUNT_MAX }, { 1, 0x5555555555, 0x55555 },
};
#define SOME	(sizeof(some) / sizeof(some[0]))

static void
test_round(void **state)
{
	char		 text[SLIP_TEXT_LEN + 1];
	struct slip	 s;
	size_t		 i;

	(void)state;
	for (i = 0; i < SOME; i++) {
		assert_int_equal(slip_format(&some[i], text), ERR_OK);
		assert_int_equal(strlen(text), SLIP_TEXT_LEN);
		assert_int_equal(slip_parse(text, &s), ERR_OK);
		assert_int_equal(s.link, some[i].link);
		assert_int_equal(s.first, some[i].first);
		assert_int_equal(s.count, some[i].count);
	}
}

static void
test_every_wrong_letter_is_found(void **state)
{
	char		 text[SLIP_TEXT_LEN + 1], wrong[SLIP_TEXT_LEN + 1];
	struct slip	 s;
	size_t		 i, at, c;

	(void)state;
	for (i = 0; i < SOME; i++) {
		assert_int_equal(slip_format(&some[i], text), ERR_OK);
		for (at = 3; at < SLIP_TEXT_LEN; at++)
			for (c = 0; text[at] != '-' && c < 32; c++) {
				if (alphabet[c] == text[at])
					continue;
				strcpy(wrong, text);
				wrong[at] = alphabet[c];
				assert_int_equal(slip_parse(wrong, &s),
				    ERR_CRYPTO);
			}
	}
}

static void
test_every_swap_is_found(void **state)
{
	char		 text[SLIP_TEXT_LEN + 1], wrong[SLIP_TEXT_LEN + 1];
	struct slip	 s;
	size_t		 i, a, b;

	(void)state;
	for (i = 0; i < SOME; i++) {
		assert_int_equal(slip_format(&some[i], text), ERR_OK);
		for (a = 3; a < SLIP_TEXT_LEN; a++)
			for (b = a + 1; b < SLIP_TEXT_LEN; b++) {
				if (text[a] == text[b] || text[a] == '-' ||
				    text[b] == '-')
					continue;
				strcpy(wrong, text);
				wrong[a] = text[b];
				wrong[b] = text[a];
				assert_int_equal(slip_parse(wrong, &s),
				    ERR_CRYPTO);
			}
	}
}

static void
test_typed_by_people(void **state)
{
	char		 text[SLIP_TEXT_LEN + 1], typed[64];
	struct slip	 s;
	size_t		 i, n;

	(void)state;
	assert_int_equal(slip_format(&some[0], text), ERR_OK);
	for (i = n = 0; text[i] != '\0'; i++) {
		if (text[i] == '-')
			typed[n++] = ' ';
		else if (text[i] == '0')
			typed[n++] = 'o';
		else if (text[i] == '1')
			typed[n++] = i % 2 ? 'l' : 'I';
		else
			typed[n++] = (char)tolower(text[i]);
	}
	typed[n] = '\0';
	assert_int_equal(slip_parse(typed, &s), ERR_OK);
	assert_int_equal(s.first, some[0].first);
	/* Without "LR", without a hyphen. */
	for (i = 2, n = 0; text[i] != '\0'; i++)
		if (text[i] != '-')
			typed[n++] = text[i];
	typed[n] = '\0';
	assert_int_equal(slip_parse(typed, &s), ERR_OK);
}

static void
test_no_slips(void **state)
{
	static const char *const	 texts[] = { "", "LR-", "LR-00000-00000",
		"LM-00000-00000-00000-00000", "LR-00000-00000-000U0",
		"LR-00000-00000-00000-0", "hello", "LR\n00000-00000-00000" };
	struct slip			 s = { 9, 9, 9 };
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(slip_parse(texts[i], &s), ERR_FORMAT);
	/* The check fits (0 of 0), the version does not. */
	assert_int_equal(slip_parse("LR-00000-00000-00000", &s), ERR_LIMIT);
	assert_int_equal(s.link, 9);
}

static void
test_limits(void **state)
{
	static const struct slip	 bad[] = {
		{ 0, 1, 1 }, { 3, 1, 1 }, { 1, 0, 1 }, { 1, 1, 0 },
		{ 1, SLIP_FIRST_MAX + 1, 1 }, { 1, 1, SLIP_COUNT_MAX + 1 } };
	char				 text[SLIP_TEXT_LEN + 1];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(slip_format(&bad[i], text), ERR_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_every_wrong_letter_is_found),
		cmocka_unit_test(test_every_swap_is_found),
		cmocka_unit_test(test_typed_by_people),
		cmocka_unit_test(test_no_slips),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
