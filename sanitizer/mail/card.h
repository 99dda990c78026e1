/*
 * Calendar entries and contacts as words a person can read. Nothing is entered into
 * any calendar, nothing is fetched, no alarm rings.
 */
#ifndef LIMPID_CARD_H
#define LIMPID_CARD_H

#include <stddef.h>

struct card {
	char		*text;		/* UTF-8, not yet cleaned; caller frees */
	const char	*format;	/* "iCalendar", "vCalendar", "vCard" */
	unsigned	 entries;	/* 0: it is no card */
	unsigned	 embedded;	/* pictures, sounds, files: not shown */
};

/* Loads what the library needs, before the jail. ERR_OK. */
int card_warm(void);

/* Reads utf8, which is terminated and len bytes long. ERR_OK or ERR_MEMORY. */
int card_read(const char *utf8, size_t len, struct card *c);

#endif
