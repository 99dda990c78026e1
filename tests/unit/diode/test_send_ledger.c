/*
 * The sender's ledger: numbers rise over restarts, segments and torn entries.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto.h"
#include "err.h"
#include "send_ledger.h"

struct place {
	char		 dir[64];
	struct ledger	*l;
};

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/limpid-ledger-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(ledger_open(p->dir, &p->l), ERR_OK);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	ledger_close(p->l);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static void
reopen(struct place *p)
{
	ledger_close(p->l);
	assert_int_equal(ledger_open(p->dir, &p->l), ERR_OK);
}

static void
add(struct place *p, uint64_t seq)
{
	struct ledger_entry	 e = { .seq = seq, .made_ms = (int64_t)seq * 10,
				    .parcel_len = seq * 100 };

	snprintf(e.name, sizeof(e.name), "name-%llu.a1",
	    (unsigned long long)seq);
	memset(e.header, (int)(seq & 0xff), sizeof(e.header));
	assert_int_equal(ledger_add(p->l, &e), ERR_OK);
}

static void
expect_hash(struct place *p, uint64_t seq)
{
	uint8_t	 header[LINK_HEADER], want[32], got[32];

	memset(header, (int)(seq & 0xff), sizeof(header));
	assert_int_equal(sha256(header, sizeof(header), want), ERR_OK);
	ledger_last_hash(p->l, got);
	assert_memory_equal(want, got, 32);
}

static void
test_numbers_begin_at_one_and_survive_a_restart(void **state)
{
	struct place		*p = *state;
	struct ledger_entry	 e;

	assert_int_equal(ledger_last(p->l), 0);
	add(p, 1);
	add(p, 2);
	assert_int_equal(ledger_sync(p->l), ERR_OK);
	reopen(p);
	assert_int_equal(ledger_last(p->l), 2);
	expect_hash(p, 2);
	assert_int_equal(ledger_read(p->l, 1, &e), ERR_OK);
	assert_string_equal(e.name, "name-1.a1");
	assert_int_equal(e.made_ms, 10);
	assert_int_equal(e.parcel_len, 100);
	assert_int_equal(ledger_read(p->l, 3, &e), ERR_NOTFOUND);
	assert_int_equal(ledger_read(p->l, 0, &e), ERR_NOTFOUND);
}

static void
test_an_empty_ledger_reopens_empty(void **state)
{
	struct place	*p = *state;

	reopen(p);
	assert_int_equal(ledger_last(p->l), 0);
	add(p, 1);
}

static void
test_segments_follow_each_other(void **state)
{
	struct place		*p = *state;
	struct ledger_entry	 e;
	uint64_t		 seq, top = 2 * LEDGER_ENTRIES + 5;

	for (seq = 1; seq <= top; seq++)
		add(p, seq);
	reopen(p);
	assert_int_equal(ledger_last(p->l), top);
	for (seq = 1; seq <= top; seq += 97) {
		assert_int_equal(ledger_read(p->l, seq, &e), ERR_OK);
		assert_int_equal(e.seq, seq);
	}
	assert_int_equal(ledger_find(p->l, "name-8190.a3", &e), ERR_OK);
	assert_int_equal(e.seq, 8190);
	assert_int_equal(ledger_find(p->l, "name-819.a3", &e), ERR_NOTFOUND);
	/* the first segment ends at 4096, made at 40960 */
	assert_int_equal(ledger_expire(p->l, 40961), 1);
	assert_int_equal(ledger_read(p->l, 1, &e), ERR_NOTFOUND);
	assert_int_equal(ledger_read(p->l, 4097, &e), ERR_OK);
	/* never the one in use */
	assert_int_equal(ledger_expire(p->l, INT64_MAX), 1);
	reopen(p);
	assert_int_equal(ledger_last(p->l), top);
}

static void
test_a_crash_right_after_a_segment_began_repeats_no_number(void **state)
{
	struct place	*p = *state;
	char		 path[128];
	uint64_t	 seq;
	int		 fd;

	for (seq = 1; seq <= LEDGER_ENTRIES; seq++)
		add(p, seq);
	snprintf(path, sizeof(path), "%s/ledger-%016x", p->dir,
	    LEDGER_ENTRIES + 1);
	fd = open(path, O_CREAT|O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	reopen(p);
	assert_int_equal(ledger_last(p->l), LEDGER_ENTRIES);
	expect_hash(p, LEDGER_ENTRIES);
	add(p, LEDGER_ENTRIES + 1);
}

static void
test_a_torn_entry_is_cut_and_its_number_given_again(void **state)
{
	struct place	*p = *state;
	char		 path[128];
	int		 cut;

	snprintf(path, sizeof(path), "%s/ledger-0000000000000001", p->dir);
	for (cut = 1; cut < LEDGER_BYTES; cut += 51) {
		while (ledger_last(p->l) < 3)
			add(p, ledger_last(p->l) + 1);
		assert_int_equal(truncate(path, 2 * LEDGER_BYTES + cut), 0);
		reopen(p);
		assert_int_equal(ledger_last(p->l), 2);
		expect_hash(p, 2);
	}
}

static void
test_an_entry_that_rotted_is_not_believed(void **state)
{
	struct place		*p = *state;
	struct ledger_entry	 e;
	char			 path[128];
	int			 fd;

	add(p, 1);
	add(p, 2);
	snprintf(path, sizeof(path), "%s/ledger-0000000000000001", p->dir);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 200), 1);
	close(fd);
	assert_int_equal(ledger_read(p->l, 1, &e), ERR_FORMAT);
	assert_int_equal(ledger_read(p->l, 2, &e), ERR_OK);
	reopen(p);
	assert_int_equal(ledger_last(p->l), 2);
}

static void
test_a_second_process_is_refused(void **state)
{
	struct place	*p = *state;
	struct ledger	*other;

	assert_int_equal(ledger_open(p->dir, &other), ERR_AGAIN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_numbers_begin_at_one_and_survive_a_restart),
		T(test_an_empty_ledger_reopens_empty),
		T(test_segments_follow_each_other),
		T(test_a_crash_right_after_a_segment_began_repeats_no_number),
		T(test_a_torn_entry_is_cut_and_its_number_given_again),
		T(test_an_entry_that_rotted_is_not_believed),
		T(test_a_second_process_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
