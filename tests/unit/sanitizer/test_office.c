/* Office documents without LibreOffice: facts, words, grids, pages that fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "office_facts.h"
#include "office_fit.h"
#include "office_grid.h"
#include "office_package.h"
#include "office_text.h"
#include "office_words.h"

#define ROOM 65536

struct member { const char *name, *body; };

/* A ZIP file of these members. */
static size_t
zip(const struct member *m, size_t count, uint8_t *out)
{
	struct archive		*a = archive_write_new();
	struct archive_entry	*e;
	size_t			 used = 0;

	archive_write_set_format_zip(a);
	archive_write_open_memory(a, out, ROOM, &used);
	for (size_t i = 0; i < count; i++) {
		e = archive_entry_new();
		archive_entry_set_pathname(e, m[i].name);
		archive_entry_set_size(e, (int64_t)strlen(m[i].body));
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		archive_write_data(a, m[i].body, strlen(m[i].body));
		archive_entry_free(e);
	}
	archive_write_close(a);
	archive_write_free(a);
	return used;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
ooxml_says_what_it_holds(void **state)
{
	static const struct member members[] = {
		{ "word/_rels/document.xml.rels", "<R><Relationship "
		    "TargetMode=\"External\"/><Relationship/>"
		    "<Relationship TargetMode=\"External\" Target=\"http://x/\" "
		    "Type=\"a/hyperlink\"/><Relationship TargetMode=\"External\" "
		    "Target=\"http://x/\" Type=\"a/hyperlink\"/></R>" },
		{ "word/document.xml", "<d><ins/><del/><instrText> INCLUDE"
		    "</instrText><instrText>PICTURE \"x\"</instrText>"
		    "<fldChar fldCharType=\"end\"/><fldSimple instr=\"DDE x\"/>"
		    "</d>" },
		{ "word/comments.xml", "<c><comment/><comment/></c>" },
		{ "word/vbaProject.bin", "x" },
		{ "word/embeddings/a.bin", "x" },
		{ "xl/workbook.xml", "<w><sheet/><sheet state=\"hidden\"/>"
		    "<sheet state=\"visible\"/></w>" },
	};
	struct office_facts	 f;
	uint8_t			 data[ROOM];
	size_t			 n = zip(members, COUNT(members), data);

	(void)state;
	office_facts_look(data, n, &f);
	assert_true(f.known);
	assert_int_equal(f.external, 2);
	assert_int_equal(f.target_count, 1);
	assert_string_equal(f.targets[0], "http://x/");
	office_facts_free(&f);
	assert_int_equal(f.changes, 2);
	assert_int_equal(f.scripts, 1);
	assert_int_equal(f.comments, 2);
	assert_int_equal(f.macros, 1);
	assert_int_equal(f.embedded, 1);
	assert_int_equal(f.hidden_sheets, 1);
	assert_false(f.encrypted);
	/* every beginning of it is looked at without harm */
	for (size_t i = 0; i < n; i += 7) {
		office_facts_look(data, i, &f);
		office_facts_free(&f);
	}
}

static void
odf_says_what_it_holds(void **state)
{
	static const struct member members[] = {
		{ "META-INF/manifest.xml", "<m><encryption-data/></m>" },
		{ "content.xml", "<c><style name=\"off\"><table-properties "
		    "display=\"false\"/></style><table style-name=\"off\"/>"
		    "<table style-name=\"on\"/><annotation/><changed-region/>"
		    "<a href=\"http://x/\"/><i href=\"Pictures/1.png\"/></c>" },
		{ "Basic/Standard/M.xml", "<x/>" },
		{ "Basic/script-lc.xml", "<x/>" },
		{ "Object 1/content.xml", "<x/>" },
	};
	struct office_facts	 f;
	uint8_t			 data[ROOM];

	(void)state;
	office_facts_look(data, zip(members, COUNT(members), data), &f);
	assert_true(f.encrypted);
	assert_int_equal(f.hidden_sheets, 1);
	assert_int_equal(f.comments, 1);
	assert_int_equal(f.changes, 1);
	assert_int_equal(f.external, 0);
	assert_int_equal(f.target_count, 1);
	assert_string_equal(f.targets[0], "http://x/");
	office_facts_free(&f);
	assert_int_equal(f.macros, 1);
	assert_int_equal(f.embedded, 1);
}

static void
old_formats_say_that_they_are_locked(void **state)
{
	uint8_t			 data[2048] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
	struct office_facts	 f;

	(void)state;
	office_facts_look(data, sizeof(data), &f);
	assert_false(f.encrypted);
	data[1024] = 0xec;
	data[1025] = 0xa5;
	data[1035] = 1;
	office_facts_look(data, sizeof(data), &f);
	assert_true(f.encrypted);
	data[1035] = 0;
	/* a workbook: BOF of 16 bytes, an empty record, FILEPASS */
	memcpy(data + 512, "\x09\x08\x10\0\0\x06\x05\0", 8);
	data[512 + 20] = 0x86;
	data[512 + 24] = 0x2f;
	office_facts_look(data, sizeof(data), &f);
	assert_true(f.encrypted);
	/* cut inside of it */
	office_facts_look(data, 512 + 25, &f);
	assert_false(f.encrypted);
}

static void
words_come_in_reading_order(void **state)
{
	static const struct member members[] = {
		{ "ppt/slides/slide10.xml", "<s><p><t>ten</t></p></s>" },
		{ "ppt/slides/slide2.xml", "<s><p><t>two</t><br/><t>2</t></p></s>" },
		{ "ppt/slides/_rels/slide2.xml.rels", "<t>not me</t>" },
	};
	uint8_t	 data[ROOM];
	size_t	 n = zip(members, COUNT(members), data);
	char	*s = office_text_take(data, n, 1000);

	(void)state;
	assert_string_equal(s, "\n[Slide 2]\ntwo\n2\n\n[Slide 10]\nten\n");
	free(s);
	s = office_text_take(data, n, 4);	/* no more than was asked for */
	assert_null(strstr(s, "two"));
	free(s);
	assert_null(office_text_take((const uint8_t *)"PK\3\4", 4, 1000));
}

static void
a_workbooks_strings_find_their_cells(void **state)
{
	static const struct member members[] = {
		{ "xl/worksheets/sheet1.xml", "<w><row><c t=\"s\"><v>1</v></c>"
		    "<c><f>A1</f><v>7</v></c><c t=\"s\"><v>99</v></c></row></w>" },
		{ "xl/sharedStrings.xml", "<s><si><t>zero</t></si><si><t>o</t>"
		    "<rPh><t>spoken</t></rPh><t>ne</t></si></s>" },
	};
	uint8_t	 data[ROOM];
	char	*s;

	(void)state;
	s = office_text_take(data, zip(members, COUNT(members), data), 1000);
	assert_string_equal(s, "\n[Sheet 1]\none\t7\t\t\n");
	free(s);
}

static void
entities_are_not_followed(void **state)
{
	static const struct member members[] = {
		{ "word/document.xml", "<!DOCTYPE d [<!ENTITY a SYSTEM "
		    "\"file:///etc/passwd\"><!ENTITY b \"bbbb\"><!ENTITY c "
		    "\"&b;&b;&b;\">]><d><p><t>x&amp;y&a;&c;</t></p></d>" },
	};
	uint8_t	 data[ROOM];
	char	*s;

	(void)state;
	s = office_text_take(data, zip(members, COUNT(members), data), 1000);
	assert_null(s != NULL ? strstr(s, "root:") : NULL);
	assert_null(s != NULL ? strstr(s, "bbbb") : NULL);
	free(s);
}

#define SHEETS(s) "<d><style name=\"off\"><table-properties display=\"false\"/>" \
    "</style><header><p>Page 1</p></header>" s "</d>"

static void
words_of_rtf_need_no_end(void **state)
{
	static const char	 rtf[] = "{\\rtf1\\ansi one {\\b two\\par \\u26481?";
	char			*s;

	(void)state;
	s = office_text_take((const uint8_t *)rtf, sizeof(rtf) - 1, 1000);
	assert_string_equal(s, "one two\n\xe6\x9d\xb1");
	free(s);
	s = office_text_take((const uint8_t *)rtf, sizeof(rtf) - 1, 9);
	assert_string_equal(s, "one two\n");	/* no half character */
	free(s);
	assert_null(office_text_take((const uint8_t *)"{\\rtf1 }", 8, 1000));
}

static void
a_grid_holds_what_cells_show(void **state)
{
	static const char fods[] = SHEETS(
	    "<table name=\"A\"><shapes><p>box</p></shapes>"
	    "<table-row><table-cell formula=\"of:=1+1\"><p>2</p></table-cell>"
	    "<table-cell number-columns-repeated=\"2\"/><table-cell>"
	    "<annotation><p>aside</p></annotation><p>a</p><p>b</p></table-cell>"
	    "<table-cell number-columns-repeated=\"16000\"/></table-row>"
	    "<table-row number-rows-repeated=\"2\"><table-cell/></table-row>"
	    "<table-row><table-cell number-columns-repeated=\"2\"><p>x</p>"
	    "</table-cell></table-row>"
	    "<table-row number-rows-repeated=\"1000000\"><table-cell/></table-row>"
	    "</table><table name=\"B\" style-name=\"off\"><table-row><table-cell>"
	    "<p>secret</p></table-cell></table-row></table>");
	struct office_sheets	 seen;
	char		*s = office_grid_make(fods, strlen(fods), 1000, &seen);

	(void)state;
	assert_string_equal(s, "[Sheet 1: A]\nbox\n2\t\t\ta b\n\n\nx\tx\n"
	    "\n[Sheet 2: B (hidden)]\nsecret\n");
	assert_int_equal(seen.hidden, 1);
	free(s);
}

static void
a_grid_stays_in_its_bounds(void **state)
{
	static const char fods[] = SHEETS("<table name=\"A\"><table-row "
	    "number-rows-repeated=\"99999999\"><table-cell "
	    "number-columns-repeated=\"99999999\"><p>xxxxxxxxxx</p></table-cell>"
	    "</table-row></table>");
	struct office_sheets	 seen;
	char		*s = office_grid_make(fods, strlen(fods), 5000, &seen);

	(void)state;
	assert_in_range(strlen(s), 4000, 5000);
	free(s);
	s = office_grid_make("<d>no sheet</d>", 15, 5000, &seen);
	assert_null(s);
}

static int
is_wide(const char *columns, const char *cells)
{
	struct office_sheets	 seen;
	char			 fods[1000];

	snprintf(fods, sizeof(fods), SHEETS("<style name=\"c\">"
	    "<table-column-properties column-width=\"2.5cm\"/></style><table "
	    "name=\"A\">%s<table-row>%s</table-row></table>"), columns, cells);
	free(office_grid_make(fods, strlen(fods), 1000, &seen));
	return seen.wide;
}

#define COLUMNS "<table-column style-name=\"c\" number-columns-repeated=\"9\"/>"
#define EMPTY(n) "<table-cell number-columns-repeated=\"" n "\"/>"
#define FULL "<table-cell><p>x</p></table-cell>"

static void
sheets_wider_than_a_page_are_seen(void **state)
{
	(void)state;
	assert_false(is_wide(COLUMNS, EMPTY("5") FULL EMPTY("16000")));
	assert_true(is_wide(COLUMNS, EMPTY("6") FULL));
	assert_true(is_wide(COLUMNS, FULL EMPTY("900") FULL));
	assert_true(is_wide("", FULL));
	assert_true(is_wide(COLUMNS "<shapes/>", FULL));
	assert_false(is_wide("", ""));
}

static void
fitted(const char *in, const char *want)
{
	size_t	 n;
	char	*s = office_fit_pages(in, strlen(in), &n);

	if (want == NULL) {
		assert_null(s);
		return;
	}
	assert_int_equal(n, strlen(want));
	assert_memory_equal(s, want, n);
	free(s);
}

static void
pages_fit_unless_their_author_scaled_them(void **state)
{
	(void)state;
	fitted("<a><style:page-layout-properties x=\"1\"/></a>",
	    "<a><style:page-layout-properties style:scale-to-X=\"1\" "
	    "style:scale-to-Y=\"0\" x=\"1\"/></a>");
	fitted("<style:page-layout-properties style:scale-to=\"100%\" y=\"\">",
	    "<style:page-layout-properties style:scale-to-X=\"1\" "
	    "style:scale-to-Y=\"0\" y=\"\">");
	fitted("<style:page-layout-properties style:scale-to=\"60%\"/>", NULL);
	fitted("<style:page-layout-properties style:scale-to-pages=\"1\"/>", NULL);
	fitted("<style:page-layout-properties", NULL);
	fitted("nothing", NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ooxml_says_what_it_holds),
		cmocka_unit_test(odf_says_what_it_holds),
		cmocka_unit_test(old_formats_say_that_they_are_locked),
		cmocka_unit_test(words_come_in_reading_order),
		cmocka_unit_test(a_workbooks_strings_find_their_cells),
		cmocka_unit_test(entities_are_not_followed),
		cmocka_unit_test(words_of_rtf_need_no_end),
		cmocka_unit_test(a_grid_holds_what_cells_show),
		cmocka_unit_test(a_grid_stays_in_its_bounds),
		cmocka_unit_test(sheets_wider_than_a_page_are_seen),
		cmocka_unit_test(pages_fit_unless_their_author_scaled_them),
	};

	office_package_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
