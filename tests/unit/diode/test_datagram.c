/*
 * Datagrams: every byte against the fixture file, every flipped bit refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "datagram.h"
#include "err.h"

#define FIXTURE	"tests/unit/diode/datagrams.txt"

static uint8_t			 one[32], two[32];
static struct datagram_keys	*sender, *receiver;
static const struct datagram_limits limits = { DATAGRAM_SYMBOL, 1000 };

static int
keys_setup(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < 32; i++) {
		one[i] = (uint8_t)i;
		two[i] = (uint8_t)(255 - i);
	}
	return datagram_keys_new(one, two, &sender) == ERR_OK &&
	    datagram_keys_new(one, two, &receiver) == ERR_OK ? 0 : -1;
}

static int
keys_teardown(void **state)
{
	(void)state;
	datagram_keys_free(sender);
	datagram_keys_free(receiver);
	return 0;
}

static struct datagram
sample(void)
{
	struct datagram	 d = { .type = DATAGRAM_BLOCK,
			    .flags = DATAGRAM_SHORTENED,
			    .epoch = UINT64_C(7) << 32 | 0xabcdef01,
			    .seq = 9, .object = 3, .block = 2, .blocks = 3,
			    .k = 5, .m = 4, .index = 2, .len = 64,
			    .last = 17 };

	return d;
}

static void
symbol_fill(uint8_t *p, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + 1);
}

static enum datagram_fault
trip(const struct datagram *d, struct datagram *out)
{
	uint8_t	 symbol[DATAGRAM_SYMBOL_MAX], raw[DATAGRAM_MAX];

	symbol_fill(symbol, sizeof(symbol));
	assert_int_equal(datagram_seal(sender, d, symbol, raw), ERR_OK);
	memset(symbol, 0, sizeof(symbol));
	return datagram_open(receiver, raw, DATAGRAM_HEADER + d->len +
	    DATAGRAM_TAG, &limits, out, symbol);
}

static void
what_is_sealed_is_opened(void **state)
{
	struct datagram	 d = sample(), out;

	(void)state;
	assert_int_equal(trip(&d, &out), DATAGRAM_GOOD);
	assert_int_equal(out.object, 3);
	assert_int_equal(out.block, 2);
	assert_int_equal(out.last, 17);
	d.flags |= DATAGRAM_SLOT_2;
	assert_int_equal(trip(&d, &out), DATAGRAM_GOOD);
	d = (struct datagram){ .type = DATAGRAM_PAD, .epoch = UINT64_C(1) << 32,
	    .seq = 1 };
	assert_int_equal(trip(&d, &out), DATAGRAM_GOOD);
	d.type = DATAGRAM_NOTICE;
	d.len = 333;
	assert_int_equal(trip(&d, &out), DATAGRAM_GOOD);
	assert_int_equal(out.len, 333);
}

static size_t
hex_decode(const char *s, uint8_t *out)
{
	unsigned	 byte;
	size_t		 n = 0;

	for (; sscanf(s, "%2x", &byte) == 1; s += 2)
		out[n++] = (uint8_t)byte;
	return n;
}

static enum datagram_fault
fault_named(const char *name)
{
	static const char *const names[] = { "good", "foreign", "truncated",
	    "overlong", "forged", "contradictory" };
	size_t	 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (enum datagram_fault)i;
	fail_msg("the fixture names a fault %s", name);
	return DATAGRAM_FAULTS;
}

/* Lines of the file: what it must be taken for, then the bytes. Another
 * implementation can be held against the same file. */
static void
the_fixture_is_decoded(void **state)
{
	char		 line[8192], name[32];
	uint8_t		 raw[4096], symbol[4096];
	struct datagram	 d;
	int		 at, lines = 0;
	size_t		 len;
	FILE		*f = fopen(FIXTURE, "r");

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#' || sscanf(line, "%31s %n", name, &at) != 1)
			continue;
		lines++;
		len = hex_decode(line + at, raw);
		assert_int_equal(datagram_open(receiver, raw, len, &limits, &d,
		    symbol), fault_named(name));
	}
	fclose(f);
	assert_true(lines >= 8);
}

static void
our_bytes_are_those_of_the_fixture(void **state)
{
	char		 line[8192], *p = NULL;
	uint8_t		 symbol[64], raw[256], want[256];
	struct datagram	 d = sample();
	FILE		*f = fopen(FIXTURE, "r");

	(void)state;
	assert_non_null(f);
	while (p == NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "good ", 5) == 0)
			p = line + 5;
	fclose(f);
	assert_non_null(p);
	assert_int_equal(hex_decode(p, want), 128);
	symbol_fill(symbol, sizeof(symbol));
	assert_int_equal(datagram_seal(sender, &d, symbol, raw), ERR_OK);
	assert_memory_equal(raw, want, 128);
}

static void
no_flipped_bit_is_accepted(void **state)
{
	struct datagram	 d = sample(), out;
	uint8_t		 symbol[DATAGRAM_SYMBOL], raw[256];
	size_t		 bit;

	(void)state;
	symbol_fill(symbol, 64);
	assert_int_equal(datagram_seal(sender, &d, symbol, raw), ERR_OK);
	for (bit = 0; bit < 128 * 8; bit++) {
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(datagram_open(receiver, raw, 128, &limits,
		    &out, symbol), DATAGRAM_GOOD);
		raw[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(datagram_open(receiver, raw, 128, &limits, &out,
	    symbol), DATAGRAM_GOOD);
}

static void
every_length_but_one_is_refused(void **state)
{
	struct datagram	 d = sample(), out;
	uint8_t		 symbol[4096], raw[4096] = {0};
	size_t		 len;

	(void)state;
	symbol_fill(symbol, 64);
	assert_int_equal(datagram_seal(sender, &d, symbol, raw), ERR_OK);
	for (len = 0; len < 2000; len++) {
		enum datagram_fault	 f = datagram_open(receiver, raw, len,
					    &limits, &out, symbol);

		if (len < 5)
			assert_int_equal(f, DATAGRAM_FOREIGN);
		else if (len < 128)
			assert_int_equal(f, DATAGRAM_TRUNCATED);
		else if (len > 128)
			assert_int_equal(f, DATAGRAM_OVERLONG);
		else
			assert_int_equal(f, DATAGRAM_GOOD);
	}
}

static void
a_key_of_another_link_opens_nothing(void **state)
{
	struct datagram_keys	*stranger;
	struct datagram		 d = sample(), out;
	uint8_t			 symbol[4096], raw[256];

	(void)state;
	assert_int_equal(datagram_keys_new(two, NULL, &stranger), ERR_OK);
	assert_int_equal(datagram_seal(sender, &d, symbol, raw), ERR_OK);
	assert_int_equal(datagram_open(stranger, raw, 128, &limits, &out,
	    symbol), DATAGRAM_FORGED);
	d.flags |= DATAGRAM_SLOT_2;	/* a slot it does not have */
	assert_int_equal(datagram_seal(sender, &d, symbol, raw), ERR_OK);
	assert_int_equal(datagram_open(stranger, raw, 128, &limits, &out,
	    symbol), DATAGRAM_FORGED);
	assert_int_equal(datagram_seal(stranger, &d, symbol, raw), ERR_CRYPTO);
	datagram_keys_free(stranger);
}

/* Sealed well by the sender, and still nonsense. */
static void
fields_beyond_their_bounds_are_contradictory(void **state)
{
	struct datagram	 d, out;

	(void)state;
#define WRONG(change) do { \
		d = sample(); \
		change; \
		assert_int_equal(trip(&d, &out), DATAGRAM_CONTRADICTORY); \
	} while (0)
	WRONG(d.type = 3);
	WRONG(d.type = 0);
	WRONG(d.flags |= 0x10);
	WRONG(d.flags |= DATAGRAM_REPEAT);
	WRONG(d.flags |= DATAGRAM_JUMBO);
	WRONG(d.flags = 0);
	WRONG(d.round = 1);
	WRONG(d.epoch = 5);
	WRONG(d.seq = 0);
	WRONG(d.object = 0);
	WRONG(d.object = UINT64_MAX);
	WRONG(d.block = 3);
	WRONG(d.block = 1);
	WRONG(d.blocks = 0);
	WRONG(d.blocks = 1001; d.block = 1000);
	WRONG(d.k = 0);
	WRONG(d.k = 65);
	WRONG(d.m = 65);
	WRONG(d.index = 5);
	WRONG(d.index = 63);
	WRONG(d.index = 255);
	WRONG(d.len = 63);
	WRONG(d.len = 0);
	WRONG(d.last = 0);
	WRONG(d.last = 65);
	WRONG(d.type = DATAGRAM_PAD);
	WRONG(d.k = 64; d.flags = 0; d.block = 0);
#undef WRONG
}

static void
of_a_million_forgeries_none_is_accepted(void **state)
{
	struct datagram	 d = sample(), out;
	uint8_t		 symbol[DATAGRAM_SYMBOL], raw[256], bad[256];
	unsigned	 i, n;

	(void)state;
	symbol_fill(symbol, 64);
	assert_int_equal(datagram_seal(sender, &d, symbol, raw), ERR_OK);
	srand(1);
	for (i = 0; i < 1000000; i++) {
		memcpy(bad, raw, 128);
		/* Never an even number of changes at one place. */
		for (n = 0; n <= i % 4; n++)
			bad[5 + n * 30 + (unsigned)rand() % 30] ^=
			    (uint8_t)(1 + rand() % 255);
		assert_int_not_equal(datagram_open(receiver, bad, 128, &limits,
		    &out, symbol), DATAGRAM_GOOD);
	}
}

static void
the_symbol_fits_the_mtu(void **state)
{
	(void)state;
	assert_int_equal(datagram_symbol(1500, 0), 1408);
	assert_int_equal(datagram_symbol(1500, 1), 1344);
	assert_int_equal(datagram_symbol(9000, 0), 8896);
	assert_int_equal(datagram_symbol(9216, 0), DATAGRAM_SYMBOL_MAX);
	assert_int_equal(datagram_symbol(100, 0), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_sealed_is_opened),
		cmocka_unit_test(the_fixture_is_decoded),
		cmocka_unit_test(our_bytes_are_those_of_the_fixture),
		cmocka_unit_test(no_flipped_bit_is_accepted),
		cmocka_unit_test(every_length_but_one_is_refused),
		cmocka_unit_test(a_key_of_another_link_opens_nothing),
		cmocka_unit_test(fields_beyond_their_bounds_are_contradictory),
		cmocka_unit_test(of_a_million_forgeries_none_is_accepted),
		cmocka_unit_test(the_symbol_fits_the_mtu),
	};

	(void)argc;
	(void)argv;
	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
