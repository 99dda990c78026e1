/*
 * The back-ends of a link: what link_send.c and link_recv.c choose from.
 */
#ifndef LIMPID_LINK_PRIVATE_H
#define LIMPID_LINK_PRIVATE_H

#include <sys/socket.h>

#include "link.h"

#define LINK_HWM	8		/* messages each side may queue */
#define LINK_BUFFER	(256 * 1024)	/* bytes of socket buffer each side */
/* No more than this can be under way when a connection is lost. */
#define LINK_FLIGHT	((uint64_t)(2 * (LINK_HWM + 2)) * LINK_MESSAGE + \
			    8 * LINK_BUFFER)
#define LINK_FILE_NAME	"link%d-%020llu.lmpo"
#define LINK_BEAT_NAME	"link%d-beat.lmpn"
#define LINK_HISTORY_NAME "link%d-history-%02u.lmpn"
#define LINK_HISTORIES	16	/* notices that hold the last 1024 hashes */
#define LINK_KEY_TEXT	40		/* a CURVE key in Z85 */
#define LINK_WHY	320		/* a sentence of link_*_why */

/* A transport, for one of the ends. */
struct link_transport {
	const char	*name;		/* in limpid.conf */
	int		 (*open)(const struct conf *c, int link, void **backp,
			    char **why);
	const void	*ops;		/* link_sender_ops, link_receiver_ops */
};

/* Opens the one that limpid.conf names; *opsp are its calls. On failure *why (caller
 * frees) is a sentence. */
int link_transport_open(const struct link_transport *t, size_t count,
    const struct conf *c, int link, const void **opsp, void **backp,
    char **why);
/* Whether the value of key can be the folder of transport file. */
int link_folder_check(const char *folder, const char *key, int link,
    char **why);

struct link_sender_ops {
	int		 lasting;
	/* start and fd: NULL where there is nothing to begin or to wait for. */
	int		 (*start)(void *back);
	void		 (*free)(void *back);
	int		 (*fd)(void *back);
	unsigned	 (*events)(void *back);
	int		 (*send)(void *back, const struct link_outgoing *o);
	int		 (*notice)(void *back, const uint8_t *data, size_t len);
	/* Only transports that send in the background, else NULL. */
	int		 (*finished)(void *back, struct link_finished *f);
	int		 (*pump)(void *back);
	/* NULL: has nothing to say. */
	const char	*(*why)(void *back);
};

struct link_receiver_ops {
	/* Before the filter, as the program's own user; NULL: nothing to do. */
	int		 (*split)(void *back, char **why);
	/* start and fd as above. */
	int		 (*start)(void *back, char **why);
	void		 (*free)(void *back);
	int		 (*fd)(void *back);
	int		 (*receive)(void *back, const struct link_sink *sink);
	/* NULL: nothing but the far end can be wrong. */
	const char	*(*why)(void *back);
};

int send_zmq_new(const struct conf *c, int link, void **backp, char **why);
int send_file_new(const struct conf *c, int link, void **backp, char **why);
int send_udp_new(const struct conf *c, int link, void **backp, char **why);
extern const struct link_sender_ops send_zmq_ops, send_file_ops, send_udp_ops;

int recv_zmq_new(const struct conf *c, int link, void **backp, char **why);
int recv_file_new(const struct conf *c, int link, void **backp, char **why);
int recv_udp_new(const struct conf *c, int link, void **backp, char **why);
extern const struct link_receiver_ops recv_zmq_ops, recv_file_ops,
    recv_udp_ops;

/*
 * Finds the address of "tcp://HOST:PORT", or udp:// (scheme without the slashes), at
 * start, so that nothing is looked up later, behind the filter. HOST "*" is every
 * address of this host. On failure *why (caller frees) is a sentence.
 */
int link_address_find(const char *address, const char *scheme,
    struct sockaddr_storage *out, socklen_t *len, char **why);
/*
 * Reads etc/keys/linkN-ROLE-curve.SUFFIX, one line of Z85, into out. On failure
 * *why (caller frees) names the file and what to do.
 */
int link_curve_key(const struct conf *c, int link, const char *role,
    const char *suffix, char out[LINK_KEY_TEXT + 1], char **why);

/* ZeroMQ, as both ends use it (link_zmq.c). */
struct link_zmq_option {
	int	 option, value;
};
int link_zmq_set(void *socket, const struct link_zmq_option *o, size_t count);
/* Watches a socket for these events; link_zmq_close ends both. *monitor is a socket
 * inside this process, and tells of the connection only. */
int link_zmq_watch(void *ctx, void *socket, int events, void **monitor);
/* The next event; 0 when there is none. */
int link_zmq_event(void *monitor, uint16_t *event, uint32_t *value);
/*
 * Closes a socket and its monitor, where there are any, sets both to NULL, and comes
 * back when the connections are closed, after 2 s at most. While they end somebody must
 * take the monitor's events, and asked, the ZAP handler of this thread (NULL: none),
 * must answer: libzmq waits for both, and else leaves a connection open for ever.
 */
void link_zmq_close(void **socket, void **monitor, void *asked);

struct conf_link;

/* Replaces a small text file as a whole; durable: it is on disk on return. */
int link_text_replace(int dirfd, const char *name, const char *text,
    int durable);
/* Reads at most size - 1 bytes of one and a NUL. ERR_NOTFOUND. */
int link_text_read(int dirfd, const char *name, char *out, size_t size);
/* SHA-256 of what both ends of a link must have alike in limpid.conf. */
int link_config_hash(const struct conf_link *c, uint8_t out[32]);

#endif
