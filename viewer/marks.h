/*
 * Marks: text with its defanged links made visible: a frame round each, the
 * registered domain bold, never clickable.
 */
#ifndef LIMPID_MARKS_H
#define LIMPID_MARKS_H

#include <stddef.h>

#define MARKS_LINKS_MAX	60

struct html;

/* Links met so far, each once; the strings belong to it. */
struct marks {
	char	*links[MARKS_LINKS_MAX];
	size_t	 count;
	size_t	 more;		/* met beyond the maximum */
};

void marks_free(struct marks *m);

/*
 * The first defanged link in s: its length and where it begins (*at). 0: none.
 * A link holds "[:]//", "[.]" or "[@]".
 */
size_t marks_find(const char *s, size_t len, size_t *at);

/* One link as a framed span with its registered domain bold. */
void marks_link(struct html *h, const char *s, size_t len);

/* A line of text; links are noted in m (may be NULL). */
void marks_line(struct html *h, const char *s, size_t len, struct marks *m);

/* Whole text as paragraphs, lines and folded quotations. */
void marks_body(struct html *h, const char *s, size_t len, struct marks *m);

/* Notes the links of a text without writing it. */
void marks_collect(const char *s, size_t len, struct marks *m);

/* A BCP 47 tag that fits the letters of the text ("ja", "zh-Hant", "ko") or
 * NULL: for the choice of glyphs. */
const char *marks_language(const char *s, size_t len);

#endif
