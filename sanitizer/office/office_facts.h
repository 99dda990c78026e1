/*
 * What a document holds that will not arrive, or that its reader should know: macros,
 * links to outside, things inside, hidden sheets, changes, comments.
 */
#ifndef LIMPID_OFFICE_FACTS_H
#define LIMPID_OFFICE_FACTS_H

#include <stddef.h>
#include <stdint.h>

#define OFFICE_TARGETS_MAX	200

struct office_facts {
	unsigned	 macros;	/* modules and event handlers */
	unsigned	 scripts;	/* fields that start programs: DDE */
	unsigned	 external;	/* what would be fetched from outside */
	char		*targets[OFFICE_TARGETS_MAX];	/* of links, raw, each once;
					 * office_facts_free */
	unsigned	 target_count;
	unsigned	 embedded;	/* objects and files inside */
	unsigned	 hidden_sheets;
	unsigned	 changes;	/* tracked, not yet accepted */
	unsigned	 comments;
	int		 encrypted;
	int		 known;		/* the container could be read: counts are
					 * the document's own */
};

/* A shallow look at the container; facts is filled anew. */
void office_facts_look(const uint8_t *data, size_t len,
    struct office_facts *facts);
void office_facts_free(struct office_facts *facts);

#endif
