/*
 * Sender over ZeroMQ: PUSH that connects, CURVE with the receiver's key pinned.
 * Run by limpid-diode-send only.
 * Hostile input: what the receiving host's TCP and CURVE say, inside libzmq.
 * Must never report an object as taken that lies in a queue without a connection
 * (IMMEDIATE), or wait without end.
 *
 * The monitor is a socket inside this process; it tells of the connection only.
 */
#include <netdb.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zmq.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "proc.h"

#define SEND_WAIT_MS	200	/* how long one fragment may wait */
#define HOLD_MS		300	/* how long one call may hold the main loop */

struct send_zmq {
	char		 address[128];	/* numeric */
	int		 six;
	char		 server[LINK_KEY_TEXT + 1];
	char		 public[LINK_KEY_TEXT + 1];
	char		 secret[LINK_KEY_TEXT + 1];
	void		*ctx, *push, *monitor;
	int		 up, link;
	char		 why[LINK_WHY];	/* of the last handshake that failed */
	uint64_t	 stream;	/* new with each connection */
	uint64_t	 seq;		/* object under way, 0 none */
	uint32_t	 next;		/* its next fragment */
};

static void
back_free(void *back)
{
	struct send_zmq	*z = back;

	if (z == NULL)
		return;
	link_zmq_close(&z->push, &z->monitor, NULL);
	if (z->ctx != NULL)
		zmq_ctx_term(z->ctx);
	explicit_bzero(z->secret, sizeof(z->secret));
	free(z);
}

/* The numeric form, which libzmq takes without looking anything up. */
static int
address_set(struct send_zmq *z, const char *address, char **why)
{
	struct sockaddr_storage	 ss;
	char			 host[64], port[16];
	socklen_t		 len;
	int			 r;

	if ((r = link_address_find(address, "tcp", &ss, &len, why)) != ERR_OK)
		return r;
	if (getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port,
	    sizeof(port), NI_NUMERICHOST|NI_NUMERICSERV) != 0)
		return ERR_CONFIG;
	z->six = ss.ss_family == AF_INET6;
	snprintf(z->address, sizeof(z->address), "tcp://%s%s%s:%s",
	    z->six ? "[" : "", host, z->six ? "]" : "", port);
	return ERR_OK;
}

/* A key that nobody can use is said at the start, not by a link that stays down. */
static int
pair_check(const struct send_zmq *z, char **why)
{
	char	 public[LINK_KEY_TEXT + 1];
	uint8_t	 raw[32];

	if (zmq_curve_public(public, z->secret) != 0 ||
	    strcmp(public, z->public) != 0) {
		if (asprintf(why, "keys/link%d-send-curve.pub does not belong"
		    " to the .key beside it; remove both, run `limpid init`"
		    " again, and carry the new one to the receiving host",
		    z->link) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	if (zmq_z85_decode(raw, z->server) == NULL) {
		if (asprintf(why, "keys/link%d-recv-curve.pub is not a CURVE"
		    " key; copy it again from the receiving host", z->link) ==
		    -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	return ERR_OK;
}

int
send_zmq_new(const struct conf *c, int link, void **backp, char **why)
{
	struct send_zmq	*z;
	int		 r;

	if ((z = calloc(1, sizeof(*z))) == NULL)
		return ERR_MEMORY;
	z->link = link;
	/* Before the filter: libzmq reads files here, but starts no thread. */
	if ((z->ctx = zmq_ctx_new()) == NULL) {
		r = ERR_SYS;
		goto out;
	}
	if ((r = address_set(z, c->link[link - 1].connect, why)) != ERR_OK ||
	    (r = link_curve_key(c, link, "send", "key", z->secret, why)) !=
	    ERR_OK ||
	    (r = link_curve_key(c, link, "send", "pub", z->public, why)) !=
	    ERR_OK ||
	    (r = link_curve_key(c, link, "recv", "pub", z->server, why)) !=
	    ERR_OK || (r = pair_check(z, why)) != ERR_OK)
		goto out;
	*backp = z;
	z = NULL;
 out:
	back_free(z);
	return r;
}

static int
push_configure(struct send_zmq *z)
{
	static const struct link_zmq_option options[] = {
		{ ZMQ_IMMEDIATE,		1 },
		{ ZMQ_SNDHWM,			LINK_HWM },
		{ ZMQ_SNDBUF,			LINK_BUFFER },
		{ ZMQ_SNDTIMEO,			SEND_WAIT_MS },
		{ ZMQ_LINGER,			0 },
		{ ZMQ_CONNECT_TIMEOUT,		5000 },
		{ ZMQ_HANDSHAKE_IVL,		10000 },
		{ ZMQ_RECONNECT_IVL,		200 },
		{ ZMQ_RECONNECT_IVL_MAX,	1000 },
		{ ZMQ_HEARTBEAT_IVL,		5000 },
		{ ZMQ_HEARTBEAT_TIMEOUT,	15000 },
	};
	const struct link_zmq_option six = { ZMQ_IPV6, z->six };
	int	 r;

	if ((r = link_zmq_set(z->push, options, sizeof(options) /
	    sizeof(options[0]))) != ERR_OK ||
	    (r = link_zmq_set(z->push, &six, 1)) != ERR_OK)
		return r;
	if (zmq_setsockopt(z->push, ZMQ_CURVE_SERVERKEY, z->server,
	    LINK_KEY_TEXT + 1) != 0 ||
	    zmq_setsockopt(z->push, ZMQ_CURVE_PUBLICKEY, z->public,
	    LINK_KEY_TEXT + 1) != 0 ||
	    zmq_setsockopt(z->push, ZMQ_CURVE_SECRETKEY, z->secret,
	    LINK_KEY_TEXT + 1) != 0)
		return ERR_CRYPTO;
	return ERR_OK;
}

static int
back_start(void *back)
{
	struct send_zmq	*z = back;
	int		 r;

	if ((z->push = zmq_socket(z->ctx, ZMQ_PUSH)) == NULL)
		return ERR_SYS;
	if ((r = push_configure(z)) != ERR_OK)
		return r;
	if (link_zmq_watch(z->ctx, z->push, ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
	    ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
	    ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
	    ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED,
	    &z->monitor) != ERR_OK || zmq_connect(z->push, z->address) != 0)
		return ERR_SYS;
	return ERR_OK;
}

static int
back_fd(void *back)
{
	struct send_zmq	*z = back;
	size_t		 len = sizeof(int);
	int		 fd = -1;

	if (zmq_getsockopt(z->monitor, ZMQ_FD, &fd, &len) != 0)
		return -1;
	return fd;
}

/* What the sender can know: the receiver says "not allowed", or just hangs up. */
static void
why_set(struct send_zmq *z, int event)
{
	if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
		snprintf(z->why, sizeof(z->why), "the receiver does not know"
		    " this host's CURVE key: carry keys/link%d-send-curve.pub"
		    " there with `limpid keys`, and start its"
		    " limpid-diode-recv again", z->link);
	else
		snprintf(z->why, sizeof(z->why), "the receiver broke off the"
		    " handshake: it has another CURVE key than"
		    " keys/link%d-recv-curve.pub here (carry its own here again"
		    " with `limpid keys`), or takes nothing now; its log says"
		    " which", z->link);
}

static const char *
back_why(void *back)
{
	struct send_zmq	*z = back;

	return z->up || z->why[0] == '\0' ? NULL : z->why;
}

static unsigned
back_events(void *back)
{
	struct send_zmq	*z = back;
	unsigned	 seen = 0;
	uint16_t	 event;
	uint32_t	 value;

	while (link_zmq_event(z->monitor, &event, &value)) {
		if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
			z->up = 1;
			z->why[0] = '\0';
			z->seq = 0;
			if (random_bytes(&z->stream, sizeof(z->stream)) !=
			    ERR_OK)
				z->stream++;
			seen = (seen & ~LINK_DOWN) | LINK_UP;
		} else if (event == ZMQ_EVENT_DISCONNECTED) {
			if (z->up)
				seen = (seen & ~LINK_UP) | LINK_DOWN;
			z->up = 0;
		} else {
			why_set(z, event);
			seen |= LINK_REFUSED;
		}
	}
	return seen;
}

static int
send_fragment(struct send_zmq *z, const struct link_outgoing *o,
    uint32_t count)
{
	struct link_fragment	 f = { z->stream, o->seq, z->next, count };
	uint64_t		 at = (uint64_t)z->next * LINK_CHUNK;
	uint64_t		 left = LINK_HEADER + o->len - at;
	size_t			 head = z->next == 0 ? LINK_HEADER : 0, n;
	zmq_msg_t		 m;
	uint8_t			*p;
	ssize_t			 got;

	n = left < LINK_CHUNK ? (size_t)left : LINK_CHUNK;
	if (zmq_msg_init_size(&m, LINK_FRAGMENT + n) != 0)
		return ERR_MEMORY;
	p = zmq_msg_data(&m);
	link_fragment_encode(&f, p);
	memcpy(p + LINK_FRAGMENT, o->header, head);
	got = pread(o->fd, p + LINK_FRAGMENT + head, n - head,
	    (off_t)(at + head - LINK_HEADER));
	if (got != (ssize_t)(n - head)) {
		zmq_msg_close(&m);
		return got == -1 ? ERR_SYS : ERR_SHORT;
	}
	if (zmq_msg_send(&m, z->push, 0) == -1) {
		zmq_msg_close(&m);
		return errno == EAGAIN || errno == EINTR ? ERR_AGAIN : ERR_SYS;
	}
	return ERR_OK;
}

static int
back_send(void *back, const struct link_outgoing *o)
{
	struct send_zmq	*z = back;
	long long	 until = proc_now_ms() + HOLD_MS;
	uint64_t	 count;
	int		 r;

	if (!z->up)
		return ERR_AGAIN;
	count = (LINK_HEADER + o->len + LINK_CHUNK - 1) / LINK_CHUNK;
	if (count > UINT32_MAX)
		return ERR_LIMIT;
	if (z->seq != o->seq) {
		z->seq = o->seq;
		z->next = 0;
	}
	for (; z->next < count; z->next++) {
		/* A large object must not hold back the heartbeat. */
		if (proc_now_ms() >= until)
			return ERR_AGAIN;
		if ((r = send_fragment(z, o, (uint32_t)count)) != ERR_OK)
			return r;
	}
	z->seq = 0;
	return ERR_OK;
}

/* Between fragments as between objects: a message of its own. */
static int
back_notice(void *back, const uint8_t *data, size_t len)
{
	struct send_zmq	*z = back;

	if (!z->up)
		return ERR_AGAIN;
	return zmq_send(z->push, data, len, ZMQ_DONTWAIT) == -1 ? ERR_AGAIN :
	    ERR_OK;
}

const struct link_sender_ops send_zmq_ops = {
	0, back_start, back_free, back_fd, back_events, back_send, back_notice,
	NULL, NULL, back_why
};
