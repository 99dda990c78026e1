/*
 * A group: blocks whose datagrams are sent together, each spread evenly over the whole
 * group, so that a burst of losses takes a little of each. However few blocks there
 * are, the group has so many parities that a burst of interleave * parity datagrams
 * (of 64, where that is more than blocks hold) costs none of them.
 */
#ifndef LIMPID_SEND_GROUP_H
#define LIMPID_SEND_GROUP_H

#include <stddef.h>
#include <stdint.h>

struct datagram;
struct send_group;

/* parity: symbols for each 64, in each round; symbol: bytes. NULL: no memory. */
struct send_group *send_group_new(int parity, int interleave, uint16_t symbol);
void send_group_free(struct send_group *g);
/* Empties it. */
void send_group_begin(struct send_group *g);
/* Whether a block of k sources has room; an empty group has room for any. */
int send_group_has_room(const struct send_group *g, unsigned k);
/* Where the k sources of the next block are to be written; borrowed. */
uint8_t *send_group_place(struct send_group *g);
/* Takes what was written there. d: the fields that all datagrams of the block share,
 * but m, which the group decides. */
void send_group_add(struct send_group *g, const struct datagram *d);
/* No more blocks: works out the parities. */
void send_group_close(struct send_group *g);
/* The next datagram but its number, with its symbol (borrowed). 0: that was all. */
int send_group_next(struct send_group *g, struct datagram *d,
    const uint8_t **symbol);
/* How many datagrams are left. */
size_t send_group_left(const struct send_group *g);

#endif
