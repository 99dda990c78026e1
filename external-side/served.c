/*
 * The tables of domains and recipients. Run by limpid-intaked at start and on
 * SIGHUP. Hostile: nothing in the files, but mistakes are likely; the addresses
 * that are asked for are hostile, and already parsed. Must never take a file in
 * part: one wrong line and the whole is refused with its place.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "err.h"
#include "log.h"
#include "served.h"

struct list {
	char	**v;
	size_t	 count, room;
};

struct served {
	struct list	 domains;	/* lower case, sorted */
	struct list	 rcpts;		/* "user@domain" and "@domain" */
	char		*postmaster;
};

struct place { const char *file; int line; char **why; };

static int complain(const struct place *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static int
complain(const struct place *at, const char *fmt, ...)
{
	char	*what = NULL;
	va_list	 ap;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) == -1)
		what = NULL;
	va_end(ap);
	if ((at->line > 0 ? asprintf(at->why, "%s:%d: %s", at->file, at->line,
	    what != NULL ? what : "out of memory") : asprintf(at->why, "%s: %s",
	    at->file, what != NULL ? what : "out of memory")) == -1)
		*at->why = NULL;
	free(what);
	return ERR_CONFIG;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static int
list_add(struct list *l, const char *s)
{
	size_t	 room = l->room > 0 ? l->room * 2 : 64;
	char	**p;

	if (l->count == l->room) {
		if ((p = reallocarray(l->v, room, sizeof(*p))) == NULL)
			return ERR_MEMORY;
		l->v = p;
		l->room = room;
	}
	if ((l->v[l->count] = strdup(s)) == NULL)
		return ERR_MEMORY;
	l->count++;
	return ERR_OK;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_has(const struct list *l, const char *s)
{
	return l->count > 0 &&
	    bsearch(&s, l->v, l->count, sizeof(*l->v), compare) != NULL;
}

static void
list_clear(struct list *l)
{
	while (l->count > 0)
		free(l->v[--l->count]);
	free(l->v);
}

/* One address or domain as the dialogue would read it, in lower case. */
static int
word_check(const char *prefix, const char *word, char out[ADDRESS_MAX + 1])
{
	char	 path[ADDRESS_MAX + 16];
	size_t	 used;
	int	 n;

	n = snprintf(path, sizeof(path), "<%s%s>", prefix, word);
	if (n >= (int)sizeof(path) ||
	    address_read_path(path, (size_t)n, 1, out, &used) != ERR_OK ||
	    used != (size_t)n)
		return ERR_FORMAT;
	lower(out);
	return ERR_OK;
}

static int
domain_line(struct served *s, const struct place *at, const char *word)
{
	char	 out[ADDRESS_MAX + 1];

	if (word_check("x@", word, out) != ERR_OK)
		return complain(at, "\"%s\" is not a domain; write one a line, "
		    "like agency.example", log_safe(word));
	return list_add(&s->domains, out + 2);
}

static int
rcpt_line(struct served *s, const struct place *at, const char *word)
{
	char	 out[ADDRESS_MAX + 1];
	int	 all = word[0] == '@';

	if (word_check(all ? "x" : "", word, out) != ERR_OK ||
	    address_domain(out) == NULL)
		return complain(at, "\"%s\" is not an address; write "
		    "user@domain, or @domain for everybody there",
		    log_safe(word));
	if (!list_has(&s->domains, address_domain(out)))
		return complain(at, "domain \"%s\" is not served; add it to "
		    "the domains file or remove this line",
		    log_safe(address_domain(out)));
	return list_add(&s->rcpts, out + all);
}

/* Feeds the first word of each line that has one. */
static int
file_each(struct served *s, const char *path, char **why,
    int (*fn)(struct served *s, const struct place *at, const char *word))
{
	struct place	 at = { path, 0, why };
	char		*line = NULL;
	size_t		 room = 0;
	ssize_t		 n;
	FILE		*f;
	int		 r = ERR_OK;

	if ((f = fopen(path, "re")) == NULL)
		return complain(&at, "cannot be read: %s; make it, or set its "
		    "name in limpid.conf", err_text(ERR_SYS));
	while (r == ERR_OK && (n = getline(&line, &room, f)) != -1) {
		char	*word;

		at.line++;
		if (strlen(line) != (size_t)n) {
			r = complain(&at, "holds a NUL; it is not a text file");
			break;
		}
		line[strcspn(line, "#\r\n")] = '\0';
		word = line + strspn(line, " \t");
		word[strcspn(word, " \t")] = '\0';
		if (word[0] != '\0')
			r = fn(s, &at, word);
	}
	if (r == ERR_OK && ferror(f))
		r = complain(&at, "cannot be read: %s", err_text(ERR_SYS));
	free(line);
	fclose(f);
	return r;
}

static void
list_sort(struct list *l)
{
	if (l->count > 0)
		qsort(l->v, l->count, sizeof(*l->v), compare);
}

int
served_load(const char *domains, const char *recipients, struct served **sp,
    char **why)
{
	struct served	*s = calloc(1, sizeof(*s));
	struct place	 at = { domains, 0, why };
	int		 r = ERR_MEMORY;

	*why = NULL;
	if (s == NULL || (r = file_each(s, domains, why, domain_line)) !=
	    ERR_OK)
		goto out;
	if (s->domains.count == 0) {
		r = complain(&at, "names no domain; write one a line");
		goto out;
	}
	if (asprintf(&s->postmaster, "postmaster@%s", s->domains.v[0]) == -1) {
		s->postmaster = NULL;
		r = ERR_MEMORY;
		goto out;
	}
	list_sort(&s->domains);
	if ((r = file_each(s, recipients, why, rcpt_line)) != ERR_OK)
		goto out;
	list_sort(&s->rcpts);
	*sp = s;
	s = NULL;
 out:
	served_free(s);
	return r;
}

void
served_free(struct served *s)
{
	if (s == NULL)
		return;
	list_clear(&s->domains);
	list_clear(&s->rcpts);
	free(s->postmaster);
	free(s);
}

int
served_check(const struct served *s, const char *address)
{
	char		 key[ADDRESS_MAX + 1];
	const char	*domain;
	size_t		 n = strlen(address);

	if (n > ADDRESS_MAX)
		return ERR_DENIED;
	memcpy(key, address, n + 1);
	lower(key);
	if ((domain = address_domain(key)) == NULL)
		return strcmp(key, "postmaster") == 0 ? ERR_OK : ERR_DENIED;
	if (!list_has(&s->domains, domain))
		return ERR_DENIED;
	if (strncmp(key, "postmaster@", 11) == 0)
		return ERR_OK;
	return list_has(&s->rcpts, key) || list_has(&s->rcpts, domain - 1) ?
	    ERR_OK : ERR_NOTFOUND;
}

const char *
served_postmaster(const struct served *s)
{
	return s->postmaster;
}
