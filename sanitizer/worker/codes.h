/*
 * Bar codes in a drawn page: QR codes, EAN and UPC, Code 128, 93 and 39. Found,
 * read, and covered in the samples, so that no telephone reads them any more from
 * what is delivered. Of others (Data Matrix, Aztec, PDF417, Micro QR) nothing is
 * found.
 */
#ifndef LIMPID_CODES_H
#define LIMPID_CODES_H

#include <stddef.h>
#include <stdint.h>

/* A page of grey (1), RGB (3) or RGB and alpha (4 channels). */
struct codes_page {
	uint8_t		*samples;
	uint32_t	 width, height;
	uint8_t		 channels;
	size_t		 stride;
};

/* kind is ours ("QR code"), data is what the code says, hostile; both borrowed
 * until the call returns. */
typedef void codes_seen(void *arg, const char *kind, const char *data,
    size_t len);

/* In the warm parent. ERR_OK or ERR_MEMORY. */
int codes_warm(void);

/* Samples that may be scanned in all pages of a part: some seconds. */
#define CODES_BUDGET	60000000

/*
 * Covers every code of the page and tells of each. Returns how many, or
 * ERR_MEMORY; ERR_LIMIT when so much of the page looks like a code that it was
 * not searched to the end. budget, begun at CODES_BUDGET, is for all pages of a
 * part: it goes down by what was scanned.
 */
int codes_cover(const struct codes_page *p, uint64_t *budget, codes_seen *seen,
    void *arg);

/* Where there may be codes: places of the page, both ends inclusive; and the middles
 * of all marks like those in the corners of a QR code. */
#define CODES_BOXES	64
#define CODES_MARKS	512

struct codes_box {
	uint32_t	left, top, right, bottom;
};

struct codes_sights {
	unsigned		count;
	int			lost;		/* there were more */
	struct codes_box	box[CODES_BOXES];	/* the smallest first */
	unsigned		marks;
	uint32_t		mark_x[CODES_MARKS], mark_y[CODES_MARKS];
};

/* A look at every fourth row, cheap enough for every page. ERR_OK or ERR_MEMORY. */
int codes_sight(const struct codes_page *p, struct codes_sights *out);

/* One row of the page as grey. */
void codes_row(const struct codes_page *p, uint32_t y, uint8_t *grey);

/* A code found by codes_scan: its box in samples of the picture scanned. */
struct codes_hit {
	const char	*kind, *data;
	size_t		 len;
	int32_t		 left, top, right, bottom;	/* inclusive */
};

typedef void codes_found(void *arg, const struct codes_hit *hit);

/* Reads all codes of a grey picture. Returns how many, or ERR_MEMORY. */
int codes_scan(const uint8_t *grey, uint32_t width, uint32_t height,
    codes_found *found, void *arg);

#endif
