/*
 * The second engine: PDFs by poppler-glib, drawn by cairo (document.h).
 */
#ifndef LIMPID_POPDF_H
#define LIMPID_POPDF_H

#include "document.h"

extern const struct document_engine popdf_engine;

/* In the warm parent: fonts and tables of characters into memory, and one harmless
 * document drawn. ERR_OK, ERR_MEMORY, ERR_LIMIT, ERR_NOTFOUND when the C library has
 * no UTF-16, or ERR_FORMAT when poppler cannot read even the harmless one. */
int popdf_warm(void);

void popdf_close(struct document *d);

#endif
