/*
 * card: contacts, and calendars older than iCalendar, line by line.
 * Runs in: worker-card, in the jail.
 * Hostile input: the whole card.
 * Must never: follow a link or show what is embedded.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "card_private.h"
#include "charset.h"
#include "err.h"
#include "mime_decode.h"

#define LINE_MAX_BYTES	(256 * 1024)	/* of one unfolded line that is read */

/* Names of vCard and vCalendar, in the order of neither. */
static const struct {
	const char	*name, *label;
} labels[] = {
	{ "FN", "Name" }, { "N", "Full name" }, { "NICKNAME", "Nickname" },
	{ "ORG", "Organization" }, { "TITLE", "Title" }, { "ROLE", "Role" },
	{ "TEL", "Telephone" }, { "EMAIL", "Mail" }, { "ADR", "Address" },
	{ "LABEL", "Address" }, { "URL", "Link" }, { "BDAY", "Born" },
	{ "NOTE", "Note" }, { "IMPP", "Messages" },
	{ "X-PHONETIC-LAST-NAME", "Reading" },
	{ "SORT-STRING", "Reading" }, { "SOUND", "Reading" },
	{ "SUMMARY", "What" }, { "DTSTART", "Start" }, { "DTEND", "End" },
	{ "DUE", "Due" }, { "LOCATION", "Where" },
	{ "DESCRIPTION", "Description" }, { "RRULE", "Repeats" },
	{ "STATUS", "Status" }, { "ATTENDEE", "Attendee" },
	{ "CATEGORIES", "Categories" }
};

struct reader {
	const char	*at, *end;
	char		*line;		/* unfolded */
	size_t		 len;
	struct card	*card;
	struct strbuf	*out;
	unsigned	 depth;		/* of BEGIN */
	int		 calendar;
};

/* What a line is before its colon. */
struct line {
	char	*name, *params, *value;
	int	 quoted, base64;	/* its encoding */
	char	*charset;		/* "" none */
};

static size_t
raw_line(const struct reader *r)
{
	const char	*nl = memchr(r->at, '\n', (size_t)(r->end - r->at));

	return nl == NULL ? (size_t)(r->end - r->at) :
	    (size_t)(nl - r->at) + 1;
}

static void
line_append(struct reader *r, const char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		n--;
	if (n > LINE_MAX_BYTES - r->len)
		n = LINE_MAX_BYTES - r->len;
	memcpy(r->line + r->len, s, n);
	r->len += n;
}

/* The next line with its folds undone; 0 at the end. */
static int
line_read(struct reader *r)
{
	size_t	 n;
	int	 soft;

	r->len = 0;
	if (r->at >= r->end)
		return 0;
	n = raw_line(r);
	line_append(r, r->at, n);
	r->at += n;
	r->line[r->len] = '\0';
	soft = strcasestr(r->line, "QUOTED-PRINTABLE") != NULL;
	while (r->at < r->end) {
		n = raw_line(r);
		if (soft && r->len > 0 && r->line[r->len - 1] == '=') {
			r->len--;		/* a soft line break */
			line_append(r, r->at, n);
		} else if (*r->at == ' ' || *r->at == '\t') {
			line_append(r, r->at + 1, n - 1);
		} else
			break;
		r->at += n;
	}
	r->line[r->len] = '\0';
	return 1;
}

/* Takes "group.NAME;PARAM=x;Y:value" apart, in place; 0: no such line. */
static int
line_split(char *s, struct line *l)
{
	char	*colon, *dot, *p;
	int	 inside = 0;

	memset(l, 0, sizeof(*l));
	for (colon = s; *colon != '\0' && (*colon != ':' || inside); colon++)
		if (*colon == '"')
			inside = !inside;
	if (*colon == '\0')
		return 0;
	*colon = '\0';
	l->value = colon + 1;
	l->params = strchr(s, ';');
	if (l->params != NULL)
		*l->params++ = '\0';
	else
		l->params = colon;
	if ((dot = strchr(s, '.')) != NULL)
		s = dot + 1;
	l->name = s;
	l->quoted = strcasestr(l->params, "QUOTED-PRINTABLE") != NULL;
	l->base64 = strcasestr(l->params, "BASE64") != NULL ||
	    strcasestr(l->params, "ENCODING=B") != NULL;
	l->charset = strcasestr(l->params, "CHARSET=");
	if (l->charset == NULL)
		l->charset = l->params + strlen(l->params);
	else if ((p = strchr(l->charset += 8, ';')) != NULL)
		*p = '\0';
	return 1;
}

/* A value with its escapes undone; ";" parts the fields of a name or an address. */
static void
put_value(struct strbuf *b, const char *s)
{
	int	 any = 0;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && (s[1] == 'n' || s[1] == 'N')) {
			strbuf_puts(b, "\n\t");
			s++;
		} else if (s[0] == '\\' && s[1] != '\0') {
			strbuf_putc(b, *++s);
		} else if (*s == ';') {
			if (any)
				strbuf_putc(b, ' ');
			continue;
		} else
			strbuf_putc(b, *s);
		any = 1;
	}
}

static void
put_quoted(struct strbuf *b, const struct line *l)
{
	size_t	 n, damage = 0, len = strlen(l->value);
	uint8_t	*raw = malloc(len + 1);
	char	*t = NULL;

	if (raw != NULL) {
		n = mime_decode_quoted((const uint8_t *)l->value, len, raw,
		    &damage);
		t = charset_to_utf8(raw, n, l->charset, NULL, &n);
	}
	if (t == NULL)
		b->failed = 1;
	else
		put_value(b, t);
	free(t);
	free(raw);
}

static void
put_line(struct reader *r, const struct line *l)
{
	size_t	 i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]) &&
	    strcasecmp(labels[i].name, l->name) != 0; i++)
		;
	if (i == sizeof(labels) / sizeof(labels[0]) || *l->value == '\0')
		return;
	strbuf_printf(r->out, "%s: ", labels[i].label);
	if (l->quoted)
		put_quoted(r->out, l);
	else
		put_value(r->out, l->value);
	strbuf_putc(r->out, '\n');
}

static int
is_entry(const char *s)
{
	return strcasecmp(s, "VCARD") == 0 || strcasecmp(s, "VEVENT") == 0 ||
	    strcasecmp(s, "VTODO") == 0;
}

static void
on_line(struct reader *r, struct line *l)
{
	if (strcasecmp(l->name, "BEGIN") == 0) {
		r->depth++;
		if (!is_entry(l->value))
			return;
		strbuf_printf(r->out, "%s%s\n", r->card->entries > 0 ? "\n" :
		    "", r->calendar ? "Event" : "Contact");
		r->card->entries++;
	} else if (strcasecmp(l->name, "END") == 0) {
		r->depth -= r->depth > 0;
	} else if (l->base64 || strcasecmp(l->name, "PHOTO") == 0 ||
	    strcasecmp(l->name, "LOGO") == 0 ||
	    strcasecmp(l->name, "KEY") == 0) {
		r->card->embedded++;
	} else if (r->depth > 0 && r->card->entries > 0)
		put_line(r, l);
}

static int
lines_read(const char *utf8, size_t len, struct card *c, struct strbuf *b,
    int calendar)
{
	struct reader	 r = { .at = utf8, .end = utf8 + len, .card = c,
			    .out = b, .calendar = calendar };
	struct line	 l;
	char		*end;

	if ((r.line = malloc(LINE_MAX_BYTES + 1)) == NULL)
		return ERR_MEMORY;
	while (line_read(&r) && c->entries < CARD_ENTRIES_MAX) {
		for (end = r.line + r.len; end > r.line && end[-1] == ' ';)
			*--end = '\0';
		if (line_split(r.line, &l))
			on_line(&r, &l);
	}
	free(r.line);
	return ERR_OK;
}

int
card_read(const char *utf8, size_t len, struct card *c)
{
	struct strbuf	 b = STRBUF_EMPTY;
	int		 r = ERR_OK;

	memset(c, 0, sizeof(*c));
	if (strcasestr(utf8, "BEGIN:VCALENDAR") == NULL) {
		c->format = "vCard";
		r = lines_read(utf8, len, c, &b, 0);
	} else if (strcasestr(utf8, "VERSION:1.0") != NULL) {
		c->format = "vCalendar";
		r = lines_read(utf8, len, c, &b, 1);
	} else {
		c->format = "iCalendar";
		card_calendar(utf8, c, &b);
	}
	c->text = strbuf_take(&b);
	return r == ERR_OK && c->text == NULL ? ERR_MEMORY : r;
}

static const char sample[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:1\r\nSUMMARY:a\\, b\r\nDTSTART;TZID=Asia/Taipei:20260324T140000\r\n"
    "DTEND:20260324T060000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"
    "ATTENDEE;CN=A:mailto:a@example.com\r\nDURATION:PT1H\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

int
card_warm(void)
{
	struct card	 c;
	int		 r;

	tzset();
	if ((r = charset_warm()) != ERR_OK ||
	    (r = card_read(sample, sizeof(sample) - 1, &c)) != ERR_OK)
		return r;
	free(c.text);
	return c.entries == 1 ? ERR_OK : ERR_FORMAT;
}
