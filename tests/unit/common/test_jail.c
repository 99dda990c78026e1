/* The jail: policies as text, and what a locked process can still do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"
#include "jail_private.h"

#define END	"exit_group # the end\n"
#define QUIET	"write # answers\n" END

static struct jail_filter *
parse(const char *text)
{
	struct jail_filter	*f = NULL;
	char			*why;

	assert_int_equal(jail_filter_parse(text, strlen(text), "p", &f, &why),
	    ERR_OK);
	assert_null(why);
	return f;
}

/* The text is refused with a sentence that holds says. */
static void
refused(const char *text, const char *says)
{
	struct jail_filter	*f = NULL;
	char			*why = NULL;

	assert_int_equal(jail_filter_parse(text, strlen(text), "p", &f, &why),
	    ERR_CONFIG);
	assert_null(f);
	assert_non_null(why);
	if (strstr(why, says) == NULL)
		fail_msg("got: %s", why);
	free(why);
}

static void
a_good_policy_keeps_every_line(void **state)
{
	struct jail_filter		*f;
	const struct jail_rule		*r;

	(void)state;
	f = parse("# head\n\nread # in\n"
	    "\tmmap  if arg2 !& 0x4 and arg3 & 32\t# memory  \n"
	    "sysinfo errno EPERM # sorts\n"
	    "fcntl if arg1 == 1 # one\nfcntl if arg1 == 3 errno EACCES # three\n");
	assert_int_equal(jail_filter_rules(f), 5);
	assert_int_equal(jail_filter_calls(f), 4);
	r = jail_filter_rule(f, 1);
	assert_string_equal(r->call, "mmap");
	assert_string_equal(r->condition, "arg2 !& 0x4 and arg3 & 32");
	assert_string_equal(r->error, "");
	r = jail_filter_rule(f, 2);
	assert_string_equal(r->call, "sysinfo");
	assert_string_equal(r->error, "EPERM");
	assert_string_equal(r->reason, "sorts");
	jail_filter_free(f);
}

static void
a_wrong_line_is_named_and_explained(void **state)
{
	(void)state;
	refused("read # ok\nwrite\n", "p:2: 'write' has no reason");
	refused("write #\n", "p:1: 'write' has no reason");
	refused("write #  \t\n", "p:1: 'write' has no reason");
	refused("wriet # out\n", "p:1: no system call is named 'wriet'");
	refused("read errno EWHAT # x\n", "errno 'EWHAT' is not known");
	refused("read errno # x\n", "'errno' is not understood");
	refused("read if # x\n", "condition is incomplete");
	refused("read if arg0 == # x\n", "condition is incomplete");
	refused("read if arg6 == 1 # x\n", "'arg6' is no argument");
	refused("read if arg0 = 1 # x\n", "'=' is no comparison");
	refused("read if arg0 == 1x # x\n", "'1x' is no number");
	refused("read if arg0 == -1 # x\n", "'-1' is no number");
	refused("read if arg0 == 99999999999999999999 # x\n", "is no number");
	refused("read if arg0 == 1 and # x\n", "condition is incomplete");
	refused("read if arg0 == 1 and arg0 == 2 # x\n", "argument twice");
	refused("read allow # x\n", "'allow' is not understood");
	refused("read errno EPERM now # x\n", "'now' is not understood");
	refused("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a"
	    " a # x\n", "too many words");
	refused("", "names no call");
	refused("# nothing\n", "names no call");
}

static void
a_zero_byte_is_refused(void **state)
{
	struct jail_filter	*f = NULL;
	char			*why = NULL;

	(void)state;
	assert_int_equal(jail_filter_parse("read # a\0b", 10, "p", &f, &why),
	    ERR_CONFIG);
	assert_non_null(strstr(why, "zero byte"));
	free(why);
}

static void
a_missing_policy_is_a_sentence(void **state)
{
	struct jail_filter	*f = NULL;
	char			*why = NULL;

	(void)state;
	assert_int_equal(jail_filter_load("/nonexistent.policy", &f, &why),
	    ERR_NOTFOUND);
	assert_non_null(strstr(why, "/nonexistent.policy: not found"));
	free(why);
	assert_int_equal(jail_filter_load("/", &f, &why), ERR_LIMIT);
	free(why);
}

/* Runs act in a fork under the filter of text; returns the wait status. */
static int
under(const char *text, int (*act)(void))
{
	struct jail_filter	*f = parse(text);
	int			 status;
	pid_t			 pid;

	if ((pid = fork()) == 0) {
		if (jail_filter_apply(f) != ERR_OK)
			_exit(99);
		syscall(SYS_exit_group, act());
	}
	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	jail_filter_free(f);
	return status;
}

static int
act_getppid(void)
{
	return syscall(SYS_getppid) == -1 && errno == EPERM ? 7 : 0;
}

/* 0: allowed; a kill says the rest. */
static int
act_lseek_5(void)
{
	return syscall(SYS_lseek, 0, 5, 0) == -2;
}

static int
act_lseek_5_1(void)
{
	return syscall(SYS_lseek, 0, 5, 1) == -2;
}

static int
act_lseek_6(void)
{
	return syscall(SYS_lseek, 0, 6, 0) == -2;
}

static void
died_forbidden(int status)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void
left_with(int status, int code)
{
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void
a_call_that_no_line_names_kills(void **state)
{
	(void)state;
	died_forbidden(under(END, act_getppid));
	left_with(under("getppid # x\n" END, act_getppid), 0);
}

static void
a_call_can_be_refused_softly(void **state)
{
	(void)state;
	left_with(under("getppid errno EPERM # x\n" END, act_getppid), 7);
}

static void
conditions_bind_as_written(void **state)
{
	(void)state;
	left_with(under("lseek if arg1 == 5 # x\n" END, act_lseek_5), 0);
	died_forbidden(under("lseek if arg1 == 5 # x\n" END, act_lseek_6));
	died_forbidden(under("lseek if arg1 != 5 # x\n" END, act_lseek_5));
	left_with(under("lseek if arg1 & 4 # x\n" END, act_lseek_6), 0);
	died_forbidden(under("lseek if arg1 & 3 # x\n" END, act_lseek_5));
	left_with(under("lseek if arg1 !& 8 # x\n" END, act_lseek_5), 0);
	died_forbidden(under("lseek if arg1 !& 1 # x\n" END, act_lseek_5));
	left_with(under("lseek if arg1 == 5 and arg2 == 0 # x\n" END,
	    act_lseek_5), 0);
	died_forbidden(under("lseek if arg1 == 5 and arg2 == 0 # x\n" END,
	    act_lseek_5_1));
	/* Lines add up. */
	left_with(under("lseek if arg1 == 5 # x\nlseek if arg1 == 6 # y\n" END,
	    act_lseek_6), 0);
}

static const struct jail_limits narrow = { .cpu_s = 10 };

static int
child_status(pid_t pid)
{
	int	 status;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
a_locked_child_has_only_its_descriptors(void **state)
{
	struct jail_filter	*f;
	int			 p[2], other;
	char			 byte = 0;
	pid_t			 pid;

	(void)state;
	f = parse("fcntl # asks\n" QUIET);
	assert_int_equal(pipe(p), 0);
	other = open("/etc/passwd", O_RDONLY);
	assert_int_not_equal(other, -1);
	if ((pid = jail_fork(f, &narrow, &p[1], 1)) == 0)
		syscall(SYS_exit_group,
		    syscall(SYS_write, p[1], "x", 1) == 1 &&
		    syscall(SYS_fcntl, other, F_GETFD) == -1 &&
		    syscall(SYS_fcntl, p[0], F_GETFD) == -1 &&
		    syscall(SYS_fcntl, 0, F_GETFD) != -1 ? 7 : 1);
	left_with(child_status(pid), 7);
	assert_int_equal(read(p[0], &byte, 1), 1);
	close(p[0]);
	close(p[1]);
	close(other);
	jail_filter_free(f);
}

static void
a_child_that_cannot_lock_itself_leaves(void **state)
{
	struct jail_filter	*f = parse(QUIET);
	struct rlimit		 low = { 1, 1 };
	pid_t			 pid;

	(void)state;
	/* Under a hard limit of one second no ten can be asked for, without root. */
	if ((pid = fork()) == 0) {
		if ((geteuid() == 0 && setresuid(65534, 65534, 65534) == -1) ||
		    setrlimit(RLIMIT_CPU, &low) == -1)
			_exit(98);
		if ((pid = jail_fork(f, &narrow, NULL, 0)) == 0)
			_exit(97);
		_exit(WEXITSTATUS(child_status(pid)));
	}
	left_with(child_status(pid), JAIL_EXIT_UNLOCKED);
	jail_filter_free(f);
}

static void
landlock_alone_forbids_paths(void **state)
{
	pid_t	 pid;

	(void)state;
	if (jail_landlock_version() == 0)
		skip();
	if ((pid = fork()) == 0) {
		if (jail_landlock(NULL) != ERR_OK)
			_exit(99);
		_exit(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES &&
		    open("/tmp/limpid-unit", O_WRONLY | O_CREAT, 0600) == -1 &&
		    errno == EACCES ? 7 : 1);
	}
	left_with(child_status(pid), 7);
}

#ifndef LIMPID_SAN
static void
memory_is_limited_beyond_what_is_mapped(void **state)
{
	struct jail_limits	 lim = { .cpu_s = 10,
				    .memory_bytes = 16u << 20 };
	struct jail_filter	*f = parse("mmap # m\nbrk # b\n" QUIET);
	void			*small, *large;
	pid_t			 pid;

	(void)state;
	lim.mapped_bytes = jail_mapped();
	assert_true(lim.mapped_bytes > 0);
	if ((pid = jail_fork(f, &lim, NULL, 0)) == 0) {
		small = malloc(8u << 20);
		large = malloc(32u << 20);
		syscall(SYS_exit_group, small != NULL && large == NULL ? 7 : 1);
	}
	left_with(child_status(pid), 7);
	jail_filter_free(f);
}
#endif

static void
the_kernel_can_filter(void **state)
{
	(void)state;
	assert_true(jail_probe() & JAIL_SECCOMP);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_policy_keeps_every_line),
		cmocka_unit_test(a_wrong_line_is_named_and_explained),
		cmocka_unit_test(a_zero_byte_is_refused),
		cmocka_unit_test(a_missing_policy_is_a_sentence),
		cmocka_unit_test(a_call_that_no_line_names_kills),
		cmocka_unit_test(a_call_can_be_refused_softly),
		cmocka_unit_test(conditions_bind_as_written),
		cmocka_unit_test(a_locked_child_has_only_its_descriptors),
		cmocka_unit_test(a_child_that_cannot_lock_itself_leaves),
		cmocka_unit_test(landlock_alone_forbids_paths),
#ifndef LIMPID_SAN
		cmocka_unit_test(memory_is_limited_beyond_what_is_mapped),
#endif
		cmocka_unit_test(the_kernel_can_filter),
	};

	if (getenv("VALGRIND") != NULL) {
		puts("1..0 # SKIP valgrind knows no seccomp");
		return 0;
	}
	return cmocka_run_group_tests_name("jail", tests, NULL, NULL);
}
