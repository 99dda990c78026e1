/*
 * Receiver over ZeroMQ: PULL that binds, CURVE, and an allow-list of one key.
 * Run by limpid-diode-recv only.
 * Hostile input: all TCP before CURVE, inside libzmq; the credentials that ZAP hands
 * us; every message.
 * Must never accept a key but the sender's, connect, or queue without bound.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "log.h"

#define ZAP		"inproc://zeromq.zap.01"
#define ZAP_FRAMES	7	/* of a CURVE request */
#define CURVE_BYTES	32
#define CURVE_OVERHEAD	256	/* room for CURVE around a message */
#define BACKLOG		16	/* connections that wait to be let in */
#define AT_ONCE		32	/* messages of one call */
#define PEERS		(2 * BACKLOG)	/* connections whose address is kept */

struct recv_zmq {
	int		 listen;	/* made before the filter: behind it, this
					 * program cannot make a socket */
	char		 secret[LINK_KEY_TEXT + 1];
	uint8_t		 allowed[CURVE_BYTES];
	void		*ctx, *pull, *zap, *monitor;
	int		 poll;		/* epoll over all three sockets */
	int		 link;
	int		 wrong_key;	/* the next to be disconnected has one */
	struct { int fd; char address[INET6_ADDRSTRLEN]; } peers[PEERS];
	size_t		 peer_next;
};

struct zap_request {
	char	 id[256], address[128];
	size_t	 id_len;
	int	 good;
	char	 key[LINK_KEY_TEXT + 1];
};

/* The door for senders; the one for credentials stays. */
static void
pull_close(struct recv_zmq *z)
{
	if (z->poll != -1)
		close(z->poll);
	z->poll = -1;
	link_zmq_close(&z->pull, &z->monitor, z->zap);
}

static void
back_free(void *back)
{
	struct recv_zmq	*z = back;

	if (z == NULL)
		return;
	pull_close(z);
	if (z->zap != NULL)
		zmq_close(z->zap);
	if (z->ctx != NULL)
		zmq_ctx_term(z->ctx);
	explicit_bzero(z->secret, sizeof(z->secret));
	if (z->listen != -1)
		close(z->listen);
	free(z);
}

static int
listen_open(struct recv_zmq *z, const char *address, char **why)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 on = 1, r;

	if ((r = link_address_find(address, "tcp", &ss, &len, why)) != ERR_OK)
		return r;
	z->listen = socket(ss.ss_family,
	    SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0);
	if (z->listen == -1 || setsockopt(z->listen, SOL_SOCKET, SO_REUSEADDR,
	    &on, sizeof(on)) == -1 || bind(z->listen, (struct sockaddr *)&ss,
	    len) == -1 || listen(z->listen, BACKLOG) == -1) {
		if (asprintf(why, "cannot listen at %s: %s; see that the"
		    " address is this host's and nothing else has the port",
		    address, strerror(errno)) == -1)
			*why = NULL;
		return ERR_SYS;
	}
	return ERR_OK;
}

int
recv_zmq_new(const struct conf *c, int link, void **backp, char **why)
{
	struct recv_zmq	*z;
	char		 sender[LINK_KEY_TEXT + 1];
	int		 r;

	if ((z = calloc(1, sizeof(*z))) == NULL)
		return ERR_MEMORY;
	z->poll = z->listen = -1;
	z->link = link;
	/* Before the filter: libzmq reads files here, but starts no thread. */
	if ((z->ctx = zmq_ctx_new()) == NULL) {
		r = ERR_SYS;
		goto out;
	}
	if ((r = listen_open(z, c->link[link - 1].bind, why)) != ERR_OK ||
	    (r = link_curve_key(c, link, "recv", "key", z->secret, why)) !=
	    ERR_OK ||
	    (r = link_curve_key(c, link, "send", "pub", sender, why)) != ERR_OK)
		goto out;
	if (zmq_z85_decode(z->allowed, sender) == NULL) {
		if (asprintf(why, "keys/link%d-send-curve.pub is not a CURVE"
		    " key; copy it again from the sending host", link) == -1)
			*why = NULL;
		r = ERR_CONFIG;
		goto out;
	}
	*backp = z;
	z = NULL;
 out:
	back_free(z);
	return r;
}

static int
pull_configure(struct recv_zmq *z)
{
	static const struct link_zmq_option options[] = {
		{ ZMQ_CURVE_SERVER,	1 },
		{ ZMQ_RCVHWM,		LINK_HWM },
		{ ZMQ_RCVBUF,		LINK_BUFFER },
		{ ZMQ_LINGER,		0 },
		{ ZMQ_HANDSHAKE_IVL,	10000 },
		{ ZMQ_TCP_KEEPALIVE,	1 },
		{ ZMQ_TCP_KEEPALIVE_IDLE, 30 },
	};
	int64_t	 largest = LINK_MESSAGE + CURVE_OVERHEAD;
	int	 r;

	if ((r = link_zmq_set(z->pull, options, sizeof(options) /
	    sizeof(options[0]))) != ERR_OK)
		return r;
	if (zmq_setsockopt(z->pull, ZMQ_MAXMSGSIZE, &largest,
	    sizeof(largest)) != 0 ||
	    zmq_setsockopt(z->pull, ZMQ_CURVE_SECRETKEY, z->secret,
	    LINK_KEY_TEXT + 1) != 0 ||
	    zmq_setsockopt(z->pull, ZMQ_ZAP_DOMAIN, "limpid", 6) != 0)
		return ERR_CRYPTO;
	return ERR_OK;
}

static int
poll_add(struct recv_zmq *z, void *socket)
{
	struct epoll_event	 e = { .events = EPOLLIN };
	size_t			 len = sizeof(int);
	int			 fd;

	if (zmq_getsockopt(socket, ZMQ_FD, &fd, &len) != 0 ||
	    epoll_ctl(z->poll, EPOLL_CTL_ADD, fd, &e) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static int
back_start(void *back, char **why)
{
	const struct link_zmq_option	 at_once = { ZMQ_LINGER, 0 };
	struct link_zmq_option		 listening = { ZMQ_USE_FD, -1 };
	struct recv_zmq			*z = back;
	int				 fd, r = ERR_SYS;

	pull_close(z);
	if (z->zap == NULL && ((z->zap = zmq_socket(z->ctx, ZMQ_REP)) == NULL ||
	    link_zmq_set(z->zap, &at_once, 1) != ERR_OK ||
	    zmq_bind(z->zap, ZAP) != 0))
		return ERR_SYS;
	if ((z->pull = zmq_socket(z->ctx, ZMQ_PULL)) == NULL ||
	    (r = pull_configure(z)) != ERR_OK)
		return r;
	if (link_zmq_watch(z->ctx, z->pull, ZMQ_EVENT_ACCEPTED |
	    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_DISCONNECTED,
	    &z->monitor) != ERR_OK)
		return ERR_SYS;
	if ((z->poll = epoll_create1(EPOLL_CLOEXEC)) == -1 ||
	    poll_add(z, z->zap) != ERR_OK || poll_add(z, z->pull) != ERR_OK ||
	    poll_add(z, z->monitor) != ERR_OK)
		return ERR_SYS;
	/* libzmq closes what it is given; the address is only a form. */
	if ((fd = fcntl(z->listen, F_DUPFD_CLOEXEC, 3)) == -1)
		return ERR_SYS;
	listening.value = fd;
	if (link_zmq_set(z->pull, &listening, 1) != ERR_OK ||
	    zmq_bind(z->pull, "tcp://127.0.0.1:1") != 0) {
		if (asprintf(why, "cannot listen: %s", zmq_strerror(errno)) ==
		    -1)
			*why = NULL;
		return ERR_SYS;
	}
	return ERR_OK;
}

static int
back_fd(void *back)
{
	struct recv_zmq	*z = back;

	return z->poll;
}

/* One frame as text or bytes; 1 when more frames of the request follow. */
static int
zap_frame(struct recv_zmq *z, void *buf, size_t size, size_t *len)
{
	size_t	 more_len = sizeof(int);
	int	 more = 0, n;

	n = zmq_recv(z->zap, buf, size, ZMQ_DONTWAIT);
	*len = n < 0 ? 0 : (size_t)n;
	if (n < 0 || zmq_getsockopt(z->zap, ZMQ_RCVMORE, &more, &more_len) != 0)
		return 0;
	return more;
}

/* Reads a request (RFC 27/ZAP). Returns 0 when there is none. */
static int
zap_read(struct recv_zmq *z, struct zap_request *q)
{
	uint8_t	 frame[256];
	size_t	 len, i;
	int	 more;

	memset(q, 0, sizeof(*q));
	more = zap_frame(z, frame, sizeof(frame), &len);
	if (len == 0)
		return 0;
	for (i = 1; more; i++) {
		if (i == 1) {
			more = zap_frame(z, q->id, sizeof(q->id), &q->id_len);
			if (q->id_len > sizeof(q->id))
				q->id_len = sizeof(q->id);
			continue;
		}
		more = zap_frame(z, frame, sizeof(frame), &len);
		if (i == 3)
			snprintf(q->address, sizeof(q->address), "%.*s",
			    (int)(len < 100 ? len : 100), (char *)frame);
		if (i == ZAP_FRAMES - 1 && len == CURVE_BYTES) {
			zmq_z85_encode(q->key, frame, CURVE_BYTES);
			q->good = !more && secret_differs(frame, z->allowed,
			    CURVE_BYTES) == 0;
		}
	}
	return 1;
}

static void
zap_answer(struct recv_zmq *z, const struct zap_request *q)
{
	const char	*code = q->good ? "200" : "400";
	const char	*text = q->good ? "OK" : "this key is not allowed";

	zmq_send(z->zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(z->zap, q->id, q->id_len, ZMQ_SNDMORE);
	zmq_send(z->zap, code, 3, ZMQ_SNDMORE);
	zmq_send(z->zap, text, strlen(text), ZMQ_SNDMORE);
	zmq_send(z->zap, "", 0, ZMQ_SNDMORE);
	zmq_send(z->zap, "", 0, 0);
}

static void
zap_serve(struct recv_zmq *z, const struct link_sink *sink)
{
	struct zap_request	 q;
	char			 why[224];

	while (zap_read(z, &q)) {
		zap_answer(z, &q);
		if (q.good)
			continue;
		snprintf(why, sizeof(why), "its CURVE key %s is not the"
		    " sender's; if it is the sender, carry its"
		    " keys/link%d-send-curve.pub here with `limpid keys`",
		    log_safe(q.key), z->link);
		sink->refused(sink->arg, log_safe(q.address), why);
	}
}

/* Remembers who came, while the connection still says so. Not getnameinfo, which
 * asks for the names of interfaces. */
static void
peer_came(struct recv_zmq *z, int fd)
{
	union { struct sockaddr a; struct sockaddr_in four;
	    struct sockaddr_in6 six; } peer = { .a = { 0 } };
	socklen_t	 len = sizeof(peer);
	size_t		 at = z->peer_next++ % PEERS;
	const void	*raw = &peer.four.sin_addr;

	z->peers[at].fd = fd;
	z->peers[at].address[0] = '\0';
	if (getpeername(fd, &peer.a, &len) == -1)
		return;
	if (peer.a.sa_family == AF_INET6)
		raw = &peer.six.sin6_addr;
	(void)inet_ntop(peer.a.sa_family, raw, z->peers[at].address,
	    sizeof(z->peers[at].address));
}

static const char *
peer_address(const struct recv_zmq *z, int fd)
{
	size_t	 i, at;

	for (i = 0; i < PEERS; i++) {
		at = (z->peer_next + 2 * PEERS - 1 - i) % PEERS;
		if (z->peers[at].fd == fd && z->peers[at].address[0] != '\0')
			return z->peers[at].address;
	}
	return "an unknown address";
}

/*
 * A sender that pinned another key than ours fails before it has shown its own, so
 * ZAP never hears of it: only the handshake's failure tells, and the end of that
 * connection, which follows it, whose it was.
 */
static void
monitor_serve(struct recv_zmq *z, const struct link_sink *sink)
{
	char		 why[192];
	uint16_t	 event;
	uint32_t	 value;

	while (link_zmq_event(z->monitor, &event, &value)) {
		if (event == ZMQ_EVENT_ACCEPTED)
			peer_came(z, (int)value);
		else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL)
			z->wrong_key =
			    value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC;
		else if (z->wrong_key) {
			z->wrong_key = 0;
			snprintf(why, sizeof(why), "it expects another CURVE"
			    " key of this host; carry keys/link%d-recv-curve"
			    ".pub there with `limpid keys`", z->link);
			sink->refused(sink->arg, peer_address(z, (int)value),
			    why);
		}
	}
}

static int
back_receive(void *back, const struct link_sink *sink)
{
	struct recv_zmq	*z = back;
	zmq_msg_t	 m;
	int		 n, r = ERR_OK;

	for (n = 0; n < AT_ONCE && r >= 0; n++) {
		zap_serve(z, sink);
		monitor_serve(z, sink);
		zmq_msg_init(&m);
		if (zmq_msg_recv(&m, z->pull, ZMQ_DONTWAIT) == -1) {
			zmq_msg_close(&m);
			break;
		}
		if (!link_is_notice(zmq_msg_data(&m), zmq_msg_size(&m)))
			r = sink->fragment(sink->arg, zmq_msg_data(&m),
			    zmq_msg_size(&m));
		else if (sink->notice != NULL)
			sink->notice(sink->arg, zmq_msg_data(&m),
			    zmq_msg_size(&m));
		zmq_msg_close(&m);
	}
	if (r >= 0)
		r = sink->settle(sink->arg);
	if (r >= 0)
		return n;
	/* The connection goes with its queues: the sender notices, and repeats
	 * once it is let in again. */
	pull_close(z);
	return r;
}

const struct link_receiver_ops recv_zmq_ops = {
	NULL, back_start, back_free, back_fd, back_receive, NULL
};
