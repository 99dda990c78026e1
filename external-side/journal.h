/*
 * Journal: what was promised to clients, so that a mail which comes again
 * after a crash gets the reference it had. Lines:
 *
 *	P HASH REF MS	about to be committed under REF
 *	A REF		the client has its 250
 *
 * HASH is SHA-256 over envelope and bytes. A promise without an answer, whose
 * session is gone, is an orphan: the same mail gets its reference again and
 * whoever delivers drops the repeat by it. Orphans older than JOURNAL_KEEP_S
 * go.
 */
#ifndef LIMPID_JOURNAL_H
#define LIMPID_JOURNAL_H

#include <stdint.h>

#include "crypto.h"
#include "ref.h"

#define JOURNAL_KEEP_S	(7 * 86400)	/* senders try for about five days */

struct journal;

/* Opens or starts it in the folder path; one process at a time (ERR_AGAIN).
 * Every promise without an answer becomes an orphan. */
int journal_open(const char *path, struct journal **jp);
void journal_close(struct journal *j);

/* The reference for a mail: an orphan's, which is an orphan no longer, else a
 * new one. Written by journal_sync. *again is set when it is an orphan's. */
int journal_promise(struct journal *j, const uint8_t hash[SHA256_BYTES],
    struct ref *ref, int *again);
/* All promises are on disk. */
int journal_sync(struct journal *j);

/* The client surely has its 250. */
int journal_answered(struct journal *j, const struct ref *ref);
/* Nobody knows whether the client has it: now an orphan. */
void journal_orphan(struct journal *j, const struct ref *ref);

#endif
