/*
 * The MuPDF context of a worker, for the files that draw (document_*.c,
 * image_decode.c). Everything of MuPDF throws with longjmp: it stays in them.
 */
#ifndef LIMPID_MUPDF_H
#define LIMPID_MUPDF_H

#include <stddef.h>
#include <mupdf/fitz.h>

/*
 * The process's context, made at the first call: silent, without a script
 * engine, with a store (cached images, fonts) of 64 MB. NULL: no memory.
 */
fz_context *mupdf_context(void);

/* Loads every built-in font once, in the warm parent, so that its children
 * share the pages. ERR_OK, or ERR_MEMORY. */
int mupdf_warm_fonts(fz_context *ctx);

#endif
