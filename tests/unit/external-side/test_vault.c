/* A mail on its way in: in memory, in its file, and into the vault. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "message.h"
#include "vault.h"
#include "wire.h"

static char		 dir[] = "/tmp/limpid-vault-XXXXXX";
static char		 path[256];
static struct key	*vault_key;
static int		 dirfd_;

struct buffer { uint8_t *data; size_t len; };

static int
collect(void *arg, const uint8_t *data, size_t len)
{
	struct buffer	*b = arg;

	b->data = realloc(b->data, b->len + len + 1);
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return ERR_OK;
}

static int
setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(key_create(dirfd_, "vault", KEY_X25519), ERR_OK);
	snprintf(path, sizeof(path), "%s/vault.key", dir);
	assert_int_equal(key_load_private(path, KEY_X25519, &vault_key),
	    ERR_OK);
	snprintf(path, sizeof(path), "%s/v", dir);
	return mkdir(path, 0700);
}

static int
teardown(void **state)
{
	char	 cmd[128];

	(void)state;
	key_free(vault_key);
	close(dirfd_);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static uint8_t *
pattern(size_t len)
{
	uint8_t	*p = malloc(len + 1);
	size_t	 i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 131 >> 7 ^ i);
	return p;
}

static struct message *
message_of(const uint8_t *data, size_t len, size_t step,
    uint8_t digest[SHA256_BYTES])
{
	struct message	*m = message_new(dirfd_);
	size_t		 at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < step ? len - at : step;
		assert_int_equal(message_write(m, data + at, n), ERR_OK);
	}
	assert_int_equal(message_finish(m, digest), ERR_OK);
	return m;
}

static void
a_message_gives_back_its_bytes_at_every_size(void **state)
{
	static const size_t	 sizes[] = { 0, 1, MESSAGE_HEAD - 1,
				    MESSAGE_HEAD, MESSAGE_HEAD + 1,
				    2 * MESSAGE_HEAD, 3 * MESSAGE_HEAD + 5 };
	uint8_t			*data = pattern(4 * MESSAGE_HEAD);
	uint8_t			 digest[SHA256_BYTES], want[SHA256_BYTES];
	struct buffer		 out;
	struct message		*m;
	size_t			 i, head;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		m = message_of(data, sizes[i], 997, digest);
		assert_int_equal(message_size(m), sizes[i]);
		sha256(data, sizes[i], want);
		assert_memory_equal(digest, want, SHA256_BYTES);
		out = (struct buffer){0};
		assert_int_equal(message_each(m, collect, &out), ERR_OK);
		assert_int_equal(out.len, sizes[i]);
		if (out.len > 0)
			assert_memory_equal(out.data, data, out.len);
		free(out.data);
		/* and a second time */
		out = (struct buffer){0};
		assert_int_equal(message_each(m, collect, &out), ERR_OK);
		assert_int_equal(out.len, sizes[i]);
		free(out.data);
		message_head(m, &head);
		assert_int_equal(head, sizes[i] < MESSAGE_HEAD ? sizes[i] :
		    MESSAGE_HEAD);
		message_free(m);
	}
	free(data);
}

/* Looks for needle in each nameless file of the folder behind our descriptors. */
static int
in_any_file(const char *needle)
{
	static uint8_t	 buf[1 << 20];
	struct dirent	*e;
	ssize_t		 n;
	DIR		*d = opendir("/proc/self/fd");
	int		 found = 0, looked = 0;

	while ((e = readdir(d)) != NULL) {
		char	 link[256] = "";
		int	 fd = atoi(e->d_name);

		if (readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1) ==
		    -1 || strstr(link, "(deleted)") == NULL ||
		    strncmp(link, dir, strlen(dir)) != 0)
			continue;
		looked++;
		if ((n = pread(fd, buf, sizeof(buf), 0)) > 0 &&
		    memmem(buf, (size_t)n, needle, strlen(needle)) != NULL)
			found = 1;
	}
	closedir(d);
	assert_int_equal(looked, 1);
	return found;
}

static void
the_file_of_a_message_is_not_plain_and_has_no_name(void **state)
{
	uint8_t		*data = pattern(4 * MESSAGE_HEAD);
	uint8_t		 digest[SHA256_BYTES];
	struct message	*m;
	struct dirent	*e;
	DIR		*d;

	(void)state;
	memcpy(data + 2 * MESSAGE_HEAD, "a very secret line of the mail", 30);
	m = message_of(data, 4 * MESSAGE_HEAD, 4096, digest);
	assert_false(in_any_file("a very secret line"));
	d = opendir(dir);
	while ((e = readdir(d)) != NULL)
		assert_null(strstr(e->d_name, "mail"));
	closedir(d);
	message_free(m);
	free(data);
}

static int
unseal_sink(void *arg, const uint8_t *data, size_t len)
{
	return collect(arg, data, len);
}

/* Opens a vault file with the private key. */
static int
vault_read(const char *file, struct buffer *out, uint8_t head[VAULT_HEADER])
{
	static uint8_t	 buf[1 << 20];
	struct unseal	*u = NULL;
	ssize_t		 n;
	int		 fd = open(file, O_RDONLY), r;

	assert_int_not_equal(fd, -1);
	n = read(fd, buf, sizeof(buf));
	close(fd);
	assert_true(n > VAULT_HEADER);
	memcpy(head, buf, VAULT_HEADER);
	assert_int_equal(unseal_new(vault_key, "limpid-vault-1", buf,
	    VAULT_HEADER, unseal_sink, out, &u), ERR_OK);
	if ((r = unseal_write(u, buf + VAULT_HEADER, (size_t)n - VAULT_HEADER))
	    == ERR_OK)
		r = unseal_finish(u);
	unseal_free(u);
	return r;
}

static void
vault_file(const struct ref *ref, char out[256])
{
	char	 text[REF_TEXT_LEN + 1];

	ref_format(ref, text);
	snprintf(out, 256, "%.100s/%.2s/%s.vlt", path, text + 3, text);
}

static void
an_original_comes_back_byte_by_byte(void **state)
{
	uint8_t		*data = pattern(200000), digest[SHA256_BYTES];
	uint8_t		 head[VAULT_HEADER];
	char		 file[256];
	struct buffer	 out = {0};
	struct vault	*v = NULL;
	struct message	*m = message_of(data, 200000, 5000, digest);
	struct ref	 ref;
	struct stat	 st;

	(void)state;
	ref_new(&ref);
	vault_file(&ref, file);
	assert_int_equal(vault_open(path, vault_key, &v), ERR_OK);
	assert_int_equal(vault_put(v, &ref, 1234, digest, m), ERR_OK);
	assert_int_equal(stat(file, &st), -1);
	assert_int_equal(vault_sync(v), ERR_OK);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0440, 0);
	assert_int_equal(vault_read(file, &out, head), ERR_OK);
	assert_int_equal(out.len, 200000);
	assert_memory_equal(out.data, data, out.len);
	assert_memory_equal(head, "LMPV\1\0\0\0", 8);
	assert_memory_equal(head + 8, ref.b, REF_BYTES);
	assert_memory_equal(head + 44, digest, SHA256_BYTES);
	free(out.data);
	/* the same again: the first one stays */
	assert_int_equal(vault_put(v, &ref, 99, digest, m), ERR_OK);
	assert_int_equal(vault_sync(v), ERR_OK);
	out = (struct buffer){0};
	assert_int_equal(vault_read(file, &out, head), ERR_OK);
	assert_int_equal(head[20] | head[21] << 8, 1234);
	free(out.data);
	vault_close(v);
	message_free(m);
	free(data);
}

static void
erasing_the_first_32_sealed_bytes_erases_the_mail(void **state)
{
	uint8_t		 digest[SHA256_BYTES], head[VAULT_HEADER];
	uint8_t		 zero[32] = {0};
	char		 file[256];
	struct buffer	 out = {0};
	struct vault	*v = NULL;
	struct message	*m = message_of((const uint8_t *)"mail", 4, 4, digest);
	struct ref	 ref;
	int		 fd;

	(void)state;
	ref_new(&ref);
	vault_file(&ref, file);
	assert_int_equal(vault_open(path, vault_key, &v), ERR_OK);
	assert_int_equal(vault_put(v, &ref, 1, digest, m), ERR_OK);
	assert_int_equal(vault_sync(v), ERR_OK);
	chmod(file, 0600);
	fd = open(file, O_WRONLY);
	assert_int_equal(pwrite(fd, zero, 32, VAULT_HEADER), 32);
	close(fd);
	assert_int_equal(vault_read(file, &out, head), ERR_CRYPTO);
	assert_int_equal(out.len, 0);
	vault_close(v);
	message_free(m);
}

static void
what_a_crash_left_is_swept(void **state)
{
	char		 left[300];
	struct vault	*v = NULL;
	int		 fd;

	(void)state;
	snprintf(left, sizeof(left), "%s/tmp/LM-LEFT", path);
	fd = open(left, O_CREAT | O_WRONLY, 0600);
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(vault_open(path, vault_key, &v), ERR_OK);
	assert_int_equal(access(left, F_OK), -1);
	vault_close(v);
}

static void
a_missing_folder_is_not_found(void **state)
{
	struct vault	*v = NULL;

	(void)state;
	assert_int_equal(vault_open("/nonexistent/vault", vault_key, &v),
	    ERR_NOTFOUND);
	assert_null(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_gives_back_its_bytes_at_every_size),
		cmocka_unit_test(
		    the_file_of_a_message_is_not_plain_and_has_no_name),
		cmocka_unit_test(an_original_comes_back_byte_by_byte),
		cmocka_unit_test(
		    erasing_the_first_32_sealed_bytes_erases_the_mail),
		cmocka_unit_test(what_a_crash_left_is_swept),
		cmocka_unit_test(a_missing_folder_is_not_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
