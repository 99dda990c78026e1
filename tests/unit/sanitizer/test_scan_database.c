/* The folder of the scanner's database, from outside: is there one, how new, has it
 * changed and come to rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "scan_database.h"

static char	 folder[] = "/tmp/limpid-scan-XXXXXX";

static void
file_put(const char *name, const char *text, long when)
{
	char		 path[200];
	struct timespec	 times[2] = { { .tv_sec = when }, { .tv_sec = when } };
	FILE		*f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_non_null(f = fopen(path, "we"));
	fputs(text, f);
	fclose(f);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
file_drop(const char *name)
{
	char	 path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static void
a_database_is_files_of_signatures(void **state)
{
	struct scan_folder	 look;

	(void)state;
	assert_int_equal(scan_folder_look("/nowhere/at/all", &look),
	    ERR_NOTFOUND);
	assert_int_equal(scan_folder_look("/dev/null", &look), ERR_NOTFOUND);
	assert_int_equal(scan_folder_look(folder, &look), ERR_NOTFOUND);
	file_put("freshclam.dat", "x", 5000);
	file_put("local.ign2", "x", 5000);
	file_put("daily.cvd.new", "x", 5000);
	assert_int_equal(scan_folder_look(folder, &look), ERR_NOTFOUND);
	file_put("main.cvd", "x", 1000);
	file_put("daily.cld", "x", 2000);
	assert_int_equal(scan_folder_look(folder, &look), ERR_OK);
	assert_int_equal(look.files, 2);
	assert_int_equal(look.newest_s, 2000);
}

static void
what_changes_the_meaning_changes_the_print(void **state)
{
	struct scan_folder	 a, b;

	(void)state;
	assert_int_equal(scan_folder_look(folder, &a), ERR_OK);
	file_put("freshclam.dat", "another", 6000);
	assert_int_equal(scan_folder_look(folder, &b), ERR_OK);
	assert_true(a.print == b.print);
	file_put("local.ign2", "another", 6000);
	assert_int_equal(scan_folder_look(folder, &b), ERR_OK);
	assert_true(a.print != b.print);
	a = b;
	file_put("main.cvd", "y", 1001);
	assert_int_equal(scan_folder_look(folder, &b), ERR_OK);
	assert_true(a.print != b.print);
	a = b;
	file_drop("main.cvd");
	assert_int_equal(scan_folder_look(folder, &b), ERR_OK);
	assert_true(a.print != b.print);
}

static void
a_change_counts_when_it_has_come_to_rest(void **state)
{
	struct scan_watch	 w = { .seen = 7, .told = 7 };
	static const struct { uint64_t print; int told; } looks[] = {
		{ 7, 0 }, { 8, 0 }, { 9, 0 }, { 9, 1 }, { 9, 0 }, { 9, 0 },
		{ 0, 0 }, { 0, 0 },	/* gone: the one in memory stays */
		{ 9, 0 }, { 9, 0 },	/* and it is the same one again */
		{ 5, 0 }, { 5, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		assert_int_equal(scan_watch_step(&w, looks[i].print),
		    looks[i].told);
}

static int
folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int
folder_remove(void **state)
{
	char	 command[200];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(a_database_is_files_of_signatures),
		cmocka_unit_test(what_changes_the_meaning_changes_the_print),
		cmocka_unit_test(a_change_counts_when_it_has_come_to_rest),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
