/*
 * The facts stated about one part, kept until its end.
 */
#ifndef LIMPID_FACTS_H
#define LIMPID_FACTS_H

#include <stddef.h>

#include "outcome.h"

struct facts {
	struct fact_value {
		enum fact	 fact;
		char		*value;
	}	*list;
	size_t	 count, room;
};

/* Adds a copy of value. ERR_OK or ERR_MEMORY. */
int facts_add(struct facts *f, enum fact fact, const char *value);
/* The n-th value of a fact, borrowed; NULL when there is none. */
const char *facts_find(const struct facts *f, enum fact fact, size_t n);
/* The first value, "" when there is none. */
const char *facts_text(const struct facts *f, enum fact fact);
/* Forgets all; keeps the memory of the list. */
void facts_clear(struct facts *f);
void facts_free(struct facts *f);

#endif
