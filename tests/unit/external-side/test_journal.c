/* Promises and answers over restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "journal.h"

static char	 dir[64], file[96];

static int
setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/limpid-journal-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/journal", dir);
	return 0;
}

static int
teardown(void **state)
{
	char	 cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static struct journal *
opened(void)
{
	struct journal	*j = NULL;

	assert_int_equal(journal_open(dir, &j), ERR_OK);
	return j;
}

static void
promise(struct journal *j, uint8_t mail, struct ref *ref, int *again)
{
	uint8_t	 hash[SHA256_BYTES] = {0};

	hash[0] = mail;
	assert_int_equal(journal_promise(j, hash, ref, again), ERR_OK);
}

static void
a_promise_without_an_answer_keeps_its_reference(void **state)
{
	struct journal	*j = opened();
	struct ref	 a, b;
	int		 again;

	(void)state;
	promise(j, 1, &a, &again);
	assert_int_equal(again, 0);
	assert_int_equal(journal_sync(j), ERR_OK);
	journal_close(j);
	j = opened();
	promise(j, 1, &b, &again);
	assert_int_equal(again, 1);
	assert_memory_equal(a.b, b.b, REF_BYTES);
	journal_close(j);
}

static void
an_answered_mail_gets_a_new_reference(void **state)
{
	struct journal	*j = opened();
	struct ref	 a, b;
	int		 again;

	(void)state;
	promise(j, 1, &a, &again);
	assert_int_equal(journal_sync(j), ERR_OK);
	assert_int_equal(journal_answered(j, &a), ERR_OK);
	promise(j, 1, &b, &again);
	assert_int_equal(again, 0);
	assert_memory_not_equal(a.b, b.b, REF_BYTES);
	assert_int_equal(journal_answered(j, &b), ERR_OK);
	journal_close(j);
	j = opened();
	promise(j, 1, &b, &again);
	assert_int_equal(again, 0);
	journal_close(j);
}

static void
two_equal_mails_at_once_are_two(void **state)
{
	struct journal	*j = opened();
	struct ref	 a, b, c;
	int		 again;

	(void)state;
	promise(j, 1, &a, &again);
	promise(j, 1, &b, &again);
	assert_int_equal(again, 0);
	assert_memory_not_equal(a.b, b.b, REF_BYTES);
	/* one session breaks: only its promise may be taken up */
	journal_orphan(j, &a);
	promise(j, 1, &c, &again);
	assert_int_equal(again, 1);
	assert_memory_equal(a.b, c.b, REF_BYTES);
	promise(j, 1, &c, &again);
	assert_int_equal(again, 0);
	journal_close(j);
}

static void
a_torn_last_line_costs_only_itself(void **state)
{
	struct journal	*j = opened();
	struct ref	 a, b, c;
	struct stat	 st;
	int		 again;

	(void)state;
	promise(j, 1, &a, &again);
	promise(j, 2, &b, &again);
	assert_int_equal(journal_sync(j), ERR_OK);
	journal_close(j);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(truncate(file, st.st_size - 5), 0);
	j = opened();
	promise(j, 1, &c, &again);
	assert_int_equal(again, 1);
	promise(j, 2, &c, &again);
	assert_int_equal(again, 0);
	journal_close(j);
}

static void
every_cut_of_the_file_still_opens(void **state)
{
	struct journal	*j = opened();
	struct ref	 a;
	struct stat	 st;
	char		 bytes[1024];
	off_t		 n;
	int		 again, fd;

	(void)state;
	promise(j, 1, &a, &again);
	assert_int_equal(journal_sync(j), ERR_OK);
	assert_int_equal(journal_answered(j, &a), ERR_OK);
	journal_close(j);
	assert_int_equal(stat(file, &st), 0);
	fd = open(file, O_RDONLY);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), st.st_size);
	close(fd);
	for (n = 0; n <= st.st_size; n++) {
		fd = open(file, O_WRONLY | O_TRUNC);
		assert_int_equal(write(fd, bytes, (size_t)n), n);
		close(fd);
		journal_close(opened());
	}
}

static void
old_orphans_go(void **state)
{
	static const char	 old[] = "P 0100000000000000000000000000000000"
				    "000000000000000000000000000000 "
				    "LM-00000-00000-00000-00000 1000\n";
	struct journal		*j;
	struct ref		 a;
	int			 again, fd;

	(void)state;
	fd = open(file, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, old, sizeof(old) - 1), sizeof(old) - 1);
	close(fd);
	j = opened();
	promise(j, 1, &a, &again);
	assert_int_equal(again, 0);
	journal_close(j);
}

static void
only_one_process_may_open_it(void **state)
{
	struct journal	*j = opened(), *other = NULL;

	(void)state;
	assert_int_equal(journal_open(dir, &other), ERR_AGAIN);
	assert_null(other);
	journal_close(j);
}

static void
the_file_does_not_grow_for_ever(void **state)
{
	struct journal	*j = opened();
	struct ref	 a;
	struct stat	 st;
	int		 again, i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		promise(j, (uint8_t)i, &a, &again);
		if (i % 1000 == 0)
			assert_int_equal(journal_sync(j), ERR_OK);
		assert_int_equal(journal_answered(j, &a), ERR_OK);
	}
	assert_int_equal(journal_sync(j), ERR_OK);
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size < 2 * 1024 * 1024);
	journal_close(j);
}

#define EACH(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(a_promise_without_an_answer_keeps_its_reference),
		EACH(an_answered_mail_gets_a_new_reference),
		EACH(two_equal_mails_at_once_are_two),
		EACH(a_torn_last_line_costs_only_itself),
		EACH(every_cut_of_the_file_still_opens),
		EACH(old_orphans_go),
		EACH(only_one_process_may_open_it),
		EACH(the_file_does_not_grow_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
