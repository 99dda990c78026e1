/*
 * What a receiver has seen: repeats, conflicts, gaps that heal, the chain, and every
 * point where a crash can come between intent, commit and mark.
 */
#include <sys/stat.h>

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
#include "recv_seen.h"
#include "spool.h"

struct place {
	char		 dir[64], state[96], spool_dir[96];
	struct spool	*spool;
	struct seen	*s;
};

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/limpid-seen-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->state, sizeof(p->state), "%s/state", p->dir);
	snprintf(p->spool_dir, sizeof(p->spool_dir), "%s/spool", p->dir);
	assert_int_equal(spool_create(p->spool_dir), ERR_OK);
	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->spool), ERR_OK);
	assert_int_equal(seen_open(p->state, p->spool, &p->s), ERR_OK);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	seen_close(p->s);
	spool_close(p->spool);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

/* A restart without a word of warning: nothing was synced. */
static void
crash(struct place *p)
{
	seen_close(p->s);
	assert_int_equal(seen_open(p->state, p->spool, &p->s), ERR_OK);
}

static void
hash_of(uint64_t seq, uint8_t out[32])
{
	memset(out, 0, 32);
	memcpy(out, &seq, sizeof(seq));
}

static void
mark(struct place *p, uint64_t seq, struct seen_news *news)
{
	uint8_t	 hash[32], prev[32];

	hash_of(seq, hash);
	hash_of(seq - 1, prev);
	assert_int_equal(seen_intend(p->s, seq, hash, prev, "x.a0"), ERR_OK);
	assert_int_equal(seen_mark(p->s, seq, news), ERR_OK);
}

static void
expect(struct place *p, uint64_t seq, enum seen_state want)
{
	uint8_t	 hash[32];

	hash_of(seq, hash);
	assert_int_equal(seen_find(p->s, seq, hash), want);
}

static void
gaps_are(struct place *p, const char *want)
{
	char	 path[128], got[256] = "";
	FILE	*f;

	assert_int_equal(seen_sync(p->s), ERR_OK);
	snprintf(path, sizeof(path), "%s/gaps", p->state);
	assert_non_null(f = fopen(path, "r"));
	got[fread(got, 1, sizeof(got) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(got, want);
}

static void
test_a_repeat_is_known_and_a_contradiction_too(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;
	uint8_t			 other[32] = { 0xff };

	expect(p, 1, SEEN_NEW);
	mark(p, 1, &n);
	expect(p, 1, SEEN_REPEAT);
	assert_int_equal(seen_find(p->s, 1, other), SEEN_CONFLICT);
	crash(p);
	expect(p, 1, SEEN_REPEAT);
	assert_int_equal(seen_find(p->s, 1, other), SEEN_CONFLICT);
	expect(p, 2, SEEN_NEW);
}

static void
test_a_gap_is_told_listed_and_healed(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;

	mark(p, 1, &n);
	assert_int_equal(n.gap_from, 0);
	mark(p, 5, &n);
	assert_int_equal(n.gap_from, 2);
	assert_int_equal(n.gap_to, 4);
	assert_int_equal(seen_missing(p->s), 3);
	gaps_are(p, "2-4\n");
	mark(p, 3, &n);
	assert_true(n.healed);
	gaps_are(p, "2\n4\n");
	crash(p);
	assert_int_equal(seen_missing(p->s), 2);
	expect(p, 4, SEEN_NEW);
	mark(p, 2, &n);
	assert_true(n.healed);
	mark(p, 4, &n);
	gaps_are(p, "");
	assert_int_equal(seen_highest(p->s), 5);
	mark(p, 6, &n);
	assert_int_equal(n.gap_from, 0);
	assert_false(n.healed);
}

static void
test_gaps_are_found_again_when_their_file_is_lost(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;
	char			 path[128];

	mark(p, 1, &n);
	mark(p, 4, &n);
	snprintf(path, sizeof(path), "%s/gaps", p->state);
	unlink(path);
	crash(p);
	gaps_are(p, "2-3\n");
}

static void
test_a_receiver_that_starts_late_says_what_it_never_saw(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;

	mark(p, 500, &n);
	gaps_are(p, "1-499\n");
}

static void
test_a_broken_chain_is_seen_from_both_sides(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;
	uint8_t			 hash[32], wrong[32] = { 0xee };

	mark(p, 1, &n);
	mark(p, 2, &n);
	assert_false(n.broken);
	hash_of(3, hash);
	assert_int_equal(seen_intend(p->s, 3, hash, wrong, "x.a0"), ERR_OK);
	assert_int_equal(seen_mark(p->s, 3, &n), ERR_OK);
	assert_true(n.broken);
	/* 5 first, with a hash before it that 4 will not have */
	hash_of(5, hash);
	assert_int_equal(seen_intend(p->s, 5, hash, wrong, "x.a0"), ERR_OK);
	assert_int_equal(seen_mark(p->s, 5, &n), ERR_OK);
	assert_false(n.broken);
	mark(p, 4, &n);
	assert_true(n.broken);
}

static void
test_a_crash_before_the_commit_leaves_the_sequence_new(void **state)
{
	struct place	*p = *state;
	struct ref	 ref = {{0}};
	uint8_t		 hash[32], prev[32];
	char		 name[SPOOL_NAME_MAX + 1];
	int		 fd;

	hash_of(1, hash);
	hash_of(0, prev);
	assert_int_equal(spool_new_file(p->spool, &ref, name, &fd), ERR_OK);
	assert_int_equal(seen_intend(p->s, 1, hash, prev, name), ERR_OK);
	close(fd);
	crash(p);
	expect(p, 1, SEEN_NEW);
	assert_int_equal(spool_clear_tmp(p->spool), 1);
	crash(p);
	expect(p, 1, SEEN_NEW);
}

static void
test_a_crash_after_the_commit_makes_it_a_repeat(void **state)
{
	struct place	*p = *state;
	struct ref	 ref = {{0}};
	uint8_t		 hash[32], prev[32];
	char		 name[SPOOL_NAME_MAX + 1];
	int		 fd;

	hash_of(1, hash);
	hash_of(0, prev);
	assert_int_equal(spool_new_file(p->spool, &ref, name, &fd), ERR_OK);
	assert_int_equal(seen_intend(p->s, 1, hash, prev, name), ERR_OK);
	assert_int_equal(spool_commit(p->spool, name, fd), ERR_OK);
	close(fd);
	crash(p);
	expect(p, 1, SEEN_REPEAT);
	assert_int_equal(seen_highest(p->s), 1);
}

static void
test_a_failed_commit_is_forgotten(void **state)
{
	struct place	*p = *state;
	uint8_t		 hash[32], prev[32];

	hash_of(1, hash);
	hash_of(0, prev);
	assert_int_equal(seen_intend(p->s, 1, hash, prev, "x.a0"), ERR_OK);
	assert_int_equal(seen_forget(p->s, 1), ERR_OK);
	crash(p);
	expect(p, 1, SEEN_NEW);
}

static void
test_the_window_slides_and_old_gaps_stay_open(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;
	uint64_t		 seq;

	for (seq = 1; seq <= SEEN_WINDOW + 100; seq++)
		if (seq != 7)
			mark(p, seq, &n);
	gaps_are(p, "7\n");
	expect(p, 7, SEEN_NEW);
	expect(p, 8, SEEN_REPEAT);	/* older than the window */
	crash(p);
	gaps_are(p, "7\n");
	expect(p, 7, SEEN_NEW);
	expect(p, 8, SEEN_REPEAT);
	mark(p, 7, &n);
	assert_true(n.healed);
	expect(p, 7, SEEN_REPEAT);
	gaps_are(p, "");
}

static void
test_a_jump_of_any_size_costs_no_memory_or_time(void **state)
{
	struct place		*p = *state;
	struct seen_news	 n;

	mark(p, 1, &n);
	mark(p, UINT64_C(1) << 62, &n);
	assert_int_equal(n.gap_from, 2);
	assert_int_equal(seen_missing(p->s), (UINT64_C(1) << 62) - 2);
	crash(p);
	assert_int_equal(seen_missing(p->s), (UINT64_C(1) << 62) - 2);
	expect(p, 1000, SEEN_NEW);
}

static void
test_a_second_process_is_refused(void **state)
{
	struct place	*p = *state;
	struct seen	*other;

	assert_int_equal(seen_open(p->state, p->spool, &other), ERR_AGAIN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_repeat_is_known_and_a_contradiction_too),
		T(test_a_gap_is_told_listed_and_healed),
		T(test_gaps_are_found_again_when_their_file_is_lost),
		T(test_a_receiver_that_starts_late_says_what_it_never_saw),
		T(test_a_broken_chain_is_seen_from_both_sides),
		T(test_a_crash_before_the_commit_leaves_the_sequence_new),
		T(test_a_crash_after_the_commit_makes_it_a_repeat),
		T(test_a_failed_commit_is_forgotten),
		T(test_the_window_slides_and_old_gaps_stay_open),
		T(test_a_jump_of_any_size_costs_no_memory_or_time),
		T(test_a_second_process_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
