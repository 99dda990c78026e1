/*
 * Writes header fields. Runs in the jailed compose child. Hostile input: every
 * value (names, subjects, ids of the original mail), single lines of clean UTF-8.
 * Must never let a value end its line, or pass an encoded word that was in it.
 */
#include <stdio.h>
#include <string.h>

#include "mail_write.h"

#define PLAIN_MAX	60	/* characters that stay as they are */
#define WORD_BYTES	42	/* of UTF-8 in one encoded word */
#define MAILBOXES_MAX	50	/* in one field; the report has all */
#define IDS_MAX		30
#define ID_MAX		200

static const char	*const day_names[] = { "Thu", "Fri", "Sat", "Sun",
			    "Mon", "Tue", "Wed" };
static const char	*const month_names[] = { "Jan", "Feb", "Mar", "Apr",
			    "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov",
			    "Dec" };

/* Short printable ASCII without anything that reads like an encoded word. */
static int
is_plain(const char *s)
{
	size_t	 i;

	for (i = 0; s[i] != '\0'; i++)
		if (s[i] < ' ' || s[i] > '~')
			return 0;
	return strlen(s) <= PLAIN_MAX && strstr(s, "=?") == NULL;
}

static void
put_base64(struct strbuf *b, const char *s, size_t n)
{
	static const char	 abc[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char	*p = (const unsigned char *)s;
	unsigned		 v;
	size_t			 i;

	for (i = 0; i < n; i += 3) {
		v = (unsigned)p[i] << 16;
		if (i + 1 < n)
			v |= (unsigned)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		strbuf_putc(b, abc[v >> 18]);
		strbuf_putc(b, abc[v >> 12 & 63]);
		strbuf_putc(b, i + 1 < n ? abc[v >> 6 & 63] : '=');
		strbuf_putc(b, i + 2 < n ? abc[v & 63] : '=');
	}
}

/* Encoded words, each whole characters and on its own folded line. */
static void
put_words(struct strbuf *b, const char *s)
{
	size_t	 len = strlen(s), n;

	while (len > 0) {
		n = len < WORD_BYTES ? len : WORD_BYTES;
		while (n > 1 && n < len && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
		strbuf_puts(b, "=?UTF-8?B?");
		put_base64(b, s, n);
		strbuf_puts(b, "?=");
		s += n;
		len -= n;
		if (len > 0)
			strbuf_puts(b, "\n ");
	}
}

void
mail_put_text(struct strbuf *b, const char *name, const char *value)
{
	strbuf_printf(b, "%s: ", name);
	if (is_plain(value))
		strbuf_puts(b, value);
	else
		put_words(b, value);
	strbuf_putc(b, '\n');
}

static int
is_atom_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms with single dots between them. */
static int
is_dot_atom(const char *s, size_t len, int host)
{
	size_t	 i;
	int	 dot = 1;

	for (i = 0; i < len; i++) {
		if (s[i] == '.') {
			if (dot)
				return 0;
			dot = 1;
			continue;
		}
		if (!is_atom_char(s[i]) || (host &&
		    strchr("!#$%&'*+/=?^_`{|}~", s[i]) != NULL))
			return 0;
		dot = 0;
	}
	return !dot;
}

int
mail_address_ok(const char *address)
{
	const char	*at = strrchr(address, '@');
	size_t		 len = strlen(address);

	return at != NULL && len <= 254 && at - address <= 64 &&
	    strstr(address, "=?") == NULL &&
	    is_dot_atom(address, (size_t)(at - address), 0) &&
	    is_dot_atom(at + 1, strlen(at + 1), 1);
}

static void
put_shown(struct strbuf *b, const char *shown)
{
	if (!is_plain(shown)) {
		put_words(b, shown);
		return;
	}
	strbuf_putc(b, '"');
	for (; *shown != '\0'; shown++) {
		if (*shown == '"' || *shown == '\\')
			strbuf_putc(b, '\\');
		strbuf_putc(b, *shown);
	}
	strbuf_putc(b, '"');
}

/* Begins the field or goes on with it; 0 when the field is full. */
static int
list_next(struct strbuf *b, const char *name, const char *between,
    size_t *count, size_t max)
{
	if (*count >= max)
		return 0;
	if ((*count)++ == 0)
		strbuf_printf(b, "%s: ", name);
	else
		strbuf_printf(b, "%s\n ", between);
	return 1;
}

void
mail_put_mailbox(struct strbuf *b, const char *name, size_t *count,
    const char *shown, const char *address)
{
	int	 ok = mail_address_ok(address);

	if (!list_next(b, name, ",", count, MAILBOXES_MAX))
		return;
	if (shown[0] == '\0' && !ok)
		shown = address[0] == '\0' ? "unknown" : address;
	if (shown[0] != '\0') {
		put_shown(b, shown);
		strbuf_puts(b, "\n ");
	}
	strbuf_printf(b, "<%s>", ok ? address : "unknown@invalid");
}

void
mail_put_mailbox_line(struct strbuf *b, const char *name, size_t *count,
    const char *line)
{
	const char	*open = strrchr(line, '<');
	size_t		 len = strlen(line), shown_len;
	char		 shown[512], address[512];

	if (open == NULL || len == 0 || line[len - 1] != '>') {
		snprintf(shown, sizeof(shown), "%s", "");
		snprintf(address, sizeof(address), "%s", line);
	} else {
		shown_len = (size_t)(open - line);
		while (shown_len > 0 && line[shown_len - 1] == ' ')
			shown_len--;
		/* Cut at a character border. */
		if (shown_len > 400) {
			shown_len = 400;
			while (((unsigned char)line[shown_len] & 0xc0) == 0x80)
				shown_len--;
		}
		snprintf(shown, sizeof(shown), "%.*s", (int)shown_len, line);
		snprintf(address, sizeof(address), "%.*s",
		    (int)(line + len - 1 - (open + 1)), open + 1);
	}
	/* A cut or odd address is shown as what it was, not addressed. */
	if (shown[0] == '\0' && !mail_address_ok(address))
		mail_put_mailbox(b, name, count, line, "");
	else
		mail_put_mailbox(b, name, count, shown, address);
}

void
mail_put_id(struct strbuf *b, const char *name, size_t *count, const char *id)
{
	size_t	 len = strlen(id), i;

	if (len > 0 && id[0] == '<' && id[len - 1] == '>') {
		id++;
		len -= 2;
	}
	if (len == 0 || len > ID_MAX || memchr(id, '@', len) == NULL)
		return;
	for (i = 0; i < len; i++)
		if (!is_atom_char(id[i]) && id[i] != '.' && id[i] != '@')
			return;
	if (list_next(b, name, "", count, IDS_MAX))
		strbuf_printf(b, "<%.*s>", (int)len, id);
}

void
mail_put_end(struct strbuf *b, size_t count)
{
	if (count > 0)
		strbuf_putc(b, '\n');
}

struct civil { int year, month, day, hour, minute, second, weekday; };

/* The C library would open a time zone file, which the jail forbids. */
static struct civil
civil_from_ms(int64_t ms)
{
	struct civil	 c;
	int64_t		 s, days, era, doe, yoe, doy, mp;

	if (ms < 0 || ms > INT64_C(253402300799999))	/* year 9999 */
		ms = 0;
	s = ms / 1000;
	days = s / 86400;
	c.hour = (int)(s % 86400 / 3600);
	c.minute = (int)(s % 3600 / 60);
	c.second = (int)(s % 60);
	c.weekday = (int)(days % 7);
	days += 719468;			/* from March of year 0 */
	era = days / 146097;
	doe = days % 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	return c;
}

void
mail_put_date(struct strbuf *b, int64_t ms)
{
	struct civil	 c = civil_from_ms(ms);

	strbuf_printf(b, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\n",
	    day_names[c.weekday], c.day, month_names[c.month - 1], c.year,
	    c.hour, c.minute, c.second);
}

void
time_rfc3339(int64_t ms, char out[32])
{
	struct civil	 c = civil_from_ms(ms);

	snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year % 10000,
	    c.month % 100, c.day % 100, c.hour % 100, c.minute % 100,
	    c.second % 100);
}

void
time_plain(int64_t ms, char out[32])
{
	time_rfc3339(ms, out);
	out[10] = ' ';
	out[19] = '\0';
}

/* filename=, or where it is not ASCII filename*= (RFC 2231): never both, since
 * readers differ in which of two they take. */
static void
put_file_name(struct strbuf *b, const char *name)
{
	const unsigned char	*p = (const unsigned char *)name;

	while (*p >= ' ' && *p < 0x7f)
		p++;
	if (*p == '\0') {
		strbuf_puts(b, "filename=\"");
		for (; *name != '\0'; name++)
			strbuf_putc(b, *name == '"' || *name == '\\' ? '_' :
			    *name);
		strbuf_putc(b, '"');
		return;
	}
	strbuf_puts(b, "filename*=UTF-8''");
	for (p = (const unsigned char *)name; *p != '\0'; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '.' || *p == '-' ||
		    *p == '_')
			strbuf_putc(b, (char)*p);
		else
			strbuf_printf(b, "%%%02X", *p);
}

void
mail_put_part(struct strbuf *b, const char *boundary, const char *type,
    const char *file_name)
{
	strbuf_printf(b, "\n--%s\nContent-Type: %s\n"
	    "Content-Disposition: attachment;\n ", boundary, type);
	put_file_name(b, file_name);
	strbuf_puts(b, "\nContent-Transfer-Encoding: base64\n\n");
}
