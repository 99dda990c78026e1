/*
 * One object on its way into the spool: header first, then bytes, then the checks,
 * then the commit. Refusals are the sender's fault and end the object; negative
 * errors of the world leave it to be sent again.
 */
#ifndef LIMPID_RECV_OBJECT_H
#define LIMPID_RECV_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include "link.h"

struct recv_digest;
struct record;
struct seen;
struct spool;

#define RECV_BATCH	32	/* objects that share the waiting for the disk */

struct recv_object;

/* What all objects of one receiver share; borrowed. */
struct recv_shared {
	int			 link;
	uint64_t		 max_object;
	struct spool		*spool;
	struct seen		*seen;
	struct record		*record;
	const struct key	*signer;
	struct recv_digest	*digest;
	uint64_t		 accepted, repeats, refused;	/* counts */
	uint64_t		 conflicts;	/* of these: a number seen before */
	int			 quiet;		/* a refusal is not final: the
						 * object is looked at again */
	uint64_t		 changes;	/* of what people were told: it
						 * came, or was accepted as lost */
	uint64_t		 crowded;	/* given up for want of room */
	int			 full;		/* people were told of that */
	uint64_t		 need;	/* bytes of the last object for which
					 * there was no room */
	const char		*unreadable;	/* why nothing can come: the
					 * folder of transport file; or NULL */
	struct recv_object	*batch[RECV_BATCH];	/* checked, uncommitted */
	size_t			 batch_count;
};

/*
 * Begins an object by its header. ERR_OK with *op; ERR_EXISTS: seen already, skip
 * it; ERR_FORMAT, ERR_CRYPTO, ERR_LIMIT: refused, logged and counted; ERR_FULL and
 * the rest: the world.
 */
int recv_object_new(struct recv_shared *s, const uint8_t header[LINK_HEADER],
    struct recv_object **op);
uint64_t recv_object_seq(const struct recv_object *o);
/* Bytes of the parcel; ERR_LIMIT when there are more than the header said. ERR_FULL:
 * the disk has no room for them; none was taken, and they may be given again. */
int recv_object_write(struct recv_object *o, const void *data, size_t len);
/*
 * Takes o over in any case. Checks length, hash and the parcel's shape, and puts it
 * into the batch, which is committed when it is full. ERR_FORMAT, ERR_LIMIT and
 * ERR_SHORT: refused, logged and counted; ERR_EXISTS: a repeat; else the world.
 */
int recv_object_finish(struct recv_object *o);
/* Commits the batch and remembers its sequences. An error is the world's: what is
 * not in the spool then has been dropped. */
int recv_batch_commit(struct recv_shared *s);
/* Drops the batch. */
void recv_batch_drop(struct recv_shared *s);
/* Frees o; what was not finished leaves the spool's tmp. */
void recv_object_free(struct recv_object *o);

#endif
