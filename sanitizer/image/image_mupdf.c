/*
 * Decoding an image file with MuPDF.
 * Runs in the jailed child of worker-image.
 * Hostile input: the whole file.
 * Must never decode before the declared sides are checked, nor let MuPDF's
 * types or throws out.
 */
#include <stdlib.h>
#include <string.h>
#include <mupdf/fitz.h>

#include "err.h"
#include "image.h"
#include "mupdf.h"

#define OUT_BYTES	12	/* a pixel: scaled, packed, turned, compressed */
#define JPX_BYTES	32	/* the same with OpenJPEG's own samples */
#define SMALLEST	1000000	/* pixels: nothing is made smaller to fit memory */

/* MuPDF keeps this one to itself; it scales with a proper filter. */
fz_pixmap *fz_scale_pixmap(fz_context *ctx, fz_pixmap *src, float x, float y,
    float w, float h, const fz_irect *clip);

struct picture {
	fz_context	*ctx;		/* the process's, not owned */
	fz_buffer	*buffer;
	fz_image	*image;
	const uint8_t	*data;
	size_t		 len;
	int		 type;
	uint8_t		 orientation;
	int		 progressive;	/* a JPEG: kept whole while it is read */
};

int
image_warm(void)
{
	return mupdf_context() != NULL ? ERR_OK : ERR_MEMORY;
}

static const char *
mupdf_format(const void *state)
{
	const struct picture *i = state;
	static const struct {
		int type;
		const char *name;
	} table[] = {
		{ FZ_IMAGE_BMP, "BMP" },
		{ FZ_IMAGE_GIF, "GIF" },
		{ FZ_IMAGE_JBIG2, "JBIG2" },
		{ FZ_IMAGE_JPEG, "JPEG" },
		{ FZ_IMAGE_JPX, "JPEG 2000" },
		{ FZ_IMAGE_JXR, "JPEG XR" },
		{ FZ_IMAGE_PNG, "PNG" },
		{ FZ_IMAGE_PNM, "PNM" },
	};

	for (size_t k = 0; k < nelem(table); k++) {
		if (table[k].type == i->type)
			return table[k].name;
	}
	return "image";
}

static uint32_t
mupdf_count(const void *state)
{
	(void)state;
	return 1;
}

static void
mupdf_meta(const void *state, struct image_meta *m)
{
	const struct picture *i = state;

	image_meta_read(i->data, i->len, m);
}

static enum reason
reason_of_throw(fz_context *ctx)
{
	return fz_caught(ctx) == FZ_ERROR_MEMORY ? REASON_MEMORY :
	    REASON_FORMAT;
}

/* Only the first picture of an animation: MuPDF would show the last. */
static fz_buffer *
buffer_make(struct picture *i)
{
	fz_context *ctx = i->ctx;
	fz_buffer *buffer;
	size_t end = 0;

	if (i->type == FZ_IMAGE_GIF)
		end = image_meta_gif_first(i->data, i->len);
	if (end == 0)
		return fz_new_buffer_from_shared_data(ctx, i->data, i->len);
	buffer = fz_new_buffer_from_copied_data(ctx, i->data, end);
	fz_try(ctx)
		fz_append_byte(ctx, buffer, ';');	/* the trailer */
	fz_catch(ctx) {
		fz_drop_buffer(ctx, buffer);
		fz_rethrow(ctx);
	}
	return buffer;
}

/* MuPDF asks a JPEG 2000 for its sides by decoding all of it. */
static int
jpx_fits(const struct picture *i, uint64_t max_memory)
{
	uint32_t w, h;

	return i->type != FZ_IMAGE_JPX ||
	    !image_meta_jpx(i->data, i->len, &w, &h) ||
	    (uint64_t)w * h <= max_memory / JPX_BYTES;
}

static enum reason
open_into(struct picture *i, uint64_t max_memory)
{
	fz_context *ctx = i->ctx;
	enum reason reason = REASON_COMPLETE;
	unsigned char head[8] = {0};

	memcpy(head, i->data, i->len < 8 ? i->len : 8);
	fz_var(reason);
	fz_try(ctx) {
		i->type = fz_recognize_image_format(ctx, head);
		if (i->type == FZ_IMAGE_UNKNOWN) {
			reason = REASON_UNSUPPORTED;
		} else if (!jpx_fits(i, max_memory)) {
			reason = REASON_LIMIT_PIXELS;
		} else {
			i->buffer = buffer_make(i);
			i->image = fz_new_image_from_buffer(ctx, i->buffer);
		}
	}
	fz_catch(ctx)
		reason = reason_of_throw(ctx);
	return reason;
}

static void
mupdf_close(void *state)
{
	struct picture *i = state;

	fz_drop_image(i->ctx, i->image);
	fz_drop_buffer(i->ctx, i->buffer);
	free(i);
}

static enum reason
mupdf_open(const uint8_t *data, size_t len, uint64_t max_memory, void **statep)
{
	struct image_meta meta;
	struct picture *i;
	enum reason reason;

	if ((i = calloc(1, sizeof(*i))) == NULL)
		return REASON_MEMORY;
	if ((i->ctx = mupdf_context()) == NULL) {
		free(i);
		return REASON_MEMORY;
	}
	i->data = data;
	i->len = len;
	image_meta_read(data, len, &meta);
	i->orientation = meta.orientation;
	i->progressive = meta.progressive;
	if ((reason = open_into(i, max_memory)) != REASON_COMPLETE) {
		mupdf_close(i);
		return reason;
	}
	*statep = i;
	return REASON_COMPLETE;
}

/*
 * Bytes that drawing w by h to come out as ow by oh takes. JPEG is decoded at a
 * half, a quarter or an eighth by itself where that is still large enough.
 */
static uint64_t
bytes_need(const struct picture *i, uint32_t w, uint32_t h, uint32_t ow,
    uint32_t oh)
{
	uint64_t area = (uint64_t)w * h, out = (uint64_t)ow * oh * OUT_BYTES;
	int half = 0;

	switch (i->type) {
	case FZ_IMAGE_JPEG:
		while (half < 3 && w >> (half + 1) >= ow &&
		    h >> (half + 1) >= oh)
			half++;
		return out + (area >> 2 * half) * 4 +
		    (i->progressive ? area * 6 : 0);
	case FZ_IMAGE_JPX:
		return out + area * JPX_BYTES;
	default:
		return out + area * 8;
	}
}

/* The sides at which it comes out: what fits, made smaller again while only that
 * lets it be read. 0: it cannot. */
static int
sides_choose(const struct picture *i, uint32_t w, uint32_t h,
    const struct image_limits *lim, uint32_t *ow, uint32_t *oh)
{
	uint64_t max = lim->max_pixels;

	for (;;) {
		image_fit(w, h, max, ow, oh);
		if (bytes_need(i, w, h, *ow, *oh) <= lim->max_memory)
			return 1;
		if ((max = (uint64_t)*ow * *oh / 2) < SMALLEST)
			return 0;
	}
}

/* Samples of any kind; smaller ones where the decoder can make them itself. */
static fz_pixmap *
pixmap_load(struct picture *i, uint32_t w, uint32_t h)
{
	fz_matrix ctm = fz_scale(w, h);
	int pw, ph;

	if ((int)w == i->image->w && (int)h == i->image->h)
		return fz_get_unscaled_pixmap_from_image(i->ctx, i->image);
	return fz_get_pixmap_from_image(i->ctx, i->image, NULL, &ctm, &pw, &ph);
}

/* RGB or grey, of exactly w by h; takes pix over, whatever happens. */
static fz_pixmap *
pixmap_convert(fz_context *ctx, fz_pixmap *pix, uint32_t w, uint32_t h)
{
	fz_pixmap *next = NULL;

	fz_var(next);
	fz_var(pix);
	fz_try(ctx) {
		if (pix->w > (int)w || pix->h > (int)h) {
			next = fz_scale_pixmap(ctx, pix, 0, 0, w, h, NULL);
			if (next == NULL)
				fz_throw(ctx, FZ_ERROR_GENERIC, "no scale");
			fz_drop_pixmap(ctx, pix);
			pix = next;
			next = NULL;
		}
		if (pix->colorspace != NULL && pix->n - pix->alpha != 1 &&
		    pix->colorspace != fz_device_rgb(ctx)) {
			next = fz_convert_pixmap(ctx, pix, fz_device_rgb(ctx),
			    NULL, NULL, fz_default_color_params, 1);
			fz_drop_pixmap(ctx, pix);
			pix = next;
			next = NULL;
		}
	}
	fz_catch(ctx) {
		fz_drop_pixmap(ctx, pix);
		fz_rethrow(ctx);
	}
	return pix;
}

/* Lays premultiplied samples onto white, rows without gaps. */
static void
rows_flatten(uint8_t *out, const fz_pixmap *pix, uint8_t channels)
{
	for (int y = 0; y < pix->h; y++) {
		const uint8_t *in = pix->samples + (size_t)y * pix->stride;

		if (!pix->alpha) {
			memcpy(out, in, (size_t)pix->w * channels);
			out += (size_t)pix->w * channels;
			continue;
		}
		for (int x = 0; x < pix->w; x++, in += pix->n) {
			int white = 255 - in[pix->n - 1];

			for (int c = 0; c < channels; c++) {
				int v = in[c] + white;

				*out++ = v > 255 ? 255 : v;
			}
		}
	}
}

/* From a pixmap of MuPDF to packed samples of our own. */
static enum reason
drawn_take(const fz_pixmap *pix, struct image_drawn *out)
{
	uint8_t channels = pix->colorspace != NULL ? pix->n - pix->alpha : 1;
	size_t size = (size_t)pix->w * pix->h * channels;

	if ((channels != 1 && channels != 3) || size == 0)
		return REASON_FORMAT;
	if ((out->samples = malloc(size)) == NULL)
		return REASON_MEMORY;
	rows_flatten(out->samples, pix, channels);
	out->width = pix->w;
	out->height = pix->h;
	out->channels = channels;
	out->dpi = pix->xres > 0 && pix->xres < UINT16_MAX ? pix->xres : 0;
	return REASON_COMPLETE;
}

static enum reason
mupdf_decode(void *state, uint32_t index, const struct image_limits *lim,
    struct image_drawn *out)
{
	struct picture *i = state;
	fz_context *ctx = i->ctx;
	fz_pixmap *pix = NULL;
	enum reason reason = REASON_COMPLETE;
	uint32_t w, h, ow, oh;

	if (index > 0 || i->image->w <= 0 || i->image->h <= 0)
		return REASON_FORMAT;
	w = i->image->w;
	h = i->image->h;
	if (!sides_choose(i, w, h, lim, &ow, &oh))
		return REASON_LIMIT_PIXELS;
	fz_var(pix);
	fz_var(reason);
	fz_try(ctx) {
		pix = pixmap_load(i, ow, oh);
		pix = pixmap_convert(ctx, pix, ow, oh);
	}
	fz_catch(ctx) {
		pix = NULL;	/* pixmap_convert dropped it */
		reason = reason_of_throw(ctx);
	}
	if (reason != REASON_COMPLETE)
		return reason;
	out->full_width = w;
	out->orientation = i->orientation;
	reason = drawn_take(pix, out);
	fz_drop_pixmap(ctx, pix);
	return reason;
}

const struct image_engine image_mupdf = {
	.name = "mupdf",
	.open = mupdf_open,
	.close = mupdf_close,
	.format = mupdf_format,
	.count = mupdf_count,
	.meta = mupdf_meta,
	.decode = mupdf_decode,
};
