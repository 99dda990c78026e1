/* Sessions and the waiting times of failed sign-ins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"

#include "session.h"
#include "throttle.h"

static void
a_session_is_found_by_its_cookie_only(void **state)
{
	struct sessions	*s = sessions_new(1000, 5000, 4);
	struct session	*one, *two;
	char		 a[SESSION_TOKEN_LEN + 1], b[SESSION_TOKEN_LEN + 1];

	(void)state;
	assert_int_equal(session_begin(s, 7, 1, 0, a, &one), ERR_OK);
	assert_int_equal(session_begin(s, 8, 1, 0, b, &two), ERR_OK);
	assert_string_not_equal(a, b);
	assert_ptr_equal(session_find(s, a, 10), one);
	assert_int_equal(session_find(s, b, 10)->account, 8);
	assert_null(session_find(s, NULL, 10));
	assert_null(session_find(s, "", 10));
	a[0] = a[0] == 'A' ? 'B' : 'A';
	assert_null(session_find(s, a, 10));
	b[42] = '\0';
	assert_null(session_find(s, b, 10));
	sessions_free(s);
}

static void
an_empty_place_is_nobodys_session(void **state)
{
	struct sessions	*s = sessions_new(1000, 5000, 4);

	(void)state;
	assert_null(session_find(s,
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 10));
	sessions_free(s);
}

static void
idle_and_absolute_time_end_it(void **state)
{
	struct sessions	*s = sessions_new(1000, 5000, 4);
	struct session	*one;
	char		 c[SESSION_TOKEN_LEN + 1];
	int64_t		 t;

	(void)state;
	assert_int_equal(session_begin(s, 7, 1, 0, c, &one), ERR_OK);
	assert_null(session_find(s, c, 1001));
	assert_int_equal(session_begin(s, 7, 1, 0, c, &one), ERR_OK);
	for (t = 900; t <= 4500; t += 900)
		assert_non_null(session_find(s, c, t));
	assert_null(session_find(s, c, 5001));
	sessions_free(s);
}

static void
the_longest_idle_makes_room(void **state)
{
	struct sessions	*s = sessions_new(1000, 5000, 2);
	struct session	*one;
	char		 a[44], b[44], c[44];

	(void)state;
	assert_int_equal(session_begin(s, 1, 1, 0, a, &one), ERR_OK);
	assert_int_equal(session_begin(s, 2, 1, 0, b, &one), ERR_OK);
	assert_non_null(session_find(s, a, 5));
	assert_int_equal(session_begin(s, 3, 1, 6, c, &one), ERR_OK);
	assert_non_null(session_find(s, a, 7));
	assert_null(session_find(s, b, 7));
	sessions_free(s);
}

static void
the_forms_token_is_checked_whole(void **state)
{
	struct sessions	*s = sessions_new(1000, 5000, 2);
	struct session	*one;
	char		 c[44], t[SESSION_TOKEN_LEN + 1];

	(void)state;
	assert_int_equal(session_begin(s, 1, 1, 0, c, &one), ERR_OK);
	assert_false(session_token_ok(one, NULL));
	assert_false(session_token_ok(one, ""));
	assert_false(session_token_ok(one, c));
	memcpy(t, one->token, sizeof(t));
	assert_true(session_token_ok(one, t));
	t[42] ^= 1;
	assert_false(session_token_ok(one, t));
	sessions_free(s);
}

static void
a_reading_is_noted_once(void **state)
{
	struct session	 one = { 0 };

	(void)state;
	assert_true(session_note(&one, "LM-A"));
	assert_true(session_note(&one, "LM-B"));
	assert_false(session_note(&one, "LM-A"));
}

static void
failures_cost_time_and_success_forgives(void **state)
{
	struct throttle	*t = throttle_new(4, 3);
	int		 i;

	(void)state;
	for (i = 0; i < 3; i++)
		throttle_fail(t, "lin", 0);
	assert_int_equal(throttle_wait(t, "lin", 0), 0);
	throttle_fail(t, "lin", 0);
	assert_int_equal(throttle_wait(t, "lin", 0), 1000);
	assert_int_equal(throttle_wait(t, "lin", 1000), 0);
	throttle_fail(t, "lin", 1000);
	assert_int_equal(throttle_wait(t, "lin", 1000), 2000);
	assert_int_equal(throttle_wait(t, "chen", 1000), 0);
	for (i = 0; i < 40; i++)
		throttle_fail(t, "lin", 1000);
	assert_int_equal(throttle_wait(t, "lin", 1000), 15 * 60 * 1000);
	throttle_good(t, "lin");
	assert_int_equal(throttle_wait(t, "lin", 1000), 0);
	throttle_free(t);
}

static void
many_names_take_no_more_places(void **state)
{
	struct throttle	*t = throttle_new(4, 0);
	char		 name[16];
	int		 i;

	(void)state;
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		throttle_fail(t, name, i);
	}
	assert_int_not_equal(throttle_wait(t, "n99", 99), 0);
	assert_int_equal(throttle_wait(t, "n1", 99), 0);
	throttle_free(t);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_session_is_found_by_its_cookie_only),
		cmocka_unit_test(an_empty_place_is_nobodys_session),
		cmocka_unit_test(idle_and_absolute_time_end_it),
		cmocka_unit_test(the_longest_idle_makes_room),
		cmocka_unit_test(the_forms_token_is_checked_whole),
		cmocka_unit_test(a_reading_is_noted_once),
		cmocka_unit_test(failures_cost_time_and_success_forgives),
		cmocka_unit_test(many_names_take_no_more_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
