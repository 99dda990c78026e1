/*
 * Header fields: whatever a name or subject holds, one field stays one field and
 * decodes to the same text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mail_write.h"

static struct strbuf	 b;
static char		*got;

static const char *
taken(void)
{
	free(got);
	got = strbuf_take(&b);
	assert_non_null(got);
	return got;
}

static int
teardown(void **state)
{
	(void)state;
	free(got);
	got = NULL;
	return 0;
}

static void
plain_text_stays_plain(void **state)
{
	(void)state;
	mail_put_text(&b, "Subject", "Minutes of March");
	assert_string_equal(taken(), "Subject: Minutes of March\n");
}

static void
other_text_becomes_whole_encoded_words(void **state)
{
	const char	*line, *next;

	(void)state;
	mail_put_text(&b, "Subject", "匯款帳號匯款帳號匯款帳號匯款帳號");
	for (line = taken(); *line != '\0'; line = next + 1) {
		next = strchr(line, '\n');
		assert_non_null(next);
		assert_true(next - line < 76 + 9);
		assert_non_null(strstr(line, "=?UTF-8?B?"));
	}
	/* 14 characters of 3 bytes fill a word: none is cut, so none is padded. */
	assert_null(strstr(got, "=?=\n "));
}

static void
an_encoded_word_in_the_text_is_not_passed_on(void **state)
{
	(void)state;
	mail_put_text(&b, "Subject", "=?utf-8?B?YQ==?=");
	assert_string_equal(taken(),
	    "Subject: =?UTF-8?B?PT91dGYtOD9CP1lRPT0/PQ==?=\n");
}

static void
names_with_quotes_stay_names(void **state)
{
	size_t	 n = 0;

	(void)state;
	mail_put_mailbox(&b, "From", &n, "A \"B\" \\ <x@evil>", "a@b.example");
	mail_put_end(&b, n);
	assert_string_equal(taken(),
	    "From: \"A \\\"B\\\" \\\\ <x@evil>\"\n <a@b.example>\n");
}

static void
an_address_is_strict_or_unknown(void **state)
{
	static const char *const	 good[] = { "a@b.example", "a.b+c@d",
					    "!#$%&'*-/?=^_`{|}~@x.example" };
	static const char *const	 bad[] = { "", "a", "@b", "a@", "a b@c",
					    "a@b c", "a@b,c@d", "a..b@c",
					    ".a@b", "a@b.", "a@[1.2.3.4]",
					    "\"a\"@b", "ä@b", "a@ä.example",
					    "a@b>", "a@b\n", "=?x?=@b" };
	size_t				 i, n = 0;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(mail_address_ok(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(mail_address_ok(bad[i]));
	mail_put_mailbox(&b, "From", &n, "", "no address");
	mail_put_end(&b, n);
	assert_string_equal(taken(),
	    "From: \"no address\"\n <unknown@invalid>\n");
}

static void
lists_of_mailboxes_are_taken_apart(void **state)
{
	size_t	 n = 0;

	(void)state;
	mail_put_mailbox_line(&b, "To", &n, "Lin <lin@a.example>");
	mail_put_mailbox_line(&b, "To", &n, "bare@b.example");
	mail_put_mailbox_line(&b, "To", &n, "strange <a, b>");
	mail_put_mailbox_line(&b, "To", &n, "undisclosed");
	mail_put_end(&b, n);
	assert_string_equal(taken(), "To: \"Lin\"\n <lin@a.example>,\n"
	    " <bare@b.example>,\n \"strange\"\n <unknown@invalid>,\n"
	    " \"undisclosed\"\n <unknown@invalid>\n");
}

static void
a_list_is_bounded(void **state)
{
	size_t	 n = 0, i;

	(void)state;
	for (i = 0; i < 10000; i++)
		mail_put_mailbox(&b, "To", &n, "", "a@b.example");
	mail_put_end(&b, n);
	assert_int_equal(n, 50);
	assert_true(strlen(taken()) < 2000);
}

static void
ids_are_ids_or_left_out(void **state)
{
	size_t	 n = 0;

	(void)state;
	mail_put_id(&b, "References", &n, "<a.b@c>");
	mail_put_id(&b, "References", &n, "d@e");
	mail_put_id(&b, "References", &n, "<x@y> <z@w>");
	mail_put_id(&b, "References", &n, "<no id>");
	mail_put_id(&b, "References", &n, "");
	mail_put_end(&b, n);
	assert_string_equal(taken(), "References: <a.b@c>\n <d@e>\n");
	n = 0;
	mail_put_id(&b, "In-Reply-To", &n, "none");
	mail_put_end(&b, n);
	assert_int_equal(b.len, 0);
}

static void
dates_are_right(void **state)
{
	char	 when[32];

	(void)state;
	mail_put_date(&b, INT64_C(1773747602000));
	assert_string_equal(taken(), "Date: Tue, 17 Mar 2026 11:40:02 +0000\n");
	mail_put_date(&b, 0);
	assert_string_equal(taken(), "Date: Thu, 01 Jan 1970 00:00:00 +0000\n");
	time_rfc3339(INT64_C(951782399000), when);
	assert_string_equal(when, "2000-02-28T23:59:59Z");
	time_rfc3339(INT64_C(951782400000), when);
	assert_string_equal(when, "2000-02-29T00:00:00Z");
	time_plain(INT64_C(4102444799000), when);
	assert_string_equal(when, "2099-12-31 23:59:59");
	time_plain(-1, when);
	assert_string_equal(when, "1970-01-01 00:00:00");
	time_plain(INT64_MAX, when);
	assert_string_equal(when, "1970-01-01 00:00:00");
}

static void
file_names_are_quoted_or_coded(void **state)
{
	(void)state;
	mail_put_part(&b, "X", "application/pdf", "a\"b\\c.pdf");
	assert_non_null(strstr(taken(), "filename=\"a_b_c.pdf\"\n"));
	mail_put_part(&b, "X", "application/pdf", "紙 1.pdf");
	assert_non_null(strstr(taken(),
	    "filename*=UTF-8''%E7%B4%99%201.pdf\n"));
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_text_stays_plain),
		TEST(other_text_becomes_whole_encoded_words),
		TEST(an_encoded_word_in_the_text_is_not_passed_on),
		TEST(names_with_quotes_stay_names),
		TEST(an_address_is_strict_or_unknown),
		TEST(lists_of_mailboxes_are_taken_apart),
		TEST(a_list_is_bounded),
		TEST(ids_are_ids_or_left_out),
		TEST(dates_are_right),
		TEST(file_names_are_quoted_or_coded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
