/*
 * Looking at samples: what a page consists of, and the packing of its rows. All of
 * it runs over every sample of every page, so it is written for the vectoriser.
 */
#ifndef LIMPID_PAGE_LOOK_H
#define LIMPID_PAGE_LOOK_H

#include <stddef.h>
#include <stdint.h>

/* Whether every grey sample is 0 or 255. */
int page_is_bilevel(const uint8_t *grey, size_t width, size_t height);

/*
 * Whether more than 2 of 100 neighbours in a row differ slightly (by 1 to 6, the
 * left one neither near black nor near white): photos and shades do, text and
 * drawings do not. channels 1 or 3; luma is a row buffer of width bytes.
 */
int page_is_smooth(const uint8_t *samples, size_t width, size_t height,
    int channels, uint8_t *luma);

/* Rows of a PNG: a filter byte (none) and the packed samples. */
void page_pack_1(const uint8_t *grey, size_t width, size_t height,
    uint8_t *rows);
/* 16 even greys. line is a row buffer of width + 1 bytes. */
void page_pack_4(const uint8_t *grey, size_t width, size_t height,
    uint8_t *line, uint8_t *rows);
/* Palette numbers below 16. */
void page_pack_index_4(const uint8_t *index, size_t width, size_t height,
    uint8_t *rows);
void page_pack_index_8(const uint8_t *index, size_t width, size_t height,
    uint8_t *rows);
/* RGB, filter "up". */
void page_pack_rgb(const uint8_t *rgb, size_t width, size_t height,
    uint8_t *rows);

#endif
