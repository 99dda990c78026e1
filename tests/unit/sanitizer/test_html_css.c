#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "html_css.h"

/* Whether <p id="i" class="a b" title="t"> is hidden by this sheet. */
static const struct {
	const char	*css;
	int		 hidden, unknown;
} cases[] = {
	{ "", 0, 0 },
	{ "p{display:none}", 1, 0 },
	{ "P {DISPLAY: none;}", 1, 0 },
	{ "*{display:none}", 1, 0 },
	{ ".a{display:none}", 1, 0 },
	{ ".a.b{display:none}", 1, 0 },
	{ ".b.a{display:none", 1, 0 },
	{ ".A{display:none}", 0, 0 },
	{ ".a.c{display:none}", 0, 0 },
	{ "#i{display:none}", 1, 0 },
	{ "p#i.b[title=t]{display:none}", 1, 0 },
	{ "[title]{display:none}", 1, 0 },
	{ "[title='t']{display:none}", 1, 0 },
	{ "[title='u']{display:none}", 0, 0 },
	{ "[title^=t]{display:none}", 0, 0 },
	{ "div, .x, p{display:none}", 1, 0 },
	{ "p:hover{display:none}", 0, 0 },
	{ "body p{display:none}", 0, 0 },
	{ "body>p{display:none}", 0, 0 },
	{ "p::before{display:none}", 0, 0 },
	{ ".a\\:b{display:none}", 0, 0 },
	{ "p{display:none}p{display:block}", 0, 0 },
	{ ".a{display:none}p{display:block}", 1, 0 },
	{ "#i{display:block}.a.b{display:none}", 0, 0 },
	{ ".a{display:none!important}#i{display:block}", 1, 0 },
	{ "/* p{ */ .a/**/{display:none}", 1, 0 },
	{ "<!-- p{display:none} -->", 1, 0 },
	{ "@import 'x';p{display:none}", 1, 0 },
	{ "@charset \"{\";p{display:none}", 1, 0 },
	{ "@media print{p{display:none}}", 0, 0 },
	{ "@media print{p{display:none}}p{display:none}", 1, 0 },
	{ "@media screen and (max-width:9px){p{display:none}}", 0, 0 },
	{ "@media all{p{display:none}}", 1, 0 },
	{ "@media screen {p{display:none}}", 1, 0 },
	{ "@font-face{src:url('}')}p{display:none}", 1, 0 },
	{ "p{content:\"}\";display:none}", 1, 0 },
	{ "p{color:#fff}", 1, 0 },
	{ "p{color:#fff;background:#000}", 0, 0 },
	{ "td p{background:#000}", 0, 1 },
	{ "}}}p{display:none}", 1, 0 },
	{ "{}{p{display:none}", 0, 0 },
	{ "p", 0, 0 }, { "p{", 0, 0 }, { "@", 0, 0 }, { "@media all", 0, 0 },
	{ ".{display:none}", 0, 0 }, { "[{display:none}", 0, 0 },
	{ "[title=\"t{display:none}", 0, 0 }, { ",,,{display:none}", 0, 0 }
};

static char *
title_of(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "title") == 0 ? strdup("t") : NULL;
}

static const struct html_css_element	 element = {
	"p", "i", "a b", title_of, NULL
};

static int
is_hidden(struct html_css *c)
{
	struct html_style	 s = { .paper = 0xffffff };

	html_css_apply(c, &element, &s, 0);
	html_css_apply(c, &element, &s, 1);
	return html_style_is_hidden(&s);
}

static void
sheets_hide_what_the_table_says(void **state)
{
	struct html_css	*c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = html_css_new();
		assert_int_equal(html_css_add(c, cases[i].css,
		    strlen(cases[i].css)), ERR_OK);
		if (is_hidden(c) != cases[i].hidden ||
		    html_css_papers_unknown(c) != cases[i].unknown)
			fail_msg("%s", cases[i].css);
		html_css_free(c);
	}
}

static void
a_sheet_without_end_is_left_alone(void **state)
{
	struct html_css	*c = html_css_new();
	size_t		 n = 600000;
	char		*s = malloc(n);

	(void)state;
	memset(s, 'p', n);
	assert_int_equal(html_css_add(c, s, n), ERR_LIMIT);
	for (size_t i = 0; i + 3 <= 200000; i += 3)
		memcpy(s + i, "p{}", 3);
	assert_int_equal(html_css_add(c, s, 199998), ERR_LIMIT);
	/* and no page can ask for more comparisons than its budget */
	for (int i = 0; i < 20000; i++)
		assert_int_equal(is_hidden(c), 0);
	html_css_free(c);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sheets_hide_what_the_table_says),
		cmocka_unit_test(a_sheet_without_end_is_left_alone)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
