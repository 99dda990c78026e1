/* Parcels: whole, cut, flipped, lengthened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "parcel.h"
#include "parcel_private.h"
#include "wire.h"

static struct key	*seal_key, *sign_key, *other_sign;

struct buffer { uint8_t data[200000]; size_t len; };

static int
collect(void *arg, const uint8_t *data, size_t len)
{
	struct buffer	*b = arg;

	if (len > sizeof(b->data) - b->len)
		return ERR_LIMIT;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return ERR_OK;
}

static int
setup(void **state)
{
	char	 dir[] = "/tmp/limpid-parcel-XXXXXX", cmd[128], path[128];
	int	 fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(key_create(fd, "a", KEY_X25519), ERR_OK);
	assert_int_equal(key_create(fd, "b", KEY_ED25519), ERR_OK);
	assert_int_equal(key_create(fd, "c", KEY_ED25519), ERR_OK);
	close(fd);
	snprintf(path, sizeof(path), "%s/a.key", dir);
	assert_int_equal(key_load_private(path, KEY_X25519, &seal_key), ERR_OK);
	snprintf(path, sizeof(path), "%s/b.key", dir);
	assert_int_equal(key_load_private(path, KEY_ED25519, &sign_key),
	    ERR_OK);
	snprintf(path, sizeof(path), "%s/c.key", dir);
	assert_int_equal(key_load_private(path, KEY_ED25519, &other_sign),
	    ERR_OK);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	return system(cmd);
}

static int
teardown(void **state)
{
	(void)state;
	key_free(seal_key);
	key_free(sign_key);
	key_free(other_sign);
	return 0;
}

static int
parcel_with(const void *body, size_t len)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = 1,
				    .created_ms = 1234567890123 };
	struct parcel_writer	*w = NULL;
	struct manifest		*m = manifest_new();
	int			 fd = memfd_create("parcel", MFD_CLOEXEC);

	memset(head.ref.b, 0xab, REF_BYTES);
	assert_int_equal(manifest_add(m, "sender", ""), ERR_OK);
	assert_int_equal(manifest_add(m, "rcpt", "a@b.tld"), ERR_OK);
	assert_int_equal(manifest_add(m, "rcpt", "\xe4\xbd\xa0@b.tld"), ERR_OK);
	assert_int_equal(parcel_writer_new(fd, &head, m, sign_key, seal_key,
	    &w), ERR_OK);
	assert_int_equal(parcel_writer_write(w, body, len), ERR_OK);
	assert_int_equal(parcel_writer_finish(w), ERR_OK);
	parcel_writer_free(w);
	manifest_free(m);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int
open_all(int fd, struct buffer *out)
{
	struct parcel_head	 head;
	struct manifest		*m = NULL;
	int			 r;

	out->len = 0;
	r = parcel_open(fd, sign_key, seal_key, &head, &m, collect, out);
	manifest_free(m);
	return r;
}

static void
a_parcel_opens_as_it_was_written(void **state)
{
	static struct buffer	 out;
	struct parcel_head	 head;
	struct manifest		*m = NULL;
	int			 fd = parcel_with("original", 8);

	(void)state;
	out.len = 0;
	assert_int_equal(parcel_open(fd, sign_key, seal_key, &head, &m, collect,
	    &out), ERR_OK);
	assert_int_equal(out.len, 8);
	assert_memory_equal(out.data, "original", 8);
	assert_int_equal(head.kind, PARCEL_MAIL);
	assert_int_equal(head.link, 1);
	assert_true(head.created_ms == 1234567890123);
	assert_int_equal(head.ref.b[11], 0xab);
	assert_int_equal(head.body_len, seal_size(8));
	assert_string_equal(manifest_find(m, "sender", 0), "");
	assert_string_equal(manifest_find(m, "rcpt", 0), "a@b.tld");
	assert_string_equal(manifest_find(m, "rcpt", 1),
	    "\xe4\xbd\xa0@b.tld");
	assert_null(manifest_find(m, "rcpt", 2));
	assert_null(manifest_find(m, "nonsense", 0));
	manifest_free(m);
	close(fd);
}

static void
a_large_body_passes(void **state)
{
	static struct buffer	 out, big;
	int			 fd;

	(void)state;
	memset(big.data, 'm', sizeof(big.data));
	fd = parcel_with(big.data, sizeof(big.data));
	assert_int_equal(open_all(fd, &out), ERR_OK);
	assert_int_equal(out.len, sizeof(big.data));
	close(fd);
}

static void
peek_reads_the_envelope_without_keys(void **state)
{
	struct parcel_head	 head;
	struct manifest		*m = NULL;
	int			 fd = parcel_with("x", 1);

	(void)state;
	assert_int_equal(parcel_peek(fd, &head, &m), ERR_OK);
	assert_string_equal(manifest_find(m, "rcpt", 0), "a@b.tld");
	manifest_free(m);
	assert_int_equal(parcel_peek(fd, &head, NULL), ERR_OK);
	close(fd);
}

static void
every_flipped_byte_is_refused(void **state)
{
	static struct buffer	 out;
	uint8_t			 b;
	int			 fd = parcel_with("some words", 10), r;
	off_t			 i, len = lseek(fd, 0, SEEK_END);

	(void)state;
	for (i = 0; i < len; i++) {
		assert_int_equal(pread(fd, &b, 1, i), 1);
		b ^= 0x04;
		assert_int_equal(pwrite(fd, &b, 1, i), 1);
		r = open_all(fd, &out);
		assert_true(r == ERR_CRYPTO || r == ERR_FORMAT ||
		    r == ERR_SHORT);
		assert_int_equal(out.len, 0);
		b ^= 0x04;
		assert_int_equal(pwrite(fd, &b, 1, i), 1);
	}
	assert_int_equal(open_all(fd, &out), ERR_OK);
	close(fd);
}

static void
every_truncation_is_short(void **state)
{
	static struct buffer	 out;
	int			 fd = parcel_with("some words", 10);
	off_t			 len = lseek(fd, 0, SEEK_END);

	(void)state;
	while (len-- > 0) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_int_equal(open_all(fd, &out), ERR_SHORT);
		assert_int_equal(out.len, 0);
	}
	close(fd);
}

static void
a_trailing_byte_is_refused(void **state)
{
	static struct buffer	 out;
	int			 fd = parcel_with("some words", 10);

	(void)state;
	lseek(fd, 0, SEEK_END);
	assert_int_equal(write(fd, "", 1), 1);
	assert_int_equal(open_all(fd, &out), ERR_FORMAT);
	close(fd);
}

static void
another_signer_is_refused(void **state)
{
	static struct buffer	 out;
	struct parcel_head	 head;
	int			 fd = parcel_with("some words", 10);

	(void)state;
	assert_int_equal(parcel_open(fd, other_sign, seal_key, &head, NULL,
	    collect, &out), ERR_CRYPTO);
	assert_int_equal(out.len, 0);
	close(fd);
}

/* Changes the body while its first part is being delivered. */
static int
change_under(void *arg, const uint8_t *data, size_t len)
{
	int	 fd = *(int *)arg;
	uint8_t	 b = (uint8_t)~data[0];

	(void)len;
	assert_int_equal(pwrite(fd, &b, 1, lseek(fd, 0, SEEK_END) -
	    PARCEL_TRAILER - 1), 1);
	return ERR_OK;
}

static void
a_file_changed_while_open_is_refused(void **state)
{
	static struct buffer	 big;
	struct parcel_head	 head;
	int			 fd;

	(void)state;
	fd = parcel_with(big.data, sizeof(big.data));
	assert_int_equal(parcel_open(fd, sign_key, seal_key, &head, NULL,
	    change_under, &fd), ERR_CRYPTO);
	close(fd);
}

static void
a_manifest_takes_only_its_grammar(void **state)
{
	char		 big[5000];
	struct manifest	*m = manifest_new();

	(void)state;
	assert_int_equal(manifest_add(m, "nonsense", "x"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "a\nrcpt b"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "a\x7f"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "\xff\xfe"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "\xc2\x85"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "\xc0\xaf"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "\xed\xa0\x80"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "\xe4\xbd"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "helo", "fine"), ERR_OK);
	assert_int_equal(manifest_add(m, "helo", "twice"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "size", "-1"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "size", ""), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "size", "12"), ERR_OK);
	assert_int_equal(manifest_add(m, "sha256", "abc"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "smtputf8", "no"), ERR_FORMAT);
	assert_int_equal(manifest_add(m, "smtputf8", "yes"), ERR_OK);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(manifest_add(m, "auth", big), ERR_LIMIT);
	manifest_free(m);
}

static void
a_manifest_has_a_largest_size(void **state)
{
	char		 value[1001];
	struct manifest	*m = manifest_new();
	int		 n = 0;

	(void)state;
	memset(value, 'x', 1000);
	value[1000] = '\0';
	while (manifest_add(m, "rcpt", value) == ERR_OK)
		n++;
	assert_int_equal(n, PARCEL_MANIFEST_MAX / 1006);
	manifest_free(m);
}

static int
decoded(const char *s, size_t len)
{
	struct manifest	*m = NULL;
	int		 r = manifest_decode((const uint8_t *)s, len, &m);

	if (r == ERR_OK)
		manifest_free(m);
	return r;
}

static void
manifest_lines_are_read_strictly(void **state)
{
	static const char	 good[] = "sender a@b\nrcpt \nrcpt c d\nsize 5\n";
	size_t			 n, lines = 0;

	(void)state;
	for (n = 0; n < sizeof(good) - 1; n++) {
		lines = n == 0 || good[n - 1] == '\n';
		assert_int_equal(decoded(good, n), lines ? ERR_OK : ERR_FORMAT);
	}
	assert_int_equal(decoded("sender\n", 7), ERR_FORMAT);
	assert_int_equal(decoded("\n", 1), ERR_FORMAT);
	assert_int_equal(decoded(" x\n", 3), ERR_FORMAT);
	assert_int_equal(decoded("sender a\0b\n", 11), ERR_FORMAT);
	assert_int_equal(decoded("sender a\nsender b\n", 18), ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parcel_opens_as_it_was_written),
		cmocka_unit_test(a_large_body_passes),
		cmocka_unit_test(peek_reads_the_envelope_without_keys),
		cmocka_unit_test(every_flipped_byte_is_refused),
		cmocka_unit_test(every_truncation_is_short),
		cmocka_unit_test(a_trailing_byte_is_refused),
		cmocka_unit_test(another_signer_is_refused),
		cmocka_unit_test(a_file_changed_while_open_is_refused),
		cmocka_unit_test(a_manifest_takes_only_its_grammar),
		cmocka_unit_test(a_manifest_has_a_largest_size),
		cmocka_unit_test(manifest_lines_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
