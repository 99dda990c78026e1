/*
 * The words of an OOXML, ODF or RTF document without LibreOffice: what is left when it
 * fails, or when nobody wants pictures.
 */
#ifndef LIMPID_OFFICE_TEXT_H
#define LIMPID_OFFICE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Its words in reading order, malloced, at most about max bytes; NULL when there are
 * none or it is no such document. Raw: not cleaned, links as they stand. */
char *office_text_take(const uint8_t *data, size_t len, size_t max);

#endif
