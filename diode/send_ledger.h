/*
 * Ledger of a sender: which sequence number was given to which parcel, under which
 * header, durable before the first byte is sent. A number is never given twice and
 * a header never changes, so a repeat is the same object, byte for byte.
 *
 * state/link/N-send/ledger-FIRST (16 hex digits): LEDGER_ENTRIES entries of
 * LEDGER_BYTES each, entry i for sequence FIRST + i:
 *
 *	 0   4 "LMLE"       4   4 reserved, zero     8   8 sequence
 *	16   8 made, ms    24   8 parcel length     32 128 spool name, zero-padded
 *	160 168 link header                        328  32 SHA-256 of 0..327
 *	360 152 zero
 *
 * state/link/N-send/rounds: the next sequence of each round of repeats, in decimal.
 */
#ifndef LIMPID_SEND_LEDGER_H
#define LIMPID_SEND_LEDGER_H

#include <stdint.h>

#include "link.h"
#include "spool.h"

#define LEDGER_BYTES	512
#define LEDGER_ENTRIES	4096

struct ledger;

struct ledger_entry {
	uint64_t	 seq;
	int64_t		 made_ms;
	uint64_t	 parcel_len;
	char		 name[SPOOL_NAME_MAX + 1];
	uint8_t		 header[LINK_HEADER];
};

/* Opens or begins the ledger in a folder (made when missing). A torn last entry
 * was never sent and is cut. One process at a time: ERR_AGAIN. */
int ledger_open(const char *path, struct ledger **lp);
/* Beside a running sender, for reading only; what it adds meanwhile is not seen.
 * ERR_NOTFOUND when there is no ledger. */
int ledger_open_reader(const char *path, struct ledger **lp);
void ledger_close(struct ledger *l);
/* The last number given, 0 none. */
uint64_t ledger_last(const struct ledger *l);
/* SHA-256 of the last header, zeros at the start: the next header's prev. */
void ledger_last_hash(const struct ledger *l, uint8_t out[32]);
/* Appends e, whose seq must be ledger_last + 1. Durable after ledger_sync. */
int ledger_add(struct ledger *l, const struct ledger_entry *e);
int ledger_sync(struct ledger *l);
/* ERR_NOTFOUND when it has expired, ERR_FORMAT when the disk changed it. */
int ledger_read(struct ledger *l, uint64_t seq, struct ledger_entry *e);
/* The newest entry for a parcel, whatever its attempt suffix is now. Looks back
 * over at most LEDGER_ENTRIES entries. ERR_NOTFOUND. */
int ledger_find(struct ledger *l, const char *name, struct ledger_entry *e);
/* Removes segments whose last entry is older than before_ms. Returns how many. */
int ledger_expire(struct ledger *l, int64_t before_ms);
/* Where each round of repeats stands, for the next start: count sequences, 0 unknown.
 * Not synced: repeats do no harm. */
int ledger_rounds_read(struct ledger *l, uint64_t *rounds, size_t count);
int ledger_rounds_write(struct ledger *l, const uint64_t *rounds, size_t count);

#endif
