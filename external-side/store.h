/*
 * Store: a mail becomes durable. Original into the vault, promise into the
 * journal, parcel into the spool, event into the record, in this order; only
 * then may a 250 be said. Many mails at once share the waiting for the disk.
 */
#ifndef LIMPID_STORE_H
#define LIMPID_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "crypto.h"
#include "dialogue.h"
#include "message.h"
#include "ref.h"

struct delivery {
	/* given, borrowed */
	struct message		*message;
	const struct envelope	*envelope;
	const char		*client;	/* address, NULL unknown */
	const char		*helo;		/* NULL unknown */
	const char		*postmaster;	/* what the bare word means */
	int			 own_mta;	/* believe the lines on top */
	/* result */
	int			 result;
	struct ref		 ref;
};

struct store;

/* Opens keys, vault, journal, spool and record under c's folders, which must
 * exist. On failure *why (caller frees) says which and what to do. */
int store_open(const struct conf *c, struct store **sp, char **why);
void store_close(struct store *s);

/* Whether there is room for size more bytes: ERR_OK or ERR_FULL. */
int store_room(struct store *s, uint64_t size);
/* Where messages keep what does not fit into memory. */
int store_folder(const struct store *s);

/* Sets result and ref of each. */
void store_commit(struct store *s, struct delivery *const *list, size_t count);

/* The client surely has its 250; or nobody knows. */
void store_answered(struct store *s, const struct ref *ref);
void store_orphan(struct store *s, const struct ref *ref);

#endif
