/*
 * What a receiver never saw (recv_gaps.h has the format).
 * Run by limpid-diode-recv, and read by limpid-missing.
 * Hostile input: sequences are the sender's word, under its signature.
 * Must never forget a gap, or grow with a sequence.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "recv_gaps.h"

struct range {
	uint64_t	 from, to;
	enum gap_kind	 kind;
};

struct gaps {
	struct range	*r;		/* sorted, apart; alike ones not adjacent */
	size_t		 count;
	int		 changed;
};

struct gaps *
gaps_new(void)
{
	struct gaps	*g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	if ((g->r = calloc(GAPS_MAX, sizeof(*g->r))) == NULL) {
		free(g);
		return NULL;
	}
	return g;
}

void
gaps_free(struct gaps *g)
{
	if (g == NULL)
		return;
	free(g->r);
	free(g);
}

static void
range_delete(struct gaps *g, size_t i)
{
	g->count--;
	memmove(&g->r[i], &g->r[i + 1], (g->count - i) * sizeof(g->r[0]));
}

/* Only a broken sender fills them all. The two lowest become one range then: it names
 * too much as missing, never too little. */
static void
room_make(struct gaps *g)
{
	if (g->count < GAPS_MAX)
		return;
	g->r[0].to = g->r[1].to;
	if (g->r[1].kind == GAP_MISSING)
		g->r[0].kind = GAP_MISSING;
	range_delete(g, 1);
}

/* The first range that ends at seq or above. */
static size_t
range_index(const struct gaps *g, uint64_t seq)
{
	size_t	 low = 0, high = g->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (g->r[middle].to < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
gaps_append(struct gaps *g, uint64_t from, uint64_t to, enum gap_kind kind)
{
	struct range	*last;

	if (from > to)
		return;
	g->changed = 1;
	last = g->count > 0 ? &g->r[g->count - 1] : NULL;
	if (last != NULL && last->to + 1 == from && last->kind == kind) {
		last->to = to;
		return;
	}
	room_make(g);
	g->r[g->count].from = from;
	g->r[g->count].to = to;
	g->r[g->count++].kind = kind;
}

void
gaps_cut(struct gaps *g, uint64_t seq)
{
	size_t	 i = range_index(g, seq + 1);

	if (i == g->count)
		return;
	g->changed = 1;
	if (g->r[i].from <= seq)
		g->r[i++].to = seq;
	g->count = i;
}

int
gaps_has(const struct gaps *g, uint64_t seq)
{
	size_t	 i = range_index(g, seq);

	return i < g->count && g->r[i].from <= seq;
}

/* Cuts range i in two; at becomes the first of the second. */
static void
range_split(struct gaps *g, size_t i, uint64_t at)
{
	struct range	*r = &g->r[i];

	memmove(r + 1, r, (g->count - i) * sizeof(*r));
	g->count++;
	r[0].to = at - 1;
	r[1].from = at;
}

int
gaps_remove(struct gaps *g, uint64_t seq)
{
	size_t		 i;
	struct range	*r;

	if (!gaps_has(g, seq))
		return 0;
	g->changed = 1;
	i = range_index(g, seq);
	r = &g->r[i];
	if (r->from == r->to)
		range_delete(g, i);
	else if (seq == r->from)
		r->from++;
	else if (seq == r->to)
		r->to--;
	else {
		room_make(g);
		i = range_index(g, seq);
		range_split(g, i, seq);
		g->r[i + 1].from++;
	}
	return 1;
}

/* Of the ranges low to high, those of one kind that touch become one. */
static void
ranges_join(struct gaps *g, size_t low, size_t high)
{
	size_t	 i, n = low;

	for (i = low + 1; i <= high; i++)
		if (g->r[n].to + 1 == g->r[i].from &&
		    g->r[n].kind == g->r[i].kind)
			g->r[n].to = g->r[i].to;
		else
			g->r[++n] = g->r[i];
	g->count -= high - n;
	memmove(&g->r[n + 1], &g->r[high + 1],
	    (g->count - n - 1) * sizeof(g->r[0]));
}

/* 1 when a border behind seq would cut a missing range in two. */
static size_t
border_cuts(const struct gaps *g, uint64_t seq)
{
	size_t	 i = range_index(g, seq);

	return i < g->count && g->r[i].from <= seq && g->r[i].to > seq &&
	    g->r[i].kind == GAP_MISSING;
}

int
gaps_accept_fits(const struct gaps *g, uint64_t from, uint64_t to)
{
	return g->count + border_cuts(g, from - 1) + border_cuts(g, to) <=
	    GAPS_MAX;
}

int
gaps_accept(struct gaps *g, uint64_t from, uint64_t to)
{
	size_t	 first = range_index(g, from), i;

	if (!gaps_accept_fits(g, from, to))
		return ERR_FULL;
	for (i = first; i < g->count && g->r[i].from <= to; i++) {
		if (g->r[i].kind == GAP_ACCEPTED)
			continue;
		if (g->r[i].from < from)
			range_split(g, i++, from);
		if (g->r[i].to > to)
			range_split(g, i, to + 1);
		g->r[i].kind = GAP_ACCEPTED;
		g->changed = 1;
	}
	if (i > first)
		ranges_join(g, first > 0 ? first - 1 : 0,
		    i < g->count ? i : i - 1);
	return ERR_OK;
}

void
gaps_each(const struct gaps *g, enum gap_kind kind, uint64_t from, uint64_t to,
    void (*fn)(void *arg, uint64_t from, uint64_t to), void *arg)
{
	const struct range	*r;
	size_t			 i;

	for (i = range_index(g, from); i < g->count && g->r[i].from <= to;
	    i++) {
		r = &g->r[i];
		if (r->kind == kind)
			fn(arg, r->from > from ? r->from : from,
			    r->to < to ? r->to : to);
	}
}

static void
count_add(void *arg, uint64_t from, uint64_t to)
{
	uint64_t	*n = arg;

	*n += to - from + 1;
}

uint64_t
gaps_count(const struct gaps *g, enum gap_kind kind, uint64_t from,
    uint64_t to)
{
	uint64_t	 n = 0;

	gaps_each(g, kind, from, to, count_add, &n);
	return n;
}

int
gaps_changed(const struct gaps *g)
{
	return g->changed;
}

static void
range_print(FILE *f, const struct range *r)
{
	fprintf(f, "%" PRIu64, r->from);
	if (r->to != r->from)
		fprintf(f, "-%" PRIu64, r->to);
	fputs(r->kind == GAP_ACCEPTED ? " accepted\n" : "\n", f);
}

int
gaps_write(struct gaps *g, int dirfd)
{
	FILE	*f;
	size_t	 i;
	int	 fd, r = ERR_OK;

	fd = openat(dirfd, "gaps.new",
	    O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC, 0640);
	if (fd == -1)
		return ERR_SYS;
	if ((f = fdopen(fd, "w")) == NULL) {
		close(fd);
		return ERR_SYS;
	}
	for (i = 0; i < g->count; i++)
		range_print(f, &g->r[i]);
	if (fflush(f) == EOF || fsync(fd) == -1)
		r = ERR_SYS;
	if (fclose(f) == EOF)
		r = ERR_SYS;
	if (r == ERR_OK && (renameat(dirfd, "gaps.new", dirfd, "gaps") == -1 ||
	    fsync(dirfd) == -1))
		r = ERR_SYS;
	if (r == ERR_OK)
		g->changed = 0;
	return r;
}

/* 1 when the line is a range above all others. */
static int
line_take(struct gaps *g, const char *line)
{
	enum gap_kind	 kind = GAP_MISSING;
	uint64_t	 from, to;
	char		*end;

	if (line[0] < '1' || line[0] > '9')
		return 0;
	from = to = strtoull(line, &end, 10);
	if (*end == '-' && end[1] >= '1' && end[1] <= '9')
		to = strtoull(end + 1, &end, 10);
	if (strcmp(end, " accepted\n") == 0)
		kind = GAP_ACCEPTED;
	else if (strcmp(end, "\n") != 0)
		return 0;
	if (from > to || g->count == GAPS_MAX ||
	    (g->count > 0 && from <= g->r[g->count - 1].to))
		return 0;
	gaps_append(g, from, to, kind);
	return 1;
}

int
gaps_read(struct gaps *g, int dirfd)
{
	char	 line[64];
	FILE	*f;
	int	 fd;

	fd = openat(dirfd, "gaps", O_RDONLY|O_NOFOLLOW|O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ERR_OK : ERR_SYS;
	if ((f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return ERR_SYS;
	}
	while (fgets(line, sizeof(line), f) != NULL)
		(void)line_take(g, line);
	fclose(f);
	return ERR_OK;
}
