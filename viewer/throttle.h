/*
 * Throttle: how often a name or an address may try to sign in. After a few
 * failures each further one doubles the wait, up to a quarter of an hour.
 */
#ifndef LIMPID_THROTTLE_H
#define LIMPID_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

struct throttle;

/* free_tries failures cost nothing; NULL: no memory. */
struct throttle *throttle_new(size_t places, unsigned free_tries);
void throttle_free(struct throttle *t);

/* Milliseconds that the key must still wait; 0: it may try. */
int64_t throttle_wait(const struct throttle *t, const char *key,
    int64_t now_ms);
/* A try failed; a try succeeded. */
void throttle_fail(struct throttle *t, const char *key, int64_t now_ms);
void throttle_good(struct throttle *t, const char *key);

#endif
