/*
 * What a receiver has seen: the header hash of each of the last SEEN_WINDOW
 * sequences, and every sequence that never came, however old.
 *
 * state/link/N-recv/seen: SEEN_WINDOW slots of SEEN_BYTES, slot seq % SEEN_WINDOW:
 *
 *	 0   4 "LMSE"     4   4 state: 1 about to be committed, 2 seen
 *	 8   8 sequence  16  32 header hash      48  32 hash of the header before
 *	80 128 spool name, zero-padded          208  32 SHA-256 of 0..207
 *	240 16 zero
 *
 * state/link/N-recv/gaps: what never came, and what of it was accepted as lost
 * (recv_gaps.h). An accepted sequence is as new as a missing one when it comes.
 *
 * state/link/N-recv/told: up to which sequence people were told what is missing. The
 * sender's word that it handed over N makes all up to N due, so what never came
 * behind the highest one seen is missing too; a younger gap may be only late.
 *
 * A commit goes: slot state 1 with the file's name, spool_commit, slot state 2. After
 * a crash in between, a file still in the spool's tmp was not committed, any other
 * was: so a repeat is told from a first arrival at every instruction.
 */
#ifndef LIMPID_RECV_SEEN_H
#define LIMPID_RECV_SEEN_H

#include <stdint.h>

#include "recv_gaps.h"
#include "spool.h"

#define SEEN_WINDOW	16384
#define SEEN_BYTES	256
#define SEEN_AHEAD	(SEEN_WINDOW / 4) /* a jump beyond this lists its gap at
					 * once, and must be committed alone */

enum seen_state { SEEN_NEW, SEEN_REPEAT, SEEN_CONFLICT };

/* What marking a sequence showed. */
struct seen_news {
	uint64_t	 gap_from, gap_to;	/* new gap before it, 0 none */
	int		 healed;		/* it was missing or accepted */
	int		 told;			/* and people knew of that */
	int		 broken;		/* chain: the neighbours disagree */
};

struct seen;

/* Opens or begins the state in a folder (made when missing); the spool decides
 * what a crash left half done. One process at a time: ERR_AGAIN. */
int seen_open(const char *path, struct spool *spool, struct seen **sp);
void seen_close(struct seen *s);
/* Highest sequence seen, 0 none; how many sequences are missing, and how many are
 * accepted as lost. */
uint64_t seen_highest(const struct seen *s);
uint64_t seen_missing(const struct seen *s);
uint64_t seen_accepted(const struct seen *s);
enum seen_state seen_find(const struct seen *s, uint64_t seq,
    const uint8_t hash[32]);
/* Before the commit of the parcel with this name. */
int seen_intend(struct seen *s, uint64_t seq, const uint8_t hash[32],
    const uint8_t prev[32], const char *name);
/* After the commit; what it showed goes to *news. */
int seen_mark(struct seen *s, uint64_t seq, struct seen_news *news);
/* The commit failed. */
int seen_forget(struct seen *s, uint64_t seq);
/*
 * All up to `upto` was due: calls fn for each missing range that was not told before,
 * and is durable then. ERR_OK with *any set when there was one.
 */
int seen_tell(struct seen *s, uint64_t upto,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg, int *any);
/* Calls fn for each range of this kind that was told. */
void seen_each_told(const struct seen *s, enum gap_kind kind,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg);
/*
 * What of from..to an operator may accept as lost: how many sequences of it are
 * missing and were told goes to *count. ERR_NOTFOUND: none; ERR_FULL: to accept them
 * would make too many ranges.
 */
int seen_acceptable(const struct seen *s, uint64_t from, uint64_t to,
    uint64_t *count);
/* Accepts these, and is durable then. ERR_FULL as above; any other error is the
 * disk's, and the call is to be repeated. */
int seen_accept(struct seen *s, uint64_t from, uint64_t to);
/* What the first 16 bytes of the header hash of seq are here: SEEN_NEW: not known,
 * SEEN_REPEAT: these, SEEN_CONFLICT: others. */
enum seen_state seen_compare(const struct seen *s, uint64_t seq,
    const uint8_t half[16]);
/* Everything marked so far is on disk. */
int seen_sync(struct seen *s);

#endif
