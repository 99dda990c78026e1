/*
 * Link: one way from a sender's spool to a receiver's spool. PROTOCOL.md has
 * every byte. Three transports carry the same objects: zmq, file, and udp (its
 * place is here, see LINK_TRANSPORTS in link_send.c and link_recv.c).
 *
 * An object is a signed link header and one parcel. What only a sender does is in
 * send_*.c, what only a receiver does in recv_*.c, and no program links both.
 */
#ifndef LIMPID_LINK_H
#define LIMPID_LINK_H

#include <stddef.h>
#include <stdint.h>

struct conf;
struct key;
struct recv_shared;

#define LINK_VERSION	1
#define LINK_HEADER	168		/* bytes, with its signature */
#define LINK_SIGNED	104		/* of these are signed */
#define LINK_FRAGMENT	32		/* bytes of a fragment's header */
#define LINK_CHUNK	(1024 * 1024)	/* object bytes in a full fragment */
#define LINK_MESSAGE	(LINK_FRAGMENT + LINK_CHUNK)

#define LINK_NOTICE_MAX	1144		/* bytes: fits one datagram */
#define LINK_NOTICES	64		/* hashes in one HISTORY notice */
#define LINK_BEAT_MS	1000		/* a heartbeat each */

/* What moves, as a class of its own so that a receiver can count and order
 * without looking into a parcel. The values are those of enum parcel_kind.
 * HISTORY and HEARTBEAT are notices: they have no sequence and no parcel. */
enum link_class { LINK_MAIL = 1, LINK_COPY, LINK_STATUS, LINK_HISTORY,
    LINK_HEARTBEAT };

struct link_header {
	uint8_t		 link;
	uint8_t		 class;
	uint64_t	 seq;			/* from 1, never used twice */
	uint8_t		 prev[32];		/* SHA-256 of the header before */
	uint64_t	 parcel_len;
	uint8_t		 trailer_hash[32];	/* SHA-256 of the parcel's trailer */
	int64_t		 made_ms;
};

struct link_fragment {
	uint64_t	 stream;	/* random, new with each connection */
	uint64_t	 seq;
	uint32_t	 index, count;
};

/* What a sender says of itself, so that a receiver knows what it never saw. Each
 * one is whole and signed by itself, and may be lost. */
struct link_notice {
	uint8_t		 link;
	uint8_t		 class;			/* HISTORY or HEARTBEAT */
	uint64_t	 epoch;			/* start counter, random */
	uint64_t	 number;		/* in the epoch, from 1 */
	int64_t		 made_ms;
	uint64_t	 sent;	/* each object up to here was handed over once */
	/* HEARTBEAT */
	uint64_t	 waiting, waiting_bytes;	/* not handed over yet */
	uint64_t	 oldest_ms;			/* age of the oldest of them */
	uint8_t		 config[32];	/* what both ends must agree on */
	/* HISTORY: of sequences first, first + 1 ... */
	uint64_t	 first;
	uint8_t		 count;
	uint8_t		 hash[LINK_NOTICES][16];	/* of their headers */
};

/* Signs and writes a notice. Only senders. */
int link_notice_encode(const struct link_notice *n, const struct key *sign_with,
    uint8_t out[LINK_NOTICE_MAX], size_t *len);
/* Checks shape, signer, signature and link id. ERR_FORMAT, ERR_SHORT,
 * ERR_CRYPTO. Only receivers. */
int link_notice_decode(const uint8_t *in, size_t len, const struct key *signer,
    int link, struct link_notice *out);
/* 1 when the bytes begin like a notice: transports that carry more than one kind
 * of message tell them apart by this. */
int link_is_notice(const uint8_t *in, size_t len);

/* Signs and writes a header. Only senders. */
int link_header_encode(const struct link_header *h, const struct key *sign_with,
    uint8_t out[LINK_HEADER]);
/* Checks shape, signer, signature and link id. ERR_FORMAT, ERR_CRYPTO. Only
 * receivers. */
int link_header_decode(const uint8_t in[LINK_HEADER], const struct key *signer,
    int link, struct link_header *out);
void link_fragment_encode(const struct link_fragment *f,
    uint8_t out[LINK_FRAGMENT]);
/* Checks a whole message: shape, count and exact length of its chunk. */
int link_fragment_decode(const uint8_t *message, size_t len,
    struct link_fragment *out);

/*
 * Takes "--link N" out of argv, which proc_options reads next. 1 or 2; 0 when it is
 * missing or wrong.
 */
int link_option_take(int *argc, char **argv);

/* Sender ------------------------------------------------------------------ */

struct link_outgoing {
	uint64_t	 seq;
	const uint8_t	*header;	/* LINK_HEADER bytes */
	int		 fd;		/* the parcel */
	uint64_t	 len;		/* of the parcel */
	unsigned	 round;		/* 0 first, then repeats */
};

/* An object that a transport took and sent in the background. */
struct link_finished {
	uint64_t	 seq;
	unsigned	 round;
	int		 result;	/* ERR_OK, or what ails the parcel's file */
};

#define LINK_UNDER_WAY	256	/* objects that a transport takes at once */

/* What link_sender_events reports, as bits. */
#define LINK_UP		0x1	/* a connection was made: repeat the window */
#define LINK_DOWN	0x2	/* it was lost, or the folder is gone */
#define LINK_REFUSED	0x4	/* the handshake failed: link_sender_why */

struct link_sender;

/*
 * Reads keys and addresses, before privileges are dropped; opens no connection.
 * On failure *why (caller frees) is a sentence.
 */
int link_sender_new(const struct conf *c, int link, struct link_sender **lp,
    char **why);
/* Begins to connect, behind the filter. */
int link_sender_start(struct link_sender *l);
void link_sender_free(struct link_sender *l);
/* 1: what send took is on the medium, so nothing is ever repeated. */
int link_sender_lasting(const struct link_sender *l);
/* Readable (poll) when events has something to report; -1: ask every second. */
int link_sender_fd(struct link_sender *l);
unsigned link_sender_events(struct link_sender *l);
/* Why nothing can be sent now and what to do, as a sentence; NULL when it can, or
 * when nobody answers. Valid until the next call for this link. */
const char *link_sender_why(struct link_sender *l);
/*
 * Hands over one object. ERR_OK: taken whole. ERR_AGAIN: call again with the same
 * object, which goes on where it stopped. Other errors concern the parcel's file.
 */
int link_sender_send(struct link_sender *l, const struct link_outgoing *o);
/*
 * 1: what send took is not on the line yet; finished says when it is, and pump
 * sends. 0: neither needs to be called.
 */
int link_sender_is_background(const struct link_sender *l);
/* The next object whose last byte has left. ERR_AGAIN: none. */
int link_sender_finished(struct link_sender *l, struct link_finished *f);
/* Sends for a few milliseconds at most. Returns how many milliseconds to wait
 * before the next call, -1 when nothing is under way. */
int link_sender_pump(struct link_sender *l);
/* Hands over a signed notice, at most LINK_NOTICE_MAX bytes, behind everything that
 * send took. Best effort: ERR_AGAIN when the link takes nothing now. */
int link_sender_notice(struct link_sender *l, const uint8_t *data, size_t len);

/* Receiver ---------------------------------------------------------------- */

struct link_receiver;

/* A file on a medium may be looked at while it is still being copied: what is wrong
 * with it is final once it has not changed for some time. */
enum link_look { LINK_FIRST, LINK_AGAIN, LINK_SETTLED };
/* What it is then: left alone and said, looked at again, or in the spool. */
enum link_file { LINK_LEFT, LINK_FORMING, LINK_DONE };

/* Where a receiver puts what arrived, and whom it tells. */
struct link_sink {
	void	*arg;
	/* One fragment. A negative return is the world's fault (disk full): the
	 * receiver drops the connection, so that the sender repeats. */
	int	(*fragment)(void *arg, const uint8_t *message, size_t len);
	/* After each run of fragments: what came is to be on disk now. */
	int	(*settle)(void *arg);
	/* What may be one object, in a file from offset 0. */
	int	(*object)(void *arg, int fd, const char *name,
		    enum link_look look, enum link_file *what);
	/* A sentence for people about a folder or a file; safe to print. */
	void	(*told)(void *arg, const char *sentence);
	/* A peer was turned away; both strings are safe to print. */
	void	(*refused)(void *arg, const char *address, const char *why);
	/* For transports that put objects together themselves. */
	struct recv_shared *shared;
	/* A notice as it came, not yet verified; NULL: not wanted. */
	void	(*notice)(void *arg, const uint8_t *data, size_t len);
};

int link_receiver_new(const struct conf *c, int link, struct link_receiver **lp,
    char **why);
/* Before the filter, as the user of the program: begins a process of its own where
 * the transport has one. On failure *why is a sentence. */
int link_receiver_split(struct link_receiver *l, char **why);
/* Begins to listen, behind the filter. On failure *why is a sentence. */
int link_receiver_start(struct link_receiver *l, char **why);
void link_receiver_free(struct link_receiver *l);
/* Readable (poll) when something may have come; -1: ask every second. */
int link_receiver_fd(struct link_receiver *l);
/* Takes what is there, at most a few dozen messages. Returns how many, or the
 * sink's error: then the link is closed until link_receiver_start. */
int link_receiver_receive(struct link_receiver *l,
    const struct link_sink *sink);
/* Why nothing can come now and what to do on this host, as a sentence; else NULL.
 * Valid until the next call for this link. */
const char *link_receiver_why(struct link_receiver *l);

#endif
