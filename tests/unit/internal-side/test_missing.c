/*
 * Lists of what never came: read strictly, kept in the index, healed, never set back.
 */
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
#include "index_private.h"
#include "missing.h"

#define HEAD	"limpid-missing-1\nlink 1\nchange 5\n"

static struct missing_list	 l;

static int
parse(const char *text)
{
	return missing_parse(text, strlen(text), &l);
}

static void
test_good_lists(void **state)
{
	(void)state;
	assert_int_equal(parse(HEAD), ERR_OK);
	assert_int_equal(l.missing.count, 0);
	assert_int_equal(parse(HEAD "7\n9-12\nmore 3\n"), ERR_OK);
	assert_int_equal(l.link, 1);
	assert_int_equal(l.change, 5);
	assert_int_equal(l.missing.count, 2);
	assert_int_equal(l.missing.range[1].to, 12);
	assert_int_equal(l.missing.more, 3);
	assert_int_equal(l.accepted.count, 0);
	assert_int_equal(parse(HEAD "accepted 20-31\n"), ERR_OK);
	assert_int_equal(l.missing.count, 0);
	assert_int_equal(l.accepted.range[0].to, 31);
	assert_int_equal(parse(HEAD "7\nmore 3\naccepted 2\naccepted 4-5\n"
	    "accepted-more 9\n"), ERR_OK);
	assert_int_equal(l.accepted.count, 2);
	assert_int_equal(l.accepted.more, 9);
}

static void
test_bad_lists(void **state)
{
	static const char *const	 bad[] = { "", "limpid-missing-1\n",
		"limpid-missing-1\nlink 3\nchange 5\n",
		"limpid-missing-1\nlink 1\nchange \n", HEAD "0\n", HEAD "7",
		HEAD "9-7\n", HEAD " 7\n", HEAD "+7\n", HEAD "7-\n",
		HEAD "99999999999999999999\n", HEAD "more 1\n7\n",
		HEAD "more\n", HEAD "seven\n", HEAD "accepted\n",
		HEAD "accepted 0\n", HEAD "accepted 3",
		HEAD "accepted 3\n4\n", HEAD "accepted 3\nmore 4\n",
		HEAD "accepted-more 1\nmore 4\n", HEAD "accepted  3\n",
		HEAD "accepted3\n" };
	static const char		 good[] = HEAD "7\n9-12\nmore 3\n"
					    "accepted 20-31\naccepted-more 1\n";
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i]), ERR_FORMAT);
	/* Cut anywhere it is read as less or refused, and nothing behind it. */
	for (i = 0; i < sizeof(good); i++)
		(void)missing_parse(good, i, &l);
}

static int
count(struct index_db *x, const char *sql)
{
	sqlite3_stmt	*s;
	int		 n;

	assert_int_equal(sqlite3_prepare_v2(x->db, sql, -1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void
test_kept_healed_and_never_set_back(void **state)
{
	struct index_db	*x;
	char		 path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/limpid-missing.%ld", (long)getpid());
	assert_int_equal(index_open(path, &x, NULL), ERR_OK);
	assert_int_equal(parse(HEAD "7\n9-12\n"), ERR_OK);
	assert_int_equal(missing_store(x, &l, 100), ERR_OK);
	assert_int_equal(missing_store(x, &l, 200), ERR_EXISTS);
	assert_int_equal(count(x, "SELECT count(*) FROM missing WHERE "
	    "state = 'missing' AND first_seen_ms = 100"), 5);
	l.change = 6;
	l.missing.count = 1;
	assert_int_equal(missing_store(x, &l, 300), ERR_OK);
	assert_int_equal(count(x, "SELECT count(*) FROM missing WHERE "
	    "state = 'healed'"), 4);
	l.change = 4;
	assert_int_equal(missing_store(x, &l, 400), ERR_EXISTS);
	/* A range without end makes a bounded number of rows. */
	l.change = 7;
	l.missing.range[0].to = INT64_MAX;
	assert_int_equal(missing_store(x, &l, 500), ERR_OK);
	assert_true(count(x, "SELECT count(*) FROM missing") <=
	    MISSING_ROWS + 5);
	index_close(x);
	unlink(path);
}

static void
test_an_accepted_loss_is_no_healed_one(void **state)
{
	static const char	 accepted[] = "SELECT count(*) FROM missing "
				    "WHERE state = 'accepted'";
	struct index_db		*x;
	char			 path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/limpid-missing.%ld", (long)getpid());
	assert_int_equal(index_open(path, &x, NULL), ERR_OK);
	assert_int_equal(parse(HEAD "7\n9-12\n"), ERR_OK);
	assert_int_equal(missing_store(x, &l, 100), ERR_OK);
	/* 3 was never heard of as missing here, and is known all the same. */
	assert_int_equal(parse("limpid-missing-1\nlink 1\nchange 6\n7\n"
	    "accepted 3\naccepted 9-12\n"), ERR_OK);
	assert_int_equal(missing_store(x, &l, 200), ERR_OK);
	assert_int_equal(count(x, accepted), 5);
	assert_int_equal(count(x, "SELECT count(*) FROM missing WHERE "
	    "state = 'missing' AND sequence = 7"), 1);
	assert_int_equal(count(x, "SELECT count(*) FROM missing WHERE "
	    "state = 'accepted' AND first_seen_ms = 100"), 4);
	/* A list that leaves out old ones heals none of them; 10 has come. */
	assert_int_equal(parse("limpid-missing-1\nlink 1\nchange 7\n"
	    "accepted 9\naccepted 11-12\naccepted-more 1\n"), ERR_OK);
	assert_int_equal(missing_store(x, &l, 300), ERR_OK);
	assert_int_equal(count(x, accepted), 4);
	assert_int_equal(count(x, "SELECT count(*) FROM missing WHERE "
	    "state = 'healed' AND sequence IN (7, 10)"), 2);
	assert_int_equal(parse("limpid-missing-1\nlink 1\nchange 8\n"),
	    ERR_OK);
	assert_int_equal(missing_store(x, &l, 400), ERR_OK);
	assert_int_equal(count(x, accepted), 0);
	index_close(x);
	unlink(path);
}

static void
test_a_new_index_inherits(void **state)
{
	static const char	 rows[] = "SELECT count(*) FROM missing WHERE "
				    "first_seen_ms = 100";
	struct index_db		*old, *x;
	char			 path[64], fresh[72];
	FILE			*f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/limpid-mis'sing.%ld",
	    (long)getpid());
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	assert_int_equal(index_open(fresh, &x, NULL), ERR_OK);
	assert_int_equal(missing_inherit(x, path), ERR_NOTFOUND);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(index_open(path, &old, NULL), ERR_OK);
	assert_int_equal(parse(HEAD "7\naccepted 9-12\n"), ERR_OK);
	assert_int_equal(missing_store(old, &l, 100), ERR_OK);
	index_close(old);
	assert_int_equal(missing_inherit(x, path), ERR_OK);
	assert_int_equal(count(x, rows), 5);
	assert_int_equal(count(x, "SELECT count(*) FROM missing WHERE "
	    "state = 'accepted'"), 4);
	/* The list that was taken then is still old news. */
	assert_int_equal(missing_store(x, &l, 200), ERR_EXISTS);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("no database at all, but a text of some length", f);
	fclose(f);
	assert_int_equal(missing_inherit(x, path), ERR_FORMAT);
	assert_int_equal(count(x, rows), 5);
	index_close(x);
	unlink(path);
	unlink(fresh);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_good_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_kept_healed_and_never_set_back),
		cmocka_unit_test(test_an_accepted_loss_is_no_healed_one),
		cmocka_unit_test(test_a_new_index_inherits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
