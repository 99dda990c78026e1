/*
 * Purpose: accounts, their boxes and what they have read, in SQLite.
 * Process: limpid-viewerd, limpid-user.
 * Hostile input: names and passwords typed into the sign-in page.
 * Must never: tell by its answer or its time whether a name exists, or keep a
 *	password.
 */
#include <argon2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "accounts.h"
#include "err.h"

/* argon2id: 3 passes over 32 MiB in one lane, about 60 ms. */
#define PASSES	3
#define KIB	32768
#define HASH	32
#define SALT	16
#define ENCODED	160

struct accounts {
	sqlite3	*db;
	char	 nobody[ENCODED];	/* hash checked for unknown names */
};

static const char schema[] =
    "PRAGMA journal_mode = TRUNCATE;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE IF NOT EXISTS account ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE COLLATE NOCASE,"
    " hash TEXT NOT NULL,"
    " disabled INTEGER NOT NULL DEFAULT 0,"
    " epoch INTEGER NOT NULL DEFAULT 1,"
    " created_ms INTEGER NOT NULL,"
    " last_ms INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS account_box ("
    " account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,"
    " place INTEGER NOT NULL, box TEXT NOT NULL,"
    " PRIMARY KEY (account, box)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS seen ("
    " account INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,"
    " ref TEXT NOT NULL, PRIMARY KEY (account, ref)) WITHOUT ROWID;";

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
	case SQLITE_CONSTRAINT:
		return ERR_EXISTS;
	case SQLITE_FULL:
		return ERR_FULL;
	case SQLITE_NOMEM:
		return ERR_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ERR_FORMAT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return ERR_DENIED;
	default:
		return ERR_SYS;
	}
}

static int
hash_password(const char *password, char out[ENCODED])
{
	uint8_t	 salt[SALT];

	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return ERR_SYS;
	return argon2id_hash_encoded(PASSES, KIB, 1, password,
	    strlen(password), salt, sizeof(salt), HASH, out, ENCODED) ==
	    ARGON2_OK ? ERR_OK : ERR_MEMORY;
}

int
accounts_open(const char *path, int create, struct accounts **ap)
{
	struct accounts	*a;
	int		 r, flags;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return ERR_MEMORY;
	flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_NOFOLLOW | (create ? SQLITE_OPEN_CREATE : 0);
	r = sqlite3_open_v2(path, &a->db, flags, NULL);
	if (r == SQLITE_CANTOPEN) {
		accounts_close(a);
		return ERR_NOTFOUND;
	}
	sqlite3_busy_timeout(a->db, 3000);
	if (r == SQLITE_OK)
		r = sqlite3_exec(a->db, schema, NULL, NULL, NULL);
	if ((r = code_of(r)) == ERR_OK)
		r = hash_password("", a->nobody);
	if (r != ERR_OK) {
		accounts_close(a);
		return r;
	}
	*ap = a;
	return ERR_OK;
}

void
accounts_close(struct accounts *a)
{
	if (a == NULL)
		return;
	sqlite3_close(a->db);
	free(a);
}

int
account_name_ok(const char *name)
{
	static const char	 more[] = "._-@+";
	size_t			 i;

	for (i = 0; name[i] != '\0'; i++) {
		if ((name[i] >= 'a' && name[i] <= 'z') ||
		    (name[i] >= 'A' && name[i] <= 'Z') ||
		    (name[i] >= '0' && name[i] <= '9'))
			continue;
		if (i == 0 || strchr(more, name[i]) == NULL)
			return 0;
	}
	return i > 0 && i <= ACCOUNT_NAME_MAX;
}

void
account_free(struct account *one)
{
	size_t	 i;

	if (one == NULL)
		return;
	for (i = 0; i < one->box_count; i++)
		free(one->boxes[i]);
	free(one->boxes);
	free(one->name);
	free(one);
}

static int
load_boxes(struct accounts *a, struct account *one)
{
	sqlite3_stmt	*q = NULL;
	int		 rc;

	if ((one->boxes = calloc(ACCOUNT_BOXES_MAX, sizeof(char *))) == NULL)
		return ERR_MEMORY;
	rc = sqlite3_prepare_v2(a->db, "SELECT box FROM account_box"
	    " WHERE account = ? ORDER BY place", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	sqlite3_bind_int64(q, 1, one->id);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW &&
	    one->box_count < ACCOUNT_BOXES_MAX) {
		one->boxes[one->box_count] =
		    strdup((const char *)sqlite3_column_text(q, 0));
		if (one->boxes[one->box_count] == NULL)
			break;
		one->box_count++;
	}
	sqlite3_finalize(q);
	return rc == SQLITE_DONE ? ERR_OK : ERR_LIMIT;
}

/* The account in the current row of: id name disabled epoch created last. */
static int
take_row(struct accounts *a, sqlite3_stmt *q, struct account **out)
{
	struct account	*one;
	int		 r = ERR_MEMORY;

	if ((one = calloc(1, sizeof(*one))) == NULL)
		return ERR_MEMORY;
	one->id = sqlite3_column_int64(q, 0);
	one->name = strdup((const char *)sqlite3_column_text(q, 1));
	one->disabled = sqlite3_column_int(q, 2);
	one->epoch = sqlite3_column_int64(q, 3);
	one->created_ms = sqlite3_column_int64(q, 4);
	one->last_ms = sqlite3_column_int64(q, 5);
	if (one->name == NULL || (r = load_boxes(a, one)) != ERR_OK) {
		account_free(one);
		return r;
	}
	*out = one;
	return ERR_OK;
}

#define COLUMNS "id, name, disabled, epoch, created_ms, last_ms"

int
accounts_load(struct accounts *a, int64_t id, struct account **out)
{
	sqlite3_stmt	*q = NULL;
	int		 rc, r;

	rc = sqlite3_prepare_v2(a->db, "SELECT " COLUMNS
	    " FROM account WHERE id = ?", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	sqlite3_bind_int64(q, 1, id);
	rc = sqlite3_step(q);
	r = rc == SQLITE_ROW ? take_row(a, q, out) :
	    rc == SQLITE_DONE ? ERR_NOTFOUND : code_of(rc);
	sqlite3_finalize(q);
	return r;
}

int
accounts_find(struct accounts *a, const char *name, struct account **out)
{
	sqlite3_stmt	*q = NULL;
	int		 rc, r;

	rc = sqlite3_prepare_v2(a->db, "SELECT " COLUMNS
	    " FROM account WHERE name = ?", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	r = rc == SQLITE_ROW ? take_row(a, q, out) :
	    rc == SQLITE_DONE ? ERR_NOTFOUND : code_of(rc);
	sqlite3_finalize(q);
	return r;
}

/* The stored hash, or that of nobody; 1 when the account exists and is on. */
static int
find_hash(struct accounts *a, const char *name, char out[ENCODED])
{
	sqlite3_stmt	*q = NULL;
	int		 found = 0;

	memcpy(out, a->nobody, ENCODED);
	if (sqlite3_prepare_v2(a->db, "SELECT hash, disabled FROM account"
	    " WHERE name = ?", -1, &q, NULL) != SQLITE_OK)
		return 0;
	sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_int(q, 1) == 0) {
		snprintf(out, ENCODED, "%s", sqlite3_column_text(q, 0));
		found = 1;
	}
	sqlite3_finalize(q);
	return found;
}

/* Runs a statement that changes rows; name may be NULL. */
static int
run(struct accounts *a, const char *sql, const char *text, int64_t number,
    const char *name)
{
	sqlite3_stmt	*q = NULL;
	int		 rc;

	rc = sqlite3_prepare_v2(a->db, sql, -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	if (text != NULL)
		sqlite3_bind_text(q, 1, text, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(q) > 1)
		sqlite3_bind_int64(q, 2, number);
	if (name != NULL)
		sqlite3_bind_text(q, 3, name, -1, SQLITE_STATIC);
	rc = sqlite3_step(q);
	sqlite3_finalize(q);
	return code_of(rc);
}

int
accounts_check(struct accounts *a, const char *name, const char *password,
    int64_t now_ms, struct account **out)
{
	char	 hash[ENCODED];
	int	 found, same;

	if (strlen(password) > ACCOUNT_PASSWORD_MAX)
		return ERR_DENIED;
	found = find_hash(a, name, hash);
	same = argon2id_verify(hash, password, strlen(password)) == ARGON2_OK;
	explicit_bzero(hash, sizeof(hash));
	if (!(found & same))
		return ERR_DENIED;
	run(a, "UPDATE account SET last_ms = ?2 WHERE name = ?1", name, now_ms,
	    NULL);
	return accounts_find(a, name, out);
}

static int
password_ok(const char *password)
{
	size_t	 n = strlen(password);

	return n >= ACCOUNT_PASSWORD_MIN && n <= ACCOUNT_PASSWORD_MAX;
}

static int
add_rows(struct accounts *a, const char *name, const char *hash,
    char *const *boxes, size_t box_count, int64_t now_ms)
{
	int64_t	 id;
	size_t	 i;
	char	 sql[160];
	int	 r;

	r = run(a, "INSERT INTO account(name, hash, created_ms)"
	    " VALUES (?3, ?1, ?2)", hash, now_ms, name);
	id = sqlite3_last_insert_rowid(a->db);
	for (i = 0; r == ERR_OK && i < box_count; i++) {
		snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO account_box"
		    "(account, place, box) VALUES (?2, %zu, ?1)", i);
		r = run(a, sql, boxes[i], id, NULL);
	}
	return r;
}

int
accounts_add(struct accounts *a, const char *name, const char *password,
    char *const *boxes, size_t box_count, int64_t now_ms)
{
	char	 hash[ENCODED];
	size_t	 i;
	int	 r;

	if (!account_name_ok(name) || !password_ok(password) ||
	    box_count > ACCOUNT_BOXES_MAX)
		return ERR_LIMIT;
	for (i = 0; i < box_count; i++)
		if (!account_name_ok(boxes[i]))
			return ERR_LIMIT;
	if ((r = hash_password(password, hash)) != ERR_OK)
		return r;
	if ((r = code_of(sqlite3_exec(a->db, "BEGIN IMMEDIATE", NULL, NULL,
	    NULL))) != ERR_OK)
		return r;
	r = add_rows(a, name, hash, boxes, box_count, now_ms);
	if (r == ERR_OK)
		return code_of(sqlite3_exec(a->db, "COMMIT", NULL, NULL, NULL));
	sqlite3_exec(a->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* run, and ERR_NOTFOUND when no account had that name. */
static int
change(struct accounts *a, const char *sql, const char *text, const char *name)
{
	int	 r = run(a, sql, text, 0, name);

	if (r == ERR_OK && sqlite3_changes(a->db) == 0)
		return ERR_NOTFOUND;
	return r;
}

int
accounts_set_password(struct accounts *a, const char *name,
    const char *password)
{
	char	 hash[ENCODED];
	int	 r;

	if (!password_ok(password))
		return ERR_LIMIT;
	if ((r = hash_password(password, hash)) != ERR_OK)
		return r;
	return change(a, "UPDATE account SET hash = ?1, disabled = ?2,"
	    " epoch = epoch + 1 WHERE name = ?3", hash, name);
}

int
accounts_disable(struct accounts *a, const char *name)
{
	return change(a, "UPDATE account SET disabled = 1, epoch = epoch + 1"
	    " WHERE name = ?1", name, NULL);
}

int
accounts_each(struct accounts *a,
    int (*fn)(void *arg, const struct account *one), void *arg)
{
	struct account	*one;
	sqlite3_stmt	*q = NULL;
	int		 rc, r = ERR_OK;

	rc = sqlite3_prepare_v2(a->db, "SELECT " COLUMNS
	    " FROM account ORDER BY name", -1, &q, NULL);
	if (rc != SQLITE_OK)
		return code_of(rc);
	while (r == ERR_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
		if ((r = take_row(a, q, &one)) != ERR_OK)
			break;
		r = fn(arg, one);
		account_free(one);
	}
	sqlite3_finalize(q);
	return r != ERR_OK ? r : code_of(rc);
}

int
accounts_mark_seen(struct accounts *a, int64_t id, const char *ref, int seen)
{
	return run(a, seen ?
	    "INSERT OR IGNORE INTO seen(ref, account) VALUES (?1, ?2)" :
	    "DELETE FROM seen WHERE ref = ?1 AND account = ?2", ref, id, NULL);
}
