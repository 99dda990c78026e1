/*
 * Drawing and reading a page with poppler-glib and cairo.
 * Runs in the jailed child of worker-poppler.
 * Hostile input: the page, its resources and its annotations.
 * Must never make a surface larger than asked for, nor call a page drawn of which
 * nothing but complaints came.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "popdf_private.h"

#define LABEL_MAX	2048	/* bytes under one link that are looked at */

void
popdf_page_drop(struct document *d)
{
	if (d->page != NULL)
		g_object_unref(d->page);
	d->page = NULL;
}

int
popdf_page_load(struct document *d, uint32_t index, int *errors)
{
	unsigned before = popdf_complaints();

	popdf_page_drop(d);
	d->page = poppler_document_get_page(d->doc, (int)index);
	if (d->page == NULL)
		return 0;
	poppler_page_get_size(d->page, &d->width, &d->height);
	if (popdf_complaints() != before)
		*errors = 1;
	return 1;
}

/* The same memory page after page while the size stays. */
static int
surface_prepare(struct document *d, int width, int height)
{
	cairo_surface_t *s = d->surface;

	if (s != NULL && cairo_image_surface_get_width(s) == width &&
	    cairo_image_surface_get_height(s) == height)
		return 1;
	if (s != NULL)
		cairo_surface_destroy(s);
	free(d->samples);
	d->samples = NULL;
	d->surface = s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width,
	    height);
	if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS)
		return 0;
	d->samples = malloc((size_t)width * height * 3);
	return d->samples != NULL;
}

static int
page_render(struct document *d, double scale)
{
	cairo_t *cr = cairo_create(d->surface);
	int ok;

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_scale(cr, scale, scale);
	poppler_page_render(d->page, cr);
	ok = cairo_status(cr) == CAIRO_STATUS_SUCCESS &&
	    cairo_surface_status(d->surface) == CAIRO_STATUS_SUCCESS;
	cairo_destroy(cr);
	cairo_surface_flush(d->surface);
	return ok;
}

/* Words of 32 bits become three bytes. Returns whether anything is not white. */
static int
samples_take(struct document *d)
{
	int width = cairo_image_surface_get_width(d->surface);
	int height = cairo_image_surface_get_height(d->surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(d->surface);
	const uint8_t *row = cairo_image_surface_get_data(d->surface);
	uint8_t *out = d->samples;
	uint32_t pixel, all = 0xffffff;

	for (int y = 0; y < height; y++, row += stride)
		for (int x = 0; x < width; x++, out += 3) {
			memcpy(&pixel, row + 4 * (size_t)x, 4);
			all &= pixel;
			out[0] = (uint8_t)(pixel >> 16);
			out[1] = (uint8_t)(pixel >> 8);
			out[2] = (uint8_t)pixel;
		}
	return all != 0xffffff;
}

int
popdf_page_draw(struct document *d, uint16_t dpi, uint32_t max_pixels,
    struct document_picture *pic, int *errors)
{
	/* A page without area is still a page. */
	double width = d->width > 0 ? d->width : 1;
	double height = d->height > 0 ? d->height : 1;
	double scale = document_scale(width, height, dpi, max_pixels);
	unsigned before = popdf_complaints();
	int w, h, marked;

	if (d->page == NULL || scale == 0)
		return 0;
	w = (int)fmax(1, ceil(width * scale - 0.01));
	h = (int)fmax(1, ceil(height * scale - 0.01));
	if (!surface_prepare(d, w, h) || !page_render(d, scale))
		return 0;
	marked = samples_take(d);
	if (popdf_complaints() != before) {
		*errors = 1;
		if (!marked)
			return 0;
	}
	pic->width = (uint32_t)w;
	pic->height = (uint32_t)h;
	pic->stride = (size_t)w * 3;
	pic->dpi = scale * 72 < 1 ? 1 : (uint16_t)lround(scale * 72);
	pic->scale = scale;
	pic->samples = d->samples;
	return 1;
}

/* Text and boxes of poppler go character by character. */
static size_t
glyphs_fill(struct document *d, const char *text, const PopplerRectangle *box,
    size_t count)
{
	size_t n;

	for (n = 0; n < count && *text != '\0'; n++) {
		d->glyphs[n] = (struct document_glyph){
		    g_utf8_get_char(text), (float)box[n].x1, (float)box[n].y1,
		    (float)box[n].x2, (float)box[n].y2 };
		text = g_utf8_next_char(text);
	}
	if (n > 0)
		d->glyphs[n++] = (struct document_glyph){ .rune = '\n' };
	return n;
}

int
popdf_page_glyphs(struct document *d, size_t max, struct document_glyphs *glyphs)
{
	PopplerRectangle *boxes = NULL;
	guint count = 0;
	char *text;
	int ok = 0;

	memset(glyphs, 0, sizeof(*glyphs));
	if (d->page == NULL || (text = poppler_page_get_text(d->page)) == NULL)
		return 0;
	free(d->glyphs);
	d->glyphs = NULL;
	if (!g_utf8_validate(text, -1, NULL))
		goto out;
	/* A page without a word has no boxes, and poppler says 0 for it. */
	if (!poppler_page_get_text_layout(d->page, &boxes, &count))
		count = 0;
	if (count > max)
		count = (guint)max;
	d->glyphs = malloc(((size_t)count + 1) * sizeof(*d->glyphs));
	if (d->glyphs == NULL)
		goto out;
	glyphs->list = d->glyphs;
	glyphs->count = glyphs_fill(d, text, boxes, count);
	glyphs->width = (float)d->width;
	glyphs->height = (float)d->height;
	ok = 1;
 out:
	g_free(boxes);
	g_free(text);
	return ok;
}

/* Where the action leads, when that is out of the document; borrowed. */
static const char *
target_of(const PopplerAction *action)
{
	if (action == NULL)
		return NULL;
	switch (action->type) {
	case POPPLER_ACTION_URI:
		return action->uri.uri;
	case POPPLER_ACTION_GOTO_REMOTE:
		return action->goto_remote.file_name;
	case POPPLER_ACTION_LAUNCH:
		return action->launch.file_name;
	case POPPLER_ACTION_UNKNOWN:
	case POPPLER_ACTION_NONE:
	case POPPLER_ACTION_GOTO_DEST:
	case POPPLER_ACTION_NAMED:
	case POPPLER_ACTION_MOVIE:
	case POPPLER_ACTION_RENDITION:
	case POPPLER_ACTION_OCG_STATE:
	case POPPLER_ACTION_JAVASCRIPT:
	case POPPLER_ACTION_RESET_FORM:
		break;
	}
	return NULL;
}

/* Links count from the lower left, text from the upper left. */
static char *
label_under(struct document *d, const PopplerRectangle *area)
{
	PopplerRectangle box = *area;
	char *label;

	box.y1 = d->height - area->y2;
	box.y2 = d->height - area->y1;
	label = poppler_page_get_selected_text(d->page,
	    POPPLER_SELECTION_GLYPH, &box);
	if (label != NULL && strlen(label) > LABEL_MAX)
		label[LABEL_MAX] = '\0';
	return label;
}

void
popdf_page_links(struct document *d, document_link *found, void *arg)
{
	GList *links, *l;
	int go = 1;

	if (d->page == NULL)
		return;
	links = poppler_page_get_link_mapping(d->page);
	for (l = g_list_last(links); l != NULL && go; l = l->prev) {
		const PopplerLinkMapping *link = l->data;
		const char *target = target_of(link->action);
		char *label;

		if (target == NULL)
			continue;
		label = label_under(d, &link->area);
		go = found(arg, label != NULL ? label : "", target);
		g_free(label);
	}
	poppler_page_free_link_mapping(links);
}
