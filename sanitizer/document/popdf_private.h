/*
 * Inside of the second engine: popdf.c opens, popdf_page.c draws and reads,
 * popdf_files.c takes out files, popdf_warm.c is the warm parent's.
 */
#ifndef LIMPID_POPDF_PRIVATE_H
#define LIMPID_POPDF_PRIVATE_H

#include <cairo.h>
#include <poppler.h>

#include "popdf.h"

struct document {
	PopplerDocument	*doc;
	uint32_t	 pages;
	/* the page just loaded */
	PopplerPage	*page;
	double		 width, height;	/* points, turned as it is shown */
	/* kept from page to page */
	cairo_surface_t	*surface;
	uint8_t		*samples;	/* RGB, of the surface */
	struct document_glyph *glyphs;
};

/* Complaints of poppler since the process began: it says of no page whether it
 * could read it, but it talks. */
unsigned popdf_complaints(void);

/* Forgets the page just loaded. */
void popdf_page_drop(struct document *d);

/* Members of the engine (document.h). */
int popdf_page_load(struct document *d, uint32_t index, int *errors);
int popdf_page_draw(struct document *d, uint16_t dpi, uint32_t max_pixels,
    struct document_picture *pic, int *errors);
int popdf_page_glyphs(struct document *d, size_t max,
    struct document_glyphs *glyphs);
void popdf_page_links(struct document *d, document_link *found, void *arg);
void popdf_files(struct document *d, const struct document_sink *to);

#endif
