/*
 * Spool: every state a crash can leave behind, the order of claims, attempts,
 * high water, and files that do not belong there.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
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
#include "spool.h"

struct place {
	char		 dir[64];
	struct spool	*s;
};

static const struct ref some_ref = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 } };

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/limpid-spool-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(spool_create(p->dir), ERR_OK);
	assert_int_equal(spool_open(p->dir, 0, 0, &p->s), ERR_OK);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	spool_close(p->s);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static void
put(struct place *p, const char *text, char name[SPOOL_NAME_MAX + 1])
{
	int	 fd;

	assert_int_equal(spool_new_file(p->s, &some_ref, name, &fd), ERR_OK);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(spool_commit(p->s, name, fd), ERR_OK);
	close(fd);
}

static void
expect(struct place *p, uint64_t n, uint64_t w, uint64_t h, uint64_t sent)
{
	struct spool_stat	 st;

	assert_int_equal(spool_stat(p->s, &st), ERR_OK);
	assert_int_equal(st.new_count, n);
	assert_int_equal(st.work_count, w);
	assert_int_equal(st.held_count, h);
	assert_int_equal(st.sent_count, sent);
}

static void
claim(struct place *p, const char *text, unsigned attempt,
    char name[SPOOL_NAME_MAX + 1])
{
	char		 buf[64] = "";
	unsigned	 got;
	int		 fd;

	assert_int_equal(spool_claim(p->s, name, &fd, &got), ERR_OK);
	assert_int_equal(got, attempt);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, text);
	close(fd);
}

static void
test_a_parcel_goes_from_new_to_done(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];

	put(p, "one", name);
	assert_non_null(strstr(name, "LM-"));
	expect(p, 1, 0, 0, 0);
	claim(p, "one", 1, name);
	expect(p, 0, 1, 0, 0);
	assert_int_equal(spool_done(p->s, name), ERR_OK);
	expect(p, 0, 0, 0, 0);
	assert_int_equal(spool_done(p->s, name), ERR_NOTFOUND);
}

static void
test_the_oldest_is_claimed_first(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1], text[16];
	unsigned	 attempt;
	int		 fd, i;

	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%d", i);
		put(p, text, name);
	}
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%d", i);
		claim(p, text, 1, name);
	}
	assert_int_equal(spool_claim(p->s, name, &fd, &attempt), ERR_AGAIN);
}

static void
test_a_crash_before_commit_leaves_only_tmp(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1], out[SPOOL_NAME_MAX + 1];
	unsigned	 attempt;
	int		 fd;

	assert_int_equal(spool_new_file(p->s, &some_ref, name, &fd), ERR_OK);
	close(fd);
	spool_close(p->s);
	assert_int_equal(spool_open(p->dir, 0, 0, &p->s), ERR_OK);
	assert_int_equal(spool_claim(p->s, out, &fd, &attempt), ERR_AGAIN);
	assert_true(spool_in_tmp(p->s, name));
	assert_int_equal(spool_clear_tmp(p->s), 1);
	assert_false(spool_in_tmp(p->s, name));
}

static void
test_a_crash_in_work_goes_back_to_new_and_is_counted(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];

	put(p, "x", name);
	claim(p, "x", 1, name);
	assert_int_equal(spool_recover(p->s, 1), 1);
	expect(p, 1, 0, 0, 0);
	claim(p, "x", 2, name);
	assert_int_equal(spool_recover(p->s, 1), 1);
	claim(p, "x", 3, name);
	assert_int_equal(spool_recover(p->s, 1), 0);
	expect(p, 0, 0, 1, 0);
}

static void
test_a_kill_in_work_goes_back_to_new_uncounted(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];
	int		 i;

	put(p, "x", name);
	for (i = 0; i < 10; i++) {
		claim(p, "x", 1, name);
		assert_int_equal(spool_recover(p->s, 0), 1);
	}
	expect(p, 1, 0, 0, 0);
}

static void
test_the_third_failure_holds_with_its_reason(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1], path[300], why[64] = "";
	FILE		*f;

	put(p, "x", name);
	claim(p, "x", 1, name);
	assert_int_equal(spool_retry(p->s, name, "first"), 0);
	claim(p, "x", 2, name);
	assert_int_equal(spool_retry(p->s, name, "second"), 0);
	claim(p, "x", 3, name);
	assert_int_equal(spool_retry(p->s, name, "third\nline"), 1);
	expect(p, 0, 0, 1, 0);
	snprintf(path, sizeof(path), "%s/held/%s.why", p->dir, name);
	assert_non_null(f = fopen(path, "r"));
	assert_non_null(fgets(why, sizeof(why), f));
	assert_string_equal(why, "third\n");
	fclose(f);
}

static void
test_a_release_counts_nothing(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];
	int		 i;

	put(p, "x", name);
	for (i = 0; i < 10; i++) {
		claim(p, "x", 1, name);
		assert_int_equal(spool_release(p->s, name), ERR_OK);
	}
	expect(p, 1, 0, 0, 0);
}

static void
test_sent_is_kept_until_it_expires(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];

	put(p, "x", name);
	claim(p, "x", 1, name);
	assert_int_equal(spool_sent(p->s, name), ERR_OK);
	expect(p, 0, 0, 0, 1);
	assert_int_equal(spool_expire(p->s, 3600), 0);
	assert_int_equal(spool_expire(p->s, -1), 1);
	expect(p, 0, 0, 0, 0);
}

static void
test_a_second_commit_of_a_name_is_refused(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1], path[300];
	int		 fd;

	assert_int_equal(spool_new_file(p->s, &some_ref, name, &fd), ERR_OK);
	snprintf(path, sizeof(path), "%s/new/%s", p->dir, name);
	close(open(path, O_CREAT|O_WRONLY, 0600));
	assert_int_equal(spool_commit(p->s, name, fd), ERR_EXISTS);
	close(fd);
}

static void
test_high_water_says_full_and_recovers(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1], out[SPOOL_NAME_MAX + 1];
	int		 fd;

	spool_close(p->s);
	assert_int_equal(spool_open(p->dir, 10, 0, &p->s), ERR_OK);
	put(p, "0123456789abcdef", name);
	assert_int_equal(spool_new_file(p->s, &some_ref, out, &fd), ERR_FULL);
	claim(p, "0123456789abcdef", 1, name);
	assert_int_equal(spool_new_file(p->s, &some_ref, out, &fd), ERR_FULL);
	assert_int_equal(spool_done(p->s, name), ERR_OK);
	assert_int_equal(spool_new_file(p->s, &some_ref, out, &fd), ERR_OK);
	close(fd);
}

static void
test_too_little_free_disk_says_full(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];
	int		 fd;

	spool_close(p->s);
	assert_int_equal(spool_open(p->dir, 0, UINT64_MAX, &p->s), ERR_OK);
	assert_int_equal(spool_new_file(p->s, &some_ref, name, &fd), ERR_FULL);
	spool_close(p->s);
	assert_int_equal(spool_open(p->dir, 0, 1, &p->s), ERR_OK);
	assert_int_equal(spool_check_room(p->s, 1), ERR_OK);
	assert_int_equal(spool_check_room(p->s, INT64_MAX), ERR_FULL);
}

static void
test_foreign_names_and_kinds_never_reach_the_consumer(void **state)
{
	struct place	*p = *state;
	static const char *const names[] = { "README", ".hidden.a0", "x.a",
	    "x.a1x", "a b.a0", "-.b0" };
	char		 path[300], name[SPOOL_NAME_MAX + 1];
	unsigned	 attempt;
	size_t		 i;
	int		 fd;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/new/%s", p->dir, names[i]);
		close(open(path, O_CREAT|O_WRONLY, 0600));
	}
	snprintf(path, sizeof(path), "%s/new/link.a0", p->dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/new/pipe.a0", p->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof(path), "%s/new/dir.a0", p->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(spool_claim(p->s, name, &fd, &attempt), ERR_AGAIN);
	expect(p, 0, 0, 3, 0);
}

static void
test_two_consumers_never_get_the_same(void **state)
{
	struct place	*p = *state;
	struct spool	*other;
	char		 name[SPOOL_NAME_MAX + 1], again[SPOOL_NAME_MAX + 1];
	unsigned	 attempt;
	int		 fd;

	put(p, "a", name);
	put(p, "b", name);
	assert_int_equal(spool_open(p->dir, 0, 0, &other), ERR_OK);
	claim(p, "a", 1, name);
	assert_int_equal(spool_claim(other, again, &fd, &attempt), ERR_OK);
	close(fd);
	assert_string_not_equal(name, again);
	assert_int_equal(spool_claim(p->s, name, &fd, &attempt), ERR_AGAIN);
	spool_close(other);
}

static void
test_a_commit_wakes_the_reader(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];
	struct pollfd	 pfd = { .events = POLLIN };

	pfd.fd = spool_wake_fd(p->s);
	assert_true(pfd.fd >= 0);
	assert_int_equal(poll(&pfd, 1, 0), 0);
	put(p, "x", name);
	assert_int_equal(poll(&pfd, 1, 1000), 1);
	spool_wake_clear(p->s);
	assert_int_equal(poll(&pfd, 1, 0), 0);
}

static void
test_a_list_beside_the_folders_wakes_the_reader(void **state)
{
	struct place	*p = *state;
	char		 fresh[160], name[160];
	struct pollfd	 pfd = { .events = POLLIN };

	pfd.fd = spool_wake_fd(p->s);
	snprintf(fresh, sizeof(fresh), "%s/missing.new", p->dir);
	snprintf(name, sizeof(name), "%s/missing", p->dir);
	fclose(fopen(fresh, "w"));
	assert_int_equal(poll(&pfd, 1, 0), 0);
	assert_int_equal(rename(fresh, name), 0);
	assert_int_equal(poll(&pfd, 1, 1000), 1);
	spool_wake_clear(p->s);
	assert_int_equal(poll(&pfd, 1, 0), 0);
}

static int
count_one(void *arg, const char *name, int fd)
{
	char	 buf[8];

	assert_non_null(strstr(name, ".a0"));
	assert_int_equal(read(fd, buf, sizeof(buf)), 1);
	return ++*(int *)arg == 2 ? ERR_LIMIT : 0;
}

static void
test_each_walks_in_order_and_stops_when_told(void **state)
{
	struct place	*p = *state;
	char		 name[SPOOL_NAME_MAX + 1];
	int		 n = 0;

	put(p, "a", name);
	put(p, "b", name);
	put(p, "c", name);
	assert_int_equal(spool_each(p->s, "new", count_one, &n), ERR_LIMIT);
	assert_int_equal(n, 2);
	assert_int_equal(spool_each(p->s, "nope", count_one, &n), ERR_NOTFOUND);
}

static void
test_a_missing_spool_is_named_so(void **state)
{
	struct spool	*s;

	(void)state;
	assert_int_equal(spool_open("/nonexistent/spool", 0, 0, &s),
	    ERR_NOTFOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_parcel_goes_from_new_to_done),
		T(test_the_oldest_is_claimed_first),
		T(test_a_crash_before_commit_leaves_only_tmp),
		T(test_a_crash_in_work_goes_back_to_new_and_is_counted),
		T(test_a_kill_in_work_goes_back_to_new_uncounted),
		T(test_the_third_failure_holds_with_its_reason),
		T(test_a_release_counts_nothing),
		T(test_sent_is_kept_until_it_expires),
		T(test_a_second_commit_of_a_name_is_refused),
		T(test_high_water_says_full_and_recovers),
		T(test_too_little_free_disk_says_full),
		T(test_foreign_names_and_kinds_never_reach_the_consumer),
		T(test_two_consumers_never_get_the_same),
		T(test_a_commit_wakes_the_reader),
		T(test_a_list_beside_the_folders_wakes_the_reader),
		T(test_each_walks_in_order_and_stops_when_told),
		cmocka_unit_test(test_a_missing_spool_is_named_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
