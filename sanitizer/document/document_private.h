/*
 * Inside of a document, for document.c, document_draw.c and document_text.c.
 */
#ifndef LIMPID_DOCUMENT_PRIVATE_H
#define LIMPID_DOCUMENT_PRIVATE_H

#include <mupdf/fitz.h>
#include <mupdf/pdf.h>

#include "document.h"

struct document {
	fz_context	*ctx;		/* the process's, not owned */
	fz_stream	*stream;
	fz_document	*doc;
	pdf_document	*pdf;		/* NULL for other formats; inside doc */
	uint32_t	 pages;
	/* the page just loaded */
	fz_page		*page;
	fz_display_list	*list;
	fz_stext_page	*stext;
	fz_rect		 bounds;
	/* kept from page to page */
	fz_pixmap	*pixmap;
	struct document_glyph *glyphs;
	size_t		 glyph_room;
};

/* Characters of the page just loaded that layers hide (document_layers.c). */
uint32_t document_page_layered(struct document *d, size_t shown);

/* Forgets the page just loaded (document_draw.c). */
void document_page_drop(struct document *d);

#endif
