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

struct range {
	uint64_t	 from, to;
};

struct seen {
	int		 dir, fd;
	struct slot	*slots;
	struct range	*gaps;		/* sorted, apart, none above highest */
	size_t		 gap_count;
	uint64_t	 highest;
	uint64_t	 told;		/* all up to here was due and told of */
	uint64_t	 early;		/* an intent whose gap is listed, or 0 */
	int		 dirty, gaps_dirty;
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

static void
gaps_reserve(struct seen *s)
{
	if (s->gap_count < SEEN_GAPS_MAX)
		return;
	/* Only a broken sender gets here. Two neighbours become one range: it
	 * names too much as missing, never too little. */
	s->gaps[0].to = s->gaps[1].to;
	s->gap_count--;
	memmove(&s->gaps[1], &s->gaps[2],
	    (s->gap_count - 1) * sizeof(s->gaps[0]));
}

/* Adds a range above all others. */
static void
gaps_append(struct seen *s, uint64_t from, uint64_t to)
{
	gaps_reserve(s);
	s->gaps[s->gap_count].from = from;
	s->gaps[s->gap_count++].to = to;
	s->gaps_dirty = 1;
}

static size_t
gaps_index(const struct seen *s, uint64_t seq)
{
	size_t	 i;

	for (i = 0; i < s->gap_count; i++)
		if (seq >= s->gaps[i].from && seq <= s->gaps[i].to)
			break;
	return i;
}

/* 1 when seq was missing, and is not any more. */
static int
gaps_remove(struct seen *s, uint64_t seq)
{
	size_t		 i = gaps_index(s, seq);
	struct range	*g = &s->gaps[i];

	if (i == s->gap_count)
		return 0;
	s->gaps_dirty = 1;
	if (g->from == g->to) {
		s->gap_count--;
		memmove(g, g + 1, (s->gap_count - i) * sizeof(*g));
	} else if (seq == g->from)
		g->from++;
	else if (seq == g->to)
		g->to--;
	else {
		gaps_reserve(s);
		i = gaps_index(s, seq);
		g = &s->gaps[i];
		memmove(g + 1, g, (s->gap_count - i) * sizeof(*g));
		s->gap_count++;
		g[0].to = seq - 1;
		g[1].from = seq + 1;
	}
	return 1;
}

/* Behind the highest one seen, up to what was told: missing without a slot. */
static int
tail_range(const struct seen *s, struct range *out)
{
	out->from = s->highest + 1;
	out->to = s->told;
	return out->from <= out->to;
}

static void
range_print(FILE *f, const struct range *g)
{
	if (g->from == g->to)
		fprintf(f, "%" PRIu64 "\n", g->from);
	else
		fprintf(f, "%" PRIu64 "-%" PRIu64 "\n", g->from, g->to);
}

/* Text for people and for `limpid status`; replaced as a whole. */
static int
gaps_write(struct seen *s)
{
	struct range	 tail;
	FILE		*f;
	size_t		 i;
	int		 fd, r = ERR_OK;

	fd = openat(s->dir, "gaps.new",
	    O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC, 0640);
	if (fd == -1)
		return ERR_SYS;
	if ((f = fdopen(fd, "w")) == NULL) {
		close(fd);
		return ERR_SYS;
	}
	for (i = 0; i < s->gap_count; i++)
		range_print(f, &s->gaps[i]);
	if (tail_range(s, &tail))
		range_print(f, &tail);
	if (fflush(f) == EOF || fsync(fd) == -1)
		r = ERR_SYS;
	if (fclose(f) == EOF)
		r = ERR_SYS;
	if (r == ERR_OK && renameat(s->dir, "gaps.new", s->dir, "gaps") == -1)
		r = ERR_SYS;
	if (r == ERR_OK)
		s->gaps_dirty = 0;
	return r;
}

static int
gaps_read(struct seen *s)
{
	uint64_t	 from, to;
	char		 line[64], *end;
	FILE		*f;
	int		 fd;

	fd = openat(s->dir, "gaps", O_RDONLY|O_NOFOLLOW|O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ERR_OK : ERR_SYS;
	if ((f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return ERR_SYS;
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		from = to = strtoull(line, &end, 10);
		if (*end == '-')
			to = strtoull(end + 1, &end, 10);
		if (*end == '\n' && from != 0 && from <= to &&
		    s->gap_count < SEEN_GAPS_MAX && (s->gap_count == 0 ||
		    from > s->gaps[s->gap_count - 1].to)) {
			s->gaps[s->gap_count].from = from;
			s->gaps[s->gap_count++].to = to;
		}
	}
	fclose(f);
	return ERR_OK;
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

/* The slots know the last sequences better than the gaps file, which is written
 * later: what they hold is not missing, what they lack is. Only half of them is
 * believed: an intent that came to nothing may have emptied an old slot. */
static void
gaps_reconcile(struct seen *s)
{
	uint64_t	 seq, first = 1, from = 0;

	while (s->gap_count > 0 && s->gaps[s->gap_count - 1].to >= s->highest) {
		if (s->gaps[s->gap_count - 1].from >= s->highest)
			s->gap_count--;
		else
			s->gaps[s->gap_count - 1].to = s->highest - 1;
		s->gaps_dirty = 1;
	}
	if (s->highest > SEEN_WINDOW / 2)
		first = s->highest - SEEN_WINDOW / 2 + 1;
	while (s->gap_count > 0 && s->gaps[s->gap_count - 1].to >= first) {
		if (s->gaps[s->gap_count - 1].from >= first)
			s->gap_count--;
		else
			s->gaps[s->gap_count - 1].to = first - 1;
	}
	for (seq = first; seq <= s->highest; seq++) {
		if (slot_of(s, seq)->seq != seq) {
			from = from == 0 ? seq : from;
			continue;
		}
		if (from != 0)
			gaps_append(s, from, seq - 1);
		from = 0;
	}
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
	s->gaps = calloc(SEEN_GAPS_MAX + 1, sizeof(*s->gaps));
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
	if ((r = slots_load(s, spool)) != ERR_OK ||
	    (r = gaps_read(s)) != ERR_OK || (r = told_read(s)) != ERR_OK)
		goto out;
	gaps_reconcile(s);
	s->dirty = s->gaps_dirty = 1;
	if ((r = seen_sync(s)) != ERR_OK)
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
	free(s->gaps);
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
	struct range	 tail;
	uint64_t	 n = 0;
	size_t		 i;

	for (i = 0; i < s->gap_count; i++)
		n += s->gaps[i].to - s->gaps[i].from + 1;
	if (tail_range(s, &tail))
		n += tail.to - tail.from + 1;
	return n;
}

enum seen_state
seen_find(const struct seen *s, uint64_t seq, const uint8_t hash[32])
{
	const struct slot	*t = slot_of(s, seq);

	if (t->seq == seq)
		return memcmp(t->hash, hash, 32) == 0 ? SEEN_REPEAT :
		    SEEN_CONFLICT;
	if (seq > s->highest || gaps_index(s, seq) != s->gap_count)
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
	if (seq > s->highest && seq - s->highest > SEEN_AHEAD) {
		gaps_append(s, s->highest + 1, seq - 1);
		s->early = seq;
		if ((r = gaps_write(s)) != ERR_OK)
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

	n.healed = gaps_remove(s, seq) || (seq > s->highest && seq <= s->told);
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
	if (seq > s->highest) {
		if (seq > s->highest + 1) {
			n.gap_from = s->highest + 1;
			n.gap_to = seq - 1;
			if (s->early != seq)
				gaps_append(s, n.gap_from, n.gap_to);
		}
		if (s->told > s->highest)
			s->gaps_dirty = 1;	/* the tail is shorter now */
		s->highest = seq;
	}
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
		s->gap_count--;
		s->gaps_dirty = 1;
		s->early = 0;
	}
	/* What stood there before is still in memory. */
	return slot_write(s, slot_of(s, seq), seq, "");
}

/* The part of a range that lies in (after, upto]; 0 when there is none. */
static int
range_clip(const struct range *g, uint64_t after, uint64_t upto,
    struct range *out)
{
	out->from = g->from > after ? g->from : after + 1;
	out->to = g->to < upto ? g->to : upto;
	return out->from <= out->to;
}

int
seen_tell(struct seen *s, uint64_t upto,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg, int *any)
{
	struct range	 part, tail = { s->highest + 1, upto };
	uint64_t	 before = s->told;
	size_t		 i;
	int		 r;

	*any = 0;
	if (upto <= before)
		return ERR_OK;
	for (i = 0; i < s->gap_count && !*any; i++)
		*any = range_clip(&s->gaps[i], before, upto, &part);
	*any |= range_clip(&tail, before, upto, &part);
	s->told = upto;
	if (!*any)
		return ERR_OK;
	s->gaps_dirty = 1;
	if ((r = seen_sync(s)) != ERR_OK || (r = told_write(s)) != ERR_OK) {
		s->told = before;
		return r;
	}
	for (i = 0; i < s->gap_count; i++)
		if (range_clip(&s->gaps[i], before, upto, &part))
			fn(arg, part.from, part.to);
	if (range_clip(&tail, before, upto, &part))
		fn(arg, part.from, part.to);
	return ERR_OK;
}

void
seen_each_told(const struct seen *s,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg)
{
	struct range	 part;
	size_t		 i;

	for (i = 0; i < s->gap_count; i++)
		if (range_clip(&s->gaps[i], 0, s->told, &part))
			fn(arg, part.from, part.to);
	if (tail_range(s, &part))
		fn(arg, part.from, part.to);
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
	if (s->gaps_dirty && (r = gaps_write(s)) != ERR_OK)
		return r;
	return ERR_OK;
}
