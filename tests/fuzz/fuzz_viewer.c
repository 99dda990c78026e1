/* folder: viewer */
/*
 * What a browser or a sender can put before the viewer's own small readers: paths,
 * search boxes, authentication results, texts with links, cookies.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html_out.h"
#include "marks.h"
#include "route.h"
#include "search.h"
#include "sender.h"
#include "session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No text can make a tag of its own: all that opens is what we wrote. */
static void
check_page(const char *page, size_t len)
{
	static const char *const	 ours[] = { "p>", "/p>", "br>", "span ",
	    "/span>", "b>", "/b>", "sup>", "/sup>", "a ", "/a>", "details ",
	    "/details>", "summary>", "/summary>" };
	const char			*end = page + len, *at;
	size_t				 i, n = sizeof(ours) / sizeof(ours[0]);

	for (at = page; (at = memchr(at, '<', (size_t)(end - at))) != NULL;) {
		at++;
		for (i = 0; i < n && strncmp(at, ours[i],
		    strlen(ours[i])) != 0;)
			i++;
		if (i == n)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct marks		 m = { .count = 0 };
	struct route_match	 match;
	struct sessions		*all;
	struct search		 s;
	struct sender		 from;
	struct html		*h;
	char			*text, *page;
	size_t			 len;

	if (size > 4096 || (text = malloc(size + 1)) == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	route_find(text, &match);
	if (search_parse(text, &s) == ERR_OK)
		search_free(&s);
	sender_read(text, text, text, text, &from);
	all = sessions_new(1, 1, 1);
	if (all != NULL && session_find(all, text, 0) != NULL)
		abort();
	sessions_free(all);
	marks_language(text, size);
	h = html_new(1 << 20);
	html_open(h, "p", NULL);
	html_end(h, "p");
	marks_body(h, text, size, &m);
	if (html_take(h, &page, &len) == ERR_OK) {
		check_page(page, len);
		free(page);
	}
	html_free(h);
	marks_free(&m);
	free(text);
	return 0;
}
