#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "html_text.h"
#include "strbuf.h"
#include "text.h"

static const struct {
	const char	*html, *text, *facts;
} cases[] = {
	{ "", "", "" },
	{ "just words", "just words", "" },
	{ "<p>a  b\n c<p>d<br>e", "a b c\n\nd\ne", "" },
	{ "<h2>T</h2>x", "## T\n\nx", "" },
	{ "<ul><li>a<li>b<ol><li>c<li>d</ol></ul>e",
	  "- a\n- b\n  1. c\n  2. d\n\ne", "" },
	{ "<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a | b\nc | d", "" },
	{ "x<blockquote>y<blockquote>z</blockquote></blockquote>w",
	  "x\n\n> y\n>\n> > z\n\nw", "" },
	{ "<pre>a\n  b</pre>", "a\n  b", "" },
	{ "a&nbsp;&lt;b&gt;&#65;", "a <b>A", "" },
	/* links */
	{ "<a href=http://e.example/x>here</a>",
	  "here <hxxp[:]//e[.]example/x>", "links=1;" },
	{ "<a href=http://e.example/>http://e.example</a>",
	  "hxxp[:]//e[.]example", "links=1;" },
	{ "<a href=mailto:a@b.example>a@b.example</a>",
	  "a[@]b[.]example", "links=1;" },
	{ "<a href=http://evil.example/>https://bank.example/</a>",
	  "hxxps[:]//bank[.]example/ <hxxp[:]//evil[.]example/>",
	  "link-mismatch=\"hxxps[:]//bank[.]example/\" goes to "
	  "hxxp[:]//evil[.]example/;links=2;" },
	{ "<a href=#top>up</a>", "up", "" },
	{ "<a href='java\nscript:alert(1)'>x</a>",
	  "x <javascript[:](8 bytes)>", "links=1;" },
	{ "<a href=http://e.example/><img src=cid:1 alt=Go></a>",
	  "[image: Go] <hxxp[:]//e[.]example/>", "links=1;" },
	{ "www.example.com", "www[.]example[.]com", "links=1;" },
	/* what is fetched, run or filled in */
	{ "<img src=http://t.example/p.gif width=1>x", "x",
	  "external-links=1;" },
	{ "<link rel=stylesheet href=//s.example/a.css>x", "x",
	  "external-links=1;" },
	{ "<p style=\"background:url('https://s.example/a')\">x", "x",
	  "external-links=1;" },
	{ "<script>evil()</script><p onclick=x()>y", "y", "scripts=2;" },
	{ "<form action=http://f.example/><input placeholder=Name></form>",
	  "[form, sends to] <hxxp[:]//f[.]example/>\n[field: Name]",
	  "forms=1;" },
	/* what nobody sees */
	{ "a<span style='display:none'>secret</span>b", "ab",
	  "hidden-text=6;" },
	{ "<div style='FONT-SIZE: 0px'>s<b style='font-size:12px'>t</b></div>",
	  "t", "hidden-text=1;" },
	{ "<font color=#fefefe>s</font>t", "t", "hidden-text=1;" },
	{ "<td bgcolor=black><font color=white>seen</font></td>", "seen", "" },
	{ "<p style='position:absolute;left:-9999px'>s</p>t", "t",
	  "hidden-text=1;" },
	{ "<p hidden>s</p>t", "t", "hidden-text=1;" },
	{ "p\u200bay\u202epal", "paypal", "invisible-chars=2;" }
};

static void
on_fact(void *arg, enum fact f, const char *value)
{
	strbuf_printf(arg, "%s=%s;", fact_name(f), value);
}

static void
pages_come_out_as_the_table_says(void **state)
{
	struct strbuf	 b = STRBUF_EMPTY;
	size_t		 i;
	char		*t, *facts;
	int		 cut;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = html_text(cases[i].html, strlen(cases[i].html), on_fact,
		    &b, &cut);
		assert_non_null(t);
		facts = strbuf_take(&b);
		assert_string_equal(t, cases[i].text);
		assert_string_equal(facts, cases[i].facts);
		assert_int_equal(cut, 0);
		assert_int_equal(text_check(t, strlen(t), TEXT_BLOCK), ERR_OK);
		free(t);
		free(facts);
	}
}

static void
a_page_too_deep_is_cut_and_says_so(void **state)
{
	struct strbuf	 page = STRBUF_EMPTY, facts = STRBUF_EMPTY;
	char		*t;
	int		 i, cut;

	(void)state;
	strbuf_puts(&page, "above");
	for (i = 0; i < 20000; i++)
		strbuf_puts(&page, "<div>");
	strbuf_puts(&page, "below");
	t = html_text(page.s, page.len, on_fact, &facts, &cut);
	assert_string_equal(t, "above");
	assert_int_equal(cut, 1);
	free(t);
	strbuf_free(&page);
	strbuf_free(&facts);
}

static void
a_nul_does_not_end_the_page(void **state)
{
	struct strbuf	 facts = STRBUF_EMPTY;
	char		*t;
	int		 cut;

	(void)state;
	t = html_text("a\0<b>b</b>", 10, on_fact, &facts, &cut);
	assert_string_equal(t, "ab");
	free(t);
	strbuf_free(&facts);
}

static void
the_charset_of_a_page_is_found(void **state)
{
	static const struct {
		const char	*html, *charset;
	} pages[] = {
		{ "<meta charset=big5>", "big5" },
		{ "<META http-equiv=Content-Type content=\"text/html; "
		  "charset=Shift_JIS\">", "Shift_JIS" },
		{ "<meta name=x><meta charset='utf-8' >", "utf-8" },
		{ "<p>charset=x", "" },
		{ "<meta", "" }
	};
	char	 out[64];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		html_find_charset((const uint8_t *)pages[i].html,
		    strlen(pages[i].html), out);
		assert_string_equal(out, pages[i].charset);
	}
}

static int
warm(void **state)
{
	(void)state;
	return html_warm();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_out_as_the_table_says),
		cmocka_unit_test(a_page_too_deep_is_cut_and_says_so),
		cmocka_unit_test(a_nul_does_not_end_the_page),
		cmocka_unit_test(the_charset_of_a_page_is_found)
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
