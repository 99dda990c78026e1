/*
 * rtf_text: from the RTF of a mail's body to what its sender wrote.
 * Runs in: worker-msg, in the jail.
 * Hostile input: compressed and plain RTF.
 * Must never: follow a picture, an object or a field; work more than the input is
 * long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "charset_private.h"
#include "rtf_text.h"
#include "strbuf.h"

#define DICTIONARY	4096
#define GROUPS_MAX	1000
#define FONTS_MAX	512
#define BYTES_MAX	1024	/* of one run in one charset */

/* What the dictionary of [MS-OXRTFCP] holds before the first byte. */
static const char preload[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman "
    "\\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New "
    "RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0"
    "\\fs20\\b\\i\\u\\tab\\tx";

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

struct lz {
	uint8_t		 ring[DICTIONARY];
	size_t		 at;
	uint8_t		*out;
	size_t		 n, max;
};

static void
lz_put(struct lz *z, uint8_t c)
{
	z->ring[z->at] = c;
	z->at = (z->at + 1) % DICTIONARY;
	if (z->n < z->max)
		z->out[z->n++] = c;
}

/* One token of the second kind: 0 at the end mark. */
static int
lz_copy(struct lz *z, unsigned token)
{
	size_t	 from = token >> 4, count = (token & 15) + 2;

	if (from == z->at)
		return 0;
	while (count-- > 0) {
		lz_put(z, z->ring[from]);
		from = (from + 1) % DICTIONARY;
	}
	return 1;
}

static void
lz_run(struct lz *z, const uint8_t *s, size_t len)
{
	size_t	 i = 0;
	unsigned flags, bit;

	while (i < len && z->n < z->max) {
		flags = s[i++];
		for (bit = 0; bit < 8 && i < len; bit++) {
			if ((flags & 1u << bit) == 0) {
				lz_put(z, s[i++]);
			} else if (i + 1 >= len || !lz_copy(z,
			    (unsigned)s[i] << 8 | s[i + 1])) {
				return;
			} else
				i += 2;
		}
	}
}

uint8_t *
rtf_decompress(const uint8_t *s, size_t len, size_t max, size_t *out_len)
{
	struct lz	*z;
	uint8_t		*out = NULL;
	size_t		 raw;

	if (len < 16)
		return NULL;
	raw = le32(s + 4);
	if (raw > max)
		raw = max;
	/* a token of two bytes gives at most 17 */
	if (raw > (len - 16) * 17 + 17)
		raw = (len - 16) * 17 + 17;
	if ((z = calloc(1, sizeof(*z))) == NULL)
		return NULL;
	if ((z->out = malloc(raw + 1)) == NULL)
		goto out;
	z->max = raw;
	if (memcmp(s + 8, "MELA", 4) == 0) {
		z->n = raw < len - 16 ? raw : len - 16;
		memcpy(z->out, s + 16, z->n);
	} else if (memcmp(s + 8, "LZFu", 4) == 0) {
		memcpy(z->ring, preload, sizeof(preload) - 1);
		z->at = sizeof(preload) - 1;
		lz_run(z, s + 16, len - 16);
	} else {
		free(z->out);
		goto out;
	}
	out = z->out;
	out[z->n] = '\0';
	*out_len = z->n;
 out:
	free(z);
	return out;
}

/* The charset of a font, by the number that Windows gave to scripts. */
static const struct {
	int		 number;
	const char	*name;
} scripts[] = {
	{ 0, "CP1252" }, { 77, "MACINTOSH" }, { 128, "CP932" },
	{ 129, "CP949" }, { 130, "JOHAB" }, { 134, "GB18030" },
	{ 136, "BIG5-HKSCS" }, { 161, "CP1253" }, { 162, "CP1254" },
	{ 163, "CP1258" }, { 177, "CP1255" }, { 178, "CP1256" },
	{ 186, "CP1257" }, { 204, "CP1251" }, { 222, "CP874" },
	{ 238, "CP1250" }, { 255, "CP437" }
};

struct group {
	uint8_t		 skip;		/* nothing in it is text */
	uint8_t		 tag;		/* HTML as it was */
	uint8_t		 fonts;		/* the table of fonts */
	uint8_t		 quiet;		/* between \htmlrtf and \htmlrtf0 */
	uint16_t	 uc;		/* bytes that stand for one \u */
	int		 face;		/* font number */
};

struct rtf {
	const uint8_t	*s;
	size_t		 len, at;
	struct group	 g[GROUPS_MAX];
	size_t		 depth;
	size_t		 lost;		/* groups beyond the last */
	const char	*font[FONTS_MAX];
	const char	*ansi;		/* of the document */
	int		 html, text;	/* what was wrapped */
	int		 star;		/* \* came: unknown words are skipped */
	unsigned	 swallow;	/* what stands for a \u that is known */
	uint8_t		 bytes[BYTES_MAX];
	size_t		 count;
	uint32_t	 high;		/* first half of a surrogate pair */
	struct strbuf	 out;
};

static struct group *
top(struct rtf *r)
{
	return &r->g[r->depth];
}

static int
is_shown(struct rtf *r)
{
	const struct group	*g = top(r);

	if (g->skip || g->fonts)
		return 0;
	return r->html ? g->tag || !g->quiet : !g->tag;
}

static void
flush(struct rtf *r)
{
	int		 f = top(r)->face;
	const char	*name = r->ansi;
	size_t		 n, bad;
	char		*t;

	if (r->count == 0)
		return;
	if (f >= 0 && f < FONTS_MAX && r->font[f] != NULL && !top(r)->tag)
		name = r->font[f];
	if ((t = charset_convert(r->bytes, r->count, name, &n, &bad)) == NULL)
		r->out.failed = 1;
	else
		strbuf_add(&r->out, t, n);
	free(t);
	r->count = 0;
}

static void
put_byte(struct rtf *r, uint8_t c)
{
	if (r->swallow > 0) {
		r->swallow--;
		return;
	}
	if (!is_shown(r))
		return;
	r->bytes[r->count++] = c;
	/* a pair must not be parted: leave room for its second half */
	if (r->count >= sizeof(r->bytes) - 2 && c < 0x80)
		flush(r);
	if (r->count == sizeof(r->bytes))
		flush(r);
}

static void
put_words(struct rtf *r, const char *s)
{
	if (!is_shown(r))
		return;
	flush(r);
	strbuf_puts(&r->out, s);
}

static void
put_unicode(struct rtf *r, int number)
{
	uint32_t	 uc = number < 0 ? (uint32_t)(number + 65536) :
			    (uint32_t)number;

	r->swallow = top(r)->uc;
	if (!is_shown(r))
		return;
	flush(r);
	if (uc >= 0xd800 && uc < 0xdc00) {
		r->high = uc;
		return;
	}
	if (uc >= 0xdc00 && uc < 0xe000 && r->high != 0)
		uc = 0x10000 + ((r->high - 0xd800) << 10) + (uc - 0xdc00);
	r->high = 0;
	if (uc < 0xd800 || (uc > 0xdfff && uc < 0x110000))
		strbuf_put_uc(&r->out, uc);
}

static void
group_open(struct rtf *r)
{
	flush(r);
	r->star = 0;
	if (r->depth + 1 == GROUPS_MAX) {
		r->lost++;
		return;
	}
	r->g[r->depth + 1] = r->g[r->depth];
	r->depth++;
}

static void
group_close(struct rtf *r)
{
	flush(r);
	r->star = 0;
	r->swallow = 0;
	if (r->lost > 0)
		r->lost--;
	else if (r->depth > 0)
		r->depth--;
}

static void
font_charset(struct rtf *r, int number)
{
	int	 f = top(r)->face;
	size_t	 i;

	if (f < 0 || f >= FONTS_MAX || !top(r)->fonts)
		return;
	for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
		if (scripts[i].number == number)
			r->font[f] = scripts[i].name;
}

static void
document_charset(struct rtf *r, int number)
{
	char		 label[16];
	const char	*name;

	snprintf(label, sizeof(label), "cp%d", number);
	if (number == 65001)
		strcpy(label, "utf-8");
	if ((name = charset_find(label)) != NULL)
		r->ansi = name;
}

/* Words that stand for characters. */
static const struct {
	const char	*word, *shown;
} marks[] = {
	{ "par", "\n" }, { "line", "\n" }, { "sect", "\n" }, { "page", "\n" },
	{ "row", "\n" }, { "cell", "\t" }, { "tab", "\t" },
	{ "lquote", "\xe2\x80\x98" }, { "rquote", "\xe2\x80\x99" },
	{ "ldblquote", "\xe2\x80\x9c" }, { "rdblquote", "\xe2\x80\x9d" },
	{ "bullet", "\xe2\x80\xa2" }, { "endash", "\xe2\x80\x93" },
	{ "emdash", "\xe2\x80\x94" }
};

/* Groups in which nothing is text, even without \*. */
static const char *const hidden[] = {
	"colortbl", "stylesheet", "info", "pict", "object", "fldinst",
	"listtable", "listoverridetable", "revtbl", "themedata", "header",
	"footer", "xe", "tc", "private", "generator", "datastore", "filetbl"
};

static void
control_word(struct rtf *r, const char *w, int has, int number)
{
	struct group	*g = top(r);
	size_t		 i;

	if (strcmp(w, "u") == 0 && has) {
		put_unicode(r, number);
		return;
	}
	if (r->swallow > 0 && strcmp(w, "uc") != 0) {
		r->swallow--;
		return;
	}
	if (strcmp(w, "fonttbl") == 0) {
		g->fonts = 1;
	} else if (strcmp(w, "htmltag") == 0) {
		g->tag = 1;
	} else if (strcmp(w, "mhtmltag") == 0 || (r->star && g->tag == 0)) {
		g->skip = 1;
	} else if (strcmp(w, "f") == 0) {
		flush(r);
		g->face = number;
	} else if (strcmp(w, "fcharset") == 0) {
		font_charset(r, number);
	} else if (strcmp(w, "ansicpg") == 0) {
		document_charset(r, number);
	} else if (strcmp(w, "mac") == 0) {
		r->ansi = "MACINTOSH";
	} else if (strcmp(w, "uc") == 0) {
		g->uc = number >= 0 && number < 100 ? (uint16_t)number : 1;
	} else if (strcmp(w, "htmlrtf") == 0) {
		flush(r);
		g->quiet = !has || number != 0;
	} else {
		for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			if (strcmp(marks[i].word, w) == 0)
				put_words(r, marks[i].shown);
		for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
			if (strcmp(hidden[i], w) == 0)
				g->skip = 1;
	}
	r->star = 0;
}

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
is_alpha(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static int
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* A word, and the number that may follow it. */
static void
control_read_word(struct rtf *r)
{
	char	 w[24];
	size_t	 n = 0;
	int	 number = 0, minus = 0, has = 0;

	for (; r->at < r->len && is_alpha(r->s[r->at]); r->at++)
		if (n + 1 < sizeof(w))
			w[n++] = (char)r->s[r->at];
	w[n] = '\0';
	if (r->at + 1 < r->len && r->s[r->at] == '-' &&
	    is_digit(r->s[r->at + 1])) {
		minus = 1;
		r->at++;
	}
	for (; r->at < r->len && is_digit(r->s[r->at]); r->at++, has = 1)
		if (number < 10000000)
			number = number * 10 + (r->s[r->at] - '0');
	if (r->at < r->len && r->s[r->at] == ' ')
		r->at++;
	control_word(r, w, has, minus ? -number : number);
}

static void
control_read(struct rtf *r)
{
	uint8_t	 c;
	int	 high, low;

	if (r->at >= r->len)
		return;
	c = r->s[r->at];
	if (is_alpha(c)) {
		control_read_word(r);
		return;
	}
	r->at++;
	if (c == '\'' && r->at + 1 < r->len) {
		high = hex_value(r->s[r->at]);
		low = hex_value(r->s[r->at + 1]);
		r->at += 2;
		if (high >= 0 && low >= 0)
			put_byte(r, (uint8_t)(high << 4 | low));
	} else if (c == '*') {
		r->star = 1;
	} else if (c == '~') {
		put_words(r, " ");
	} else if (c == '\n' || c == '\r') {
		put_words(r, "\n");
	} else if (c == '\\' || c == '{' || c == '}') {
		put_byte(r, c);
	}
}

static void
document_read(struct rtf *r)
{
	uint8_t	 c;

	while (r->at < r->len && !r->out.failed) {
		c = r->s[r->at++];
		if (c == '{')
			group_open(r);
		else if (c == '}')
			group_close(r);
		else if (c == '\\')
			control_read(r);
		else if (c != '\r' && c != '\n' && c != '\0')
			put_byte(r, c);
	}
	flush(r);
}

char *
rtf_read(const uint8_t *s, size_t len, enum rtf_form *form, int *own,
    size_t *out_len)
{
	struct rtf	*r;
	size_t		 head = len < 4096 ? len : 4096;
	char		*t;

	*form = RTF_NONE;
	*own = 0;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->s = s;
	r->len = len;
	r->ansi = "CP1252";
	r->g[0].uc = 1;
	r->html = memmem(s, head, "\\fromhtml", 9) != NULL;
	r->text = memmem(s, head, "\\fromtext", 9) != NULL;
	if (len >= 5 && memcmp(s, "{\\rtf", 5) == 0) {
		*form = r->html ? RTF_HTML : RTF_TEXT;
		*own = !r->html && !r->text;
		document_read(r);
	}
	*out_len = r->out.len;
	t = strbuf_take(&r->out);
	free(r);
	return t;
}
