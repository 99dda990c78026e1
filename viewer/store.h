/*
 * Store: the index of delivered mail and the mail files, both only read. What an
 * account may see is set once a request by store_reader; every query goes over
 * the view that this makes, and without it nothing is visible.
 */
#ifndef LIMPID_STORE_H
#define LIMPID_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "picture.h"

struct account;
struct store;

/* All strings are borrowed until the callback or the next call returns. */
struct mail {
	int64_t		 id;
	int64_t		 received_ms, filed_ms, size, parts, pages, stubs, cuts;
	const char	*ref, *from_addr, *from_name, *reply_to, *to_line,
			*cc_line, *subject, *date_claimed, *client, *tls, *auth,
			*sha256, *policy, *outcome, *reason, *snippet, *box,
			*file, *sender;
	int		 document, seen;
};

struct part {
	int64_t		 id, parent, size, pages, pages_total, file_size;
	const char	*path, *name, *kind, *declared, *outcome, *reason, *note,
			*rule, *engine, *file_type;
	int		 body, depth;
};

enum store_show { STORE_ALL, STORE_UNREAD, STORE_CUTS };

/* What a list asks for; NULL strings and zeros ask for nothing. */
struct store_query {
	const char	*box;		/* only this box */
	enum store_show	 show;
	const char	*match;		/* FTS5 expression */
	const char	*from, *to, *subject, *file, *reason;	/* substrings */
	const char	*word;		/* too short for trigrams: substring */
	int64_t		 after_ms, before_ms, larger;
	int64_t		 limit, offset;
};

/*
 * index: state/index/index.db; mail: state/mail; accounts: accounts.db. The index
 * may be missing: it is tried again at every request. ERR_MEMORY.
 */
int store_open(const char *index, const char *mail, const char *accounts,
    struct store **sp);
void store_close(struct store *s);

/*
 * Begins a request for this account, NULL for nobody: only mail in its boxes is
 * visible until the next call. ERR_NOTFOUND when there is no index yet,
 * ERR_AGAIN when it is being written, other errors when it cannot be read.
 */
int store_reader(struct store *s, const struct account *who);

/* Calls fn for each mail, newest first; its negative return ends the walk. */
int store_list(struct store *s, const struct store_query *q,
    int (*fn)(void *arg, const struct mail *m), void *arg);
/* How many mails a query has (limit and offset aside). */
int store_count(struct store *s, const struct store_query *q, int64_t *out);

/*
 * The mail by its reference, when the reader may see it: ERR_NOTFOUND otherwise,
 * whether it exists or not. *out is borrowed until the next store_mail or
 * store_reader.
 */
int store_mail(struct store *s, const char *ref, const struct mail **out);

/* The next older (-1) or newer (1) mail of the same box: its reference. */
int store_beside(struct store *s, const struct mail *m, int direction,
    char ref[32]);

/* How many mails of this sender the reader can see, and since when. */
int store_sender_count(struct store *s, const char *from_addr, int64_t *count,
    int64_t *first_ms);

/* Rows of a mail that store_mail or store_list gave; ordered. */
int store_parts(struct store *s, const struct mail *m,
    int (*fn)(void *arg, const struct part *p), void *arg);
int store_part(struct store *s, const struct mail *m, int64_t part,
    const struct part **out);
int store_facts(struct store *s, const struct mail *m, int64_t part,
    int (*fn)(void *arg, const char *fact, const char *value), void *arg);

/* Text of a page (-1: of no page); a new string, caller frees. ERR_NOTFOUND. */
int store_text(struct store *s, const struct mail *m, int64_t part,
    int64_t page, char **out);

/* Width and height of a page. ERR_NOTFOUND. */
int store_page_size(struct store *s, const struct mail *m, int64_t part,
    int64_t page, uint32_t *width, uint32_t *height);

/* The page picture: opens the mail's file and reads it; *data is the caller's.
 * *type is a constant. ERR_NOTFOUND, or what picture_load says. */
int store_picture(struct store *s, const struct mail *m, int64_t part,
    int64_t page, uint8_t **data, size_t *len, const char **type);

#endif
