/*
 * Notes that are kept for a while: sealed, found by pair, bounded, and gone in time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto.h"
#include "err.h"
#include "keep.h"

static char			 folder[] = "/tmp/limpid-keep-XXXXXX";
static char			 place[64];
static struct key		*own;
static struct keep		*k;
static const struct keep_limits	 limits = { 5, 3, 1000 };

static struct keep_pair
pair(const char *sender, const char *rcpt)
{
	struct keep_pair	p;

	assert_true(keep_pair(sender, rcpt, &p));
	return p;
}

static struct ref
ref(uint8_t n)
{
	struct ref	r = { .b = { n } };

	return r;
}

static int
put(uint8_t n, int64_t since, const char *sender, const char *word, int parcel)
{
	struct keep_note	*note = calloc(1, sizeof(*note));
	int			 r;

	note->ref = ref(n);
	note->since_ms = since;
	note->pairs[0] = pair(sender, "b@x");
	note->pair_count = 1;
	note->words[0] = strdup(word);
	note->word_count = 1;
	memset(note->locked[0], n, 32);
	note->locked_count = 1;
	r = keep_put(k, note, parcel);
	keep_note_clear(note);
	free(note);
	return r;
}

static size_t
found(const char *sender, uint8_t not)
{
	struct keep_pair	p = pair(sender, "b@x");
	struct ref		none = ref(not), refs[10];

	return keep_find(k, &p, 1, &none, refs, 10);
}

static unsigned
files(void)
{
	struct dirent	*e;
	unsigned	 n = 0;
	DIR		*d = opendir(place);

	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int
setup(void **state)
{
	int	 dirfd;
	char	 path[80];

	(void)state;
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(place, sizeof(place), "%s/notes", folder);
	mkdir(place, 0700);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY);
	if (key_create(dirfd, "own", KEY_X25519) != ERR_OK)
		return -1;
	close(dirfd);
	snprintf(path, sizeof(path), "%s/own.key", folder);
	return key_load_private(path, KEY_X25519, &own) != ERR_OK ||
	    keep_open(place, own, &limits, &k) != ERR_OK;
}

static int
teardown(void **state)
{
	char	 command[100];

	(void)state;
	keep_close(k);
	key_free(own);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void
again(void)
{
	keep_close(k);
	assert_int_equal(keep_open(place, own, &limits, &k), ERR_OK);
}

static void
a_note_comes_back_as_it_was(void **state)
{
	struct keep_note	*n = calloc(1, sizeof(*n));
	struct ref		 one = ref(1);

	(void)state;
	assert_int_equal(put(1, 1000, "A@y", "sesame", -1), ERR_OK);
	again();
	assert_int_equal(keep_get(k, &one, n), ERR_OK);
	assert_int_equal(n->since_ms, 1000);
	assert_int_equal(n->word_count, 1);
	assert_string_equal(n->words[0], "sesame");
	assert_int_equal(n->locked_count, 1);
	assert_int_equal(n->locked[0][31], 1);
	keep_note_clear(n);
	free(n);
	assert_int_equal(found("a@Y", 0), 1);
	assert_int_equal(found("a@Y", 1), 0);
	assert_int_equal(found("c@y", 0), 0);
}

static void
nobody_is_no_sender(void **state)
{
	struct keep_pair	p;

	(void)state;
	assert_false(keep_pair("", "b@x", &p));
	assert_false(keep_pair("a@y", "", &p));
}

static void
no_word_stands_in_a_file(void **state)
{
	char	 command[200];

	(void)state;
	assert_int_equal(put(1, 1000, "a@y", "sesame-street", -1), ERR_OK);
	snprintf(command, sizeof(command), "grep -rqa -e sesame -e a@y %s", place);
	assert_int_not_equal(system(command), 0);
}

static void
notes_end_with_their_window(void **state)
{
	(void)state;
	put(1, 1000, "a@y", "x", -1);
	put(2, 5000, "a@y", "y", -1);
	assert_int_equal(keep_expire(k, 5500, 4000), 1);
	assert_int_equal(found("a@y", 0), 1);
	assert_int_equal(files(), 1);
	/* the clock went back: it counts from now on, and not for ever */
	assert_int_equal(keep_expire(k, 100, 4000), 0);
	assert_int_equal(keep_expire(k, 4099, 4000), 0);
	assert_int_equal(keep_expire(k, 4100, 4000), 1);
	put(3, 1000, "a@y", "x", -1);
	assert_int_equal(keep_expire(k, 1000, 0), 1);
	assert_int_equal(files(), 0);
}

static void
the_oldest_of_a_pair_gives_way_and_the_whole_is_bounded(void **state)
{
	(void)state;
	for (uint8_t i = 1; i <= 4; i++)
		assert_int_equal(put(i, 1000 + i, "a@y", "x", -1), ERR_OK);
	assert_int_equal(found("a@y", 0), 3);
	assert_int_equal(found("a@y", 4), 2);
	assert_int_equal(put(5, 1, "c@y", "x", -1), ERR_OK);
	assert_int_equal(put(6, 1, "d@y", "x", -1), ERR_OK);
	assert_int_equal(put(7, 1, "e@y", "x", -1), ERR_FULL);
	/* the same mail again is no other one */
	assert_int_equal(put(6, 1, "d@y", "x", -1), ERR_OK);
	assert_int_equal(keep_count(k), 5);
	assert_int_equal(files(), 5);
}

static void
a_parcel_stays_beside_its_note(void **state)
{
	struct ref	one = ref(1);
	int		fd = open("/tmp", O_TMPFILE | O_RDWR, 0600), copy = -1;
	char		block[20] = "";

	(void)state;
	assert_int_equal(write(fd, "a parcel", 8), 8);
	assert_int_equal(put(1, 1000, "a@y", "x", fd), ERR_OK);
	assert_false(keep_has_room(k, 993));
	assert_true(keep_has_room(k, 992));
	assert_int_equal(put(1, 1000, "a@y", "y", -1), ERR_OK);
	again();
	assert_false(keep_has_room(k, 993));
	assert_int_equal(keep_parcel(k, &one, &copy), ERR_OK);
	assert_int_equal(read(copy, block, sizeof(block)), 8);
	assert_string_equal(block, "a parcel");
	close(copy);
	close(fd);
	keep_drop(k, &one);
	assert_int_equal(files(), 0);
	assert_true(keep_has_room(k, 1000));
}

static void
half_and_damaged_files_go_at_the_start(void **state)
{
	char	 path[200], text[REF_TEXT_LEN + 1];
	struct ref	one = ref(1), two = ref(2);
	int	 fd;

	(void)state;
	put(1, 1000, "a@y", "x", -1);
	put(2, 1000, "a@y", "x", -1);
	ref_format(&one, text);
	snprintf(path, sizeof(path), "%s/%s", place, text);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "??", 2, 60), 2);
	close(fd);
	snprintf(path, sizeof(path), "%s/%s.new", place, text);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(path, sizeof(path), "%s/%s.parcel", place, text);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(path, sizeof(path), "%s/strange", place);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	again();
	again();
	assert_int_equal(files(), 1);
	assert_int_equal(keep_count(k), 1);
	assert_int_equal(found("a@y", 0), 1);
	/* what is there at the start is to be looked at, once */
	assert_int_equal(keep_take_marked(k, &one), ERR_OK);
	assert_memory_equal(&one, &two, sizeof(one));
	assert_int_equal(keep_take_marked(k, &one), ERR_NOTFOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		T(a_note_comes_back_as_it_was),
		T(nobody_is_no_sender),
		T(no_word_stands_in_a_file),
		T(notes_end_with_their_window),
		T(the_oldest_of_a_pair_gives_way_and_the_whole_is_bounded),
		T(a_parcel_stays_beside_its_note),
		T(half_and_damaged_files_go_at_the_start),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
