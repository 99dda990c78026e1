/* Domains and recipients, and the sentences about wrong files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "err.h"
#include "served.h"

static char	 dir[] = "/tmp/limpid-served-XXXXXX";
static char	 domains[64], recipients[64];

static void
put(const char *path, const char *text)
{
	FILE	*f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(domains, sizeof(domains), "%s/domains", dir);
	snprintf(recipients, sizeof(recipients), "%s/recipients", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(domains);
	unlink(recipients);
	return rmdir(dir);
}

static void
addresses_are_looked_up(void **state)
{
	struct served	*s = NULL;
	char		*why = NULL;

	(void)state;
	put(domains, "# ours\nagency.example\n\n  Other.Example # too\n");
	put(recipients, "Reader@agency.example box1\n@other.example\n"
	    "a-b@agency.example\r\n");
	assert_int_equal(served_load(domains, recipients, &s, &why), ERR_OK);
	assert_null(why);
	assert_int_equal(served_check(s, "reader@AGENCY.example"), ERR_OK);
	assert_int_equal(served_check(s, "anyone@other.example"), ERR_OK);
	assert_int_equal(served_check(s, "who@agency.example"), ERR_NOTFOUND);
	assert_int_equal(served_check(s, "reader@agency.example.evil"),
	    ERR_DENIED);
	assert_int_equal(served_check(s, "reader@sub.agency.example"),
	    ERR_DENIED);
	assert_int_equal(served_check(s, "Postmaster"), ERR_OK);
	assert_int_equal(served_check(s, "postmaster@agency.example"), ERR_OK);
	assert_int_equal(served_check(s, "postmaster@evil"), ERR_DENIED);
	assert_int_equal(served_check(s, "\"x@agency.example\"@evil"),
	    ERR_DENIED);
	assert_string_equal(served_postmaster(s), "postmaster@agency.example");
	served_free(s);
}

static void
expect_sentence(const char *d, const char *r, const char *sentence)
{
	struct served	*s = NULL;
	char		*why = NULL;

	put(domains, d);
	put(recipients, r);
	assert_int_equal(served_load(domains, recipients, &s, &why),
	    ERR_CONFIG);
	assert_null(s);
	assert_non_null(why);
	assert_non_null(strstr(why, sentence));
	free(why);
}

static void
a_wrong_line_is_named_with_its_place(void **state)
{
	(void)state;
	expect_sentence("ok.example\n\nnot_a..domain\n", "",
	    "/domains:3: \"not_a..domain\" is not a domain");
	expect_sentence("ok.example\n", "\n\nreader\n",
	    "/recipients:3: \"reader\" is not an address");
	expect_sentence("ok.example\n", "a@ok.example\nb@else.example\n",
	    "/recipients:2: domain \"else.example\" is not served");
	expect_sentence("# none\n", "", "/domains: names no domain");
}

static void
a_missing_file_is_named(void **state)
{
	struct served	*s = NULL;
	char		*why = NULL;

	(void)state;
	put(domains, "ok.example\n");
	unlink(recipients);
	assert_int_equal(served_load(domains, recipients, &s, &why),
	    ERR_CONFIG);
	assert_non_null(strstr(why, "/recipients: cannot be read"));
	free(why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_looked_up),
		cmocka_unit_test(a_wrong_line_is_named_with_its_place),
		cmocka_unit_test(a_missing_file_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
