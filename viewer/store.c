/*
 * Purpose: every question to the index, and the files in the Maildir.
 * Process: limpid-viewerd.
 * Hostile input: search words and references from browsers, always bound, never
 *	part of a statement.
 * Must never: write to index or mail, or show a mail outside the reader's boxes:
 *	all queries name the view `visible`, which is empty until store_reader.
 *
 * Longer than most files, because all SQL stands here and nowhere else.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "err.h"
#include "store.h"

struct store {
	char		*index, *mail, *accounts;
	sqlite3		*db;
	dev_t		 dev;		/* the index that is open */
	ino_t		 ino;
	sqlite3_stmt	*mail_q, *part_q, *parts_q, *facts_q;
	struct mail	 current;	/* and their strings: no statement stays */
	struct part	 part;		/* open, or deliverd could not write */
	char		*mail_strings, *part_strings;
};

#define MAIL_COLUMNS "id, received_ms, filed_ms, size, parts, pages, stubs," \
    " cuts, ref, from_addr, from_name, reply_to, to_line, cc_line, subject," \
    " date_claimed, client, tls, auth, sha256, policy, outcome, reason," \
    " snippet, box, file, sender, document," \
    " EXISTS (SELECT 1 FROM acc.seen s WHERE s.ref = visible.ref AND" \
    " s.account = (SELECT account FROM temp.reader))"
#define PART_COLUMNS "part, parent, size, pages, pages_total, file_size, path," \
    " name, kind, declared, outcome, reason, note, rule, engine, file_type," \
    " body, depth"

/* The only place that says who may see what. */
static const char reader_schema[] =
    "CREATE TEMP TABLE reader (account INTEGER NOT NULL);"
    "CREATE TEMP TABLE allowed (box TEXT PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TEMP VIEW visible AS SELECT m.*, b.box AS box, b.file AS file"
    " FROM main.mailbox b CROSS JOIN main.mail m"
    " WHERE m.id = b.mail_id AND b.box IN (SELECT box FROM temp.allowed);";

static int
code_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_OK;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_AGAIN;
	case SQLITE_CANTOPEN:
		return ERR_NOTFOUND;
	case SQLITE_NOMEM:
		return ERR_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR:
		return ERR_FORMAT;
	default:
		return ERR_SYS;
	}
}

static void
close_index(struct store *s)
{
	sqlite3_finalize(s->mail_q);
	sqlite3_finalize(s->part_q);
	sqlite3_finalize(s->parts_q);
	sqlite3_finalize(s->facts_q);
	s->mail_q = s->part_q = s->parts_q = s->facts_q = NULL;
	sqlite3_close(s->db);
	s->db = NULL;
}

int
store_open(const char *index, const char *mail, const char *accounts,
    struct store **sp)
{
	struct store	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return ERR_MEMORY;
	s->index = strdup(index);
	s->mail = strdup(mail);
	s->accounts = strdup(accounts);
	if (s->index == NULL || s->mail == NULL || s->accounts == NULL) {
		store_close(s);
		return ERR_MEMORY;
	}
	*sp = s;
	return ERR_OK;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	close_index(s);
	free(s->mail_strings);
	free(s->part_strings);
	free(s->index);
	free(s->mail);
	free(s->accounts);
	free(s);
}

static int
attach_accounts(struct store *s)
{
	sqlite3_stmt	*q = NULL;
	int		 rc;

	rc = sqlite3_prepare_v2(s->db, "ATTACH ? AS acc", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_text(q, 1, s->accounts, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
open_index(struct store *s)
{
	int	 rc;

	rc = sqlite3_open_v2(s->index, &s->db, SQLITE_OPEN_READONLY |
	    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(s->db, 3000);
		sqlite3_limit(s->db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
		rc = sqlite3_exec(s->db, "PRAGMA temp_store = MEMORY;"
		    "PRAGMA trusted_schema = OFF;", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		rc = attach_accounts(s);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, reader_schema, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		close_index(s);
	return code_of(rc);
}

/* The index may be made again under our feet: follow the file of that name. */
static int
follow_index(struct store *s)
{
	struct stat	 st;
	int		 r;

	if (stat(s->index, &st) == -1) {
		close_index(s);
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	}
	if (s->db != NULL && st.st_dev == s->dev && st.st_ino == s->ino)
		return ERR_OK;
	close_index(s);
	if ((r = open_index(s)) != ERR_OK)
		return r;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return ERR_OK;
}

static int
run_text(struct store *s, const char *sql, const char *text, int64_t number)
{
	sqlite3_stmt	*q = NULL;
	int		 rc;

	if ((rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL)) != SQLITE_OK)
		return code_of(rc);
	if (text != NULL)
		sqlite3_bind_text(q, 1, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_int64(q, 1, number);
	rc = sqlite3_step(q);
	sqlite3_finalize(q);
	return code_of(rc);
}

int
store_reader(struct store *s, const struct account *who)
{
	size_t	 i;
	int	 r;

	if ((r = follow_index(s)) != ERR_OK)
		return r;
	r = code_of(sqlite3_exec(s->db, "DELETE FROM temp.reader;"
	    "DELETE FROM temp.allowed;", NULL, NULL, NULL));
	if (r != ERR_OK || who == NULL)
		return r;
	r = run_text(s, "INSERT INTO temp.reader VALUES (?)", NULL, who->id);
	for (i = 0; r == ERR_OK && i < who->box_count; i++)
		r = run_text(s, "INSERT OR IGNORE INTO temp.allowed VALUES (?)",
		    who->boxes[i], 0);
	return r;
}

/* Prepares once, then resets. */
static int
ready(struct store *s, sqlite3_stmt **q, const char *sql)
{
	if (s->db == NULL)
		return ERR_NOTFOUND;
	if (*q != NULL) {
		sqlite3_reset(*q);
		return ERR_OK;
	}
	return code_of(sqlite3_prepare_v2(s->db, sql, -1, q, NULL));
}

static const char *
text_at(sqlite3_stmt *q, int column)
{
	const char	*s = (const char *)sqlite3_column_text(q, column);

	return s == NULL ? "" : s;
}

/* Copies n strings into one block, *block, which is grown as needed. */
static int
keep_strings(const char **strings[], size_t n, char **block)
{
	size_t	 i, size = 1;
	char	*p;

	for (i = 0; i < n; i++)
		size += strlen(*strings[i]) + 1;
	if ((p = malloc(size)) == NULL)
		return ERR_MEMORY;
	free(*block);
	*block = p;
	for (i = 0; i < n; i++) {
		size = strlen(*strings[i]) + 1;
		memcpy(p, *strings[i], size);
		*strings[i] = p;
		p += size;
	}
	return ERR_OK;
}

/* Fills m from the row; keep: copies its strings there, NULL borrows them. */
static int
read_mail(sqlite3_stmt *q, struct mail *m, char **keep)
{
	const char	**strings[] = { &m->ref, &m->from_addr, &m->from_name,
	    &m->reply_to, &m->to_line, &m->cc_line, &m->subject,
	    &m->date_claimed, &m->client, &m->tls, &m->auth, &m->sha256,
	    &m->policy, &m->outcome, &m->reason, &m->snippet, &m->box, &m->file,
	    &m->sender };
	int64_t		*numbers[] = { &m->id, &m->received_ms, &m->filed_ms,
	    &m->size, &m->parts, &m->pages, &m->stubs, &m->cuts };
	int		 c = 0;
	size_t		 i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = sqlite3_column_int64(q, c++);
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		*strings[i] = text_at(q, c++);
	m->document = sqlite3_column_int(q, c++);
	m->seen = sqlite3_column_int(q, c);
	return keep == NULL ? ERR_OK : keep_strings(strings,
	    sizeof(strings) / sizeof(strings[0]), keep);
}

static int
read_part(sqlite3_stmt *q, struct part *p, char **keep)
{
	const char	**strings[] = { &p->path, &p->name, &p->kind,
	    &p->declared, &p->outcome, &p->reason, &p->note, &p->rule,
	    &p->engine, &p->file_type };
	int64_t		*numbers[] = { &p->id, &p->parent, &p->size, &p->pages,
	    &p->pages_total, &p->file_size };
	int		 c = 0;
	size_t		 i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		*numbers[i] = sqlite3_column_int64(q, c++);
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		*strings[i] = text_at(q, c++);
	p->body = sqlite3_column_int(q, c++);
	p->depth = sqlite3_column_int(q, c);
	return keep == NULL ? ERR_OK : keep_strings(strings,
	    sizeof(strings) / sizeof(strings[0]), keep);
}

/* Conditions that a query switches on; ?N as bind_query binds them. */
static void
write_where(const struct store_query *q, char *sql, size_t size)
{
	snprintf(sql, size, " WHERE 1%s%s%s%s%s%s%s%s%s%s%s%s%s",
	    q->box ? " AND box = ?1" : "",
	    q->show == STORE_UNREAD ? " AND NOT EXISTS (SELECT 1 FROM acc.seen s"
	    " WHERE s.ref = visible.ref AND s.account ="
	    " (SELECT account FROM temp.reader))" : "",
	    q->show == STORE_CUTS ? " AND (cuts > 0 OR stubs > 0)" : "",
	    q->match ? " AND id IN (SELECT rowid FROM main.search"
	    " WHERE search MATCH ?2)" : "",
	    q->from ? " AND (from_addr LIKE ?3 ESCAPE '\\' OR from_name LIKE ?3"
	    " ESCAPE '\\')" : "",
	    q->to ? " AND (to_line LIKE ?4 ESCAPE '\\' OR cc_line LIKE ?4"
	    " ESCAPE '\\')" : "",
	    q->subject ? " AND subject LIKE ?5 ESCAPE '\\'" : "",
	    q->file ? " AND id IN (SELECT mail_id FROM main.part WHERE body = 0"
	    " AND (name LIKE ?6 ESCAPE '\\' OR kind LIKE ?6 ESCAPE '\\'))" : "",
	    q->reason ? " AND id IN (SELECT mail_id FROM main.part"
	    " WHERE reason LIKE ?7 ESCAPE '\\')" : "",
	    q->word ? " AND (subject LIKE ?8 ESCAPE '\\' OR snippet LIKE ?8"
	    " ESCAPE '\\' OR from_name LIKE ?8 ESCAPE '\\')" : "",
	    q->after_ms ? " AND received_ms >= ?9" : "",
	    q->before_ms ? " AND received_ms < ?10" : "",
	    q->larger ? " AND size >= ?11" : "");
}

/* %text% with the wild cards of the text itself escaped. */
static void
bind_like(sqlite3_stmt *st, int at, const char *text)
{
	char	*like, *o;

	if (text == NULL || at > sqlite3_bind_parameter_count(st))
		return;
	if ((like = o = malloc(strlen(text) * 2 + 3)) == NULL)
		return;
	*o++ = '%';
	for (; *text != '\0'; text++) {
		if (strchr("%_\\", *text) != NULL)
			*o++ = '\\';
		*o++ = *text;
	}
	*o++ = '%';
	*o = '\0';
	sqlite3_bind_text(st, at, like, -1, SQLITE_TRANSIENT);
	free(like);
}

/* Parameters that the statement does not have are refused and not missed. */
static void
bind_query(sqlite3_stmt *st, const struct store_query *q)
{
	if (q->box != NULL)
		sqlite3_bind_text(st, 1, q->box, -1, SQLITE_TRANSIENT);
	if (q->match != NULL)
		sqlite3_bind_text(st, 2, q->match, -1, SQLITE_TRANSIENT);
	bind_like(st, 3, q->from);
	bind_like(st, 4, q->to);
	bind_like(st, 5, q->subject);
	bind_like(st, 6, q->file);
	bind_like(st, 7, q->reason);
	bind_like(st, 8, q->word);
	sqlite3_bind_int64(st, 9, q->after_ms);
	sqlite3_bind_int64(st, 10, q->before_ms);
	sqlite3_bind_int64(st, 11, q->larger);
	sqlite3_bind_int64(st, 12, q->limit);
	sqlite3_bind_int64(st, 13, q->offset);
}

/* A reader with two boxes sees a mail that lies in both of them once. */
static int
prepare_list(struct store *s, const struct store_query *q, const char *columns,
    const char *tail, sqlite3_stmt **out)
{
	char	 where[2048], *sql;
	int	 rc;

	if (s->db == NULL)
		return ERR_NOTFOUND;
	write_where(q, where, sizeof(where));
	if (asprintf(&sql, "SELECT %s FROM visible%s%s", columns, where,
	    tail) == -1)
		return ERR_MEMORY;
	rc = sqlite3_prepare_v2(s->db, sql, -1, out, NULL);
	free(sql);
	if (rc == SQLITE_OK)
		bind_query(*out, q);
	return code_of(rc);
}

int
store_list(struct store *s, const struct store_query *q,
    int (*fn)(void *arg, const struct mail *m), void *arg)
{
	sqlite3_stmt	*ids = NULL, *one = NULL;
	struct mail	 m;
	int		 r, rc;

	/* Sorting ids and then fetching what is shown: a box of 10,000 mails
	 * stays far below the time a reader notices. */
	r = prepare_list(s, q, "id, min(box)", " GROUP BY id"
	    " ORDER BY received_ms DESC, id DESC LIMIT ?12 OFFSET ?13", &ids);
	if (r != ERR_OK)
		return r;
	rc = sqlite3_prepare_v2(s->db, "SELECT " MAIL_COLUMNS
	    " FROM visible WHERE id = ? AND box = ?", -1, &one, NULL);
	r = code_of(rc);
	while (r == ERR_OK && (rc = sqlite3_step(ids)) == SQLITE_ROW) {
		sqlite3_bind_int64(one, 1, sqlite3_column_int64(ids, 0));
		sqlite3_bind_value(one, 2, sqlite3_column_value(ids, 1));
		if ((rc = sqlite3_step(one)) != SQLITE_ROW)
			break;
		read_mail(one, &m, NULL);
		r = fn(arg, &m);
		sqlite3_reset(one);
	}
	sqlite3_finalize(one);
	sqlite3_finalize(ids);
	return r != ERR_OK ? r : code_of(rc);
}

int
store_count(struct store *s, const struct store_query *q, int64_t *out)
{
	sqlite3_stmt	*st = NULL;
	int		 r, rc;

	r = prepare_list(s, q, "count(DISTINCT id)", "", &st);
	if (r != ERR_OK)
		return r;
	if ((rc = sqlite3_step(st)) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return code_of(rc);
}

int
store_mail(struct store *s, const char *ref, const struct mail **out)
{
	int	 r, rc;

	r = ready(s, &s->mail_q, "SELECT " MAIL_COLUMNS
	    " FROM visible WHERE id = (SELECT id FROM main.mail WHERE ref = ?)"
	    " ORDER BY box LIMIT 1");
	if (r != ERR_OK)
		return r;
	sqlite3_bind_text(s->mail_q, 1, ref, -1, SQLITE_TRANSIENT);
	rc = sqlite3_step(s->mail_q);
	r = rc == SQLITE_DONE ? ERR_NOTFOUND : code_of(rc);
	if (rc == SQLITE_ROW)
		r = read_mail(s->mail_q, &s->current, &s->mail_strings);
	sqlite3_reset(s->mail_q);
	if (r == ERR_OK)
		*out = &s->current;
	return r;
}

int
store_beside(struct store *s, const struct mail *m, int direction, char ref[32])
{
	sqlite3_stmt	*q = NULL;
	int		 rc;

	rc = sqlite3_prepare_v2(s->db, direction < 0 ?
	    "SELECT ref FROM visible WHERE box = ?1 AND"
	    " (received_ms, id) < (?2, ?3)"
	    " ORDER BY received_ms DESC, id DESC LIMIT 1" :
	    "SELECT ref FROM visible WHERE box = ?1 AND"
	    " (received_ms, id) > (?2, ?3)"
	    " ORDER BY received_ms, id LIMIT 1", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	sqlite3_bind_text(q, 1, m->box, -1, SQLITE_STATIC);
	sqlite3_bind_int64(q, 2, m->received_ms);
	sqlite3_bind_int64(q, 3, m->id);
	if ((rc = sqlite3_step(q)) == SQLITE_ROW)
		snprintf(ref, 32, "%s", text_at(q, 0));
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? ERR_NOTFOUND : code_of(rc);
}

int
store_sender_count(struct store *s, const char *from_addr, int64_t *count,
    int64_t *first_ms)
{
	sqlite3_stmt	*q = NULL;
	int		 rc;

	rc = sqlite3_prepare_v2(s->db, "SELECT count(DISTINCT id),"
	    " min(received_ms) FROM visible WHERE from_addr = ?", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	sqlite3_bind_text(q, 1, from_addr, -1, SQLITE_STATIC);
	if ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		*count = sqlite3_column_int64(q, 0);
		*first_ms = sqlite3_column_int64(q, 1);
	}
	sqlite3_finalize(q);
	return code_of(rc);
}

int
store_parts(struct store *s, const struct mail *m,
    int (*fn)(void *arg, const struct part *p), void *arg)
{
	struct part	 p;
	int		 r, rc = SQLITE_DONE;

	r = ready(s, &s->parts_q, "SELECT " PART_COLUMNS
	    " FROM main.part WHERE mail_id = ? ORDER BY part");
	if (r != ERR_OK)
		return r;
	sqlite3_bind_int64(s->parts_q, 1, m->id);
	while (r == ERR_OK && (rc = sqlite3_step(s->parts_q)) == SQLITE_ROW) {
		read_part(s->parts_q, &p, NULL);
		r = fn(arg, &p);
	}
	sqlite3_reset(s->parts_q);
	return r != ERR_OK ? r : code_of(rc);
}

int
store_part(struct store *s, const struct mail *m, int64_t part,
    const struct part **out)
{
	int	 r, rc;

	r = ready(s, &s->part_q, "SELECT " PART_COLUMNS
	    " FROM main.part WHERE mail_id = ? AND part = ?");
	if (r != ERR_OK)
		return r;
	sqlite3_bind_int64(s->part_q, 1, m->id);
	sqlite3_bind_int64(s->part_q, 2, part);
	rc = sqlite3_step(s->part_q);
	r = rc == SQLITE_DONE ? ERR_NOTFOUND : code_of(rc);
	if (rc == SQLITE_ROW)
		r = read_part(s->part_q, &s->part, &s->part_strings);
	sqlite3_reset(s->part_q);
	if (r == ERR_OK)
		*out = &s->part;
	return r;
}

int
store_facts(struct store *s, const struct mail *m, int64_t part,
    int (*fn)(void *arg, const char *fact, const char *value), void *arg)
{
	int	 r, rc = SQLITE_DONE;

	r = ready(s, &s->facts_q, "SELECT fact, value FROM main.fact"
	    " WHERE mail_id = ? AND part = ? ORDER BY rowid");
	if (r != ERR_OK)
		return r;
	sqlite3_bind_int64(s->facts_q, 1, m->id);
	sqlite3_bind_int64(s->facts_q, 2, part);
	while (r == ERR_OK && (rc = sqlite3_step(s->facts_q)) == SQLITE_ROW)
		r = fn(arg, text_at(s->facts_q, 0), text_at(s->facts_q, 1));
	sqlite3_reset(s->facts_q);
	return r != ERR_OK ? r : code_of(rc);
}

/* A statement over one row of (mail, part, page). */
static int
prepare_page(struct store *s, const char *sql, const struct mail *m,
    int64_t part, int64_t page, sqlite3_stmt **q)
{
	int	 rc;

	if (s->db == NULL)
		return ERR_NOTFOUND;
	if ((rc = sqlite3_prepare_v2(s->db, sql, -1, q, NULL)) != SQLITE_OK)
		return code_of(rc);
	sqlite3_bind_int64(*q, 1, m->id);
	sqlite3_bind_int64(*q, 2, part);
	sqlite3_bind_int64(*q, 3, page);
	if ((rc = sqlite3_step(*q)) == SQLITE_ROW)
		return ERR_OK;
	sqlite3_finalize(*q);
	*q = NULL;
	return rc == SQLITE_DONE ? ERR_NOTFOUND : code_of(rc);
}

int
store_text(struct store *s, const struct mail *m, int64_t part, int64_t page,
    char **out)
{
	sqlite3_stmt	*q = NULL;
	char		*copy;
	int		 r;

	r = prepare_page(s, "SELECT text FROM main.text WHERE mail_id = ?"
	    " AND part = ? AND page = ?", m, part, page, &q);
	if (r != ERR_OK)
		return r;
	copy = strdup(text_at(q, 0));
	sqlite3_finalize(q);
	if (copy == NULL)
		return ERR_MEMORY;
	*out = copy;
	return ERR_OK;
}

int
store_page_size(struct store *s, const struct mail *m, int64_t part,
    int64_t page, uint32_t *width, uint32_t *height)
{
	sqlite3_stmt	*q = NULL;
	int		 r;

	r = prepare_page(s, "SELECT width, height FROM main.page"
	    " WHERE mail_id = ? AND part = ? AND page = ?", m, part, page, &q);
	if (r != ERR_OK)
		return r;
	*width = (uint32_t)sqlite3_column_int64(q, 0);
	*height = (uint32_t)sqlite3_column_int64(q, 1);
	sqlite3_finalize(q);
	return ERR_OK;
}

/* One name inside a folder, never a way out of it. */
static int
is_name(const char *s)
{
	return s[0] != '\0' && s[0] != '.' && strchr(s, '/') == NULL &&
	    strlen(s) < 256;
}

/* A reader such as Dovecot renames FILE to FILE:2,FLAGS. */
static int
open_flagged(int box, const char *folder, const char *file)
{
	struct dirent	*e;
	DIR		*d;
	size_t		 n = strlen(file);
	int		 dirfd, fd = -1;

	dirfd = openat(box, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (dirfd == -1)
		return -1;
	fd = openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1 || (d = fdopendir(dirfd)) == NULL) {
		close(dirfd);
		return fd;
	}
	while (fd == -1 && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, file, n) == 0 && e->d_name[n] == ':')
			fd = openat(dirfd, e->d_name, O_RDONLY | O_NOFOLLOW |
			    O_CLOEXEC);
	closedir(d);
	return fd;
}

static int
open_mail(struct store *s, const struct mail *m)
{
	int	 root, box, fd = -1;

	if (!is_name(m->box) || !is_name(m->file))
		return -1;
	root = open(s->mail, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root == -1)
		return -1;
	box = openat(root, m->box, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	close(root);
	if (box == -1)
		return -1;
	if ((fd = open_flagged(box, "new", m->file)) == -1)
		fd = open_flagged(box, "cur", m->file);
	close(box);
	return fd;
}

/* The row as a picture; ERR_FORMAT when the index holds what no picture is. */
static int
read_picture(sqlite3_stmt *q, struct picture *p)
{
	const char	*form = text_at(q, 2), *type = text_at(q, 10);
	int		 n = sqlite3_column_bytes(q, 5);

	memset(p, 0, sizeof(*p));
	p->width = (uint32_t)sqlite3_column_int64(q, 0);
	p->height = (uint32_t)sqlite3_column_int64(q, 1);
	p->depth = (uint8_t)sqlite3_column_int(q, 3);
	p->color = (uint8_t)sqlite3_column_int(q, 4);
	p->crc = (uint32_t)sqlite3_column_int64(q, 6);
	p->offset = sqlite3_column_int64(q, 7);
	p->length = sqlite3_column_int64(q, 8);
	p->file_offset = sqlite3_column_int64(q, 9);
	p->file_size = sqlite3_column_int64(q, 11);
	if (n < 0 || n > (int)sizeof(p->palette) || n % 3 != 0)
		return ERR_FORMAT;
	if (n > 0)
		memcpy(p->palette, sqlite3_column_blob(q, 5), (size_t)n);
	p->palette_len = (size_t)n;
	p->form = strcmp(form, "png") == 0 ? PICTURE_PNG :
	    strcmp(form, "jpeg") == 0 ? PICTURE_JPEG : PICTURE_FILE;
	p->type = p->form == PICTURE_JPEG ? "image/jpeg" : "image/png";
	if (p->form == PICTURE_FILE) {	/* the whole attachment */
		p->offset = 0;
		p->length = p->file_size;
	}
	if (p->form == PICTURE_FILE && strcmp(type, "image/jpeg") == 0)
		p->type = "image/jpeg";
	else if (p->form == PICTURE_FILE && strcmp(type, "image/png") != 0)
		return ERR_FORMAT;
	return ERR_OK;
}

int
store_picture(struct store *s, const struct mail *m, int64_t part, int64_t page,
    uint8_t **data, size_t *len, const char **type)
{
	struct picture	 p;
	sqlite3_stmt	*q = NULL;
	int		 fd, r;

	r = prepare_page(s, "SELECT g.width, g.height, g.form, g.depth,"
	    " g.color, g.palette, g.crc, g.offset, g.length, p.file_offset,"
	    " p.file_type, p.file_size FROM main.page g JOIN main.part p"
	    " ON p.mail_id = g.mail_id AND p.part = g.part"
	    " WHERE g.mail_id = ? AND g.part = ? AND g.page = ?",
	    m, part, page, &q);
	if (r != ERR_OK)
		return r;
	r = read_picture(q, &p);
	sqlite3_finalize(q);
	if (r != ERR_OK)
		return r;
	if ((fd = open_mail(s, m)) == -1)
		return ERR_SYS;
	if ((r = picture_load(fd, &p, data, len)) == ERR_OK)
		*type = p.type;
	close(fd);
	return r;
}
