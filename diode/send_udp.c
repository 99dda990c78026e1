/*
 * Sender over UDP: datagrams with forward error correction, to a receiver that never
 * answers.
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never use a datagram number twice, or let one large object hold back others:
 * blocks are taken from all objects under way in turns.
 *
 * Blocks go out in groups (send_group.h), sealed a batch at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "datagram.h"
#include "err.h"
#include "fec.h"
#include "link_private.h"
#include "log.h"
#include "proc.h"
#include "send_epoch.h"
#include "send_group.h"
#include "send_wire.h"

#define PUMP_MS		5	/* how long one call may hold the main loop */
#define IDLE_MS		1000	/* silence, after which the line is warmed up */
#define WARM_UP		16
#define TRAILER		4
#define BATCH_BYTES	262144	/* sealed at a time: stays in a cache */
#define RETRY_MS	1000	/* after this host lost its way to the line */
#define LARGE_BLOCKS	16
#define MIDDLING_AT_ONCE 32	/* objects of 2 to 16 blocks */
#define LARGE_AT_ONCE	8	/* and of more */
#define SHORT_SLEEP_NS	2500000	/* longer waits are the main loop's */

struct active {
	uint64_t	 seq;		/* 0: a free place */
	unsigned	 round;
	int		 fd, result;
	int		 ended;		/* its last block is in the group */
	uint8_t		 header[LINK_HEADER];
	uint64_t	 len;		/* header and parcel */
	uint32_t	 next, blocks;
};

struct send_udp {
	struct send_wire	*wire;
	struct datagram_keys	*keys;
	struct send_group	*group;
	char			*folder;
	uint16_t		 symbol, slot;
	size_t			 size;		/* of a datagram with one */
	uint64_t		 epoch, seq;
	struct active		 active[LINK_UNDER_WAY];
	size_t			 turn;
	struct link_finished	 finished[LINK_UNDER_WAY];
	size_t			 finished_count;
	uint8_t			*out;		/* the batch, sealed */
	size_t			 out_max, out_count, out_next;
	int			 up, said, trailer;
	char			 why[LINK_WHY];		/* while it is not up */
	long long		 busy_ms, retry_ms;
};

static void
back_free(void *back)
{
	struct send_udp	*u = back;
	size_t		 i;

	if (u == NULL)
		return;
	for (i = 0; i < LINK_UNDER_WAY; i++)
		if (u->active[i].seq != 0)
			close(u->active[i].fd);
	send_wire_free(u->wire);
	datagram_keys_free(u->keys);
	send_group_free(u->group);
	free(u->folder);
	free(u->out);
	free(u);
}

int
send_udp_new(const struct conf *c, int link, void **backp, char **why)
{
	const struct conf_link	*l = &c->link[link - 1];
	struct send_udp		*u;
	char			 name[32];
	int			 r;

	if ((u = calloc(1, sizeof(*u))) == NULL)
		return ERR_MEMORY;
	u->slot = l->key_slot == 2 ? DATAGRAM_SLOT_2 : 0;
	if ((r = send_wire_new(l, &u->wire, why)) != ERR_OK ||
	    (r = datagram_keys_load(c, link, l->key_slot, &u->keys, why)) !=
	    ERR_OK)
		goto out;
	u->symbol = datagram_symbol(l->mtu, send_wire_is_six(u->wire));
	u->size = DATAGRAM_HEADER + u->symbol + DATAGRAM_TAG;
	snprintf(name, sizeof(name), "state/link/%d-send", link);
	if ((u->folder = conf_path(c, name)) == NULL) {
		r = ERR_MEMORY;
		goto out;
	}
	u->out_max = BATCH_BYTES / u->size;
	u->group = send_group_new(l->parity, l->interleave, u->symbol);
	u->out = calloc(u->out_max, u->size);
	if (u->group == NULL || u->out == NULL) {
		r = ERR_MEMORY;
		goto out;
	}
	*backp = u;
	u = NULL;
 out:
	back_free(u);
	return r;
}

static int
back_start(void *back)
{
	struct send_udp	*u = back;
	int		 r;

	if ((r = send_epoch_next(u->folder, &u->epoch)) != ERR_OK) {
		log_error("%s/datagram-epoch: %s; without it no datagram may"
		    " be sent", u->folder, err_text(r));
		return r;
	}
	u->up = 1;
	return ERR_OK;
}

static int
back_fd(void *back)
{
	(void)back;
	return -1;
}

/* There is no connection: the line counts as up while this host can send. */
static unsigned
back_events(void *back)
{
	struct send_udp	*u = back;

	if (u->up == u->said)
		return 0;
	if (!u->up && u->said) {
		u->said = 0;
		return LINK_DOWN;
	}
	u->said = 1;
	return LINK_UP;
}

static int
back_send(void *back, const struct link_outgoing *o)
{
	struct send_udp	*u = back;
	struct active	*a = NULL;
	uint64_t	 block = (uint64_t)FEC_SOURCES * u->symbol, count;
	size_t		 i;

	for (i = 0; i < LINK_UNDER_WAY; i++) {
		if (u->active[i].seq == 0)
			a = &u->active[i];
		else if (u->active[i].seq == o->seq &&
		    u->active[i].round == o->round)
			return ERR_OK;
	}
	if (a == NULL || u->finished_count == LINK_UNDER_WAY)
		return ERR_AGAIN;
	count = (LINK_HEADER + o->len + block - 1) / block;
	if (count > UINT32_MAX)
		return ERR_LIMIT;
	memset(a, 0, sizeof(*a));
	if ((a->fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 3)) == -1)
		return ERR_AGAIN;
	a->seq = o->seq;
	a->round = o->round;
	memcpy(a->header, o->header, LINK_HEADER);
	a->len = LINK_HEADER + o->len;
	a->blocks = (uint32_t)count;
	return ERR_OK;
}

/* Header and parcel, as if they were one file. */
static int
object_read(const struct active *a, uint64_t at, uint8_t *out, size_t len)
{
	size_t	 head = 0;
	ssize_t	 n;

	if (at < LINK_HEADER) {
		head = LINK_HEADER - (size_t)at;
		head = head < len ? head : len;
		memcpy(out, a->header + at, head);
	}
	while (head < len) {
		n = pread(a->fd, out + head, len - head,
		    (off_t)(at + head - LINK_HEADER));
		if (n <= 0)
			return n == 0 ? ERR_SHORT : ERR_SYS;
		head += (size_t)n;
	}
	return ERR_OK;
}

/* The fields of the next block of a; returns its bytes. */
static size_t
block_describe(const struct send_udp *u, const struct active *a,
    struct datagram *d)
{
	uint64_t	 full = (uint64_t)FEC_SOURCES * u->symbol;
	uint64_t	 left = a->len - a->next * full;
	size_t		 n = left < full ? (size_t)left : (size_t)full;

	memset(d, 0, sizeof(*d));
	d->type = DATAGRAM_BLOCK;
	d->epoch = u->epoch;
	d->object = a->seq;
	d->block = a->next;
	d->blocks = a->blocks;
	d->len = u->symbol;
	d->k = (uint8_t)((n + u->symbol - 1) / u->symbol);
	d->last = (uint16_t)(n - (size_t)(d->k - 1) * u->symbol);
	d->round = (uint8_t)a->round;
	d->flags = u->slot;
	if (a->round > 0)
		d->flags |= DATAGRAM_REPEAT;
	if (d->k < FEC_SOURCES)
		d->flags |= DATAGRAM_SHORTENED;
	if (d->len > DATAGRAM_SYMBOL)
		d->flags |= DATAGRAM_JUMBO;
	return n;
}

/* Reads the next block of a into the group. ERR_FULL: it has no room. */
static int
block_add(struct send_udp *u, struct active *a)
{
	struct datagram	 d;
	size_t		 n = block_describe(u, a, &d);
	uint8_t		*place = send_group_place(u->group);
	int		 r;

	if (!send_group_has_room(u->group, d.k))
		return ERR_FULL;
	r = object_read(a, (uint64_t)a->next * FEC_SOURCES * u->symbol, place,
	    n);
	if (r != ERR_OK)
		return r;
	memset(place + n, 0, (size_t)d.k * u->symbol - n);
	send_group_add(u->group, &d);
	if (++a->next == a->blocks)
		a->ended = 1;
	return ERR_OK;
}

/* Objects by size: those of one block are over at once; of the others only so many
 * are begun at a time as the receiver keeps files open for. */
static unsigned
class_of(const struct active *a)
{
	return a->blocks == 1 ? 0 : a->blocks <= LARGE_BLOCKS ? 1 : 2;
}

static int
may_begin(const struct send_udp *u, const struct active *a)
{
	static const unsigned	 most[] = { LINK_UNDER_WAY, MIDDLING_AT_ONCE,
				    LARGE_AT_ONCE };
	unsigned		 class = class_of(a), n = 0;
	size_t			 i;

	for (i = 0; i < LINK_UNDER_WAY; i++)
		n += u->active[i].seq != 0 && u->active[i].next > 0 &&
		    class_of(&u->active[i]) == class;
	return n < most[class];
}

/* The next object in turn that has blocks left. */
static struct active *
active_next(struct send_udp *u)
{
	struct active	*a;
	size_t		 i;

	for (i = 0; i < LINK_UNDER_WAY; i++) {
		a = &u->active[u->turn++ % LINK_UNDER_WAY];
		if (a->seq != 0 && !a->ended &&
		    (a->next > 0 || may_begin(u, a)))
			return a;
	}
	return NULL;
}

static int
seal(struct send_udp *u, struct datagram *d, const uint8_t *symbol,
    uint8_t *out)
{
	d->epoch = u->epoch;
	d->seq = ++u->seq;
	return datagram_seal(u->keys, d, symbol, out);
}

/* 1 when there is a group to send. */
static int
group_make(struct send_udp *u)
{
	struct active	*a;
	int		 r;

	send_group_begin(u->group);
	while ((a = active_next(u)) != NULL) {
		if ((r = block_add(u, a)) == ERR_FULL) {
			u->turn--;	/* first in the next one */
			break;
		}
		if (r == ERR_OK)
			continue;
		a->result = r;
		a->ended = 1;
	}
	send_group_close(u->group);
	return send_group_left(u->group) > 0;
}

/* The next datagrams of the group, ready to be sent. */
static void
batch_seal(struct send_udp *u)
{
	const uint8_t	*symbol;
	struct datagram	 d;

	u->out_next = u->out_count = 0;
	while (u->out_count < u->out_max &&
	    send_group_next(u->group, &d, &symbol))
		if (seal(u, &d, symbol, u->out + u->out_count++ * u->size) !=
		    ERR_OK)
			panic("a datagram could not be sealed");
}

/* What ended in the group that has left now. */
static void
group_end(struct send_udp *u)
{
	struct link_finished	*f;
	struct active		*a;
	size_t			 i;

	for (i = 0; i < LINK_UNDER_WAY; i++) {
		a = &u->active[i];
		if (a->seq == 0 || !a->ended ||
		    u->finished_count == LINK_UNDER_WAY)
			continue;
		f = &u->finished[u->finished_count++];
		f->seq = a->seq;
		f->round = a->round;
		f->result = a->result;
		close(a->fd);
		a->seq = 0;
	}
}

static int
back_finished(void *back, struct link_finished *f)
{
	struct send_udp	*u = back;

	if (u->finished_count == 0)
		return ERR_AGAIN;
	*f = u->finished[0];
	memmove(&u->finished[0], &u->finished[1],
	    --u->finished_count * sizeof(*f));
	return ERR_OK;
}

/* One datagram outside the groups. Lost ones are lost. */
static int
single_send(struct send_udp *u, uint8_t type, const uint8_t *data, size_t len)
{
	struct datagram	 d = { .type = type, .flags = u->slot,
			    .len = (uint16_t)len };
	uint8_t		 out[DATAGRAM_HEADER + LINK_NOTICE_MAX + DATAGRAM_TAG];

	if (seal(u, &d, data, out) != ERR_OK)
		return ERR_CRYPTO;
	return send_wire_single(u->wire, out, DATAGRAM_HEADER + len +
	    DATAGRAM_TAG);
}

static void
pads_send(struct send_udp *u, int count)
{
	while (count-- > 0)
		(void)single_send(u, DATAGRAM_PAD, NULL, 0);
}

/* The line does not take it: this host's own trouble. */
static int
wire_down(struct send_udp *u, int r)
{
	u->retry_ms = proc_now_ms() + RETRY_MS;
	u->up = 0;
	if (r == ERR_LIMIT)
		snprintf(u->why, sizeof(u->why), "this host cannot send: a"
		    " datagram is larger than the interface allows; make mtu of"
		    " this link in limpid.conf that of the interface");
	else
		snprintf(u->why, sizeof(u->why), "this host cannot send: %s;"
		    " see its interface on this line, its address, route and"
		    " neighbour entry there, and its packet filter",
		    strerror(errno));
	return RETRY_MS;
}

/* From the moment at which it was said that the line is down. */
static const char *
back_why(void *back)
{
	struct send_udp	*u = back;

	return u->said || u->why[0] == '\0' ? NULL : u->why;
}

static int
group_is_under_way(const struct send_udp *u)
{
	return u->out_next < u->out_count || send_group_left(u->group) > 0;
}

/* While nothing waits, a notice alone tells whether this host can send. */
static int
back_notice(void *back, const uint8_t *data, size_t len)
{
	struct send_udp	*u = back;
	int		 r;

	if (len > LINK_NOTICE_MAX || len > u->symbol)
		return ERR_LIMIT;
	r = single_send(u, DATAGRAM_NOTICE, data, len);
	if (!group_is_under_way(u)) {
		if (r == ERR_OK)
			u->up = 1;
		else if (r == ERR_LIMIT || r == ERR_PEER)
			(void)wire_down(u, r);
	}
	return r == ERR_OK ? ERR_OK : ERR_AGAIN;
}

/* Some of the group. Returns 0 to go on, else milliseconds to wait. */
static int
group_send(struct send_udp *u)
{
	struct timespec	 t = { 0, 0 };
	int64_t		 wait_ns = 0;
	size_t		 sent;
	int		 r;

	if (u->out_next == u->out_count)
		batch_seal(u);
	r = send_wire_send(u->wire, u->out + u->out_next * u->size, u->size,
	    u->out_count - u->out_next, &sent, &wait_ns);
	if (r == ERR_OK) {
		u->up = 1;
		u->out_next += sent;
		if (!group_is_under_way(u))
			group_end(u);
		return 0;
	}
	if (r != ERR_AGAIN)
		return wire_down(u, r);
	if (wait_ns > SHORT_SLEEP_NS)
		return (int)(wait_ns / 1000000);
	t.tv_nsec = (long)wait_ns;
	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	return 0;
}

static int
back_pump(void *back)
{
	struct send_udp	*u = back;
	long long	 now = proc_now_ms(), until = now + PUMP_MS;
	int		 wait;

	if (now < u->retry_ms)
		return (int)(u->retry_ms - now);
	u->retry_ms = 0;
	while ((now = proc_now_ms()) < until) {
		if (!group_is_under_way(u)) {
			if (!group_make(u))
				break;
			if (now - u->busy_ms > IDLE_MS)
				pads_send(u, WARM_UP);
			u->trailer = 1;
		}
		u->busy_ms = now;
		if ((wait = group_send(u)) != 0)
			return wait;
	}
	if (group_is_under_way(u))
		return 0;
	group_end(u);	/* files that could not be read */
	if (u->trailer && now < until)
		pads_send(u, TRAILER);
	u->trailer = u->trailer && now >= until;
	return now < until && u->finished_count == 0 ? -1 : 0;
}

const struct link_sender_ops send_udp_ops = {
	0, back_start, back_free, back_fd, back_events, back_send, back_notice,
	back_finished, back_pump, back_why
};
