/*
 * The SMTP and LMTP dialogue as a pure machine: bytes in, replies out, no
 * socket, no clock, no file. RFC 5321, 2033, 1870 (SIZE), 6152 (8BITMIME),
 * 6531 (SMTPUTF8), 2920 (PIPELINING), 3030 (CHUNKING), 2034
 * (ENHANCEDSTATUSCODES); XFORWARD from our own MTA.
 */
#ifndef LIMPID_DIALOGUE_H
#define LIMPID_DIALOGUE_H

#include <stddef.h>
#include <stdint.h>

enum dialogue_protocol { DIALOGUE_SMTP, DIALOGUE_LMTP };

struct dialogue_limits {
	enum dialogue_protocol protocol;
	const char	*hostname;	/* borrowed */
	int		 own_mta;	/* the peer is our own MTA: XFORWARD is
					 * offered, a lone CR is its affair */
	uint64_t	 max_size;	/* bytes of a mail */
	size_t		 max_rcpts;
	size_t		 max_line;	/* bytes of a command */
	size_t		 max_mails;	/* in one session */
};

struct envelope {
	char		*helo;
	char		*sender;	/* "" is the null sender */
	char		**rcpts;	/* as given, also twice the same */
	size_t		 rcpt_count;
	char		*client;	/* by XFORWARD, else NULL */
	char		*client_helo;	/* by XFORWARD, else NULL */
	int		 smtputf8, body8bit;
};

struct dialogue_handlers {
	/* MAIL: whether there is room for one of size bytes (0: not said).
	 * ERR_OK, or ERR_FULL and the client is told to come later. */
	int (*admit)(void *arg, uint64_t size);
	/* RCPT: ERR_OK, ERR_NOTFOUND (no such user), ERR_DENIED (not our
	 * domain). */
	int (*rcpt)(void *arg, const char *address);
	/*
	 * A run of the mail. An error is kept and told at the end of the mail.
	 */
	int (*data)(void *arg, const uint8_t *data, size_t len);
	/* The mail is whole: make it durable, then call dialogue_committed.
	 * The envelope is borrowed until then. */
	void (*complete)(void *arg, const struct envelope *e);
	/* The mail, if any, will not be completed: forget it. */
	void (*discard)(void *arg);
};

struct dialogue;

/* A dialogue with its greeting ready to be sent. NULL: no memory. All is
 * borrowed and must outlive it. */
struct dialogue *dialogue_new(const struct dialogue_limits *limits,
    const struct dialogue_handlers *handlers, void *arg);
void dialogue_free(struct dialogue *d);

/*
 * Reads bytes of the client; returns how many were used. Fewer than len while a
 * mail is being made durable, while the client does not read its replies, or
 * when the dialogue has ended: offer the rest again later.
 */
size_t dialogue_feed(struct dialogue *d, const uint8_t *data, size_t len);

/* Replies to be sent, borrowed until the next call; drain what was sent. */
const uint8_t *dialogue_output(const struct dialogue *d, size_t *lenp);
void dialogue_drain(struct dialogue *d, size_t len);

/* Answer to complete: ERR_OK and the reference as text, or an error. */
void dialogue_committed(struct dialogue *d, int result, const char *ref);
/* Between complete and committed. */
int dialogue_waiting(const struct dialogue *d);

/* Ends it with a last line, such as "421 4.4.2 idle too long". */
void dialogue_end(struct dialogue *d, const char *line);
/* No more is to come: close when the output is drained. */
int dialogue_ended(const struct dialogue *d);

#endif
