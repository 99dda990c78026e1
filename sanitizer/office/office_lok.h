/*
 * The one file that touches LibreOffice (LibreOfficeKit's C interface): loaded once in
 * the warm parent up to the point where it still has one thread, finished in each
 * child, used for one document.
 */
#ifndef LIMPID_OFFICE_LOK_H
#define LIMPID_OFFICE_LOK_H

#include <stdint.h>

#include "outcome.h"

/* In the warm parent. ERR_NOTFOUND when LibreOffice is not installed, ERR_SYS when it
 * does not come to rest with one thread: it must not be forked then. */
int office_lok_warm(void);
/* Candidate passwords (words.h), how many attempts and for how long; line is set to
 * the one that opened the document, -1: it needed none. */
struct office_key {
	const char	*words;
	unsigned	 attempts;
	uint32_t	 max_ms;
	int		 line;
};
/* In the child, after the lock: starts its main loop. locked is called when a document
 * asks for a password that is not among those of the key (borrowed until the child
 * ends), and must not return. ERR_SYS. */
int office_lok_start(struct office_key *key, void (*locked)(void *arg),
    void *arg);

struct office_document;

enum office_type {
	OFFICE_TEXT = 0, OFFICE_SHEETS, OFFICE_SLIDES, OFFICE_DRAWING, OFFICE_OTHER
};

/*
 * Opens a file of the child's own /tmp. REASON_COMPLETE and *dp, which
 * office_document_close gives back, or REASON_FORMAT.
 */
enum reason office_document_open(const char *path, struct office_document **dp);
void office_document_close(struct office_document *d);
enum office_type office_document_type(const struct office_document *d);
/* Writes it anew as "pdf", "fods" ...; options as LibreOffice takes them, NULL none.
 * 0 when it could not. */
int office_document_save(struct office_document *d, const char *path,
    const char *format, const char *options);
/* How many comments, and tracked changes, it knows of. */
unsigned office_document_comments(struct office_document *d);
unsigned office_document_changes(struct office_document *d);

#endif
