/*
 * Flat ODF to lines and tabs.
 * Runs in the jailed child of worker-office.
 * Hostile input: the XML, written by LibreOffice from a hostile document. Repeats of
 * cells and rows are bounded; must never grow beyond the bytes asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "office_grid.h"
#include "office_package.h"
#include "office_words.h"

#define STYLES_MAX	64	/* styles of hidden sheets, and of columns */
#define PAGE_MM		160	/* what any page with margins has room for */
#define COLUMNS_MAX	512	/* more of them are wide, whatever they say */
#define NAME_BYTES	128
#define GAP_MAX		64	/* empty cells or rows between others */
#define REPEAT_MAX	1000	/* of a cell or row that says something */

struct grid {
	struct office_words	 all, row, cell;
	char			 style[NAME_BYTES];	/* being defined */
	char			 hiding[STYLES_MAX][NAME_BYTES];
	unsigned		 hidings, sheets;
	struct { char name[NAME_BYTES]; double mm; } width[STYLES_MAX];
	unsigned		 widths;
	double			 until_mm[COLUMNS_MAX];	/* right edges */
	unsigned long		 known_columns, column;
	struct office_sheets	 seen;
	unsigned long		 columns, rows;		/* repeats of the open ones */
	unsigned long		 empty_cells, empty_rows;
	int			 in_cell, in_words;
	int			 silent;	/* inside a chart or comment */
};

static int
is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static unsigned long
repeat_get(const void *at, const char *name)
{
	char		 value[24];
	unsigned long	 n;

	if (!office_attribute(at, name, value, sizeof(value)))
		return 1;
	n = strtoul(value, NULL, 10);
	return n > 0 ? n : 1;
}

static void
sheet_begin(struct grid *g, const void *at)
{
	char	 style[NAME_BYTES], name[NAME_BYTES], title[NAME_BYTES + 64];
	int	 hidden = 0;

	office_attribute(at, "name", name, sizeof(name));
	office_attribute(at, "style-name", style, sizeof(style));
	for (unsigned i = 0; i < g->hidings; i++)
		hidden |= is(style, g->hiding[i]);
	g->seen.hidden += hidden != 0;
	g->known_columns = 0;
	snprintf(title, sizeof(title), "%s[Sheet %u: %s%s]\n",
	    g->sheets > 0 ? "\n" : "", g->sheets + 1, name,
	    hidden ? " (hidden)" : "");
	g->sheets++;
	g->empty_rows = 0;
	office_words_add(&g->all, title, strlen(title));
}

/* "2.258cm" as LibreOffice writes lengths; what is unknown counts as wide. */
static double
millimetres(const char *s)
{
	char	*unit;
	double	 n = strtod(s, &unit);

	return is(unit, "cm") ? 10 * n : is(unit, "mm") ? n :
	    is(unit, "in") ? 25.4 * n : is(unit, "pt") ? n * 25.4 / 72 : PAGE_MM;
}

static void
width_define(struct grid *g, const void *at)
{
	char	 value[32];

	if (g->widths == STYLES_MAX ||
	    !office_attribute(at, "column-width", value, sizeof(value)))
		return;
	memcpy(g->width[g->widths].name, g->style, NAME_BYTES);
	g->width[g->widths++].mm = millimetres(value);
}

static void
columns_define(struct grid *g, const void *at)
{
	unsigned long	 n = repeat_get(at, "number-columns-repeated");
	char		 style[NAME_BYTES];
	double		 mm = PAGE_MM, left;

	office_attribute(at, "style-name", style, sizeof(style));
	for (unsigned i = 0; i < g->widths; i++)
		if (is(style, g->width[i].name))
			mm = g->width[i].mm;
	left = g->known_columns > 0 ? g->until_mm[g->known_columns - 1] : 0;
	for (; n > 0 && g->known_columns < COLUMNS_MAX; n--)
		g->until_mm[g->known_columns++] = left += mm;
}

static void
on_begin(void *arg, const char *name, const void *at)
{
	struct grid	*g = arg;
	char		 value[16];

	/* a drawing may reach beyond all cells */
	g->seen.wide |= is(name, "shapes") || is(name, "frame");
	if (is(name, "object") || is(name, "annotation")) {
		g->silent++;
	} else if (g->silent > 0) {
		return;
	} else if (is(name, "style")) {
		office_attribute(at, "name", g->style, sizeof(g->style));
	} else if (is(name, "table-properties")) {
		if (office_attribute(at, "display", value, sizeof(value)) &&
		    is(value, "false") && g->hidings < STYLES_MAX)
			memcpy(g->hiding[g->hidings++], g->style, NAME_BYTES);
	} else if (is(name, "table-column-properties")) {
		width_define(g, at);
	} else if (is(name, "table")) {
		sheet_begin(g, at);
	} else if (is(name, "table-column")) {
		columns_define(g, at);
	} else if (is(name, "table-row")) {
		g->rows = repeat_get(at, "number-rows-repeated");
		g->empty_cells = 0;
		g->column = 0;
	} else if (is(name, "table-cell") || is(name, "covered-table-cell")) {
		g->columns = repeat_get(at, "number-columns-repeated");
		g->in_cell = 1;
	} else if (is(name, "p")) {
		if (g->cell.len > 0)
			office_words_add(&g->cell, " ", 1);
		g->in_words = 1;
	} else if (g->in_words && (is(name, "s") || is(name, "tab") ||
	    is(name, "line-break"))) {
		office_words_add(&g->cell, " ", 1);
	}
}

static void
fill(struct office_words *w, char c, unsigned long n, unsigned long max)
{
	for (n = n < max ? n : max; n > 0; n--)
		office_words_add(w, &c, 1);
}

static void
cell_end(struct grid *g)
{
	unsigned long	 n = g->columns < REPEAT_MAX ? g->columns : REPEAT_MAX;

	g->in_cell = 0;
	g->column += g->columns < COLUMNS_MAX ? g->columns : COLUMNS_MAX;
	if (g->cell.len == 0) {
		g->empty_cells += g->columns < GAP_MAX ? g->columns : GAP_MAX;
		return;
	}
	g->seen.wide |= g->column > g->known_columns ||
	    g->until_mm[g->column - 1] > PAGE_MM;
	if (g->row.len > 0)
		office_words_add(&g->row, "\t", 1);
	fill(&g->row, '\t', g->empty_cells, GAP_MAX);
	for (; n > 0; n--) {
		office_words_add(&g->row, g->cell.s, g->cell.len);
		if (n > 1)
			office_words_add(&g->row, "\t", 1);
	}
	g->empty_cells = 0;
	g->cell.len = 0;
}

static void
row_end(struct grid *g)
{
	unsigned long	 n = g->rows < REPEAT_MAX ? g->rows : REPEAT_MAX;

	if (g->row.len == 0) {
		g->empty_rows += g->rows < GAP_MAX ? g->rows : GAP_MAX;
		return;
	}
	fill(&g->all, '\n', g->empty_rows, GAP_MAX);
	for (; n > 0; n--) {
		office_words_add(&g->all, g->row.s, g->row.len);
		office_words_add(&g->all, "\n", 1);
	}
	g->empty_rows = 0;
	g->row.len = 0;
}

/* Words beside the cells: a text box; before the first sheet, a page's own head. */
static void
box_end(struct grid *g)
{
	if (g->cell.len > 0 && g->sheets > 0) {
		office_words_add(&g->all, g->cell.s, g->cell.len);
		office_words_add(&g->all, "\n", 1);
	}
	g->cell.len = 0;
}

static void
on_end(void *arg, const char *name)
{
	struct grid	*g = arg;

	if (is(name, "object") || is(name, "annotation")) {
		g->silent -= g->silent > 0;
	} else if (g->silent > 0) {
		return;
	} else if (is(name, "p")) {
		g->in_words = 0;
		if (!g->in_cell)
			box_end(g);
	} else if (is(name, "table-cell") || is(name, "covered-table-cell")) {
		cell_end(g);
	} else if (is(name, "table-row")) {
		row_end(g);
	}
}

static void
on_text(void *arg, const char *s, size_t len)
{
	struct grid	*g = arg;

	if (g->in_words && g->silent == 0)
		office_words_add(&g->cell, s, len);
}

char *
office_grid_make(const char *fods, size_t len, size_t max,
    struct office_sheets *seen)
{
	static const struct office_listener	 listener = {
		on_begin, on_end, on_text
	};
	struct grid	*g;
	char		*made = NULL;

	memset(seen, 0, sizeof(*seen));
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->all.max = g->row.max = g->cell.max = max;
	office_xml_listen(fods, len, &listener, g);
	*seen = g->seen;
	if (g->sheets > 0)
		made = g->all.s;
	else
		free(g->all.s);
	free(g->row.s);
	free(g->cell.s);
	free(g);
	return made;
}
