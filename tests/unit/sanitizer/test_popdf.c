/* The second engine: what every engine does (document_cases.h), and the shelf of files
 * that it reads. */
#include "popdf.h"
#define ENGINE		popdf_engine
#define ENGINE_CLOSE	popdf_close
#define OUTSIDE		0	/* poppler forgets what is beside the page */
#define CLIPPED		6
#include "document_cases.h"
#include "shelf.h"

/* fontconfig keeps some hundred bytes of its configuration for itself. */
const char *__lsan_default_suppressions(void)
    __attribute__((visibility("default")));

const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

/* poppler does not tell what it gave out already, and without a table of references
 * it takes a line's end for a byte. */
static void
files_in_it_are_given_out(void **state)
{
	struct document *d = open_or_fail(holding);
	struct taken t = { .most = 9 };
	struct document_sink to = { &t, taken_begin, taken_data, taken_lost };

	(void)state;
	popdf_engine.files(d, &to);
	assert_string_equal(t.story, "invoice.xml :<x/>\n|b.txt :words\n|invoice.xml :<x/>\n|"
	    "note :twenty-six letters of note\n|limit-bytes|"
	    "note :twenty-six letters of note\n|limit-bytes|");
	memset(&t, 0, sizeof(t));
	t.most = 1;
	popdf_engine.files(d, &to);
	assert_string_equal(t.story, "invoice.xml :<x/>\n|");
	popdf_close(d);
}

static void
what_is_no_document_is_named(void **state)
{
	struct document *d;

	(void)state;
	assert_int_equal(popdf_engine.open("PDF", (const uint8_t *)"words", 5,
	    NULL, &d), REASON_FORMAT);
	assert_int_equal(popdf_engine.open("PDF", (const uint8_t *)"", 0, NULL, &d),
	    REASON_FORMAT);
}

static void
a_page_of_which_nothing_but_errors_came_is_not_drawn(void **state)
{
	struct document *d = open_or_fail(PDF("0 0 144 72", "", "",
	    "BT /None 12 Tf (lost) Tj >> ) ET"));
	struct document_picture pic;
	int errors = 0;

	(void)state;
	assert_true(popdf_engine.page_load(d, 0, &errors));
	assert_false(popdf_engine.page_draw(d, 72, 100000, &pic, &errors));
	assert_true(errors);
	popdf_close(d);
}

/* Closed by the warm-up: nothing else is there any more. */
static void
only_what_is_on_the_shelf_can_be_opened(void **state)
{
	FILE *f;
	size_t len;

	(void)state;
	assert_null(shelf_fopen("/etc/passwd", "r"));
	assert_null(shelf_find("/etc/passwd", &len));
	assert_non_null(f = shelf_fopen(
	    "/usr/share/poppler/cMap/Adobe-Japan1/UniJIS-UCS2-H", "r"));
	assert_int_equal(fgetc(f), '%');
	fclose(f);
	assert_null(shelf_fopen(
	    "/usr/share/poppler/cMap/Adobe-Japan1/UniJIS-UCS2-H", "r+"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		DOCUMENT_CASES,
		cmocka_unit_test(files_in_it_are_given_out),
		cmocka_unit_test(what_is_no_document_is_named),
		cmocka_unit_test(a_page_of_which_nothing_but_errors_came_is_not_drawn),
		cmocka_unit_test(only_what_is_on_the_shelf_can_be_opened),
	};

	if (popdf_warm() != ERR_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
