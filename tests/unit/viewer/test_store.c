/* Accounts and the store: who may sign in, and who sees what. */
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

#include <sqlite3.h>

#include "accounts.h"
#include "store.h"

static char	 folder[] = "/tmp/limpid-viewer-XXXXXX";
static char	 accounts_path[64], index_path[64];

static char *
read_schema(void)
{
	FILE	*f = fopen("internal-side/index.sql", "r");
	char	*s = calloc(1, 65536);

	assert_non_null(f);
	assert_non_null(s);
	assert_true(fread(s, 1, 65535, f) > 0);
	fclose(f);
	return s;
}

static int
set_up(void **state)
{
	static const char	 rows[] =
	    "INSERT INTO mail SELECT n, 'LM-' || n, n * 1000, n * 1000, '',"
	    " 's@x.example', 'S', '', '', '', 'subject ' || n, '', '', '', '',"
	    " '', '', '', 9, '', '', 'container', 'complete', 1, 0, 0, 0, 0,"
	    " '', 9 FROM (SELECT 1 n UNION SELECT 2 UNION SELECT 3);"
	    "INSERT INTO mailbox VALUES (1, 'lin', 'f1', ''),"
	    " (2, 'chen', 'f2', ''), (3, 'lin', 'f3', ''),"
	    " (3, 'survey', 'f3', '');"
	    "INSERT INTO search(rowid, subject, people, body, attachments)"
	    " VALUES (1, 'subject one', '', 'words', ''),"
	    " (2, 'subject two', '', 'words', '');";
	char			*boxes[] = { "lin", "survey" }, *sql;
	struct accounts		*a;
	sqlite3			*db;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(accounts_path, sizeof(accounts_path), "%s/a.db", folder);
	snprintf(index_path, sizeof(index_path), "%s/i.db", folder);
	sql = read_schema();
	assert_int_equal(sqlite3_open(index_path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, rows, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	free(sql);
	assert_int_equal(accounts_open(accounts_path, 1, &a), ERR_OK);
	assert_int_equal(accounts_add(a, "lin", "long enough 1", boxes, 2, 1),
	    ERR_OK);
	assert_int_equal(accounts_add(a, "chen", "long enough 2", boxes, 0, 1),
	    ERR_OK);
	accounts_close(a);
	return 0;
}

static int
tear_down(void **state)
{
	char	 journal[80];

	(void)state;
	snprintf(journal, sizeof(journal), "%s-journal", accounts_path);
	unlink(journal);
	snprintf(journal, sizeof(journal), "%s-journal", index_path);
	unlink(journal);
	unlink(accounts_path);
	unlink(index_path);
	return rmdir(folder);
}

static void
only_the_right_password_lets_in(void **state)
{
	struct accounts	*a;
	struct account	*one;

	(void)state;
	assert_int_equal(accounts_open(accounts_path, 0, &a), ERR_OK);
	assert_int_equal(accounts_check(a, "lin", "long enough 2", 1, &one),
	    ERR_DENIED);
	assert_int_equal(accounts_check(a, "nobody", "long enough 1", 1, &one),
	    ERR_DENIED);
	assert_int_equal(accounts_check(a, "nobody", "", 1, &one), ERR_DENIED);
	assert_int_equal(accounts_check(a, "lin", "long enough 1", 5, &one),
	    ERR_OK);
	assert_int_equal(one->box_count, 2);
	assert_string_equal(one->boxes[0], "lin");
	assert_int_equal(one->last_ms, 5);
	account_free(one);
	accounts_close(a);
}

static void
a_disabled_account_is_closed_and_its_epoch_rises(void **state)
{
	struct accounts	*a;
	struct account	*one;
	int64_t		 before;

	(void)state;
	assert_int_equal(accounts_open(accounts_path, 0, &a), ERR_OK);
	assert_int_equal(accounts_find(a, "CHEN", &one), ERR_OK);
	before = one->epoch;
	account_free(one);
	assert_int_equal(accounts_disable(a, "chen"), ERR_OK);
	assert_int_equal(accounts_check(a, "chen", "long enough 2", 1, &one),
	    ERR_DENIED);
	assert_int_equal(accounts_find(a, "chen", &one), ERR_OK);
	assert_true(one->epoch > before);
	account_free(one);
	assert_int_equal(accounts_set_password(a, "chen", "another one"),
	    ERR_OK);
	assert_int_equal(accounts_check(a, "chen", "another one", 1, &one),
	    ERR_OK);
	account_free(one);
	assert_int_equal(accounts_disable(a, "nobody"), ERR_NOTFOUND);
	accounts_close(a);
}

static void
names_boxes_and_passwords_have_rules(void **state)
{
	char		*bad[] = { "../x" };
	struct accounts	*a;

	(void)state;
	assert_int_equal(accounts_open(accounts_path, 0, &a), ERR_OK);
	assert_int_equal(accounts_add(a, "lin", "long enough", bad, 0, 1),
	    ERR_EXISTS);
	assert_int_equal(accounts_add(a, "new", "short", bad, 0, 1), ERR_LIMIT);
	assert_int_equal(accounts_add(a, "new", "long enough", bad, 1, 1),
	    ERR_LIMIT);
	assert_int_equal(accounts_add(a, "-x", "long enough", bad, 0, 1),
	    ERR_LIMIT);
	accounts_close(a);
}

static int
count_one(void *arg, const struct mail *m)
{
	(void)m;
	++*(int *)arg;
	return ERR_OK;
}

static void
nothing_is_visible_without_a_reader(void **state)
{
	struct store_query	 q = { .limit = 100 }, box = { .limit = 100,
	    .box = "lin" }, words = { .limit = 100, .match = "\"words\"" };
	const struct mail	*m;
	struct store		*s;
	int64_t			 n;
	int			 seen = 0;

	(void)state;
	assert_int_equal(store_open(index_path, folder, accounts_path, &s),
	    ERR_OK);
	assert_int_equal(store_reader(s, NULL), ERR_OK);
	assert_int_equal(store_list(s, &q, count_one, &seen), ERR_OK);
	assert_int_equal(store_list(s, &box, count_one, &seen), ERR_OK);
	assert_int_equal(store_list(s, &words, count_one, &seen), ERR_OK);
	assert_int_equal(seen, 0);
	assert_int_equal(store_count(s, &q, &n), ERR_OK);
	assert_int_equal(n, 0);
	assert_int_equal(store_mail(s, "LM-1", &m), ERR_NOTFOUND);
	store_close(s);
}

static void
a_reader_sees_the_boxes_of_the_account_and_no_others(void **state)
{
	struct store_query	 q = { .limit = 100 }, other = { .limit = 100,
	    .box = "chen" }, words = { .limit = 100, .match = "\"words\"" };
	const struct mail	*m;
	struct accounts		*a;
	struct account		*lin;
	struct store		*s;
	char			 ref[32];
	int			 seen = 0, others = 0, found = 0;

	(void)state;
	assert_int_equal(accounts_open(accounts_path, 0, &a), ERR_OK);
	assert_int_equal(accounts_find(a, "lin", &lin), ERR_OK);
	assert_int_equal(store_open(index_path, folder, accounts_path, &s),
	    ERR_OK);
	assert_int_equal(store_reader(s, lin), ERR_OK);
	assert_int_equal(store_list(s, &q, count_one, &seen), ERR_OK);
	assert_int_equal(seen, 2);
	assert_int_equal(store_list(s, &other, count_one, &others), ERR_OK);
	assert_int_equal(others, 0);
	assert_int_equal(store_list(s, &words, count_one, &found), ERR_OK);
	assert_int_equal(found, 1);
	assert_int_equal(store_mail(s, "LM-2", &m), ERR_NOTFOUND);
	assert_int_equal(store_mail(s, "LM-3", &m), ERR_OK);
	assert_int_equal(m->seen, 0);
	assert_int_equal(store_beside(s, m, -1, ref), ERR_OK);
	assert_string_equal(ref, "LM-1");
	assert_int_equal(store_beside(s, m, 1, ref), ERR_NOTFOUND);
	assert_int_equal(accounts_mark_seen(a, lin->id, "LM-3", 1), ERR_OK);
	assert_int_equal(store_mail(s, "LM-3", &m), ERR_OK);
	assert_int_equal(m->seen, 1);
	assert_int_equal(store_reader(s, NULL), ERR_OK);
	assert_int_equal(store_mail(s, "LM-3", &m), ERR_NOTFOUND);
	account_free(lin);
	accounts_close(a);
	store_close(s);
}

static void
an_open_viewer_does_not_stop_the_writer(void **state)
{
	const struct mail	*m;
	struct accounts		*a;
	struct account		*lin;
	struct store		*s;
	sqlite3			*db;

	(void)state;
	assert_int_equal(accounts_open(accounts_path, 0, &a), ERR_OK);
	assert_int_equal(accounts_find(a, "lin", &lin), ERR_OK);
	assert_int_equal(store_open(index_path, folder, accounts_path, &s),
	    ERR_OK);
	assert_int_equal(store_reader(s, lin), ERR_OK);
	assert_int_equal(store_mail(s, "LM-1", &m), ERR_OK);
	assert_int_equal(sqlite3_open(index_path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE mail SET subject = 'new'"
	    " WHERE id = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_string_equal(m->subject, "subject 1");
	account_free(lin);
	accounts_close(a);
	store_close(s);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(only_the_right_password_lets_in),
		cmocka_unit_test(
		    a_disabled_account_is_closed_and_its_epoch_rises),
		cmocka_unit_test(names_boxes_and_passwords_have_rules),
		cmocka_unit_test(nothing_is_visible_without_a_reader),
		cmocka_unit_test(
		    a_reader_sees_the_boxes_of_the_account_and_no_others),
		cmocka_unit_test(an_open_viewer_does_not_stop_the_writer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
