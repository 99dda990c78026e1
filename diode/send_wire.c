/*
 * Sends datagrams at a steady rate (send_wire.h).
 * Run by limpid-diode-send only.
 * Hostile input: none; the socket is never read.
 * Must never exceed the rate: on a link without answers nothing else protects the
 * receiver's queue.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "link_private.h"
#include "log.h"
#include "send_wire.h"

#define BURST_NS	INT64_C(2000000)
#define SECOND_NS	INT64_C(1000000000)
#define ETHERNET	38	/* header, checksum, preamble and gap */
#define MESSAGES	64	/* of one call */
#define GSO_BYTES	65000	/* of one message that the kernel cuts */
#define GSO_PARTS	44
#define SOCKET_BUFFER	(4 << 20)

struct send_wire {
	int		 fd, six, gso;
	uint64_t	 rate;
	int64_t		 due;	/* when the next datagram may leave, ns */
};

void
send_wire_free(struct send_wire *w)
{
	if (w == NULL)
		return;
	if (w->fd != -1)
		close(w->fd);
	free(w);
}

/* What the socket is told, so that it never fragments and never hears. */
static int
socket_open(struct send_wire *w, const char *address, char **why)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	int			 probe = IP_PMTUDISC_PROBE, size = SOCKET_BUFFER;
	int			 none = 0, r;

	if ((r = link_address_find(address, "udp", &ss, &len, why)) != ERR_OK)
		return r;
	w->six = ss.ss_family == AF_INET6;
	w->fd = socket(ss.ss_family, SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0);
	if (w->fd == -1 || setsockopt(w->fd, w->six ? IPPROTO_IPV6 : IPPROTO_IP,
	    w->six ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &probe,
	    sizeof(probe)) == -1 || connect(w->fd, (struct sockaddr *)&ss,
	    len) == -1) {
		if (asprintf(why, "cannot send to %s: %s; see that this host"
		    " has an address and a route there", address,
		    strerror(errno)) == -1)
			*why = NULL;
		return ERR_SYS;
	}
	(void)setsockopt(w->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	(void)setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &none, sizeof(none));
	(void)shutdown(w->fd, SHUT_RD);
	return ERR_OK;
}

int
send_wire_new(const struct conf_link *c, struct send_wire **wp, char **why)
{
	struct send_wire	*w;
	int			 r;

	*why = NULL;
	if (c->rate == 0) {
		if (asprintf(why, "link \"%d\": transport udp has no rate:"
		    " write how many bits a second this line may carry, such as"
		    " rate = \"800M\" for four fifths of gigabit", c->id) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ERR_MEMORY;
	w->fd = -1;
	w->gso = c->gso;
	w->rate = c->rate;
	if ((r = socket_open(w, c->connect, why)) != ERR_OK) {
		send_wire_free(w);
		return r;
	}
	*wp = w;
	return ERR_OK;
}

int
send_wire_is_six(const struct send_wire *w)
{
	return w->six;
}

static int64_t
now_ns(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

static int64_t
cost_of(const struct send_wire *w, size_t size)
{
	size_t	 bits = 8 * (size + (w->six ? 48 : 28) + ETHERNET);
	int64_t	 cost = (int64_t)((uint64_t)bits * SECOND_NS / w->rate);

	return cost < 1 ? 1 : cost;
}

/* How many of count datagrams may leave now; 0 sets *wait_ns. They leave in small
 * bursts, because each call and each sleep costs. */
static size_t
allowance(struct send_wire *w, size_t size, size_t count, int64_t *cost,
    int64_t *wait_ns)
{
	int64_t	 now = now_ns(), burst = BURST_NS, want;
	size_t	 n;

	*cost = cost_of(w, size);
	if (burst < *cost)
		burst = *cost;
	if (w->due < now - burst)
		w->due = now - burst;
	want = burst / 2 / *cost;
	if (want < 1)
		want = 1;
	if ((size_t)want > count)
		want = (int64_t)count;
	n = now > w->due ? (size_t)((now - w->due) / *cost) : 0;
	if ((int64_t)n < want) {
		*wait_ns = w->due + want * *cost - now;
		return 0;
	}
	return n < count ? n : count;
}

/* One call: messages of parts datagrams each. Returns datagrams sent, or -1. */
static ssize_t
call(struct send_wire *w, const uint8_t *data, size_t size, size_t count,
    size_t parts)
{
	union { char bytes[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align; } control[MESSAGES];
	struct mmsghdr	 m[MESSAGES];
	struct iovec	 v[MESSAGES];
	struct cmsghdr	*c;
	uint16_t	 segment = (uint16_t)size;
	size_t		 i, n, at = 0;
	int		 done;

	memset(m, 0, sizeof(m));
	for (i = 0; i < MESSAGES && at < count; i++, at += n) {
		n = count - at < parts ? count - at : parts;
		v[i].iov_base = (void *)(uintptr_t)(data + at * size);
		v[i].iov_len = n * size;
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
		if (n == 1)
			continue;
		memset(&control[i], 0, sizeof(control[i]));
		m[i].msg_hdr.msg_control = control[i].bytes;
		m[i].msg_hdr.msg_controllen = sizeof(control[i].bytes);
		c = CMSG_FIRSTHDR(&m[i].msg_hdr);
		c->cmsg_level = SOL_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(segment));
		memcpy(CMSG_DATA(c), &segment, sizeof(segment));
	}
	if ((done = sendmmsg(w->fd, m, (unsigned)i, MSG_DONTWAIT)) == -1)
		return -1;
	for (i = n = 0; i < (size_t)done; i++)
		n += v[i].iov_len / size;
	return (ssize_t)n;
}

/* What an error of the socket means. */
static int
trouble(struct send_wire *w, int64_t *wait_ns)
{
	*wait_ns = BURST_NS / 2;
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
	case EINTR:
	case ECONNREFUSED:	/* two-way line: nobody listens, or not yet */
		return ERR_AGAIN;
	case EMSGSIZE:
		return ERR_LIMIT;
	case EINVAL:
	case EIO:
	case EOPNOTSUPP:
		if (w->gso) {
			log_info("this interface cannot cut datagrams itself;"
			    " going on without gso");
			w->gso = 0;
			*wait_ns = 0;
			return ERR_AGAIN;
		}
		return ERR_PEER;
	default:
		return ERR_PEER;
	}
}

int
send_wire_send(struct send_wire *w, const uint8_t *data, size_t size,
    size_t count, size_t *sent, int64_t *wait_ns)
{
	size_t	 n, parts = 1;
	int64_t	 cost;
	ssize_t	 done;

	*sent = 0;
	if ((n = allowance(w, size, count, &cost, wait_ns)) == 0)
		return ERR_AGAIN;
	if (w->gso && size <= GSO_BYTES / 2) {
		parts = GSO_BYTES / size;
		parts = parts > GSO_PARTS ? GSO_PARTS : parts;
	}
	if ((done = call(w, data, size, n, parts)) == -1)
		return trouble(w, wait_ns);
	w->due += done * cost;
	*sent = (size_t)done;
	return ERR_OK;
}

int
send_wire_single(struct send_wire *w, const uint8_t *data, size_t size)
{
	int64_t	 now = now_ns(), wait_ns;

	if (send(w->fd, data, size, MSG_DONTWAIT) == -1)
		return trouble(w, &wait_ns);
	if (w->due < now - BURST_NS)
		w->due = now - BURST_NS;
	w->due += cost_of(w, size);
	return ERR_OK;
}
