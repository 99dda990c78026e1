/*
 * An image file opened from memory by MuPDF. Its declared sides are known
 * before anything is decoded. Nothing of MuPDF leaks from here.
 */
#ifndef LIMPID_IMAGE_H
#define LIMPID_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

struct image;

/* A decoded picture; samples are borrowed until the next decode or close. */
struct image_picture {
	uint32_t	 width, height;
	uint8_t		 channels;	/* 1 grey, 3 RGB */
	size_t		 stride;
	uint16_t	 dpi;
	const uint8_t	*samples;
	int		 scaled;	/* smaller than the original */
	int		 turned;	/* an orientation was applied */
};

struct image_limits {
	uint64_t	max_pixels;	/* of the picture that comes out */
	uint64_t	max_memory;	/* bytes the decoder may need */
};

/* In the warm parent. ERR_OK or ERR_MEMORY. */
int image_warm(void);

/*
 * Opens data, which must outlive the image, by its header only.
 * REASON_COMPLETE, or UNSUPPORTED (no format of MuPDF), FORMAT, MEMORY,
 * LIMIT_PIXELS (a JPEG 2000 that would need more than max_memory: its reader
 * decodes at once).
 */
enum reason image_open(const uint8_t *data, size_t len, uint64_t max_memory,
    struct image **ip);
void image_close(struct image *i);

/* "PNG", "JPEG" ...; and how many pictures one after another (TIFF), >= 1. */
const char *image_format(const struct image *i);
uint32_t image_count(const struct image *i);

/*
 * Decodes picture number index, upright, on white, scaled down until it fits.
 * REASON_COMPLETE, or LIMIT_PIXELS when what it declares would need more than
 * max_memory, FORMAT, MEMORY.
 */
enum reason image_decode(struct image *i, uint32_t index,
    const struct image_limits *lim, struct image_picture *pic);

/* Turns packed samples upright as an Exif orientation (2..8) says, into out,
 * which has the same size; sides are swapped from 5 on. */
void image_turn(uint8_t *out, const uint8_t *in, uint32_t width,
    uint32_t height, uint8_t channels, uint8_t orientation);

#endif
