/* Keys, signatures and seals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"

static char		 dir[] = "/tmp/limpid-crypto-XXXXXX";
static struct key	*box, *box_pub, *other_box, *sig, *sig_pub;

struct buffer { uint8_t *data; size_t len; int calls_left; };

static int
collect(void *arg, const uint8_t *data, size_t len)
{
	struct buffer	*b = arg;

	if (b->calls_left-- == 0)
		return ERR_FULL;
	b->data = realloc(b->data, b->len + len + 1);
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return ERR_OK;
}

static const char *
at(const char *name)
{
	static char	 path[4][256];
	static int	 n;

	snprintf(path[n & 3], sizeof(path[0]), "%s/%s", dir, name);
	return path[n++ & 3];
}

static int
setup(void **state)
{
	int	 fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(key_create(fd, "box", KEY_X25519), ERR_OK);
	assert_int_equal(key_create(fd, "other", KEY_X25519), ERR_OK);
	assert_int_equal(key_create(fd, "sig", KEY_ED25519), ERR_OK);
	assert_int_equal(key_create(fd, "sig", KEY_ED25519), ERR_EXISTS);
	close(fd);
	assert_int_equal(key_load_private(at("box.key"), KEY_X25519, &box),
	    ERR_OK);
	assert_int_equal(key_load_public(at("box.pub"), KEY_X25519, &box_pub),
	    ERR_OK);
	assert_int_equal(key_load_private(at("other.key"), KEY_X25519,
	    &other_box), ERR_OK);
	assert_int_equal(key_load_private(at("sig.key"), KEY_ED25519, &sig),
	    ERR_OK);
	assert_int_equal(key_load_public(at("sig.pub"), KEY_ED25519, &sig_pub),
	    ERR_OK);
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "box.key", "box.pub", "other.key",
	    "other.pub", "sig.key", "sig.pub", "bad" };
	size_t	 i;

	(void)state;
	key_free(box);
	key_free(box_pub);
	key_free(other_box);
	key_free(sig);
	key_free(sig_pub);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(at(names[i]));
	return rmdir(dir);
}

static void
key_files_have_narrow_modes_and_equal_ids(void **state)
{
	struct stat	 st;
	uint8_t		 a[8], b[8];

	(void)state;
	assert_int_equal(stat(at("box.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(stat(at("box.pub"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	key_id(box, a);
	key_id(box_pub, b);
	assert_memory_equal(a, b, 8);
	key_id(other_box, b);
	assert_memory_not_equal(a, b, 8);
}

static void
wrong_key_files_are_refused(void **state)
{
	struct key	*k = NULL;
	int		 fd;

	(void)state;
	assert_int_equal(key_load_private(at("none"), KEY_X25519, &k),
	    ERR_NOTFOUND);
	assert_int_equal(key_load_private(at("sig.key"), KEY_X25519, &k),
	    ERR_CRYPTO);
	assert_int_equal(key_load_private(at("sig.pub"), KEY_ED25519, &k),
	    ERR_CRYPTO);
	assert_int_equal(key_load_public(at("sig.key"), KEY_ED25519, &k),
	    ERR_CRYPTO);
	fd = open(at("bad"), O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "rubbish\n", 8), 8);
	close(fd);
	assert_int_equal(key_load_public(at("bad"), KEY_ED25519, &k),
	    ERR_CRYPTO);
	assert_null(k);
}

static void
sha256_is_sha256(void **state)
{
	static const uint8_t	 abc[4] = { 0xba, 0x78, 0x16, 0xbf };
	uint8_t			 a[SHA256_BYTES], b[SHA256_BYTES];
	struct hash		*h = hash_new();

	(void)state;
	assert_int_equal(sha256("abc", 3, a), ERR_OK);
	assert_memory_equal(a, abc, 4);
	assert_int_equal(hash_update(h, "a", 1), ERR_OK);
	assert_int_equal(hash_update(h, "bc", 2), ERR_OK);
	assert_int_equal(hash_final(h, b), ERR_OK);
	assert_memory_equal(a, b, SHA256_BYTES);
	hash_free(NULL);
}

static void
a_signature_holds_for_its_digest_context_and_key(void **state)
{
	uint8_t	 digest[SHA256_BYTES] = {1}, s[CRYPTO_SIG_BYTES];
	size_t	 i;

	(void)state;
	assert_int_equal(sign_digest(sig, "ctx", digest, s), ERR_OK);
	assert_int_equal(verify_digest(sig_pub, "ctx", digest, s), ERR_OK);
	assert_int_equal(verify_digest(sig_pub, "cty", digest, s), ERR_CRYPTO);
	digest[31] ^= 1;
	assert_int_equal(verify_digest(sig_pub, "ctx", digest, s), ERR_CRYPTO);
	digest[31] ^= 1;
	for (i = 0; i < sizeof(s); i++) {
		s[i] ^= 0x10;
		assert_int_equal(verify_digest(sig_pub, "ctx", digest, s),
		    ERR_CRYPTO);
		s[i] ^= 0x10;
	}
}

static void
sealed(const void *data, size_t len, const char *aad, struct buffer *out)
{
	struct seal	*s = NULL;

	*out = (struct buffer){ .calls_left = -1 };
	assert_int_equal(seal_new(box_pub, "ctx", (const uint8_t *)aad,
	    strlen(aad), collect, out, &s), ERR_OK);
	assert_int_equal(seal_write(s, data, len), ERR_OK);
	assert_int_equal(seal_finish(s), ERR_OK);
	seal_free(s);
	assert_int_equal(out->len, seal_size(len));
}

/* Opens in two writes, split at `split`. */
static int
opened(const struct key *k, const char *ctx, const char *aad,
    const struct buffer *in, size_t len, size_t split, struct buffer *out)
{
	struct unseal	*u = NULL;
	int		 r;

	*out = (struct buffer){ .calls_left = -1 };
	assert_int_equal(unseal_new(k, ctx, (const uint8_t *)aad, strlen(aad),
	    collect, out, &u), ERR_OK);
	r = unseal_write(u, in->data, split);
	if (r == ERR_OK)
		r = unseal_write(u, in->data + split, len - split);
	if (r == ERR_OK)
		r = unseal_finish(u);
	unseal_free(u);
	return r;
}

static void
what_is_sealed_opens_at_every_size_near_a_chunk(void **state)
{
	static const size_t	 sizes[] = { 0, 1, 15, 16, SEAL_CHUNK - 1,
				    SEAL_CHUNK, SEAL_CHUNK + 1,
				    2 * SEAL_CHUNK, 2 * SEAL_CHUNK + 7 };
	uint8_t			*plain = malloc(3 * SEAL_CHUNK);
	struct buffer		 in, out;
	size_t			 i;

	(void)state;
	for (i = 0; i < 3 * SEAL_CHUNK; i++)
		plain[i] = (uint8_t)(i * 31 >> 5);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		sealed(plain, sizes[i], "aad", &in);
		assert_int_equal(opened(box, "ctx", "aad", &in, in.len,
		    in.len / 2, &out), ERR_OK);
		assert_int_equal(out.len, sizes[i]);
		if (out.len > 0)
			assert_memory_equal(out.data, plain, out.len);
		free(in.data);
		free(out.data);
	}
	free(plain);
}

static void
a_seal_opens_from_every_split(void **state)
{
	struct buffer	 in, out;
	size_t		 split;

	(void)state;
	sealed("some words", 10, "", &in);
	for (split = 0; split <= in.len; split++) {
		assert_int_equal(opened(box, "ctx", "", &in, in.len, split,
		    &out), ERR_OK);
		assert_int_equal(out.len, 10);
		assert_memory_equal(out.data, "some words", 10);
		free(out.data);
	}
	free(in.data);
}

static void
a_seal_written_in_bits_is_one_seal(void **state)
{
	struct buffer	 in = { .calls_left = -1 }, out;
	struct seal	*s = NULL;
	size_t		 i;

	(void)state;
	assert_int_equal(seal_new(box_pub, "ctx", NULL, 0, collect, &in, &s),
	    ERR_OK);
	for (i = 0; i < SEAL_CHUNK + 100; i++)
		assert_int_equal(seal_write(s, "x", 1), ERR_OK);
	assert_int_equal(seal_finish(s), ERR_OK);
	seal_free(s);
	assert_int_equal(opened(box, "ctx", "", &in, in.len, 0, &out), ERR_OK);
	assert_int_equal(out.len, SEAL_CHUNK + 100);
	free(in.data);
	free(out.data);
}

static void
every_flipped_byte_is_refused(void **state)
{
	struct buffer	 in, out;
	size_t		 i;

	(void)state;
	sealed("some words", 10, "aad", &in);
	for (i = 0; i < in.len; i++) {
		in.data[i] ^= 0x01;
		assert_int_equal(opened(box, "ctx", "aad", &in, in.len, 0,
		    &out), ERR_CRYPTO);
		assert_int_equal(out.len, 0);
		in.data[i] ^= 0x01;
	}
	free(in.data);
}

static void
every_cut_is_refused(void **state)
{
	struct buffer	 in, out;
	size_t		 n;
	int		 r;

	(void)state;
	sealed("some words", 10, "", &in);
	for (n = 0; n < in.len; n++) {
		r = opened(box, "ctx", "", &in, n, 0, &out);
		assert_true(r == ERR_SHORT || r == ERR_CRYPTO);
		assert_int_equal(out.len, 0);
	}
	free(in.data);
}

static void
chunks_cannot_be_dropped_or_swapped(void **state)
{
	const size_t	 chunk = SEAL_CHUNK + SEAL_TAG;
	uint8_t		*plain = calloc(3, SEAL_CHUNK), *hold = malloc(chunk);
	struct buffer	 in, out;

	(void)state;
	sealed(plain, 3 * SEAL_CHUNK, "", &in);
	/* the last chunk is cut off cleanly */
	assert_int_equal(opened(box, "ctx", "", &in, in.len - chunk, 0, &out),
	    ERR_SHORT);
	free(out.data);
	/* the first two change places */
	memcpy(hold, in.data + 32, chunk);
	memmove(in.data + 32, in.data + 32 + chunk, chunk);
	memcpy(in.data + 32 + chunk, hold, chunk);
	assert_int_equal(opened(box, "ctx", "", &in, in.len, 0, &out),
	    ERR_CRYPTO);
	assert_int_equal(out.len, 0);
	free(in.data);
	free(hold);
	free(plain);
}

static void
another_key_context_or_aad_does_not_open(void **state)
{
	struct buffer	 in, out;

	(void)state;
	sealed("some words", 10, "aad", &in);
	assert_int_equal(opened(other_box, "ctx", "aad", &in, in.len, 0, &out),
	    ERR_CRYPTO);
	assert_int_equal(opened(box, "cty", "aad", &in, in.len, 0, &out),
	    ERR_CRYPTO);
	assert_int_equal(opened(box, "ctx", "aae", &in, in.len, 0, &out),
	    ERR_CRYPTO);
	free(in.data);
}

static void
a_degenerate_ephemeral_key_is_refused(void **state)
{
	struct buffer	 in, out;

	(void)state;
	sealed("some words", 10, "", &in);
	memset(in.data, 0, CRYPTO_KEY_BYTES);
	assert_int_equal(opened(box, "ctx", "", &in, in.len, 0, &out),
	    ERR_CRYPTO);
	free(in.data);
}

static void
the_sinks_error_travels_up(void **state)
{
	uint8_t		*plain = calloc(2, SEAL_CHUNK);
	struct buffer	 in = { .calls_left = 1 };
	struct seal	*s = NULL;

	(void)state;
	assert_int_equal(seal_new(box_pub, "ctx", NULL, 0, collect, &in, &s),
	    ERR_OK);
	assert_int_equal(seal_write(s, plain, 2 * SEAL_CHUNK), ERR_FULL);
	seal_free(s);
	free(in.data);
	free(plain);
}

static void
two_seals_of_one_text_differ(void **state)
{
	struct buffer	 a, b;

	(void)state;
	sealed("x", 1, "", &a);
	sealed("x", 1, "", &b);
	assert_memory_not_equal(a.data, b.data, a.len);
	free(a.data);
	free(b.data);
}

static void
secrets_compare(void **state)
{
	uint8_t	 a[40], b[40] = {0};

	(void)state;
	assert_int_equal(random_bytes(a, sizeof(a)), ERR_OK);
	assert_int_not_equal(secret_differs(a, b, sizeof(a)), 0);
	assert_int_equal(secret_differs(a, a, sizeof(a)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_files_have_narrow_modes_and_equal_ids),
		cmocka_unit_test(wrong_key_files_are_refused),
		cmocka_unit_test(sha256_is_sha256),
		cmocka_unit_test(
		    a_signature_holds_for_its_digest_context_and_key),
		cmocka_unit_test(
		    what_is_sealed_opens_at_every_size_near_a_chunk),
		cmocka_unit_test(a_seal_opens_from_every_split),
		cmocka_unit_test(a_seal_written_in_bits_is_one_seal),
		cmocka_unit_test(every_flipped_byte_is_refused),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(chunks_cannot_be_dropped_or_swapped),
		cmocka_unit_test(another_key_context_or_aad_does_not_open),
		cmocka_unit_test(a_degenerate_ephemeral_key_is_refused),
		cmocka_unit_test(the_sinks_error_travels_up),
		cmocka_unit_test(two_seals_of_one_text_differ),
		cmocka_unit_test(secrets_compare),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
