/* Routes: every address, and what is none. */
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

#include "route.h"

#define REF "LM-VR6DF-509K9-F07GG-K3NKC"

static void
known_addresses_are_found(void **state)
{
	struct route_match	 m;

	(void)state;
	route_find("/", &m);
	assert_int_equal(m.route, ROUTE_LIST);
	assert_false(m.open);
	route_find("/signin", &m);
	assert_int_equal(m.route, ROUTE_SIGNIN);
	assert_true(m.open && m.get && m.post);
	route_find("/mail/" REF, &m);
	assert_int_equal(m.route, ROUTE_MAIL);
	assert_string_equal(m.ref, REF);
	route_find("/mail/" REF "/picture/12/345", &m);
	assert_int_equal(m.route, ROUTE_PICTURE);
	assert_int_equal(m.part, 12);
	assert_int_equal(m.page, 345);
	route_find("/mail/" REF "/text/2/body", &m);
	assert_int_equal(m.route, ROUTE_TEXT);
	assert_int_equal(m.page, -1);
}

static void
references_are_taken_as_people_type_them(void **state)
{
	struct route_match	 m;

	(void)state;
	route_find("/mail/vr6df509k9f07ggk3nkc", &m);
	assert_int_equal(m.route, ROUTE_MAIL);
	assert_string_equal(m.ref, REF);
}

static void
other_addresses_are_nothing(void **state)
{
	static const char *const	 wrong[] = { "", "//", "/mail", "/mail/",
	    "/mail/x", "/mail/LM-VR6DF-509K9-F07GG-K3NKD", "/mail/" REF "/",
	    "/mail/" REF "/picture/1", "/mail/" REF "/picture/01/0",
	    "/mail/" REF "/picture/-1/0", "/mail/" REF "/picture/1/0/",
	    "/mail/" REF "/picture/1/9999999999", "/mail/" REF "/text/1/bod",
	    "/mail/../style.css", "/style.css/", "/signin?x", "/SIGNIN" };
	struct route_match		 m;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		route_find(wrong[i], &m);
		assert_int_equal(m.route, ROUTE_NONE);
	}
}

static void
what_changes_answers_post_only(void **state)
{
	struct route_match	 m;

	(void)state;
	route_find("/mark", &m);
	assert_true(m.post && !m.get && !m.open);
	route_find("/signout", &m);
	assert_true(m.post && !m.get && !m.open);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(known_addresses_are_found),
		cmocka_unit_test(references_are_taken_as_people_type_them),
		cmocka_unit_test(other_addresses_are_nothing),
		cmocka_unit_test(what_changes_answers_post_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
