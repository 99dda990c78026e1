/*
 * An image file opened from memory. Each format family has an engine, one file
 * that alone knows its library; what they share - which engine, how large a
 * picture may become, which way is up - is in image.c. Declared sides are known
 * before anything is decoded.
 */
#ifndef LIMPID_IMAGE_H
#define LIMPID_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "image_meta.h"
#include "outcome.h"

struct image;

/* A decoded picture; samples are borrowed until the next decode or close. */
struct image_picture {
	uint32_t	 width, height;
	uint8_t		 channels;	/* 1 grey, 3 RGB */
	size_t		 stride;
	uint16_t	 dpi;
	uint8_t		*samples;
	int		 scaled;	/* smaller than the original */
	int		 turned;	/* an orientation was applied */
};

struct image_limits {
	uint64_t	max_pixels;	/* of the picture that comes out */
	uint64_t	max_memory;	/* bytes the decoder may need */
};

/* What an engine drew: packed rows, the sides that fit or larger. */
struct image_drawn {
	uint32_t	 width, height;
	uint8_t		 channels;	/* 1, 3, or 4: RGB and straight alpha */
	uint8_t		*samples;	/* malloced, now the caller's */
	uint16_t	 dpi;		/* of the original, 0 unknown */
	uint8_t		 orientation;	/* Exif 1..8 still to be applied, 0 none */
	uint32_t	 full_width;	/* before the engine made it smaller */
};

struct image_engine {
	const char	*name;
	/* A state that close gives back, or a reason; as image_open. */
	enum reason	(*open)(const uint8_t *data, size_t len,
			    uint64_t max_memory, void **statep);
	void		(*close)(void *state);
	const char	*(*format)(const void *state);
	uint32_t	(*count)(const void *state);
	void		(*meta)(const void *state, struct image_meta *m);
	/* Out is set on REASON_COMPLETE only. */
	enum reason	(*decode)(void *state, uint32_t index,
			    const struct image_limits *lim,
			    struct image_drawn *out);
};

extern const struct image_engine image_mupdf, image_webp, image_icon, image_tiff,
    image_heif;

/* In the warm parent. ERR_OK or ERR_MEMORY. */
int image_warm(void);

/*
 * Opens data, which must outlive the image, by its header only.
 * REASON_COMPLETE, or UNSUPPORTED (no engine knows it), FORMAT, MEMORY,
 * LIMIT_PIXELS (a JPEG 2000 that would need more than max_memory: its reader
 * decodes at once). image_open finds the engine, of those in worker-image.
 */
enum reason image_open(const uint8_t *data, size_t len, uint64_t max_memory,
    struct image **ip);
enum reason image_open_with(const struct image_engine *e, const uint8_t *data,
    size_t len, uint64_t max_memory, struct image **ip);
void image_close(struct image *i);

/* "mupdf"; "PNG", "JPEG" ...; how many pictures one after another (TIFF), >= 1;
 * and what it says beside them. */
const char *image_engine(const struct image *i);
const char *image_format(const struct image *i);
uint32_t image_count(const struct image *i);
void image_meta(const struct image *i, struct image_meta *m);

/*
 * Decodes picture number index, upright, on white, scaled down until it fits.
 * REASON_COMPLETE, or LIMIT_PIXELS when what it declares would need more than
 * max_memory, FORMAT, MEMORY.
 */
enum reason image_decode(struct image *i, uint32_t index,
    const struct image_limits *lim, struct image_picture *pic);

/* For engines. The sides at which a picture of w by h may come out: at most
 * max_pixels, and no side beyond what a copy may hold. */
void image_fit(uint32_t w, uint32_t h, uint64_t max_pixels, uint32_t *ow,
    uint32_t *oh);

/* Turns packed samples upright as an Exif orientation (2..8) says, into out,
 * which has the same size; sides are swapped from 5 on. */
void image_turn(uint8_t *out, const uint8_t *in, uint32_t width,
    uint32_t height, uint8_t channels, uint8_t orientation);
/* Packed samples onto white, in place: 4 channels become 3. */
void image_flatten(uint8_t *samples, uint32_t width, uint32_t height);
/* Packed samples made smaller by means of areas, in place; ow <= w, oh <= h. */
void image_shrink(uint8_t *samples, uint32_t w, uint32_t h, uint8_t channels,
    uint32_t ow, uint32_t oh);

#endif
