/*
 * Sessions: who is signed in, in memory only. A restart signs everybody out.
 */
#ifndef LIMPID_SESSION_H
#define LIMPID_SESSION_H

#include <stddef.h>
#include <stdint.h>

#define SESSION_TOKEN_LEN	43	/* 256 random bits in base64url */
#define SESSION_RECENT		64

struct session {
	uint8_t		 id[32];	/* its cookie's bits */
	char		 token[SESSION_TOKEN_LEN + 1]; /* for its forms */
	int64_t		 account;
	int64_t		 epoch;		/* of the account when it signed in */
	int64_t		 began_ms, last_ms;
	int		 used;
	/* references whose reading is already in the record */
	char		 recent[SESSION_RECENT][32];
	size_t		 recent_next;
};

struct sessions;

/* max sessions at once; the longest idle one makes room. NULL: no memory. */
struct sessions *sessions_new(int64_t idle_ms, int64_t absolute_ms, size_t max);
void sessions_free(struct sessions *s);

/*
 * A fresh session for the account; writes the cookie's value. The session is
 * borrowed until it ends. ERR_SYS when the kernel gives no randomness.
 */
int session_begin(struct sessions *s, int64_t account, int64_t epoch,
    int64_t now_ms, char cookie[SESSION_TOKEN_LEN + 1], struct session **out);

/* The session of a cookie and notes its use; NULL when there is none or it is
 * over. */
struct session *session_find(struct sessions *s, const char *cookie,
    int64_t now_ms);
void session_end(struct sessions *s, struct session *one);

/* 1 when the form's token is the session's; in constant time. */
int session_token_ok(const struct session *one, const char *token);

/* 1 when this reference was not yet noted in this session, and notes it. */
int session_note(struct session *one, const char *ref);

/* 1 when equal; in constant time. */
int session_same(const uint8_t *a, const uint8_t *b, size_t len);

#endif
