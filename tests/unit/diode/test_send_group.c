/*
 * Groups of blocks: whatever lies in one, a burst as long as parity * interleave
 * takes no block more than its parities, and each datagram is what it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datagram.h"
#include "err.h"
#include "fec.h"
#include "send_group.h"

#define SYMBOL	64
#define MANY	20000

static struct send_group	*group;
static unsigned			 ks[64], count;
static struct { uint64_t object; uint8_t m; } line[MANY];
static size_t			 sent;

static void
block_put(unsigned k, unsigned round)
{
	struct datagram	 d = { .type = DATAGRAM_BLOCK, .object = count + 1,
			    .k = (uint8_t)k, .len = SYMBOL,
			    .round = (uint8_t)round };
	uint8_t		*place = send_group_place(group);
	unsigned	 i;

	for (i = 0; i < k * SYMBOL; i++)
		place[i] = (uint8_t)(i * 7 + k + count);
	send_group_add(group, &d);
	ks[count++] = k;
}

static void
group_send(void)
{
	struct datagram	 d;
	const uint8_t	*symbol;

	send_group_close(group);
	for (sent = 0; send_group_next(group, &d, &symbol); sent++) {
		assert_true(sent < MANY);
		line[sent].object = d.object;
		line[sent].m = d.m;
	}
	assert_int_equal(send_group_left(group), 0);
}

/* The longest burst that leaves every block its k rows, wherever it begins. */
static size_t
longest_burst(void)
{
	unsigned	 hits[65];
	size_t		 n, at;

	for (n = 1; n <= sent; n++) {
		memset(hits, 0, sizeof(hits));
		for (at = 0; at < sent; at++) {
			if (at >= n)
				hits[line[at - n].object]--;
			if (++hits[line[at].object] > line[at].m)
				return n - 1;
		}
	}
	return sent;
}

static void
fill_at_random(unsigned interleave, unsigned least, unsigned most)
{
	unsigned	 k;

	send_group_begin(group);
	count = 0;
	for (;;) {
		k = least + (unsigned)rand() % (most - least + 1);
		if (!send_group_has_room(group, k))
			break;
		block_put(k, 0);
		if (rand() % 8 == 0 || count == 64)
			break;
	}
	assert_true(count > 0 && count <= 64 * interleave);
}

static void
a_burst_costs_no_block(void **state)
{
	static const struct { int parity; unsigned interleave; } shapes[] = {
		{ 16, 4 }, { 16, 8 }, { 8, 4 }, { 32, 2 }, { 64, 1 },
		{ 4, 4 }, { 24, 32 } };
	static const unsigned	 sizes[][2] = { { 1, 3 }, { 1, 20 }, { 1, 64 },
				    { 40, 64 }, { 64, 64 } };
	size_t			 i, s, burst, want;
	int			 n;

	(void)state;
	srand(3);
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		group = send_group_new(shapes[i].parity,
		    (int)shapes[i].interleave, SYMBOL);
		assert_non_null(group);
		for (s = 0; s < 5; s++)
			for (n = 0; n < 40; n++) {
				fill_at_random(shapes[i].interleave,
				    sizes[s][0], sizes[s][1]);
				group_send();
				burst = longest_burst();
				want = (size_t)shapes[i].parity *
				    shapes[i].interleave;
				if (want > (size_t)64 * count)
					want = (size_t)64 * count;
				/* Blocks that reach the most parities a block
				 * may have. */
				if (want > 64)
					want = 64;
				assert_in_range(burst, want, MANY);
			}
		send_group_free(group);
	}
}

static void
a_deep_queue_costs_the_code_rate_only(void **state)
{
	int	 i;

	(void)state;
	group = send_group_new(16, 4, SYMBOL);
	send_group_begin(group);
	count = 0;
	for (i = 0; i < 4; i++)
		block_put(64, 0);
	assert_false(send_group_has_room(group, 1));
	group_send();
	assert_int_equal(sent, 4 * 80);
	assert_int_equal(longest_burst(), 64);
	send_group_begin(group);
	count = 0;
	for (i = 0; i < 21; i++)
		block_put(12, 0);
	group_send();
	assert_in_range(sent, 21 * 16, 21 * 17);
	send_group_free(group);
}

static void
rows_are_what_they_say(void **state)
{
	uint8_t			 symbols[2][64][SYMBOL], rows[64];
	uint8_t			 have[64] = {0}, *src[64], *par[64];
	struct fec_decoder	*decoder;
	struct datagram		 d;
	const uint8_t		*symbol;
	unsigned		 i, n[2] = {0};

	(void)state;
	group = send_group_new(16, 4, SYMBOL);
	send_group_begin(group);
	count = 0;
	block_put(5, 1);
	block_put(9, 0);
	send_group_close(group);
	/* Of the second block only parities are kept. */
	while (send_group_next(group, &d, &symbol)) {
		assert_in_range(d.object, 1, 2);
		i = n[d.object - 1]++;
		assert_int_equal(d.index, i < d.k ? i :
		    fec_row(d.round, i - d.k));
		assert_int_equal(d.round, d.object == 1);
		if (d.object == 2 && d.index >= FEC_SOURCES) {
			memcpy(symbols[0][i - d.k], symbol, SYMBOL);
			rows[i - d.k] = d.index;
		}
	}
	assert_true(n[1] >= 18);
	for (i = 0; i < 9; i++) {
		src[i] = symbols[1][i];
		par[i] = symbols[0][i];
	}
	decoder = fec_decoder_new();
	assert_non_null(decoder);
	assert_int_equal(fec_decode(decoder, src, have, 9, SYMBOL, par, rows,
	    9), ERR_OK);
	fec_decoder_free(decoder);
	for (i = 0; i < 9 * SYMBOL; i++)
		assert_int_equal(symbols[1][i / SYMBOL][i % SYMBOL],
		    (uint8_t)(i * 7 + 9 + 1));
	send_group_free(group);
}

static void
without_parity_there_is_none(void **state)
{
	(void)state;
	group = send_group_new(0, 4, SYMBOL);
	send_group_begin(group);
	count = 0;
	block_put(5, 0);
	group_send();
	assert_int_equal(sent, 5);
	send_group_free(group);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_burst_costs_no_block),
		cmocka_unit_test(a_deep_queue_costs_the_code_rate_only),
		cmocka_unit_test(rows_are_what_they_say),
		cmocka_unit_test(without_parity_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
