/*
 * What a drawing worker said, read again by worker-ocr: the frames that the engine kept of
 * its part (worker.h). The engine has checked them once; who reads them here is jailed and
 * believes nothing of them all the same.
 */
#ifndef LIMPID_DRAWN_H
#define LIMPID_DRAWN_H

#include <stddef.h>
#include <stdint.h>

#define DRAWN_PAGES_MAX	100000	/* as limit pages at its most */

struct drawn_page {
	uint32_t	 index;
	uint32_t	 width, height;
	uint8_t		 channels;		/* 1 or 3 */
	uint16_t	 dpi;
	const uint8_t	*frame;			/* zstd, borrowed from the bytes */
	size_t		 frame_len;
	uint32_t	 letters;		/* of text that the page has itself */
};

struct drawn {
	struct drawn_page	*pages;		/* in the order they came */
	size_t			 count;
};

/* ERR_OK; ERR_FORMAT when the frames do not follow worker.h, ERR_LIMIT for more pages
 * than there can be, ERR_MEMORY. Pages borrow from data. drawn_free on *d in any case. */
int drawn_read(const uint8_t *data, size_t len, struct drawn *d);
void drawn_free(struct drawn *d);

/* The samples of a page, width * height * channels of them; NULL when they are not that
 * many, or more pixels than max. The caller frees. */
uint8_t *drawn_samples(const struct drawn_page *p, uint64_t max_pixels);

#endif
