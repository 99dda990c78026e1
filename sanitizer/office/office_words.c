/*
 * A growing string with a bound.
 * Runs in the jailed child of worker-office.
 * Hostile input: how much there is. Must never grow beyond its bound.
 */
#include <stdlib.h>
#include <string.h>

#include "office_words.h"

void
office_words_add(struct office_words *w, const char *s, size_t len)
{
	char	*grown;

	if (len > w->max - w->len)
		len = w->max - w->len;
	if (w->room - w->len <= len) {
		w->room = 2 * (w->len + len) + 256;
		if ((grown = realloc(w->s, w->room)) == NULL) {
			w->max = w->len;
			w->room = w->s != NULL ? w->len + 1 : 0;
			return;
		}
		w->s = grown;
	}
	memcpy(w->s + w->len, s, len);
	w->len += len;
	w->s[w->len] = '\0';
}
