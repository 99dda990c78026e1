/* HTML: what reaches a page is escaped, and pages are well formed. */
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

static char *
finish(struct html *h)
{
	char	*data, *s;
	size_t	 len;

	assert_int_equal(html_take(h, &data, &len), ERR_OK);
	assert_non_null(s = strndup(data, len));
	free(data);
	html_free(h);
	return s;
}

static void
text_is_escaped(void **state)
{
	struct html	*h = html_new(1000);
	char		*s;

	(void)state;
	html_elem(h, "p", NULL, "<script>alert('x')&\"</script>");
	s = finish(h);
	assert_string_equal(s, "<p>&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;"
	    "&lt;/script&gt;</p>");
	free(s);
}

static void
values_are_escaped(void **state)
{
	struct html	*h = html_new(1000);
	char		*s;

	(void)state;
	html_open(h, "input", NULL);
	html_attr(h, "value", "\"><img src=x onerror=alert(1)>");
	s = finish(h);
	assert_string_equal(s, "<input value=\"&quot;&gt;&lt;img src=x "
	    "onerror=alert(1)&gt;\"");
	free(s);
}

static void
odd_characters_are_shown_as_such(void **state)
{
	static const char	*odd[] = { "\xe2\x80\xae", "\x01", "\x7f",
	    "\xc2\x85", "\xef\xbb\xbf", "\xff", "\xc0", "\xed\xa0\x80",
	    "\xf3\xa0\x81\x81" };
	struct html		*h;
	size_t			 i;
	char			*s;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		h = html_new(1000);
		html_elemf(h, "b", NULL, "a%sb", odd[i]);
		s = finish(h);
		assert_non_null(strstr(s, "a\xef\xbf\xbd"));
		assert_null(strstr(s, odd[i]));
		free(s);
	}
}

static void
good_text_of_all_scripts_stays(void **state)
{
	static const char	 text[] = "沿岸 ñ Ж 한 \xf0\x9f\x8c\x8a\n\tx";
	struct html		*h = html_new(1000);
	char			*s;

	(void)state;
	html_elem(h, "b", NULL, text);
	s = finish(h);
	assert_memory_equal(s + 3, text, strlen(text));
	free(s);
}

static void
a_page_too_large_is_refused_not_cut(void **state)
{
	struct html	*h = html_new(64);
	char		*data;
	size_t		 len;
	int		 i;

	(void)state;
	for (i = 0; i < 20; i++)
		html_elem(h, "p", NULL, "some words");
	assert_int_equal(html_take(h, &data, &len), ERR_LIMIT);
	html_free(h);
}

static void
queries_are_percent_encoded(void **state)
{
	char	*s = html_query_escape("a b&c=d/\xe6\xb8\xac");

	(void)state;
	assert_string_equal(s, "a%20b%26c%3Dd%2F%E6%B8%AC");
	free(s);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(values_are_escaped),
		cmocka_unit_test(odd_characters_are_shown_as_such),
		cmocka_unit_test(good_text_of_all_scripts_stays),
		cmocka_unit_test(a_page_too_large_is_refused_not_cut),
		cmocka_unit_test(queries_are_percent_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
