/*
 * Which words of a page can be seen: its characters held against its picture. What is
 * white on white, off the page, covered, clipped away, tiny, or drawn by no pen is not
 * there for a reader, and so it is no text of the page; an OCR layer lies over the
 * letters of its scan, and so it is.
 */
#ifndef LIMPID_SEEN_H
#define LIMPID_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "document.h"

struct seen {
	char		*text;		/* UTF-8, raw; NULL when there is none */
	size_t		 len;
	uint32_t	 shown;		/* characters but spaces */
	uint32_t	 hidden;
	uint32_t	 strange;	/* of shown: what no font table could name */
};

/* pic is of the same page, NULL when there is none: then all that lies on the page
 * and is large enough counts as shown. ERR_OK, and seen->text is the caller's; or
 * ERR_MEMORY. */
int seen_read(const struct document_glyphs *glyphs,
    const struct document_picture *pic, struct seen *seen);

#endif
