/*
 * What never came: ranges of two kinds against a plain map of numbers, over every
 * order of steps; the file; the bound.
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

#include "err.h"
#include "recv_gaps.h"

#define NUMBERS	48

/* What each number is: 'S' seen, 'M' missing, 'A' accepted; 0 above all. */
static char	 map[NUMBERS + 2];
static int	 ranges;

static void
range_compare(char kind, uint64_t from, uint64_t to)
{
	ranges++;
	assert_true(from <= to && to <= NUMBERS);
	for (; from <= to; from++) {
		assert_int_equal(map[from], kind);
		map[from] = (char)(kind + 32);	/* spoken of */
	}
}

static void
missing_compare(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	range_compare('M', from, to);
}

static void
accepted_compare(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	range_compare('A', from, to);
}

/* g says of each number what the map says, in as few ranges as there can be. */
static void
map_compare(const struct gaps *g)
{
	char	 before[sizeof(map)];
	int	 i, runs = 0;
	uint64_t missing = 0, accepted = 0;

	memcpy(before, map, sizeof(map));
	for (i = 1; i <= NUMBERS; i++) {
		runs += (map[i] == 'M' || map[i] == 'A') &&
		    map[i] != map[i - 1];
		missing += map[i] == 'M';
		accepted += map[i] == 'A';
		assert_int_equal(gaps_has(g, (uint64_t)i), map[i] == 'M' ||
		    map[i] == 'A');
	}
	ranges = 0;
	gaps_each(g, GAP_MISSING, 1, NUMBERS, missing_compare, NULL);
	gaps_each(g, GAP_ACCEPTED, 1, NUMBERS, accepted_compare, NULL);
	assert_int_equal(ranges, runs);
	assert_null(strpbrk(map + 1, "MA"));
	assert_int_equal(gaps_count(g, GAP_MISSING, 1, NUMBERS), missing);
	assert_int_equal(gaps_count(g, GAP_ACCEPTED, 1, NUMBERS), accepted);
	memcpy(map, before, sizeof(map));
}

static void
step_append(struct gaps *g, uint64_t *top)
{
	uint64_t	 from = *top + 1 + (uint64_t)rand() % 2, i;
	uint64_t	 to = from + (uint64_t)rand() % 5;

	if (to > NUMBERS)
		return;
	for (i = *top + 1; i < from; i++)
		map[i] = 'S';
	for (; i <= to; i++)
		map[i] = 'M';
	gaps_append(g, from, to, GAP_MISSING);
	*top = to;
}

static void
step_any(struct gaps *g, uint64_t *top)
{
	uint64_t	 a = 1 + (uint64_t)rand() % NUMBERS;
	uint64_t	 b = a + (uint64_t)rand() % 9, i;

	switch (rand() % 8) {
	case 0:
	case 1:
		step_append(g, top);
		break;
	case 2:
		assert_int_equal(gaps_remove(g, a), map[a] == 'M' ||
		    map[a] == 'A');
		if (a <= *top)
			map[a] = 'S';
		break;
	case 3:
	case 4:
		assert_int_equal(gaps_accept(g, a, b), ERR_OK);
		for (i = a; i <= b && i <= NUMBERS; i++)
			if (map[i] == 'M')
				map[i] = 'A';
		break;
	case 5:
		if (rand() % 8 != 0)
			break;
		gaps_cut(g, a);
		for (i = a + 1; i <= NUMBERS; i++)
			map[i] = 0;
		*top = *top > a ? a : *top;
		break;
	default:
		break;
	}
}

static void
test_every_step_against_a_map(void **state)
{
	struct gaps	*g, *again;
	uint64_t	 top;
	char		 dir[] = "/tmp/limpid-gaps-XXXXXX", path[64];
	int		 run, step, fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY|O_DIRECTORY);
	srand(1);
	for (run = 0; run < 400; run++) {
		memset(map, 0, sizeof(map));
		top = 0;
		assert_non_null(g = gaps_new());
		for (step = 0; step < 60; step++) {
			step_any(g, &top);
			map_compare(g);
		}
		if (run % 40 == 0) {
			assert_int_equal(gaps_write(g, fd), ERR_OK);
			assert_false(gaps_changed(g));
			assert_non_null(again = gaps_new());
			assert_int_equal(gaps_read(again, fd), ERR_OK);
			map_compare(again);
			gaps_free(again);
		}
		gaps_free(g);
	}
	snprintf(path, sizeof(path), "%s/gaps", dir);
	unlink(path);
	close(fd);
	rmdir(dir);
}

static void
test_a_damaged_file_is_read_as_what_is_whole(void **state)
{
	static const char	 text[] = "7\n-3\n9-12 accepted\n11\n20-x\n"
				    "30-29\n40 accept\n50-60\n0\n70 accepted";
	struct gaps		*g;
	char			 dir[] = "/tmp/limpid-gaps-XXXXXX", path[64];
	FILE			*f;
	int			 fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_true((fd = open(dir, O_RDONLY|O_DIRECTORY)) != -1);
	snprintf(path, sizeof(path), "%s/gaps", dir);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
	assert_non_null(g = gaps_new());
	assert_int_equal(gaps_read(g, fd), ERR_OK);
	assert_int_equal(gaps_count(g, GAP_MISSING, 1, UINT64_MAX), 12);
	assert_int_equal(gaps_count(g, GAP_ACCEPTED, 1, UINT64_MAX), 4);
	gaps_free(g);
	unlink(path);
	close(fd);
	rmdir(dir);
}

static void
test_it_never_holds_more_than_its_bound(void **state)
{
	struct gaps	*g;
	uint64_t	 i;

	(void)state;
	assert_non_null(g = gaps_new());
	for (i = 1; i <= GAPS_MAX; i++)
		gaps_append(g, 10 * i, 10 * i + 4, GAP_MISSING);
	/* Whole ranges can be accepted still, a part of one cannot. */
	assert_int_equal(gaps_accept(g, 20, 24), ERR_OK);
	assert_int_equal(gaps_accept(g, 31, 34), ERR_FULL);
	assert_int_equal(gaps_accept(g, 30, 33), ERR_FULL);
	assert_int_equal(gaps_count(g, GAP_ACCEPTED, 1, UINT64_MAX), 5);
	/* One more: the two lowest become one, and that is missing again. */
	gaps_append(g, 10 * i, 10 * i, GAP_MISSING);
	assert_int_equal(gaps_count(g, GAP_ACCEPTED, 1, UINT64_MAX), 0);
	assert_int_equal(gaps_count(g, GAP_MISSING, 1, UINT64_MAX),
	    5 * GAPS_MAX + 5 + 1);
	assert_true(gaps_has(g, 22) && gaps_has(g, 12));
	assert_int_equal(gaps_remove(g, 302), 1);
	assert_true(gaps_has(g, 301) && gaps_has(g, 303) && !gaps_has(g, 302));
	gaps_free(g);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_every_step_against_a_map),
		cmocka_unit_test(test_a_damaged_file_is_read_as_what_is_whole),
		cmocka_unit_test(test_it_never_holds_more_than_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
