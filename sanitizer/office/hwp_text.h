/*
 * Documents of Hangul Word Processor 5 (.hwp) as their words. Nothing here draws
 * them, so layout, pictures and the order of boxes are not shown.
 */
#ifndef LIMPID_HWP_TEXT_H
#define LIMPID_HWP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "office_words.h"
#include "outcome.h"

/*
 * The words as UTF-8, not yet clean, up to max bytes (caller frees). NULL with the
 * reason: ENCRYPTED, EMPTY, FORMAT. With text, COMPLETE, LIMIT_TEXT, or FORMAT when
 * only what was saved as its preview could be read. outlook_warm comes before.
 */
char *hwp_text(const uint8_t *data, size_t len, size_t max,
    enum reason *reason);

/* The paragraphs of one section, inflated. 0: it ends inside of a record. */
int hwp_section(const uint8_t *s, size_t len, struct office_words *words);

#endif
