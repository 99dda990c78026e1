/*
 * Session: one client's socket and its dialogue. Sessions live in one list and
 * share one input buffer; a session by itself keeps one line, one envelope, the
 * head of a mail, and at most one buffer of input that has to wait.
 */
#ifndef LIMPID_SESSION_H
#define LIMPID_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "dialogue.h"
#include "served.h"
#include "store.h"

#define SESSION_INPUT	65536
#define SESSION_BATCH	64	/* mails made durable together, at most */

struct session;

/* What all sessions of the process share. */
struct sessions {
	const struct conf	*conf;
	struct store		*store;
	struct served		*served;
	int			 epoll;
	struct session		*first;
	size_t			 count;
	struct session		*ready;		/* with a mail to commit */
	uint8_t			 input[SESSION_INPUT];
};

/* Takes over fd (nonblocking) and greets. peer is the client's address, NULL on
 * our own MTA's socket. ERR_FULL when there are too many: the client is told
 * so and fd is closed, as on every error. */
int session_open(struct sessions *all, int fd, const char *peer,
    enum dialogue_protocol protocol);
/* Something happened on its socket (epoll's events). May free it. */
void session_event(struct session *s, uint32_t events);

/* How many have a mail to commit. */
size_t sessions_ready(const struct sessions *all);
/* Makes a batch of ready mails durable and answers. Call until ready is NULL,
 * and never while events that epoll reported are still to be looked at. */
void sessions_commit(struct sessions *all);
/* Ends those that are idle too long or too old. Once a second. */
void sessions_expire(struct sessions *all);
/* Tells all that we stop, and closes them. */
void sessions_close(struct sessions *all);

#endif
