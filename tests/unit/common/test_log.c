/* Log lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "log.h"

/* What stderr gets while fn runs, in a child that exits with its code. */
static int
captured(void (*fn)(void), char *out, size_t size)
{
	int	 p[2], status;
	size_t	 len = 0;
	ssize_t	 n;
	pid_t	 pid;

	assert_int_equal(pipe(p), 0);
	if ((pid = fork()) == 0) {
		dup2(p[1], STDERR_FILENO);
		close(p[0]);
		close(p[1]);
		fn();
		_exit(0);
	}
	close(p[1]);
	while ((n = read(p[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
say_all(void)
{
	log_open("limpid-testd");
	log_error("a=%d", 1);
	log_warn("b");
	log_info("c");
	log_debug("never at this level");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("d");
}

static void
a_line_is_level_program_message(void **state)
{
	char	 out[1024];

	(void)state;
	assert_int_equal(captured(say_all, out, sizeof(out)), 0);
	assert_string_equal(out, "error limpid-testd a=1\n"
	    "warn limpid-testd b\ninfo limpid-testd c\n"
	    "debug limpid-testd d\n");
}

static void
say_split(void)
{
	log_open("p");
	log_info("one\ntwo\rthree");
}

static void
an_event_stays_one_line(void **state)
{
	char	 out[1024];

	(void)state;
	captured(say_split, out, sizeof(out));
	assert_string_equal(out, "info p one two three\n");
}

static void
say_long(void)
{
	char	 big[5000];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_open("p");
	log_info("%s", big);
}

static void
a_long_line_is_cut_and_still_ends(void **state)
{
	char	 out[8192];

	(void)state;
	captured(say_long, out, sizeof(out));
	assert_true(strlen(out) < 2049);
	assert_int_equal(out[strlen(out) - 1], '\n');
}

static void
say_fatal(void)
{
	log_open("p");
	fatal(EXIT_CONF, "limpid.conf:3: what is this");
}

static void
fatal_says_and_exits(void **state)
{
	char	 out[1024];

	(void)state;
	assert_int_equal(captured(say_fatal, out, sizeof(out)), EXIT_CONF);
	assert_string_equal(out, "error p limpid.conf:3: what is this\n");
}

static void
safe_text_is_printable_ascii(void **state)
{
	char	 big[400];

	(void)state;
	assert_string_equal(log_safe("plain text"), "plain text");
	assert_string_equal(log_safe("a\nb\x1b[m\xff\\"),
	    "a\\x0ab\\x1b[m\\xff\\x5c");
	assert_string_equal(log_safe(NULL), "");
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	assert_int_equal(strlen(log_safe(big)), 123);
	memset(big, '\n', sizeof(big) - 1);
	assert_int_equal(strlen(log_safe(big)), 123);
}

static void
eight_safe_texts_live_side_by_side(void **state)
{
	const char	*a = log_safe("a"), *b = log_safe("b");
	int		 i;

	(void)state;
	for (i = 0; i < 6; i++)
		log_safe("other");
	assert_string_equal(a, "a");
	assert_string_equal(b, "b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_level_program_message),
		cmocka_unit_test(an_event_stays_one_line),
		cmocka_unit_test(a_long_line_is_cut_and_still_ends),
		cmocka_unit_test(fatal_says_and_exits),
		cmocka_unit_test(safe_text_is_printable_ascii),
		cmocka_unit_test(eight_safe_texts_live_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
