/*
 * Purpose: waiting times after failed sign-ins, in memory, bounded.
 * Process: limpid-viewerd.
 * Hostile input: the names and addresses that try.
 * Must never: grow with the number of names tried.
 */
#include <stdlib.h>
#include <string.h>

#include "throttle.h"

#define WAIT_MAX_MS	((int64_t)15 * 60 * 1000)
#define FORGET_MS	((int64_t)60 * 60 * 1000)

struct entry {
	char		 key[128];	/* "" free */
	unsigned	 fails;
	int64_t		 last_ms;
};

struct throttle {
	struct entry	*all;
	size_t		 places;
	unsigned	 free_tries;
};

struct throttle *
throttle_new(size_t places, unsigned free_tries)
{
	struct throttle	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	if ((t->all = calloc(places, sizeof(*t->all))) == NULL) {
		free(t);
		return NULL;
	}
	t->places = places;
	t->free_tries = free_tries;
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (t == NULL)
		return;
	free(t->all);
	free(t);
}

/* Keys longer than a place share its first part: they wait together. */
static struct entry *
find(const struct throttle *t, const char *key)
{
	size_t	 i;

	for (i = 0; i < t->places; i++)
		if (t->all[i].key[0] != '\0' && strncmp(t->all[i].key, key,
		    sizeof(t->all[i].key) - 1) == 0)
			return &t->all[i];
	return NULL;
}

int64_t
throttle_wait(const struct throttle *t, const char *key, int64_t now_ms)
{
	const struct entry	*e = find(t, key);
	int64_t			 wait = 1000;
	unsigned		 i;

	if (e == NULL || e->fails <= t->free_tries)
		return 0;
	for (i = t->free_tries + 1; i < e->fails && wait < WAIT_MAX_MS; i++)
		wait *= 2;
	if (wait > WAIT_MAX_MS)
		wait = WAIT_MAX_MS;
	wait -= now_ms - e->last_ms;
	return wait > 0 ? wait : 0;
}

void
throttle_fail(struct throttle *t, const char *key, int64_t now_ms)
{
	struct entry	*e = find(t, key), *old = &t->all[0];
	size_t		 i;

	if (key[0] == '\0')
		return;
	for (i = 0; e == NULL && i < t->places; i++) {
		if (t->all[i].key[0] == '\0') {
			old = &t->all[i];
			break;
		}
		if (t->all[i].last_ms < old->last_ms)
			old = &t->all[i];
	}
	if (e == NULL) {
		e = old;
		memset(e, 0, sizeof(*e));
		memcpy(e->key, key, strnlen(key, sizeof(e->key) - 1));
	}
	if (now_ms - e->last_ms > FORGET_MS)
		e->fails = 0;
	e->fails++;
	e->last_ms = now_ms;
}

void
throttle_good(struct throttle *t, const char *key)
{
	struct entry	*e = find(t, key);

	if (e != NULL)
		memset(e, 0, sizeof(*e));
}
