/* Senders: registered domains, results of checks, contradictions. */
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

#include "sender.h"

static void
registered(const char *domain, const char *dot, const char *wanted)
{
	assert_string_equal(sender_registered(domain, strlen(domain), dot),
	    wanted);
}

static void
the_registered_domain_is_found(void **state)
{
	(void)state;
	registered("example", ".", "example");
	registered("beiwan.example", ".", "beiwan.example");
	registered("a.b.beiwan.example", ".", "beiwan.example");
	registered("mail.cra.gov.tw", ".", "cra.gov.tw");
	registered("gov.tw", ".", "gov.tw");
	registered("www.hoshino.co.jp", ".", "hoshino.co.jp");
	registered("x.de", ".", "x.de");
	registered("mail.x.de", ".", "x.de");
	registered("co.example", ".", "co.example");
	registered("", ".", "");
	registered("192.0.2.44", ".", "192.0.2.44");
	registered("files[.]beiwan[.]example", "[.]", "beiwan[.]example");
	registered("www[.]cra[.]gov[.]tw", "[.]", "cra[.]gov[.]tw");
}

static void
result(const char *auth, const char *method, const char *wanted)
{
	char	 out[16];

	sender_auth_result(auth, method, out, sizeof(out));
	assert_string_equal(out, wanted);
}

static void
results_are_read_where_they_belong(void **state)
{
	(void)state;
	result("mx.a.example; spf=pass smtp.mailfrom=x; dmarc=fail", "spf",
	    "pass");
	result("mx.a.example; spf=pass smtp.mailfrom=x; dmarc=fail", "dmarc",
	    "fail");
	result("mx.a.example; dkim=fail; dkim = pass header.d=x", "dkim",
	    "pass");
	result("mx.a.example; none", "spf", "");
	result("", "spf", "");
}

static void
words_of_the_sender_prove_nothing(void **state)
{
	(void)state;
	result("mx.a.example; spf=fail smtp.mailfrom=\"; dmarc=pass\"@x",
	    "dmarc", "");
	result("mx.a.example; spf=fail (x; dmarc=pass) y", "dmarc", "");
	result("mx.a.example; spf=fail smtp.mailfrom=\"\\\"; dmarc=pass\"@x",
	    "dmarc", "");
	result("mx.a.example; xdmarc=pass", "dmarc", "");
	result("mx.a.example; spf=none smtp.helo=dmarc=pass", "dmarc", "");
}

static void
verdicts_follow_the_checks(void **state)
{
	struct sender	 s;

	(void)state;
	sender_read("a@x.example", "A", "", "mx; dmarc=pass", &s);
	assert_int_equal(s.auth, SENDER_VERIFIED);
	sender_read("a@x.example", "A", "",
	    "mx; spf=pass smtp.mailfrom=b@y.example; dmarc=none", &s);
	assert_int_equal(s.auth, SENDER_UNKNOWN);
	sender_read("a@x.example", "A", "",
	    "mx; spf=pass smtp.mailfrom=b@m.x.example", &s);
	assert_int_equal(s.auth, SENDER_VERIFIED);
	sender_read("a@x.example", "A", "", "mx; dkim=pass header.d=x.example",
	    &s);
	assert_int_equal(s.auth, SENDER_VERIFIED);
	sender_read("a@x.example", "A", "", "mx; spf=fail; dkim=none", &s);
	assert_int_equal(s.auth, SENDER_FAILED);
	sender_read("a@x.example", "A", "", "", &s);
	assert_int_equal(s.auth, SENDER_UNKNOWN);
}

static void
contradictions_are_seen(void **state)
{
	struct sender	 s;

	(void)state;
	sender_read("a@x.example", "Boss <boss@bank.example>", "", "", &s);
	assert_true(s.name_lies);
	sender_read("a@x.example", "boss[@]bank[.]example", "", "", &s);
	assert_true(s.name_lies);
	sender_read("a@x.example", "a@x.example", "", "", &s);
	assert_false(s.name_lies);
	sender_read("a@x.example", "a[@]m[.]x[.]example", "B <b@y.example>",
	    "", &s);
	assert_false(s.name_lies);
	assert_true(s.reply_elsewhere);
	sender_read("a@x.example", "A", "b@m.x.example", "", &s);
	assert_true(s.reply_set && !s.reply_elsewhere);
	sender_read("", "", "", "", &s);
	assert_false(s.name_lies || s.reply_set);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(the_registered_domain_is_found),
		cmocka_unit_test(results_are_read_where_they_belong),
		cmocka_unit_test(words_of_the_sender_prove_nothing),
		cmocka_unit_test(verdicts_follow_the_checks),
		cmocka_unit_test(contradictions_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
