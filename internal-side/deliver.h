/*
 * Delivery of copies: from parcels in the spool to mails in Maildirs and rows in
 * the index, each exactly once.
 */
#ifndef LIMPID_DELIVER_H
#define LIMPID_DELIVER_H

struct compose_jail;
struct conf;
struct deliver;

/*
 * Opens keys, spool, Maildirs, index and record, and finishes what a crash left
 * undone. jail is borrowed; crashed: what proc_crash_marker said. On failure an error
 * and one sentence in *why (caller frees).
 */
int deliver_open(const struct conf *c, struct compose_jail *jail, int crashed,
    struct deliver **dp, char **why);
void deliver_close(struct deliver *d);

/* Readable when parcels may have come. */
int deliver_wake_fd(struct deliver *d);

/*
 * Files what is there, one batch. Returns how many parcels were taken, 0 when
 * there were none, ERR_AGAIN when the world (disk, index) forbids work now and
 * the caller should wait a little.
 */
int deliver_batch(struct deliver *d);

/* Looks whether the receiver lists what never came, and puts it into the index. */
void deliver_missing(struct deliver *d);

/* Looks whether the table of recipients has changed, and takes it over. */
void deliver_reload(struct deliver *d);

#endif
