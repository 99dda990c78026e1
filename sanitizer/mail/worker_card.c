/*
 * worker-card: calendar entries and contacts as text.
 * Runs as limpid-worker-card: a warm parent and one jailed child a card.
 * Hostile input: the card, in the child only.
 * Must never: pass a control, an invisible character or a live link.
 */
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "charset.h"
#include "err.h"
#include "links.h"
#include "text.h"
#include "worker.h"
#include "worker_private.h"

static void
tell(struct worker *w, const struct card *c, const struct charset_found *found,
    const char *declared)
{
	worker_fact(w, FACT_FORMAT, c->entries > 0 ? c->format : "text");
	worker_fact(w, FACT_CHARSET, found->name);
	if (found->lied)
		worker_fact(w, FACT_CHARSET_LIED, declared);
	if (c->embedded > 0)
		worker_fact_number(w, FACT_EMBEDDED, c->embedded);
}

static void
card_run(struct worker *w, const struct worker_job *job, const uint8_t *data,
    size_t len)
{
	struct charset_found	 found;
	struct text_cleaned	 counts;
	struct card		 card;
	char			*utf8, *clean, *safe;
	const char		*words;
	size_t			 n;
	uint32_t		 links = 0;
	int			 whole;

	if ((utf8 = charset_to_utf8(data, len, job->charset, &found, &n)) ==
	    NULL || card_read(utf8, n, &card) != ERR_OK)
		worker_no_memory();
	/* What is no card after all is still words. */
	words = card.entries > 0 ? card.text : utf8;
	clean = text_clean(words, strlen(words), TEXT_BLOCK,
	    (size_t)job->max_text, &counts);
	if (clean == NULL ||
	    (safe = links_defang_text(clean, strlen(clean), &links)) == NULL)
		worker_no_memory();
	tell(w, &card, &found, job->charset);
	if (counts.invisible > 0)
		worker_fact_number(w, FACT_INVISIBLE_CHARS, counts.invisible);
	if (links > 0)
		worker_fact_number(w, FACT_LINKS, links);
	if (safe[strspn(safe, " \t\n")] == '\0')
		worker_done(w, OUTCOME_STUB, REASON_EMPTY, 0, 0, "card", "");
	whole = worker_text(w, COPY_NO_PAGE, safe, strlen(safe));
	worker_done(w, card.entries > 0 ? OUTCOME_CARD : OUTCOME_TEXT,
	    whole && !counts.cut ? REASON_COMPLETE : REASON_LIMIT_TEXT, 0, 0,
	    strcmp(card.format, "iCalendar") == 0 ? "libical" : "card", "");
}

int
main(int argc, char **argv)
{
	static const struct worker_ops ops = {
		.name = "card",
		.warm = card_warm,
		.run = card_run,
	};

	return worker_main(argc, argv, &ops);
}
