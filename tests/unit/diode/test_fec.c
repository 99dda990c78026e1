/*
 * Forward error correction against arithmetic written out by hand: no tables, no
 * ISA-L, a whole k x k system solved by elimination.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "fec.h"
#include "fec_matrix.h"

#define LEN	128
#define PARITY	48

static uint8_t
slow_mul(uint8_t a, uint8_t b)
{
	uint8_t	 r = 0;

	for (; b != 0; b >>= 1) {
		if (b & 1)
			r ^= a;
		a = (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1d : 0));
	}
	return r;
}

static uint8_t
slow_inv(uint8_t a)
{
	unsigned	 i;

	for (i = 1; i < 256; i++)
		if (slow_mul(a, (uint8_t)i) == 1)
			return (uint8_t)i;
	fail();
	return 0;
}

static uint8_t	 inverse[256];
static uint8_t	 source[FEC_SOURCES][LEN], parity[PARITY][LEN];
static uint8_t	 rows[PARITY];
static struct fec_decoder *decoder;

static uint8_t
entry(unsigned row, unsigned column)
{
	if (row < FEC_SOURCES)
		return row == column;
	return inverse[row ^ column];
}

static int
group_setup(void **state)
{
	unsigned	 i, n;

	(void)state;
	if ((decoder = fec_decoder_new()) == NULL)
		return -1;
	srand(4);
	for (i = 1; i < 256; i++)
		inverse[i] = slow_inv((uint8_t)i);
	for (i = 0; i < FEC_SOURCES; i++)
		for (n = 0; n < LEN; n++)
			source[i][n] = (uint8_t)rand();
	return 0;
}

/* m parities of a round, at the front of parity[]. */
static void
encode(unsigned k, unsigned round, unsigned m, unsigned at)
{
	struct fec_encoder	*e = fec_encoder_new();
	uint8_t			*src[FEC_SOURCES], *out[PARITY];
	unsigned		 i;

	assert_non_null(e);
	for (i = 0; i < k; i++)
		src[i] = source[i];
	for (i = 0; i < m; i++) {
		out[i] = parity[at + i];
		rows[at + i] = fec_row(round, i);
	}
	fec_encode(e, src, k, LEN, round, m, out);
	fec_encoder_free(e);
}

static void
parity_is_what_the_definition_says(void **state)
{
	static const unsigned	 ks[] = { 1, 2, 7, 33, 64 };
	unsigned		 c, i, j, n, round;
	uint8_t			 sum;

	(void)state;
	for (c = 0; c < 5; c++)
		for (round = 0; round < 14; round += 3) {
			encode(ks[c], round, 16, 0);
			for (i = 0; i < 16; i++)
				for (n = 0; n < LEN; n++) {
					sum = 0;
					for (j = 0; j < ks[c]; j++)
						sum ^= slow_mul(entry(rows[i],
						    j), source[j][n]);
					assert_int_equal(sum, parity[i][n]);
				}
		}
}

/* Decodes with the sources of `lost` (bits) gone and parities first... in use. */
static void
decode_check(unsigned k, uint64_t lost, unsigned first, unsigned count)
{
	uint8_t		 block[FEC_SOURCES][LEN], spare[PARITY][LEN];
	uint8_t		*src[FEC_SOURCES], *par[PARITY], have[FEC_SOURCES];
	unsigned	 i;

	for (i = 0; i < k; i++) {
		have[i] = !(lost >> i & 1);
		memset(block[i], 0xee, LEN);
		if (have[i])
			memcpy(block[i], source[i], LEN);
		src[i] = block[i];
	}
	for (i = 0; i < count; i++) {
		memcpy(spare[i], parity[first + i], LEN);
		par[i] = spare[i];
	}
	assert_int_equal(fec_decode(decoder, src, have, k, LEN, par, rows + first,
	    count), ERR_OK);
	for (i = 0; i < k; i++)
		assert_memory_equal(block[i], source[i], LEN);
}

static void
every_loss_of_a_small_block_is_mended(void **state)
{
	unsigned	 k, lost, n;

	(void)state;
	for (k = 1; k <= 10; k++) {
		encode(k, 0, 10, 0);
		for (lost = 0; lost < 1u << k; lost++) {
			n = (unsigned)__builtin_popcount(lost);
			decode_check(k, lost, 10 - n, n);
		}
	}
}

static void
sixteen_of_sixty_four_come_back_and_rounds_add_up(void **state)
{
	uint64_t	 lost;
	unsigned	 i, n, tries;

	(void)state;
	for (i = 0; i < 3; i++)
		encode(64, i, 16, 16 * i);
	for (tries = 0; tries < 200; tries++) {
		n = 1 + (unsigned)rand() % 48;
		for (lost = 0; (unsigned)__builtin_popcountll(lost) < n;)
			lost |= UINT64_C(1) << (rand() % 64);
		decode_check(64, lost, (unsigned)rand() % (48 - n + 1), n);
	}
}

/* The textbook way: the whole system by elimination. */
static void
brute_force(unsigned k, const unsigned *row, const uint8_t *const *symbol,
    uint8_t out[FEC_SOURCES][LEN])
{
	uint8_t		 a[FEC_SOURCES][FEC_SOURCES], f;
	unsigned	 i, j, c, n, p;

	for (i = 0; i < k; i++) {
		for (j = 0; j < k; j++)
			a[i][j] = entry(row[i], j);
		memcpy(out[i], symbol[i], LEN);
	}
	for (c = 0; c < k; c++) {
		for (p = c; a[p][c] == 0; p++)
			assert_true(p + 1 < k);
		for (j = 0; j < k && p != c; j++) {
			f = a[p][j]; a[p][j] = a[c][j]; a[c][j] = f;
		}
		for (n = 0; n < LEN && p != c; n++) {
			f = out[p][n]; out[p][n] = out[c][n]; out[c][n] = f;
		}
		f = inverse[a[c][c]];
		for (j = 0; j < k; j++)
			a[c][j] = slow_mul(a[c][j], f);
		for (n = 0; n < LEN; n++)
			out[c][n] = slow_mul(out[c][n], f);
		for (i = 0; i < k; i++) {
			if (i == c || (f = a[i][c]) == 0)
				continue;
			for (j = 0; j < k; j++)
				a[i][j] ^= slow_mul(a[c][j], f);
			for (n = 0; n < LEN; n++)
				out[i][n] ^= slow_mul(out[c][n], f);
		}
	}
}

static void
the_small_inversion_agrees_with_brute_force(void **state)
{
	const uint8_t	*symbol[FEC_SOURCES];
	uint8_t		 out[FEC_SOURCES][LEN];
	unsigned	 row[FEC_SOURCES], i, n = 0;
	uint64_t	 lost = 0;

	(void)state;
	encode(64, 5, 16, 0);
	for (i = 0; i < 64; i++) {
		row[i] = i;
		symbol[i] = source[i];
		if (i % 4 == 3) {
			lost |= UINT64_C(1) << i;
			row[i] = rows[n];
			symbol[i] = parity[n++];
		}
	}
	brute_force(64, row, symbol, out);
	for (i = 0; i < 64; i++)
		assert_memory_equal(out[i], source[i], LEN);
	decode_check(64, lost, 0, 16);
}

static void
too_few_parities_and_twin_rows_are_refused(void **state)
{
	uint8_t		*src[4], *par[2], have[4] = { 1, 0, 0, 1 };
	uint8_t		 twin[2];
	unsigned	 i;

	(void)state;
	encode(4, 0, 4, 0);
	for (i = 0; i < 4; i++)
		src[i] = source[i];
	par[0] = parity[0];
	par[1] = parity[1];
	assert_int_equal(fec_decode(decoder, src, have, 4, LEN, par, rows, 1),
	    ERR_LIMIT);
	assert_int_equal(fec_decode(decoder, src, have, 65, LEN, par, rows, 2),
	    ERR_LIMIT);
	twin[0] = twin[1] = rows[0];
	/* Nothing may be written where nothing can be known. */
	have[1] = have[2] = 0;
	assert_int_equal(fec_decode(decoder, src, have, 4, LEN, par, twin, 2),
	    ERR_LIMIT);
}

static void
no_row_comes_twice_in_the_first_rounds(void **state)
{
	uint8_t		 used[256] = {0};
	unsigned	 round, i;

	(void)state;
	for (round = 0; round < 11; round++)
		for (i = 0; i < 16; i++) {
			assert_in_range(fec_row(round, i), FEC_SOURCES,
			    FEC_ROW_END - 1);
			assert_int_equal(used[fec_row(round, i)]++, 0);
		}
}

static uint8_t
row_byte(const uint8_t *factors, unsigned at)
{
	unsigned	 j;
	uint8_t		 sum = 0;

	for (j = 0; j < 64; j++)
		sum ^= slow_mul(factors[j], source[j][at]);
	return sum;
}

/* Every coefficient, every count of rows, old processor and new. */
static void
both_ways_to_multiply_agree(void **state)
{
	static struct fec_matrix	 wide, plain;
	static uint8_t			 out[2][64][LEN];
	uint8_t				 factors[64 * 64], *src[FEC_SOURCES];
	uint8_t				*to[2][64];
	unsigned			 i, m;

	(void)state;
	for (i = 0; i < 64; i++) {
		src[i] = source[i];
		to[0][i] = out[0][i];
		to[1][i] = out[1][i];
	}
	for (m = 1; m <= 64; m++) {
		for (i = 0; i < 64 * m; i++)
			factors[i] = (uint8_t)(i + m);
		fec_matrix_set(&wide, factors, 64, m);
		fec_matrix_set_plain(&plain, factors, 64, m);
		fec_matrix_multiply(&wide, src, to[0], LEN);
		fec_matrix_multiply(&plain, src, to[1], LEN);
		assert_memory_equal(out[0], out[1], m * LEN);
		for (i = 0; i < LEN; i++)
			assert_int_equal(out[0][0][i], row_byte(factors, i));
		fec_matrix_add(&wide, src, to[0], LEN);
		fec_matrix_add(&plain, src, to[1], LEN);
		assert_memory_equal(out[0], out[1], m * LEN);
		/* What is added to itself is gone. */
		assert_int_equal(out[0][m - 1][LEN - 1], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(parity_is_what_the_definition_says),
		cmocka_unit_test(every_loss_of_a_small_block_is_mended),
		cmocka_unit_test(
		    sixteen_of_sixty_four_come_back_and_rounds_add_up),
		cmocka_unit_test(the_small_inversion_agrees_with_brute_force),
		cmocka_unit_test(too_few_parities_and_twin_rows_are_refused),
		cmocka_unit_test(both_ways_to_multiply_agree),
		cmocka_unit_test(no_row_comes_twice_in_the_first_rounds),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
