/*
 * Purpose: the table of who is signed in.
 * Process: limpid-viewerd.
 * Hostile input: cookies and form tokens.
 * Must never: tell by its timing how much of a cookie was right, or keep a
 *	session beyond its idle or absolute end.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "err.h"
#include "session.h"

struct sessions {
	int64_t		 idle_ms, absolute_ms;
	size_t		 max;
	struct session	*all;
};

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789-_";

static void
write_token(const uint8_t b[32], char out[SESSION_TOKEN_LEN + 1])
{
	size_t		 i, bit;
	unsigned	 v;

	for (i = 0; i < SESSION_TOKEN_LEN; i++) {
		bit = i * 6;
		v = (unsigned)b[bit / 8] << 8;
		if (bit / 8 + 1 < 32)
			v |= b[bit / 8 + 1];
		out[i] = digits[v >> (10 - bit % 8) & 63];
	}
	out[i] = '\0';
}

/* The bits of a cookie; 0 when it is not one of ours. */
static int
read_token(const char *s, uint8_t b[32])
{
	const char	*p;
	size_t		 i, bit;
	unsigned	 v;

	memset(b, 0, 32);
	for (i = 0; i < SESSION_TOKEN_LEN; i++) {
		if (s[i] == '\0' || (p = strchr(digits, s[i])) == NULL)
			return 0;
		bit = i * 6;
		v = (unsigned)(p - digits) << (10 - bit % 8);
		b[bit / 8] |= (uint8_t)(v >> 8);
		if (bit / 8 + 1 < 32)
			b[bit / 8 + 1] |= (uint8_t)v;
	}
	return s[i] == '\0';
}

struct sessions *
sessions_new(int64_t idle_ms, int64_t absolute_ms, size_t max)
{
	struct sessions	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if ((s->all = calloc(max, sizeof(*s->all))) == NULL) {
		free(s);
		return NULL;
	}
	s->idle_ms = idle_ms;
	s->absolute_ms = absolute_ms;
	s->max = max;
	return s;
}

void
sessions_free(struct sessions *s)
{
	if (s == NULL)
		return;
	free(s->all);
	free(s);
}

int
session_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned	 diff = 0;
	size_t		 i;

	for (i = 0; i < len; i++)
		diff |= (unsigned)(a[i] ^ b[i]);
	return diff == 0;
}

static int
is_over(const struct sessions *s, const struct session *one, int64_t now_ms)
{
	return now_ms - one->last_ms > s->idle_ms ||
	    now_ms - one->began_ms > s->absolute_ms;
}

/* A free place: an unused or ended one, else that of the longest idle. */
static struct session *
find_place(struct sessions *s, int64_t now_ms)
{
	struct session	*oldest = &s->all[0];
	size_t		 i;

	for (i = 0; i < s->max; i++) {
		if (!s->all[i].used || is_over(s, &s->all[i], now_ms))
			return &s->all[i];
		if (s->all[i].last_ms < oldest->last_ms)
			oldest = &s->all[i];
	}
	return oldest;
}

int
session_begin(struct sessions *s, int64_t account, int64_t epoch,
    int64_t now_ms, char cookie[SESSION_TOKEN_LEN + 1], struct session **out)
{
	struct session	*one;
	uint8_t		 bits[64];

	if (getrandom(bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		return ERR_SYS;
	one = find_place(s, now_ms);
	memset(one, 0, sizeof(*one));
	memcpy(one->id, bits, 32);
	write_token(bits, cookie);
	write_token(bits + 32, one->token);
	explicit_bzero(bits, sizeof(bits));
	one->account = account;
	one->epoch = epoch;
	one->began_ms = one->last_ms = now_ms;
	one->used = 1;
	*out = one;
	return ERR_OK;
}

struct session *
session_find(struct sessions *s, const char *cookie, int64_t now_ms)
{
	struct session	*found = NULL;
	uint8_t		 id[32];
	size_t		 i;

	if (cookie == NULL || !read_token(cookie, id))
		return NULL;
	for (i = 0; i < s->max; i++)
		if (session_same(s->all[i].id, id, sizeof(id)) &&
		    s->all[i].used)
			found = &s->all[i];
	if (found == NULL)
		return NULL;
	if (is_over(s, found, now_ms)) {
		session_end(s, found);
		return NULL;
	}
	found->last_ms = now_ms;
	return found;
}

void
session_end(struct sessions *s, struct session *one)
{
	(void)s;
	explicit_bzero(one, sizeof(*one));
}

int
session_token_ok(const struct session *one, const char *token)
{
	if (token == NULL || strlen(token) != SESSION_TOKEN_LEN)
		return 0;
	return session_same((const uint8_t *)one->token,
	    (const uint8_t *)token, SESSION_TOKEN_LEN);
}

int
session_note(struct session *one, const char *ref)
{
	size_t	 i;

	for (i = 0; i < SESSION_RECENT; i++)
		if (strcmp(one->recent[i], ref) == 0)
			return 0;
	i = one->recent_next++ % SESSION_RECENT;
	memset(one->recent[i], 0, sizeof(one->recent[i]));
	memcpy(one->recent[i], ref, strnlen(ref, sizeof(one->recent[i]) - 1));
	return 1;
}
