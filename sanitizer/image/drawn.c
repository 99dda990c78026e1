/*
 * Reads the kept frames of a drawn part: which pages there are, and how many letters each
 * of them has already.
 * Runs in limpid-worker-ocr. Hostile input: every byte, because the worker that drew may
 * have been taken over. Must never believe a length before it has counted it.
 */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "copy.h"
#include "drawn.h"
#include "err.h"
#include "wire.h"
#include "worker.h"

#define HEADER		5	/* u32 length, u8 type */
#define STEP		64

static int
page_add(struct drawn *d, const struct drawn_page *p)
{
	struct drawn_page	*more;

	if (d->count == DRAWN_PAGES_MAX)
		return ERR_LIMIT;
	if (d->count % STEP == 0) {
		more = realloc(d->pages, (d->count + STEP) * sizeof(*more));
		if (more == NULL)
			return ERR_MEMORY;
		d->pages = more;
	}
	d->pages[d->count++] = *p;
	return ERR_OK;
}

static int
page_take(struct drawn *d, struct wire *w)
{
	struct drawn_page	 p = { .index = 0 };
	int			 r;

	if ((r = wire_get_u32(w, &p.index)) != ERR_OK ||
	    (r = wire_get_u32(w, &p.width)) != ERR_OK ||
	    (r = wire_get_u32(w, &p.height)) != ERR_OK ||
	    (r = wire_get_u8(w, &p.channels)) != ERR_OK ||
	    (r = wire_get_u16(w, &p.dpi)) != ERR_OK ||
	    (r = wire_get_data(w, &p.frame, &p.frame_len)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r;
	if (p.width == 0 || p.width > COPY_PAGE_SIDE || p.height == 0 ||
	    p.height > COPY_PAGE_SIDE || (p.channels != 1 && p.channels != 3))
		return ERR_FORMAT;
	return page_add(d, &p);
}

/* What is white is no letter. */
static uint32_t
letters_count(const uint8_t *s, size_t len)
{
	uint32_t	 n = 0;

	for (size_t i = 0; i < len; i++)
		n += s[i] > ' ' && (s[i] & 0xc0) != 0x80;
	return n;
}

/* A page's text may come before or after it, so it is kept apart. */
static int
text_take(uint32_t *letters, struct wire *w)
{
	const uint8_t	*text;
	uint32_t	 page;
	size_t		 len;
	int		 r;

	if ((r = wire_get_u32(w, &page)) != ERR_OK ||
	    (r = wire_get_data(w, &text, &len)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r;
	if (page < DRAWN_PAGES_MAX)
		letters[page] += letters_count(text, len);
	return ERR_OK;
}

static int
frame_take(struct drawn *d, uint32_t *letters, uint8_t type,
    const uint8_t *data, size_t len)
{
	struct wire	*w;
	int		 r = ERR_OK;

	if (type != WORKER_PAGE && type != WORKER_TEXT)
		return ERR_OK;
	if ((w = wire_new_over(data, len)) == NULL)
		return ERR_MEMORY;
	r = type == WORKER_PAGE ? page_take(d, w) : text_take(letters, w);
	wire_free(w);
	return r;
}

static int
frames_read(const uint8_t *data, size_t len, struct drawn *d,
    uint32_t *letters)
{
	size_t	 n;
	int	 r;

	while (len > 0) {
		if (len < HEADER)
			return ERR_FORMAT;
		n = (size_t)data[0] | (size_t)data[1] << 8 |
		    (size_t)data[2] << 16 | (size_t)data[3] << 24;
		if (n > len - HEADER)
			return ERR_FORMAT;
		if ((r = frame_take(d, letters, data[4], data + HEADER, n)) !=
		    ERR_OK)
			return r;
		data += HEADER + n;
		len -= HEADER + n;
	}
	return ERR_OK;
}

int
drawn_read(const uint8_t *data, size_t len, struct drawn *d)
{
	uint32_t	*letters = calloc(DRAWN_PAGES_MAX, sizeof(*letters));
	int		 r = ERR_MEMORY;

	memset(d, 0, sizeof(*d));
	if (letters != NULL)
		r = frames_read(data, len, d, letters);
	for (size_t i = 0; r == ERR_OK && i < d->count; i++)
		if (d->pages[i].index < DRAWN_PAGES_MAX)
			d->pages[i].letters = letters[d->pages[i].index];
	free(letters);
	return r;
}

void
drawn_free(struct drawn *d)
{
	free(d->pages);
	memset(d, 0, sizeof(*d));
}

uint8_t *
drawn_samples(const struct drawn_page *p, uint64_t max_pixels)
{
	uint64_t	 pixels = (uint64_t)p->width * p->height;
	size_t		 size = (size_t)pixels * p->channels, got;
	uint8_t		*samples;

	if (pixels > max_pixels || (samples = malloc(size)) == NULL)
		return NULL;
	got = ZSTD_decompress(samples, size, p->frame, p->frame_len);
	if (!ZSTD_isError(got) && got == size)
		return samples;
	free(samples);
	return NULL;
}
