/*
 * The datagram front: a jailed process that reads the socket, verifies each datagram
 * and hands the good ones over in shared memory. It can neither open, connect, send
 * nor start anything; when it falls, an attacker holds the link's secret and a ring of
 * symbols, and still no key that signs an object.
 *
 * The ring has one writer (the front) and one reader (the spool writer), which trusts
 * no field of it: whatever it reads it copies, then checks.
 */
#ifndef LIMPID_RECV_FRONT_H
#define LIMPID_RECV_FRONT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "datagram.h"

/* Counters beside those of enum datagram_fault, whose DATAGRAM_GOOD counts what was
 * handed over. */
enum front_count {
	FRONT_ARRIVED = DATAGRAM_FAULTS,	/* whatever it was */
	FRONT_OVERFLOW,		/* lost in this host's own queue */
	FRONT_MISSING,		/* numbers that never came, overflow included */
	FRONT_COUNTS
};

struct front_ring {
	_Alignas(64) _Atomic uint64_t	 head;		/* the front's */
	_Alignas(64) _Atomic uint64_t	 tail;		/* the reader's */
	_Alignas(64) _Atomic uint32_t	 waiting;	/* reader sleeps */
	_Alignas(64) _Atomic uint64_t	 count[FRONT_COUNTS];
};

struct front_slot {
	struct datagram		 d;
	_Alignas(16) uint8_t	 symbol[];
};

struct front {
	int			 socket;
	int			 wake;		/* write end of a pipe */
	struct front_ring	*ring;
	uint64_t		 slots;		/* a power of two */
	size_t			 slot_size;
	struct datagram_keys	*keys;
	struct datagram_limits	 limits;
};

/* Slot of a position in the ring. */
struct front_slot *front_slot(const struct front *f, uint64_t position);
/* The front's life, behind the filter; memory comes from the caller. */
struct front_memory;
size_t front_memory_size(void);
_Noreturn void front_run(const struct front *f, struct front_memory *m);

#endif
