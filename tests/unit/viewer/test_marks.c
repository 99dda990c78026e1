/* Marks and search: what a text and a search box become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"

#include "html_out.h"
#include "marks.h"
#include "search.h"

static char *
marked(const char *text, struct marks *m)
{
	struct html	*h = html_new(100000);
	char		*data, *s;
	size_t		 len;

	marks_body(h, text, strlen(text), m);
	assert_int_equal(html_take(h, &data, &len), ERR_OK);
	s = strndup(data, len);
	free(data);
	html_free(h);
	return s;
}

static void
shows(const char *text, const char *wanted)
{
	char	*s = marked(text, NULL);

	assert_string_equal(s, wanted);
	free(s);
}

static void
links_are_framed_and_their_domain_is_bold(void **state)
{
	(void)state;
	shows("see hxxps[:]//a[.]b[.]example/x.",
	    "<p>see <span class=\"dl\">hxxps[:]//a[.]<b>b[.]example</b>/x"
	    "</span>.</p>");
	shows("こちらhxxps[:]//b[.]co[.]jp/をどうぞ",
	    "<p>こちら<span class=\"dl\">hxxps[:]//<b>b[.]co[.]jp</b>/</span>"
	    "をどうぞ</p>");
	shows("me[@]m[.]x[.]example", "<p><span class=\"dl\">me[@]m[.]"
	    "<b>x[.]example</b></span></p>");
	shows("hxxps[:]//good[.]example@evil[.]example:80/",
	    "<p><span class=\"dl\">hxxps[:]//good[.]example@"
	    "<b>evil[.]example</b>:80/</span></p>");
	shows("javascript[:]x(1)", "<p><span class=\"dl\">javascript[:]x"
	    "</span>(1)</p>");
	shows("a[1] and b[.", "<p>a[1] and b[.</p>");
	shows("//b[.]example/x", "<p><span class=\"dl\">//<b>b[.]example</b>/x"
	    "</span></p>");
	shows("[.]example", "<p>[.]example</p>");
}

static void
links_are_counted_once(void **state)
{
	struct marks	 m = { .count = 0 };
	char		*s;

	(void)state;
	s = marked("hxxp[:]//a[.]example b[.]example hxxp[:]//a[.]example",
	    &m);
	assert_int_equal(m.count, 2);
	assert_non_null(strstr(s, "href=\"#l2\""));
	free(s);
	marks_free(&m);
}

static void
paragraphs_lines_and_quotations(void **state)
{
	(void)state;
	shows("a\nb\n\n\nc", "<p>a<br>b</p><p>c</p>");
	shows("a\n> q\n> r\nb", "<p>a</p><details class=\"quote\"><summary>"
	    "Quoted text (2 lines)</summary><p>&gt; q<br>&gt; r</p></details>"
	    "<p>b</p>");
}

static void
the_language_is_guessed_for_the_glyphs(void **state)
{
	(void)state;
	assert_string_equal(marks_language("測量です", 12), "ja");
	assert_string_equal(marks_language("測量", 6), "zh-Hant");
	assert_string_equal(marks_language("한국", 6), "ko");
	assert_null(marks_language("plain", 5));
}

static void
words_become_a_query(void **state)
{
	struct search	 s;

	(void)state;
	assert_int_equal(search_parse("from:lowe  \"travel notes\" buoy "
	    "is:unread larger:5M no:such", &s), ERR_OK);
	assert_string_equal(s.q.from, "lowe");
	assert_string_equal(s.q.match,
	    "\"travel notes\" AND \"buoy\" AND \"no:such\"");
	assert_int_equal(s.q.show, STORE_UNREAD);
	assert_int_equal(s.q.larger, 5000000);
	assert_int_equal(s.limit_count, 6);
	search_free(&s);
}

static void
nothing_breaks_out_of_a_quotation(void **state)
{
	struct search	 s;

	(void)state;
	assert_int_equal(search_parse("a\"b OR c\" ) NEAR( text:x* \"", &s),
	    ERR_OK);
	assert_string_equal(s.q.match, "\"ab OR c\" AND \"NEAR(\"");
	assert_string_equal(s.q.word, "x*");
	search_free(&s);
	assert_int_equal(search_parse("", &s), ERR_OK);
	assert_null(s.q.match);
	search_free(&s);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(links_are_framed_and_their_domain_is_bold),
		cmocka_unit_test(links_are_counted_once),
		cmocka_unit_test(paragraphs_lines_and_quotations),
		cmocka_unit_test(the_language_is_guessed_for_the_glyphs),
		cmocka_unit_test(words_become_a_query),
		cmocka_unit_test(nothing_breaks_out_of_a_quotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
