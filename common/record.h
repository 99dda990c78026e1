/*
 * Record: an append-only file of events, each line chained to the one before, so
 * that a changed, removed or moved line is found by `limpid record verify`.
 *
 *	seq time event key=value ... prev=HEX hash=HEX
 *
 * hash = SHA-256 of the line without its hash field; prev = hash of the line
 * before (64 zeros for the first). seq rises by one. A head file (NAME.head,
 * written by rename after each fsynced append) holds the last seq and hash, so a
 * cut tail is found too.
 */
#ifndef LIMPID_RECORD_H
#define LIMPID_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct record;

/* Opens or starts the record at path; one writer at a time (flock, ERR_AGAIN).
 * A torn last line (crash) is cut off and said in a "record.repaired" event. */
int record_open(const char *path, struct record **rp);
void record_close(struct record *r);
/*
 * Appends event ("mail.received", "part.stub", "security.forbidden-call" ...) with
 * pairs: key, value, ..., NULL. Values are quoted as needed; controls escaped.
 * record_add does not fsync; record_sync does (call it before promising).
 */
int record_add(struct record *r, const char *event, ...)
    __attribute__((sentinel));
int record_sync(struct record *r);

enum record_fault { RECORD_GOOD, RECORD_CHANGED, RECORD_REMOVED,
    RECORD_REORDERED, RECORD_CUT, RECORD_UNREADABLE };
/*
 * Checks the whole file; calls report for each fault with the line number and a
 * sentence. Returns the number of faults, or an error.
 */
int record_verify(const char *path,
    void (*report)(void *arg, enum record_fault fault, uint64_t line,
    const char *sentence), void *arg, uint64_t *lines);
/* Calls fn for each line whose ref=REF field equals the text. */
int record_find(const char *path, const char *ref,
    void (*fn)(void *arg, const char *line), void *arg);

#endif
