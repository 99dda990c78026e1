/* Paths of MAIL and RCPT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"
#include "err.h"

static const struct { const char *in, *out; } good[] = {
	{ "<>", "" },
	{ "<a@b.tld>", "a@b.tld" },
	{ "<a.b+c=d@B.Tld>", "a.b+c=d@B.Tld" },
	{ "<\"a\"@b.tld>", "a@b.tld" },
	{ "<\"a b\"@b.tld>", "\"a b\"@b.tld" },
	{ "<\"a\\\"b\\\\\"@b.tld>", "\"a\\\"b\\\\\"@b.tld" },
	{ "<\"\"@b.tld>", "\"\"@b.tld" },
	{ "<\"a@x\"@b.tld>", "\"a@x\"@b.tld" },
	{ "<@one.tld,@two.tld:a@b.tld>", "a@b.tld" },
	{ "<a@[192.0.2.1]>", "a@[192.0.2.1]" },
	{ "<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]" },
	{ "<a..b.@docomo.ne.jp>", "a..b.@docomo.ne.jp" },
	{ "<Postmaster>", "Postmaster" },
	{ "<\xe4\xbd\xa0\xe5\xa5\xbd@\xe4\xbe\x8b.tw>",
	  "\xe4\xbd\xa0\xe5\xa5\xbd@\xe4\xbe\x8b.tw" },
};

static const char *const bad[] = {
	"", "<", ">", "a@b.tld", "<a@b.tld", "<a>", "<@b.tld>", "<a@>",
	"<a@.b>", "<a@b..c>", "<a@b.tld.>", "<a b@c.tld>", "<a@b c>",
	"<\"a@b.tld>", "<\"a\nb\"@b.tld>", "<\"a\\\rb\"@b.tld>", "<a@[>",
	"<a@[]>", "<@one.tld>", "<@one.tld:>", "<@one.tld,a@b.tld>",
	"<a@b@c.tld>", "<a@b\x01>", "<\xff@b.tld>", "<\xc2\x85@b.tld>",
	"<\xed\xa0\x80@b.tld>", "<a@\xe4\xbd>",
};

static void
good_paths_are_read(void **state)
{
	char	 out[ADDRESS_MAX + 1];
	size_t	 i, used;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(address_read_path(good[i].in,
		    strlen(good[i].in), 1, out, &used), ERR_OK);
		assert_string_equal(out, good[i].out);
		assert_int_equal(used, strlen(good[i].in));
	}
}

static void
bad_paths_are_refused(void **state)
{
	char	 out[ADDRESS_MAX + 1];
	size_t	 i, used;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(address_read_path(bad[i], strlen(bad[i]), 1,
		    out, &used), ERR_FORMAT);
	assert_int_equal(address_read_path("<a@b\0c.tld>", 11, 1, out, &used),
	    ERR_FORMAT);
}

static void
every_cut_of_a_good_path_is_refused(void **state)
{
	char	 out[ADDRESS_MAX + 1], *copy;
	size_t	 i, n, used;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (n = 0; n < strlen(good[i].in); n++) {
			copy = malloc(n > 0 ? n : 1);
			memcpy(copy, good[i].in, n);
			assert_int_equal(address_read_path(copy, n, 1, out,
			    &used), ERR_FORMAT);
			free(copy);
		}
}

static void
utf8_needs_leave(void **state)
{
	char	 out[ADDRESS_MAX + 1];
	size_t	 used;

	(void)state;
	assert_int_equal(address_read_path("<\xc3\xa9@b.tld>", 10, 0, out,
	    &used), ERR_DENIED);
	assert_int_equal(address_read_path("<e@\xc3\xa9.tld>", 10, 0, out,
	    &used), ERR_DENIED);
}

static void
long_parts_are_refused(void **state)
{
	char	 path[2000], out[ADDRESS_MAX + 1];
	size_t	 used;

	(void)state;
	snprintf(path, sizeof(path), "<%0*d@b.tld>", ADDRESS_LOCAL_MAX, 0);
	assert_int_equal(address_read_path(path, strlen(path), 1, out, &used),
	    ERR_OK);
	snprintf(path, sizeof(path), "<%0*d@b.tld>", ADDRESS_LOCAL_MAX + 1, 0);
	assert_int_equal(address_read_path(path, strlen(path), 1, out, &used),
	    ERR_LIMIT);
	snprintf(path, sizeof(path), "<a@%064d.tld>", 0);
	assert_int_equal(address_read_path(path, strlen(path), 1, out, &used),
	    ERR_LIMIT);
	/* all quotes: each is escaped again, and still fits */
	memset(path, 0, sizeof(path));
	strcpy(path, "<\"");
	while (strlen(path) < 2 + 2 * ADDRESS_LOCAL_MAX)
		strcat(path, "\\\"");
	strcat(path, "\"@b.tld>");
	assert_int_equal(address_read_path(path, strlen(path), 1, out, &used),
	    ERR_OK);
}

static void
the_domain_is_found(void **state)
{
	(void)state;
	assert_string_equal(address_domain("a@b.tld"), "b.tld");
	assert_string_equal(address_domain("\"x@y\"@b.tld"), "b.tld");
	assert_null(address_domain(""));
	assert_null(address_domain("postmaster"));
	assert_null(address_domain("\"x@y\""));
}

static void
case_does_not_matter(void **state)
{
	(void)state;
	assert_true(address_equal("A@b.TLD", "a@B.tld"));
	assert_false(address_equal("a@b.tld", "a@b.tl"));
	assert_false(address_equal("a", "b"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_paths_are_read),
		cmocka_unit_test(bad_paths_are_refused),
		cmocka_unit_test(every_cut_of_a_good_path_is_refused),
		cmocka_unit_test(utf8_needs_leave),
		cmocka_unit_test(long_parts_are_refused),
		cmocka_unit_test(the_domain_is_found),
		cmocka_unit_test(case_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
