/*
 * What a receiver has seen (recv_seen.h has the format).
 * Run by limpid-diode-recv only.
 * Hostile input: sequences are the sender's word, under its signature.
 * Must never take a repeat for new, forget a gap, or grow with a sequence.
 * Longer than most files: what is on disk, and every step that changes it, stand
 * together, so that each crash point can be read off.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "recv_gaps.h"
#include "recv_seen.h"
#include "wire.h"

#define CHECK_AT	208
#define STATE_INTENT	1
#define STATE_SEEN	2

struct slot {
	uint64_t	 seq;		/* 0 empty */
	uint32_t	 state;
	uint8_t		 hash[32], prev[32];
};

struct seen {
	int		 dir, fd;
	struct slot	*slots;
	struct gaps	*gaps;		/* all that is open up to seen_edge() */
	uint64_t	 highest;
	uint64_t	 told;		/* all up to here was due and told of */
	uint64_t	 early;		/* an intent whose gap is listed, or 0 */
	int		 dirty;
};

static void
put_number(uint8_t *out, uint64_t v, size_t bytes)
{
	size_t	 i;

	for (i = 0; i < bytes; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get_number(const uint8_t *in, size_t bytes)
{
	uint64_t	 v = 0;
	size_t		 i;

	for (i = 0; i < bytes; i++)
		v |= (uint64_t)in[i] << (8 * i);
	return v;
}

static struct slot *
slot_of(const struct seen *s, uint64_t seq)
{
	return &s->slots[seq % SEEN_WINDOW];
}

/* One slot to the file; 256 aligned bytes are never torn by a page. */
static int
slot_write(struct seen *s, const struct slot *slot, uint64_t seq,
    const char *name)
{
	uint8_t	 raw[SEEN_BYTES] = {0};
	off_t	 at = (off_t)(seq % SEEN_WINDOW * SEEN_BYTES);
	int	 r;

	if (slot->seq != 0) {
		memcpy(raw, "LMSE", 4);
		put_number(raw + 4, slot->state, 4);
		put_number(raw + 8, slot->seq, 8);
		memcpy(raw + 16, slot->hash, 32);
		memcpy(raw + 48, slot->prev, 32);
		memcpy(raw + 80, name, strnlen(name, SPOOL_NAME_MAX));
		if ((r = sha256(raw, CHECK_AT, raw + CHECK_AT)) != ERR_OK)
			return r;
	}
	if ((r = fd_write_at(s->fd, raw, sizeof(raw), at)) != ERR_OK)
		return r;
	s->dirty = 1;
	return ERR_OK;
}

/* ERR_NOTFOUND for an empty or torn slot. */
static int
slot_decode(const uint8_t raw[SEEN_BYTES], uint64_t index, struct slot *out,
    char name[SPOOL_NAME_MAX + 1])
{
	struct slot	 t;
	uint8_t		 check[32];
	int		 r;

	if (memcmp(raw, "LMSE", 4) != 0)
		return ERR_NOTFOUND;
	if ((r = sha256(raw, CHECK_AT, check)) != ERR_OK)
		return r;
	t.state = (uint32_t)get_number(raw + 4, 4);
	t.seq = get_number(raw + 8, 8);
	if (memcmp(check, raw + CHECK_AT, 32) != 0 || t.seq == 0 ||
	    t.seq % SEEN_WINDOW != index || raw[80 + SPOOL_NAME_MAX] != '\0' ||
	    (t.state != STATE_INTENT && t.state != STATE_SEEN))
		return ERR_NOTFOUND;
	memcpy(t.hash, raw + 16, 32);
	memcpy(t.prev, raw + 48, 32);
	memcpy(name, raw + 80, SPOOL_NAME_MAX + 1);
	*out = t;
	return ERR_OK;
}

/* Up to here a sequence is seen or in the gaps; above it is new. */
static uint64_t
seen_edge(const struct seen *s)
{
	return s->told > s->highest ? s->told : s->highest;
}

static int
told_read(struct seen *s)
{
	char	 text[32];
	int	 r;

	r = link_text_read(s->dir, "told", text, sizeof(text));
	if (r == ERR_OK)
		s->told = strtoull(text, NULL, 10);
	return r == ERR_NOTFOUND ? ERR_OK : r;
}

static int
told_write(struct seen *s)
{
	char	 text[32];

	snprintf(text, sizeof(text), "%" PRIu64 "\n", s->told);
	return link_text_replace(s->dir, "told", text, 1);
}

static void
accepted_keep(void *arg, uint64_t from, uint64_t to)
{
	(void)gaps_accept(arg, from, to);
}

/* The slots know the last sequences better than the gaps file, which is written
 * later: what they hold is not missing, what they lack is. Only half of them is
 * believed: an intent that came to nothing may have emptied an old slot. What was
 * accepted as lost, and is still open, the file alone knows. */
static void
gaps_reconcile(struct seen *s, const struct gaps *written)
{
	uint64_t	 seq, first = 1, from = 0;

	if (s->highest > SEEN_WINDOW / 2)
		first = s->highest - SEEN_WINDOW / 2 + 1;
	gaps_cut(s->gaps, first - 1);
	for (seq = first; seq <= s->highest; seq++) {
		if (slot_of(s, seq)->seq != seq) {
			from = from == 0 ? seq : from;
			continue;
		}
		if (from != 0)
			gaps_append(s->gaps, from, seq - 1, GAP_MISSING);
		from = 0;
	}
	gaps_append(s->gaps, s->highest + 1, s->told, GAP_MISSING);
	gaps_each(written, GAP_ACCEPTED, first, s->told, accepted_keep,
	    s->gaps);
}

static int
gaps_load(struct seen *s)
{
	struct gaps	*written;
	int		 r;

	if ((written = gaps_new()) == NULL)
		return ERR_MEMORY;
	if ((r = gaps_read(s->gaps, s->dir)) == ERR_OK &&
	    (r = gaps_read(written, s->dir)) == ERR_OK &&
	    (r = told_read(s)) == ERR_OK) {
		gaps_reconcile(s, written);
		r = gaps_write(s->gaps, s->dir);
	}
	gaps_free(written);
	return r;
}

/* Reads all slots; settles what a crash left between intent and mark. */
static int
slots_load(struct seen *s, struct spool *spool)
{
	uint8_t		 raw[SEEN_BYTES];
	char		 name[SPOOL_NAME_MAX + 1];
	struct slot	*t;
	uint64_t	 i;
	ssize_t		 n;
	int		 r;

	for (i = 0; i < SEEN_WINDOW; i++) {
		n = pread(s->fd, raw, sizeof(raw), (off_t)(i * SEEN_BYTES));
		if (n == -1)
			return ERR_SYS;
		if (n != (ssize_t)sizeof(raw))
			break;
		t = &s->slots[i];
		r = slot_decode(raw, i, t, name);
		if (r == ERR_NOTFOUND)
			continue;
		if (r != ERR_OK)
			return r;
		if (t->state == STATE_INTENT) {
			if (spool_in_tmp(spool, name))
				t->seq = 0;
			t->state = STATE_SEEN;
			if ((r = slot_write(s, t, i, name)) != ERR_OK)
				return r;
		}
		if (t->seq > s->highest)
			s->highest = t->seq;
	}
	return ERR_OK;
}

int
seen_open(const char *path, struct spool *spool, struct seen **sp)
{
	struct seen	*s;
	int		 r = ERR_MEMORY;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return ERR_MEMORY;
	s->dir = s->fd = -1;
	s->slots = calloc(SEEN_WINDOW, sizeof(*s->slots));
	s->gaps = gaps_new();
	if (s->slots == NULL || s->gaps == NULL)
		goto out;
	r = ERR_SYS;
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		goto out;
	if ((s->dir = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		goto out;
	s->fd = openat(s->dir, "seen", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC,
	    0640);
	if (s->fd == -1)
		goto out;
	if (flock(s->fd, LOCK_EX|LOCK_NB) == -1) {
		r = errno == EWOULDBLOCK ? ERR_AGAIN : ERR_SYS;
		goto out;
	}
	s->dirty = 1;
	if ((r = slots_load(s, spool)) != ERR_OK ||
	    (r = gaps_load(s)) != ERR_OK || (r = seen_sync(s)) != ERR_OK)
		goto out;
	*sp = s;
	s = NULL;
 out:
	seen_close(s);
	return r;
}

void
seen_close(struct seen *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	if (s->dir != -1)
		close(s->dir);
	free(s->slots);
	gaps_free(s->gaps);
	free(s);
}

uint64_t
seen_highest(const struct seen *s)
{
	return s->highest;
}

uint64_t
seen_missing(const struct seen *s)
{
	return gaps_count(s->gaps, GAP_MISSING, 1, seen_edge(s));
}

uint64_t
seen_accepted(const struct seen *s)
{
	return gaps_count(s->gaps, GAP_ACCEPTED, 1, seen_edge(s));
}

enum seen_state
seen_find(const struct seen *s, uint64_t seq, const uint8_t hash[32])
{
	const struct slot	*t = slot_of(s, seq);

	if (t->seq == seq)
		return memcmp(t->hash, hash, 32) == 0 ? SEEN_REPEAT :
		    SEEN_CONFLICT;
	if (seq > s->highest || gaps_has(s->gaps, seq))
		return SEEN_NEW;
	return SEEN_REPEAT;	/* older than the window, and not missing */
}

int
seen_intend(struct seen *s, uint64_t seq, const uint8_t hash[32],
    const uint8_t prev[32], const char *name)
{
	struct slot	 t = { seq, STATE_INTENT, {0}, {0} };
	int		 r;

	/* A sequence older than the window has no slot: the gaps file alone
	 * remembers it, and a crash here may let it come twice. */
	if (s->highest >= SEEN_WINDOW && seq <= s->highest - SEEN_WINDOW)
		return ERR_OK;
	/* The slots alone tell short gaps after a crash, not a long one. */
	if (seq > seen_edge(s) && seq - s->highest > SEEN_AHEAD) {
		gaps_append(s->gaps, seen_edge(s) + 1, seq - 1, GAP_MISSING);
		s->early = seq;
		if ((r = gaps_write(s->gaps, s->dir)) != ERR_OK)
			return r;
	}
	memcpy(t.hash, hash, 32);
	memcpy(t.prev, prev, 32);
	return slot_write(s, &t, seq, name);
}

/* 1 when the chain holds between two headers that are both known. */
static int
chain_holds(const struct seen *s, uint64_t seq)
{
	const struct slot	*older = slot_of(s, seq - 1);
	const struct slot	*newer = slot_of(s, seq);

	if (seq == 1 || older->seq != seq - 1 || newer->seq != seq)
		return 1;
	return memcmp(newer->prev, older->hash, 32) == 0;
}

int
seen_mark(struct seen *s, uint64_t seq, struct seen_news *news)
{
	uint8_t			 raw[SEEN_BYTES];
	char			 name[SPOOL_NAME_MAX + 1];
	struct seen_news	 n = {0};
	struct slot		 t;
	int			 r;

	n.healed = gaps_remove(s->gaps, seq);
	n.told = n.healed && seq <= s->told;
	if (s->highest < SEEN_WINDOW || seq > s->highest - SEEN_WINDOW) {
		if (pread(s->fd, raw, sizeof(raw), (off_t)(seq % SEEN_WINDOW *
		    SEEN_BYTES)) != (ssize_t)sizeof(raw))
			return ERR_SYS;
		if ((r = slot_decode(raw, seq % SEEN_WINDOW, &t, name)) !=
		    ERR_OK)
			return r == ERR_NOTFOUND ? ERR_FORMAT : r;
		t.state = STATE_SEEN;
		if ((r = slot_write(s, &t, seq, name)) != ERR_OK)
			return r;
		*slot_of(s, seq) = t;
		n.broken = !chain_holds(s, seq) || !chain_holds(s, seq + 1);
	}
	if (seq > seen_edge(s) + 1) {
		n.gap_from = seen_edge(s) + 1;
		n.gap_to = seq - 1;
		if (s->early != seq)
			gaps_append(s->gaps, n.gap_from, n.gap_to, GAP_MISSING);
	}
	if (seq > s->highest)
		s->highest = seq;
	s->early = 0;
	*news = n;
	return ERR_OK;
}

int
seen_forget(struct seen *s, uint64_t seq)
{
	if (s->highest >= SEEN_WINDOW && seq <= s->highest - SEEN_WINDOW)
		return ERR_OK;
	if (s->early == seq) {
		gaps_cut(s->gaps, seen_edge(s));
		s->early = 0;
	}
	/* What stood there before is still in memory. */
	return slot_write(s, slot_of(s, seq), seq, "");
}

int
seen_tell(struct seen *s, uint64_t upto,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg, int *any)
{
	uint64_t	 before = s->told, edge = seen_edge(s);
	int		 r;

	*any = 0;
	if (upto <= before)
		return ERR_OK;
	gaps_append(s->gaps, edge + 1, upto, GAP_MISSING);
	*any = gaps_count(s->gaps, GAP_MISSING, before + 1, upto) > 0;
	s->told = upto;
	if (!*any)
		return ERR_OK;
	if ((r = seen_sync(s)) != ERR_OK || (r = told_write(s)) != ERR_OK) {
		s->told = before;
		gaps_cut(s->gaps, edge);
		return r;
	}
	gaps_each(s->gaps, GAP_MISSING, before + 1, upto, fn, arg);
	return ERR_OK;
}

void
seen_each_told(const struct seen *s, enum gap_kind kind,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg)
{
	gaps_each(s->gaps, kind, 1, s->told, fn, arg);
}

/* Nothing is accepted before it was due. */
static uint64_t
told_clip(const struct seen *s, uint64_t to)
{
	return to < s->told ? to : s->told;
}

int
seen_acceptable(const struct seen *s, uint64_t from, uint64_t to,
    uint64_t *count)
{
	*count = gaps_count(s->gaps, GAP_MISSING, from, told_clip(s, to));
	if (*count == 0)
		return ERR_NOTFOUND;
	return gaps_accept_fits(s->gaps, from, told_clip(s, to)) ? ERR_OK :
	    ERR_FULL;
}

int
seen_accept(struct seen *s, uint64_t from, uint64_t to)
{
	int	 r;

	r = gaps_accept(s->gaps, from, told_clip(s, to));
	return r == ERR_OK ? seen_sync(s) : r;
}

enum seen_state
seen_compare(const struct seen *s, uint64_t seq, const uint8_t half[16])
{
	const struct slot	*t = slot_of(s, seq);

	if (t->seq != seq)
		return SEEN_NEW;
	return memcmp(t->hash, half, 16) == 0 ? SEEN_REPEAT : SEEN_CONFLICT;
}

int
seen_sync(struct seen *s)
{
	int	 r;

	if (s->dirty && fdatasync(s->fd) == -1)
		return ERR_SYS;
	s->dirty = 0;
	if (gaps_changed(s->gaps) && (r = gaps_write(s->gaps, s->dir)) != ERR_OK)
		return r;
	return ERR_OK;
}
