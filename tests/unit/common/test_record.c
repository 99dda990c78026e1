/*
 * Record: a changed, removed, moved or cut line is named; a torn one is mended.
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

#include "err.h"
#include "record.h"

#define LINES	6
#define LINE	512

struct place {
	char	 dir[64], path[96];
};

struct faults {
	int			 n;
	enum record_fault	 first;
	uint64_t		 line;
	char			 sentence[512];
};

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));
	struct record	*r;
	char		 n[8];
	int		 i;

	strcpy(p->dir, "/tmp/limpid-record-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/x.record", p->dir);
	assert_int_equal(record_open(p->path, &r), ERR_OK);
	for (i = 1; i <= LINES; i++) {
		snprintf(n, sizeof(n), "%d", i);
		assert_int_equal(record_add(r, "test.event", "n", n, "ref",
		    i == 3 ? "LM-THREE" : "LM-OTHER", NULL), ERR_OK);
	}
	assert_int_equal(record_sync(r), ERR_OK);
	record_close(r);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static void
on_fault(void *arg, enum record_fault fault, uint64_t line,
    const char *sentence)
{
	struct faults	*f = arg;

	if (f->n++ == 0) {
		f->first = fault;
		f->line = line;
		snprintf(f->sentence, sizeof(f->sentence), "%s", sentence);
	}
}

static void
verify_names(struct place *p, enum record_fault want, uint64_t line)
{
	struct faults	 f = {0};
	uint64_t	 lines;

	assert_true(record_verify(p->path, on_fault, &f, &lines) > 0);
	assert_int_equal(f.first, want);
	assert_int_equal(f.line, line);
	assert_true(f.sentence[0] != '\0');
}

static void
verify_good(struct place *p, uint64_t want)
{
	struct faults	 f = {0};
	uint64_t	 lines = 0;

	assert_int_equal(record_verify(p->path, on_fault, &f, &lines), 0);
	assert_int_equal(lines, want);
}

static int
lines_load(struct place *p, char v[][LINE])
{
	FILE	*f = fopen(p->path, "r");
	int	 n = 0;

	while (n < LINES + 2 && fgets(v[n], LINE, f) != NULL)
		n++;
	fclose(f);
	return n;
}

static void
lines_store(struct place *p, char v[][LINE], const int *order, int n)
{
	FILE	*f = fopen(p->path, "w");
	int	 i;

	for (i = 0; i < n; i++)
		fputs(v[order[i]], f);
	fclose(f);
}

static void
test_an_untouched_record_is_good(void **state)
{
	verify_good(*state, LINES);
}

static void
test_a_changed_line_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 0, 1, 2, 3, 4, 5 };

	lines_load(*state, v);
	strstr(v[2], "n=3")[2] = '9';
	lines_store(*state, v, order, 6);
	verify_names(*state, RECORD_CHANGED, 3);
}

static void
test_a_line_of_rubbish_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 0, 1, 2, 3, 4, 5 };
	struct faults f = {0};

	lines_load(*state, v);
	strcpy(v[2], "rubbish\n");
	lines_store(*state, v, order, 6);
	verify_names(*state, RECORD_CHANGED, 3);
	assert_int_equal(record_verify(((struct place *)*state)->path,
	    on_fault, &f, NULL), 1);
}

static void
test_a_removed_line_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 0, 1, 4, 5 };

	lines_load(*state, v);
	lines_store(*state, v, order, 4);
	verify_names(*state, RECORD_REMOVED, 3);
}

static void
test_a_removed_first_line_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 1, 2, 3, 4, 5 };

	lines_load(*state, v);
	lines_store(*state, v, order, 5);
	verify_names(*state, RECORD_REMOVED, 1);
}

static void
test_a_moved_line_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 0, 1, 3, 2, 4, 5 };
	struct faults f = {0};

	lines_load(*state, v);
	lines_store(*state, v, order, 6);
	verify_names(*state, RECORD_REORDERED, 4);
	/* moved is not also called missing */
	assert_int_equal(record_verify(((struct place *)*state)->path,
	    on_fault, &f, NULL), 1);
}

static void
test_a_repeated_line_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 0, 1, 2, 2, 3, 4, 5 };

	lines_load(*state, v);
	lines_store(*state, v, order, 7);
	verify_names(*state, RECORD_REORDERED, 4);
}

static void
test_a_cut_tail_is_named(void **state)
{
	char	 v[LINES + 2][LINE];
	int	 order[] = { 0, 1, 2, 3 };

	lines_load(*state, v);
	lines_store(*state, v, order, 4);
	verify_names(*state, RECORD_CUT, 4);
}

static void
test_an_emptied_record_is_named(void **state)
{
	struct place	*p = *state;

	assert_int_equal(truncate(p->path, 0), 0);
	verify_names(p, RECORD_CUT, 0);
}

static void
test_a_missing_head_is_named(void **state)
{
	struct place	*p = *state;
	char		 head[128];

	snprintf(head, sizeof(head), "%s.head", p->path);
	assert_int_equal(unlink(head), 0);
	verify_names(p, RECORD_CUT, LINES);
}

static void
test_a_line_rewritten_with_its_hash_is_named(void **state)
{
	struct place	 forged;
	struct place	*p = *state;
	char		 v[LINES + 2][LINE], w[LINES + 2][LINE];
	int		 order[] = { 0, 1, 2, 3, 4, 5 };
	struct record	*r;

	/* a whole line from another record: right in itself, wrong here */
	strcpy(forged.path, p->dir);
	strcat(forged.path, "/y.record");
	assert_int_equal(record_open(forged.path, &r), ERR_OK);
	record_add(r, "test.event", "n", "1", NULL);
	record_add(r, "test.event", "n", "2", NULL);
	record_add(r, "test.event", "n", "forged", NULL);
	record_close(r);
	lines_load(p, v);
	lines_load(&forged, w);
	strcpy(v[2], w[2]);
	lines_store(p, v, order, 6);
	verify_names(p, RECORD_CHANGED, 2);
}

static void
test_a_torn_last_line_is_mended_and_said(void **state)
{
	struct place	*p = *state;
	struct record	*r;
	char		 v[LINES + 2][LINE];
	FILE		*f = fopen(p->path, "a");

	fputs("7 2026-01-01T00:00:00.000Z test.eve", f);
	fclose(f);
	verify_names(p, RECORD_CUT, LINES + 1);
	assert_int_equal(record_open(p->path, &r), ERR_OK);
	record_close(r);
	verify_good(p, LINES + 1);
	assert_int_equal(lines_load(p, v), LINES + 1);
	assert_non_null(strstr(v[LINES], "record.repaired"));
}

static void
test_writing_on_after_a_cut_leaves_the_hole_visible(void **state)
{
	struct place	*p = *state;
	struct record	*r;
	char		 v[LINES + 2][LINE];
	int		 order[] = { 0, 1, 2, 3 };

	lines_load(p, v);
	lines_store(p, v, order, 4);
	assert_int_equal(record_open(p->path, &r), ERR_OK);
	assert_int_equal(record_add(r, "test.later", NULL), ERR_OK);
	assert_int_equal(record_sync(r), ERR_OK);
	record_close(r);
	verify_names(p, RECORD_REMOVED, 5);
}

static void
test_hostile_values_cannot_forge_fields_or_lines(void **state)
{
	struct place	*p = *state;
	struct record	*r;
	char		 v[LINES + 2][LINE];
	int		 n;

	assert_int_equal(record_open(p->path, &r), ERR_OK);
	assert_int_equal(record_add(r, "test.hostile", "v",
	    "a\" ref=LM-THREE x\n8 z \x1b[31m\xff\\", NULL), ERR_OK);
	assert_int_equal(record_sync(r), ERR_OK);
	record_close(r);
	n = lines_load(p, v);
	assert_int_equal(n, LINES + 1);
	assert_non_null(strstr(v[LINES], "v=\"a\\\" ref\\x3dLM-THREE x\\x0a8 z"
	    " \\x1b[31m\\xff\\\\\""));
	verify_good(p, LINES + 1);
}

static void
test_very_long_values_are_shortened(void **state)
{
	struct place	*p = *state;
	struct record	*r;
	char		 big[20000];

	memset(big, 0x80, sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(record_open(p->path, &r), ERR_OK);
	assert_int_equal(record_add(r, "test.big", "a", big, "b", big, "c",
	    big, "d", big, "e", big, "f", big, NULL), ERR_OK);
	assert_int_equal(record_sync(r), ERR_OK);
	record_close(r);
	verify_good(p, LINES + 1);
}

static void
test_a_second_writer_is_refused(void **state)
{
	struct place	*p = *state;
	struct record	*a, *b;

	assert_int_equal(record_open(p->path, &a), ERR_OK);
	assert_int_equal(record_open(p->path, &b), ERR_AGAIN);
	record_close(a);
}

static void
count_line(void *arg, const char *line)
{
	assert_non_null(strstr(line, "n=3"));
	++*(int *)arg;
}

static void
test_find_gives_the_lines_of_one_reference(void **state)
{
	struct place	*p = *state;
	int		 n = 0;

	assert_int_equal(record_find(p->path, "LM-THREE", count_line, &n),
	    ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(record_find("/nonexistent", "x", count_line, &n),
	    ERR_NOTFOUND);
	assert_int_equal(record_verify("/nonexistent", NULL, NULL, NULL),
	    ERR_NOTFOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_an_untouched_record_is_good),
		T(test_a_changed_line_is_named),
		T(test_a_line_of_rubbish_is_named),
		T(test_a_removed_line_is_named),
		T(test_a_removed_first_line_is_named),
		T(test_a_moved_line_is_named),
		T(test_a_repeated_line_is_named),
		T(test_a_cut_tail_is_named),
		T(test_an_emptied_record_is_named),
		T(test_a_missing_head_is_named),
		T(test_a_line_rewritten_with_its_hash_is_named),
		T(test_a_torn_last_line_is_mended_and_said),
		T(test_writing_on_after_a_cut_leaves_the_hole_visible),
		T(test_hostile_values_cannot_forge_fields_or_lines),
		T(test_very_long_values_are_shortened),
		T(test_a_second_writer_is_refused),
		T(test_find_gives_the_lines_of_one_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
