/*
 * Configuration: defaults, units, folders, and a sentence with file and line for
 * each kind of mistake.
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "err.h"

struct place {
	char	 dir[64], file[128];
};

static int
place_setup(void **state)
{
	struct place	*p = calloc(1, sizeof(*p));
	char		 cmd[128];

	strcpy(p->dir, "/tmp/limpid-conf-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(cmd, sizeof(cmd), "mkdir -p %s/etc/limpid", p->dir);
	assert_int_equal(system(cmd), 0);
	snprintf(p->file, sizeof(p->file), "%s/etc/limpid/limpid.conf", p->dir);
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
file_write(struct place *p, const char *text)
{
	FILE	*f = fopen(p->file, "w");

	fputs(text, f);
	fclose(f);
}

static struct conf *
load(struct place *p, const char *text)
{
	struct conf	*c;
	char		*why;
	int		 r;

	file_write(p, text);
	if ((r = conf_load(p->dir, &c, &why)) != ERR_OK)
		print_message("%s\n", why);
	assert_int_equal(r, ERR_OK);
	assert_null(why);
	return c;
}

static void
refused(struct place *p, const char *text, const char *want)
{
	struct conf	*c;
	char		*why = NULL;

	file_write(p, text);
	assert_int_equal(conf_load(p->dir, &c, &why), ERR_CONFIG);
	assert_non_null(why);
	if (strstr(why, want) == NULL)
		print_message("got: %s\n", why);
	assert_non_null(strstr(why, want));
	free(why);
}

static void
test_an_empty_file_gives_safe_defaults(void **state)
{
	struct place	*p = *state;
	struct conf	*c = load(p, "");
	char		 path[200];

	assert_string_equal(c->root, p->dir);
	assert_string_equal(c->role, "all");
	assert_true(c->hostname[0] != '\0');
	assert_string_equal(c->intake.authserv_id, c->hostname);
	assert_int_equal(c->intake.max_size, 50 << 20);
	assert_int_equal(c->intake.max_rcpts, 1000);
	assert_int_equal(c->intake.max_line, 4096);
	assert_int_equal(c->intake.idle_s, 300);
	assert_int_equal(c->intake.session_s, 3600);
	assert_int_equal(c->intake.max_sessions, 1000);
	assert_int_equal(c->intake.max_mails, 1000);
	assert_string_equal(c->intake.listen, "");
	assert_int_equal(c->spool.high_water, INT64_C(10) << 30);
	assert_int_equal(c->spool.reserve, 256 << 20);
	assert_int_equal(c->link[0].id, 1);
	assert_int_equal(c->link[1].id, 2);
	assert_string_equal(c->link[0].transport, "zmq");
	assert_string_equal(c->link[0].connect, "tcp://127.0.0.1:7101");
	assert_string_equal(c->link[1].bind, "tcp://127.0.0.1:7102");
	assert_int_equal(c->link[1].rounds, 1);
	assert_int_equal(c->link[1].round_gap_s, 30);
	assert_int_equal(c->link[1].keep_s, 7 * 86400);
	assert_int_equal(c->link[1].resend_window_s, 60);
	assert_int_equal(c->link[1].max_object, 512 << 20);
	assert_int_equal(c->sanitizer.workers, 2);
	assert_string_equal(c->sanitizer.worker_dir, LIMPID_LIBEXEC);
	assert_string_equal(c->sanitizer.seccomp_dir, LIMPID_LIBEXEC "/seccomp");
	assert_string_equal(c->viewer.listen, "127.0.0.1:8443");
	assert_int_equal(c->viewer.idle_s, 900);
	assert_int_equal(c->viewer.session_s, 28800);
	assert_int_equal(c->identities, 0);
	snprintf(path, sizeof(path), "%s/etc/limpid/domains", p->dir);
	assert_string_equal(c->intake.domains, path);
	snprintf(path, sizeof(path), "%s/run/limpid/lmtp.sock", p->dir);
	assert_string_equal(c->intake.lmtp_socket, path);
	conf_free(c);
}

static void
test_values_and_units_are_read(void **state)
{
	struct conf	*c = load(*state,
	    "# comment\n"
	    "role = external\n"
	    "hostname = mx.example.org\n"
	    "intake {\n\tmax_size = 20M\n\tidle = 5m\n\tlisten = 0.0.0.0:25\n"
	    "\tdomains = /srv/domains\n}\n"
	    "spool { high_water = 1T  reserve = 4096 }\n"
	    "link \"2\" { connect = \"tcp://[::1]:99\"  rounds = 3\n"
	    "  keep = 1d  round_gap = 0 }\n"
	    "log { identities = yes }\n");

	assert_string_equal(c->role, "external");
	assert_string_equal(c->hostname, "mx.example.org");
	assert_string_equal(c->intake.authserv_id, "mx.example.org");
	assert_int_equal(c->intake.max_size, 20 << 20);
	assert_int_equal(c->intake.idle_s, 300);
	assert_string_equal(c->intake.listen, "0.0.0.0:25");
	assert_string_equal(c->intake.domains, "/srv/domains");
	assert_int_equal(c->spool.high_water, INT64_C(1) << 40);
	assert_int_equal(c->spool.reserve, 4096);
	assert_string_equal(c->link[0].connect, "tcp://127.0.0.1:7101");
	assert_string_equal(c->link[1].connect, "tcp://[::1]:99");
	assert_int_equal(c->link[1].rounds, 3);
	assert_int_equal(c->link[1].keep_s, 86400);
	assert_int_equal(c->link[1].round_gap_s, 0);
	assert_int_equal(c->identities, 1);
	conf_free(c);
}

static void
test_each_mistake_names_file_and_line(void **state)
{
	struct place	*p = *state;

	refused(p, "\nrole = everything\n", "limpid.conf:2: role is \"every");
	refused(p, "intake {\n max_size = 20X\n}\n", "limpid.conf:2: max_size");
	refused(p, "intake {\n max_size = -1\n}\n", "limpid.conf:2: max_size");
	refused(p, "intake {\n max_size = 99999999T\n}\n",
	    "limpid.conf:2: max_size");
	refused(p, "intake {\n max_size = 1\n}\n", "from 1024 to");
	refused(p, "intake {\n\n colour = 1\n}\n", "limpid.conf:3: ");
	refused(p, "intake {\n\n colour = 1\n}\n", "colour");
	refused(p, "paint { }\n", "paint");
	refused(p, "link \"3\" { }\n", "link \"3\" is unknown");
	refused(p, "link \"1\" { }\nlink \"1\" { }\n", "limpid.conf:2: ");
	refused(p, "link \"1\" { transport = pigeon }\n",
	    "write one of: zmq file udp");
	refused(p, "intake {\n", "limpid.conf:");
	refused(p, "link \"1\" { connect = \"\" }\n", "connect has 0 char");
	refused(p, "intake { domains = \"\" }\n", "domains is empty");
	refused(p, "log { identities = maybe }\n", "write yes or no");
	refused(p, "role = \"\"\n", "role is \"\"");
	refused(p, "role = sanit\n", "role is \"sanit\"");
}

static void
test_a_missing_file_or_root_says_what_to_do(void **state)
{
	struct place	*p = *state;
	struct conf	*c;
	char		*why;

	assert_int_equal(conf_load(p->dir, &c, &why), ERR_NOTFOUND);
	assert_non_null(strstr(why, p->file));
	assert_non_null(strstr(why, "limpid init"));
	free(why);
	assert_int_equal(conf_load("/nonexistent", &c, &why), ERR_NOTFOUND);
	assert_non_null(strstr(why, "/nonexistent"));
	free(why);
}

static void
test_print_shows_values_with_their_origin(void **state)
{
	struct place	*p = *state;
	struct conf	*c = load(p, "intake { max_size = 20M }\n"
	    "link \"2\" { rounds = 4 }\n");
	char		*text, want[300];
	size_t		 len;
	FILE		*f = open_memstream(&text, &len);

	conf_print(c, f);
	fclose(f);
	snprintf(want, sizeof(want), "max_size = 20971520\t# %s\n", p->file);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "rounds = 1\t# default\n"));
	snprintf(want, sizeof(want), "rounds = 4\t# %s\n", p->file);
	assert_non_null(strstr(text, want));
	assert_non_null(strstr(text, "role = \"all\"\t# default\n"));
	/* what it prints is a configuration that reads back */
	conf_free(c);
	c = load(p, text);
	assert_int_equal(c->intake.max_size, 20 << 20);
	assert_int_equal(c->link[1].rounds, 4);
	conf_free(c);
	free(text);
}

static void
test_paths_follow_the_root(void **state)
{
	struct place	*p = *state;
	struct conf	*c = load(p, "");
	char		*path, want[200];

	path = conf_path(c, "state/spool/link1-out");
	snprintf(want, sizeof(want), "%s/var/lib/limpid/spool/link1-out",
	    p->dir);
	assert_string_equal(path, want);
	free(path);
	path = conf_path(c, "run");
	snprintf(want, sizeof(want), "%s/run/limpid", p->dir);
	assert_string_equal(path, want);
	free(path);
	conf_free(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_an_empty_file_gives_safe_defaults),
		T(test_values_and_units_are_read),
		T(test_each_mistake_names_file_and_line),
		T(test_a_missing_file_or_root_says_what_to_do),
		T(test_print_shows_values_with_their_origin),
		T(test_paths_follow_the_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
