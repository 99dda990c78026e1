/* Words that are gathered, up to a bound. */
#ifndef LIMPID_OFFICE_WORDS_H
#define LIMPID_OFFICE_WORDS_H

#include <stddef.h>

struct office_words {
	char	*s;		/* ends in 0; NULL while there are none */
	size_t	 len, room, max;
};

/* Adds as much as max allows; the caller frees s. No memory counts as the bound. */
void office_words_add(struct office_words *w, const char *s, size_t len);

#endif
