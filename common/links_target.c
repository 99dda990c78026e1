/*
 * links_target: takes one target apart the way a browser would, and writes it
 * in the form that nothing makes clickable.
 * Runs in: the workers that make text, and compose.
 * Hostile input: href values, form actions, PDF links.
 * Must never: show a host other than the one a browser would go to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <idn2.h>
#include <unictype.h>
#include <unistr.h>

#include "links_private.h"
#include "text.h"

static char *
copy_of(const char *s, size_t len)
{
	char	*p = malloc(len + 1);

	if (p != NULL) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return p;
}

static int
set(char **field, const char *s, size_t len)
{
	free(*field);
	return (*field = copy_of(s, len)) != NULL;
}

static void
lower_ascii(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s += 'a' - 'A';
}

static int
is_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if ((uint8_t)*s >= 0x80)
			return 0;
	return 1;
}

void
link_target_free(struct link_target *t)
{
	free(t->scheme);
	free(t->user);
	free(t->host);
	free(t->unicode);
	free(t->dotted);
	free(t->port);
	free(t->rest);
	memset(t, 0, sizeof(*t));
}

static int
target_init(struct link_target *t)
{
	memset(t, 0, sizeof(*t));
	return set(&t->scheme, "", 0) && set(&t->user, "", 0) &&
	    set(&t->host, "", 0) && set(&t->unicode, "", 0) &&
	    set(&t->dotted, "", 0) && set(&t->port, "", 0) &&
	    set(&t->rest, "", 0);
}

/* One number of a numeric host: decimal, 0x hexadecimal, 0 octal; 0 if none. */
static int
number_parse(const char *s, size_t len, uint64_t *out)
{
	char		 buf[32], *end;
	int		 base = 10;
	const char	*digits;

	if (len == 0 || len >= sizeof(buf))
		return 0;
	memcpy(buf, s, len);
	buf[len] = '\0';
	digits = buf;
	if (len > 1 && buf[0] == '0' && (buf[1] == 'x' || buf[1] == 'X')) {
		base = 16;
		digits = buf + 2;
		if (*digits == '\0') {
			*out = 0;
			return 1;
		}
	} else if (len > 1 && buf[0] == '0')
		base = 8;
	if (strspn(digits, base == 16 ? "0123456789abcdefABCDEF" :
	    base == 8 ? "01234567" : "0123456789") != strlen(digits))
		return 0;
	*out = strtoull(digits, &end, base);
	return *end == '\0';
}

/*
 * A host whose last label is a number is an IPv4 address to every browser:
 * 1 when it is (dotted filled), 0 when it is no number, -1 when it is a number
 * that no address has.
 */
static int
ipv4_parse(const char *s, char dotted[16])
{
	uint64_t	 n[4], address = 0;
	size_t		 parts = 0, i, len = strlen(s), k;

	if (len > 0 && s[len - 1] == '.')
		len--;
	for (i = len; i > 0 && s[i - 1] != '.'; i--)
		;
	if (i == len || !(s[i] >= '0' && s[i] <= '9') ||
	    (strspn(s + i, "0123456789") < len - i &&
	    !number_parse(s + i, len - i, &n[0])))
		return 0;
	for (i = 0; i <= len; i += k + 1, parts++) {
		k = 0;
		while (i + k < len && s[i + k] != '.')
			k++;
		if (parts == 4 || !number_parse(s + i, k, &n[parts]))
			return -1;
	}
	for (i = 0; i + 1 < parts; i++) {
		if (n[i] > 255)
			return -1;
		address |= n[i] << (24 - 8 * i);
	}
	if (n[parts - 1] >= 1ull << (8 * (5 - parts)))
		return -1;
	address |= n[parts - 1];
	snprintf(dotted, 16, "%u.%u.%u.%u", (unsigned)(address >> 24 & 255),
	    (unsigned)(address >> 16 & 255), (unsigned)(address >> 8 & 255),
	    (unsigned)(address & 255));
	return 1;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded and cleaned, as a new string. */
static char *
host_decode(const char *s, size_t len)
{
	struct strbuf	 b = STRBUF_EMPTY;
	size_t		 i;
	char		*raw, *clean;

	for (i = 0; i < len; i++) {
		if (s[i] == '%' && i + 2 < len && hex_value(s[i + 1]) >= 0 &&
		    hex_value(s[i + 2]) >= 0) {
			strbuf_putc(&b, (char)(hex_value(s[i + 1]) << 4 |
			    hex_value(s[i + 2])));
			i += 2;
		} else
			strbuf_putc(&b, s[i]);
	}
	len = b.len;
	if ((raw = strbuf_take(&b)) == NULL)
		return NULL;
	clean = text_clean(raw, len, TEXT_LINE, LINKS_TARGET_MAX, NULL);
	free(raw);
	return clean;
}

/* Script sets that people really write in one label. */
#define S_LATIN		0x01
#define S_HAN		0x02
#define S_KANA		0x04
#define S_BOPOMOFO	0x08
#define S_HANGUL	0x10

static unsigned
script_bit(const char *name)
{
	static const struct {
		const char	*name;
		unsigned	 bit;
	} known[] = {
		{ "Latin", S_LATIN }, { "Han", S_HAN }, { "Hiragana", S_KANA },
		{ "Katakana", S_KANA }, { "Bopomofo", S_BOPOMOFO },
		{ "Hangul", S_HANGUL }, { "Common", 0 }, { "Inherited", 0 }
	};
	size_t	 i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].bit;
	return 0x100;
}

static int
scripts_are_mixed(const char *host)
{
	const uc_script_t	*script, *other = NULL;
	const uint8_t		*s = (const uint8_t *)host;
	unsigned		 seen = 0, bit;
	ucs4_t			 uc;
	int			 n;

	for (; *s != '\0'; s += n) {
		n = u8_mbtouc(&uc, s, strlen((const char *)s));
		if (uc == '.') {
			seen = 0;
			other = NULL;
			continue;
		}
		if ((script = uc_script(uc)) == NULL)
			continue;
		if ((bit = script_bit(script->name)) == 0x100) {
			if (other != NULL && other != script)
				return 1;
			other = script;
		}
		seen |= bit;
		if ((seen & 0x100) && (seen & 0xff))
			return 1;
	}
	return 0;
}

static int
host_is_valid(const char *s)
{
	size_t	 len = strlen(s), label = 0;

	if (len == 0 || len > 254)
		return len == 0;
	for (; *s != '\0'; s++) {
		label = *s == '.' ? 0 : label + 1;
		if (label > 63 || (uint8_t)*s <= ' ' || *s == 0x7f ||
		    strchr("\"#%/:<>?@[\\]^`{|}", *s) != NULL)
			return 0;
	}
	return 1;
}

/* host and unicode from the decoded name; 0: no memory. */
static int
host_idn(struct link_target *t, const char *name)
{
	char	*ascii = NULL, *uni = NULL, *clean;
	int	 r, ok;

	r = idn2_lookup_u8((const uint8_t *)name, (uint8_t **)&ascii,
	    IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (r != IDN2_OK) {
		/* Names with "_", or hyphens in the third and fourth place. */
		t->invalid = r != IDN2_2HYPHEN || !is_ascii(name);
		ok = set(&t->host, name, strlen(name));
	} else
		ok = set(&t->host, ascii, strlen(ascii));
	idn2_free(ascii);
	if (!ok)
		return 0;
	lower_ascii(t->host);
	if (idn2_to_unicode_8z8z(t->host, &uni, 0) != IDN2_OK)
		return 1;
	clean = text_clean(uni, strlen(uni), TEXT_LINE, LINKS_TARGET_MAX,
	    NULL);
	idn2_free(uni);
	if (clean == NULL)
		return 0;
	if (strcmp(clean, t->host) != 0) {
		free(t->unicode);
		t->unicode = clean;
		t->mixed = scripts_are_mixed(clean);
	} else
		free(clean);
	return 1;
}

static int
host_has_punycode(const char *s)
{
	return strncasecmp(s, "xn--", 4) == 0 || strcasestr(s, ".xn--") != NULL;
}

int
link_host_parse(const char *s, size_t len, struct link_target *t)
{
	char	*name, dotted[16];
	int	 ok;

	if (len > 1 && s[0] == '[' && s[len - 1] == ']')
		return set(&t->host, s, len);
	if ((name = host_decode(s, len)) == NULL)
		return 0;
	if (is_ascii(name) && !host_has_punycode(name)) {
		ok = set(&t->host, name, strlen(name));
		if (ok)
			lower_ascii(t->host);
	} else
		ok = host_idn(t, name);
	/* "／" becomes "/" on the way and would make another host of it. */
	if (ok && !host_is_valid(t->host)) {
		t->invalid = 1;
		ok = set(&t->host, name, strlen(name));
	}
	free(name);
	if (!ok)
		return 0;
	switch (ipv4_parse(t->host, dotted)) {
	case 1:
		return strcmp(dotted, t->host) == 0 ||
		    set(&t->dotted, dotted, strlen(dotted));
	case -1:
		t->invalid = 1;
		break;
	default:
		break;
	}
	return 1;
}

/* user@host:port */
static int
authority_parse(const char *s, size_t len, struct link_target *t)
{
	const char	*at = memrchr(s, '@', len), *colon;

	if (at != NULL) {
		if (!set(&t->user, s, (size_t)(at - s)))
			return 0;
		len -= (size_t)(at - s) + 1;
		s = at + 1;
	}
	colon = memrchr(s, ':', len);
	if (colon != NULL && memchr(colon, ']', len - (size_t)(colon - s)) ==
	    NULL && strspn(colon + 1, "0123456789") >=
	    len - (size_t)(colon - s) - 1) {
		if (!set(&t->port, colon, len - (size_t)(colon - s)))
			return 0;
		len = (size_t)(colon - s);
	}
	return link_host_parse(s, len, t);
}

static int
is_slash(char c)
{
	return c == '/' || c == '\\';
}

static int
scheme_is_web(const char *scheme)
{
	return strcasecmp(scheme, "http") == 0 ||
	    strcasecmp(scheme, "https") == 0 || strcasecmp(scheme, "ftp") == 0 ||
	    strcasecmp(scheme, "ws") == 0 || strcasecmp(scheme, "wss") == 0;
}

/* How many slashes lead to the authority; 0 when there is none. */
static size_t
slashes_len(const char *s, size_t len, const struct link_target *t)
{
	size_t	 n;

	for (n = 0; n < len && is_slash(s[n]); n++)
		;
	if (strcasecmp(t->scheme, "file") == 0)
		return n == 2 || n > 3 ? n : n == 3 ? 2 : 0;
	return scheme_is_web(t->scheme) ? n : n >= 2 ? 2 : 0;
}

int
link_target_parse(const char *s, size_t len, struct link_target *t)
{
	size_t	 n = link_scheme_len(s, len), i;
	int	 web;
	char	*p;

	if (!target_init(t))
		goto fail;
	if (n > 0 && !set(&t->scheme, s, n - 1))
		goto fail;
	s += n;
	len -= n;
	web = scheme_is_web(t->scheme);
	n = slashes_len(s, len, t);
	if (n == 0 && !web)
		return set(&t->rest, s, len) ? 1 : (link_target_free(t), 0);
	t->unc = *t->scheme == '\0' && s[0] == '\\' && s[1] == '\\';
	t->slashes = 1;
	for (i = n; i < len && !is_slash(s[i]) && s[i] != '?' && s[i] != '#';
	    i++)
		;
	if (!authority_parse(s + n, i - n, t) ||
	    !set(&t->rest, s + i, len - i))
		goto fail;
	for (p = t->rest; web && *p != '\0' && *p != '?' && *p != '#'; p++)
		if (*p == '\\')
			*p = '/';
	return 1;
 fail:
	link_target_free(t);
	return 0;
}

/* Dots in brackets, whatever kind of dot. */
static void
put_host(struct strbuf *b, const char *s)
{
	static const char *const dots[] = {
		".", "\u3002", "\uff0e", "\uff61"
	};
	size_t	 i, n;

	for (; *s != '\0'; s += n) {
		n = 0;
		for (i = 0; i < 4 && n == 0; i++)
			if (strncmp(s, dots[i], strlen(dots[i])) == 0)
				n = strlen(dots[i]);
		if (n > 0)
			strbuf_puts(b, "[.]");
		else
			strbuf_add(b, s, n = 1);
	}
}

static void
put_note(struct strbuf *b, int *notes, const char *text, const char *host)
{
	strbuf_puts(b, (*notes)++ == 0 ? " (" : ", ");
	strbuf_puts(b, text);
	put_host(b, host);
}

static void
put_notes(struct strbuf *b, const struct link_target *t)
{
	int	 notes = 0;

	if (*t->unicode != '\0')
		put_note(b, &notes, "", t->unicode);
	if (*t->dotted != '\0')
		put_note(b, &notes, "", t->dotted);
	if (t->mixed)
		put_note(b, &notes, "mixed scripts", "");
	if (t->invalid)
		put_note(b, &notes, "unusual host", "");
	if (*t->user != '\0' && *t->host != '\0')
		put_note(b, &notes, "goes to ", *t->dotted != '\0' ?
		    t->dotted : t->host);
	if (notes > 0)
		strbuf_putc(b, ')');
}

static void
put_rest(struct strbuf *b, const char *s, size_t max)
{
	size_t	 len = strlen(s), n = max;

	if (len <= max) {
		strbuf_add(b, s, len);
		return;
	}
	while (n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	strbuf_add(b, s, n);
	strbuf_printf(b, "\u2026 (%zu bytes more)", len - n);
}

static void
put_target(struct strbuf *b, const struct link_target *t, size_t max)
{
	if (strcasecmp(t->scheme, "http") == 0)
		strbuf_puts(b, "hxxp");
	else if (strcasecmp(t->scheme, "https") == 0)
		strbuf_puts(b, "hxxps");
	else
		strbuf_puts(b, t->scheme);
	if (*t->scheme != '\0')
		strbuf_puts(b, "[:]");
	if (t->slashes)
		strbuf_puts(b, t->unc ? "[\\\\]" : "//");
	if (*t->user != '\0') {
		strbuf_puts(b, t->user);
		strbuf_puts(b, "[@]");
	}
	/* A host without dots has brackets around it. */
	if (*t->host != '\0' && *t->host != '[' &&
	    strchr(t->host, '.') == NULL && !t->invalid)
		strbuf_printf(b, "[%s]", t->host);
	else
		put_host(b, t->host);
	strbuf_puts(b, t->port);
	put_rest(b, t->rest, max);
	put_notes(b, t);
}

int
link_target_emit(struct strbuf *b, const char *s, size_t len, size_t max)
{
	struct link_target	 t;

	if (!link_target_parse(s, len, &t))
		return 0;
	put_target(b, &t, max);
	link_target_free(&t);
	return !b->failed;
}
