/*
 * Page encoding: a zstd frame of raw samples becomes a PNG stream or a JPEG, by a
 * rule that looks at nothing but this page (form follows content: text stays
 * sharp and small, photos stay photos).
 *
 *	grey	only black and white: 1 bit; no smooth shades: 16 greys;
 *		else JPEG
 *	colour	no smooth shades: palette where 256 colours do, else RGB PNG where
 *		that is small; else JPEG 4:4:4
 */
#ifndef LIMPID_PAGE_ENCODE_H
#define LIMPID_PAGE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

struct copy_page;

enum page_form { PAGE_PNG, PAGE_JPEG };

/* PNG colour types. */
enum { PAGE_GREY = 0, PAGE_RGB = 2, PAGE_PALETTE = 3 };

struct page_image {
	enum page_form	 form;
	uint32_t	 width, height;
	uint16_t	 dpi;
	uint8_t		 depth;		/* bits a sample */
	uint8_t		 color;		/* PNG colour type, also of a JPEG */
	uint16_t	 colors;	/* palette entries */
	uint8_t		 palette[256 * 3];
	uint32_t	 crc;		/* PNG: CRC-32 of "IDAT" and data */
	const uint8_t	*data;		/* zlib stream of an IDAT, or a JPEG file */
	size_t		 len;
};

/* Buffers and library states, used page after page of one copy. */
struct page_encoder;

/* NULL: no memory. */
struct page_encoder *page_encoder_new(void);
void page_encoder_free(struct page_encoder *e);

/*
 * Decodes and encodes one page. ERR_FORMAT when the frame is not exactly the
 * samples that the page announces, ERR_MEMORY. out->data is borrowed until the
 * next call or the end of the encoder.
 */
int page_encode(struct page_encoder *e, const struct copy_page *p,
    struct page_image *out);

#endif
