/*
 * Purpose: limpid-user: makes, lists and disables the viewer's accounts.
 * Process: limpid-user, run by an administrator; as root it becomes limpid-view.
 * Hostile input: none beyond its arguments.
 * Must never: take a password on the command line, or print one it was given.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "conf.h"
#include "err.h"
#include "log.h"
#include "proc.h"
#include "when.h"

static const char usage[] =
    "usage: limpid-user [--root DIR] [--json] add NAME [--box BOX]... "
    "[--generate]\n"
    "       limpid-user [--root DIR] [--json] passwd NAME [--generate]\n"
    "       limpid-user [--root DIR] [--json] disable NAME\n"
    "       limpid-user [--root DIR] [--json] list\n"
    "The password is read from standard input, one line; with --generate one "
    "is made\nand printed.\n";

struct options {
	const char	*root, *verb, *name;
	char		 own[ACCOUNT_NAME_MAX + 1];	/* box of that name */
	char		*boxes[ACCOUNT_BOXES_MAX];
	size_t		 box_count;
	int		 json, generate;
};

static _Noreturn void
wrong_usage(const char *what, const char *arg)
{
	fprintf(stderr, "limpid-user: %s %s\n%s", what, log_safe(arg), usage);
	exit(EXIT_USAGE);
}

static void
take_word(struct options *o, char *arg)
{
	if (arg[0] == '-')
		wrong_usage("unknown option", arg);
	if (o->verb == NULL)
		o->verb = arg;
	else if (o->name == NULL)
		o->name = arg;
	else
		wrong_usage("too many arguments:", arg);
}

static void
read_options(int argc, char **argv, struct options *o)
{
	int	 i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			o->json = 1;
		else if (strcmp(argv[i], "--generate") == 0)
			o->generate = 1;
		else if (strcmp(argv[i], "--help") == 0) {
			fputs(usage, stdout);
			exit(EXIT_DONE);
		} else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			o->root = argv[++i];
		else if (strncmp(argv[i], "--root=", 7) == 0)
			o->root = argv[i] + 7;
		else if (strcmp(argv[i], "--box") == 0 && i + 1 < argc) {
			if (o->box_count == ACCOUNT_BOXES_MAX)
				wrong_usage("too many boxes:", argv[i + 1]);
			o->boxes[o->box_count++] = argv[++i];
		} else
			take_word(o, argv[i]);
	}
	if (o->verb == NULL)
		wrong_usage("what is to be done?", "");
	if (o->name == NULL && strcmp(o->verb, "list") != 0)
		wrong_usage("a name is missing behind", o->verb);
}

/* 24 characters that cannot be confused: 120 random bits. */
static int
make_password(char out[32])
{
	static const char	 letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
	uint8_t			 b[1];
	size_t			 i = 0, n = 0;

	while (n < 24) {
		if (getrandom(b, 1, 0) != 1)
			return ERR_SYS;
		if (b[0] >= 248)	/* 8 * 31: every letter as likely */
			continue;
		out[i++] = letters[b[0] % 31];
		if (++n % 6 == 0 && n < 24)
			out[i++] = '-';
	}
	out[i] = '\0';
	return ERR_OK;
}

static void
take_password(struct options *o, char *out, size_t size)
{
	if (o->generate || isatty(STDIN_FILENO)) {
		o->generate = 1;
		if (make_password(out) != ERR_OK)
			fatal(EXIT_IO, "the kernel gives no randomness");
		return;
	}
	if (fgets(out, (int)size, stdin) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (out[0] == '\0') {
		o->generate = 1;
		if (make_password(out) != ERR_OK)
			fatal(EXIT_IO, "the kernel gives no randomness");
	}
}

static void
print_json(json_t *j)
{
	if (j == NULL || json_dumpf(j, stdout, JSON_COMPACT) != 0)
		fatal(EXIT_IO, "out of memory");
	putchar('\n');
	json_decref(j);
}

static void
say_done(const struct options *o, const char *what, const char *password)
{
	json_t	*j;

	if (o->json) {
		j = json_pack("{s:s,s:s}", "account", o->name, "done", what);
		if (password != NULL)
			json_object_set_new(j, "password",
			    json_string(password));
		print_json(j);
	} else if (password != NULL)
		printf("%s\n", password);
}

static int
explain(const struct options *o, int r)
{
	if (r == ERR_OK)
		return EXIT_DONE;
	if (r == ERR_EXISTS)
		log_error("account %s is there already; `limpid-user passwd "
		    "%s` gives it a new password", o->name, o->name);
	else if (r == ERR_NOTFOUND)
		log_error("there is no account %s; `limpid-user list` shows "
		    "them", log_safe(o->name));
	else if (r == ERR_LIMIT)
		log_error("account %s: names and boxes are letters, digits and "
		    "._-@+, 1 to %d; passwords have %d to %d characters",
		    log_safe(o->name), ACCOUNT_NAME_MAX, ACCOUNT_PASSWORD_MIN,
		    ACCOUNT_PASSWORD_MAX);
	else
		log_error("account %s: %s", log_safe(o->name), err_text(r));
	if (r == ERR_EXISTS || r == ERR_NOTFOUND)
		return EXIT_FINDINGS;
	return r == ERR_LIMIT ? EXIT_BADDATA : err_exit(r);
}

static int
add_or_change(struct accounts *a, struct options *o)
{
	char	 password[ACCOUNT_PASSWORD_MAX + 3];
	int	 r, add = strcmp(o->verb, "add") == 0;

	if (o->name == NULL)
		panic("name");
	take_password(o, password, sizeof(password));
	if (o->box_count == 0 && strlen(o->name) <= ACCOUNT_NAME_MAX) {
		snprintf(o->own, sizeof(o->own), "%s", o->name);
		o->boxes[o->box_count++] = o->own;
	}
	if (add)
		r = accounts_add(a, o->name, password, o->boxes, o->box_count,
		    proc_wall_ms());
	else
		r = accounts_set_password(a, o->name, password);
	if (r == ERR_OK)
		say_done(o, add ? "added" : "changed",
		    o->generate ? password : NULL);
	explicit_bzero(password, sizeof(password));
	return explain(o, r);
}

static int
list_json(void *arg, const struct account *one)
{
	json_t	*boxes = json_array(), *j;
	size_t	 i;

	for (i = 0; i < one->box_count; i++)
		json_array_append_new(boxes, json_string(one->boxes[i]));
	j = json_pack("{s:s,s:b,s:o,s:I,s:I}", "account", one->name,
	    "disabled", one->disabled, "boxes", boxes, "created_ms",
	    (json_int_t)one->created_ms, "signed_in_ms",
	    (json_int_t)one->last_ms);
	return json_array_append_new(arg, j) == 0 ? ERR_OK : ERR_MEMORY;
}

static int
list_text(void *arg, const struct account *one)
{
	char	 last[WHEN_MAX] = "never";
	size_t	 i;

	(void)arg;
	if (one->last_ms != 0)
		when_full(one->last_ms, 0, last);
	printf("%-20s %-8s %-16s", one->name,
	    one->disabled ? "disabled" : "active", last);
	for (i = 0; i < one->box_count; i++)
		printf("%s%s", i == 0 ? " " : ",", one->boxes[i]);
	putchar('\n');
	return ERR_OK;
}

static int
list(struct accounts *a, const struct options *o)
{
	json_t	*all;
	int	 r;

	if (!o->json) {
		r = accounts_each(a, list_text, NULL);
	} else {
		all = json_array();
		r = accounts_each(a, list_json, all);
		if (r == ERR_OK)
			print_json(json_pack("{s:i,s:o}", "version", 1,
			    "accounts", all));
	}
	if (r != ERR_OK)
		log_error("the accounts cannot be read: %s", err_text(r));
	return r == ERR_OK ? EXIT_DONE : err_exit(r);
}

static int
run_verb(struct accounts *a, struct options *o)
{
	int	 r;

	if (strcmp(o->verb, "list") == 0)
		return list(a, o);
	if (strcmp(o->verb, "add") == 0 || strcmp(o->verb, "passwd") == 0)
		return add_or_change(a, o);
	if (strcmp(o->verb, "disable") != 0)
		wrong_usage("unknown verb", o->verb);
	if ((r = accounts_disable(a, o->name)) == ERR_OK)
		say_done(o, "disabled", NULL);
	return explain(o, r);
}

int
main(int argc, char **argv)
{
	struct options	 o = { 0 };
	struct accounts	*a = NULL;
	struct conf	*c = NULL;
	char		*why = NULL, *path;
	int		 r;

	log_open("limpid-user");
	read_options(argc, argv, &o);
	if ((r = conf_load(o.root, &c, &why)) != ERR_OK)
		fatal(EXIT_CONF, "%s", why == NULL ? err_text(r) : why);
	umask(077);
	/* without that user (a test) the files belong to who runs this */
	if (geteuid() == 0 && (r = proc_drop_user("limpid-view")) != ERR_OK &&
	    r != ERR_NOTFOUND)
		fatal(EXIT_NOPERM, "cannot become limpid-view: %s; run "
		    "`limpid init`, which makes the users", err_text(r));
	if ((path = conf_path(c, "state/accounts/accounts.db")) == NULL)
		fatal(EXIT_IO, "out of memory");
	if ((r = accounts_open(path, 1, &a)) != ERR_OK)
		fatal(err_exit(r), "%s: cannot be opened: %s; its folder must "
		    "exist and belong to limpid-view", path, err_text(r));
	r = run_verb(a, &o);
	accounts_close(a);
	free(path);
	conf_free(c);
	return r;
}
