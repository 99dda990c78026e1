/* Documents with MuPDF: what every engine does (document_cases.h), what hides inside. */
#define ENGINE		document_mupdf
#define ENGINE_CLOSE	document_close
#define OUTSIDE		6
#define CLIPPED		0	/* MuPDF forgets what a clip leaves nothing of */
#include "document_cases.h"

static void
what_hides_in_a_document_is_said(void **state)
{
	struct document *d = open_or_fail(PDF("0 0 9 9",
	    "/OpenAction<</S/GoTo/Next[<</S/Launch/F(x)>><</S/JavaScript/JS(a)"
	    ">>]>>/AcroForm<</Fields[3 0 R]>>/Metadata 4 0 R"
	    "/Names<</EmbeddedFiles<</Names[(a) 4 0 R (b) 4 0 R]>>>>", "",
	    HELLO));
	struct document_facts f;

	(void)state;
	document_facts(d, &f);
	assert_string_equal(f.format, "PDF 1.4");
	assert_string_equal(f.scripts, "JavaScript, starts a program");
	assert_string_equal(f.forms, "form fields");
	assert_string_equal(f.metadata, "XMP");
	assert_int_equal(f.embedded, 2);
	assert_true(f.repaired);
	document_close(d);
}

static void
files_in_it_are_given_out_once(void **state)
{
	struct document *d = open_or_fail(holding);
	struct taken t = { .most = 9 };
	struct document_sink to = { &t, taken_begin, taken_data, taken_lost };

	(void)state;
	document_files(d, &to);
	assert_string_equal(t.story, "invoice.xml text/xml:<x/>|b.txt :words|"
	    "note :twenty-six letters of note|limit-bytes|");
	memset(&t, 0, sizeof(t));
	t.most = 1;
	document_files(d, &to);
	assert_string_equal(t.story, "invoice.xml text/xml:<x/>|");
	document_close(d);
}

static void
a_tree_without_an_end_is_walked_to_a_bound(void **state)
{
	struct document *d = open_or_fail(PDF("0 0 9 9",
	    "/Names<</EmbeddedFiles 5 0 R/JavaScript 5 0 R>>", "", HELLO)
	    "5 0 obj<</Kids[5 0 R 5 0 R]/Names[(a) 5 0 R]>>endobj\n");
	struct document_facts f;
	struct taken t = { .most = 9 };
	struct document_sink to = { &t, taken_begin, taken_data, taken_lost };

	(void)state;
	document_facts(d, &f);
	assert_true(f.embedded > 0 && f.embedded <= 1000);
	document_files(d, &to);
	assert_string_equal(t.story, "");
	document_close(d);
}

static void
what_is_no_document_is_named(void **state)
{
	struct document *d;

	(void)state;
	assert_int_equal(document_open("PDF", (const uint8_t *)"words", 5,
	    NULL, &d),
	    REASON_FORMAT);
	assert_int_equal(document_open("EPUB", (const uint8_t *)"words", 5,
	    NULL, &d),
	    REASON_FORMAT);
	assert_int_equal(document_open("PDF", (const uint8_t *)"", 0,
	    NULL, &d),
	    REASON_FORMAT);
}

static void
scalable_graphics_are_one_page(void **state)
{
	static const char svg[] = "<svg xmlns='http://www.w3.org/2000/svg' "
	    "width='72' height='36'><rect width='72' height='36'/></svg>";
	struct document_picture pic;
	struct document *d;
	int errors = 0;

	(void)state;
	assert_int_equal(document_open("SVG", (const uint8_t *)svg,
	    sizeof(svg) - 1, NULL, &d), REASON_COMPLETE);
	assert_int_equal(document_pages(d), 1);
	assert_true(document_page_load(d, 0, &errors));
	assert_true(document_page_draw(d, 72, 1000000, &pic, &errors));
	assert_int_equal(pic.samples[pic.stride * 10 + 30], 0);
	document_close(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DOCUMENT_CASES,
		cmocka_unit_test(what_hides_in_a_document_is_said),
		cmocka_unit_test(files_in_it_are_given_out_once),
		cmocka_unit_test(a_tree_without_an_end_is_walked_to_a_bound),
		cmocka_unit_test(what_is_no_document_is_named),
		cmocka_unit_test(scalable_graphics_are_one_page),
	};

	if (document_warm() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
