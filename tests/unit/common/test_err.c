/* Error codes, exit codes and panic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"

static void
every_code_has_its_own_text(void **state)
{
	int	 a, b;

	(void)state;
	errno = ENOSPC;
	for (a = ERR_AGAIN; a <= ERR_OK; a++)
		for (b = ERR_AGAIN; b < a; b++)
			assert_string_not_equal(err_text(a), err_text(b));
	assert_non_null(err_text(12345));
}

static void
a_system_error_says_why(void **state)
{
	(void)state;
	errno = ENOSPC;
	assert_string_equal(err_text(ERR_SYS), "No space left on device");
	errno = 99999;
	assert_non_null(err_text(ERR_SYS));
}

static void
every_code_has_an_exit_code(void **state)
{
	int	 code;

	(void)state;
	assert_int_equal(err_exit(ERR_OK), EXIT_DONE);
	assert_int_equal(err_exit(ERR_CONFIG), EXIT_CONF);
	assert_int_equal(err_exit(12345), EXIT_BUG);
	for (code = ERR_AGAIN; code < ERR_OK; code++) {
		assert_int_not_equal(err_exit(code), EXIT_BUG);
		assert_int_not_equal(err_exit(code), EXIT_DONE);
	}
}

static void
a_panic_says_where_and_aborts(void **state)
{
	char	 text[256];
	int	 p[2], status;
	ssize_t	 n;
	pid_t	 pid;

	(void)state;
	assert_int_equal(pipe(p), 0);
	if ((pid = fork()) == 0) {
		struct rlimit	 none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		dup2(p[1], STDERR_FILENO);
		panic("the sky fell");
	}
	close(p[1]);
	n = read(p[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_non_null(strstr(text, "test_err.c:"));
	assert_non_null(strstr(text, "the sky fell"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_its_own_text),
		cmocka_unit_test(a_system_error_says_why),
		cmocka_unit_test(every_code_has_an_exit_code),
		cmocka_unit_test(a_panic_says_where_and_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
