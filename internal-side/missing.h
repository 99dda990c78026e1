/*
 * What never came over a link: the list that a receiver keeps (recv_notice.h of the
 * diode), read from this host's own spool for link 2 and from STATUS parcels for link
 * 1, kept in the index's table `missing` for the viewer's ledger.
 */
#ifndef LIMPID_MISSING_H
#define LIMPID_MISSING_H

#include <stddef.h>
#include <stdint.h>

#define MISSING_RANGES	1024
#define MISSING_BYTES	(2 * MISSING_RANGES * 52 + 256)	/* of a list as text */
#define MISSING_ROWS	4096	/* new rows one list can make of either kind */

struct index_db;

struct missing_ranges {
	size_t		 count;
	struct { uint64_t from, to; } range[MISSING_RANGES];
	uint64_t	 more;		/* ranges that were left out */
};

struct missing_list {
	int			 link;
	uint64_t		 change;	/* rises; an older list is late */
	struct missing_ranges	 missing;	/* younger ones may be left out */
	struct missing_ranges	 accepted;	/* as lost; older ones may */
};

/* Reads a list; every line must be one of recv_notice.h. ERR_FORMAT. */
int missing_parse(const char *text, size_t len, struct missing_list *out);
/*
 * Inside a transaction: what the list names is missing or accepted as lost, what was
 * and is not named is healed; of accepted ones that are older than all that a cut list
 * names, nothing is said. ERR_EXISTS when this list or a newer one was taken before.
 */
int missing_store(struct index_db *x, const struct missing_list *list,
    int64_t now_ms);
/*
 * Takes over what an older index at path knows: no mail says what never came. The
 * older one is only read. ERR_NOTFOUND: there is none; ERR_FORMAT: it cannot be read.
 */
int missing_inherit(struct index_db *x, const char *path);

#endif
