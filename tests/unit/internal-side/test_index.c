/*
 * The index takes a report that holds together, and refuses one that a captured
 * compose child could have written instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "index.h"

#define REF	"LM-048H2-48H24-8H248-H248Y"

static const char head[] = "{\"version\":1,\"reference\":\"" REF "\","
    "\"outcome\":\"container\",\"reason\":\"complete\",\"sender\":\"s@x\","
    "\"received_ms\":1,\"filed_ms\":2,\"size\":3,\"sha256\":\"ab\","
    "\"client\":\"\",\"tls\":\"\",\"auth\":\"\",\"policy\":\"\",\"document\":0,"
    "\"from_addr\":\"f@x\",\"from_name\":\"F\",\"reply_to\":[],"
    "\"to\":[\"a@b\",\"c@d\"],\"cc\":[],\"subject\":\"S\",\"date_claimed\":\"\","
    "\"message_id\":\"\",\"in_reply_to\":\"\",\"references\":[],"
    "\"parts_count\":1,\"pages\":1,\"stubs\":0,\"cuts\":0,\"snippet\":\"\","
    "\"body_at\":4,\"body_encoding\":\"8bit\",\"body_size\":10,"
    "\"body_start\":2,\"attachments_at\":0,\n\"parts\":[\n";
static const char part[] = "{\"part\":1,\"parent\":0,\"depth\":0,"
    "\"path\":\"0\",\"name\":\"\",\"kind\":\"mail\",\"declared\":\"\","
    "\"size\":1,\"sha256\":\"\",\"body\":1,\"outcome\":\"text\","
    "\"reason\":\"complete\",\"note\":\"\",\"rule\":\"\",\"engine\":\"\","
    "\"millis\":0,\"pages\":1,\"pages_total\":1,"
    "\"facts\":{\"subject\":\"S\",\"to\":[\"a@b\"]}}\n";
static const char page[] = "[1,0,2,3,\"png\",4,3,\"0102030a0b0c\",7,8,9]\n";
static const char text[] = "[1,-1,\"body\",1,4]\n";
static const char mail[] = "HEADxxABCDEFGH";

static struct index_db	*x;
static char		 path[64], journal[80];

static int
setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/limpid-test-index.%ld",
	    (long)getpid());
	snprintf(journal, sizeof(journal), "%s-journal", path);
	return index_open(path, &x, NULL);
}

static int
teardown(void **state)
{
	(void)state;
	index_close(x);
	unlink(path);
	unlink(journal);
	return 0;
}

static int
add(const char *h, const char *p, const char *g, const char *t,
    const char *tail)
{
	int	 report = memfd_create("r", MFD_CLOEXEC);
	int	 file = memfd_create("m", MFD_CLOEXEC), r;

	dprintf(report, "%s%s],\"page_table\":[\n%s],\"text_table\":[\n%s]}\n%s",
	    h, p, g, t, tail);
	assert_int_equal(write(file, mail, sizeof(mail) - 1),
	    (ssize_t)sizeof(mail) - 1);
	assert_int_equal(index_begin(x), ERR_OK);
	assert_int_equal(index_mark(x), ERR_OK);
	r = index_add(x, REF, report, file);
	if (r == ERR_OK)
		assert_int_equal(index_keep(x), ERR_OK);
	else
		index_undo(x);
	assert_int_equal(index_commit(x), ERR_OK);
	close(report);
	close(file);
	return r;
}

/* A changed copy of one line. */
static const char *
with(const char *line, const char *old, const char *new)
{
	static char	 out[4096];
	const char	*at = strstr(line, old);

	assert_non_null(at);
	snprintf(out, sizeof(out), "%.*s%s%s", (int)(at - line), line, new,
	    at + strlen(old));
	return out;
}

static void
a_report_that_holds_is_taken_once(void **state)
{
	enum index_state	 s;

	(void)state;
	assert_int_equal(add(head, part, page, text, ""), ERR_OK);
	assert_int_equal(index_find(x, REF, &s), ERR_OK);
	assert_int_equal(s, INDEX_WHOLE);
	assert_int_equal(add(head, part, page, text, ""), ERR_FORMAT);
	assert_int_equal(index_count(x), 1);
	assert_int_equal(index_remove(x, REF), ERR_OK);
	assert_int_equal(index_find(x, REF, &s), ERR_OK);
	assert_int_equal(s, INDEX_NONE);
}

static void
a_report_that_lies_adds_nothing(void **state)
{
	(void)state;
	assert_int_equal(add(with(head, REF, "LM-08000-00000-00000-00000"),
	    part, page, text, ""), ERR_FORMAT);
	assert_int_equal(add(with(head, "container", "wonderful"), part, page,
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(with(head, "\"size\":3", "\"size\":\"3\""), part,
	    page, text, ""), ERR_FORMAT);
	assert_int_equal(add(with(head, "[\"a@b\",\"c@d\"]", "[1]"), part, page,
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(with(head, "\"subject\":\"S\",", ""), part, page,
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(head, with(part, "\"mail\"", "\"tale\""), page,
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(head, with(part, "\"part\":1", "\"part\":0"), page,
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(head, with(part, "\"part\":1",
	    "\"part\":4000000000"), page, text, ""), ERR_FORMAT);
	assert_int_equal(add(head, with(part, "\"to\":", "\"toe\":"), page,
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(head, part, with(page, "png", "exe"), text, ""),
	    ERR_FORMAT);
	assert_int_equal(add(head, part, with(page, "0102030a0b0c", "0102"),
	    text, ""), ERR_FORMAT);
	assert_int_equal(add(head, part, with(page, ",8,", ",-8,"), text, ""),
	    ERR_FORMAT);
	assert_int_equal(add(head, part, page, with(text, "1,4", "1,400"), ""),
	    ERR_SHORT);
	assert_int_equal(add(head, part, page, with(text, "1,4",
	    "9223372036854775807,4"), ""), ERR_LIMIT);
	assert_int_equal(add(head, part, page, with(text, "body", "file"), ""),
	    ERR_FORMAT);
	assert_int_equal(add(head, part, page, with(text, "[1,", "[2000,"), ""),
	    ERR_FORMAT);
	assert_int_equal(add(head, part, page, text, "more\n"), ERR_FORMAT);
	assert_int_equal(add(head, "", page, "", ""), ERR_OK);
	assert_int_equal(index_remove(x, REF), ERR_OK);
	assert_int_equal(index_count(x), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_report_that_holds_is_taken_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_report_that_lies_adds_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
