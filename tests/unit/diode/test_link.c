/*
 * Link headers and fragment headers: what goes in comes out, and one changed byte
 * anywhere is refused.
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
#include "link_private.h"

struct keys {
	char		 dir[64];
	struct key	*private, *public, *other;
};

static int
keys_setup(void **state)
{
	struct keys	*k = calloc(1, sizeof(*k));
	char		 path[128];
	int		 fd;

	strcpy(k->dir, "/tmp/limpid-link-XXXXXX");
	assert_non_null(mkdtemp(k->dir));
	fd = open(k->dir, O_RDONLY|O_DIRECTORY);
	assert_int_equal(key_create(fd, "a", KEY_ED25519), ERR_OK);
	assert_int_equal(key_create(fd, "b", KEY_ED25519), ERR_OK);
	close(fd);
	snprintf(path, sizeof(path), "%s/a.key", k->dir);
	assert_int_equal(key_load_private(path, KEY_ED25519, &k->private),
	    ERR_OK);
	snprintf(path, sizeof(path), "%s/a.pub", k->dir);
	assert_int_equal(key_load_public(path, KEY_ED25519, &k->public),
	    ERR_OK);
	snprintf(path, sizeof(path), "%s/b.pub", k->dir);
	assert_int_equal(key_load_public(path, KEY_ED25519, &k->other), ERR_OK);
	*state = k;
	return 0;
}

static int
keys_teardown(void **state)
{
	struct keys	*k = *state;
	char		 cmd[128];

	key_free(k->private);
	key_free(k->public);
	key_free(k->other);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", k->dir);
	assert_int_equal(system(cmd), 0);
	free(k);
	return 0;
}

static void
header_make(struct keys *k, struct link_header *h, uint8_t out[LINK_HEADER])
{
	memset(h, 0, sizeof(*h));
	h->link = 1;
	h->class = LINK_MAIL;
	h->seq = 0x0102030405060708;
	memset(h->prev, 0x11, 32);
	h->parcel_len = 12345;
	memset(h->trailer_hash, 0x22, 32);
	h->made_ms = 1700000000000;
	assert_int_equal(link_header_encode(h, k->private, out), ERR_OK);
}

static void
test_a_header_comes_out_as_it_went_in(void **state)
{
	struct keys		*k = *state;
	struct link_header	 h, back;
	uint8_t			 raw[LINK_HEADER];

	header_make(k, &h, raw);
	assert_int_equal(link_header_decode(raw, k->public, 1, &back), ERR_OK);
	assert_int_equal(back.link, h.link);
	assert_int_equal(back.class, h.class);
	assert_int_equal(back.seq, h.seq);
	assert_int_equal(back.parcel_len, h.parcel_len);
	assert_int_equal(back.made_ms, h.made_ms);
	assert_memory_equal(back.prev, h.prev, 32);
	assert_memory_equal(back.trailer_hash, h.trailer_hash, 32);
}

static void
test_a_header_is_laid_out_as_the_protocol_says(void **state)
{
	struct link_header	 h;
	uint8_t			 raw[LINK_HEADER];

	header_make(*state, &h, raw);
	assert_memory_equal(raw, "LMPO\1\1\1\0", 8);
	assert_memory_equal(raw + 8, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
	assert_int_equal(raw[16], 0x11);
	assert_memory_equal(raw + 48, "\x39\x30\0\0\0\0\0\0", 8);
	assert_int_equal(raw[56], 0x22);
	assert_int_equal(raw[87], 0x22);
}

static void
test_the_same_header_is_signed_the_same(void **state)
{
	struct link_header	 h;
	uint8_t			 a[LINK_HEADER], b[LINK_HEADER];

	header_make(*state, &h, a);
	header_make(*state, &h, b);
	assert_memory_equal(a, b, LINK_HEADER);
}

static void
test_every_changed_byte_is_refused(void **state)
{
	struct keys		*k = *state;
	struct link_header	 h;
	uint8_t			 raw[LINK_HEADER];
	size_t			 i;

	header_make(k, &h, raw);
	for (i = 0; i < LINK_HEADER; i++) {
		raw[i] ^= 1;
		assert_int_not_equal(link_header_decode(raw, k->public, 1, &h),
		    ERR_OK);
		raw[i] ^= 1;
	}
	assert_int_equal(link_header_decode(raw, k->public, 1, &h), ERR_OK);
}

static void
test_another_signer_or_link_is_refused(void **state)
{
	struct keys		*k = *state;
	struct link_header	 h;
	uint8_t			 raw[LINK_HEADER];

	header_make(k, &h, raw);
	assert_int_equal(link_header_decode(raw, k->other, 1, &h), ERR_CRYPTO);
	assert_int_equal(link_header_decode(raw, k->public, 2, &h), ERR_FORMAT);
}

static void
test_a_signed_header_without_sense_is_refused(void **state)
{
	struct keys		*k = *state;
	struct link_header	 h, bad;
	uint8_t			 raw[LINK_HEADER];

	header_make(k, &h, raw);
	bad = h;
	bad.seq = 0;
	assert_int_equal(link_header_encode(&bad, k->private, raw), ERR_OK);
	assert_int_equal(link_header_decode(raw, k->public, 1, &h), ERR_FORMAT);
	bad.seq = 1;
	bad.class = 9;
	assert_int_equal(link_header_encode(&bad, k->private, raw), ERR_OK);
	assert_int_equal(link_header_decode(raw, k->public, 1, &h), ERR_FORMAT);
}

static void
fragment_is(uint32_t index, uint32_t count, size_t chunk, int want)
{
	static uint8_t		 message[LINK_MESSAGE + 1];
	struct link_fragment	 f = { 7, 9, index, count }, back;

	link_fragment_encode(&f, message);
	assert_int_equal(link_fragment_decode(message, LINK_FRAGMENT + chunk,
	    &back), want);
	if (want == ERR_OK)
		assert_memory_equal(&back, &f, sizeof(f));
}

static void
test_fragments_have_exactly_the_size_that_their_place_demands(void **state)
{
	(void)state;
	fragment_is(0, 1, LINK_HEADER + 1, ERR_OK);
	fragment_is(0, 1, LINK_CHUNK, ERR_OK);
	fragment_is(0, 2, LINK_CHUNK, ERR_OK);
	fragment_is(1, 2, 1, ERR_OK);
	fragment_is(0, 1, LINK_HEADER, ERR_FORMAT);
	fragment_is(0, 2, LINK_CHUNK - 1, ERR_FORMAT);
	fragment_is(1, 2, 0, ERR_FORMAT);
	fragment_is(1, 2, LINK_CHUNK + 1, ERR_FORMAT);
	fragment_is(2, 2, 5, ERR_FORMAT);
	fragment_is(0, 0, 500, ERR_FORMAT);
}

static void
test_a_cut_fragment_is_refused_at_every_length(void **state)
{
	struct link_fragment	 f = { 7, 9, 0, 1 };
	uint8_t			 message[LINK_FRAGMENT + LINK_HEADER + 10];
	size_t			 len;

	(void)state;
	memset(message, 0, sizeof(message));
	link_fragment_encode(&f, message);
	for (len = 0; len <= LINK_FRAGMENT + LINK_HEADER; len++)
		assert_int_not_equal(link_fragment_decode(message, len, &f),
		    ERR_OK);
	message[5] = 1;
	assert_int_equal(link_fragment_decode(message, sizeof(message), &f),
	    ERR_FORMAT);
}

static void
address_is(const char *text, int want)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	char			*why;

	assert_int_equal(link_address_find(text, "tcp", &ss, &len, &why), want);
	assert_true((why != NULL) == (want != ERR_OK));
	free(why);
}

static void
test_addresses_are_read_or_refused_with_a_sentence(void **state)
{
	(void)state;
	address_is("tcp://127.0.0.1:7101", ERR_OK);
	address_is("tcp://[::1]:7101", ERR_OK);
	address_is("tcp://*:7101", ERR_OK);
	address_is("tcp://127.0.0.1", ERR_CONFIG);
	address_is("tcp://127.0.0.1:", ERR_CONFIG);
	address_is("tcp://:7101", ERR_CONFIG);
	address_is("tcp://[::1:7101", ERR_CONFIG);
	address_is("tcp://127.0.0.1:x", ERR_CONFIG);
	address_is("tcp://127.0.0.1:123456", ERR_CONFIG);
	address_is("udp://127.0.0.1:1", ERR_CONFIG);
	address_is("", ERR_CONFIG);
}

static void
test_the_link_option_is_taken_out(void **state)
{
	char	 a[] = "p", b[] = "--link", c[] = "2", d[] = "-n";
	char	 e[] = "--link=3";
	char	*argv[] = { a, b, c, d, NULL }, *wrong[] = { a, e, NULL };
	int	 argc = 4;

	(void)state;
	assert_int_equal(link_option_take(&argc, argv), 2);
	assert_int_equal(argc, 2);
	assert_string_equal(argv[1], "-n");
	assert_null(argv[2]);
	argc = 2;
	assert_int_equal(link_option_take(&argc, wrong), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_header_comes_out_as_it_went_in),
		cmocka_unit_test(test_a_header_is_laid_out_as_the_protocol_says),
		cmocka_unit_test(test_the_same_header_is_signed_the_same),
		cmocka_unit_test(test_every_changed_byte_is_refused),
		cmocka_unit_test(test_another_signer_or_link_is_refused),
		cmocka_unit_test(test_a_signed_header_without_sense_is_refused),
		cmocka_unit_test(
		    test_fragments_have_exactly_the_size_that_their_place_demands),
		cmocka_unit_test(test_a_cut_fragment_is_refused_at_every_length),
		cmocka_unit_test(
		    test_addresses_are_read_or_refused_with_a_sentence),
		cmocka_unit_test(test_the_link_option_is_taken_out),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
