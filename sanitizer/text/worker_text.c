/*
 * worker-text: text of any charset as clean UTF-8 with harmless links.
 * Runs as limpid-worker-text: a warm parent and one jailed child a text.
 * Hostile input: the text, in the child only.
 * Must never: pass a control, an invisible character or a live link.
 */
#include <stdlib.h>
#include <string.h>

#include "armour.h"
#include "charset.h"
#include "links.h"
#include "text.h"
#include "worker.h"
#include "worker_private.h"

static void
tell_charset(struct worker *w, const char *declared,
    const struct charset_found *found)
{
	worker_fact(w, FACT_FORMAT, "text");
	worker_fact(w, FACT_CHARSET, found->name);
	if (found->lied)
		worker_fact(w, FACT_CHARSET_LIED, declared);
	if (found->bad > 0)
		worker_fact(w, FACT_MALFORMED,
		    "characters that are none, shown as \xef\xbf\xbd");
}

static void
text_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct charset_found	 found;
	struct text_cleaned	 counts;
	struct armour		 armour;
	char			*utf8, *clean, *safe;
	size_t			 n;
	uint32_t		 links = 0;
	int			 whole;

	if ((utf8 = charset_to_utf8(data, len, job->charset, &found, &n)) ==
	    NULL)
		worker_no_memory();
	clean = text_clean(utf8, n, TEXT_BLOCK, (size_t)job->max_text,
	    &counts);
	free(utf8);
	if (clean == NULL)
		worker_no_memory();
	armour_strip(clean, &armour);
	if ((safe = links_defang_text(clean, strlen(clean), &links)) == NULL)
		worker_no_memory();
	tell_charset(w, job->charset, &found);
	if (armour.clear > 0)
		worker_fact(w, FACT_SIGNED, "OpenPGP signature, not checked");
	if (armour.locked > 0)
		worker_fact(w, FACT_ENCRYPTED, "with OpenPGP, in part");
	if (counts.invisible > 0)
		worker_fact_number(w, FACT_INVISIBLE_CHARS, counts.invisible);
	if (links > 0)
		worker_fact_number(w, FACT_LINKS, links);
	if (safe[strspn(safe, " \t\n")] == '\0')
		worker_done(w, OUTCOME_STUB, REASON_EMPTY, 0, 0, "text", "");
	whole = worker_text(w, COPY_NO_PAGE, safe, strlen(safe));
	worker_done(w, OUTCOME_TEXT, whole && !counts.cut ? REASON_COMPLETE :
	    REASON_LIMIT_TEXT, 0, 0, "text", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "text",
		.warm = charset_warm,
		.run = text_run,
	};

	return worker_main(argc, argv, &ops);
}
