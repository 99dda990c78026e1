/*
 * Accounts: state/accounts/accounts.db (SQLite). Who may sign in, which boxes
 * each may read, and which mails each has read.
 */
#ifndef LIMPID_ACCOUNTS_H
#define LIMPID_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_NAME_MAX	64
#define ACCOUNT_BOXES_MAX	64
#define ACCOUNT_PASSWORD_MIN	10
#define ACCOUNT_PASSWORD_MAX	1024

struct account {
	int64_t		 id;
	char		*name;
	int		 disabled;
	int64_t		 epoch;		/* rises with every change; ends sessions */
	int64_t		 created_ms, last_ms; /* last sign-in, 0 never */
	char		**boxes;	/* the first is the Inbox */
	size_t		 box_count;
};

struct accounts;

/*
 * Opens the database; create makes folder-less file and tables when missing.
 * ERR_NOTFOUND when it is not there, ERR_SYS or ERR_FORMAT when it cannot be
 * used.
 */
int accounts_open(const char *path, int create, struct accounts **ap);
void accounts_close(struct accounts *a);

/* 1 for names of 1 to 64 letters, digits and . _ - @ + that begin with a letter
 * or digit: accounts and boxes. */
int account_name_ok(const char *name);

/*
 * The account whose name and password these are; *out is the caller's
 * (account_free). ERR_DENIED for a wrong name, a wrong password and a disabled
 * account alike, after the same work. Notes the time of a good sign-in.
 */
int accounts_check(struct accounts *a, const char *name, const char *password,
    int64_t now_ms, struct account **out);

/* By id or name; *out is the caller's. ERR_NOTFOUND. */
int accounts_load(struct accounts *a, int64_t id, struct account **out);
int accounts_find(struct accounts *a, const char *name, struct account **out);
void account_free(struct account *one);

/* ERR_EXISTS for a name in use, ERR_LIMIT for a name, password or box that is
 * not allowed. */
int accounts_add(struct accounts *a, const char *name, const char *password,
    char *const *boxes, size_t box_count, int64_t now_ms);
/* ERR_NOTFOUND, or ERR_LIMIT for a password that is too short or long. Also
 * enables a disabled account. */
int accounts_set_password(struct accounts *a, const char *name,
    const char *password);
int accounts_disable(struct accounts *a, const char *name);

/* Calls fn for each account by name; its negative return ends the walk. */
int accounts_each(struct accounts *a,
    int (*fn)(void *arg, const struct account *one), void *arg);

/* Notes that the account has read (or has not read) the mail. */
int accounts_mark_seen(struct accounts *a, int64_t id, const char *ref,
    int seen);

#endif
