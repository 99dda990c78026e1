/*
 * limpid-trace: one mail's whole way, from the records and spools of the hosts
 * whose roots are given.
 * Runs as an operator (root, or whoever may read the records).
 * Hostile input: none; record lines are escaped by record.c.
 * Must never: show mail content.
 */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "record.h"
#include "ref.h"

#define TRACE_ROOTS	16

static const char usage[] =
    "usage: limpid trace [--root DIR]... [--json] REFERENCE\n"
    "Prints every event of the mail, oldest first, and where it waits now.\n"
    "Exit 0: found, 1: nothing is known of this reference here.\n";

struct event {
	char	*line;
	char	 time[32];
	char	*program;
};

struct trace {
	struct event	*events;
	size_t		 count, size;
	const char	*program;
};

/* "seq time event ..." -> the time, so that lines of all records sort. */
static void
copy_time(const char *line, char out[32])
{
	const char	*t = strchr(line, ' ');

	snprintf(out, 32, "%.*s", t == NULL ? 0 : (int)strcspn(t + 1, " "),
	    t == NULL ? "" : t + 1);
}

static void
collect(void *arg, const char *line)
{
	struct trace	*t = arg;
	struct event	*grown;

	if (t->count == t->size) {
		t->size = t->size == 0 ? 64 : t->size * 2;
		grown = realloc(t->events, t->size * sizeof(*grown));
		if (grown == NULL)
			panic("out of memory");
		t->events = grown;
	}
	t->events[t->count].line = strdup(line);
	t->events[t->count].program = strdup(t->program);
	copy_time(line, t->events[t->count].time);
	t->count++;
}

static int
compare_events(const void *a, const void *b)
{
	return strcmp(((const struct event *)a)->time,
	    ((const struct event *)b)->time);
}

/* The events of ref in every record under root. */
static void
search_records(struct trace *t, const char *root, const char *ref)
{
	char	 pattern[4096], name[128];
	glob_t	 g;
	size_t	 i;
	char	*base;

	snprintf(pattern, sizeof(pattern), "%s/var/lib/limpid/record/*.record",
	    root);
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (i = 0; i < g.gl_pathc; i++) {
		base = strrchr(g.gl_pathv[i], '/') + 1;
		snprintf(name, sizeof(name), "%.*s",
		    (int)(strlen(base) - strlen(".record")), base);
		t->program = name;
		record_find(g.gl_pathv[i], ref, collect, t);
	}
	globfree(&g);
}

/* Prints the spool files that hold ref now; returns how many. */
static size_t
search_spools(const char *root, const char *ref, json_t *places)
{
	char	 pattern[4096];
	glob_t	 g;
	size_t	 i, n = 0;

	snprintf(pattern, sizeof(pattern),
	    "%s/var/lib/limpid/{spool/*/{new,work,held}/*%s*,waiting/%s}",
	    root, ref, ref);
	if (glob(pattern, GLOB_BRACE, NULL, &g) != 0)
		return 0;
	for (i = 0; i < g.gl_pathc; i++, n++) {
		if (places != NULL)
			json_array_append_new(places,
			    json_string(g.gl_pathv[i]));
		else
			printf("waits in %s\n", g.gl_pathv[i]);
	}
	globfree(&g);
	return n;
}

/* What follows "seq time " is the event with its fields. */
static const char *
event_text(const char *line)
{
	const char	*p = strchr(line, ' ');

	p = p == NULL ? NULL : strchr(p + 1, ' ');
	return p == NULL ? line : p + 1;
}

static void
print_events(struct trace *t, json_t *list)
{
	size_t	 i;
	char	*chain;

	if (t->count > 0)
		qsort(t->events, t->count, sizeof(*t->events), compare_events);
	for (i = 0; i < t->count; i++) {
		/* The chain fields mean nothing to a person. */
		if ((chain = strstr(t->events[i].line, " prev=")) != NULL)
			*chain = '\0';
		if (list == NULL)
			printf("%s  %-14s %s\n", t->events[i].time,
			    t->events[i].program,
			    event_text(t->events[i].line));
		else
			json_array_append_new(list, json_pack("{s:s, s:s, s:s}",
			    "time", t->events[i].time,
			    "program", t->events[i].program,
			    "event", event_text(t->events[i].line)));
		free(t->events[i].line);
		free(t->events[i].program);
	}
	free(t->events);
}

int
main(int argc, char **argv)
{
	const char	*roots[TRACE_ROOTS], *typed = NULL;
	struct trace	 t = {0};
	struct ref	 ref;
	char		 text[REF_TEXT_LEN + 1];
	json_t		*events = NULL, *places = NULL;
	size_t		 root_count = 0, i, waiting = 0, found;
	int		 a, r;

	for (a = 1; a < argc; a++) {
		if (strcmp(argv[a], "--json") == 0) {
			events = json_array();
			places = json_array();
		} else if (strcmp(argv[a], "--root") == 0 && a + 1 < argc &&
		    root_count < TRACE_ROOTS)
			roots[root_count++] = argv[++a];
		else if (strcmp(argv[a], "--help") == 0) {
			fputs(usage, stdout);
			return EXIT_DONE;
		} else if (argv[a][0] != '-' && typed == NULL)
			typed = argv[a];
		else {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (typed == NULL) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if ((r = ref_parse(typed, &ref)) != ERR_OK) {
		fprintf(stderr, "limpid trace: \"%s\" is no reference: %s; it "
		    "looks like LM-XXXXX-XXXXX-XXXXX-XXXXX\n", typed,
		    r == ERR_CRYPTO ? "the check character does not fit, so a "
		    "character is mistyped" : "wrong length or letters");
		return EXIT_BADDATA;
	}
	ref_format(&ref, text);
	if (root_count == 0)
		roots[root_count++] = "";
	for (i = 0; i < root_count; i++)
		search_records(&t, roots[i], text);
	found = t.count;
	print_events(&t, events);
	for (i = 0; i < root_count; i++)
		waiting += search_spools(roots[i], text, places);
	if (events != NULL) {
		json_t	*o = json_pack("{s:s, s:o, s:o}", "reference", text,
			    "events", events, "waiting", places);

		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(o);
	} else if (found + waiting == 0)
		fprintf(stderr, "limpid trace: %s: nothing is known of it on "
		    "this host; ask on the host before\n", text);
	return found + waiting > 0 ? EXIT_DONE : EXIT_FINDINGS;
}
