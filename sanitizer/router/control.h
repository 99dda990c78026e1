/*
 * Packets on the control socket between router (zygote.c) and warm parent
 * (worker.c): u8 type, then the fields below. Requests are even, answers odd. Both
 * ends are ours; a packet that does not decode ends the zygote.
 */
#ifndef LIMPID_CONTROL_H
#define LIMPID_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "worker.h"
#include "zygote.h"

enum control_msg {
	CONTROL_READY	= 1,	/* u32 held bits of jail.h, worker_data */
	CONTROL_JOB	= 2,	/* worker_job, two fds: part in, answers out,
				 * and a third where there are words */
	CONTROL_ENDED	= 3,	/* u32 job, u8 end, u32 detail wall cpu rss */
	CONTROL_KILL	= 4	/* u32 job */
};

#define CONTROL_FD	3	/* in the worker program */
#define CONTROL_MAX	1024	/* bytes of a packet */
#define CONTROL_FDS	3

struct control_packet {
	enum control_msg	 type;
	struct worker_job	 job;		/* JOB */
	struct zygote_event	 event;		/* READY, ENDED; job for KILL too */
	int			 in, out;	/* JOB: -1 when absent */
	int			 words;		/* JOB: candidate passwords, -1 none */
};

/* Sends one packet; in, out and words travel with JOB and stay the caller's. ERR_PEER when
 * the other end is gone. */
int control_send(int fd, const struct control_packet *p);
/*
 * Takes one packet; the fds in it are the caller's, also after an error (then -1).
 * flags as for recvmsg. ERR_AGAIN with MSG_DONTWAIT and nothing there, ERR_PEER at
 * the end, ERR_FORMAT for anything malformed.
 */
int control_take(int fd, int flags, struct control_packet *p);

#endif
