/* How programs start: options, users, privileges, signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "proc.h"

/* The exit code of fn run in a child with stderr closed to /dev/null. */
static int
in_child(int (*fn)(void))
{
	int	 status;
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		int	 null = open("/dev/null", O_RDWR);

		dup2(null, STDERR_FILENO);
		_exit(fn());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
options_are_read(void **state)
{
	char			 p[] = "prog", root[] = "--root", dir[] = "/x",
				 n[] = "-n", f[] = "-f";
	char			*argv[] = { p, root, dir, n, f, NULL };
	struct proc_options	 o;

	(void)state;
	proc_options(5, argv, "prog", &o);
	assert_string_equal(o.root, "/x");
	assert_int_equal(o.check_only, 1);
	proc_options(1, argv, "prog", &o);
	assert_null(o.root);
	assert_int_equal(o.check_only, 0);
}

static int
bad_option(void)
{
	char			 p[] = "prog", bad[] = "--bad";
	char			*argv[] = { p, bad, NULL };
	struct proc_options	 o;

	proc_options(2, argv, "prog [-n]", &o);
	return 0;
}

static int
root_without_value(void)
{
	char			 p[] = "prog", bad[] = "--root";
	char			*argv[] = { p, bad, NULL };
	struct proc_options	 o;

	proc_options(2, argv, "prog [-n]", &o);
	return 0;
}

static void
a_wrong_option_is_a_usage_error(void **state)
{
	(void)state;
	assert_int_equal(in_child(bad_option), EXIT_USAGE);
	assert_int_equal(in_child(root_without_value), EXIT_USAGE);
}

static int
start_closes(void)
{
	int	 fd = open("/dev/null", O_RDONLY);

	close(0);
	proc_start();
	if (fcntl(fd, F_GETFD) != -1)
		return 1;
	return fcntl(0, F_GETFD) == -1 ? 2 : 0;
}

static void
start_closes_what_was_inherited(void **state)
{
	(void)state;
	assert_int_equal(in_child(start_closes), 0);
}

static int
drop_to_nobody(void)
{
	int	 r = proc_drop_user("nobody");

	if (r != ERR_OK)
		return 1;
	if (getuid() == 0 || geteuid() == 0)
		return 2;
	return setuid(0) == 0 ? 3 : 0;
}

static int
drop_to_none(void)
{
	int	 r = proc_drop_user("no-such-user-here");

	return r == (geteuid() == 0 ? ERR_NOTFOUND : ERR_OK) ? 0 : 1;
}

static int
drop_to_root(void)
{
	return proc_drop_user("root") == (geteuid() == 0 ? ERR_DENIED :
	    ERR_OK) ? 0 : 1;
}

static void
a_user_is_dropped_for_good(void **state)
{
	(void)state;
	assert_int_equal(in_child(drop_to_nobody), 0);
	assert_int_equal(in_child(drop_to_none), 0);
	assert_int_equal(in_child(drop_to_root), 0);
}

static int
no_new_privs(void)
{
	if (proc_no_new_privs() != ERR_OK)
		return 1;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 2;
	/* needs CAP_SYS_CHROOT, which even root has lost now */
	return chroot("/") == 0 ? 3 : 0;
}

static void
privileges_are_gone(void **state)
{
	(void)state;
	assert_int_equal(in_child(no_new_privs), 0);
}

static int
signals(void)
{
	struct pollfd	 p = { .events = POLLIN };

	if ((p.fd = proc_signals()) < 0)
		return 1;
	if (proc_stopping() || proc_reloading() || poll(&p, 1, 0) != 0)
		return 2;
	kill(getpid(), SIGHUP);
	if (poll(&p, 1, 1000) != 1 || proc_signals_read() != 0)
		return 3;
	if (!proc_reloading() || proc_reloading())
		return 4;
	kill(getpid(), SIGTERM);
	if (poll(&p, 1, 1000) != 1 || proc_signals_read() != 1)
		return 5;
	return proc_stopping() ? 0 : 6;
}

static void
signals_are_seen_on_the_fd(void **state)
{
	(void)state;
	assert_int_equal(in_child(signals), 0);
}

static void
ready_writes_the_pid(void **state)
{
	char	 path[] = "/tmp/limpid-pid-XXXXXX", text[32] = "";
	int	 fd = mkstemp(path);

	(void)state;
	assert_int_equal(proc_ready(path), ERR_OK);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	assert_int_equal(atol(text), getpid());
	close(fd);
	unlink(path);
	assert_int_equal(proc_ready(NULL), ERR_OK);
	assert_int_equal(proc_ready("/nonexistent/x.pid"), ERR_SYS);
}

static void
clocks_run(void **state)
{
	(void)state;
	assert_true(proc_wall_ms() > 1600000000000);
	assert_true(proc_now_ms() <= proc_now_ms());
}

static int
missing_policy(void)
{
	return proc_filter("/nonexistent.policy") != ERR_OK ? 0 : 1;
}

static void
a_missing_filter_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(in_child(missing_policy), 0);
}

#ifndef LIMPID_SAN	/* whose own report takes the marker's place */
static int
is_marked(void)
{
	return proc_crash_marker("/tmp/limpid-test-crash");
}

/* A run that ends by sig; what the next run is told. */
static int
marked_after(int sig)
{
	pid_t	 pid;

	if ((pid = fork()) == 0) {
		proc_crash_marker("/tmp/limpid-test-crash");
		raise(sig);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return in_child(is_marked);
}

static void
a_crash_is_told_from_a_kill(void **state)
{
	(void)state;
	assert_int_equal(marked_after(SIGABRT), 1);
	assert_int_equal(marked_after(SIGSEGV), 1);
	assert_int_equal(marked_after(SIGKILL), 0);
	assert_int_equal(marked_after(SIGTERM), 0);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(a_wrong_option_is_a_usage_error),
		cmocka_unit_test(start_closes_what_was_inherited),
		cmocka_unit_test(a_user_is_dropped_for_good),
		cmocka_unit_test(privileges_are_gone),
		cmocka_unit_test(signals_are_seen_on_the_fd),
		cmocka_unit_test(ready_writes_the_pid),
		cmocka_unit_test(clocks_run),
		cmocka_unit_test(a_missing_filter_is_an_error),
#ifndef LIMPID_SAN
		cmocka_unit_test(a_crash_is_told_from_a_kill),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
