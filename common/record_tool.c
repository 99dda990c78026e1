/*
 * limpid-record: `limpid record verify` checks the chained records of a host.
 * Runs as an operator (root, or whoever may read the records).
 * Hostile input: a record that somebody may have changed.
 * Must never: write to a record.
 */
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "record.h"

static const char usage[] =
    "usage: limpid record verify [--root DIR] [--json] [FILE...]\n"
    "Checks every record of this host (or the FILEs): a changed, removed,\n"
    "reordered or cut line is named. Exit 0: all good, 1: faults found.\n";

struct finding {
	const char	*file;
	json_t		*faults;	/* NULL: print as text */
};

static const char *
fault_name(enum record_fault fault)
{
	switch (fault) {
	case RECORD_GOOD:	return "good";
	case RECORD_CHANGED:	return "changed";
	case RECORD_REMOVED:	return "removed";
	case RECORD_REORDERED:	return "reordered";
	case RECORD_CUT:	return "cut";
	case RECORD_UNREADABLE:	return "unreadable";
	}
	return "unknown";
}

static void
report_fault(void *arg, enum record_fault fault, uint64_t line,
    const char *sentence)
{
	struct finding	*f = arg;

	if (f->faults == NULL) {
		printf("%s:%llu: %s: %s\n", f->file, (unsigned long long)line,
		    fault_name(fault), sentence);
		return;
	}
	json_array_append_new(f->faults, json_pack("{s:I, s:s, s:s}",
	    "line", (json_int_t)line, "fault", fault_name(fault),
	    "sentence", sentence));
}

/* Returns the number of faults, or an error. */
static int
verify_file(const char *path, json_t *all)
{
	struct finding	 f = { .file = path };
	uint64_t	 lines = 0;
	int		 n;

	if (all != NULL)
		f.faults = json_array();
	n = record_verify(path, report_fault, &f, &lines);
	if (n < 0) {
		fprintf(stderr, "limpid record: %s: %s\n", path, err_text(n));
		json_decref(f.faults);
		return n;
	}
	if (all != NULL)
		json_array_append_new(all, json_pack("{s:s, s:I, s:o}",
		    "file", path, "lines", (json_int_t)lines,
		    "faults", f.faults));
	else if (n == 0)
		printf("%s: %llu lines, good\n", path,
		    (unsigned long long)lines);
	return n;
}

/* All records of the host; 0 when there are none. */
static int
find_records(const char *root, glob_t *g)
{
	char	 pattern[4096];

	snprintf(pattern, sizeof(pattern), "%s/var/lib/limpid/record/*.record",
	    root);
	return glob(pattern, 0, NULL, g) == 0;
}

int
main(int argc, char **argv)
{
	const char	*root = "";
	json_t		*all = NULL;
	glob_t		 g = {0};
	char		**files;
	size_t		 count, i;
	int		 a, n, worst = EXIT_DONE;

	if (argc < 2 || strcmp(argv[1], "verify") != 0) {
		int help = argc == 2 && strcmp(argv[1], "--help") == 0;

		fputs(usage, help ? stdout : stderr);
		return help ? EXIT_DONE : EXIT_USAGE;
	}
	for (a = 2; a < argc && argv[a][0] == '-'; a++) {
		if (strcmp(argv[a], "--json") == 0)
			all = json_array();
		else if (strcmp(argv[a], "--root") == 0 && a + 1 < argc)
			root = argv[++a];
		else {
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	files = argv + a;
	count = (size_t)(argc - a);
	if (count == 0) {
		if (!find_records(root, &g)) {
			fprintf(stderr, "limpid record: no records under "
			    "%s/var/lib/limpid/record; has anything run "
			    "here?\n", root);
			return EXIT_NOINPUT;
		}
		files = g.gl_pathv;
		count = g.gl_pathc;
	}
	for (i = 0; i < count; i++) {
		n = verify_file(files[i], all);
		if (n < 0)
			worst = n == ERR_NOTFOUND ? EXIT_NOINPUT : err_exit(n);
		else if (n > 0 && worst == EXIT_DONE)
			worst = EXIT_FINDINGS;
	}
	if (all != NULL) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	}
	globfree(&g);
	return worst;
}
