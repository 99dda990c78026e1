/*
 * What a receiver makes of the sender's notices: it notices silence, and tells people
 * what never came.
 *
 * state/link/N-recv/heard: the newest epoch that was heard, in decimal.
 * state/link/N-recv/status: for `limpid status`, replaced each second.
 * state/spool/linkN-in/missing: what never came, for the program behind the spool:
 *
 *	limpid-missing-1
 *	link N
 *	change C		rises with each change, over restarts too
 *	7			a sequence or a range a line, at most MISSING_MAX
 *	9-12
 *	more R			ranges that were left out, when there are any
 *	accepted 20-31		what an operator accepted as lost, in the same way:
 *	accepted-more R		the newest MISSING_MAX, and how many older ones
 *				were left out
 */
#ifndef LIMPID_RECV_NOTICE_H
#define LIMPID_RECV_NOTICE_H

#include <stddef.h>
#include <stdint.h>

#define MISSING_MAX	1024
#define MISSING_BYTES	(2 * MISSING_MAX * 52 + 256)	/* of the list, at most */
#define NOTICE_SILENT_MS (3 * 1000 + 500)	/* three missed and some grace */
#define NOTICE_START_MS	10000	/* silence that is forgiven after our own start */
#define NOTICE_GRACE_MS	1000	/* an object may arrive behind its heartbeat */

struct conf_link;
struct recv_notice;
struct recv_shared;

/* dir and spool_dir: N-recv and the spool's folder, which are there. c and shared are
 * borrowed. */
int recv_notice_new(const char *dir, const char *spool_dir,
    const struct conf_link *c, struct recv_shared *shared,
    struct recv_notice **np);
void recv_notice_free(struct recv_notice *n);
/* A notice as it came. What is not the sender's is counted and dropped. */
void recv_notice_take(struct recv_notice *n, const uint8_t *data, size_t len);
/* Part of an object came: the sender lives. */
void recv_notice_alive(struct recv_notice *n);
/* Does what is due; listening: 0 while our own disk keeps the link closed. stray:
 * messages that were none, for the status. An error is the disk's. */
int recv_notice_tick(struct recv_notice *n, int listening, uint64_t stray);

#endif
