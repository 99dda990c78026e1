/*
 * Paths of MAIL and RCPT. Run by limpid-intaked. Hostile: every byte, from
 * whoever connects. Must never give out an address with a control character,
 * a line break or broken UTF-8, and must never read past the given length.
 */
#include <string.h>
#include <strings.h>

#include "address.h"
#include "err.h"

/* What is still to be read. */
struct cursor {
	const char	*p, *end;
	int		 utf8;
};

static int
peek(const struct cursor *c)
{
	return c->p < c->end ? (unsigned char)*c->p : -1;
}

/* Length of a well-formed UTF-8 character above ASCII at c, 0 when there is
 * none. C1 controls are none either. */
static size_t
utf8_char(const struct cursor *c)
{
	const unsigned char	*s = (const unsigned char *)c->p;
	size_t			 n, i, left = (size_t)(c->end - c->p);

	if (left < 2 || s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Appends the UTF-8 character at c. */
static int
copy_utf8(struct cursor *c, char *out, size_t *n, size_t max)
{
	size_t	 len = utf8_char(c);

	if (len == 0)
		return ERR_FORMAT;
	if (!c->utf8)
		return ERR_DENIED;
	if (*n + len > max)
		return ERR_LIMIT;
	memcpy(out + *n, c->p, len);
	*n += len;
	c->p += len;
	return ERR_OK;
}

static int
is_alnum(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z');
}

static int
is_atext(int c)
{
	return is_alnum(c) || (c > 0 && strchr("!#$%&'*+-/=?^_`{|}~", c) !=
	    NULL);
}

/*
 * Atoms and dots. Two dots together and a dot at the end are wrong by the RFC,
 * but mobile carriers gave such addresses to millions of people.
 */
static int
read_atoms(struct cursor *c, char *out, size_t *n)
{
	int	 r;

	for (;;) {
		if (peek(c) >= 0x80) {
			if ((r = copy_utf8(c, out, n, ADDRESS_LOCAL_MAX)) !=
			    ERR_OK)
				return r;
			continue;
		}
		if (!is_atext(peek(c)) && peek(c) != '.')
			return *n > 0 ? ERR_OK : ERR_FORMAT;
		if (*n == ADDRESS_LOCAL_MAX)
			return ERR_LIMIT;
		out[(*n)++] = *c->p++;
	}
}

/* The inside of a quoted string, unescaped; c stands after the first quote. */
static int
read_quoted(struct cursor *c, char *out, size_t *n)
{
	int	 ch, r;

	while ((ch = peek(c)) != '"') {
		if (ch >= 0x80) {
			if ((r = copy_utf8(c, out, n, ADDRESS_LOCAL_MAX)) !=
			    ERR_OK)
				return r;
			continue;
		}
		if (ch == '\\') {
			c->p++;
			ch = peek(c);
		}
		if (ch < 0x20 || ch > 0x7e)
			return ERR_FORMAT;
		if (*n == ADDRESS_LOCAL_MAX)
			return ERR_LIMIT;
		out[(*n)++] = (char)ch;
		c->p++;
	}
	c->p++;
	return ERR_OK;
}

/* Writes a local part, in quotes where it needs them. */
static size_t
put_local(const char *s, size_t len, char *out)
{
	size_t	 i, n = 0;
	int	 plain = len > 0;

	for (i = 0; i < len; i++)
		if (!is_atext((unsigned char)s[i]) && s[i] != '.' &&
		    (unsigned char)s[i] < 0x80)
			plain = 0;
	if (!plain)
		out[n++] = '"';
	for (i = 0; i < len; i++) {
		if (s[i] == '"' || s[i] == '\\')
			out[n++] = '\\';
		out[n++] = s[i];
	}
	if (!plain)
		out[n++] = '"';
	return n;
}

/* A domain of labels, or an address literal in brackets. */
static int
read_domain(struct cursor *c, char *out, size_t *n)
{
	int	 literal = peek(c) == '[', label = 0, ch, r;

	if (literal)
		out[(*n)++] = *c->p++;
	while ((ch = peek(c)) != -1) {
		if (ch >= 0x80 && !literal) {
			if ((r = copy_utf8(c, out, n, ADDRESS_DOMAIN_MAX)) !=
			    ERR_OK)
				return r;
			label++;
			continue;
		}
		if (!is_alnum(ch) && (ch == 0 || strchr(literal ? ".:-" :
		    ".-_", ch) == NULL))
			break;
		if (!literal && ch == '.' && label == 0)
			return ERR_FORMAT;	/* an empty label */
		label = ch == '.' ? 0 : label + 1;
		if (label > 63)
			return ERR_LIMIT;
		if (*n == ADDRESS_DOMAIN_MAX - 1)
			return ERR_LIMIT;
		out[(*n)++] = *c->p++;
	}
	if (literal) {
		if (peek(c) != ']')
			return ERR_FORMAT;
		out[(*n)++] = *c->p++;
		return *n > 2 ? ERR_OK : ERR_FORMAT;
	}
	return label > 0 ? ERR_OK : ERR_FORMAT;
}

/* "@one,@two:" before the address: read and forgotten, as RFC 5321 says. */
static int
skip_route(struct cursor *c)
{
	char	 domain[ADDRESS_DOMAIN_MAX + 1];
	size_t	 n;
	int	 r;

	while (peek(c) == '@') {
		c->p++;
		n = 0;
		if ((r = read_domain(c, domain, &n)) != ERR_OK)
			return r;
		if (peek(c) == ':') {
			c->p++;
			return ERR_OK;
		}
		if (peek(c) != ',')
			return ERR_FORMAT;
		c->p++;
	}
	return ERR_FORMAT;
}

static int
read_mailbox(struct cursor *c, char out[ADDRESS_MAX + 1])
{
	char	 local[ADDRESS_LOCAL_MAX], domain[ADDRESS_DOMAIN_MAX + 1];
	size_t	 local_len = 0, domain_len = 0, n;
	int	 r;

	if (peek(c) == '"') {
		c->p++;
		r = read_quoted(c, local, &local_len);
	} else
		r = read_atoms(c, local, &local_len);
	if (r != ERR_OK)
		return r;
	n = put_local(local, local_len, out);
	if (peek(c) == '@') {
		c->p++;
		if ((r = read_domain(c, domain, &domain_len)) != ERR_OK)
			return r;
		out[n++] = '@';
		memcpy(out + n, domain, domain_len);
		n += domain_len;
	} else if (n != 10 || strncasecmp(out, "postmaster", 10) != 0)
		return ERR_FORMAT;	/* only postmaster goes without */
	out[n] = '\0';
	return ERR_OK;
}

int
address_read_path(const char *s, size_t len, int utf8,
    char out[ADDRESS_MAX + 1], size_t *used)
{
	struct cursor	 c = { s, s + len, utf8 };
	int		 r;

	if (peek(&c) != '<')
		return ERR_FORMAT;
	c.p++;
	if (peek(&c) == '>')
		out[0] = '\0';
	else {
		if (peek(&c) == '@' && (r = skip_route(&c)) != ERR_OK)
			return r;
		if ((r = read_mailbox(&c, out)) != ERR_OK)
			return r;
	}
	if (peek(&c) != '>')
		return ERR_FORMAT;
	*used = (size_t)(c.p + 1 - s);
	return ERR_OK;
}

const char *
address_domain(const char *address)
{
	const char	*at = strrchr(address, '@');

	/* in "a@b" in quotes without a domain, the sign is inside them */
	return at == NULL || strchr(at, '"') != NULL ? NULL : at + 1;
}

int
address_equal(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		int	 x = (unsigned char)*a, y = (unsigned char)*b;

		if (x >= 'A' && x <= 'Z')
			x += 'a' - 'A';
		if (y >= 'A' && y <= 'Z')
			y += 'a' - 'A';
		if (x != y)
			return 0;
	}
	return *a == *b;
}
