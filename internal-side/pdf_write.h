/*
 * Image-only PDF: pages and their pictures, nothing else in it. No dates, no
 * identifiers, no metadata: the same pages give the same bytes. Written as it
 * comes, so memory does not grow with the pictures.
 */
#ifndef LIMPID_PDF_WRITE_H
#define LIMPID_PDF_WRITE_H

#include <stdint.h>

#include "out.h"

struct page_image;
struct pdf_writer;

/* Writes into sink. NULL: no memory. */
struct pdf_writer *pdf_writer_new(out_sink *sink, void *arg);
void pdf_writer_free(struct pdf_writer *w);
/*
 * Adds a page of exactly pixels * 72 / dpi points. *offset is set to where the
 * bytes of image->data begin in the PDF. ERR_OK or ERR_MEMORY.
 */
int pdf_write_page(struct pdf_writer *w, const struct page_image *image,
    uint64_t *offset);
/* Page tree, cross-reference table, trailer. */
void pdf_write_finish(struct pdf_writer *w);

/* The same picture as a file of its own: PNG signature, header, palette, stream and
 * end; or the JPEG as it is. */
void picture_write(const struct page_image *image, out_sink *sink, void *arg);

#endif
