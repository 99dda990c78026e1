/*
 * Decoding an image file with MuPDF.
 * Runs in the jailed child of worker-image.
 * Hostile input: the whole file.
 * Must never decode before the declared sides are checked, nor let MuPDF's
 * types or throws out.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <mupdf/fitz.h>

#include "copy.h"
#include "err.h"
#include "image.h"
#include "image_meta.h"
#include "mupdf.h"

#define TIFFS_MAX	100000	/* pictures of one TIFF that are counted */
#define DPI_DEFAULT	150
#define DECODE_BYTES	12	/* a pixel: samples, RGB, scaled, turned */
#define JPX_BYTES	32	/* the same with OpenJPEG's own samples */

/* MuPDF keeps this one to itself; it scales with a proper filter. */
fz_pixmap *fz_scale_pixmap(fz_context *ctx, fz_pixmap *src, float x, float y,
    float w, float h, const fz_irect *clip);

struct image {
	fz_context	*ctx;		/* the process's, not owned */
	fz_buffer	*buffer;
	fz_image	*image;		/* NULL for TIFF: pictures one by one */
	const uint8_t	*data;
	size_t		 len;
	int		 type;
	uint32_t	 count;
	uint8_t		 orientation;
	uint8_t		*packed, *turned;	/* the picture just decoded */
};

int
image_warm(void)
{
	return mupdf_context() != NULL ? ERR_OK : ERR_MEMORY;
}

const char *
image_format(const struct image *i)
{
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
		{ FZ_IMAGE_TIFF, "TIFF" },
	};

	for (size_t k = 0; k < nelem(table); k++) {
		if (table[k].type == i->type)
			return table[k].name;
	}
	return "image";
}

uint32_t
image_count(const struct image *i)
{
	return i->count;
}

static enum reason
reason_of_throw(fz_context *ctx)
{
	return fz_caught(ctx) == FZ_ERROR_MEMORY ? REASON_MEMORY :
	    REASON_FORMAT;
}

/* Only the first picture of an animation: MuPDF would show the last. */
static fz_buffer *
buffer_make(struct image *i)
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
jpx_fits(const struct image *i, uint64_t max_memory)
{
	uint32_t w, h;

	return i->type != FZ_IMAGE_JPX ||
	    !image_meta_jpx(i->data, i->len, &w, &h) ||
	    (uint64_t)w * h <= max_memory / JPX_BYTES;
}

static enum reason
open_into(struct image *i, uint64_t max_memory)
{
	fz_context *ctx = i->ctx;
	enum reason reason = REASON_COMPLETE;
	unsigned char head[8] = {0};

	memcpy(head, i->data, i->len < 8 ? i->len : 8);
	fz_var(reason);
	fz_try(ctx) {
		i->type = fz_recognize_image_format(ctx, head);
		i->count = 1;
		if (i->type == FZ_IMAGE_TIFF) {
			i->count = fz_load_tiff_subimage_count(ctx, i->data,
			    i->len);
		} else if (i->type == FZ_IMAGE_UNKNOWN) {
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

enum reason
image_open(const uint8_t *data, size_t len, uint64_t max_memory,
    struct image **ip)
{
	struct image_meta meta;
	struct image *i;
	enum reason reason;

	if ((i = calloc(1, sizeof(*i))) == NULL ||
	    (i->ctx = mupdf_context()) == NULL) {
		free(i);
		return REASON_MEMORY;
	}
	i->data = data;
	i->len = len;
	image_meta_read(data, len, &meta);
	i->orientation = meta.orientation;
	if ((reason = open_into(i, max_memory)) != REASON_COMPLETE ||
	    i->count == 0 || i->count > TIFFS_MAX) {
		image_close(i);
		return reason != REASON_COMPLETE ? reason : REASON_FORMAT;
	}
	*ip = i;
	return REASON_COMPLETE;
}

void
image_close(struct image *i)
{
	if (i == NULL)
		return;
	fz_drop_image(i->ctx, i->image);
	fz_drop_buffer(i->ctx, i->buffer);
	free(i->packed);
	free(i->turned);
	free(i);
}

/* Declared sides of one picture; 0 when there are none. */
static int
sides_of(const struct image *i, uint32_t index, uint32_t *w, uint32_t *h,
    uint8_t *orientation)
{
	if (i->type == FZ_IMAGE_TIFF)
		return image_meta_tiff(i->data, i->len, index, w, h,
		    orientation);
	if (index > 0 || i->image->w <= 0 || i->image->h <= 0)
		return 0;
	*w = i->image->w;
	*h = i->image->h;
	*orientation = i->orientation;
	return 1;
}

/* The sides at which a picture of w by h fits. */
static void
sides_fit(uint32_t w, uint32_t h, uint64_t max_pixels, uint32_t *ow,
    uint32_t *oh)
{
	double s = 1, longer = w > h ? w : h;

	if (max_pixels > (uint32_t)COPY_PAGE_PIXELS)
		max_pixels = (uint32_t)COPY_PAGE_PIXELS;
	if (longer > COPY_PAGE_SIDE)
		s = COPY_PAGE_SIDE / longer;
	if (s * w * s * h > max_pixels)
		s = sqrt(max_pixels / ((double)w * h));
	*ow = s < 1 ? fmax(1, floor(w * s)) : w;
	*oh = s < 1 ? fmax(1, floor(h * s)) : h;
}

/* Samples of any kind; smaller ones where the decoder can make them itself. */
static fz_pixmap *
pixmap_load(struct image *i, uint32_t index, uint32_t w, uint32_t h)
{
	fz_matrix ctm = fz_scale(w, h);
	int pw, ph;

	if (i->type == FZ_IMAGE_TIFF)
		return fz_load_tiff_subimage(i->ctx, i->data, i->len, index);
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

static uint16_t
dpi_of(const fz_pixmap *pix, uint32_t declared)
{
	double dpi = pix->xres;

	if (dpi < 30 || dpi > 2400)
		dpi = DPI_DEFAULT;
	dpi = dpi * pix->w / declared;
	return dpi < 1 ? 1 : dpi;
}

/* From a pixmap of MuPDF to packed, upright samples of our own. */
static enum reason
picture_take(struct image *i, const fz_pixmap *pix, uint8_t orientation,
    struct image_picture *pic)
{
	uint8_t channels = pix->colorspace != NULL ? pix->n - pix->alpha : 1;
	size_t size = (size_t)pix->w * pix->h * channels;

	if ((channels != 1 && channels != 3) || size == 0)
		return REASON_FORMAT;
	if ((i->packed = malloc(size)) == NULL)
		return REASON_MEMORY;
	rows_flatten(i->packed, pix, channels);
	pic->width = pix->w;
	pic->height = pix->h;
	pic->channels = channels;
	pic->samples = i->packed;
	pic->turned = orientation >= 2;
	if (pic->turned) {
		if ((i->turned = malloc(size)) == NULL)
			return REASON_MEMORY;
		image_turn(i->turned, i->packed, pix->w, pix->h, channels,
		    orientation);
		pic->samples = i->turned;
	}
	if (orientation >= 5) {
		pic->width = pix->h;
		pic->height = pix->w;
	}
	pic->stride = (size_t)pic->width * channels;
	return REASON_COMPLETE;
}

enum reason
image_decode(struct image *i, uint32_t index, const struct image_limits *lim,
    struct image_picture *pic)
{
	fz_context *ctx = i->ctx;
	fz_pixmap *pix = NULL;
	enum reason reason = REASON_COMPLETE;
	uint32_t w, h, ow, oh;
	uint8_t orientation;
	uint64_t decoded;

	free(i->packed);
	free(i->turned);
	i->packed = i->turned = NULL;
	if (!sides_of(i, index, &w, &h, &orientation))
		return REASON_FORMAT;
	sides_fit(w, h, lim->max_pixels, &ow, &oh);
	decoded = (uint64_t)w * h;
	/* JPEG decodes at an eighth by itself. */
	if (i->type == FZ_IMAGE_JPEG && ow < w)
		decoded = decoded / 64 + (uint64_t)ow * oh * 4;
	if (decoded > lim->max_memory / DECODE_BYTES)
		return REASON_LIMIT_PIXELS;
	fz_var(pix);
	fz_var(reason);
	fz_try(ctx) {
		pix = pixmap_load(i, index, ow, oh);
		pix = pixmap_convert(ctx, pix, ow, oh);
	}
	fz_catch(ctx) {
		pix = NULL;	/* pixmap_convert dropped it */
		reason = reason_of_throw(ctx);
	}
	if (reason != REASON_COMPLETE)
		return reason;
	pic->dpi = dpi_of(pix, w);
	pic->scaled = pix->w < (int)w || pix->h < (int)h;
	reason = picture_take(i, pix, orientation, pic);
	fz_drop_pixmap(ctx, pix);
	return reason;
}
