/*
 * What a sender says of itself: a heartbeat each second, the hashes of the last 1024
 * objects each minute. The receiver cannot ask, so it is told again and again.
 *
 * state/link/N-send/epoch: how often the sender was started, in decimal, durable
 * before the first notice; a receiver takes nothing older than it has heard.
 * state/link/N-send/status: for `limpid status`, replaced each second.
 */
#ifndef LIMPID_SEND_NOTICE_H
#define LIMPID_SEND_NOTICE_H

struct conf_link;
struct key;
struct ledger;
struct link_sender;
struct send_queue;
struct spool;
struct send_notice;

/* path: the folder N-send, which is there. Everything else given is borrowed and
 * must outlive it. ERR_FORMAT when `epoch` is not a number. */
int send_notice_new(const char *path, const struct conf_link *c,
    struct spool *spool, struct ledger *ledger, struct send_queue *queue,
    const struct key *sign_with, struct link_sender *link,
    struct send_notice **np);
void send_notice_free(struct send_notice *n);
/* Says what is due; away_ms: for how long nobody takes anything, 0 somebody does.
 * An error is the disk's: nobody misses a notice. */
int send_notice_tick(struct send_notice *n, long long away_ms);

#endif
