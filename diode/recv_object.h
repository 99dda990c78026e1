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

struct record;
struct seen;
struct spool;

/* What all objects of one receiver share; borrowed. */
struct recv_shared {
	int			 link;
	uint64_t		 max_object;
	struct spool		*spool;
	struct seen		*seen;
	struct record		*record;
	const struct key	*signer;
	uint64_t		 accepted, repeats, refused;	/* counts */
};

struct recv_object;

/*
 * Begins an object by its header. ERR_OK with *op; ERR_EXISTS: seen already, skip
 * it; ERR_FORMAT, ERR_CRYPTO, ERR_LIMIT: refused, logged and counted; ERR_FULL and
 * the rest: the world.
 */
int recv_object_new(struct recv_shared *s, const uint8_t header[LINK_HEADER],
    struct recv_object **op);
uint64_t recv_object_seq(const struct recv_object *o);
/* Bytes of the parcel; ERR_LIMIT when there are more than the header said. */
int recv_object_write(struct recv_object *o, const void *data, size_t len);
/*
 * Checks length, hash and the parcel's shape, commits, and remembers the sequence.
 * ERR_FORMAT and ERR_SHORT: refused, logged and counted; else the world.
 */
int recv_object_finish(struct recv_object *o);
/* Frees o; what was not finished leaves the spool's tmp. */
void recv_object_free(struct recv_object *o);

#endif
