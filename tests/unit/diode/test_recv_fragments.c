/*
 * Objects from fragments: in one, in many, from several connections at once, cut,
 * repeated and changed.
 */
#include "recv_fragments.h"
#include "recv_place.h"

#define BIG	(3 * LINK_CHUNK)	/* body of an object in four fragments */

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));
	char		 dir[] = "/tmp/limpid-frag-XXXXXX";

	assert_non_null(mkdtemp(dir));
	place_open(p, dir);
	assert_non_null(p->f = fragments_new(&p->shared));
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	fragments_free(p->f);
	place_close(p);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static uint32_t
count_of(const struct object *o)
{
	return (uint32_t)((o->len + LINK_CHUNK - 1) / LINK_CHUNK);
}

static void
give(struct place *p, const struct object *o, uint64_t stream, uint32_t index)
{
	struct link_fragment	 f = { stream, o->seq, index, count_of(o) };
	size_t			 at = (size_t)index * LINK_CHUNK;
	size_t			 n = o->len - at;
	uint8_t			*m;

	n = n < LINK_CHUNK ? n : LINK_CHUNK;
	m = malloc(LINK_FRAGMENT + n);
	link_fragment_encode(&f, m);
	memcpy(m + LINK_FRAGMENT, o->bytes + at, n);
	assert_int_equal(fragments_take(p->f, m, LINK_FRAGMENT + n), ERR_OK);
	free(m);
}

static void
give_all(struct place *p, const struct object *o, uint64_t stream)
{
	uint32_t	 i;

	for (i = 0; i < count_of(o); i++)
		give(p, o, stream, i);
}

static void
test_small_and_large_objects_arrive_once(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, 100);
	struct object	 b = object_new(p, 2, 1, BIG);

	give_all(p, &a, 10);
	give_all(p, &b, 10);
	expect(p, 2, 2, 0, 0);
	give_all(p, &b, 11);
	give_all(p, &a, 11);
	expect(p, 2, 2, 2, 0);
	assert_int_equal(seen_missing(p->shared.seen), 0);
	expect_clean(p);
	free(a.bytes);
	free(b.bytes);
}

static void
test_a_repeat_within_a_batch_is_dropped(void **state)
{
	struct place	*p = *state;
	struct object	 o[RECV_BATCH + 8];
	size_t		 i, n = sizeof(o) / sizeof(o[0]);

	for (i = 0; i < n; i++) {
		o[i] = object_new(p, i + 1, 1, 100);
		give_all(p, &o[i], 1);
		give_all(p, &o[i], 2);
	}
	expect(p, n, n, n, 0);
	expect_clean(p);
	for (i = 0; i < n; i++)
		free(o[i].bytes);
}

static void
test_a_dropped_batch_was_never_seen(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, 100);

	give_all(p, &a, 1);
	recv_batch_drop(&p->shared);
	expect(p, 0, 0, 0, 0);
	give_all(p, &a, 1);
	expect(p, 1, 1, 0, 0);
	free(a.bytes);
}

static void
test_a_jump_lists_its_gap_in_the_middle_of_a_batch(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, 100);
	struct object	 b = object_new(p, 100000, 1, 100);
	struct object	 c = object_new(p, 100001, 1, 100);

	give_all(p, &a, 1);
	give_all(p, &b, 1);
	give_all(p, &c, 1);
	expect(p, 3, 3, 0, 0);
	assert_int_equal(seen_missing(p->shared.seen), 99998);
	free(a.bytes);
	free(b.bytes);
	free(c.bytes);
}

static void
test_every_end_of_an_object_is_possible(void **state)
{
	struct place	*p = *state;
	struct object	 o;
	size_t		 around;
	uint64_t	 seq = 0;
	long		 d;

	/* the last fragment holds one byte, all but one, exactly all */
	o = object_new(p, ++seq, 1, LINK_CHUNK);
	around = LINK_CHUNK - (o.len - LINK_CHUNK);
	give_all(p, &o, 1);
	free(o.bytes);
	for (d = -1; d <= 1; d++) {
		o = object_new(p, ++seq, 1, (size_t)((long)around + d));
		give_all(p, &o, 1);
		free(o.bytes);
	}
	expect(p, 4, 4, 0, 0);
}

static void
test_two_connections_do_not_disturb_each_other(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, BIG);
	uint32_t	 i;

	/* the old connection's rest comes between the new one's fragments */
	give(p, &a, 1, 0);
	give(p, &a, 1, 1);
	for (i = 0; i < count_of(&a); i++) {
		give(p, &a, 2, i);
		if (i == 1)
			give(p, &a, 1, 2);
	}
	expect(p, 1, 1, 0, 0);
	/* and the old one may even end: it is a repeat then */
	give(p, &a, 1, 3);
	expect(p, 1, 1, 1, 0);
	expect_clean(p);
	free(a.bytes);
}

static void
test_a_lost_fragment_loses_only_its_object(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, BIG);
	struct object	 b = object_new(p, 2, 1, 100);

	give(p, &a, 1, 0);
	give(p, &a, 1, 2);
	give(p, &a, 1, 3);
	give_all(p, &b, 1);
	expect(p, 1, 1, 0, 0);
	assert_int_equal(seen_missing(p->shared.seen), 1);
	assert_int_equal(fragments_dropped(p->f), 2);
	give_all(p, &a, 2);
	expect(p, 2, 2, 0, 0);
	assert_int_equal(seen_missing(p->shared.seen), 0);
	expect_clean(p);
	free(a.bytes);
	free(b.bytes);
}

static void
test_objects_begun_without_end_stay_bounded(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, BIG);
	uint64_t	 stream;
	int		 left;

	for (stream = 1; stream <= 50; stream++)
		give(p, &a, stream, 0);
	fragments_reset(p->f);
	left = spool_clear_tmp(p->shared.spool);
	assert_int_equal(left, 0);
	give_all(p, &a, 99);
	expect(p, 1, 1, 0, 0);
	free(a.bytes);
}

static void
test_changed_bytes_are_refused_and_may_come_right_later(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, 1000);

	a.bytes[LINK_HEADER + 500] ^= 1;
	give_all(p, &a, 1);
	expect(p, 0, 0, 0, 1);
	a.bytes[LINK_HEADER + 500] ^= 1;
	a.bytes[20] ^= 1;
	give_all(p, &a, 1);
	expect(p, 0, 0, 0, 2);
	a.bytes[20] ^= 1;
	give_all(p, &a, 1);
	expect(p, 1, 1, 0, 2);
	expect_clean(p);
	free(a.bytes);
}

static void
test_another_object_under_a_seen_sequence_is_an_alarm(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, 1000);
	struct object	 b = object_new(p, 1, 1, 1001);

	give_all(p, &a, 1);
	give_all(p, &b, 1);
	expect(p, 1, 1, 0, 1);
	free(a.bytes);
	free(b.bytes);
}

static void
test_what_is_no_parcel_of_this_link_is_refused(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 2, 1000);

	give_all(p, &a, 1);
	expect(p, 0, 0, 0, 1);
	p->shared.max_object = 500;
	free(a.bytes);
	a = object_new(p, 2, 1, 1000);
	give_all(p, &a, 1);
	expect(p, 0, 0, 0, 2);
	expect_clean(p);
	free(a.bytes);
}

static void
test_a_length_that_lies_is_refused(void **state)
{
	struct place	*p = *state;
	struct object	 a = object_new(p, 1, 1, 1000);

	a.len--;
	give_all(p, &a, 1);
	expect(p, 0, 0, 0, 1);
	a.len++;
	a.bytes = realloc(a.bytes, a.len + 1);
	a.bytes[a.len++] = 0;
	give_all(p, &a, 1);
	expect(p, 0, 0, 0, 2);
	expect_clean(p);
	free(a.bytes);
}

static void
test_a_full_spool_is_the_world_and_nothing_is_seen(void **state)
{
	struct place		*p = *state;
	struct object		 a = object_new(p, 1, 1, 1000);
	struct link_fragment	 f = { 1, 1, 0, 1 };
	uint8_t			*m = malloc(LINK_FRAGMENT + a.len);

	spool_close(p->shared.spool);
	assert_int_equal(spool_open(p->spool_dir, 0, UINT64_MAX,
	    &p->shared.spool), ERR_OK);
	link_fragment_encode(&f, m);
	memcpy(m + LINK_FRAGMENT, a.bytes, a.len);
	assert_int_equal(fragments_take(p->f, m, LINK_FRAGMENT + a.len),
	    ERR_FULL);
	spool_close(p->shared.spool);
	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->shared.spool),
	    ERR_OK);
	fragments_reset(p->f);
	give_all(p, &a, 2);
	expect(p, 1, 1, 0, 0);
	free(m);
	free(a.bytes);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_small_and_large_objects_arrive_once),
		T(test_a_repeat_within_a_batch_is_dropped),
		T(test_a_dropped_batch_was_never_seen),
		T(test_a_jump_lists_its_gap_in_the_middle_of_a_batch),
		T(test_every_end_of_an_object_is_possible),
		T(test_two_connections_do_not_disturb_each_other),
		T(test_a_lost_fragment_loses_only_its_object),
		T(test_objects_begun_without_end_stay_bounded),
		T(test_changed_bytes_are_refused_and_may_come_right_later),
		T(test_another_object_under_a_seen_sequence_is_an_alarm),
		T(test_what_is_no_parcel_of_this_link_is_refused),
		T(test_a_length_that_lies_is_refused),
		T(test_a_full_spool_is_the_world_and_nothing_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
