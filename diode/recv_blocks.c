/*
 * Objects from datagrams (recv_blocks.h). One file of the block store, its limits and
 * the way of a block into its object, because each needs the other's inside.
 * Run by limpid-diode-recv, in the spool writer.
 * Hostile input: datagrams that the front has authenticated, should it have fallen.
 * Must never hold more than its limits, write outside a block, or take a field for
 * true that contradicts an earlier one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "datagram.h"
#include "err.h"
#include "fec.h"
#include "link.h"
#include "recv_blocks.h"
#include "recv_object.h"
#include "wire.h"

#define BUCKETS		8192	/* a power of two */
#define FINISHED	16384	/* objects remembered as stored */

struct block {
	struct block	*next;
	uint32_t	 number;
	uint8_t		 k;
	uint16_t	 len, last;
	unsigned	 have_count, parity_count;
	uint8_t		 have[FEC_SOURCES];
	uint8_t		 row[FEC_SOURCES];
	uint8_t		*parity[FEC_SOURCES];
	uint8_t		*symbols;	/* k of len bytes */
};

struct object {
	struct object		*chain;		/* the same bucket */
	struct object		*newer, *older;	/* by use */
	uint64_t		 seq, epoch;
	uint32_t		 blocks, next;	/* next: to go into the object */
	uint16_t		 len;
	uint8_t			*done;		/* a bit for each block */
	struct block		*list;		/* not whole yet */
	size_t			 bytes;
	int			 stage;		/* blocks out of turn, -1 none */
	struct recv_object	*inner;
	uint8_t			 hash[SHA256_BYTES];	/* of its header */
	long long		 used_ms;
};

struct finished {
	uint64_t	 seq;
	uint8_t		 hash[SHA256_BYTES];
};

struct blocks {
	struct blocks_limits	 limits;
	struct blocks_counts	 counts;
	struct recv_shared	*shared;
	struct fec_decoder	*fec;
	int			 stage_dir;
	size_t			 bytes, objects, open;
	struct object		*buckets[BUCKETS];
	struct object		*newest, *oldest;
	struct finished		 finished[FINISHED];
};

struct blocks *
blocks_new(const struct blocks_limits *limits, int stage_dir)
{
	struct blocks	*b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	if ((b->fec = fec_decoder_new()) == NULL) {
		free(b);
		return NULL;
	}
	b->limits = *limits;
	b->stage_dir = stage_dir;
	return b;
}

void
blocks_set_shared(struct blocks *b, struct recv_shared *shared)
{
	b->shared = shared;
}

const struct blocks_counts *
blocks_counts(const struct blocks *b)
{
	return &b->counts;
}

size_t
blocks_memory(const struct blocks *b)
{
	return b->bytes;
}

size_t
blocks_objects(const struct blocks *b)
{
	return b->objects;
}

/* Blocks ------------------------------------------------------------------ */

static size_t
block_bytes(const struct block *k)
{
	return sizeof(*k) + ((size_t)k->k + k->parity_count) * k->len;
}

static void
account(struct blocks *b, struct object *o, size_t before, size_t after)
{
	b->bytes += after - before;
	o->bytes += after - before;
}

static void
block_free(struct block *k)
{
	unsigned	 i;

	if (k == NULL)
		return;
	for (i = 0; i < k->parity_count; i++)
		free(k->parity[i]);
	free(k->symbols);
	free(k);
}

/* Takes it out of its object. */
static void
block_drop(struct blocks *b, struct object *o, struct block *k)
{
	struct block	**p = &o->list;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	account(b, o, block_bytes(k), 0);
	block_free(k);
}

static struct block *
block_new(struct blocks *b, struct object *o, const struct datagram *d)
{
	struct block	*k;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	if ((k->symbols = malloc((size_t)d->k * d->len)) == NULL) {
		free(k);
		return NULL;
	}
	k->number = d->block;
	k->k = d->k;
	k->len = d->len;
	k->last = d->last;
	k->next = o->list;
	o->list = k;
	account(b, o, 0, block_bytes(k));
	return k;
}

/* Stores a symbol that is not there yet. */
static int
block_add(struct blocks *b, struct object *o, struct block *k,
    const struct datagram *d, const uint8_t *symbol)
{
	uint8_t	*p;

	if (d->index < k->k) {
		if (k->have[d->index])
			return ERR_EXISTS;
		memcpy(k->symbols + (size_t)d->index * k->len, symbol, k->len);
		k->have[d->index] = 1;
		k->have_count++;
		return ERR_OK;
	}
	if (memchr(k->row, d->index, k->parity_count) != NULL)
		return ERR_EXISTS;
	if ((p = malloc(k->len)) == NULL)
		return ERR_MEMORY;
	memcpy(p, symbol, k->len);
	k->row[k->parity_count] = d->index;
	k->parity[k->parity_count] = p;
	account(b, o, 0, k->len);
	k->parity_count++;
	return ERR_OK;
}

static int
block_decode(struct blocks *b, struct block *k)
{
	uint8_t		*src[FEC_SOURCES];
	unsigned	 i;

	if (k->have_count == k->k)
		return ERR_OK;
	for (i = 0; i < k->k; i++)
		src[i] = k->symbols + (size_t)i * k->len;
	b->counts.recovered += (uint64_t)k->k - k->have_count;
	return fec_decode(b->fec, src, k->have, k->k, k->len, k->parity, k->row,
	    k->parity_count);
}

/* Objects ----------------------------------------------------------------- */

static int
bit_is_set(const uint8_t *bits, uint32_t n)
{
	return bits[n / 8] >> (n % 8) & 1;
}

static void
bit_set(uint8_t *bits, uint32_t n)
{
	bits[n / 8] |= (uint8_t)(1 << (n % 8));
}

static struct object **
object_place(struct blocks *b, uint64_t seq)
{
	struct object	**p = &b->buckets[seq & (BUCKETS - 1)];

	while (*p != NULL && (*p)->seq != seq)
		p = &(*p)->chain;
	return p;
}

static void
use_remove(struct blocks *b, struct object *o)
{
	if (o->newer != NULL)
		o->newer->older = o->older;
	else
		b->newest = o->older;
	if (o->older != NULL)
		o->older->newer = o->newer;
	else
		b->oldest = o->newer;
	o->newer = o->older = NULL;
}

static void
use_add(struct blocks *b, struct object *o, long long now_ms)
{
	o->used_ms = now_ms;
	o->older = b->newest;
	if (b->newest != NULL)
		b->newest->newer = o;
	b->newest = o;
	if (b->oldest == NULL)
		b->oldest = o;
}

static void
files_close(struct blocks *b, struct object *o)
{
	if (o->inner != NULL || o->stage != -1)
		b->open--;
	recv_object_free(o->inner);
	o->inner = NULL;
	if (o->stage != -1)
		close(o->stage);
	o->stage = -1;
}

static void
object_free(struct blocks *b, struct object *o)
{
	while (o->list != NULL)
		block_drop(b, o, o->list);
	files_close(b, o);
	*object_place(b, o->seq) = o->chain;
	use_remove(b, o);
	b->objects--;
	free(o->done);
	free(o);
}

static void
object_give_up(struct blocks *b, struct object *o)
{
	b->counts.lost++;
	object_free(b, o);
}

static struct object *
object_new(struct blocks *b, const struct datagram *d, long long now_ms)
{
	struct object	*o;

	while (b->objects >= b->limits.objects && b->oldest != NULL)
		object_give_up(b, b->oldest);
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	if ((o->done = calloc(1, d->blocks / 8 + 1)) == NULL) {
		free(o);
		return NULL;
	}
	o->seq = d->object;
	o->epoch = d->epoch;
	o->blocks = d->blocks;
	o->len = d->len;
	o->stage = -1;
	*object_place(b, o->seq) = o;
	use_add(b, o, now_ms);
	b->objects++;
	return o;
}

/* The object is stored, or refused for good. */
static void
object_finish(struct blocks *b, struct object *o)
{
	struct finished	*f = &b->finished[o->seq % FINISHED];

	f->seq = o->seq;
	memcpy(f->hash, o->hash, sizeof(f->hash));
	object_free(b, o);
}

/* Room for one more object with files. */
static void
open_reserve(struct blocks *b, const struct object *mine)
{
	struct object	*o, *newer;

	for (o = b->oldest; o != NULL && b->open >= b->limits.open; o = newer) {
		newer = o->newer;
		if (o != mine && (o->inner != NULL || o->stage != -1))
			object_give_up(b, o);
	}
	b->open++;
}

/* Symbols beyond the limits go, of the object that has been silent longest. */
static void
memory_bound(struct blocks *b, struct object *mine, const struct block *keep)
{
	struct object	*o, *newer;
	struct block	*k, *next;

	for (o = b->oldest; o != NULL && o != mine &&
	    b->bytes > b->limits.memory; o = newer) {
		newer = o->newer;
		while (o->list != NULL) {
			block_drop(b, o, o->list);
			b->counts.evicted++;
		}
		if (o->inner == NULL && o->stage == -1)
			object_give_up(b, o);
	}
	for (k = mine->list; k != NULL &&
	    mine->bytes > b->limits.memory / 2; k = next) {
		next = k->next;
		if (k == keep)
			continue;
		block_drop(b, mine, k);
		b->counts.evicted++;
	}
}

/* A full disk ------------------------------------------------------------- */

/* How far it came: 0 only blocks out of turn, 1 begins now, 2 has begun. */
static int
standing(const struct object *o)
{
	return o->next > 0 ? 2 : o->inner != NULL;
}

/* Whether less is lost with a than with o: of two that came as far the younger. */
static int
is_worth_less(const struct object *a, const struct object *o)
{
	if (standing(a) != standing(o))
		return standing(a) < standing(o);
	return a->seq > o->seq;
}

/* Gives up the object with files that is worth least, so that mine has room; NULL:
 * whichever it is. 0 when that is mine itself. */
static int
room_make(struct blocks *b, const struct object *mine)
{
	struct object	*o, *least = NULL;

	for (o = b->oldest; o != NULL; o = o->newer)
		if (o != mine && (o->inner != NULL || o->stage != -1) &&
		    (least == NULL || is_worth_less(o, least)))
			least = o;
	if (least == NULL || (mine != NULL && !is_worth_less(least, mine)))
		return 0;
	b->shared->crowded++;
	object_give_up(b, least);
	return 1;
}

static void
finished_forget(struct blocks *b)
{
	memset(b->finished, 0, sizeof(b->finished));
}

void
blocks_crowded(struct blocks *b)
{
	finished_forget(b);
	b->shared->crowded++;
	(void)room_make(b, NULL);
}

/* From blocks into the object --------------------------------------------- */

static int
is_refusal(int r)
{
	return r == ERR_EXISTS || r == ERR_FORMAT || r == ERR_CRYPTO ||
	    r == ERR_LIMIT || r == ERR_SHORT;
}

/* The first block begins with the header. */
static int
object_begin(struct blocks *b, struct object *o, const uint8_t *data,
    size_t len)
{
	int	 r;

	if (len <= LINK_HEADER)
		return ERR_SHORT;
	if ((r = sha256(data, LINK_HEADER, o->hash)) != ERR_OK)
		return r;
	if (o->stage == -1)
		open_reserve(b, o);
	r = recv_object_new(b->shared, data, &o->inner);
	if (r != ERR_OK) {
		if (o->stage == -1)
			b->open--;
		return r;
	}
	if (recv_object_seq(o->inner) == o->seq)
		return ERR_OK;
	b->counts.contradictory++;
	return ERR_FORMAT;
}

/* The bytes of block o->next. ERR_EXISTS and other refusals end the object. */
static int
object_feed(struct blocks *b, struct object *o, const uint8_t *data, size_t len)
{
	struct recv_object	*inner;
	size_t			 head = 0;
	int			 r;

	if (o->next == 0) {
		if ((r = object_begin(b, o, data, len)) != ERR_OK)
			return r;
		head = LINK_HEADER;
	}
	do
		r = recv_object_write(o->inner, data + head, len - head);
	while (r == ERR_FULL && room_make(b, o));
	if (r != ERR_OK || ++o->next < o->blocks)
		return r;
	inner = o->inner;
	o->inner = NULL;
	if (o->stage == -1)
		b->open--;
	/* A commit that failed may have been of others too. */
	if ((r = recv_object_finish(inner)) == ERR_FULL)
		finished_forget(b);
	return r;
}

static int
stage_write(struct blocks *b, struct object *o, const struct block *k,
    size_t len)
{
	int64_t	 at = (int64_t)k->number * FEC_SOURCES * k->len;
	int	 r;

	if (o->stage == -1) {
		if (o->inner == NULL)
			open_reserve(b, o);
		o->stage = openat(b->stage_dir, ".", O_TMPFILE|O_RDWR|
		    O_CLOEXEC, 0600);
		if (o->stage == -1) {
			if (o->inner == NULL)
				b->open--;
			return errno == ENOSPC ? ERR_FULL : ERR_SYS;
		}
	}
	do
		r = fd_write_at(o->stage, k->symbols, len, at);
	while (r == ERR_FULL && room_make(b, o));
	return r;
}

/* Blocks that came out of turn and have theirs now. */
static int
stage_feed(struct blocks *b, struct object *o, uint8_t *room, size_t size)
{
	ssize_t	 n;
	int	 r = ERR_OK;

	while (r == ERR_OK && o->next < o->blocks &&
	    bit_is_set(o->done, o->next)) {
		n = pread(o->stage, room, size, (off_t)o->next * (off_t)size);
		if (n <= 0)
			return ERR_SYS;
		r = object_feed(b, o, room, (size_t)n);
	}
	return r;
}

/* A block is whole. Takes it out of the object, and the object out of the store
 * when that was the last one. */
static int
block_complete(struct blocks *b, struct object *o, struct block *k)
{
	size_t		 full = (size_t)FEC_SOURCES * k->len;
	size_t		 len = (size_t)(k->k - 1) * k->len + k->last;
	uint8_t		*room = NULL;
	int		 r;

	if ((r = block_decode(b, k)) != ERR_OK)
		goto out;
	if (k->number != o->next) {
		r = stage_write(b, o, k, len);
		goto out;
	}
	r = object_feed(b, o, k->symbols, len);
	if (r != ERR_OK || o->next == o->blocks ||
	    !bit_is_set(o->done, o->next))
		goto out;
	if ((room = malloc(full)) == NULL)
		r = ERR_MEMORY;
	else
		r = stage_feed(b, o, room, full);
 out:
	free(room);
	if (r == ERR_OK)
		bit_set(o->done, k->number);
	block_drop(b, o, k);
	if (is_refusal(r) || (r == ERR_OK && o->next == o->blocks)) {
		object_finish(b, o);
		return ERR_OK;
	}
	if (r != ERR_OK)
		object_give_up(b, o);
	if (r != ERR_FULL)
		return r;
	b->shared->crowded++;
	return ERR_OK;
}

/* 1 when the object is stored already. Its header is looked at again, because a
 * different object under the same number is an alarm. */
static int
finished_take(struct blocks *b, const struct datagram *d, const uint8_t *symbol)
{
	const struct finished	*f = &b->finished[d->object % FINISHED];
	struct recv_object	*o = NULL;
	uint8_t			 hash[SHA256_BYTES];
	int			 r;

	if (f->seq != d->object)
		return 0;
	b->counts.repeated++;
	if (d->block != 0 || d->index != 0 || d->len < LINK_HEADER ||
	    sha256(symbol, LINK_HEADER, hash) != ERR_OK)
		return 1;
	if (memcmp(hash, f->hash, sizeof(hash)) == 0) {
		b->shared->repeats++;
		return 1;
	}
	r = recv_object_new(b->shared, symbol, &o);
	recv_object_free(o);
	return r != ERR_OK;
}

/* The object of a datagram, NULL when it contradicts what is known. */
static struct object *
object_for(struct blocks *b, const struct datagram *d, long long now_ms)
{
	struct object	*o = *object_place(b, d->object);

	if (o != NULL && (o->blocks != d->blocks || o->len != d->len)) {
		/* A sender that was started again may cut differently. */
		if (d->epoch >> 32 <= o->epoch >> 32) {
			b->counts.contradictory++;
			return NULL;
		}
		object_give_up(b, o);
		o = NULL;
	}
	if (o == NULL)
		return object_new(b, d, now_ms);
	use_remove(b, o);
	use_add(b, o, now_ms);
	return o;
}

int
blocks_take(struct blocks *b, const struct datagram *d, const uint8_t *symbol,
    long long now_ms)
{
	struct object	*o;
	struct block	*k;
	int		 r;

	if (finished_take(b, d, symbol))
		return ERR_OK;
	if ((o = object_for(b, d, now_ms)) == NULL)
		return ERR_OK;
	if (bit_is_set(o->done, d->block)) {
		b->counts.surplus++;
		return ERR_OK;
	}
	for (k = o->list; k != NULL && k->number != d->block; k = k->next)
		;
	if (k == NULL && (k = block_new(b, o, d)) == NULL)
		return ERR_MEMORY;
	if (k->k != d->k || k->last != d->last) {
		b->counts.contradictory++;
		return ERR_OK;
	}
	if ((r = block_add(b, o, k, d, symbol)) != ERR_OK) {
		b->counts.surplus += r == ERR_EXISTS;
		return r == ERR_EXISTS ? ERR_OK : r;
	}
	if (k->have_count + k->parity_count >= k->k)
		return block_complete(b, o, k);
	memory_bound(b, o, k);
	return ERR_OK;
}

void
blocks_expire(struct blocks *b, long long now_ms)
{
	while (b->oldest != NULL &&
	    now_ms - b->oldest->used_ms > b->limits.idle_ms)
		object_give_up(b, b->oldest);
}

void
blocks_reset(struct blocks *b)
{
	struct object	*o, *newer;

	for (o = b->oldest; o != NULL; o = newer) {
		newer = o->newer;
		object_give_up(b, o);
	}
	finished_forget(b);
}

void
blocks_free(struct blocks *b)
{
	if (b == NULL)
		return;
	blocks_reset(b);
	fec_decoder_free(b->fec);
	free(b);
}
