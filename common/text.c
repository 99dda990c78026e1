/*
 * text: makes any bytes into text that is safe to show, and file names safe to
 * store, on every system.
 * Runs in: workers (what leaves the jail), copy writer and reader, compose.
 * Hostile input: every byte.
 * Must never: pass a control, bidi or invisible character, or malformed UTF-8.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "err.h"
#include "strbuf.h"
#include "text.h"

#define MARKS_MAX	16	/* combining marks on one character */
#define NAME_MAX_BYTES	120
#define EXT_MAX_BYTES	16

struct range {
	ucs4_t	 first, last;
};

/* Default-ignorable and bidi characters: a reader sees nothing there. */
static const struct range invisible[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
	{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
	{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
	{ 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff }
};

/* Scripts whose spelling needs the joiners U+200C and U+200D. */
static const struct range joining[] = {
	{ 0x0600, 0x07ff }, { 0x0860, 0x0dff }, { 0x1000, 0x109f },
	{ 0x1780, 0x17ff }, { 0xfb50, 0xfdcf }, { 0xfdf0, 0xfdff },
	{ 0xfe70, 0xfefc }
};

static const struct range emoji[] = {
	{ 0x2190, 0x21ff }, { 0x2600, 0x27bf }, { 0x2b00, 0x2bff },
	{ 0x1f000, 0x1faff }
};

static const struct range spaces[] = {
	{ '\t', '\r' }, { ' ', ' ' }, { 0x0085, 0x0085 }, { 0x00a0, 0x00a0 },
	{ 0x1680, 0x1680 }, { 0x2000, 0x200a }, { 0x2028, 0x2029 },
	{ 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 }
};

#define IN(uc, table) \
	range_find(uc, table, sizeof(table) / sizeof((table)[0]))

static int
range_find(ucs4_t uc, const struct range *r, size_t n)
{
	size_t	 i;

	for (i = 0; i < n && uc >= r[i].first; i++)
		if (uc <= r[i].last)
			return 1;
	return 0;
}

static int
uc_is_mark(ucs4_t uc)
{
	return uc >= 0x300 && uc_is_general_category_withtable(uc,
	    UC_CATEGORY_MASK_M);
}

static int
uc_is_control(ucs4_t uc)
{
	return uc < 0x20 || (uc >= 0x7f && uc <= 0x9f);
}

static int
uc_is_noncharacter(ucs4_t uc)
{
	return (uc >= 0xfdd0 && uc <= 0xfdef) || (uc & 0xfffe) == 0xfffe;
}

static int
uc_is_variation(ucs4_t uc)
{
	return (uc >= 0xfe00 && uc <= 0xfe0f) ||
	    (uc >= 0xe0100 && uc <= 0xe01ef);
}

/* A letter or mark of a script that is spelled with joiners. */
static int
uc_is_joining(ucs4_t uc)
{
	return IN(uc, joining) && !IN(uc, invisible) &&
	    uc_is_general_category_withtable(uc,
	    UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M);
}

static int
joiner_is_needed(ucs4_t joiner, ucs4_t before, ucs4_t after)
{
	if (uc_is_joining(before) && uc_is_joining(after))
		return 1;
	return joiner == 0x200d && IN(before, emoji) && IN(after, emoji);
}

struct cleaner {
	struct strbuf		 out;
	struct text_cleaned	 counts;
	enum text_form		 form;
	ucs4_t			 prev_in, prev_out;
	int			 space;		/* TEXT_LINE: one is owed */
};

static void
clean_put(struct cleaner *c, ucs4_t uc)
{
	if (c->space && c->out.len > 0)
		strbuf_putc(&c->out, ' ');
	c->space = 0;
	strbuf_put_uc(&c->out, uc);
	c->prev_out = uc;
}

static void
clean_space(struct cleaner *c, ucs4_t uc, ucs4_t next)
{
	if (c->form == TEXT_LINE) {
		c->space = 1;
		c->prev_out = ' ';
	} else if (uc == '\r') {
		if (next != '\n')
			clean_put(c, '\n');
	} else if (uc == '\v' || uc == '\f' || uc == 0x85 ||
	    uc == 0x2028 || uc == 0x2029) {
		clean_put(c, '\n');
	} else
		clean_put(c, uc);
}

static void
clean_char(struct cleaner *c, ucs4_t uc, ucs4_t next)
{
	if (IN(uc, spaces)) {
		clean_space(c, uc, next);
	} else if (uc_is_control(uc)) {
		c->counts.controls++;
	} else if ((uc == 0x200c || uc == 0x200d) &&
	    joiner_is_needed(uc, c->prev_out, next)) {
		clean_put(c, uc);
	} else if (uc >= 0xad && IN(uc, invisible)) {
		/* One selector after a character is ordinary typography; a
		 * row of them carries hidden bytes. */
		if (!uc_is_variation(uc) || uc_is_variation(c->prev_in))
			c->counts.invisible++;
	} else
		clean_put(c, uc);
	c->prev_in = uc;
}

/* One code point from s; malformed bytes give U+FFFD, *bad set. */
static size_t
decode_one(const uint8_t *s, size_t len, ucs4_t *uc, int *bad)
{
	int	 n;

	*bad = 0;
	if (*s < 0x80) {
		*uc = *s;
		return 1;
	}
	n = u8_mbtoucr(uc, s, len);
	if (n <= 0) {
		*uc = 0xfffd;
		*bad = 1;
		return 1;
	}
	if (uc_is_noncharacter(*uc)) {
		*uc = 0xfffd;
		*bad = 1;
	}
	return (size_t)n;
}

static void
clean_all(struct cleaner *c, const uint8_t *s, size_t len)
{
	ucs4_t	 uc, next = 0;
	size_t	 i = 0, n;
	int	 bad, bad_next, was_bad = 0;

	if (len == 0)
		return;
	n = decode_one(s, len, &uc, &bad);
	for (;;) {
		i += n;
		next = 0;
		bad_next = 0;
		if (i < len)
			n = decode_one(s + i, len - i, &next, &bad_next);
		if (!bad || !was_bad) {
			c->counts.invalid += bad ? 1 : 0;
			clean_char(c, uc, next);
		}
		if (i >= len)
			return;
		was_bad = bad;
		bad = bad_next;
		uc = next;
	}
}

/* Drops marks beyond MARKS_MAX on one character, in place; how many. */
static uint32_t
marks_cap(char *s, size_t *len)
{
	uint8_t		*u = (uint8_t *)s;
	size_t		 i, n, out = 0;
	uint32_t	 dropped = 0, run = 0;
	ucs4_t		 uc;
	int		 bad;

	for (i = 0; i < *len; i += n) {
		n = decode_one(u + i, *len - i, &uc, &bad);
		run = uc_is_mark(uc) ? run + 1 : 0;
		if (run > MARKS_MAX) {
			dropped++;
			continue;
		}
		memmove(u + out, u + i, n);
		out += n;
	}
	*len = out;
	return dropped;
}

static size_t
cut_border(const char *s, size_t len, size_t max, enum text_form form)
{
	if (len <= max)
		return len;
	while (max > 0 && ((uint8_t)s[max] & 0xc0) == 0x80)
		max--;
	/* What is cut must not end in a joiner that joins nothing. */
	for (;;) {
		if (form == TEXT_LINE && max > 0 && s[max - 1] == ' ')
			max--;
		else if (max >= 3 && (memcmp(s + max - 3, "\u200c", 3) == 0 ||
		    memcmp(s + max - 3, "\u200d", 3) == 0))
			max -= 3;
		else
			return max;
	}
}

static int
is_ascii(const char *s, size_t len)
{
	size_t	 i;

	for (i = 0; i < len; i++)
		if ((uint8_t)s[i] >= 0x80)
			return 0;
	return 1;
}

/* NFC of cleaned UTF-8 as a new string of *len bytes; NULL: no memory. */
static char *
normalise(char *s, size_t *len)
{
	uint8_t	*n;
	size_t	 n_len = 0;
	char	*p;

	if (is_ascii(s, *len))
		return s;
	n = u8_normalize(UNINORM_NFC, (uint8_t *)s, *len, NULL, &n_len);
	free(s);
	if (n == NULL)
		return NULL;
	*len = n_len;
	if ((p = realloc(n, n_len + 1)) == NULL) {
		free(n);
		return NULL;
	}
	p[n_len] = '\0';
	return p;
}

char *
text_clean(const char *s, size_t len, enum text_form form, size_t max,
    struct text_cleaned *counts)
{
	struct cleaner	 c = { .out = STRBUF_EMPTY, .form = form };
	uint32_t	 dropped;
	size_t		 n;
	char		*t, *again;

	clean_all(&c, (const uint8_t *)s, len);
	n = c.out.len;
	if ((t = strbuf_take(&c.out)) == NULL ||
	    (t = normalise(t, &n)) == NULL)
		return NULL;
	if (!is_ascii(t, n) && (dropped = marks_cap(t, &n)) > 0) {
		/* Dropping marks can bring others together. */
		again = text_clean(t, n, form, max, counts);
		if (counts != NULL) {
			counts->invisible += c.counts.invisible + dropped;
			counts->controls += c.counts.controls;
			counts->invalid += c.counts.invalid;
		}
		free(t);
		return again;
	}
	if (n > max) {
		n = cut_border(t, n, max, form);
		c.counts.cut = 1;
	}
	t[n] = '\0';
	if (counts != NULL)
		*counts = c.counts;
	return t;
}

/* Plain printable ASCII is by far the commonest text: no copy for it. */
static int
is_plain(const char *s, size_t len, enum text_form form)
{
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (s[i] > ' ' && s[i] < 0x7f)
			continue;
		if (form == TEXT_BLOCK && (s[i] == '\n' || s[i] == '\t' ||
		    s[i] == ' '))
			continue;
		if (form == TEXT_LINE && s[i] == ' ' && i > 0 &&
		    s[i - 1] != ' ' && i + 1 < len)
			continue;
		return 0;
	}
	return 1;
}

int
text_check(const char *s, size_t len, enum text_form form)
{
	char	*t;
	int	 r;

	if (is_plain(s, len, form))
		return ERR_OK;
	if ((t = text_clean(s, len, form, SIZE_MAX, NULL)) == NULL)
		return ERR_MEMORY;
	r = strlen(t) == len && memcmp(t, s, len) == 0 ? ERR_OK : ERR_FORMAT;
	free(t);
	return r;
}

/* File names */

static const char *const reserved[] = {
	"aux", "clock$", "con", "conin$", "conout$", "nul", "prn"
};

static int
name_is_reserved(const char *s)
{
	size_t	 i, n = strcspn(s, ".");

	while (n > 0 && s[n - 1] == ' ')
		n--;
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strlen(reserved[i]) == n &&
		    strncasecmp(s, reserved[i], n) == 0)
			return 1;
	if (strncasecmp(s, "com", 3) != 0 && strncasecmp(s, "lpt", 3) != 0)
		return 0;
	/* Superscript digits count as digits to Windows. */
	return (n == 4 && s[3] >= '0' && s[3] <= '9') ||
	    (n == 5 && (strncmp(s + 3, "\u00b9", 2) == 0 ||
	    strncmp(s + 3, "\u00b2", 2) == 0 ||
	    strncmp(s + 3, "\u00b3", 2) == 0));
}

static char *
name_base(char *s)
{
	size_t	 n = strlen(s);
	char	*p;

	while (n > 0 && strchr("/\\ .", s[n - 1]) != NULL)
		s[--n] = '\0';
	for (p = s + n; p > s && p[-1] != '/' && p[-1] != '\\'; p--)
		;
	return p + strspn(p, ".- ");
}

/* Forbidden characters become "_"; blanks that push the true ending out of
 * sight ("a.pdf      .exe") go. In place. */
static void
name_characters(char *s)
{
	char	*out = s;

	for (; *s != '\0'; s++) {
		if (*s == '.')
			while (out[-1] == ' ')
				out--;
		*out++ = strchr("<>:\"|?*", *s) != NULL ? '_' : *s;
	}
	*out = '\0';
}

/* Cuts the stem so that all fits max bytes and the ending stays. In place. */
static void
name_cut(char *s, size_t max)
{
	size_t	 len = strlen(s), ext_len = 0, n;
	char	*ext;

	if (len <= max)
		return;
	if ((ext = strrchr(s, '.')) != NULL && strlen(ext) <= EXT_MAX_BYTES)
		ext_len = strlen(ext);
	n = cut_border(s, len, max - ext_len, TEXT_LINE);
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '.'))
		n--;
	memmove(s + n, s + len - ext_len, ext_len);
	s[n + ext_len] = '\0';
}

char *
text_file_name(const char *s, size_t len, int *changed)
{
	char		*clean, *base, *name = NULL;
	const char	*use;

	if ((clean = text_clean(s, len, TEXT_LINE, 4096, NULL)) == NULL)
		return NULL;
	base = name_base(clean);
	name_characters(base);
	/* Leaves room for the "_". */
	name_cut(base, NAME_MAX_BYTES - (name_is_reserved(base) ? 1 : 0));
	use = *base == '\0' ? "unnamed" : base;
	if ((name = malloc(strlen(use) + 2)) != NULL) {
		name[0] = '_';
		strcpy(name_is_reserved(use) ? name + 1 : name, use);
		if (changed != NULL)
			*changed = strlen(name) != len ||
			    memcmp(name, s, len) != 0;
	}
	free(clean);
	return name;
}
