/*
 * Pixels: turns the samples of a drawn page into what may leave the jail, one
 * zstd frame of 8-bit grey or RGB. Pure: no file, no pipe, no limit of its own
 * but the sides and sizes that copy.h names.
 */
#ifndef LIMPID_PIXELS_H
#define LIMPID_PIXELS_H

#include <stddef.h>
#include <stdint.h>

/* A page is grey when no sample strays further than this from its neighbours:
 * a maximum and not a share, so that one red mark keeps the page coloured. */
#define PIXELS_CHROMA_MAX	16

struct pixels;		/* a compressor and its buffers, used for many pages */

/* NULL when out of memory. */
struct pixels *pixels_new(void);
void pixels_free(struct pixels *p);

/*
 * Finds whether the page is grey, packs and compresses it. samples: channels 1
 * (grey), 3 (RGB) or 4 (RGB and straight alpha, laid onto white), rows stride
 * bytes apart. *out_channels is 1 or 3; *frame is borrowed until the next call.
 * ERR_LIMIT when a side or the area is zero or beyond copy.h, ERR_FORMAT for
 * other channels or a stride too short, ERR_MEMORY.
 */
int pixels_compress(struct pixels *p, uint32_t width, uint32_t height,
    uint8_t channels, size_t stride, const uint8_t *samples,
    uint8_t *out_channels, const uint8_t **frame, size_t *frame_len);

/* Greatest difference between the samples of one RGB pixel, in a row. */
uint8_t pixels_row_chroma(const uint8_t *rgb, uint32_t width);
/* One row of RGB as grey. exact: R, G and B are equal throughout the row. */
void pixels_row_grey(uint8_t *grey, const uint8_t *rgb, uint32_t width,
    int exact);
/* One row of RGB and straight alpha as RGB on white. */
void pixels_row_flatten(uint8_t *rgb, const uint8_t *rgba, uint32_t width);

#endif
