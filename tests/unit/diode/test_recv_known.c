/*
 * Files that lie in a folder: when one is looked at again, and that nothing hostile
 * makes the memory of them grow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "recv_known.h"

static struct stat
file(off_t size, long written)
{
	struct stat	 st;

	memset(&st, 0, sizeof(st));
	st.st_size = size;
	st.st_mtim.tv_sec = st.st_ctim.tv_sec = written;
	return st;
}

static void
test_forming(void **state)
{
	struct stat	 a = file(10, 1), b = file(20, 1);
	struct known	*k = known_new();

	(void)state;
	assert_int_equal(known_judge(k, "x", &a, 1000), KNOWN_LOOK);
	assert_int_equal(known_keep(k, "x", &a, 1000, LINK_FORMING), 1);
	assert_int_equal(known_judge(k, "x", &a, 1100), KNOWN_WAIT);
	/* It grows: no look while it does. */
	assert_int_equal(known_judge(k, "x", &b, 2900), KNOWN_WAIT);
	assert_int_equal(known_judge(k, "x", &b, 2900 + KNOWN_QUIET_MS - 1),
	    KNOWN_WAIT);
	assert_int_equal(known_judge(k, "x", &b, 2900 + KNOWN_QUIET_MS),
	    KNOWN_LOOK_AGAIN);
	/* One look for each quiet time, then the last one. */
	known_keep(k, "x", &b, 2900 + KNOWN_QUIET_MS, LINK_FORMING);
	assert_int_equal(known_judge(k, "x", &b, 2900 + 2 * KNOWN_QUIET_MS),
	    KNOWN_WAIT);
	assert_int_equal(known_judge(k, "x", &b, 2900 + KNOWN_SETTLED_MS),
	    KNOWN_LOOK_SETTLED);
	known_free(k);
}

static void
test_left(void **state)
{
	struct stat	 a = file(10, 1), b = file(10, 2);
	struct known	*k = known_new();

	(void)state;
	known_keep(k, "x", &a, 0, LINK_LEFT);
	assert_int_equal(known_judge(k, "x", &a, 1000000), KNOWN_SKIP);
	assert_int_equal(known_judge(k, "y", &a, 1000000), KNOWN_LOOK);
	/* The same size and another time: somebody wrote to it. */
	assert_int_equal(known_judge(k, "x", &b, 1000000), KNOWN_WAIT);
	assert_int_equal(known_judge(k, "x", &b, 1000000 + KNOWN_QUIET_MS),
	    KNOWN_LOOK_AGAIN);
	known_free(k);
}

static void
test_bounded(void **state)
{
	struct stat	 a = file(10, 1);
	struct known	*k = known_new();
	char		 name[32];
	int		 i, kept = 0;

	(void)state;
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		kept += known_keep(k, name, &a, 0, LINK_LEFT);
	}
	assert_in_range(kept, 2000, 4096);
	/* Two passes later nobody has met them: their room is free. */
	known_pass(k);
	assert_int_equal(known_judge(k, "0", &a, 1), KNOWN_SKIP);
	known_pass(k);
	for (i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "new %d", i);
		kept -= known_keep(k, name, &a, 0, LINK_LEFT);
	}
	assert_in_range(kept + 1000, 0, 2000);
	assert_int_equal(known_judge(k, "0", &a, 2), KNOWN_SKIP);
	known_free(k);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_forming),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
