/*
 * limpid-slip: prints resend slips for what never came over a link.
 * Runs as an operator on the receiving host.
 * Hostile input: none.
 * Must never: change anything.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "slip.h"

static const char usage[] =
    "usage: limpid slip [--root DIR] [--link 1|2] [--json]\n"
    "Prints a line to be typed on the sending host for each gap.\n"
    "Exit 0: slips were printed, 1: nothing is missing here.\n";

struct print {
	int	 link;
	json_t	*list;		/* NULL: text */
	int	 count;
};

static int
slip_print(struct print *p, uint64_t first, uint64_t last)
{
	struct slip	 s = { p->link, first, 0 };
	char		 text[SLIP_TEXT_LEN + 1];

	/* A slip holds a million; a longer gap takes more of them. */
	for (; s.first <= last; s.first += s.count) {
		s.count = last - s.first >= SLIP_COUNT_MAX ? SLIP_COUNT_MAX :
		    (uint32_t)(last - s.first) + 1;
		if (slip_format(&s, text) != ERR_OK)
			return ERR_LIMIT;
		p->count++;
		if (p->list != NULL)
			json_array_append_new(p->list, json_pack(
			    "{s:i, s:I, s:I, s:s}", "link", p->link, "first",
			    (json_int_t)s.first, "count", (json_int_t)s.count,
			    "slip", text));
		else if (s.count == 1)
			printf("link %d  number %llu  ->  limpid resend %s\n",
			    p->link, (unsigned long long)s.first, text);
		else
			printf("link %d  numbers %llu-%llu  ->  limpid resend"
			    " %s\n", p->link, (unsigned long long)s.first,
			    (unsigned long long)s.first + s.count - 1, text);
	}
	return ERR_OK;
}

/* The list that the receiver keeps for the program behind it (recv_notice.h). */
static int
link_print(struct print *p, const char *root)
{
	char			 path[4096], line[64], *end;
	unsigned long long	 first, last, more;
	FILE			*f;
	int			 r = ERR_OK;

	snprintf(path, sizeof(path), "%s/var/lib/limpid/spool/link%d-in", root,
	    p->link);
	if (access(path, F_OK) != 0)
		return ERR_NOTFOUND;
	strncat(path, "/missing", sizeof(path) - strlen(path) - 1);
	if ((f = fopen(path, "re")) == NULL)
		return access(path, F_OK) == 0 ? ERR_DENIED : ERR_OK;
	while (r == ERR_OK && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "more %llu", &more) == 1)
			fprintf(stderr, "limpid slip: link %d: %llu more gaps"
			    " follow; type this again when these came\n",
			    p->link, more);
		first = last = strtoull(line, &end, 10);
		if (end == line || first == 0)
			continue;
		if (*end == '-')
			last = strtoull(end + 1, NULL, 10);
		r = slip_print(p, first, last);
	}
	fclose(f);
	return r;
}

static int
both_print(struct print *p, const char *root, int only)
{
	int	 link, r, any = 0;

	for (link = 1; link <= 2; link++) {
		if (only != 0 && link != only)
			continue;
		p->link = link;
		if ((r = link_print(p, root)) == ERR_NOTFOUND)
			continue;
		if (r == ERR_LIMIT) {
			fprintf(stderr, "limpid slip: link %d: a number is too"
			    " large for a slip; `limpid missing list` shows it,"
			    " and the sender's ledger must be looked at\n",
			    link);
			return EXIT_BADDATA;
		}
		if (r != ERR_OK) {
			fprintf(stderr, "limpid slip: link %d: the list of what"
			    " is missing cannot be read: %s; run this as"
			    " root\n", link, err_text(r));
			return err_exit(r);
		}
		any = 1;
	}
	if (!any) {
		fprintf(stderr, "limpid slip: no link ends under"
		    " %s/var/lib/limpid/spool; run this on the receiving"
		    " host\n", root);
		return EXIT_CONF;
	}
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct print	 p = {0};
	const char	*root = "";
	int		 a, only = 0, help, code;

	for (a = 1; a < argc; a++) {
		if (strcmp(argv[a], "--json") == 0 && p.list == NULL)
			p.list = json_array();
		else if (strcmp(argv[a], "--root") == 0 && a + 1 < argc)
			root = argv[++a];
		else if (strcmp(argv[a], "--link") == 0 && a + 1 < argc &&
		    (strcmp(argv[a + 1], "1") == 0 ||
		    strcmp(argv[a + 1], "2") == 0))
			only = atoi(argv[++a]);
		else {
			help = strcmp(argv[a], "--help") == 0;
			fputs(usage, help ? stdout : stderr);
			return help ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if ((code = both_print(&p, root, only)) != EXIT_DONE)
		return code;
	if (p.list != NULL) {
		json_dumpf(p.list, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(p.list);
	} else if (p.count == 0)
		puts("nothing is missing");
	return p.count > 0 ? EXIT_DONE : EXIT_FINDINGS;
}
