/*
 * The index's file and its small queries. Runs in limpid-deliverd and
 * limpid-index. Hostile input: values, only ever bound to prepared statements.
 * Must never build SQL from a value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "err.h"
#include "index_private.h"

#define BUSY_MS		20000

static const char schema[] =
#include "index_sql.h"
    ;

static const char *const sql[QUERY_MAX] = {
	[QUERY_FIND] = "SELECT outcome = 'stub' AND parts = 0 FROM mail "
	    "WHERE ref = ?1",
	[QUERY_COUNT] = "SELECT count(*) FROM mail",
	[QUERY_IN_BOX] = "SELECT 1 FROM mailbox JOIN mail ON "
	    "mail.id = mail_id WHERE ref = ?1 AND box = ?2",
	[QUERY_BOXES] = "SELECT box, file FROM mailbox JOIN mail ON "
	    "mail.id = mail_id WHERE ref = ?1 ORDER BY box LIMIT 1 OFFSET ?2",
	[QUERY_ADD_MAIL] = "INSERT INTO mail (ref, received_ms, filed_ms, "
	    "sender, from_addr, from_name, reply_to, to_line, cc_line, subject, "
	    "date_claimed, message_id, in_reply_to, refs, client, tls, auth, "
	    "size, sha256, policy, outcome, reason, parts, pages, stubs, cuts, "
	    "document, snippet, file_size) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
	    "?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, "
	    "?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
	[QUERY_ADD_BOX] = "INSERT OR IGNORE INTO mailbox (mail_id, box, file, "
	    "rcpt) SELECT id, ?2, ?3, ?4 FROM mail WHERE ref = ?1",
	[QUERY_ADD_PART] = "INSERT INTO part (mail_id, part, parent, depth, "
	    "path, name, kind, declared, size, sha256, body, outcome, reason, "
	    "note, rule, engine, millis, pages, pages_total, file_name, "
	    "file_type, file_size, file_offset) VALUES (?1, ?2, ?3, ?4, ?5, "
	    "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
	    "?20, ?21, ?22, ?23)",
	[QUERY_ADD_FACT] = "INSERT INTO fact (mail_id, part, fact, value) "
	    "VALUES (?1, ?2, ?3, ?4)",
	[QUERY_ADD_TEXT] = "INSERT INTO text (mail_id, part, page, text) "
	    "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "
	    "text = text || excluded.text",
	[QUERY_ADD_PAGE] = "INSERT INTO page (mail_id, part, page, width, "
	    "height, form, depth, color, palette, crc, offset, length) VALUES "
	    "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[QUERY_ADD_SEARCH] = "INSERT INTO search (rowid, subject, people, body, "
	    "attachments) VALUES (?1, ?2, ?3, ?4, ?5)",
	[QUERY_REMOVE_SEARCH] = "DELETE FROM search WHERE rowid = (SELECT id "
	    "FROM mail WHERE ref = ?1)",
	[QUERY_REMOVE] = "DELETE FROM mail WHERE ref = ?1",
	[QUERY_MISSING_CHANGE] = "SELECT change FROM missing_list WHERE "
	    "link = ?1",
	[QUERY_MISSING_HEAL] = "UPDATE missing SET state = 'healed' WHERE "
	    "link = ?1 AND (state = 'missing' OR (state = 'accepted' AND "
	    "sequence >= ?2))",
	[QUERY_MISSING_ADD] = "INSERT INTO missing (link, sequence, "
	    "first_seen_ms, state) VALUES (?1, ?2, ?3, ?4) "
	    "ON CONFLICT DO UPDATE SET state = excluded.state",
	[QUERY_MISSING_LIST] = "INSERT OR REPLACE INTO missing_list (link, "
	    "change, more) VALUES (?1, ?2, ?3)",
};

static int
index_prepare(struct index_db *x)
{
	int	 i;

	if (sqlite3_exec(x->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
	    sqlite3_exec(x->db, "PRAGMA foreign_keys = ON", NULL, NULL,
	    NULL) != SQLITE_OK)
		return ERR_SYS;
	for (i = 0; i < QUERY_MAX; i++)
		if (sqlite3_prepare_v3(x->db, sql[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &x->query[i],
		    NULL) != SQLITE_OK)
			return ERR_SYS;
	return ERR_OK;
}

int
index_open(const char *path, struct index_db **ip, char **why)
{
	struct index_db	*x;
	struct stat	 st;
	int		 r = ERR_SYS;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return ERR_MEMORY;
	x->path = strdup(path);
	if (x->path != NULL && sqlite3_open_v2(path, &x->db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK &&
	    sqlite3_busy_timeout(x->db, BUSY_MS) == SQLITE_OK &&
	    (r = index_prepare(x)) == ERR_OK && stat(path, &st) == 0) {
		x->dev = st.st_dev;
		x->ino = st.st_ino;
		*ip = x;
		return ERR_OK;
	}
	if (why != NULL && asprintf(why, "%s: %s; `limpid index rebuild` makes "
	    "it again from the mails", path, x->db == NULL ? "no memory" :
	    sqlite3_errmsg(x->db)) == -1)
		*why = NULL;
	index_close(x);
	return r == ERR_OK ? ERR_SYS : r;
}

void
index_close(struct index_db *x)
{
	int	 i;

	if (x == NULL)
		return;
	for (i = 0; i < QUERY_MAX; i++)
		sqlite3_finalize(x->query[i]);
	sqlite3_close(x->db);
	free(x->path);
	free(x);
}

int
index_replaced(const struct index_db *x)
{
	struct stat	 st;

	return stat(x->path, &st) == -1 || st.st_dev != x->dev ||
	    st.st_ino != x->ino;
}

const char *
index_why(const struct index_db *x)
{
	return sqlite3_errmsg(x->db);
}

sqlite3_stmt *
index_query(struct index_db *x, enum index_query q)
{
	sqlite3_reset(x->query[q]);
	sqlite3_clear_bindings(x->query[q]);
	return x->query[q];
}

int
index_run(sqlite3_stmt *s)
{
	int	 r = sqlite3_step(s);

	sqlite3_reset(s);
	if (r == SQLITE_DONE)
		return ERR_OK;
	return r == SQLITE_FULL ? ERR_FULL : r == SQLITE_CONSTRAINT ?
	    ERR_FORMAT : ERR_SYS;
}

static int
index_exec(struct index_db *x, const char *statement)
{
	return sqlite3_exec(x->db, statement, NULL, NULL, NULL) == SQLITE_OK ?
	    ERR_OK : ERR_SYS;
}

int
index_begin(struct index_db *x)
{
	return index_exec(x, "BEGIN IMMEDIATE");
}

int
index_commit(struct index_db *x)
{
	return index_exec(x, "COMMIT");
}

void
index_rollback(struct index_db *x)
{
	if (!sqlite3_get_autocommit(x->db))
		index_exec(x, "ROLLBACK");
}

int
index_mark(struct index_db *x)
{
	return index_exec(x, "SAVEPOINT one");
}

int
index_keep(struct index_db *x)
{
	return index_exec(x, "RELEASE one");
}

void
index_undo(struct index_db *x)
{
	index_exec(x, "ROLLBACK TO one");
	index_exec(x, "RELEASE one");
}

static void
bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
}

int
index_find(struct index_db *x, const char *ref, enum index_state *state)
{
	sqlite3_stmt	*s = index_query(x, QUERY_FIND);
	int		 r;

	bind_text(s, 1, ref);
	r = sqlite3_step(s);
	if (r == SQLITE_ROW)
		*state = sqlite3_column_int(s, 0) ? INDEX_STUB : INDEX_WHOLE;
	else if (r == SQLITE_DONE)
		*state = INDEX_NONE;
	sqlite3_reset(s);
	return r == SQLITE_ROW || r == SQLITE_DONE ? ERR_OK : ERR_SYS;
}

int64_t
index_count(struct index_db *x)
{
	sqlite3_stmt	*s = index_query(x, QUERY_COUNT);
	int64_t		 n = ERR_SYS;

	if (sqlite3_step(s) == SQLITE_ROW)
		n = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return n;
}

int
index_in_box(struct index_db *x, const char *ref, const char *box)
{
	sqlite3_stmt	*s = index_query(x, QUERY_IN_BOX);
	int		 r;

	bind_text(s, 1, ref);
	bind_text(s, 2, box);
	r = sqlite3_step(s);
	sqlite3_reset(s);
	return r == SQLITE_ROW ? 1 : r == SQLITE_DONE ? 0 : ERR_SYS;
}

int
index_box(struct index_db *x, const char *ref, int n, char **box, char **file)
{
	sqlite3_stmt	*s = index_query(x, QUERY_BOXES);
	int		 r, result = ERR_SYS;

	bind_text(s, 1, ref);
	sqlite3_bind_int(s, 2, n);
	r = sqlite3_step(s);
	if (r == SQLITE_ROW) {
		*box = strdup((const char *)sqlite3_column_text(s, 0));
		*file = strdup((const char *)sqlite3_column_text(s, 1));
		result = ERR_OK;
		if (*box == NULL || *file == NULL) {
			free(*box);
			free(*file);
			result = ERR_MEMORY;
		}
	} else if (r == SQLITE_DONE)
		result = ERR_NOTFOUND;
	sqlite3_reset(s);
	return result;
}

int
index_add_box(struct index_db *x, const char *ref, const char *box,
    const char *file, const char *rcpt)
{
	sqlite3_stmt	*s = index_query(x, QUERY_ADD_BOX);

	bind_text(s, 1, ref);
	bind_text(s, 2, box);
	bind_text(s, 3, file);
	bind_text(s, 4, rcpt);
	return index_run(s);
}

int
index_remove(struct index_db *x, const char *ref)
{
	sqlite3_stmt	*s = index_query(x, QUERY_REMOVE_SEARCH);
	int		 r;

	bind_text(s, 1, ref);
	if ((r = index_run(s)) != ERR_OK)
		return r;
	s = index_query(x, QUERY_REMOVE);
	bind_text(s, 1, ref);
	return index_run(s);
}
