/*
 * The table of recipients. Runs in limpid-deliverd and limpid-index. Hostile
 * input: addresses that are looked up. Must never give a box that is no plain
 * folder name.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "err.h"
#include "recipients.h"

#define ADDRESS_MAX	320
#define BOX_MAX		64

struct line {
	char	*address, *box;
};

struct recipients {
	struct line	*v;
	size_t		 count, room;
	char		*path, *unclaimed;
	struct timespec	 mtime;
	ino_t		 ino;
};

int
box_name_ok(const char *name)
{
	static const char	 ok[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@";
	size_t			 len = strlen(name);

	return len > 0 && len <= BOX_MAX && strspn(name, ok) == len &&
	    name[0] != '.' && name[0] != '-';
}

static int
line_compare(const void *va, const void *vb)
{
	const struct line	*a = va, *b = vb;

	return strcasecmp(a->address, b->address);
}

static const struct line *
line_find(const struct recipients *r, const char *address)
{
	struct line	 key = { (char *)(uintptr_t)address, NULL };

	if (r->count == 0)
		return NULL;
	return bsearch(&key, r->v, r->count, sizeof(*r->v), line_compare);
}

static int
line_add(struct recipients *r, const char *address, const char *box)
{
	struct line	*more;
	size_t		 room = r->room == 0 ? 64 : r->room * 2;

	if (r->count == r->room) {
		if ((more = realloc(r->v, room * sizeof(*more))) == NULL)
			return ERR_MEMORY;
		r->v = more;
		r->room = room;
	}
	r->v[r->count].address = strdup(address);
	r->v[r->count].box = strdup(box);
	r->count++;
	return r->v[r->count - 1].address == NULL ||
	    r->v[r->count - 1].box == NULL ? ERR_MEMORY : ERR_OK;
}

static int
complain(char **why, const char *path, size_t line, const char *what)
{
	if (asprintf(why, "%s:%zu: %s", path, line, what) == -1)
		*why = NULL;
	return ERR_CONFIG;
}

static int
line_read(struct recipients *r, const char *path, size_t number, char *text,
    char **why)
{
	char	*address, *box, *save = NULL;

	text[strcspn(text, "#")] = '\0';
	if ((address = strtok_r(text, " \t\r\n", &save)) == NULL)
		return ERR_OK;
	box = strtok_r(NULL, " \t\r\n", &save);
	if (box == NULL || strtok_r(NULL, " \t\r\n", &save) != NULL)
		return complain(why, path, number, "a line is an address and "
		    "a box, for example \"lin@agency.example lin\"");
	if (strchr(address, '@') == NULL || strlen(address) > ADDRESS_MAX)
		return complain(why, path, number, "this is no address; write "
		    "USER@DOMAIN, or @DOMAIN for everybody there");
	if (!box_name_ok(box))
		return complain(why, path, number, "a box is a folder name of "
		    "letters, digits and . _ - + @, at most 64");
	return line_add(r, address, box);
}

static int
file_read(struct recipients *r, const char *path, char **why)
{
	struct stat	 st;
	FILE		*f;
	char		*line = NULL;
	size_t		 room = 0, number = 0;
	int		 e = ERR_OK;

	if ((f = fopen(path, "re")) == NULL) {
		if (asprintf(why, "%s: %s; make it, or name another file in "
		    "deliver { recipients }", path, strerror(errno)) == -1)
			*why = NULL;
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	}
	if (fstat(fileno(f), &st) == 0) {
		r->mtime = st.st_mtim;
		r->ino = st.st_ino;
	}
	while (e == ERR_OK && getline(&line, &room, f) != -1)
		e = line_read(r, path, ++number, line, why);
	if (e == ERR_OK && ferror(f))
		e = ERR_SYS;
	free(line);
	fclose(f);
	return e;
}

int
recipients_load(const char *path, const char *unclaimed,
    struct recipients **rp, char **why)
{
	struct recipients	*r;
	int			 e = ERR_MEMORY;

	*why = NULL;
	if (unclaimed[0] == '\0')
		unclaimed = "unclaimed";
	if (!box_name_ok(unclaimed)) {
		if (asprintf(why, "deliver { unclaimed = \"%s\" }: a box is a "
		    "folder name of letters, digits and . _ - + @, at most 64",
		    unclaimed) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return ERR_MEMORY;
	r->path = strdup(path);
	r->unclaimed = strdup(unclaimed);
	if (r->path != NULL && r->unclaimed != NULL &&
	    (e = file_read(r, path, why)) == ERR_OK) {
		if (r->count > 0)
			qsort(r->v, r->count, sizeof(*r->v), line_compare);
		*rp = r;
		return ERR_OK;
	}
	recipients_free(r);
	return e;
}

void
recipients_free(struct recipients *r)
{
	if (r == NULL)
		return;
	while (r->count > 0) {
		free(r->v[--r->count].address);
		free(r->v[r->count].box);
	}
	free(r->v);
	free(r->path);
	free(r->unclaimed);
	free(r);
}

int
recipients_changed(const struct recipients *r)
{
	struct stat	 st;

	return stat(r->path, &st) == 0 && (st.st_ino != r->ino ||
	    st.st_mtim.tv_sec != r->mtime.tv_sec ||
	    st.st_mtim.tv_nsec != r->mtime.tv_nsec);
}

const char *
recipients_box(const struct recipients *r, const char *address)
{
	const struct line	*l;
	const char		*at = strrchr(address, '@'), *plus;
	char			 bare[ADDRESS_MAX + 1];

	if (at == NULL || strlen(address) > ADDRESS_MAX)
		return r->unclaimed;
	l = line_find(r, address);
	plus = memchr(address, '+', (size_t)(at - address));
	if (l == NULL && plus != NULL && plus != address) {
		snprintf(bare, sizeof(bare), "%.*s%s", (int)(plus - address),
		    address, at);
		l = line_find(r, bare);
	}
	if (l == NULL)
		l = line_find(r, at);
	return l == NULL ? r->unclaimed : l->box;
}
