/*
 * limpid-policy: what security staff type to check and to see a policy.
 * Runs as the caller, once. Input: a policy file that people edit.
 * Must never write anything but its answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "policy.h"
#include "policy_print.h"

static const char usage[] =
    "usage: limpid policy check FILE...\n"
    "       limpid policy show FILE\n";

static int
load(const char *path, struct policy **pp)
{
	char	*why = NULL;
	int	 r, code;

	if ((r = policy_load(path, pp, &why)) == ERR_OK)
		return EXIT_DONE;
	code = r == ERR_CONFIG ? EXIT_FINDINGS :
	    r == ERR_SYS ? EXIT_NOINPUT : err_exit(r);
	if (why != NULL)
		fputs(why, stderr);
	else
		fprintf(stderr, "limpid-policy: %s: %s. Try again.\n", path,
		    err_text(r));
	free(why);
	return code;
}

static int
check(const char *path)
{
	struct policy	*p = NULL;
	int		 code;

	if ((code = load(path, &p)) == EXIT_DONE)
		printf("%s: good: policy \"%s\", digest %s\n", path,
		    policy_name(p), policy_digest(p));
	policy_free(p);
	return code;
}

static int
show(const char *path)
{
	struct policy	*p = NULL;
	int		 code;

	if ((code = load(path, &p)) == EXIT_DONE) {
		printf("# %s, digest %s\n", path, policy_digest(p));
		policy_print(p, 1, stdout);
	}
	policy_free(p);
	return code;
}

int
main(int argc, char **argv)
{
	int	 code = EXIT_DONE, one;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	if (argc >= 3 && strcmp(argv[1], "check") == 0) {
		for (int i = 2; i < argc; i++)
			if ((one = check(argv[i])) > code)
				code = one;
	} else if (argc == 3 && strcmp(argv[1], "show") == 0) {
		code = show(argv[2]);
	} else {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "limpid-policy: standard output: %s. Is the "
		    "disk full?\n", strerror(errno));
		return EXIT_IO;
	}
	return code;
}
