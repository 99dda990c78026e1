/*
 * Which words of a page can be seen.
 * Runs in the jailed children of worker-pdf and worker-poppler.
 * Hostile input: characters and their boxes, which may lie anywhere or be no number.
 * Must never let a hidden word be quoted as if it were visible, nor lose a visible
 * one for a box that is a little off: a character alone is never left out.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "seen.h"

#define TINY		2.0f	/* points: nobody reads smaller type */
#define CONTRAST	20	/* of 255, in any channel: paper has grain */
#define RUN_MIN		4	/* hidden characters in a row, inside a word */
#define TOP		0.25f	/* of a box: where bars and borders end, and */
#define FOOT		0.1f	/* underlines begin, and few letters have ink */
#define COARSE		3	/* samples: too few to see anything in */

enum sight { SIGHT_SPACE, SIGHT_SHOWN, SIGHT_HIDDEN, SIGHT_AS_BEFORE };

struct reader {
	const struct document_glyphs	*g;
	const struct document_picture	*pic;
	uint8_t				*sight;		/* of each glyph */
	struct seen			*out;
	size_t				 room;
};

static int
is_space(uint32_t rune)
{
	return rune <= ' ' || rune == 0xa0 || rune == 0x3000 ||
	    (rune >= 0x2000 && rune <= 0x200f) || rune == 0xad ||
	    rune == 0xfeff;
}

/* What no table of the font could name: replaced, or of private use. */
static int
is_strange(uint32_t rune)
{
	return rune == 0xfffd || (rune >= 0xe000 && rune <= 0xf8ff) ||
	    rune >= 0xf0000 || (rune >= 0x7f && rune < 0xa0);
}

/* Samples from..to of a box, kept inside of the picture. 0: outside of it. */
static int
span(double from, double to, uint32_t size, uint32_t *at, uint32_t *end)
{
	if (!(to > 0) || !(from < size))
		return 0;
	*at = from > 0 ? (uint32_t)from : 0;
	*end = to < size ? (uint32_t)ceil(to) : size;
	return *end > *at;
}

/* Whether anything stands out in the box: to find a letter takes a few rows, only
 * plain paper takes all of them. */
static int
has_contrast(const struct document_picture *pic, uint32_t x0, uint32_t y0,
    uint32_t x1, uint32_t y1)
{
	const uint8_t *first = pic->samples + y0 * pic->stride + 3 * x0;

	for (uint32_t y = y0; y < y1; y++) {
		const uint8_t *row = pic->samples + y * pic->stride;

		for (uint32_t i = 3 * x0; i < 3 * x1; i += 3)
			if (abs(row[i] - first[0]) >= CONTRAST ||
			    abs(row[i + 1] - first[1]) >= CONTRAST ||
			    abs(row[i + 2] - first[2]) >= CONTRAST)
				return 1;
	}
	return 0;
}

static enum sight
sight_of(const struct reader *r, const struct document_glyph *c)
{
	float w = c->x1 - c->x0, h = c->y1 - c->y0;
	double s = r->pic != NULL ? r->pic->scale : 0;
	uint32_t x0, y0, x1, y1;

	if (is_space(c->rune))
		return SIGHT_SPACE;
	if (!(fmaxf(w, h) >= TINY) || !(c->x1 > 0) || !(c->y1 > 0) ||
	    !(c->x0 < r->g->width) || !(c->y0 < r->g->height))
		return SIGHT_HIDDEN;
	if (r->pic == NULL || fmaxf(w, h) * s < COARSE)
		return SIGHT_SHOWN;
	if (fminf(w, h) * s < 1)	/* the rest of a ligature */
		return SIGHT_AS_BEFORE;
	if (!span(c->x0 * s, c->x1 * s, r->pic->width, &x0, &x1) ||
	    !span((c->y0 + TOP * h) * s, (c->y1 - FOOT * h) * s,
	    r->pic->height, &y0, &y1))
		return SIGHT_HIDDEN;
	return has_contrast(r->pic, x0, y0, x1, y1) ? SIGHT_SHOWN :
	    SIGHT_HIDDEN;
}

/* A character of a word that seems hidden among shown ones is shown: its box may be
 * wrong. Most of a word, or a row of them, is hidden. */
static void
word_settle(uint8_t *sight, size_t len)
{
	size_t hidden = 0, i, run;

	for (i = 0; i < len; i++)
		hidden += sight[i] == SIGHT_HIDDEN;
	if (2 * hidden > len) {
		memset(sight, SIGHT_HIDDEN, len);
		return;
	}
	for (i = 0; i < len; i += run + 1) {
		for (run = 0; i + run < len &&
		    sight[i + run] == SIGHT_HIDDEN; run++)
			;
		if (run < RUN_MIN)
			memset(sight + i, SIGHT_SHOWN, run);
	}
}

static void
look(struct reader *r)
{
	const struct document_glyphs *g = r->g;
	enum sight s, before = SIGHT_SHOWN;
	size_t i, word = 0;

	for (i = 0; i < g->count; i++) {
		if ((s = sight_of(r, &g->list[i])) == SIGHT_AS_BEFORE)
			s = before;
		r->sight[i] = (uint8_t)s;
		if (s != SIGHT_SPACE) {
			before = s;
			continue;
		}
		word_settle(r->sight + word, i - word);
		word = i + 1;
	}
	word_settle(r->sight + word, i - word);
}

static int
rune_put(struct reader *r, uint32_t c)
{
	struct seen *o = r->out;
	char *grown;

	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (o->len + 5 > r->room) {
		r->room = r->room * 2 + 1024;
		if ((grown = realloc(o->text, r->room)) == NULL)
			return ERR_MEMORY;
		o->text = grown;
	}
	if (c < 0x80) {
		o->text[o->len++] = (char)c;
	} else if (c < 0x800) {
		o->text[o->len++] = (char)(0xc0 | c >> 6);
		o->text[o->len++] = (char)(0x80 | (c & 63));
	} else {
		if (c < 0x10000) {
			o->text[o->len++] = (char)(0xe0 | c >> 12);
		} else {
			o->text[o->len++] = (char)(0xf0 | c >> 18);
			o->text[o->len++] = (char)(0x80 | (c >> 12 & 63));
		}
		o->text[o->len++] = (char)(0x80 | (c >> 6 & 63));
		o->text[o->len++] = (char)(0x80 | (c & 63));
	}
	o->text[o->len] = '\0';
	return ERR_OK;
}

/* Spaces between hidden words go with them. */
static int
write_shown(struct reader *r)
{
	const struct document_glyphs *g = r->g;
	struct seen *o = r->out;
	int dropped = 0;

	for (size_t i = 0; i < g->count; i++) {
		uint32_t c = g->list[i].rune;

		if (r->sight[i] == SIGHT_HIDDEN) {
			o->hidden++;
			dropped = 1;
			continue;
		}
		if (r->sight[i] == SIGHT_SHOWN) {
			o->shown++;
			o->strange += is_strange(c);
			dropped = 0;
		} else if (dropped && (o->len == 0 ||
		    is_space((uint8_t)o->text[o->len - 1]))) {
			continue;
		}
		if (rune_put(r, c) != ERR_OK)
			return ERR_MEMORY;
	}
	return ERR_OK;
}

int
seen_read(const struct document_glyphs *glyphs,
    const struct document_picture *pic, struct seen *seen)
{
	struct reader r = { .g = glyphs, .pic = pic, .out = seen };
	int e = ERR_MEMORY;

	memset(seen, 0, sizeof(*seen));
	if ((r.sight = malloc(glyphs->count + 1)) == NULL)
		goto out;
	look(&r);
	e = write_shown(&r);
 out:
	free(r.sight);
	if (e != ERR_OK) {
		free(seen->text);
		seen->text = NULL;
	}
	return e;
}
