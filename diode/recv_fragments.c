/*
 * Puts objects together from fragments (recv_fragments.h).
 * Run by limpid-diode-recv only.
 * Hostile input: every message; CURVE says who sent it, not that it is sound.
 * Must never hold more than FRAGMENT_STREAMS objects, or trust a count or an index
 * beyond the exact next one.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "link.h"
#include "recv_fragments.h"
#include "recv_object.h"

struct stream {
	uint64_t		 id;
	uint64_t		 used;		/* turn of its last fragment */
	uint64_t		 seq;		/* under way, 0 none */
	uint32_t		 next, count;
	struct recv_object	*object;	/* NULL: skipped to its end */
};

struct fragments {
	struct recv_shared	*shared;
	struct stream		 streams[FRAGMENT_STREAMS];
	uint64_t		 turn, dropped;
};

struct fragments *
fragments_new(struct recv_shared *shared)
{
	struct fragments	*f;

	if ((f = calloc(1, sizeof(*f))) != NULL)
		f->shared = shared;
	return f;
}

static void
stream_end(struct stream *t)
{
	recv_object_free(t->object);
	t->object = NULL;
	t->seq = 0;
}

void
fragments_reset(struct fragments *f)
{
	size_t	 i;

	for (i = 0; i < FRAGMENT_STREAMS; i++)
		stream_end(&f->streams[i]);
}

void
fragments_free(struct fragments *f)
{
	if (f == NULL)
		return;
	fragments_reset(f);
	free(f);
}

uint64_t
fragments_dropped(const struct fragments *f)
{
	return f->dropped;
}

/* The stream of that id, or the one that has been silent longest. */
static struct stream *
stream_find(struct fragments *f, uint64_t id)
{
	struct stream	*oldest = &f->streams[0];
	size_t		 i;

	for (i = 0; i < FRAGMENT_STREAMS; i++) {
		if (f->streams[i].used != 0 && f->streams[i].id == id)
			return &f->streams[i];
		if (f->streams[i].used < oldest->used)
			oldest = &f->streams[i];
	}
	stream_end(oldest);
	oldest->id = id;
	return oldest;
}

/* A refusal has been logged and counted; the rest of the object is skipped. */
static int
is_refusal(int r)
{
	return r == ERR_EXISTS || r == ERR_FORMAT || r == ERR_CRYPTO ||
	    r == ERR_LIMIT || r == ERR_SHORT;
}

static int
stream_write(struct stream *t, const uint8_t *chunk, size_t len)
{
	int	 r = ERR_OK;

	if (t->object == NULL)
		goto out;
	r = recv_object_write(t->object, chunk, len);
	if (r == ERR_OK && t->next == t->count) {
		r = recv_object_finish(t->object);
		t->object = NULL;	/* it is the batch's now, or gone */
	} else if (r != ERR_OK) {
		recv_object_free(t->object);
		t->object = NULL;
	}
 out:
	if (t->next == t->count)
		t->seq = 0;
	return is_refusal(r) ? ERR_OK : r;
}

/* First fragment: the header decides whether the rest is wanted. */
static int
stream_begin(struct fragments *f, struct stream *t,
    const struct link_fragment *g, const uint8_t *chunk, size_t len)
{
	int	 r;

	stream_end(t);
	r = recv_object_new(f->shared, chunk, &t->object);
	if (r != ERR_OK && !is_refusal(r))
		return r;
	t->seq = g->seq;
	t->count = g->count;
	t->next = 1;
	if (r == ERR_OK && recv_object_seq(t->object) != g->seq) {
		f->dropped++;
		stream_end(t);
		return ERR_OK;
	}
	return stream_write(t, chunk + LINK_HEADER, len - LINK_HEADER);
}

int
fragments_take(struct fragments *f, const uint8_t *message, size_t len)
{
	const uint8_t		*chunk = message + LINK_FRAGMENT;
	struct link_fragment	 g;
	struct stream		*t;
	int			 r;

	if ((r = link_fragment_decode(message, len, &g)) != ERR_OK) {
		f->dropped += r == ERR_FORMAT || r == ERR_SHORT;
		return r == ERR_MEMORY ? r : ERR_OK;
	}
	t = stream_find(f, g.stream);
	t->used = ++f->turn;
	if (g.index == 0)
		return stream_begin(f, t, &g, chunk, len - LINK_FRAGMENT);
	if (t->seq != g.seq || t->next != g.index || t->count != g.count) {
		f->dropped++;
		stream_end(t);
		return ERR_OK;
	}
	t->next++;
	return stream_write(t, chunk, len - LINK_FRAGMENT);
}
