/* folder: sanitizer */
/* Any style sheet can be read and applied, and applied again says the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html_css.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *
title_of(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "title") == 0 ? strdup("t") : NULL;
}

static int
hidden_by(struct html_css *c)
{
	static const struct html_css_element	 e = { "p", "i", "a b",
						    title_of, NULL };
	struct html_style			 s = { .paper = 0xffffff };

	html_css_apply(c, &e, &s, 0);
	html_css_apply(c, &e, &s, 1);
	return html_style_is_hidden(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct html_css	*c = html_css_new();

	if (c == NULL)
		return 0;
	html_css_add(c, (const char *)data, len);
	if (hidden_by(c) != hidden_by(c))
		abort();
	html_css_free(c);
	return 0;
}
