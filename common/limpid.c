/*
 * limpid: the one command people type. `limpid VERB ...` runs limpid-VERB.
 * Runs as the caller, with the caller's rights.
 * Hostile input: none.
 * Must never: do anything itself but find and start the program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"

static const struct verb {
	const char	*name;
	const char	*does;
} verbs[] = {
	{ "init",	"make keys, users, folders and configuration for a host" },
	{ "keys",	"carry public keys from host to host" },
	{ "clean",	"flatten mails or documents on this machine" },
	{ "policy",	"check a policy file" },
	{ "status",	"queues, links and programs of this host" },
	{ "slip",	"what never came over a link, as a line to type there" },
	{ "resend",	"send again what a slip names" },
	{ "missing",	"what never came; accept as lost what nobody can send" },
	{ "link",	"measure a one-way line before it is trusted" },
	{ "trace",	"one mail's whole way" },
	{ "user",	"accounts of the viewer" },
	{ "index",	"make the index of delivered mail again" },
	{ "record",	"verify the chained record of events" },
	{ "doctor",	"which isolation holds here, which parts are missing" },
};

static void
usage(FILE *out)
{
	size_t	 i;

	fputs("usage: limpid VERB [OPTION...] [ARGUMENT...]\n\n", out);
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].does);
	fputs("\n`limpid VERB --help` says more; manual pages: limpid(1).\n",
	    out);
}

/* The folder of the running binary, so a build tree works uninstalled. */
static int
own_folder(char *out, size_t size)
{
	ssize_t	 n;
	char	*slash;

	if ((n = readlink("/proc/self/exe", out, size - 1)) == -1)
		return ERR_SYS;
	out[n] = '\0';
	if ((slash = strrchr(out, '/')) == NULL)
		return ERR_FORMAT;
	*slash = '\0';
	return ERR_OK;
}

int
main(int argc, char **argv)
{
	char	 folder[4096], path[4352], name[64];
	size_t	 i;

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return EXIT_DONE;
	}
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			break;
	if (i == sizeof(verbs) / sizeof(verbs[0])) {
		fprintf(stderr, "limpid: there is no verb \"%s\"; "
		    "`limpid help` lists them\n", argv[1]);
		return EXIT_USAGE;
	}
	if (own_folder(folder, sizeof(folder)) != ERR_OK) {
		fputs("limpid: /proc is not readable, so the other programs "
		    "cannot be found; mount /proc\n", stderr);
		return EXIT_UNAVAILABLE;
	}
	snprintf(name, sizeof(name), "limpid-%s", argv[1]);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	argv[1] = name;
	execv(path, argv + 1);
	fprintf(stderr, "limpid: %s: %s; install Limpid whole\n", path,
	    strerror(errno));
	return EXIT_UNAVAILABLE;
}
