/*
 * Changes: the panel "What was changed": one sentence a fact, outcome or reason,
 * with the reason code and the rule behind it.
 */
#ifndef LIMPID_CHANGES_H
#define LIMPID_CHANGES_H

#include <stddef.h>

struct html;
struct mail;
struct store;

#define CHANGES_MAX 120

/* Writes the list items; *count is how many there are in all, written or not. */
int changes_write(struct html *h, struct store *store, const struct mail *m,
    size_t *count);

/* How many there are, without writing. */
int changes_count(struct store *store, const struct mail *m, size_t *count);

/* The sentence for a reason by its name. */
const char *changes_reason(const char *reason);

#endif
