/*
 * A wish that a receiver accept sequences as lost (`limpid missing accept`): a file
 * in state/link/N-recv. Its name is accept-FIRST-LAST, 16 hex digits each; its text
 *
 *	who NAME
 *	why TEXT
 *
 * It lies there until it was served, so it survives a restart.
 */
#ifndef LIMPID_ACCEPT_H
#define LIMPID_ACCEPT_H

#include <stddef.h>
#include <stdint.h>

#define ACCEPT_NAME	"accept-%016llx-%016llx"
#define ACCEPT_NAME_LEN	40	/* without the NUL */
#define ACCEPT_WHO_MAX	64
#define ACCEPT_WHY_MAX	250
#define ACCEPT_TEXT_MAX	(ACCEPT_WHO_MAX + ACCEPT_WHY_MAX + 16)

struct accept_wish {
	uint64_t	 first, last;
	char		 who[ACCEPT_WHO_MAX + 1];
	char		 why[ACCEPT_WHY_MAX + 1];
};

/* 1 when s is one line of 1 to max bytes without controls, not blank at its ends. */
int accept_line_is_good(const char *s, size_t max);
/* Writes the text of a wish whose lines are good. */
void accept_format(const struct accept_wish *w, char out[ACCEPT_TEXT_MAX]);
/* Reads a name and a text; ERR_FORMAT when either is not exactly as above. */
int accept_parse(const char *name, const char *text, size_t len,
    struct accept_wish *out);

#endif
