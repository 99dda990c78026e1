/*
 * The steps of identify.c. Each returns 1 when it has set id, else 0.
 */
#ifndef LIMPID_IDENTIFY_PRIVATE_H
#define LIMPID_IDENTIFY_PRIVATE_H

#include "identify.h"

/* data begins with PK: office, EPUB, XPS, programs in a ZIP, or a plain ZIP. */
int identify_zip(const uint8_t *data, size_t len, const char *declared,
    struct identity *id);

/* data begins with the OLE2 signature: old office, Outlook, installers. */
int identify_ole(const uint8_t *data, size_t len, struct identity *id);

/* Words in any charset: mail, web page, card, script, shortcut, plain. */
int identify_text(const uint8_t *data, size_t len, const char *declared,
    struct identity *id);

void identity_set(struct identity *id, enum kind kind, const char *format);

/* Whether with stands at off. */
int identify_at(const uint8_t *data, size_t len, size_t off, const char *with,
    size_t n);

#endif
