/*
 * worker-html: makes text of web pages and HTML mail.
 * Runs as limpid-worker-html: a warm parent and one jailed child a page.
 * Hostile input: the page, in the child only.
 * Must never: fetch anything, or let a link out alive.
 */
#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "err.h"
#include "html_text.h"
#include "worker.h"
#include "worker_private.h"

static int
html_worker_warm(void)
{
	int	 r;

	if ((r = charset_warm()) != ERR_OK)
		return r;
	return html_warm();
}

static void
on_fact(void *arg, enum fact f, const char *value)
{
	worker_fact(arg, f, value);
}

static void
html_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct charset_found	 found;
	char			 label[64], *utf8, *text;
	size_t			 n;
	int			 whole, cut;

	memcpy(label, job->charset, sizeof(label));
	if (charset_find(label) == NULL)
		html_find_charset(data, len, label);
	if ((utf8 = charset_to_utf8(data, len, label, &found, &n)) == NULL)
		worker_no_memory();
	worker_fact(w, FACT_FORMAT, "HTML");
	worker_fact(w, FACT_CHARSET, found.name);
	if (found.lied)
		worker_fact(w, FACT_CHARSET_LIED, label);
	if ((text = html_text(utf8, n, on_fact, w, &cut)) == NULL)
		worker_no_memory();
	if (*text == '\0')
		worker_done(w, OUTCOME_STUB, cut ? REASON_LIMIT_DEPTH :
		    REASON_EMPTY, 0, 0, "libxml2", "");
	whole = worker_text(w, COPY_NO_PAGE, text, strlen(text));
	worker_done(w, OUTCOME_TEXT, !whole ? REASON_LIMIT_TEXT : cut ?
	    REASON_LIMIT_DEPTH : REASON_COMPLETE, 0, 0, "libxml2", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "html",
		.warm = html_worker_warm,
		.run = html_run,
	};

	return worker_main(argc, argv, &ops);
}
