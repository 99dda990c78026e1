/*
 * A web page or HTML mail as text: paragraphs, lists, rows, quotes, and behind
 * every link where it really goes. Nothing is fetched, nothing runs.
 */
#ifndef LIMPID_HTML_TEXT_H
#define LIMPID_HTML_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

/* Called for what is worth knowing. */
typedef void html_fact_fn(void *arg, enum fact f, const char *value);

/* Initialises the library, before the jail. ERR_OK. */
int html_warm(void);

/* The charset that a page's own <meta> names, copied to out; "" when none. */
void html_find_charset(const uint8_t *s, size_t len, char out[64]);

/*
 * Cleaned and defanged text of a page in UTF-8, as a new string (caller frees);
 * NULL: no memory. *cut is set when the page is nested too deeply to be read to
 * its end.
 */
char *html_text(const char *utf8, size_t len, html_fact_fn *fact, void *arg,
    int *cut);

#endif
