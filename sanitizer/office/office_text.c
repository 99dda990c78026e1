/*
 * Words of OOXML and ODF: paragraphs, tables, slides and sheets, in reading order; and
 * those of RTF.
 * Runs in the jailed child of worker-office.
 * Hostile input: the document, as office_package.c hears it. Must never grow beyond
 * the bytes asked for, whatever the document repeats.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "office_package.h"
#include "office_text.h"
#include "office_words.h"
#include "rtf_text.h"

#define PIECES_MAX	5000	/* members with words */
#define STRINGS_MAX	1000000	/* shared ones of a workbook */

/* The words of one member, and where they belong. */
struct piece {
	unsigned	 rank, number;
	struct office_words	 words;
};

struct take {
	struct office_words	*out;
	int		 speaking;	/* inside an element that holds words */
	int		 silent;	/* inside one whose words do not count */
	int		 cells;		/* inside this many cells of tables */
	/* workbooks */
	struct office_words	*shared;	/* shared strings, end to end */
	size_t		*starts;
	size_t		 count, room;
	int		 by_number;	/* this cell's value is a shared string's */
	char		 number[24];
};

static int
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Word and PowerPoint. */

static void
ooxml_begin(void *arg, const char *name, const void *at)
{
	struct take	*t = arg;

	(void)at;
	t->speaking = is(name, "t");
	if (is(name, "tab"))
		office_words_add(t->out, "\t", 1);
	else if (is(name, "br") || is(name, "cr"))
		office_words_add(t->out, "\n", 1);
}

static void
ooxml_end(void *arg, const char *name)
{
	struct take	*t = arg;

	t->speaking = 0;
	if (is(name, "p"))
		office_words_add(t->out, "\n", 1);
}

static void
any_text(void *arg, const char *s, size_t len)
{
	struct take	*t = arg;

	if (t->speaking && !t->silent)
		office_words_add(t->out, s, len);
}

/* OpenDocument. */

static void
odf_begin(void *arg, const char *name, const void *at)
{
	struct take	*t = arg;

	(void)at;
	if (is(name, "p") || is(name, "h"))
		t->speaking++;
	else if (is(name, "tracked-changes") || is(name, "dde-connection-decls"))
		t->silent++;
	else if (is(name, "table-cell"))
		t->cells++;
	else if (is(name, "s"))
		office_words_add(t->out, " ", 1);
	else if (is(name, "tab"))
		office_words_add(t->out, "\t", 1);
	else if (is(name, "line-break"))
		office_words_add(t->out, "\n", 1);
}

static void
odf_end(void *arg, const char *name)
{
	struct take	*t = arg;

	if (is(name, "p") || is(name, "h")) {
		t->speaking -= t->speaking > 0;
		office_words_add(t->out, t->cells > 0 ? " " : "\n", 1);
	} else if (is(name, "table-cell")) {
		t->cells -= t->cells > 0;
		office_words_add(t->out, "\t", 1);
	} else if (is(name, "table-row")) {
		office_words_add(t->out, "\n", 1);
	} else if (is(name, "tracked-changes") ||
	    is(name, "dde-connection-decls")) {
		t->silent -= t->silent > 0;
	}
}

/* Workbooks: shared strings first, then cells. */

static void
strings_begin(void *arg, const char *name, const void *at)
{
	struct take	*t = arg;
	size_t		*grown;

	(void)at;
	t->speaking = is(name, "t");
	if (is(name, "rPh"))
		t->silent = 1;		/* how it is spoken, not what it says */
	if (!is(name, "si") || t->count >= STRINGS_MAX)
		return;
	if (t->count == t->room) {
		t->room = 2 * t->room + 64;
		if ((grown = realloc(t->starts, t->room * sizeof(*grown))) ==
		    NULL) {
			t->room = t->count;
			return;
		}
		t->starts = grown;
	}
	t->starts[t->count++] = t->shared->len;
}

static void
strings_end(void *arg, const char *name)
{
	struct take	*t = arg;

	t->speaking = 0;
	if (is(name, "rPh"))
		t->silent = 0;
}

static void
strings_text(void *arg, const char *s, size_t len)
{
	struct take	*t = arg;

	if (t->speaking && !t->silent)
		office_words_add(t->shared, s, len);
}

static void
sheet_begin(void *arg, const char *name, const void *at)
{
	struct take	*t = arg;
	char		 type[16];

	if (is(name, "c")) {
		office_attribute(at, "t", type, sizeof(type));
		t->by_number = is(type, "s");
		t->number[0] = '\0';
	}
	t->speaking = is(name, "v") || is(name, "t");
}

static void
sheet_text(void *arg, const char *s, size_t len)
{
	struct take	*t = arg;
	size_t		 n = strlen(t->number);

	if (!t->speaking)
		return;
	if (!t->by_number)
		office_words_add(t->out, s, len);
	else if (len < sizeof(t->number) - n) {
		memcpy(t->number + n, s, len);
		t->number[n + len] = '\0';
	}
}

static void
sheet_end(void *arg, const char *name)
{
	struct take	*t = arg;
	size_t		 n, end;

	t->speaking = 0;
	if (is(name, "row"))
		office_words_add(t->out, "\n", 1);
	if (!is(name, "c"))
		return;
	n = strtoul(t->number, NULL, 10);
	if (t->by_number && t->number[0] != '\0' && n < t->count) {
		end = n + 1 < t->count ? t->starts[n + 1] : t->shared->len;
		office_words_add(t->out, t->shared->s + t->starts[n],
		    end - t->starts[n]);
	}
	t->by_number = 0;
	office_words_add(t->out, "\t", 1);
}

static const struct office_listener
	ooxml = { ooxml_begin, ooxml_end, any_text },
	odf = { odf_begin, odf_end, any_text },
	strings = { strings_begin, strings_end, strings_text },
	sheet = { sheet_begin, sheet_end, sheet_text };

/* Members with words, in reading order. */
static const struct {
	const char			*from;
	const struct office_listener	*listener;
	const char			*title;		/* NULL: none */
} members[] = {
	{ "word/document",		&ooxml, NULL },
	{ "word/footnotes",		&ooxml, "Footnotes" },
	{ "word/endnotes",		&ooxml, "Endnotes" },
	{ "word/header",		&ooxml, NULL },
	{ "word/footer",		&ooxml, NULL },
	{ "word/comments.",		&ooxml, "Comments" },
	{ "ppt/slides/slide",		&ooxml, "Slide" },
	{ "ppt/notesSlides/notesSlide",	&ooxml, "Notes" },
	{ "xl/worksheets/sheet",	&sheet, "Sheet" },
	{ "content.xml",		&odf, NULL },
	{ "Contents/section",		&ooxml, NULL },	/* HWPX */
};
#define RANKS (sizeof(members) / sizeof(members[0]))

static size_t
rank_find(const char *name)
{
	size_t	 n = strlen(name);

	if (n < 4 || strcasecmp(name + n - 4, ".xml") != 0)
		return RANKS;
	for (size_t i = 0; i < RANKS; i++)
		if (strncasecmp(name, members[i].from,
		    strlen(members[i].from)) == 0)
			return i;
	return RANKS;
}

static int
piece_compare(const void *a, const void *b)
{
	const struct piece	*x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static void
strings_take(const uint8_t *data, size_t len, struct take *t)
{
	struct office_package	*p = office_package_open(data, len);
	const char		*name;

	while (p != NULL && (name = office_package_next(p)) != NULL)
		if (strcasecmp(name, "xl/sharedStrings.xml") == 0)
			office_package_listen(p, &strings, t);
	office_package_close(p);
}

static size_t
pieces_take(const uint8_t *data, size_t len, struct take *t,
    struct piece *piece, size_t max)
{
	struct office_package	*p = office_package_open(data, len);
	const char		*name;
	size_t			 n = 0, rank;

	while (p != NULL && n < PIECES_MAX &&
	    (name = office_package_next(p)) != NULL) {
		if ((rank = rank_find(name)) == RANKS)
			continue;
		piece[n].rank = (unsigned)rank;
		piece[n].number = (unsigned)strtoul(name +
		    strlen(members[rank].from), NULL, 10);
		piece[n].words.max = max;
		t->out = &piece[n].words;
		t->speaking = t->silent = t->cells = 0;
		office_package_listen(p, members[rank].listener, t);
		max -= piece[n].words.len;
		n++;
	}
	office_package_close(p);
	return n;
}

static void
pieces_join(struct piece *piece, size_t n, struct office_words *all)
{
	char	 title[64];

	qsort(piece, n, sizeof(*piece), piece_compare);
	for (size_t i = 0; i < n; i++) {
		const char *t = members[piece[i].rank].title;

		if (piece[i].words.len == 0)
			continue;
		if (t != NULL && piece[i].number > 0)
			snprintf(title, sizeof(title), "\n[%s %u]\n", t,
			    piece[i].number);
		else if (t != NULL)
			snprintf(title, sizeof(title), "\n[%s]\n", t);
		if (t != NULL)
			office_words_add(all, title, strlen(title));
		office_words_add(all, piece[i].words.s, piece[i].words.len);
	}
}

static char *
rtf_take(const uint8_t *data, size_t len, size_t max)
{
	enum rtf_form	 form;
	size_t		 n;
	char		*text;
	int		 own;

	if ((text = rtf_read(data, len, &form, &own, &n)) == NULL)
		return NULL;
	if (n > max) {
		while (max > 0 && ((uint8_t)text[max] & 0xc0) == 0x80)
			max--;
		text[max] = '\0';
	}
	if (form == RTF_TEXT && text[strspn(text, " \t\n")] != '\0')
		return text;
	free(text);
	return NULL;
}

char *
office_text_take(const uint8_t *data, size_t len, size_t max)
{
	struct office_words	 shared = { .max = max }, all = { .max = max + 65536 };
	struct take	 t = { .shared = &shared };
	struct piece	*piece;
	size_t		 n;

	if (len >= 5 && memcmp(data, "{\\rtf", 5) == 0)
		return rtf_take(data, len, max);
	if ((piece = calloc(PIECES_MAX, sizeof(*piece))) == NULL)
		return NULL;
	strings_take(data, len, &t);
	n = pieces_take(data, len, &t, piece, max);
	pieces_join(piece, n, &all);
	for (size_t i = 0; i < n; i++)
		free(piece[i].words.s);
	free(piece);
	free(shared.s);
	free(t.starts);
	if (all.s != NULL && all.s[strspn(all.s, " \t\n")] == '\0') {
		free(all.s);
		all.s = NULL;
	}
	return all.s;
}
