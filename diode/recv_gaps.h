/*
 * What a receiver never saw: sorted ranges of sequences, each missing, or accepted as
 * lost by an operator. Both are open: what comes after all is new. They differ in
 * what people are told.
 *
 * state/link/N-recv/gaps, replaced as a whole, a range a line:
 *
 *	7
 *	9-12
 *	20-31 accepted
 */
#ifndef LIMPID_RECV_GAPS_H
#define LIMPID_RECV_GAPS_H

#include <stdint.h>

#define GAPS_MAX	65536	/* ranges remembered */

enum gap_kind { GAP_MISSING, GAP_ACCEPTED };

struct gaps;

/* NULL: no memory. */
struct gaps *gaps_new(void);
void gaps_free(struct gaps *g);
/* Adds a range above all others; nothing when from is above to. */
void gaps_append(struct gaps *g, uint64_t from, uint64_t to,
    enum gap_kind kind);
/* Forgets all above seq. */
void gaps_cut(struct gaps *g, uint64_t seq);
/* 1 when seq is in a range of either kind. */
int gaps_has(const struct gaps *g, uint64_t seq);
/* seq came: 1 when it was in a range, and is not any more. */
int gaps_remove(struct gaps *g, uint64_t seq);
/* What is missing in from..to (from 1) is accepted from now on. ERR_FULL: that would
 * be more ranges than are remembered, and nothing has changed. */
int gaps_accept(struct gaps *g, uint64_t from, uint64_t to);
/* 0 when gaps_accept would say ERR_FULL. */
int gaps_accept_fits(const struct gaps *g, uint64_t from, uint64_t to);
/* Calls fn for each part of a range of this kind in from..to, lowest first. */
void gaps_each(const struct gaps *g, enum gap_kind kind, uint64_t from,
    uint64_t to, void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg);
/* How many sequences of this kind lie in from..to. */
uint64_t gaps_count(const struct gaps *g, enum gap_kind kind, uint64_t from,
    uint64_t to);
/* 1 when something has changed since the last gaps_write. */
int gaps_changed(const struct gaps *g);
/* To dirfd/gaps; on disk on return. */
int gaps_write(struct gaps *g, int dirfd);
/* From there into an empty g; a line that is none is left out. Without the file
 * nothing is missing. */
int gaps_read(struct gaps *g, int dirfd);

#endif
