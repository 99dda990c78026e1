/*
 * The PAGE answer of a worker: limits, bar codes, compression, one frame on the pipe.
 * Runs in every jailed child that draws.
 * Hostile input: samples and sizes, made by a library that met the part.
 * Must never send a page beyond the pixel limits of its job, or with a bar code in it
 * that could be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "copy.h"
#include "err.h"
#include "links.h"
#include "pixels.h"
#include "text.h"
#include "wire.h"
#include "worker_private.h"

#define HEAD	19	/* u32 index w h, u8 channels, u16 dpi, u32 length */
#define CODES_MAX	64	/* told of, of a part; more are covered all the same */
#define CODE_TEXT_MAX	600	/* bytes of what one says */

/* One compressor a process: a child draws many pages and meets one part. */
static struct pixels *compressor;
static uint64_t codes_left = CODES_BUDGET;

static int
head_put(struct wire *h, uint32_t index, uint32_t width, uint32_t height,
    uint8_t channels, uint16_t dpi, size_t frame_len)
{
	if (wire_put_u32(h, index) != ERR_OK ||
	    wire_put_u32(h, width) != ERR_OK ||
	    wire_put_u32(h, height) != ERR_OK ||
	    wire_put_u8(h, channels) != ERR_OK ||
	    wire_put_u16(h, dpi) != ERR_OK ||
	    wire_put_u32(h, (uint32_t)frame_len) != ERR_OK)
		return ERR_MEMORY;
	return ERR_OK;
}

/* What was told of the page so far, so that nothing is told twice. */
struct told {
	struct worker	*w;
	uint32_t	 page;
	unsigned	 n;
	char		*value[CODES_MAX];
};

/* zbar makes a character of each byte that it cannot read otherwise. */
static size_t
characters(const char *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)data[i] & 0xc0) != 0x80;
	return n;
}

/* Bytes that are no words are only counted. */
static char *
code_text(const char *data, size_t len)
{
	struct text_cleaned counts;
	char *clean, *safe;

	clean = text_clean(data, len, TEXT_LINE, CODE_TEXT_MAX, &counts);
	if (clean == NULL)
		worker_no_memory();
	if (len == 0 || counts.invalid > 0 || counts.controls > 4) {
		free(clean);
		if (asprintf(&safe, "%zu bytes that are no text",
		    characters(data, len)) == -1)
			worker_no_memory();
		return safe;
	}
	if ((safe = links_defang_text(clean, strlen(clean), NULL)) == NULL)
		worker_no_memory();
	free(clean);
	return safe;
}

static void
code_tell(void *arg, const char *kind, const char *data, size_t len)
{
	struct told *t = arg;
	char *text, *value;

	if (t->w->codes >= CODES_MAX)
		return;
	text = code_text(data, len);
	if (asprintf(&value, "%s, page %u: %s", kind, t->page + 1, text) == -1)
		worker_no_memory();
	free(text);
	for (unsigned i = 0; i < t->n; i++) {
		if (strcmp(t->value[i], value) == 0) {
			free(value);
			return;
		}
	}
	worker_fact(t->w, FACT_CODE, value);
	t->w->codes++;
	t->value[t->n++] = value;
}

static void
codes_out(struct worker *w, uint32_t index, const struct codes_page *p)
{
	struct told t = { .w = w, .page = index };
	char value[80];
	int r;

	if ((r = codes_cover(p, &codes_left, code_tell, &t)) == ERR_MEMORY)
		worker_no_memory();
	if (r == ERR_LIMIT && w->codes < CODES_MAX) {
		snprintf(value, sizeof(value), "page %u has more than could be "
		    "looked at; some may be left", index + 1);
		worker_fact(w, FACT_CODE, value);
		w->codes++;
	}
	while (t.n > 0)
		free(t.value[--t.n]);
}

int
worker_page(struct worker *w, uint32_t index, uint32_t width, uint32_t height,
    uint8_t channels, size_t stride, uint16_t dpi, uint8_t *samples)
{
	const struct codes_page page = { samples, width, height, channels,
	    stride };
	uint64_t area = (uint64_t)width * height;
	const uint8_t *frame;
	struct wire *head;
	size_t frame_len;
	uint8_t out;
	int r;

	if (area > w->job->max_page_pixels || w->pixels > w->job->max_pixels ||
	    area > w->job->max_pixels - w->pixels)
		return 0;
	if (area > 0 && area <= (uint32_t)COPY_PAGE_PIXELS &&
	    stride >= (size_t)width * channels)
		codes_out(w, index, &page);
	if (compressor == NULL && (compressor = pixels_new()) == NULL)
		worker_no_memory();
	r = pixels_compress(compressor, width, height, channels, stride,
	    samples, &out, &frame, &frame_len);
	if (r == ERR_LIMIT)
		return 0;
	if (r == ERR_FORMAT)
		panic("page of a shape that no worker may draw");
	if (r != ERR_OK || (head = wire_new(HEAD)) == NULL ||
	    head_put(head, index, width, height, out, dpi > 0 ? dpi : 1,
	    frame_len) != ERR_OK)
		worker_no_memory();
	worker_send(w, WORKER_PAGE, wire_data(head), wire_len(head), frame,
	    frame_len);
	wire_free(head);
	w->pixels += area;
	w->pages++;
	return 1;
}
