/*
 * Purpose: facts about a sender from the columns of the index.
 * Process: limpid-viewerd.
 * Hostile input: the sender's name and addresses; values inside the
 *	authentication results that the sender chose (an envelope address may hold
 *	"; dmarc=pass").
 * Must never: call a domain proven because of a word that the sender wrote.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "sender.h"

/* Second levels under which every country in the table of two letters
 * registers names. */
static const char *const second_levels[] = { "ac", "ad", "co", "com", "ed",
    "edu", "go", "gob", "gouv", "gov", "gr", "idv", "lg", "mil", "ne", "net",
    "nom", "or", "org" };

static int
is_second_level(const char *label, size_t len)
{
	size_t	 i;

	for (i = 0; i < sizeof(second_levels) / sizeof(second_levels[0]); i++)
		if (strlen(second_levels[i]) == len &&
		    strncasecmp(second_levels[i], label, len) == 0)
			return 1;
	return 0;
}

/* The start of the label before `end`; domain itself when it is the first. */
static const char *
label_before(const char *domain, const char *end, const char *dot, size_t n)
{
	const char	*p;

	for (p = end; p > domain; p--)
		if ((size_t)(p - domain) >= n && strncmp(p - n, dot, n) == 0)
			return p;
	return domain;
}

const char *
sender_registered(const char *domain, size_t len, const char *dot)
{
	size_t		 n = strlen(dot);
	const char	*end = domain + len, *top, *second;

	top = label_before(domain, end, dot, n);
	if (top == domain || isdigit((unsigned char)*top))
		return domain;		/* one label, or an IP address */
	second = label_before(domain, top - n, dot, n);
	if (second == domain || end - top != 2 ||
	    !is_second_level(second, (size_t)(top - n - second)))
		return second;
	return label_before(domain, second - n, dot, n);
}

/*
 * Calls for each "method=result ..." section: text between semicolons that stand
 * outside quotes and comments. Returns the next section, NULL at the end.
 */
static const char *
next_section(const char *s, const char **end)
{
	int	 quoted = 0, depth = 0;

	for (*end = s; **end != '\0'; (*end)++) {
		if (**end == '\\' && (*end)[1] != '\0')
			(*end)++;
		else if (**end == '"' && depth == 0)
			quoted = !quoted;
		else if (!quoted && **end == '(')
			depth++;
		else if (!quoted && **end == ')' && depth > 0)
			depth--;
		else if (!quoted && depth == 0 && **end == ';')
			return *end + 1;
	}
	return NULL;
}

static const char *
skip_space(const char *s, const char *end)
{
	while (s < end && isspace((unsigned char)*s))
		s++;
	return s;
}

/* The result when this section is about the method, else NULL. */
static const char *
section_result(const char *s, const char *end, const char *method, size_t *len)
{
	size_t	 n = strlen(method);

	s = skip_space(s, end);
	if ((size_t)(end - s) <= n || strncasecmp(s, method, n) != 0)
		return NULL;
	s = skip_space(s + n, end);
	if (s == end || *s++ != '=')
		return NULL;
	s = skip_space(s, end);
	for (*len = 0; s + *len < end && isalpha((unsigned char)s[*len]);)
		++*len;
	return s;
}

void
sender_auth_result(const char *auth, const char *method, char *out, size_t size)
{
	const char	*s = auth, *next, *end, *result;
	size_t		 n;

	out[0] = '\0';
	for (; s != NULL; s = next) {
		next = next_section(s, &end);
		result = section_result(s, end, method, &n);
		if (result == NULL || n >= size)
			continue;
		memcpy(out, result, n);
		out[n] = '\0';
		if (strcasecmp(out, "pass") == 0)
			return;
	}
}

/* Whether a passed check of this method was about the registered domain. */
static int
is_aligned(const char *auth, const char *method, const char *property,
    const char *registered)
{
	const char	*s = auth, *next, *end, *p, *at;
	size_t		 n, pn = strlen(property);

	for (; s != NULL; s = next) {
		next = next_section(s, &end);
		p = section_result(s, end, method, &n);
		if (p == NULL || n != 4 || strncasecmp(p, "pass", 4) != 0)
			continue;
		for (; p < end && *p != '"' && *p != '('; p++)
			if (isspace((unsigned char)*p) &&
			    (size_t)(end - p) > pn + 1 &&
			    strncasecmp(p + 1, property, pn) == 0)
				break;
		if (p >= end || *p == '"' || *p == '(')
			continue;
		p += 1 + pn;
		for (n = 0; p + n < end && !isspace((unsigned char)p[n]);)
			n++;
		at = memrchr(p, '@', n);
		if (at != NULL) {
			n -= (size_t)(at + 1 - p);
			p = at + 1;
		}
		at = sender_registered(p, n, ".");
		if ((size_t)(p + n - at) == strlen(registered) &&
		    strncasecmp(at, registered, strlen(registered)) == 0)
			return 1;
	}
	return 0;
}

static enum sender_auth
judge(const struct sender *s, const char *auth)
{
	if (strcasecmp(s->dmarc, "pass") == 0)
		return SENDER_VERIFIED;
	if (strcasecmp(s->dmarc, "fail") == 0)
		return SENDER_FAILED;
	if (s->registered[0] != '\0' &&
	    (is_aligned(auth, "dkim", "header.d=", s->registered) ||
	    is_aligned(auth, "spf", "smtp.mailfrom=", s->registered)))
		return SENDER_VERIFIED;
	if (strcasecmp(s->spf, "fail") == 0 || strcasecmp(s->dkim, "fail") == 0)
		return SENDER_FAILED;
	return SENDER_UNKNOWN;
}

/* How long the domain at s is; brackets of a defanged dot count in. */
static size_t
domain_span(const char *s)
{
	size_t	 n = 0;

	while (isalnum((unsigned char)s[n]) || (unsigned char)s[n] >= 0x80 ||
	    (s[n] != '\0' && strchr(".-_[]", s[n]) != NULL))
		n++;
	return n;
}

/* 1 when the domain d, dots perhaps in brackets, is exactly `plain`. */
static int
same_domain(const char *d, size_t len, const char *plain)
{
	size_t	 i = 0;

	for (; i < len && *plain != '\0'; plain++) {
		if (len - i >= 3 && strncmp(d + i, "[.]", 3) == 0 &&
		    *plain == '.')
			i += 3;
		else if (tolower((unsigned char)d[i]) ==
		    tolower((unsigned char)*plain))
			i++;
		else
			return 0;
	}
	return i == len && *plain == '\0';
}

/* 1 when text holds an address whose registered domain is another one. */
static int
names_other_domain(const char *text, const char *registered)
{
	const char	*at, *d, *reg;
	size_t		 n;

	for (at = strchr(text, '@'); at != NULL; at = strchr(at + 1, '@')) {
		d = at[1] == ']' ? at + 2 : at + 1;
		if ((n = domain_span(d)) == 0)
			continue;
		reg = sender_registered(d, n,
		    memmem(d, n, "[.]", 3) != NULL ? "[.]" : ".");
		if (!same_domain(reg, n - (size_t)(reg - d), registered))
			return 1;
	}
	return 0;
}

void
sender_read(const char *from_addr, const char *from_name, const char *reply_to,
    const char *auth, struct sender *s)
{
	const char	*at = strrchr(from_addr, '@');

	memset(s, 0, sizeof(*s));
	s->local = from_addr;
	s->local_len = at == NULL ? strlen(from_addr) :
	    (size_t)(at + 1 - from_addr);
	s->domain = from_addr + s->local_len;
	s->registered = sender_registered(s->domain, strlen(s->domain), ".");
	sender_auth_result(auth, "spf", s->spf, sizeof(s->spf));
	sender_auth_result(auth, "dkim", s->dkim, sizeof(s->dkim));
	sender_auth_result(auth, "dmarc", s->dmarc, sizeof(s->dmarc));
	s->auth = judge(s, auth);
	s->name_lies = names_other_domain(from_name, s->registered);
	s->reply_set = reply_to[0] != '\0';
	s->reply_elsewhere = names_other_domain(reply_to, s->registered);
}
