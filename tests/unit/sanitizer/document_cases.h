/*
 * What both engines of documents must do alike: opening, drawing within limits, words,
 * links, and the files inside. The includer defines ENGINE, ENGINE_CLOSE, and of six
 * letters OUTSIDE the page and CLIPPED, those that the engine counts: what it forgets
 * by itself is nowhere.
 */
#ifndef TEST_DOCUMENT_CASES_H
#define TEST_DOCUMENT_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "document.h"
#include "err.h"
#include "seen.h"

/* Without a table of references: opening it repairs it. */
#define PDF(box, catalog, annots, content) \
	"%PDF-1.4\n" \
	"1 0 obj<</Type/Catalog/Pages 2 0 R " catalog ">>endobj\n" \
	"2 0 obj<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>endobj\n" \
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[" box "]/Contents 4 0 R" \
	"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica" \
	">>>>>>/Annots[" annots "]>>endobj\n" \
	"4 0 obj<</Length 200>>stream\n" content "\nendstream endobj\n" \
	"trailer<</Root 1 0 R>>\n"

#define LINK	"<</Type/Annot/Subtype/Link/Rect[5 40 140 60]" \
		"/A<</S/URI/URI(http://evil.example/x)>>>>"
#define HELLO	"BT /F 12 Tf 10 45 Td (www.good.example) Tj ET"

static struct document *
open_or_fail(const char *pdf)
{
	struct document *d;

	assert_int_equal(ENGINE.open("PDF", (const uint8_t *)pdf, strlen(pdf),
	    NULL, &d), REASON_COMPLETE);
	return d;
}

static void
a_page_is_drawn_at_the_resolution_asked_for(void **state)
{
	struct document *d = open_or_fail(PDF("0 0 144 72", "", "", HELLO));
	struct document_picture pic;
	int errors = 0, black = 0;

	(void)state;
	assert_int_equal(ENGINE.pages(d), 2);
	assert_true(ENGINE.page_load(d, 0, &errors));
	assert_true(ENGINE.page_draw(d, 150, 1000000, &pic, &errors));
	assert_int_equal(pic.width, 300);
	assert_int_equal(pic.height, 150);
	assert_int_equal(pic.dpi, 150);
	assert_int_equal(pic.samples[0], 255);
	for (size_t i = 0; i < pic.stride * pic.height; i++)
		black |= pic.samples[i] < 64;
	assert_true(black);
	assert_false(errors);
	ENGINE_CLOSE(d);
}

static void
a_page_too_large_is_drawn_smaller_and_never_refused(void **state)
{
	static const char *const huge[] = {
		PDF("0 0 14400 14400", "", "", HELLO),
		PDF("0 0 2000000 5", "", "", HELLO),
		PDF("-9e9 -9e9 9e9 9e9", "", "", HELLO),
	};
	struct document_picture pic;
	int errors = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		struct document *d = open_or_fail(huge[i]);

		assert_true(ENGINE.page_load(d, 0, &errors));
		assert_true(ENGINE.page_draw(d, 150, 100000, &pic, &errors));
		assert_true((uint64_t)pic.width * pic.height <= 100000);
		assert_true(pic.width <= 20000 && pic.dpi >= 1);
		ENGINE_CLOSE(d);
	}
}

static void
a_page_without_area_is_still_a_page(void **state)
{
	struct document *d = open_or_fail(PDF("0 0 0 0", "", "", HELLO));
	struct document_picture pic;
	int errors = 0;

	(void)state;
	assert_true(ENGINE.page_load(d, 1, &errors));
	assert_true(ENGINE.page_draw(d, 72, 1000000, &pic, &errors));
	ENGINE_CLOSE(d);
}

/* What can be read and seen on the page just loaded; the caller frees it. */
static char *
words_of(struct document *d, uint32_t *hidden)
{
	struct document_picture pic;
	struct document_glyphs glyphs;
	struct seen seen;
	int errors = 0;

	assert_true(ENGINE.page_draw(d, 150, 1000000, &pic, &errors));
	assert_true(ENGINE.page_glyphs(d, 1000, &glyphs));
	assert_int_equal(seen_read(&glyphs, &pic, &seen), ERR_OK);
	*hidden = seen.hidden + glyphs.layered;
	return seen.text;
}

static int
link_keep(void *arg, const char *label, const char *target)
{
	snprintf(arg, 200, "%s|%s", label, target);
	return 1;
}

static void
words_and_links_of_a_page_are_found(void **state)
{
	struct document *d = open_or_fail(PDF("0 0 144 72", "", LINK, HELLO));
	char link[200] = "", *text;
	uint32_t hidden;
	int errors = 0;

	(void)state;
	assert_true(ENGINE.page_load(d, 0, &errors));
	assert_non_null(text = words_of(d, &hidden));
	assert_string_equal(text, "www.good.example\n");
	assert_int_equal(hidden, 0);
	ENGINE.page_links(d, link_keep, link);
	assert_string_equal(link, "www.good.example|http://evil.example/x");
	free(text);
	ENGINE_CLOSE(d);
}

static void
words_that_cannot_be_seen_are_counted_only(void **state)
{
	static const struct { const char *pdf; uint32_t hidden; } cases[] = {
		{ PDF("0 0 144 72", "", "", HELLO
		    " BT /F 12 Tf 1 g 10 20 Td (secret) Tj ET"), 6 },
		{ PDF("0 0 144 72", "", "", HELLO
		    " BT /F 12 Tf 10 450 Td (secret) Tj ET"), OUTSIDE },
		{ PDF("0 0 144 72", "", "", HELLO
		    " BT /F 1 Tf 10 20 Td (secret) Tj ET"), 6 },
		{ PDF("0 0 144 72", "", "", HELLO
		    " BT /F 12 Tf 3 Tr 10 20 Td (secret) Tj ET"), 6 },
		{ PDF("0 0 144 72", "", "", HELLO
		    " 0 0 9 9 re W n BT /F 12 Tf 60 20 Td (secret) Tj ET"), CLIPPED },
		{ PDF("0 0 144 72", "", "", HELLO
		    " BT /F 12 Tf 10 20 Td (secret) Tj ET 5 12 99 20 re f"), 6 },
	};
	uint32_t hidden;
	int errors = 0;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct document *d = open_or_fail(cases[i].pdf);

		assert_true(ENGINE.page_load(d, 0, &errors));
		assert_non_null(text = words_of(d, &hidden));
		assert_null(strstr(text, "secret"));
		assert_non_null(strstr(text, "www.good"));
		assert_int_equal(hidden, cases[i].hidden);
		free(text);
		ENGINE_CLOSE(d);
	}
}

/* What comes out, as "name type: bytes" and a line each. */
struct taken { char story[400]; int most; };

static int
taken_begin(void *arg, const char *name, const char *type)
{
	struct taken *t = arg;
	size_t len = strlen(t->story);

	if (t->most-- == 0)
		return 0;
	snprintf(t->story + len, sizeof(t->story) - len, "%s %s:", name, type);
	return 1;
}

static int
taken_data(void *arg, const uint8_t *data, size_t n)
{
	struct taken *t = arg;
	size_t len = strlen(t->story);

	snprintf(t->story + len, sizeof(t->story) - len, "%.*s|", (int)n,
	    (const char *)data);
	return n < 20;
}

static void
taken_lost(void *arg, enum reason reason)
{
	struct taken *t = arg;
	size_t len = strlen(t->story);

	snprintf(t->story + len, sizeof(t->story) - len, "%s|",
	    reason_name(reason));
}

/* In the name tree, as a note on the page, associated, and the same one twice. The page
 * is there twice. */
static const char holding[] = PDF("0 0 90 90", "/Names<</EmbeddedFiles<</Names["
    "(a) 6 0 R (b) 7 0 R (c) 6 0 R (d) 4 0 R]>>>>/AF[6 0 R]",
    "<</Type/Annot/Subtype/FileAttachment/Rect[1 1 9 9]/FS 8 0 R>>", HELLO)
    "6 0 obj<</Type/Filespec/F(old)/UF(invoice.xml)/EF<</F 9 0 R>>>>endobj\n"
    "7 0 obj<</Type/Filespec/F(b.txt)/EF<</F 10 0 R>>>>endobj\n"
    "8 0 obj<</Type/Filespec/F(note)/EF<</F 11 0 R>>>>endobj\n"
    "9 0 obj<</Type/EmbeddedFile/Subtype/text#2Fxml/Length 4>>stream\n"
    "<x/>\nendstream endobj\n"
    "10 0 obj<</Length 5>>stream\nwords\nendstream endobj\n"
    "11 0 obj<</Length 26>>stream\n"
    "twenty-six letters of note\nendstream endobj\n";

#define DOCUMENT_CASES \
	cmocka_unit_test(a_page_is_drawn_at_the_resolution_asked_for), \
	cmocka_unit_test(a_page_too_large_is_drawn_smaller_and_never_refused), \
	cmocka_unit_test(a_page_without_area_is_still_a_page), \
	cmocka_unit_test(words_and_links_of_a_page_are_found), \
	cmocka_unit_test(words_that_cannot_be_seen_are_counted_only)

#endif
