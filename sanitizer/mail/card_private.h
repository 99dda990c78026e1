/*
 * What card.c and card_calendar.c share.
 */
#ifndef LIMPID_CARD_PRIVATE_H
#define LIMPID_CARD_PRIVATE_H

#include "card.h"
#include "strbuf.h"

#define CARD_ENTRIES_MAX	2000	/* that are shown */

/* iCalendar by libical: entries to b. */
void card_calendar(const char *utf8, struct card *c, struct strbuf *b);

#endif
