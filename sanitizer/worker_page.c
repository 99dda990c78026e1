/*
 * The PAGE answer of a worker: limits, compression, one frame on the pipe.
 * Runs in every jailed child that draws.
 * Hostile input: samples and sizes, made by a library that met the part.
 * Must never send a page beyond the pixel limits of its job.
 */
#include "err.h"
#include "pixels.h"
#include "wire.h"
#include "worker_private.h"

#define HEAD	19	/* u32 index w h, u8 channels, u16 dpi, u32 length */

/* One compressor a process: a child draws many pages and meets one part. */
static struct pixels *compressor;

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

int
worker_page(struct worker *w, uint32_t index, uint32_t width, uint32_t height,
    uint8_t channels, size_t stride, uint16_t dpi, const uint8_t *samples)
{
	uint64_t area = (uint64_t)width * height;
	const uint8_t *frame;
	struct wire *head;
	size_t frame_len;
	uint8_t out;
	int r;

	if (area > w->job->max_page_pixels || w->pixels > w->job->max_pixels ||
	    area > w->job->max_pixels - w->pixels)
		return 0;
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
