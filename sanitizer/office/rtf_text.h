/*
 * Bodies as Outlook keeps them: compressed RTF, and the page or the words that are
 * wrapped in it.
 */
#ifndef LIMPID_RTF_TEXT_H
#define LIMPID_RTF_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum rtf_form {
	RTF_NONE,		/* no RTF at all */
	RTF_TEXT,		/* words were wrapped, or it is RTF of its own */
	RTF_HTML		/* a page was wrapped */
};

/* Undoes [MS-OXRTFCP]; a new buffer of at most max bytes, terminated (caller frees).
 * NULL: it is none, or there is no memory. */
uint8_t *rtf_decompress(const uint8_t *s, size_t len, size_t max,
    size_t *out_len);

/*
 * The page ([MS-OXRTFEX]) or the words of RTF as UTF-8, terminated (caller frees;
 * NULL: no memory). *own: it was written as RTF, so that its looks are lost.
 */
char *rtf_read(const uint8_t *s, size_t len, enum rtf_form *form, int *own,
    size_t *out_len);

#endif
