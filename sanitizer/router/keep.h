/*
 * Keep: short notes about mails, by reference, each sealed to this host's own key in
 * a file of its own. Two folders are kept by it: words of mails that may be passwords
 * of others (state/words), and mails that still have locked parts (state/waiting),
 * each with its parcel beside its note.
 */
#ifndef LIMPID_KEEP_H
#define LIMPID_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "ref.h"

struct key;
struct keep;

#define KEEP_PAIRS_MAX	64	/* recipients of one mail that count */
#define KEEP_WORDS_MAX	256
#define KEEP_PARTS_MAX	256
#define KEEP_PAIR	16	/* bytes of a pair */

/* Who wrote to whom: a hash of both, in lower case. */
struct keep_pair { uint8_t b[KEEP_PAIR]; };

struct keep_note {
	struct ref		 ref;
	int64_t			 since_ms;	/* wall clock */
	struct keep_pair	 pairs[KEEP_PAIRS_MAX];
	size_t			 pair_count;
	char			*words[KEEP_WORDS_MAX];
	size_t			 word_count;
	uint8_t			 locked[KEEP_PARTS_MAX][32];	/* still */
	size_t			 locked_count;
};

/* The pair; 0 when there is none: nobody sent it (a bounce). */
int keep_pair(const char *sender, const char *rcpt, struct keep_pair *out);
/* Frees and wipes the words. */
void keep_note_clear(struct keep_note *n);

struct keep_limits {
	size_t		 notes;		/* of all */
	size_t		 pair;		/* of one pair: the oldest goes */
	uint64_t	 bytes;		/* of all parcels */
};

/*
 * Opens a folder and reads what is in it; what does not open is removed. own (private)
 * is borrowed until keep_close. ERR_NOTFOUND: there is no such folder.
 */
int keep_open(const char *path, const struct key *own,
    const struct keep_limits *limits, struct keep **kp);
void keep_close(struct keep *k);
size_t keep_count(const struct keep *k);
/* Whether one more, with a parcel of so many bytes, may be put; 0 none. */
int keep_has_room(const struct keep *k, uint64_t bytes);

/* Writes the note, in the place of an older one of the same mail. parcel: a file to be
 * copied beside it when there is none yet, or -1. ERR_FULL, or what the disk says. */
int keep_put(struct keep *k, const struct keep_note *n, int parcel);
/* Reads a note; the caller clears it. ERR_NOTFOUND. */
int keep_get(const struct keep *k, const struct ref *ref, struct keep_note *n);
/* Opens its parcel. */
int keep_parcel(const struct keep *k, const struct ref *ref, int *fdp);
/* Removes a note and its parcel; nothing is no error. */
void keep_drop(struct keep *k, const struct ref *ref);
/*
 * Removes what is older than the window (0: all). A note that is newer than now was
 * written before the clock went back: it counts as written now. Returns how many.
 */
size_t keep_expire(struct keep *k, int64_t now_ms, int64_t window_ms);

/* Notes with one of these pairs, the newest first, without the mail `not`: at most max
 * of them in refs. Returns how many. */
size_t keep_find(const struct keep *k, const struct keep_pair *pairs,
    size_t pair_count, const struct ref *not, struct ref *refs, size_t max);

/* A mark in memory, for who works through the notes. All are marked at the start. */
void keep_mark(struct keep *k, const struct ref *ref);
/* The next marked one, whose mark goes. ERR_NOTFOUND. */
int keep_take_marked(struct keep *k, struct ref *ref);

#endif
