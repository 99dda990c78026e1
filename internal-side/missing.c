/*
 * What never came over a link (missing.h). Runs in limpid-deliverd. Hostile input:
 * none; a list is our receiver's, or stands under the sanitizer's signature. Must
 * never take an older list for news, or make more rows than are bounded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "index_private.h"
#include "missing.h"

#define HEAD	"limpid-missing-1\nlink "

/* A number without sign or blanks, ended by one of the characters in ends. */
static int
number_take(const char **p, const char *end, const char *ends, uint64_t *out)
{
	uint64_t	 v = 0;
	const char	*s = *p;

	if (s == end || *s < '0' || *s > '9')
		return ERR_FORMAT;
	for (; s < end && *s >= '0' && *s <= '9'; s++) {
		if (v > (UINT64_MAX - 9) / 10)
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	if (s == end || strchr(ends, *s) == NULL)
		return ERR_FORMAT;
	*p = s;
	*out = v;
	return ERR_OK;
}

static int
word_take(const char **p, const char *end, const char *word)
{
	size_t	 n = strlen(word);

	if ((size_t)(end - *p) < n || memcmp(*p, word, n) != 0)
		return ERR_FORMAT;
	*p += n;
	return ERR_OK;
}

static int
range_take(const char **p, const char *end, struct missing_ranges *l)
{
	uint64_t	 from, to;

	if (l->count == MISSING_RANGES ||
	    number_take(p, end, "-\n", &from) != ERR_OK)
		return ERR_FORMAT;
	to = from;
	if (**p == '-') {
		(*p)++;
		if (number_take(p, end, "\n", &to) != ERR_OK)
			return ERR_FORMAT;
	}
	(*p)++;
	if (from == 0 || from > to || to > INT64_MAX)
		return ERR_FORMAT;
	l->range[l->count].from = from;
	l->range[l->count++].to = to;
	return ERR_OK;
}

/* "WORD n\n", which may be absent. */
static int
more_take(const char **p, const char *end, const char *word, uint64_t *more)
{
	if (word_take(p, end, word) != ERR_OK)
		return ERR_OK;
	if (number_take(p, end, "\n", more) != ERR_OK)
		return ERR_FORMAT;
	(*p)++;
	return ERR_OK;
}

static int
ranges_take(const char *p, const char *end, struct missing_list *l)
{
	while (p < end && *p >= '0' && *p <= '9')
		if (range_take(&p, end, &l->missing) != ERR_OK)
			return ERR_FORMAT;
	if (more_take(&p, end, "more ", &l->missing.more) != ERR_OK)
		return ERR_FORMAT;
	while (word_take(&p, end, "accepted ") == ERR_OK)
		if (range_take(&p, end, &l->accepted) != ERR_OK)
			return ERR_FORMAT;
	if (more_take(&p, end, "accepted-more ", &l->accepted.more) != ERR_OK)
		return ERR_FORMAT;
	return p == end ? ERR_OK : ERR_FORMAT;
}

int
missing_parse(const char *text, size_t len, struct missing_list *out)
{
	const char	*p = text, *end = text + len;
	uint64_t	 link;

	memset(out, 0, sizeof(*out));
	if (word_take(&p, end, HEAD) != ERR_OK ||
	    number_take(&p, end, "\n", &link) != ERR_OK || link < 1 ||
	    link > 2 || word_take(&p, end, "\nchange ") != ERR_OK ||
	    number_take(&p, end, "\n", &out->change) != ERR_OK ||
	    out->change > INT64_MAX)
		return ERR_FORMAT;
	out->link = (int)link;
	return ranges_take(p + 1, end, out);
}

/* The change that was stored last for the link, 0 none. */
static int64_t
change_stored(struct index_db *x, int link)
{
	sqlite3_stmt	*s = index_query(x, QUERY_MISSING_CHANGE);
	int64_t		 change = 0;

	sqlite3_bind_int(s, 1, link);
	if (sqlite3_step(s) == SQLITE_ROW)
		change = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return change;
}

static int
row_add(struct index_db *x, int link, uint64_t sequence, int64_t now_ms,
    const char *state)
{
	sqlite3_stmt	*s = index_query(x, QUERY_MISSING_ADD);

	sqlite3_bind_int(s, 1, link);
	sqlite3_bind_int64(s, 2, (int64_t)sequence);
	sqlite3_bind_int64(s, 3, now_ms);
	sqlite3_bind_text(s, 4, state, -1, SQLITE_STATIC);
	return index_run(s);
}

static int
rows_add(struct index_db *x, int link, const struct missing_ranges *l,
    int64_t now_ms, const char *state)
{
	size_t		 i, rows = 0;
	uint64_t	 seq;
	int		 r = ERR_OK;

	for (i = 0; r == ERR_OK && i < l->count; i++)
		for (seq = l->range[i].from; r == ERR_OK &&
		    seq <= l->range[i].to && rows < MISSING_ROWS; seq++, rows++)
			r = row_add(x, link, seq, now_ms, state);
	return r;
}

/* What the list does not speak of any more has come. Of accepted ones a cut list
 * speaks from the oldest that it names. */
static int
rows_heal(struct index_db *x, const struct missing_list *l)
{
	const struct missing_ranges	*a = &l->accepted;
	sqlite3_stmt			*s = index_query(x, QUERY_MISSING_HEAL);

	sqlite3_bind_int(s, 1, l->link);
	sqlite3_bind_int64(s, 2, a->more == 0 || a->count == 0 ? 0 :
	    (int64_t)a->range[0].from);
	return index_run(s);
}

int
missing_store(struct index_db *x, const struct missing_list *l,
    int64_t now_ms)
{
	sqlite3_stmt	*s;
	int		 r;

	if ((int64_t)l->change <= change_stored(x, l->link))
		return ERR_EXISTS;
	if ((r = rows_heal(x, l)) != ERR_OK ||
	    (r = rows_add(x, l->link, &l->missing, now_ms, "missing")) !=
	    ERR_OK ||
	    (r = rows_add(x, l->link, &l->accepted, now_ms, "accepted")) !=
	    ERR_OK)
		return r;
	s = index_query(x, QUERY_MISSING_LIST);
	sqlite3_bind_int(s, 1, l->link);
	sqlite3_bind_int64(s, 2, (int64_t)l->change);
	sqlite3_bind_int64(s, 3, (int64_t)(l->missing.more & INT64_MAX));
	return index_run(s);
}

int
missing_inherit(struct index_db *x, const char *path)
{
	static const char	 copy[] =
	    "INSERT OR REPLACE INTO missing SELECT * FROM old.missing;"
	    "INSERT OR REPLACE INTO missing_list SELECT * FROM"
	    " old.missing_list";
	char			*attach;
	int			 r = ERR_FORMAT;

	/* To attach what is not there would make it. */
	if (access(path, R_OK) == -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	if ((attach = sqlite3_mprintf("ATTACH %Q AS old", path)) == NULL)
		return ERR_MEMORY;
	if (sqlite3_exec(x->db, attach, NULL, NULL, NULL) == SQLITE_OK) {
		if (index_begin(x) == ERR_OK && sqlite3_exec(x->db, copy, NULL,
		    NULL, NULL) == SQLITE_OK && index_commit(x) == ERR_OK)
			r = ERR_OK;
		else
			index_rollback(x);
		sqlite3_exec(x->db, "DETACH old", NULL, NULL, NULL);
	}
	sqlite3_free(attach);
	return r;
}
