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
	/* by a style sheet, as far as that is certain */
	{ "<style>.h{display:none}</style><p class='x h'>s</p>t", "t",
	  "hidden-text=1;" },
	{ "<style>.h{display:none}</style><p class=h style='display:block'>t</p>",
	  "t", "" },
	{ "<style>p{display:none!important}</style><p style='display:block'>s</p>"
	  "t", "t", "hidden-text=1;" },
	{ "<style>#a{display:block} .h{display:none}</style>"
	  "<p id=a class=h>t</p>", "t", "" },
	{ "<style>@media (max-width:600px){.h{display:none}}</style>"
	  "<p class=h>t</p>", "t", "" },
	{ "<style>@media screen{.h{visibility:hidden}}</style>"
	  "<p class=h>s</p>t", "t", "hidden-text=1;" },
	{ "<style>.h{max-height:0;overflow:hidden}</style><div class=h>s</div>t",
	  "t", "hidden-text=1;" },
	{ "<style>.h{max-height:0}</style><div class=h>t</div>", "t", "" },
	{ "<style>a.b[data-x='1']{font-size:0}</style><a class=b data-x=1>s</a>t",
	  "t", "hidden-text=1;" },
	{ "<style>.w{color:#fff}</style><p class=w>s</p>t", "t",
	  "hidden-text=1;" },
	/* what stands on an unknown colour is not said to be hidden */
	{ "<style>.a td{background:#000} .w{color:#fff}</style><p class=w>t</p>",
	  "t", "" },
	{ "<style>.a .b{display:none}.c:hover{display:none}</style>"
	  "<p class='b c'>t</p>", "t", "" },
	{ "<a style='mso-hide:all'>t</a>", "t", "" },
	{ "<p style='color:transparent'>s</p>t", "t", "hidden-text=1;" },
	/* where a page leads by itself, and where its links begin */
	{ "<meta http-equiv=Refresh content=\"0; URL='http://e.example/'\">x",
	  "[goes on by itself to] <hxxp[:]//e[.]example/>\n\nx", "links=1;" },
	{ "<base href=http://evil.example/a/><a href=b>x</a>",
	  "x <hxxp[:]//evil[.]example/a/b>", "links=1;" },
	{ "<!--[if mso]>s<![endif]-->t<!--[if !mso]><!-->u<!--<![endif]-->",
	  "tu", "" },
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

static char *
text_of(struct strbuf *page, struct strbuf *facts)
{
	char	*t;
	int	 cut;

	t = html_text(page->s, page->len, on_fact, facts, &cut);
	assert_non_null(t);
	assert_int_equal(cut, 0);
	strbuf_free(page);
	return t;
}

static void
a_page_of_any_depth_keeps_its_words(void **state)
{
	struct strbuf	 page = STRBUF_EMPTY, facts = STRBUF_EMPTY;
	char		*t;
	int		 i;

	(void)state;
	strbuf_puts(&page, "above");
	for (i = 0; i < 20000; i++)
		strbuf_puts(&page, "<div>");
	strbuf_puts(&page, "below");
	for (i = 0; i < 20000; i++)
		strbuf_puts(&page, "</div>");
	strbuf_puts(&page, "<p>after");
	t = text_of(&page, &facts);
	assert_string_equal(t, "above\n\nbelow\n\nafter");
	free(t);
	strbuf_free(&facts);
}

static void
attributes_beyond_count_are_left_out(void **state)
{
	struct strbuf	 page = STRBUF_EMPTY, facts = STRBUF_EMPTY;
	char		*t;
	int		 i;

	(void)state;
	strbuf_puts(&page, "<p hidden>s</p><p");
	for (i = 0; i < 100000; i++)
		strbuf_printf(&page, " a%d='>'", i);
	strbuf_puts(&page, " hidden>words</p>");
	t = text_of(&page, &facts);
	assert_string_equal(t, "words");
	assert_non_null(facts.s);
	strbuf_putc(&facts, '\0');
	assert_non_null(strstr(facts.s, "malformed=elements with more "));
	free(t);
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
		cmocka_unit_test(a_page_of_any_depth_keeps_its_words),
		cmocka_unit_test(attributes_beyond_count_are_left_out),
		cmocka_unit_test(a_nul_does_not_end_the_page),
		cmocka_unit_test(the_charset_of_a_page_is_found)
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
