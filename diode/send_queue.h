/*
 * What a sender sends next: parcels of its spool in the order of their sequence,
 * from a cursor that goes back when a connection was lost.
 *
 * On disk at each moment: a parcel in `new` has no number; in `work` it has one
 * when the ledger says so, and may or may not have been sent; in `sent` it was
 * handed over. After a crash the cursor starts at the oldest of `work` and of the
 * window, so nothing is skipped; the receiver removes what it had already.
 */
#ifndef LIMPID_SEND_QUEUE_H
#define LIMPID_SEND_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "link.h"

#define RESENDS_MAX	64

struct conf_link;
struct ledger;
struct record;
struct send_queue;
struct spool;

/* Everything given is borrowed and must outlive the queue. */
struct send_queue *send_queue_new(const struct conf_link *c,
    struct spool *spool, struct ledger *ledger, struct record *record,
    const struct key *sign_with, struct link_sender *link);
void send_queue_free(struct send_queue *q);
/* Once at start: parcels in work that have no number yet go back to new. */
int send_queue_recover(struct send_queue *q);
/* After a new connection: what the lost one may have swallowed is sent again. Without
 * connections that is nothing: what was not on the line yet is in work. */
int send_queue_rewind(struct send_queue *q);
/*
 * Sends the next object or gives numbers to the next parcels. 1: did something,
 * 0: nothing to do, ERR_AGAIN: the link takes nothing now, else the error of the
 * spool or the ledger.
 */
int send_queue_step(struct send_queue *q);
/*
 * An operator wants these sequences again: they go out between the new ones, as they
 * were. ERR_FULL: RESENDS_MAX ranges wait already.
 */
int send_queue_resend(struct send_queue *q, uint64_t first, uint64_t last);
/* How many ranges are not wholly sent again: asked for, or held by a transport that
 * sends in the background. */
size_t send_queue_resends(const struct send_queue *q);
/* The sequence that the cursor stands at: each before it was handed over. */
uint64_t send_queue_position(const struct send_queue *q);
/* Forgets what is older than the configured time. */
int send_queue_expire(struct send_queue *q);

#endif
