/*
 * Receiver over UDP, the spool writer's half: takes what the jailed front
 * (recv_front.h) verified, and puts objects together.
 * Run by limpid-diode-recv only.
 * Hostile input: the ring, should the front have fallen: every field is copied, then
 * checked.
 * Must never answer: the socket is the front's alone once it lives.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "datagram.h"
#include "err.h"
#include "fec.h"
#include "jail.h"
#include "link_private.h"
#include "log.h"
#include "proc.h"
#include "recv_blocks.h"
#include "recv_front.h"
#include "recv_socket.h"

#define RING_BYTES	(32 << 20)
#define AT_ONCE		4096	/* datagrams of one call */
#define SYMBOLS_BYTES	(128 << 20)	/* of blocks that are not whole */
#define OBJECTS		16384
#define OPEN		128
#define IDLE_LEAST_MS	300000	/* before an object is given up */
#define KEPT_BYTES	(16 << 20)	/* of freed memory, against page faults */
#define STATUS_MS	1000
#define SAY_MS		60000
#define LOOK_MS		3000	/* a sender is heard each second */
#define STATUS_FILE	"datagrams"

struct recv_udp {
	int			 link, socket, wake;	/* wake: to be read */
	struct front		 front;
	size_t			 map_len;
	char			*policy, *folder;
	int			 state_dir;
	struct blocks		*blocks;
	struct blocks_limits	 limits;
	long long		 status_ms, said_ms;
	uint64_t		 said;		/* sum of what went wrong */
	/* Datagrams until the last look at what is wrong with all of them. */
	long long		 look_ms, advised_ms;
	const char		*advised;
	uint64_t		 taken, forged, overlong;
};

static const char *const names[FRONT_COUNTS] = {
	"taken", "foreign", "truncated", "overlong", "forged",
	"contradictory", "replayed", "late", "arrived", "overflow", "missing"
};

static void
back_free(void *back)
{
	struct recv_udp	*u = back;

	if (u == NULL)
		return;
	blocks_free(u->blocks);
	if (u->front.ring != NULL)
		munmap(u->front.ring, u->map_len);
	datagram_keys_free(u->front.keys);
	if (u->socket != -1)
		close(u->socket);
	if (u->wake != -1)
		close(u->wake);
	if (u->state_dir != -1)
		close(u->state_dir);
	free(u->policy);
	free(u->folder);
	free(u);
}

/* The shared ring, and how large its slots must be. */
static int
ring_new(struct recv_udp *u)
{
	struct front	*f = &u->front;

	f->slot_size = sizeof(struct front_slot) + f->limits.symbol_max;
	f->slot_size += 64 - f->slot_size % 64;
	for (f->slots = 1024; f->slots * 2 * f->slot_size <= RING_BYTES;)
		f->slots *= 2;
	u->map_len = sizeof(*f->ring) + f->slots * f->slot_size;
	f->ring = mmap(NULL, u->map_len, PROT_READ|PROT_WRITE,
	    MAP_SHARED|MAP_ANONYMOUS, -1, 0);
	if (f->ring == MAP_FAILED) {
		f->ring = NULL;
		return ERR_MEMORY;
	}
	/* The first datagram may come before the first look. */
	atomic_init(&f->ring->waiting, 1);
	return ERR_OK;
}

static int
limits_set(struct recv_udp *u, const struct conf_link *l)
{
	struct datagram_limits	*d = &u->front.limits;
	uint64_t		 count;

	/* A sender over the other IP version has another symbol size. */
	d->symbol_max = datagram_symbol(l->mtu, 0);
	count = (l->max_object + LINK_HEADER) /
	    ((uint64_t)FEC_SOURCES * datagram_symbol(1280, 1)) + 1;
	d->blocks_max = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
	u->limits.memory = SYMBOLS_BYTES;
	u->limits.objects = OBJECTS;
	u->limits.open = OPEN;
	u->limits.idle_ms = 2000LL * l->round_gap_s * l->rounds;
	if (u->limits.idle_ms < IDLE_LEAST_MS)
		u->limits.idle_ms = IDLE_LEAST_MS;
	return ring_new(u);
}

int
recv_udp_new(const struct conf *c, int link, void **backp, char **why)
{
	const struct conf_link	*l = &c->link[link - 1];
	struct recv_udp		*u;
	char			 name[32];
	int			 r;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return ERR_MEMORY;
	u->link = link;
	u->socket = u->wake = u->state_dir = -1;
	if ((r = recv_socket_open(link, l->bind, &u->socket, why)) != ERR_OK ||
	    (r = datagram_keys_load(c, link, 0, &u->front.keys, why)) !=
	    ERR_OK || (r = limits_set(u, l)) != ERR_OK)
		goto out;
	snprintf(name, sizeof(name), "state/link/%d-recv", link);
	r = ERR_MEMORY;
	if ((u->folder = conf_path(c, name)) == NULL ||
	    asprintf(&u->policy, "%s/diode-front.policy",
	    c->sanitizer.seccomp_dir) == -1)
		goto out;
	*backp = u;
	u = NULL;
	r = ERR_OK;
 out:
	back_free(u);
	return r;
}

/* The child: nothing is left to it but the socket, the pipe and the ring. */
static _Noreturn void
front_live(struct recv_udp *u)
{
	struct front_memory	*m;

	m = mmap(NULL, front_memory_size(), PROT_READ|PROT_WRITE,
	    MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED)
		_exit(1);
	front_run(&u->front, m);
}

static int
front_start(struct recv_udp *u, struct jail_filter *filter)
{
	struct jail_limits	 lim = { .cpu_s = UINT32_MAX, .files = 16 };
	int			 fds[2], pipe_fds[2];
	pid_t			 pid;

	if (pipe2(pipe_fds, O_CLOEXEC|O_NONBLOCK) == -1)
		return ERR_SYS;
	u->front.socket = fds[0] = u->socket;
	u->front.wake = fds[1] = pipe_fds[1];
	if ((pid = jail_fork(filter, &lim, fds, 2)) == 0)
		front_live(u);
	close(pipe_fds[1]);
	u->wake = pipe_fds[0];
	/* The socket and the secret are the front's from here on. */
	close(u->socket);
	u->socket = -1;
	datagram_keys_free(u->front.keys);
	u->front.keys = NULL;
	return pid < 0 ? ERR_SYS : ERR_OK;
}

static int
back_split(void *back, char **why)
{
	struct recv_udp		*u = back;
	struct jail_filter	*filter;
	int			 r;

	*why = NULL;
	/* Blocks come and go by the thousand: each new page costs as much as
	 * writing it to the spool. */
	(void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	u->state_dir = open(u->folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (u->state_dir == -1)
		return ERR_SYS;
	if ((u->blocks = blocks_new(&u->limits, u->state_dir)) == NULL)
		return ERR_MEMORY;
	if ((r = jail_filter_load(u->policy, &filter, why)) != ERR_OK)
		return r;
#ifdef LIMPID_SAN	/* whose own calls no policy lists */
	r = front_start(u, NULL);
#else
	r = front_start(u, filter);
#endif
	jail_filter_free(filter);
	return r;
}

static int
back_start(void *back, char **why)
{
	(void)back;
	*why = NULL;
	return ERR_OK;
}

static int
back_fd(void *back)
{
	struct recv_udp	*u = back;

	return u->wake;
}

static uint64_t
count_of(const struct recv_udp *u, unsigned what)
{
	return atomic_load_explicit(&u->front.ring->count[what],
	    memory_order_relaxed);
}

/* What went wrong so far: a new line is written when this rises. */
static uint64_t
trouble_sum(const struct recv_udp *u)
{
	const struct blocks_counts	*c = blocks_counts(u->blocks);
	uint64_t			 sum = c->contradictory + c->lost;
	unsigned			 i;

	for (i = DATAGRAM_FOREIGN; i < DATAGRAM_FAULTS; i++)
		sum += count_of(u, i);
	return sum + count_of(u, FRONT_OVERFLOW) + count_of(u, FRONT_MISSING);
}

/* state/link/N-recv/datagrams: a counter a line, for limpid status. */
static void
status_write(struct recv_udp *u)
{
	const struct blocks_counts	*c = blocks_counts(u->blocks);
	char				 text[1024];
	unsigned			 i;
	size_t				 n = 0;

	for (i = 0; i < FRONT_COUNTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %" PRIu64
		    "\n", names[i], count_of(u, i));
	snprintf(text + n, sizeof(text) - n, "recovered %" PRIu64
	    "\ndisagreeing %" PRIu64 "\nsurplus %" PRIu64 "\nrepeated %" PRIu64
	    "\nevicted %" PRIu64 "\nlost-objects %" PRIu64 "\nobjects %zu\n"
	    "memory %zu\n", c->recovered, c->contradictory, c->surplus,
	    c->repeated, c->evicted, c->lost, blocks_objects(u->blocks),
	    blocks_memory(u->blocks));
	(void)link_text_replace(u->state_dir, STATUS_FILE, text, 0);
}

static void
status_say(struct recv_udp *u)
{
	const struct blocks_counts	*c = blocks_counts(u->blocks);

	log_info("link=%d datagrams=%" PRIu64 " missing=%" PRIu64 " overflow=%"
	    PRIu64 " recovered=%" PRIu64 " forged=%" PRIu64 " foreign=%" PRIu64
	    " truncated=%" PRIu64 " overlong=%" PRIu64 " contradictory=%" PRIu64
	    " replayed=%" PRIu64 " late=%" PRIu64 " lost-objects=%" PRIu64,
	    u->link, count_of(u, DATAGRAM_GOOD), count_of(u, FRONT_MISSING),
	    count_of(u, FRONT_OVERFLOW), c->recovered,
	    count_of(u, DATAGRAM_FORGED), count_of(u, DATAGRAM_FOREIGN),
	    count_of(u, DATAGRAM_TRUNCATED), count_of(u, DATAGRAM_OVERLONG),
	    count_of(u, DATAGRAM_CONTRADICTORY) + c->contradictory,
	    count_of(u, DATAGRAM_REPLAYED), count_of(u, DATAGRAM_LATE),
	    c->lost);
}

/* What two hosts may have set differently, and no notice can tell: that all datagrams
 * of some seconds bear another seal, or are larger than we take. Strangers can cause it
 * too, hence no alarm of its own. */
static const char *
advice(struct recv_udp *u)
{
	uint64_t	 taken = count_of(u, DATAGRAM_GOOD);
	uint64_t	 forged = count_of(u, DATAGRAM_FORGED);
	uint64_t	 overlong = count_of(u, DATAGRAM_OVERLONG);
	const char	*text = NULL;

	if (overlong != u->overlong)
		text = "datagrams come that are larger than mtu of this link"
		    " allows: if they are the sender's, make mtu in limpid.conf"
		    " what it is there, start this program again, and then type"
		    " the slips";
	else if (forged != u->forged && taken == u->taken)
		text = "datagrams come, and none is sealed with a secret of this"
		    " host: carry the sender's here (`limpid keys export"
		    " --secret` there), or see key_slot there, and start this"
		    " program again";
	u->taken = taken;
	u->forged = forged;
	u->overlong = overlong;
	return text;
}

static void
advise(struct recv_udp *u, long long now)
{
	const char	*text;

	if (now - u->look_ms < LOOK_MS)
		return;
	u->look_ms = now;
	if ((text = advice(u)) == NULL ||
	    (text == u->advised && now - u->advised_ms < SAY_MS))
		return;
	u->advised = text;
	u->advised_ms = now;
	log_warn("link=%d %s", u->link, text);
}

static void
housekeeping(struct recv_udp *u, long long now)
{
	uint64_t	 sum;

	if (now - u->status_ms < STATUS_MS)
		return;
	u->status_ms = now;
	blocks_expire(u->blocks, now);
	status_write(u);
	advise(u, now);
	sum = trouble_sum(u);
	if (sum == u->said || now - u->said_ms < SAY_MS)
		return;
	u->said = sum;
	u->said_ms = now;
	status_say(u);
}

/* One slot. Fields are copied before they are checked. */
static int
slot_take(struct recv_udp *u, const struct front_slot *s,
    const struct link_sink *sink, long long now)
{
	uint8_t		 notice[LINK_NOTICE_MAX];
	struct datagram	 d;

	memcpy(&d, &s->d, sizeof(d));
	if (!datagram_is_sound(&d, &u->front.limits))
		return ERR_PEER;
	if (d.type == DATAGRAM_BLOCK)
		return blocks_take(u->blocks, &d, s->symbol, now);
	if (d.type == DATAGRAM_NOTICE && sink->notice != NULL &&
	    d.len <= sizeof(notice)) {
		memcpy(notice, s->symbol, d.len);
		sink->notice(sink->arg, notice, d.len);
	}
	return ERR_OK;
}

/* Empties the pipe. ERR_PEER: the front is gone. */
static int
wake_clear(struct recv_udp *u)
{
	char	 bytes[64];
	ssize_t	 n;

	while ((n = read(u->wake, bytes, sizeof(bytes))) > 0)
		;
	return n == 0 ? ERR_PEER : ERR_OK;
}

static int
ring_read(struct recv_udp *u, const struct link_sink *sink, long long now)
{
	struct front_ring	*ring = u->front.ring;
	uint64_t		 tail, head;
	int			 n = 0, r = ERR_OK;

	tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	head = atomic_load_explicit(&ring->head, memory_order_acquire);
	if (head - tail > u->front.slots)
		return ERR_PEER;
	for (; r == ERR_OK && tail != head && n < AT_ONCE; n++) {
		r = slot_take(u, front_slot(&u->front, tail), sink, now);
		atomic_store_explicit(&ring->tail, ++tail,
		    memory_order_release);
	}
	return r == ERR_OK ? n : r;
}

static int
back_receive(void *back, const struct link_sink *sink)
{
	struct recv_udp	*u = back;
	long long	 now = proc_now_ms();
	int		 n, r;

	blocks_set_shared(u->blocks, sink->shared);
	if ((r = wake_clear(u)) != ERR_OK)
		return r;
	housekeeping(u, now);
	atomic_store(&u->front.ring->waiting, 0);
	n = ring_read(u, sink, now);
	r = n < 0 ? n : sink->settle(sink->arg);
	/* Nobody hears that the disk is full: the link stays open, and what does not
	 * fit is lost until it comes again. */
	if (r == ERR_FULL)
		blocks_crowded(u->blocks);
	else if (r != ERR_OK && r != ERR_PEER)
		blocks_reset(u->blocks);
	if (r != ERR_OK && r != ERR_FULL)
		return r;
	if (n > 0)
		return n;
	/* Said before looking once more, so that no datagram is slept over. */
	atomic_store(&u->front.ring->waiting, 1);
	return atomic_load(&u->front.ring->head) !=
	    atomic_load(&u->front.ring->tail);
}

const struct link_receiver_ops recv_udp_ops = {
	back_split, back_start, back_free, back_fd, back_receive, NULL
};
