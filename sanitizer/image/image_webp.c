/*
 * WebP by libwebp: a still picture, or the first of an animation on its canvas.
 * Runs in the jailed child of worker-image.
 * Hostile input: the whole file.
 * Must never decode before the declared sides are checked, nor start a thread.
 */
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include "image.h"

#define NEED_BYTES	20	/* a pixel: canvas, decoder, packed, turned, sent */

struct webp {
	WebPData	 file;
	WebPDemuxer	*demux;
	uint32_t	 width, height;		/* of the canvas */
};

static void
webp_close(void *state)
{
	struct webp *p = state;

	WebPDemuxDelete(p->demux);
	free(p);
}

static enum reason
webp_open(const uint8_t *data, size_t len, uint64_t max_memory, void **statep)
{
	struct webp *p;
	WebPDemuxState how;

	(void)max_memory;
	if (len < 12 || memcmp(data, "RIFF", 4) != 0 ||
	    memcmp(data + 8, "WEBP", 4) != 0)
		return REASON_UNSUPPORTED;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return REASON_MEMORY;
	p->file.bytes = data;
	p->file.size = len;
	/* A file that ends too early still shows its upper part. */
	p->demux = WebPDemuxPartial(&p->file, &how);
	if (p->demux == NULL || how < WEBP_DEMUX_PARSED_HEADER) {
		webp_close(p);
		return REASON_FORMAT;
	}
	p->width = WebPDemuxGetI(p->demux, WEBP_FF_CANVAS_WIDTH);
	p->height = WebPDemuxGetI(p->demux, WEBP_FF_CANVAS_HEIGHT);
	if (p->width == 0 || p->height == 0) {
		webp_close(p);
		return REASON_FORMAT;
	}
	*statep = p;
	return REASON_COMPLETE;
}

static const char *
webp_format(const void *state)
{
	(void)state;
	return "WebP";
}

static uint32_t
webp_count(const void *state)
{
	(void)state;
	return 1;
}

static void
webp_meta(const void *state, struct image_meta *m)
{
	const struct webp *p = state;

	image_meta_read(p->file.bytes, p->file.size, m);
}

/* Row by row into rgba, so that a picture cut short is there as far as it goes. */
static enum reason
frame_decode(const WebPIterator *frame, uint8_t *rgba, uint32_t width)
{
	WebPDecoderConfig config;
	WebPIDecoder *decoder;
	VP8StatusCode status;
	int rows = 0;

	if (!WebPInitDecoderConfig(&config))
		return REASON_FORMAT;
	config.output.colorspace = MODE_RGBA;
	config.output.is_external_memory = 1;
	config.output.u.RGBA.rgba = rgba;
	config.output.u.RGBA.stride = (int)width * 4;
	config.output.u.RGBA.size = (size_t)frame->height * width * 4 -
	    (size_t)(width - frame->width) * 4;
	if ((decoder = WebPIDecode(NULL, 0, &config)) == NULL)
		return REASON_MEMORY;
	status = WebPIUpdate(decoder, frame->fragment.bytes,
	    frame->fragment.size);
	if (WebPIDecodedArea(decoder, NULL, NULL, NULL, &rows) == NULL)
		rows = 0;
	WebPIDelete(decoder);
	if (status == VP8_STATUS_OUT_OF_MEMORY)
		return REASON_MEMORY;
	return status == VP8_STATUS_OK || rows > 0 ? REASON_COMPLETE :
	    REASON_FORMAT;
}

static enum reason
webp_decode(void *state, uint32_t index, const struct image_limits *lim,
    struct image_drawn *out)
{
	struct webp *p = state;
	struct image_meta meta;
	WebPIterator frame;
	enum reason reason = REASON_FORMAT;

	if ((uint64_t)p->width * p->height > lim->max_memory / NEED_BYTES)
		return REASON_LIMIT_PIXELS;
	if (index > 0 || !WebPDemuxGetFrame(p->demux, 1, &frame))
		return REASON_FORMAT;
	/* Transparent where nothing is drawn. */
	if ((out->samples = calloc((size_t)p->width * p->height, 4)) == NULL) {
		WebPDemuxReleaseIterator(&frame);
		return REASON_MEMORY;
	}
	if (frame.x_offset >= 0 && frame.y_offset >= 0 && frame.width > 0 &&
	    frame.height > 0 &&
	    (int64_t)frame.x_offset + frame.width <= p->width &&
	    (int64_t)frame.y_offset + frame.height <= p->height)
		reason = frame_decode(&frame, out->samples +
		    ((size_t)frame.y_offset * p->width + frame.x_offset) * 4,
		    p->width);
	WebPDemuxReleaseIterator(&frame);
	if (reason != REASON_COMPLETE) {
		free(out->samples);
		return reason;
	}
	image_meta_read(p->file.bytes, p->file.size, &meta);
	out->orientation = meta.orientation;
	out->width = out->full_width = p->width;
	out->height = p->height;
	out->channels = 4;
	return REASON_COMPLETE;
}

const struct image_engine image_webp = {
	.name = "libwebp",
	.open = webp_open,
	.close = webp_close,
	.format = webp_format,
	.count = webp_count,
	.meta = webp_meta,
	.decode = webp_decode,
};
