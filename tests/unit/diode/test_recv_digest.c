/*
 * The digest of a parcel against the definition: a hash of hashes, piece by piece.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "recv_digest.h"

#define MOST	(40 * PIECE_BYTES + 1)

static uint8_t			*bytes;
static FILE			*file;
static struct recv_digest	*digest;

static int
setup(void **state)
{
	size_t	 i;

	(void)state;
	digest = recv_digest_new();
	bytes = malloc(MOST);
	file = tmpfile();
	if (digest == NULL || bytes == NULL || file == NULL)
		return -1;
	srand(56);
	for (i = 0; i < MOST; i++)
		bytes[i] = (uint8_t)rand();
	return fwrite(bytes, 1, MOST, file) == MOST && fflush(file) == 0 ? 0 :
	    -1;
}

static int
teardown(void **state)
{
	(void)state;
	recv_digest_free(digest);
	fclose(file);
	free(bytes);
	return 0;
}

static void
by_definition(size_t len, uint8_t out[SHA256_BYTES])
{
	uint8_t	 list[(MOST / PIECE_BYTES + 1) * SHA256_BYTES];
	size_t	 at, n, count = 0;

	for (at = 0; at < len; at += PIECE_BYTES) {
		n = len - at < PIECE_BYTES ? len - at : PIECE_BYTES;
		assert_int_equal(sha256(bytes + at, n, list + SHA256_BYTES *
		    count++), ERR_OK);
	}
	assert_int_equal(sha256(list, count * SHA256_BYTES, out), ERR_OK);
}

/* What makers of parcels use, fed in steps that fit nothing. */
static void
in_steps(size_t len, size_t step, uint8_t out[SHA256_BYTES])
{
	struct pieces	*p = pieces_new();
	size_t		 at;

	assert_non_null(p);
	for (at = 0; at < len; at += step)
		assert_int_equal(pieces_update(p, bytes + at, len - at < step ?
		    len - at : step), ERR_OK);
	assert_int_equal(pieces_final(p, out), ERR_OK);
}

/* Few pieces and many, whole and cut, one reading and several. */
static void
every_size_is_what_the_definition_says(void **state)
{
	static const int	 around[] = { -1, 0, 1, 55, 64 };
	uint8_t			 got[SHA256_BYTES], want[SHA256_BYTES];
	size_t			 pieces, i, len;

	(void)state;
	for (pieces = 0; pieces <= 40; pieces++)
		for (i = 0; i < 5; i++) {
			if (pieces == 0 && around[i] <= 0)
				continue;
			len = pieces * PIECE_BYTES + (size_t)around[i];
			if (len > MOST)
				continue;
			by_definition(len, want);
			assert_int_equal(recv_digest_file(digest, fileno(file),
			    len, got), ERR_OK);
			assert_memory_equal(got, want, SHA256_BYTES);
			in_steps(len, 1 + len / 3, got);
			assert_memory_equal(got, want, SHA256_BYTES);
			in_steps(len, 5 * PIECE_BYTES / 2, got);
			assert_memory_equal(got, want, SHA256_BYTES);
		}
}

static void
a_file_that_ends_early_has_none(void **state)
{
	uint8_t	 sum[SHA256_BYTES];

	(void)state;
	assert_int_equal(recv_digest_file(digest, fileno(file), MOST + 1, sum),
	    ERR_SYS);
	assert_int_equal(recv_digest_file(digest, -1, 10, sum), ERR_SYS);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(every_size_is_what_the_definition_says),
		cmocka_unit_test(a_file_that_ends_early_has_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
