/*
 * Search: what people type into the search box, as a query for the store.
 */
#ifndef LIMPID_SEARCH_H
#define LIMPID_SEARCH_H

#include <stddef.h>

#include "store.h"

#define SEARCH_WORDS_MAX 16

/* A parsed search; the strings of q belong to it. */
struct search {
	struct store_query q;
	char		*buf;		/* what q points into */
	char		*match;
	char		*limits[SEARCH_WORDS_MAX];	/* as typed, for the page */
	size_t		 limit_count;
};

/*
 * Words, "several words", and key:value with the keys from to subject text file
 * before after larger is has reason. Never fails on odd input: what is not
 * understood is a word. ERR_MEMORY.
 */
int search_parse(const char *text, struct search *s);
void search_free(struct search *s);

#endif
