/*
 * Files of a folder that were left there (recv_known.h).
 * Run by limpid-diode-recv only.
 * Hostile input: names, sizes and times of the files; a file that hides behind
 * another's name is only looked at later.
 * Must never grow, or call a file settled that has just changed.
 */
#include <stdint.h>
#include <stdlib.h>

#include "recv_known.h"

#define SETS	1024
#define WAYS	4

struct entry {
	uint64_t	 name;		/* its hash; numbers of inodes change on
					 * media that have none */
	off_t		 size;
	struct timespec	 written, changed;
	long long	 since;		/* unchanged; monotonic ms */
	unsigned	 pass;
	int		 used, tried;
	enum link_file	 what;
};

struct known {
	unsigned	 pass;
	struct entry	 e[SETS][WAYS];
};

struct known *
known_new(void)
{
	return calloc(1, sizeof(struct known));
}

void
known_free(struct known *k)
{
	free(k);
}

void
known_pass(struct known *k)
{
	k->pass++;
}

/* FNV-1a. */
static uint64_t
name_hash(const char *name)
{
	uint64_t	 h = UINT64_C(0xcbf29ce484222325);

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
	return h;
}

static struct entry *
entry_find(struct known *k, uint64_t name)
{
	struct entry	*set = k->e[name % SETS];
	size_t		 i;

	for (i = 0; i < WAYS; i++)
		if (set[i].used && set[i].name == name)
			return &set[i];
	return NULL;
}

static int
is_same(const struct entry *e, const struct stat *st)
{
	return e->size == st->st_size &&
	    e->written.tv_sec == st->st_mtim.tv_sec &&
	    e->written.tv_nsec == st->st_mtim.tv_nsec &&
	    e->changed.tv_sec == st->st_ctim.tv_sec &&
	    e->changed.tv_nsec == st->st_ctim.tv_nsec;
}

static void
entry_stamp(struct entry *e, const struct stat *st, long long now_ms)
{
	e->size = st->st_size;
	e->written = st->st_mtim;
	e->changed = st->st_ctim;
	e->since = now_ms;
	e->tried = 0;
	e->what = LINK_FORMING;
}

enum known_verdict
known_judge(struct known *k, const char *name, const struct stat *st,
    long long now_ms)
{
	struct entry	*e = entry_find(k, name_hash(name));

	if (e == NULL)
		return KNOWN_LOOK;
	e->pass = k->pass;
	if (!is_same(e, st))
		entry_stamp(e, st, now_ms);
	if (e->what == LINK_LEFT)
		return KNOWN_SKIP;
	if (now_ms - e->since >= KNOWN_SETTLED_MS)
		return KNOWN_LOOK_SETTLED;
	if (!e->tried && now_ms - e->since >= KNOWN_QUIET_MS)
		return KNOWN_LOOK_AGAIN;
	return KNOWN_WAIT;
}

int
known_keep(struct known *k, const char *name, const struct stat *st,
    long long now_ms, enum link_file what)
{
	uint64_t	 hash = name_hash(name);
	struct entry	*e = entry_find(k, hash), *set = k->e[hash % SETS];
	size_t		 i;

	for (i = 0; e == NULL && i < WAYS; i++)
		if (!set[i].used || k->pass - set[i].pass > 1) {
			e = &set[i];
			e->used = 1;
			e->name = hash;
			entry_stamp(e, st, now_ms);
		}
	if (e == NULL)
		return 0;
	if (!is_same(e, st))
		entry_stamp(e, st, now_ms);
	e->pass = k->pass;
	e->tried = 1;
	e->what = what;
	return 1;
}
