/*
 * Palettes: exact where a page has 256 colours or fewer; where it has a few
 * thousand (the soft edges of coloured letters), the most frequent ones exactly
 * and means for the rest, if nobody would see the difference.
 */
#ifndef LIMPID_PAGE_PALETTE_H
#define LIMPID_PAGE_PALETTE_H

#include <stddef.h>
#include <stdint.h>

struct palette;

/* NULL: no memory. */
struct palette *palette_new(void);
void palette_free(struct palette *p);

/*
 * Finds a palette for an RGB page and writes each sample's number to index
 * (pixels bytes). Returns the number of colours, entries in rgb; 0 when the page
 * has too many, ERR_MEMORY.
 */
int palette_make(struct palette *p, const uint8_t *samples, size_t pixels,
    uint8_t *index, uint8_t rgb[256 * 3]);

#endif
