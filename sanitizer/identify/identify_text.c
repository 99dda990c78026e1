/*
 * Words in any charset: mail, web page, card, script, shortcut or plain text.
 * Runs in the jailed child of worker-identify.
 * Hostile input: all of it; only the first part is looked at closely.
 * Must never call text what holds binary data.
 */
#include <stdio.h>
#include <string.h>

#include "identify_private.h"

#define LOOK		65536	/* bytes looked at for charset and controls */
#define VIEW		16384	/* characters of the narrowed view */

/* By width of a character. */
enum coding { CODING_BINARY, CODING_BYTES, CODING_UTF8, CODING_UTF16LE,
	CODING_UTF16BE, CODING_UTF32LE, CODING_UTF32BE };

/* The beginning as lower-case ASCII; other characters are '\x80'. */
struct view {
	char	 s[VIEW + 1];
	size_t	 len, start;	/* start: the first that is not white space */
	int	 escapes;	/* ISO-2022 was seen */
};

static int
is_control(uint8_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r' &&
	    c != '\f' && c != 0x1b && c != '\b' && c != 0x0e && c != 0x0f &&
	    c != 0x1a) || c == 0x7f;
}

/* UTF-16 without a mark: nearly every other byte of western text is zero. */
static enum coding
coding_of_nuls(const uint8_t *data, size_t n)
{
	size_t zero[2] = {0};

	for (size_t i = 0; i < n; i++)
		zero[i & 1] += data[i] == 0;
	if (zero[1] > n / 4 && zero[0] <= n / 40)
		return CODING_UTF16LE;
	if (zero[0] > n / 4 && zero[1] <= n / 40)
		return CODING_UTF16BE;
	return CODING_BINARY;
}

static enum coding
coding_find(const uint8_t *data, size_t len)
{
	size_t n = len < LOOK ? len : LOOK, controls = 0, nuls = 0;

	if (identify_at(data, len, 0, "\xff\xfe\0\0", 4))
		return CODING_UTF32LE;
	if (identify_at(data, len, 0, "\0\0\xfe\xff", 4))
		return CODING_UTF32BE;
	if (identify_at(data, len, 0, "\xff\xfe", 2))
		return CODING_UTF16LE;
	if (identify_at(data, len, 0, "\xfe\xff", 2))
		return CODING_UTF16BE;
	for (size_t i = 0; i < n; i++) {
		nuls += data[i] == 0;
		controls += is_control(data[i]);
	}
	/* A stray NUL or control happens in old mail; more is binary. */
	if (nuls > 0 && nuls > n / 200)
		return coding_of_nuls(data, n);
	if (controls > 2 && controls > n / 50)
		return CODING_BINARY;
	return identify_at(data, len, 0, "\xef\xbb\xbf", 3) ? CODING_UTF8 :
	    CODING_BYTES;
}

static char
narrow(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	return c < 0x80 ? (char)c : (char)0x80;
}

/* The character at p, of which there are width bytes. */
static uint32_t
char_at(const uint8_t *p, enum coding coding)
{
	switch (coding) {
	case CODING_UTF16LE:
		return p[0] | p[1] << 8;
	case CODING_UTF16BE:
		return p[0] << 8 | p[1];
	case CODING_UTF32LE:
		return p[0] | p[1] << 8 | (uint32_t)(p[2] | p[3] << 8) << 16;
	case CODING_UTF32BE:
		return (uint32_t)(p[0] << 8 | p[1]) << 16 | p[2] << 8 | p[3];
	case CODING_BYTES:
	case CODING_UTF8:
	case CODING_BINARY:
		break;
	}
	return p[0];
}

static void
view_make(struct view *v, const uint8_t *data, size_t len, enum coding coding)
{
	size_t width = coding >= CODING_UTF32LE ? 4 :
	    coding >= CODING_UTF16LE ? 2 : 1;

	v->len = v->start = 0;
	v->escapes = 0;
	for (size_t at = coding == CODING_UTF8 ? 3 : 0;
	    at + width <= len && v->len < VIEW; at += width) {
		uint32_t c = char_at(data + at, coding);

		if (c == 0xfeff || c == 0)
			continue;
		v->s[v->len++] = narrow(c);
		v->escapes |= c == 0x1b;
	}
	v->s[v->len] = '\0';
	while (v->start < v->len && strchr(" \t\r\n", v->s[v->start]) != NULL)
		v->start++;
}

static int
begins(const struct view *v, const char *with)
{
	return strncmp(v->s + v->start, with, strlen(with)) == 0;
}

static int
holds(const struct view *v, const char *what)
{
	return strstr(v->s + v->start, what) != NULL;
}

/* Header fields that only mail has, and those that much else has too. */
static int
field_weight(const char *line, size_t n)
{
	static const char *const strong[] = { "received", "return-path",
		"mime-version", "message-id", "delivered-to", "dkim-signature",
		"x-mailer", "content-type", "from", "x-originating-ip",
		"authentication-results", "arc-seal",
		"content-transfer-encoding",
		"envelope-to", "reply-to", "x-received", "x-priority" };
	static const char *const weak[] = { "to", "subject", "date", "cc",
		"sender", "bcc" };

	for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++) {
		if (strlen(strong[i]) == n && strncmp(line, strong[i], n) == 0)
			return 2;
	}
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		if (strlen(weak[i]) == n && strncmp(line, weak[i], n) == 0)
			return 1;
	}
	return 0;
}

/* Length of a header field's name at line, 0 when it is none. Old mail has
 * blanks before the colon. */
static size_t
field_name(const char *line, const char *end)
{
	const char *colon;
	size_t n = 0;

	while (line + n < end && line[n] > ' ' && line[n] < 0x7f &&
	    line[n] != ':')
		n++;
	if (n == 0 || n > 76)
		return 0;
	for (colon = line + n; colon < end && *colon == ' '; colon++)
		;
	return colon < end && *colon == ':' ? n : 0;
}

/* The end of the line at p: LF, CRLF or a lone CR. */
static const char *
line_end(const char *p, const char *stop)
{
	while (p < stop && *p != '\n' && *p != '\r')
		p++;
	return p;
}

/*
 * Walks the lines up to the first empty one and adds up what its fields weigh.
 * A line that is no field ends it: damaged mail, or just words.
 */
static int
mail_weight(const struct view *v)
{
	const char *p = v->s + v->start, *stop = v->s + v->len;
	int weight = 0, fields = 0, first = 1;

	while (p < stop && fields < 200) {
		const char *end = line_end(p, stop);
		size_t n;

		if (first && strncmp(p, "from ", 5) == 0) {
			weight++;
		} else if (*p == ' ' || *p == '\t') {
			if (fields == 0)
				break;
		} else if ((n = field_name(p, end)) > 0) {
			weight += field_weight(p, n);
			fields++;
		} else {
			break;
		}
		first = 0;
		p = end + (end + 1 < stop && end[0] == '\r' && end[1] == '\n') +
		    1;
	}
	return fields > 0 ? weight : 0;
}

/* How sure the fields must be: a forwarded mail quoted in words has some. */
static int
mail_need(const char *declared)
{
	if (strncmp(declared, "message/", 8) == 0)
		return 1;
	return strncmp(declared, "text/", 5) == 0 ? 6 : 3;
}

static int
mail_find(const struct view *v, const char *declared, struct identity *id)
{
	if (mail_weight(v) < mail_need(declared))
		return 0;
	identity_set(id, KIND_MAIL, begins(v, "from ") ? "mbox" : "mail");
	return 1;
}

/* Tags with which only a web page begins. */
static int
html_strong(const struct view *v)
{
	static const char *const tags[] = { "<!doctype html", "<html", "<head",
		"<body", "<script", "<meta ", "<title", "<iframe", "<style",
		"<base ", "<link ", "<frameset", "<form" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (begins(v, tags[i]))
			return 1;
	}
	return holds(v, "<html") || holds(v, "<!doctype html") ||
	    (holds(v, "<body") && holds(v, "</"));
}

/* Tags that also stand in words about something else. */
static int
html_weak(const struct view *v)
{
	static const char *const tags[] = { "<table", "<div", "<p>", "<p ",
		"<br", "<font", "<a ", "<img", "<center", "<h1", "<h2", "<b>",
		"<span", "<!--", "<ul", "<svg", "<td", "<pre" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		if (begins(v, tags[i]))
			return 1;
	}
	return 0;
}

static int
html_find(const struct view *v, const char *declared, struct identity *id)
{
	int said = strncmp(declared, "text/html", 9) == 0 ||
	    strncmp(declared, "application/xhtml", 17) == 0;

	if (!said && !html_strong(v) &&
	    !(html_weak(v) && strncmp(declared, "text/plain", 10) != 0))
		return 0;
	identity_set(id, KIND_HTML, "HTML");
	return 1;
}

/* Text that starts something when it is opened. */
static int
script_find(const struct view *v, struct identity *id)
{
	static const struct {
		const char *begin, *format;
	} table[] = {
		{ "#!", "script" },
		{ "[internetshortcut]", "internet shortcut" },
		{ "[desktop entry]", "desktop shortcut" },
		{ "@echo off", "batch file" },
		{ "windows registry editor", "registry file" },
		{ "regedit4", "registry file" },
		{ "web\r\n1\r\n", "web query" },
		{ "web\n1\n", "web query" },
		{ "full address:s:", "remote desktop file" },
		{ "screen mode id:i:", "remote desktop file" },
		{ "# disk descriptorfile", "disk image (VMDK)" },
	};
	static const struct {
		const char *word, *format;
	} anywhere[] = {
		{ "<hta:application", "HTA" },
		{ "<scriptlet", "scriptlet" },
		{ "<librarydescription", "Windows library" },
		{ "<searchconnectordescription", "Windows search connector" },
		{ "<pcsettings>", "Windows settings link" },
		{ "\n[internetshortcut]", "internet shortcut" },
		{ "<job id=", "script host file" },
		{ "<package>\r\n<job", "script host file" },
		{ "<package>\n<job", "script host file" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (begins(v, table[i].begin)) {
			identity_set(id, KIND_PROGRAM, table[i].format);
			return 1;
		}
	}
	/* These are markup or settings, or words about them. */
	if (v->s[v->start] != '<' && v->s[v->start] != '[')
		return 0;
	for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++) {
		if (holds(v, anywhere[i].word)) {
			identity_set(id, KIND_PROGRAM, anywhere[i].format);
			return 1;
		}
	}
	return 0;
}

static int
armour_find(const struct view *v, struct identity *id)
{
	if (begins(v, "begin:vcalendar"))
		identity_set(id, KIND_CARD, "calendar");
	else if (begins(v, "begin:vcard"))
		identity_set(id, KIND_CARD, "contact");
	else if (begins(v, "-----begin pgp message") ||
	    begins(v, "-----begin age encrypted"))
		identity_set(id, KIND_ENCRYPTED, "PGP encrypted");
	else if (begins(v, "-----begin pgp signature"))
		identity_set(id, KIND_SIGNATURE, "PGP signature");
	else if (begins(v, "-----begin pkcs7") || begins(v, "-----begin cms"))
		identity_set(id, KIND_ENCRYPTED, "S/MIME");
	else
		return 0;
	return 1;
}

/* A PDF without its first line: readers repair it, so it is one. */
static int
objects_find(const struct view *v, struct identity *id)
{
	if (!holds(v, " obj") || !holds(v, "<<") || !holds(v, "/type") ||
	    !(holds(v, "endobj") || holds(v, "stream")))
		return 0;
	identity_set(id, KIND_PDF, "PDF");
	return 1;
}

/* XML of a known kind; scalable graphics, flat office documents. */
static int
xml_find(const struct view *v, const char *declared, struct identity *id)
{
	/* A web page may hold a drawing and is none. */
	if (strncmp(declared, "text/html", 9) == 0)
		return 0;
	if (begins(v, "<svg") || ((begins(v, "<?xml") ||
	    begins(v, "<!doctype svg") || begins(v, "<!--")) &&
	    holds(v, "<svg") && !holds(v, "<html"))) {
		identity_set(id, KIND_PDF, "SVG");
		return 1;
	}
	if (!begins(v, "<?xml"))
		return 0;
	if (holds(v, "progid=\"word.document") || holds(v, "<w:worddocument"))
		identity_set(id, KIND_OFFICE, "Word XML");
	else if (holds(v, "urn:schemas-microsoft-com:office:spreadsheet"))
		identity_set(id, KIND_OFFICE, "Excel XML");
	else if (holds(v, "<pkg:package"))
		identity_set(id, KIND_OFFICE, "flat OPC");
	else if (holds(v, "<office:document"))
		identity_set(id, KIND_OFFICE, "flat ODF");
	else if (holds(v, "<html"))
		identity_set(id, KIND_HTML, "HTML");
	else
		identity_set(id, KIND_TEXT, "XML");
	return 1;
}

static void
text_name(const struct view *v, enum coding coding, struct identity *id)
{
	const char *format = "text";

	if (coding == CODING_UTF16LE || coding == CODING_UTF16BE)
		format = "UTF-16 text";
	else if (coding == CODING_UTF32LE || coding == CODING_UTF32BE)
		format = "UTF-32 text";
	else if (v->escapes && (holds(v, "\x1b$") || holds(v, "\x1b(")))
		format = "ISO-2022 text";
	identity_set(id, KIND_TEXT, format);
}

int
identify_text(const uint8_t *data, size_t len, const char *declared,
    struct identity *id)
{
	enum coding coding = coding_find(data, len);
	struct view v;

	view_make(&v, data, len, coding);
	/* Mail may carry bare bytes; its header says that it is one. */
	if (coding == CODING_BINARY)
		return mail_find(&v, "", id) || objects_find(&v, id);
	if (v.start == v.len) {
		identity_set(id, KIND_EMPTY, "blank");
		return 1;
	}
	if (script_find(&v, id) || armour_find(&v, id) ||
	    xml_find(&v, declared, id) || mail_find(&v, declared, id) ||
	    html_find(&v, declared, id) || objects_find(&v, id))
		return 1;
	text_name(&v, coding, id);
	return 1;
}
