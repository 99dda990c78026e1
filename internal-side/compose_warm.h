/*
 * The warm parent of the compose children: forked before its program holds a key, an
 * index or a copy, so that a child, whatever becomes of it, has nothing of these in
 * its memory; and small, so that a fork costs little. It talks on a SEQPACKET socket
 * (handover.h): one compose_ask with the fds of compose_fd, one compose_told back.
 */
#ifndef LIMPID_COMPOSE_WARM_H
#define LIMPID_COMPOSE_WARM_H

#include <stdint.h>

struct jail_filter;

enum compose_fd {
	COMPOSE_FD_COPY, COMPOSE_FD_MAIN, COMPOSE_FD_TEXT, COMPOSE_FD_REPORT,
	COMPOSE_FD_SPILL, COMPOSE_FD_ANSWER, COMPOSE_FDS
};

struct compose_ask {
	int64_t		 filed_ms;
	int32_t		 deadline_ms;
	char		 hostname[256];
};

/* How the child ended, whose answer lies in COMPOSE_FD_ANSWER. */
enum compose_told_end {
	COMPOSE_TOLD_WORLD = 0,		/* there was no child */
	COMPOSE_TOLD_LATE,		/* killed at its deadline */
	COMPOSE_TOLD_ENDED		/* status is wait(2)'s */
};
struct compose_told {
	enum compose_told_end	 end;
	int32_t			 status;
};

/* What a child answers: a frame of this type (wire.h) with compose_jail.c's fields. */
#define COMPOSE_ANSWER		1
#define COMPOSE_ANSWER_MAX	64

/* The warm parent's whole life, in a process of its own: locks itself by own (NULL:
 * not), then serves until the other end closes. child is the children's filter. */
_Noreturn void compose_warm_run(int socket, const struct jail_filter *own,
    const struct jail_filter *child);

#endif
