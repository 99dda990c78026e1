/*
 * Objects from datagrams: blocks in any order, and a disk that is full. The disk is a
 * file system of 2 MB in memory, of this test alone.
 */
#include <sys/mount.h>

#include <sched.h>

#include "datagram.h"
#include "fec.h"
#include "recv_blocks.h"
#include "recv_place.h"

#define SYMBOL		1408
#define BLOCK		(FEC_SOURCES * SYMBOL)
#define LARGE		(4 * BLOCK)	/* body of an object in five blocks */
#define FIT		5		/* of these, and a half one */

static char	disk[] = "/tmp/limpid-blocks-XXXXXX";

static void
map_write(const char *path, const char *text)
{
	int	 fd = open(path, O_WRONLY|O_CLOEXEC);

	if (fd != -1) {
		(void)!write(fd, text, strlen(text));
		close(fd);
	}
}

/* 0 where this host gives a test no file system of its own. */
static int
disk_mount(void)
{
	unsigned	 uid = geteuid(), gid = getegid();
	int		 flags = CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER);
	char		 users[32], groups[32];

	if (mkdtemp(disk) == NULL || unshare(flags) == -1)
		return 0;
	if (uid != 0) {
		snprintf(users, sizeof(users), "0 %u 1\n", uid);
		snprintf(groups, sizeof(groups), "0 %u 1\n", gid);
		map_write("/proc/self/setgroups", "deny");
		map_write("/proc/self/uid_map", users);
		map_write("/proc/self/gid_map", groups);
	}
	return mount("none", "/", NULL, MS_REC|MS_PRIVATE, NULL) == 0;
}

static int
place_setup(void **state)
{
	struct place		*p = calloc(1, sizeof(*p));
	struct blocks_limits	 lim = { 8 << 20, 64, 32, 1000 };
	int			 fd;

	assert_int_equal(mount("tmpfs", disk, "tmpfs", 0, "size=2m"), 0);
	place_open(p, disk);
	fd = open(p->state, O_RDONLY|O_DIRECTORY);
	assert_non_null(p->b = blocks_new(&lim, fd));
	blocks_set_shared(p->b, &p->shared);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;

	blocks_free(p->b);
	place_close(p);
	assert_int_equal(umount2(disk, MNT_DETACH), 0);
	free(p);
	return 0;
}

static uint32_t
blocks_of(const struct object *o)
{
	return (uint32_t)((o->len + BLOCK - 1) / BLOCK);
}

/* One block of it as sources, without parity. */
static void
give(struct place *p, const struct object *o, uint32_t block, int round)
{
	size_t		 at = (size_t)block * BLOCK, left = o->len - at;
	struct datagram	 d = { .type = DATAGRAM_BLOCK, .epoch = 1,
			    .object = o->seq, .block = block,
			    .blocks = blocks_of(o), .m = 4, .len = SYMBOL,
			    .round = (uint8_t)round };
	uint8_t		 symbol[SYMBOL];
	size_t		 n;

	left = left < BLOCK ? left : BLOCK;
	d.k = (uint8_t)((left + SYMBOL - 1) / SYMBOL);
	d.last = (uint16_t)(left - (size_t)(d.k - 1) * SYMBOL);
	for (; d.index < d.k; d.index++) {
		n = d.index == d.k - 1 ? d.last : SYMBOL;
		memset(symbol, 0, sizeof(symbol));
		memcpy(symbol, o->bytes + at + (size_t)d.index * SYMBOL, n);
		assert_int_equal(blocks_take(p->b, &d, symbol, 1), ERR_OK);
	}
}

static void
give_all(struct place *p, const struct object *o, int round)
{
	uint32_t	 i;

	for (i = 0; i < blocks_of(o); i++)
		give(p, o, i, round);
}

/* As a sender with all of them under way: a block of each in turns. */
static void
give_in_turns(struct place *p, const struct object *o, size_t count, int round)
{
	uint32_t	 i;
	size_t		 n;

	for (i = 0; i < blocks_of(o); i++)
		for (n = 0; n < count; n++)
			give(p, &o[n], i, round);
}

/* Sequences from 1, of which none has come. */
static void
make(struct place *p, struct object *o, size_t count, size_t size)
{
	size_t	 n;

	for (n = 0; n < count; n++) {
		o[n] = object_new(p, n + 1, 1, size);
		assert_int_equal(seen_find(p->shared.seen, n + 1, p->last),
		    SEEN_NEW);
	}
}

static int
is_seen(struct place *p, const struct object *o)
{
	uint8_t	 hash[32];

	assert_int_equal(sha256(o->bytes, LINK_HEADER, hash), ERR_OK);
	return seen_find(p->shared.seen, o->seq, hash) == SEEN_REPEAT;
}

static void
drop(struct object *o, size_t count)
{
	size_t	 n;

	for (n = 0; n < count; n++)
		free(o[n].bytes);
}

static void
take_away(struct place *p)
{
	char	 cmd[160];

	snprintf(cmd, sizeof(cmd), "rm %s/new/*", p->spool_dir);
	assert_int_equal(system(cmd), 0);
}

static void
test_blocks_in_any_order_make_an_object_once(void **state)
{
	struct place	*p = *state;
	struct object	 o;

	make(p, &o, 1, 2 * BLOCK);
	give(p, &o, 2, 0);
	give(p, &o, 1, 0);
	give(p, &o, 1, 1);
	expect(p, 0, 0, 0, 0);
	give(p, &o, 0, 1);
	expect(p, 1, 1, 0, 0);
	give_all(p, &o, 1);
	expect(p, 1, 1, 1, 0);
	expect_clean(p);
	assert_int_equal(blocks_objects(p->b), 0);
	drop(&o, 1);
}

static void
test_a_full_disk_holds_whole_objects_and_the_oldest(void **state)
{
	struct place	*p = *state;
	struct object	 o[12];
	size_t		 n;

	make(p, o, 12, LARGE);
	give_in_turns(p, o, 12, 0);
	expect(p, FIT, FIT, 0, 0);
	for (n = 0; n < 12; n++)
		assert_int_equal(is_seen(p, &o[n]), n < FIT);
	assert_true(p->shared.crowded >= 12 - FIT);
	drop(o, 12);
}

static void
test_what_had_no_room_comes_with_the_next_round(void **state)
{
	struct place	*p = *state;
	struct object	 o[12];
	int		 round;

	make(p, o, 12, LARGE);
	for (round = 0; round < 3; round++) {
		give_in_turns(p, o, 12, round);
		assert_int_equal(recv_batch_commit(&p->shared), ERR_OK);
		take_away(p);
	}
	expect(p, 0, 12, p->shared.repeats, 0);
	expect_clean(p);
	drop(o, 12);
}

static void
test_what_lost_its_beginning_gives_way(void **state)
{
	struct place	*p = *state;
	struct object	 o[8];
	uint32_t	 i;
	size_t		 n;

	make(p, o, 8, LARGE);
	/* The older ones, of which the first block never came. */
	for (n = 0; n < 4; n++)
		for (i = 1; i < 5; i++)
			give(p, &o[n], i, 0);
	give_in_turns(p, o + 4, 4, 0);
	expect(p, 4, 4, 0, 0);
	for (n = 0; n < 8; n++)
		assert_int_equal(is_seen(p, &o[n]), n >= 4);
	drop(o, 8);
}

static void
test_no_room_for_a_beginning_loses_that_object_only(void **state)
{
	struct place	*p = *state;
	struct object	 o[3];

	make(p, o, 3, 2 * BLOCK);
	give(p, &o[1], 0, 0);
	/* A reserve that was reached meanwhile. */
	spool_close(p->shared.spool);
	assert_int_equal(spool_open(p->spool_dir, 0, UINT64_MAX,
	    &p->shared.spool), ERR_OK);
	give_all(p, &o[0], 0);
	give_all(p, &o[2], 0);
	give(p, &o[1], 1, 0);
	give(p, &o[1], 2, 0);
	expect(p, 1, 1, 0, 0);
	assert_true(is_seen(p, &o[1]));
	assert_true(p->shared.crowded >= 2);
	spool_close(p->shared.spool);
	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->shared.spool),
	    ERR_OK);
	give_in_turns(p, o, 3, 1);
	expect(p, 3, 3, 1, 0);
	expect_clean(p);
	drop(o, 3);
}

static void
test_after_a_commit_that_failed_its_repeats_are_wanted(void **state)
{
	struct place	*p = *state;
	struct object	 o[2];

	make(p, o, 2, 2 * BLOCK);
	give_all(p, &o[0], 0);
	give(p, &o[1], 0, 0);
	recv_batch_drop(&p->shared);
	blocks_crowded(p->b);
	assert_int_equal(blocks_objects(p->b), 0);
	expect_clean(p);
	give_in_turns(p, o, 2, 1);
	expect(p, 2, 2, 0, 0);
	drop(o, 2);
}

static void
test_a_reset_leaves_nothing(void **state)
{
	struct place	*p = *state;
	struct object	 o[2];

	make(p, o, 2, LARGE);
	give(p, &o[0], 0, 0);
	give(p, &o[1], 3, 0);
	blocks_reset(p->b);
	assert_int_equal(blocks_objects(p->b), 0);
	assert_int_equal(blocks_memory(p->b), 0);
	expect_clean(p);
	give_in_turns(p, o, 2, 1);
	expect(p, 2, 2, 0, 0);
	drop(o, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		T(test_blocks_in_any_order_make_an_object_once),
		T(test_a_full_disk_holds_whole_objects_and_the_oldest),
		T(test_what_had_no_room_comes_with_the_next_round),
		T(test_what_lost_its_beginning_gives_way),
		T(test_no_room_for_a_beginning_loses_that_object_only),
		T(test_after_a_commit_that_failed_its_repeats_are_wanted),
		T(test_a_reset_leaves_nothing),
	};
	int			 bad;

	if (!disk_mount()) {
		rmdir(disk);
		puts("1..0 # SKIP no file system of its own");
		return 0;
	}
	bad = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(disk);
	return bad;
}
