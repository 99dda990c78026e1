/*
 * The index of delivered mail (index.sql), in SQLite: written by limpid-deliverd
 * from the report of each mail, and made again by limpid-index from the mails.
 */
#ifndef LIMPID_INDEX_H
#define LIMPID_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct index_db;

/* Opens or makes the index. *why (caller frees, may be NULL) says what is wrong. */
int index_open(const char *path, struct index_db **ip, char **why);
void index_close(struct index_db *x);
/* Whether path is no longer the file that was opened (it was made again). */
int index_replaced(const struct index_db *x);

int index_begin(struct index_db *x);
int index_commit(struct index_db *x);
void index_rollback(struct index_db *x);
/* One mail inside a transaction: begin, then keep it or undo it. */
int index_mark(struct index_db *x);
int index_keep(struct index_db *x);
void index_undo(struct index_db *x);
/* What SQLite said last; borrowed. */
const char *index_why(const struct index_db *x);

enum index_state {
	INDEX_NONE = 0,		/* the reference is not there */
	INDEX_STUB,		/* there, but only as a notice without content */
	INDEX_WHOLE,
	INDEX_GONE		/* for deliver: whole, but no box has its file */
};
/* ERR_OK and the state of ref (LM-...) */
int index_find(struct index_db *x, const char *ref, enum index_state *state);
/* How many mails there are, or an error. */
int64_t index_count(struct index_db *x);
/* 1 when ref is in the box, 0, or an error. */
int index_in_box(struct index_db *x, const char *ref, const char *box);
/* The n-th (from 0) box and file of ref: new strings, or ERR_NOTFOUND. */
int index_box(struct index_db *x, const char *ref, int n, char **box,
    char **file);

/*
 * Adds a mail: its report (plain JSON, read from its start) and the mail itself,
 * for the texts. ref must be what the report says. ERR_FORMAT when they do not
 * hold together; then nothing was added if the caller rolls back.
 */
int index_add(struct index_db *x, const char *ref, int report, int mail);
int index_add_box(struct index_db *x, const char *ref, const char *box,
    const char *file, const char *rcpt);
/* Everything about ref. */
int index_remove(struct index_db *x, const char *ref);

#endif
