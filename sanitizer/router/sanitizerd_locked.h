/*
 * Locked parts across mails: what one mail's words mean for the next, and for those
 * that wait. Files in state/words and state/waiting (keep.h).
 */
#ifndef LIMPID_SANITIZERD_LOCKED_H
#define LIMPID_SANITIZERD_LOCKED_H

#include "keep.h"
#include "sanitizerd.h"

#define LOCKED_NOTE_MAX	300

/* Of one mail in work. */
struct locked {
	struct keep_pair	 pairs[KEEP_PAIRS_MAX];
	size_t			 pair_count;
	int64_t			 since_ms;
	struct engine_word	*words;		/* of other mails */
	size_t			 word_count;
	char			 note[LOCKED_NOTE_MAX];
	struct keep_note	*found;		/* what its end brought; NULL */
	size_t			 unlocked;	/* parts */
};

/* Opens the folders; without them nothing is kept, and the log says so. */
void locked_open(struct sanitizer *s);
void locked_close(struct sanitizer *s);
/* Each turn: what is over is erased, and waiting mails are tried again. */
void locked_keep(struct sanitizer *s);

/* Gathers the words of other mails for this one and sets them in its request. */
int locked_begin(struct sanitizer *s, const struct opened *o,
    struct locked *l, struct engine_request *q);
/* Takes what the result says, before it goes away. */
int locked_take(struct locked *l, const struct opened *o,
    const struct engine_result *r);
/* The copy is on disk, and the parcel still in work: keeps words and the parcel. */
void locked_end(struct sanitizer *s, struct locked *l, const char *name);
void locked_free(struct locked *l);

/* Candidates for a mail that waits, into l. ERR_NOTFOUND: no other mail has any. */
int locked_again(struct sanitizer *s, const struct keep_note *n,
    struct locked *l);
/* Sets which parts are locked. */
void locked_parts(struct keep_note *n, const struct engine_result *r);
/* sanitizerd_follow.c: begins with marked mails that wait. */
void follow_some(struct sanitizer *s);

#endif
