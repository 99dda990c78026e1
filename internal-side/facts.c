/*
 * Keeps the facts of a part. Runs in the jailed compose child. Hostile input:
 * values, checked by the copy reader. Must never interpret one.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "facts.h"

int
facts_add(struct facts *f, enum fact fact, const char *value)
{
	struct fact_value	*more;
	size_t			 room;
	char			*copy;

	if (f->count == f->room) {
		room = f->room == 0 ? 32 : f->room * 2;
		more = realloc(f->list, room * sizeof(*more));
		if (more == NULL)
			return ERR_MEMORY;
		f->list = more;
		f->room = room;
	}
	if ((copy = strdup(value)) == NULL)
		return ERR_MEMORY;
	f->list[f->count].fact = fact;
	f->list[f->count++].value = copy;
	return ERR_OK;
}

const char *
facts_find(const struct facts *f, enum fact fact, size_t n)
{
	size_t	 i;

	for (i = 0; i < f->count; i++)
		if (f->list[i].fact == fact && n-- == 0)
			return f->list[i].value;
	return NULL;
}

const char *
facts_text(const struct facts *f, enum fact fact)
{
	const char	*s = facts_find(f, fact, 0);

	return s == NULL ? "" : s;
}

void
facts_clear(struct facts *f)
{
	while (f->count > 0)
		free(f->list[--f->count].value);
}

void
facts_free(struct facts *f)
{
	facts_clear(f);
	free(f->list);
	memset(f, 0, sizeof(*f));
}
