/* The shared vocabulary: names both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "outcome.h"

static void
every_name_leads_back_to_its_number(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < OUTCOME_MAX; i++)
		assert_int_equal(outcome_find(outcome_name(i)), i);
	for (i = 0; i < REASON_MAX; i++)
		assert_int_equal(reason_find(reason_name(i)), i);
	for (i = 0; i < KIND_MAX; i++)
		assert_int_equal(kind_find(kind_name(i)), i);
	for (i = 0; i < FACT_MAX; i++)
		assert_int_equal(fact_find(fact_name(i)), i);
}

static void
numbers_out_of_range_are_unknown(void **state)
{
	(void)state;
	assert_string_equal(outcome_name((enum outcome)OUTCOME_MAX), "unknown");
	assert_string_equal(outcome_name((enum outcome)-1), "unknown");
	assert_string_equal(reason_name((enum reason)9999), "unknown");
	assert_string_equal(kind_name((enum kind)-7), "unknown");
	assert_string_equal(fact_name((enum fact)FACT_MAX), "unknown");
	assert_int_equal(fact_repeatable((enum fact)-1), 0);
	assert_non_null(reason_sentence((enum reason)9999));
}

static void
unknown_names_are_not_found(void **state)
{
	(void)state;
	assert_int_equal(outcome_find("nonsense"), -1);
	assert_int_equal(reason_find(""), -1);
	assert_int_equal(kind_find("PDF"), -1);
	assert_int_equal(fact_find("hdr-from"), -1);
}

static void
zero_refuses(void **state)
{
	(void)state;
	assert_string_equal(outcome_name((enum outcome)0), "stub");
}

static void
every_reason_has_a_sentence(void **state)
{
	const char	*s;
	int		 i;

	(void)state;
	for (i = 0; i < REASON_MAX; i++) {
		s = reason_sentence((enum reason)i);
		assert_true(strlen(s) > 10);
		assert_int_equal(s[strlen(s) - 1], '.');
	}
}

static void
header_lists_repeat_and_the_subject_does_not(void **state)
{
	(void)state;
	assert_true(fact_repeatable(FACT_HDR_TO));
	assert_true(fact_repeatable(FACT_LINK_MISMATCH));
	assert_false(fact_repeatable(FACT_HDR_SUBJECT));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_leads_back_to_its_number),
		cmocka_unit_test(numbers_out_of_range_are_unknown),
		cmocka_unit_test(unknown_names_are_not_found),
		cmocka_unit_test(zero_refuses),
		cmocka_unit_test(every_reason_has_a_sentence),
		cmocka_unit_test(header_lists_repeat_and_the_subject_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
