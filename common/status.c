/*
 * limpid-status: the queues, links and programs of one host.
 * Runs as an operator.
 * Hostile input: none.
 * Must never: change anything.
 */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "spool.h"

#define STALE_S		10	/* the programs of the diode speak each second */
#define DAY_S		86400
#define AWAY_MS		5000	/* a restart of the far end takes less */

static const char usage[] =
    "usage: limpid status [--root DIR] [--json]\n"
    "Exit 0: all is well, 1: something is held, missing or down.\n";

static const char *const spools[] = {
	"link1-out", "link1-in", "link2-out", "link2-in"
};

/* Adds the spool where this host has it; returns 1 when something is held. */
static int
add_spool(const char *root, const char *name, json_t *list)
{
	char			 path[4096];
	struct spool		*s;
	struct spool_stat	 st;
	int			 r;

	snprintf(path, sizeof(path), "%s/var/lib/limpid/spool/%s", root, name);
	if (access(path, F_OK) != 0)
		return 0;
	if ((r = spool_open(path, 0, 0, &s)) != ERR_OK) {
		fprintf(stderr, "limpid status: %s: %s\n", path, err_text(r));
		return 1;
	}
	r = spool_stat(s, &st);
	spool_close(s);
	if (r != ERR_OK)
		return 1;
	json_array_append_new(list, json_pack(
	    "{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "name", name,
	    "new", (json_int_t)st.new_count, "work", (json_int_t)st.work_count,
	    "held", (json_int_t)st.held_count,
	    "sent", (json_int_t)st.sent_count, "bytes", (json_int_t)st.bytes,
	    "oldest_ms", (json_int_t)st.oldest_ms));
	return st.held_count > 0;
}

/* Adds a program by its pid file; returns 1 when it is down. */
static int
add_program(const char *path, json_t *list)
{
	char		 name[128];
	const char	*base = strrchr(path, '/') + 1;
	FILE		*f;
	long		 pid = 0;
	int		 up;

	snprintf(name, sizeof(name), "%.*s",
	    (int)(strlen(base) - strlen(".pid")), base);
	if ((f = fopen(path, "re")) != NULL) {
		if (fscanf(f, "%ld", &pid) != 1)
			pid = 0;
		fclose(f);
	}
	up = pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
	json_array_append_new(list, json_pack("{s:s, s:I, s:b}",
	    "name", name, "pid", (json_int_t)pid, "up", up));
	return !up;
}

/* Adds what never came, as the receiver lists it for the program behind it: what
 * is only late is not in there. Returns 1 when there is any. */
static int
add_gaps(const char *path, json_t *list)
{
	char	 line[256], link[16] = "";
	FILE	*f;
	int	 n = 0;

	if ((f = fopen(path, "re")) == NULL)
		return 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "link ", 5) == 0)
			snprintf(link, sizeof(link), "%.8s-recv", line + 5);
		if (line[0] < '1' || line[0] > '9')
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s}",
		    "link", link, "sequence", line));
		n = 1;
	}
	fclose(f);
	return n;
}

/* "1-recv" of ".../link/1-recv/status". */
static void
link_name(const char *path, char out[16])
{
	const char	*end = strrchr(path, '/'), *start = end;

	while (start > path && start[-1] != '/')
		start--;
	snprintf(out, 16, "%.*s", (int)(end - start), start);
}

static long long
number_of(json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *
word_of(json_t *o, const char *key)
{
	const char	*s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

/* Lines "key value" that the programs of the diode replace each second. */
static void
read_link(FILE *f, json_t *o)
{
	char		 line[512], *value, *end;
	long long	 number;

	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if ((value = strchr(line, ' ')) == NULL)
			continue;
		*value++ = '\0';
		number = strtoll(value, &end, 10);
		json_object_set_new(o, line, *end == '\0' && end != value ?
		    json_integer((json_int_t)number) : json_string(value));
	}
}

/* Adds one end of a link; returns 1 when it asks for a person. */
static int
add_link(const char *path, json_t *list)
{
	char		 name[16];
	json_t		*o;
	struct stat	 st;
	FILE		*f;

	if ((f = fopen(path, "re")) == NULL)
		return 0;
	link_name(path, name);
	o = json_pack("{s:s}", "name", name);
	read_link(f, o);
	if (fstat(fileno(f), &st) == 0)
		json_object_set_new(o, "age_s", json_integer(
		    (json_int_t)(time(NULL) - st.st_mtime)));
	fclose(f);
	json_array_append_new(list, o);
	return number_of(o, "age_s") > STALE_S ||
	    strcmp(word_of(o, "config"), "differs") == 0 ||
	    strcmp(word_of(o, "state"), "silent") == 0 ||
	    strcmp(word_of(o, "state"), "closed") == 0 ||
	    strcmp(word_of(o, "state"), "unreadable") == 0 ||
	    number_of(o, "conflicts") > 0 ||
	    strcmp(word_of(o, "state"), "full") == 0 ||
	    number_of(o, "away_ms") > AWAY_MS;
}

/* Adds what limpid-sanitizerd last told of its scanner; returns 1 when it asks for a
 * person. Where nobody ever brought a database that is said, and is no alarm. */
static int
add_scan(const char *path, json_t *list)
{
	json_t		*o = json_pack("{s:s}", "name", "scan");
	const char	*state;
	long long	 age;
	FILE		*f;

	if ((f = fopen(path, "re")) == NULL) {
		json_decref(o);
		return 0;
	}
	read_link(f, o);
	fclose(f);
	state = word_of(o, "state");
	age = (long long)time(NULL) - number_of(o, "made_s");
	if (strcmp(state, "ready") == 0)
		json_object_set_new(o, "age_days",
		    json_integer((json_int_t)(age > 0 ? age / DAY_S : 0)));
	json_object_set_new(o, "old", json_boolean(strcmp(state, "ready") == 0 &&
	    age > number_of(o, "max_age_s")));
	json_array_append_new(list, o);
	return strcmp(state, "missing") == 0 || strcmp(state, "broken") == 0 ||
	    number_of(o, "kept") != 0 ||
	    json_is_true(json_object_get(o, "old"));
}

static int
add_matches(const char *root, const char *under, json_t *list,
    int (*add)(const char *path, json_t *list))
{
	char	 pattern[4096];
	glob_t	 g;
	size_t	 i;
	int	 bad = 0;

	snprintf(pattern, sizeof(pattern), "%s/%s", root, under);
	if (glob(pattern, 0, NULL, &g) != 0)
		return 0;
	for (i = 0; i < g.gl_pathc; i++)
		bad |= add(g.gl_pathv[i], list);
	globfree(&g);
	return bad;
}

static void
print_waiting(json_t *e)
{
	long long	 n = number_of(e, "waiting");

	if (n > 0)
		printf(", %lld parcels (%lld bytes) wait there, the oldest for"
		    " %lld s", n, number_of(e, "bytes"),
		    number_of(e, "oldest_ms") / 1000);
	putchar('\n');
}

static void
print_link(json_t *e)
{
	const char	*state = word_of(e, "state"), *name = word_of(e, "name");

	printf("link     %-18s ", name);
	if (number_of(e, "age_s") > STALE_S)
		printf("its program has said nothing for %lld s; see"
		    " systemctl status limpid-diode-%s@%c\n",
		    number_of(e, "age_s"), strlen(name) > 2 ? name + 2 : "",
		    name[0]);
	else if (strcmp(state, "away") == 0) {
		printf("AWAY: the far end takes nothing for %lld s; the log of"
		    " limpid-diode-send says why",
		    number_of(e, "away_ms") / 1000);
		print_waiting(e);
		if (word_of(e, "why")[0] != '\0')
			printf("link     %-18s %s\n", word_of(e, "name"),
			    word_of(e, "why"));
	} else if (strcmp(state, "up") == 0) {
		printf("up, sent up to %lld", number_of(e, "sent"));
		print_waiting(e);
	} else if (strcmp(state, "silent") == 0)
		printf("SILENT: no heartbeat of the sender for %lld s; see that"
		    " limpid-diode-send runs there, the line, and whether the"
		    " log of limpid-diode-recv names another cause\n",
		    number_of(e, "silent_ms") / 1000);
	else if (strcmp(state, "closed") == 0)
		puts("CLOSED: this host cannot store anything now; the log of"
		    " limpid-diode-recv says why");
	else if (strcmp(state, "unreadable") == 0)
		printf("UNREADABLE: %s\n", word_of(e, "why"));
	else if (strcmp(state, "full") == 0)
		puts("FULL: what has no room on this host is lost until it is"
		    " sent again");
	else if (strcmp(state, "waiting") == 0)
		puts("no heartbeat yet");
	else {
		printf("heard, received up to %lld of %lld",
		    number_of(e, "highest"), number_of(e, "sent"));
		if (number_of(e, "lost") > 0)
			printf(", %lld accepted as lost", number_of(e, "lost"));
		print_waiting(e);
	}
	if (number_of(e, "conflicts") > 0)
		printf("link     %-18s %lld objects were NOT TAKEN, they bear"
		    " numbers that were seen before: the sender's ledger was"
		    " lost, see limpid-diode-send(8)\n", name,
		    number_of(e, "conflicts"));
	if (strcmp(word_of(e, "config"), "differs") == 0)
		printf("link     %-18s limpid.conf differs from the sender's:"
		    " transport or max_object\n", word_of(e, "name"));
}

static void
print_scan(json_t *e)
{
	const char	*state = word_of(e, "state"), *folder = word_of(e, "folder");

	printf("scan     %-18s ", folder);
	if (strcmp(state, "ready") == 0) {
		printf("%s, ", word_of(e, "engine"));
		if (number_of(e, "version") > 0)
			printf("%s %lld, ", word_of(e, "name"),
			    number_of(e, "version"));
		printf("%lld days old, %lld signatures%s\n",
		    number_of(e, "age_days"), number_of(e, "signatures"),
		    json_is_true(json_object_get(e, "old")) ?
		    ": TOO OLD, bring a newer one" : "");
	} else if (strcmp(state, "starting") == 0)
		puts("the database is loaded; mails wait for it");
	else if (strcmp(state, "off") == 0)
		puts("switched off in limpid.conf: parts are not scanned");
	else if (strcmp(state, "broken") == 0)
		puts("BROKEN: the database does not load; parts are not scanned");
	else
		printf("%s: parts are not scanned\n", strcmp(state, "missing") ==
		    0 ? "NO DATABASE" : "no database");
	if (number_of(e, "kept") != 0)
		printf("scan     %-18s the NEWER database does not load; this one "
		    "stays in use\n", folder);
}

static void
print_text(json_t *o)
{
	json_t	*e;
	size_t	 i;

	json_array_foreach(json_object_get(o, "programs"), i, e)
		printf("program  %-18s %s\n",
		    json_string_value(json_object_get(e, "name")),
		    json_is_true(json_object_get(e, "up")) ? "up" : "DOWN");
	json_array_foreach(json_object_get(o, "spools"), i, e)
		printf("spool    %-18s new %lld  work %lld  held %lld  "
		    "kept %lld\n",
		    json_string_value(json_object_get(e, "name")),
		    json_integer_value(json_object_get(e, "new")),
		    json_integer_value(json_object_get(e, "work")),
		    json_integer_value(json_object_get(e, "held")),
		    json_integer_value(json_object_get(e, "sent")));
	json_array_foreach(json_object_get(o, "links"), i, e)
		print_link(e);
	json_array_foreach(json_object_get(o, "scan"), i, e)
		print_scan(e);
	json_array_foreach(json_object_get(o, "gaps"), i, e)
		printf("gap      %-18s number %s never came; see `limpid slip`"
		    "\n", json_string_value(json_object_get(e, "link")),
		    json_string_value(json_object_get(e, "sequence")));
}

int
main(int argc, char **argv)
{
	const char	*root = "";
	json_t		*o, *sp = json_array(), *pr = json_array(),
			*ga = json_array(), *li = json_array(),
			*sc = json_array();
	size_t		 i;
	int		 a, as_json = 0, bad = 0;

	for (a = 1; a < argc; a++) {
		if (strcmp(argv[a], "--json") == 0)
			as_json = 1;
		else if (strcmp(argv[a], "--root") == 0 && a + 1 < argc)
			root = argv[++a];
		else {
			int help = strcmp(argv[a], "--help") == 0;

			fputs(usage, help ? stdout : stderr);
			return help ? EXIT_DONE : EXIT_USAGE;
		}
	}
	bad |= add_matches(root, "run/limpid/*.pid", pr, add_program);
	for (i = 0; i < sizeof(spools) / sizeof(spools[0]); i++)
		bad |= add_spool(root, spools[i], sp);
	bad |= add_matches(root, "var/lib/limpid/spool/*-in/missing", ga,
	    add_gaps);
	bad |= add_matches(root, "var/lib/limpid/link/*/status", li, add_link);
	bad |= add_matches(root, "run/limpid/scan.status", sc, add_scan);
	if (json_array_size(sp) == 0) {
		fprintf(stderr, "limpid status: no spools under "
		    "%s/var/lib/limpid; run limpid init first\n", root);
		return EXIT_CONF;
	}
	o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "programs", pr, "spools", sp,
	    "links", li, "scan", sc, "gaps", ga);
	if (as_json) {
		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
	} else
		print_text(o);
	json_decref(o);
	return bad ? EXIT_FINDINGS : EXIT_DONE;
}
