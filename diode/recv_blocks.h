/*
 * Blocks of objects that come as datagrams: bounded memory, whatever arrives. Symbols
 * of all rounds add up in the same block; a block that is whole goes on into its
 * object (recv_object.h), in order, or waits for its turn in a file without a name.
 */
#ifndef LIMPID_RECV_BLOCKS_H
#define LIMPID_RECV_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

struct blocks;
struct datagram;
struct recv_shared;

struct blocks_limits {
	size_t		 memory;	/* bytes of symbols held */
	size_t		 objects;	/* begun at once */
	size_t		 open;		/* of these, with files */
	long long	 idle_ms;	/* then an object is given up */
};

struct blocks_counts {
	uint64_t	 recovered;	/* symbols that parity gave back */
	uint64_t	 contradictory;	/* against what came before */
	uint64_t	 surplus;	/* of a block that is whole already */
	uint64_t	 repeated;	/* of an object that is stored already */
	uint64_t	 evicted;	/* blocks that lost their place */
	uint64_t	 lost;		/* objects that were given up */
};

/* stage_dir: a folder for files without a name; borrowed. NULL: no memory. */
struct blocks *blocks_new(const struct blocks_limits *limits, int stage_dir);
void blocks_free(struct blocks *b);
/* Objects go where; before the first blocks_take, and borrowed. */
void blocks_set_shared(struct blocks *b, struct recv_shared *shared);
/*
 * Takes one sound datagram of type block. Where the disk has no room, objects are given
 * up until there is some, and counted as crowded (recv_object.h): the room that there
 * is goes to whole ones. Negative errors are the world's: give up all with blocks_reset.
 */
int blocks_take(struct blocks *b, const struct datagram *d,
    const uint8_t *symbol, long long now_ms);
/* Gives up what has been silent too long. */
void blocks_expire(struct blocks *b, long long now_ms);
/* A commit met a full disk: what was handed on is wanted again, and one object that is
 * not whole makes room. */
void blocks_crowded(struct blocks *b);
/* Gives up everything, and doubts what was handed on: its repeats are wanted again. */
void blocks_reset(struct blocks *b);
const struct blocks_counts *blocks_counts(const struct blocks *b);
/* Bytes of symbols held, and objects begun. */
size_t blocks_memory(const struct blocks *b);
size_t blocks_objects(const struct blocks *b);

#endif
