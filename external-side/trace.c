/*
 * The lines that our own MTA put on top. Run by limpid-intaked for mail from
 * the MTA's socket only. Hostile: all lines below the MTA's, which try to look
 * like them. Must never believe a line below the second Received, and must
 * never hand out a value with a control character or beyond ASCII.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "err.h"
#include "trace.h"

/*
 * One unfolded field: blanks are single spaces, what is not printable is "?".
 */
struct field {
	char	 text[TRACE_VALUE_MAX + 1];
	size_t	 len;
};

static void
field_add(struct field *f, uint8_t c)
{
	if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
		if (f->len == 0 || f->text[f->len - 1] == ' ')
			return;
		c = ' ';
	} else if (c < 0x20 || c > 0x7e)
		c = '?';
	if (f->len < TRACE_VALUE_MAX)
		f->text[f->len++] = (char)c;
}

/* Reads one field with its folded lines; returns bytes used, 0 at the end of
 * the header or when it is cut. */
static size_t
field_read(const uint8_t *p, size_t len, struct field *f)
{
	size_t	 i;

	f->len = 0;
	if (len == 0 || p[0] == '\r' || p[0] == '\n')
		return 0;
	for (i = 0; i < len; i++) {
		field_add(f, p[i]);
		if (p[i] != '\n')
			continue;
		if (i + 1 == len)
			break;
		if (p[i + 1] != ' ' && p[i + 1] != '\t') {
			while (f->len > 0 && f->text[f->len - 1] == ' ')
				f->len--;
			f->text[f->len] = '\0';
			return i + 1;
		}
	}
	return 0;
}

/* The value after "name:", or NULL. */
static const char *
field_value(const struct field *f, const char *name)
{
	size_t	 n = strlen(name);

	if (strncasecmp(f->text, name, n) != 0 || f->text[n] != ':')
		return NULL;
	return f->text + n + 1 + strspn(f->text + n + 1, " ");
}

static int
auth_read(struct trace *t, const char *value, const char *authserv_id)
{
	size_t	 n = strcspn(value, "; ");

	if (authserv_id[0] == '\0' || n != strlen(authserv_id) ||
	    strncasecmp(value, authserv_id, n) != 0 ||
	    t->auth_count == TRACE_AUTH_MAX)
		return ERR_OK;
	if ((t->auth[t->auth_count] = strdup(value)) == NULL)
		return ERR_MEMORY;
	t->auth_count++;
	return ERR_OK;
}

static size_t
token_len(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._-:");
}

/* "from helo (name [address]) (using TLSv1.3 with cipher X ...) by ..." */
static int
received_read(struct trace *t, const char *value)
{
	const char	*using = strstr(value, "(using TLS"), *cipher, *p;
	size_t		 n, m;

	if ((p = strchr(value, '[')) != NULL && (n = token_len(p + 1)) > 0 &&
	    p[1 + n] == ']') {
		p++;
		if (strncasecmp(p, "IPv6:", 5) == 0) {
			p += 5;
			n -= 5;
		}
		if ((t->client = strndup(p, n)) == NULL)
			return ERR_MEMORY;
	}
	if (using == NULL)
		return ERR_OK;
	using += strlen("(using ");
	n = token_len(using);
	cipher = strstr(using, " with cipher ");
	if ((t->tls = malloc(strlen(using) + 1)) == NULL)
		return ERR_MEMORY;
	memcpy(t->tls, using, n);
	if (cipher != NULL) {
		cipher += strlen(" with cipher ");
		m = token_len(cipher);
		t->tls[n++] = ' ';
		memcpy(t->tls + n, cipher, m);
		n += m;
	}
	t->tls[n] = '\0';
	return ERR_OK;
}

int
trace_read(const uint8_t *head, size_t len, const char *authserv_id,
    struct trace *out)
{
	struct field	 f = { .len = 0 };
	const char	*value;
	size_t		 at = 0, used;
	int		 received = 0, r = ERR_OK;

	memset(out, 0, sizeof(*out));
	while (r == ERR_OK &&
	    (used = field_read(head + at, len - at, &f)) > 0) {
		at += used;
		if ((value = field_value(&f, "Received")) != NULL) {
			if (++received > 1)
				break;
			r = received_read(out, value);
		} else if ((value = field_value(&f,
		    "Authentication-Results")) != NULL)
			r = auth_read(out, value, authserv_id);
	}
	return r;
}

void
trace_clear(struct trace *t)
{
	size_t	 i;

	for (i = 0; i < t->auth_count; i++)
		free(t->auth[i]);
	free(t->tls);
	free(t->client);
	memset(t, 0, sizeof(*t));
}
