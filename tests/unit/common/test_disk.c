#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"

#define FILES	150		/* more than go together */

static int	fds[FILES];

static int
files_make(void **state)
{
	char	 path[64];

	(void)state;
	for (int i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "/tmp/limpid-disk.XXXXXX");
		if ((fds[i] = mkstemp(path)) == -1 ||
		    unlink(path) == -1 || write(fds[i], "x", 1) != 1)
			return -1;
	}
	return 0;
}

static void
any_number_of_files_is_synced(void **state)
{
	(void)state;
	for (size_t n = 0; n <= FILES; n = n * 2 + 1)
		assert_int_equal(disk_sync(fds, n), ERR_OK);
	assert_int_equal(disk_sync(fds, FILES), ERR_OK);
}

static void
one_bad_file_among_many_is_told(void **state)
{
	int	 closed = fds[70], p[2];

	(void)state;
	fds[70] = -1;
	assert_int_equal(disk_sync(fds, FILES), ERR_SYS);
	assert_int_equal(errno, EBADF);
	/* what has no disk cannot be on it */
	assert_int_equal(pipe(p), 0);
	fds[70] = p[1];
	assert_int_equal(disk_sync(fds, FILES), ERR_SYS);
	assert_int_equal(errno, EINVAL);
	fds[70] = closed;
	assert_int_equal(disk_sync(fds, FILES), ERR_OK);
}

static void
a_forked_child_has_its_own_way(void **state)
{
	int	 status;
	pid_t	 pid;

	(void)state;
	assert_int_equal(disk_sync(fds, FILES), ERR_OK);
	if ((pid = fork()) == 0)
		_exit(disk_sync(fds, FILES) != ERR_OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(disk_sync(fds, FILES), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_number_of_files_is_synced),
		cmocka_unit_test(one_bad_file_among_many_is_told),
		cmocka_unit_test(a_forked_child_has_its_own_way)
	};

	return cmocka_run_group_tests(tests, files_make, NULL);
}
