/*
 * The datagram front (recv_front.h).
 * Run by limpid-diode-recv's jailed child only.
 * Hostile input: every datagram that reaches the port.
 * Must never open, connect, send or start anything, allocate by what a datagram says,
 * or hand over one whose tag it has not verified.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recv_front.h"

#define MESSAGES	32		/* of one call */
#define MESSAGE_BYTES	65536		/* a run of datagrams, joined by the kernel */
#define CONTROL_BYTES	128
#define WINDOW		(UINT64_C(1) << 17)	/* numbers told apart */
#define FULL_NS		200000		/* pause while the reader is behind */
#define GATHER_NS	500000		/* pause while the queue is empty */
#define MANY		2048		/* that the reader is woken for */

struct front_memory {
	struct mmsghdr	 m[MESSAGES];
	struct iovec	 v[MESSAGES];
	union { uint8_t bytes[CONTROL_BYTES]; struct cmsghdr align; }
			 control[MESSAGES];
	uint8_t		 data[MESSAGES][MESSAGE_BYTES];
	uint64_t	 epoch, first, highest, unique;
	uint64_t	 missing;		/* of the epochs before */
	uint32_t	 overflow;		/* as the kernel counts it */
	uint64_t	 seen[WINDOW / 64];
};

size_t
front_memory_size(void)
{
	return sizeof(struct front_memory);
}

struct front_slot *
front_slot(const struct front *f, uint64_t position)
{
	return (struct front_slot *)(void *)((uint8_t *)(f->ring + 1) +
	    (position & (f->slots - 1)) * f->slot_size);
}

static void
add(const struct front *f, unsigned what, uint64_t n)
{
	atomic_fetch_add_explicit(&f->ring->count[what], n,
	    memory_order_relaxed);
}

static uint64_t
epoch_missing(const struct front_memory *m)
{
	return m->highest == 0 ? 0 : m->highest - m->first + 1 - m->unique;
}

/* A sender that was started again. */
static void
epoch_begin(struct front_memory *m, const struct datagram *d)
{
	m->missing += epoch_missing(m);
	m->first = m->epoch == 0 ? d->seq : 1;
	m->epoch = d->epoch;
	m->highest = m->first - 1;
	m->unique = 0;
	memset(m->seen, 0, sizeof(m->seen));
}

/* Each number once. */
static enum datagram_fault
replay_check(struct front_memory *m, const struct datagram *d)
{
	uint64_t	 n, bit = UINT64_C(1) << (d->seq % 64), *word;

	if (d->epoch != m->epoch) {
		if (d->epoch >> 32 <= m->epoch >> 32)
			return DATAGRAM_LATE;
		epoch_begin(m, d);
	}
	if (d->seq > m->highest) {
		if (d->seq - m->highest >= WINDOW)
			memset(m->seen, 0, sizeof(m->seen));
		else
			for (n = m->highest + 1; n < d->seq; n++)
				m->seen[n % WINDOW / 64] &=
				    ~(UINT64_C(1) << (n % 64));
		m->highest = d->seq;
		m->seen[d->seq % WINDOW / 64] |= bit;
		m->unique++;
		return DATAGRAM_GOOD;
	}
	if (d->seq < m->first || m->highest - d->seq >= WINDOW)
		return DATAGRAM_LATE;
	word = &m->seen[d->seq % WINDOW / 64];
	if (*word & bit)
		return DATAGRAM_REPLAYED;
	*word |= bit;
	m->unique++;
	return DATAGRAM_GOOD;
}

/* Waits until the reader has made room: meanwhile the kernel's queue fills, and
 * what does not fit there is counted as overflow. */
static uint64_t
room_wait(const struct front *f)
{
	const struct timespec	 t = { 0, FULL_NS };
	uint64_t		 head;

	head = atomic_load_explicit(&f->ring->head, memory_order_relaxed);
	while (head - atomic_load_explicit(&f->ring->tail,
	    memory_order_acquire) >= f->slots)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	return head;
}

static void
datagram_take(const struct front *f, struct front_memory *m,
    const uint8_t *data, size_t len)
{
	struct front_slot	*s;
	enum datagram_fault	 fault;
	uint64_t		 head = room_wait(f);

	s = front_slot(f, head);
	add(f, FRONT_ARRIVED, 1);
	fault = datagram_open(f->keys, data, len, &f->limits, &s->d, s->symbol);
	if (fault == DATAGRAM_GOOD)
		fault = replay_check(m, &s->d);
	add(f, fault, 1);
	if (fault == DATAGRAM_GOOD)
		atomic_store_explicit(&f->ring->head, head + 1,
		    memory_order_release);
}

/* What the kernel says beside a message: how many it dropped, and into how many
 * datagrams a joined message falls. */
static size_t
control_read(const struct front *f, struct front_memory *m,
    struct msghdr *h, size_t len)
{
	struct cmsghdr	*c;
	uint32_t	 dropped;
	int		 size;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
			add(f, FRONT_OVERFLOW, dropped - m->overflow);
			m->overflow = dropped;
		} else if (c->cmsg_level == SOL_UDP &&
		    c->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(c), sizeof(size));
			if (size > 0 && (size_t)size < len)
				len = (size_t)size;
		}
	}
	return len;
}

static void
message_take(const struct front *f, struct front_memory *m, unsigned i)
{
	size_t	 len = m->m[i].msg_len, part, at;

	part = control_read(f, m, &m->m[i].msg_hdr, len);
	if (len == 0)
		datagram_take(f, m, m->data[i], 0);
	for (at = 0; at < len; at += part)
		datagram_take(f, m, m->data[i] + at,
		    len - at < part ? len - at : part);
}

static void
messages_prepare(struct front_memory *m)
{
	struct msghdr	*h;
	unsigned	 i;

	for (i = 0; i < MESSAGES; i++) {
		m->v[i].iov_base = m->data[i];
		m->v[i].iov_len = MESSAGE_BYTES;
		h = &m->m[i].msg_hdr;
		memset(h, 0, sizeof(*h));
		h->msg_iov = &m->v[i];
		h->msg_iovlen = 1;
		h->msg_control = m->control[i].bytes;
		h->msg_controllen = CONTROL_BYTES;
	}
}

/* The reader asked to be woken. A full pipe wakes it as well. */
static void
wake(const struct front *f)
{
	if (atomic_exchange(&f->ring->waiting, 0) != 0 &&
	    write(f->wake, "", 1) == -1 && errno == EPIPE)
		_exit(0);
}

static int
has_many(const struct front *f)
{
	return atomic_load_explicit(&f->ring->head, memory_order_relaxed) -
	    atomic_load_explicit(&f->ring->tail, memory_order_relaxed) >= MANY;
}

/* The queue is empty: lets some datagrams gather, for each that wakes us costs its sender
 * (or the interrupt that brought it) more than all the rest of its way. */
static void
gather(void)
{
	const struct timespec	 t = { 0, GATHER_NS };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

_Noreturn void
front_run(const struct front *f, struct front_memory *m)
{
	int	 i, n;

	for (;;) {
		messages_prepare(m);
		n = recvmmsg(f->socket, m->m, MESSAGES, MSG_WAITFORONE, NULL);
		if (n == -1 && errno != EINTR)
			_exit(1);
		for (i = 0; i < n; i++)
			message_take(f, m, (unsigned)i);
		atomic_store_explicit(&f->ring->count[FRONT_MISSING],
		    m->missing + epoch_missing(m), memory_order_relaxed);
		if (n == MESSAGES && !has_many(f))
			continue;
		wake(f);
		if (n < MESSAGES)
			gather();
	}
}
