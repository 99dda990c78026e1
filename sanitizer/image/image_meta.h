/*
 * What an image file says beside its pixels, read by a few bounded walks over
 * JPEG, PNG, GIF, WebP and TIFF. Pure: no memory, no library. Other formats and
 * damage give zeros.
 */
#ifndef LIMPID_IMAGE_META_H
#define LIMPID_IMAGE_META_H

#include <stddef.h>
#include <stdint.h>

/* Kinds of metadata, as bits. */
enum {
	IMAGE_META_EXIF		= 0x01,
	IMAGE_META_POSITION	= 0x02,	/* GPS, inside Exif */
	IMAGE_META_XMP		= 0x04,
	IMAGE_META_IPTC		= 0x08,	/* or Photoshop's own block */
	IMAGE_META_COMMENT	= 0x10,	/* words: comments, text chunks */
	IMAGE_META_TRAILING	= 0x20	/* bytes after the image's end */
};

struct image_meta {
	unsigned	metadata;	/* bits above */
	uint8_t		orientation;	/* Exif 1..8, 0 unknown */
	uint8_t		progressive;	/* a JPEG in several passes */
	uint8_t		cut;		/* the file ends before its image does */
	uint32_t	frames;		/* of an animation, 0 unknown */
};

/* Sides that a JPEG 2000 declares. 0: there are none. */
int image_meta_jpx(const uint8_t *data, size_t len, uint32_t *width,
    uint32_t *height);

/* Where the first picture of a GIF ends, so that it can be cut there; 0 when it
 * does not end. */
size_t image_meta_gif_first(const uint8_t *data, size_t len);

/* An Exif block alone, "Exif\0\0" before it or not: adds what it says. */
void image_meta_exif(const uint8_t *data, size_t len, struct image_meta *m);

void image_meta_read(const uint8_t *data, size_t len, struct image_meta *m);

#endif
