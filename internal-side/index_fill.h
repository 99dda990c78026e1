/*
 * Puts mails that stand in a Maildir into the index, out of their own report part:
 * all of them when the index is made again, those missing after a crash.
 */
#ifndef LIMPID_INDEX_FILL_H
#define LIMPID_INDEX_FILL_H

#include <stddef.h>

struct index_db;
struct maildir;

struct index_fill {
	size_t	 files;		/* mails looked at, each box counted */
	size_t	 added;		/* mails added */
	size_t	 boxes;		/* boxes added */
	size_t	 bad;		/* files that are no harmless mail of ours */
};

/*
 * Adds what is missing, in transactions of its own. A file that is no mail of ours
 * is counted and passed to bad (may be NULL), not an error.
 */
int index_fill(struct index_db *x, struct maildir *m,
    struct index_fill *count,
    void (*bad)(const char *box, const char *file, const char *why));

/*
 * Only one program changes the index file at a time: an fd that holds the lock of
 * its folder until it is closed. Waits. Negative: an error.
 */
int index_lock(const char *index_path);

#endif
