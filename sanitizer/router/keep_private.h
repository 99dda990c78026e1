/*
 * Inside of a keep: keep.c has the folder, keep_seal.c what stands in a file.
 */
#ifndef LIMPID_KEEP_PRIVATE_H
#define LIMPID_KEEP_PRIVATE_H

#include "keep.h"

#define KEEP_NAME_MAX	(REF_TEXT_LEN + 16)

/* What is known of a note without opening it. */
struct entry {
	struct entry		*next;		/* older */
	struct ref		 ref;
	int64_t			 since_ms;
	struct keep_pair	*pairs;
	size_t			 pair_count;
	uint64_t		 bytes;		/* of its parcel */
	int			 marked;
};

struct keep {
	int			 dirfd;
	const struct key	*own;
	struct keep_limits	 limits;
	struct entry		*entries;
	size_t			 count;
	uint64_t		 bytes;
};

/* Writes the note, sealed, to an empty file. */
int keep_seal(int fd, const struct key *own, const struct keep_note *n);
/* Reads it back; the caller clears it. ERR_CRYPTO, ERR_SHORT or ERR_FORMAT: it is none
 * of ours or damaged, and n is clear. */
int keep_unseal(int fd, const struct key *own, struct keep_note *n);

#endif
