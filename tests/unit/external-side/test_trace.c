/* The lines our own MTA put on top, and those that pretend to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "trace.h"

static struct trace	 t;

static void
read_text(const char *s, const char *id)
{
	trace_clear(&t);
	assert_int_equal(trace_read((const uint8_t *)s, strlen(s), id, &t),
	    ERR_OK);
}

#define OURS	"Received: from c.example (c.example [192.0.2.7])\r\n" \
		"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 " \
		"(256/256 bits))\r\n\tby mx; Sat, 21 Nov 2026\r\n"

static void
our_lines_are_read(void **state)
{
	(void)state;
	read_text("Authentication-Results: mx.here;\r\n\tspf=pass\r\n "
	    "smtp.mailfrom=a@b\r\n" OURS "From: a@b\r\n\r\n", "mx.here");
	assert_int_equal(t.auth_count, 1);
	assert_string_equal(t.auth[0],
	    "mx.here; spf=pass smtp.mailfrom=a@b");
	assert_string_equal(t.tls, "TLSv1.3 TLS_AES_256_GCM_SHA384");
	assert_string_equal(t.client, "192.0.2.7");
}

static void
foreign_results_are_dropped(void **state)
{
	(void)state;
	read_text("Authentication-Results: evil; spf=pass\r\n"
	    "Authentication-Results: mx.here.evil; spf=pass\r\n"
	    "Authentication-Results: mx; spf=pass\r\n"
	    "Authentication-Results: (mx.here) mx.here; spf=pass\r\n" OURS
	    "\r\n", "mx.here");
	assert_int_equal(t.auth_count, 0);
}

static void
nothing_below_the_second_received_is_believed(void **state)
{
	(void)state;
	read_text("Received: from x (x [192.0.2.1])\r\n by mx\r\n" OURS
	    "Authentication-Results: mx.here; spf=pass\r\n\r\n", "mx.here");
	assert_int_equal(t.auth_count, 0);
	assert_null(t.tls);
	assert_string_equal(t.client, "192.0.2.1");
}

static void
the_body_is_not_read(void **state)
{
	(void)state;
	read_text("From: a\r\n\r\nAuthentication-Results: mx.here; x\r\n\r\n",
	    "mx.here");
	assert_int_equal(t.auth_count, 0);
}

static void
no_name_believes_nobody(void **state)
{
	(void)state;
	read_text("Authentication-Results: ; spf=pass\r\n\r\n", "");
	assert_int_equal(t.auth_count, 0);
}

static void
values_are_printable_and_bounded(void **state)
{
	static char	 big[20000];
	size_t		 i;

	(void)state;
	strcpy(big, "Authentication-Results: mx; \x1b\xff\x01");
	memset(big + strlen(big), 'x', 10000);
	strcat(big, "\r\n\r\n");
	read_text(big, "mx");
	assert_int_equal(t.auth_count, 1);
	assert_true(strlen(t.auth[0]) <= TRACE_VALUE_MAX);
	for (i = 0; t.auth[0][i] != '\0'; i++)
		assert_true(t.auth[0][i] >= 0x20 && t.auth[0][i] < 0x7f);
}

static void
every_cut_is_survived(void **state)
{
	static const char	 text[] = "Authentication-Results: mx; a\r\n"
				    OURS "A: b\r\n c\r\n\r\nbody";
	char			*copy;
	size_t			 n;

	(void)state;
	for (n = 0; n < sizeof(text); n++) {
		copy = malloc(n > 0 ? n : 1);
		memcpy(copy, text, n);
		trace_clear(&t);
		assert_int_equal(trace_read((const uint8_t *)copy, n, "mx", &t),
		    ERR_OK);
		free(copy);
	}
}

static int
clear(void **state)
{
	(void)state;
	trace_clear(&t);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_lines_are_read),
		cmocka_unit_test(foreign_results_are_dropped),
		cmocka_unit_test(nothing_below_the_second_received_is_believed),
		cmocka_unit_test(the_body_is_not_read),
		cmocka_unit_test(no_name_believes_nobody),
		cmocka_unit_test(values_are_printable_and_bounded),
		cmocka_unit_test(every_cut_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, clear);
}
