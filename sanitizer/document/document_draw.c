/*
 * Loading and drawing a page with MuPDF.
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the page, its resources and its annotations.
 * Must never make a pixmap larger than asked for, whatever the page's box says.
 */
#include <math.h>

#include "document_private.h"

void
document_page_drop(struct document *d)
{
	fz_drop_stext_page(d->ctx, d->stext);
	fz_drop_display_list(d->ctx, d->list);
	fz_drop_page(d->ctx, d->page);
	d->stext = NULL;
	d->list = NULL;
	d->page = NULL;
}

/*
 * The page is interpreted once, into a list that drawing and text share. Its
 * annotations and form fields are in it, as a reader of the original sees them.
 */
int
document_page_load(struct document *d, uint32_t index, int *errors)
{
	fz_context *ctx = d->ctx;
	fz_cookie cookie = {0};
	fz_device *dev = NULL;
	int ok = 1;

	fz_var(dev);
	fz_var(ok);
	document_page_drop(d);
	fz_try(ctx) {
		d->page = fz_load_page(ctx, d->doc, (int)index);
		d->bounds = fz_bound_page(ctx, d->page);
		d->list = fz_new_display_list(ctx, d->bounds);
		dev = fz_new_list_device(ctx, d->list);
		fz_run_page(ctx, d->page, dev, fz_identity, &cookie);
		fz_close_device(ctx, dev);
	}
	fz_always(ctx)
		fz_drop_device(ctx, dev);
	fz_catch(ctx)
		ok = 0;
	if (!ok)
		document_page_drop(d);
	else if (cookie.errors > 0)
		*errors = 1;
	return ok;
}

/* The same memory page after page while the size stays. */
static void
pixmap_prepare(struct document *d, const fz_irect *box)
{
	fz_context *ctx = d->ctx;
	fz_pixmap *pix = d->pixmap;

	if (pix == NULL || pix->w != box->x1 - box->x0 ||
	    pix->h != box->y1 - box->y0) {
		fz_drop_pixmap(ctx, pix);
		d->pixmap = NULL;
		d->pixmap = fz_new_pixmap_with_bbox(ctx, fz_device_rgb(ctx),
		    *box, NULL, 0);
	}
	d->pixmap->x = box->x0;
	d->pixmap->y = box->y0;
	fz_clear_pixmap_with_value(ctx, d->pixmap, 0xff);
}

static int
draw_list(struct document *d, fz_matrix ctm, const fz_irect *box,
    fz_cookie *cookie)
{
	fz_context *ctx = d->ctx;
	fz_device *dev = NULL;
	int ok = 1;

	fz_var(dev);
	fz_var(ok);
	fz_try(ctx) {
		pixmap_prepare(d, box);
		dev = fz_new_draw_device(ctx, ctm, d->pixmap);
		fz_run_display_list(ctx, d->list, dev, fz_identity,
		    fz_infinite_rect, cookie);
		fz_close_device(ctx, dev);
	}
	fz_always(ctx)
		fz_drop_device(ctx, dev);
	fz_catch(ctx)
		ok = 0;
	return ok;
}

int
document_page_draw(struct document *d, uint16_t dpi, uint32_t max_pixels,
    struct document_picture *pic, int *errors)
{
	fz_cookie cookie = {0};
	fz_matrix ctm;
	fz_irect box;
	double scale;

	scale = document_scale((double)d->bounds.x1 - d->bounds.x0,
	    (double)d->bounds.y1 - d->bounds.y0, dpi, max_pixels);
	if (d->list == NULL || scale == 0)
		return 0;
	ctm = fz_scale(scale, scale);
	box = fz_round_rect(fz_transform_rect(d->bounds, ctm));
	if (box.x1 <= box.x0)
		box.x1 = box.x0 + 1;
	if (box.y1 <= box.y0)
		box.y1 = box.y0 + 1;
	if (!draw_list(d, ctm, &box, &cookie))
		return 0;
	if (cookie.errors > 0)
		*errors = 1;
	pic->width = d->pixmap->w;
	pic->height = d->pixmap->h;
	pic->stride = d->pixmap->stride;
	pic->dpi = scale * 72 < 1 ? 1 : lround(scale * 72);
	pic->scale = scale;
	pic->samples = d->pixmap->samples;
	return 1;
}
