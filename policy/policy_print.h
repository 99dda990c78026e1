/*
 * The effective policy as text in canonical form: what the digest covers, and,
 * with origins, what `limpid policy show` prints.
 */
#ifndef LIMPID_POLICY_PRINT_H
#define LIMPID_POLICY_PRINT_H

#include <stdio.h>

struct policy;

/* Prints every limit, profile and rule; origins adds a comment to each limit
 * that says which line set it, or that it is the default. Write errors stay in
 * out (ferror). */
void policy_print(const struct policy *p, int origins, FILE *out);

#endif
