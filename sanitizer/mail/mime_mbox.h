/*
 * A file of several mails, each behind a line "From sender date" (RFC 4155).
 */
#ifndef LIMPID_MIME_MBOX_H
#define LIMPID_MIME_MBOX_H

#include <stddef.h>
#include <stdint.h>

#include "mime_parts.h"

/*
 * Emits each mail of a file that holds two or more, as a child of its own. The number
 * of mails found; 0 and nothing emitted when it is one mail or none. *cut is set when
 * the sink took no more.
 */
unsigned mime_mbox(const uint8_t *data, size_t len,
    const struct mime_sink *sink, int *cut);

#endif
