/*
 * The words and links of a page, from MuPDF's structured text.
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the page; its characters come out raw, whether they can be seen or
 * not, and are judged and cleaned by the caller. Must never grow beyond the limit.
 */
#include <stdlib.h>
#include <string.h>

#include "document_private.h"

#define LABEL_MAX	2048	/* bytes under one link that are looked at */

/* All that is written, outside of the page's box too: seen.c says what counts. */
static void
stext_make(struct document *d)
{
	fz_context *ctx = d->ctx;
	fz_stext_options options = { 0 };
	fz_device *dev = NULL;

	if (d->stext != NULL)
		return;
	fz_var(dev);
	fz_try(ctx) {
		d->stext = fz_new_stext_page(ctx, d->bounds);
		dev = fz_new_stext_device(ctx, d->stext, &options);
		fz_run_display_list(ctx, d->list, dev, fz_identity,
		    fz_infinite_rect, NULL);
		fz_close_device(ctx, dev);
	}
	fz_always(ctx)
		fz_drop_device(ctx, dev);
	fz_catch(ctx) {
		fz_drop_stext_page(ctx, d->stext);
		d->stext = NULL;
		fz_rethrow(ctx);
	}
}

static int
glyph_add(struct document *d, struct document_glyphs *out, uint32_t rune,
    fz_rect box)
{
	struct document_glyph *grown;
	size_t room = d->glyph_room * 2 + 1024;

	if (out->count == d->glyph_room) {
		grown = realloc(d->glyphs, room * sizeof(*grown));
		if (grown == NULL)
			return 0;
		d->glyphs = grown;
		d->glyph_room = room;
	}
	d->glyphs[out->count++] = (struct document_glyph){ rune,
	    box.x0 - d->bounds.x0, box.y0 - d->bounds.y0,
	    box.x1 - d->bounds.x0, box.y1 - d->bounds.y0 };
	return 1;
}

static int
line_add(struct document *d, struct document_glyphs *out,
    const fz_stext_line *line)
{
	for (const fz_stext_char *c = line->first_char; c != NULL; c = c->next)
		if (!glyph_add(d, out, (uint32_t)c->c,
		    fz_rect_from_quad(c->quad)))
			return 0;
	return glyph_add(d, out, '\n', fz_empty_rect);
}

static int
glyphs_collect(struct document *d, size_t max, struct document_glyphs *out)
{
	for (const fz_stext_block *b = d->stext->first_block; b != NULL;
	    b = b->next) {
		if (b->type != FZ_STEXT_BLOCK_TEXT)
			continue;
		if (out->count > 0 && !glyph_add(d, out, '\n', fz_empty_rect))
			return 0;
		for (const fz_stext_line *l = b->u.t.first_line; l != NULL;
		    l = l->next) {
			if (out->count > max)
				return 1;
			if (!line_add(d, out, l))
				return 0;
		}
	}
	return 1;
}

int
document_page_glyphs(struct document *d, size_t max,
    struct document_glyphs *glyphs)
{
	fz_context *ctx = d->ctx;
	int ok = 1;

	memset(glyphs, 0, sizeof(*glyphs));
	if (d->list == NULL)
		return 0;
	fz_var(ok);
	fz_try(ctx)
		stext_make(d);
	fz_catch(ctx)
		ok = 0;
	if (!ok || !glyphs_collect(d, max, glyphs))
		return 0;
	glyphs->list = d->glyphs;
	glyphs->width = d->bounds.x1 - d->bounds.x0;
	glyphs->height = d->bounds.y1 - d->bounds.y0;
	if (glyphs->count <= max)
		glyphs->layered = document_page_layered(d, glyphs->count);
	return 1;
}

/* What stands under the link, "" when nothing or when it cannot be told. */
static int
link_report(struct document *d, const fz_link *link, document_link *found,
    void *arg)
{
	fz_context *ctx = d->ctx;
	char *label = NULL;
	int go;

	fz_var(label);
	fz_try(ctx) {
		stext_make(d);
		label = fz_copy_rectangle(ctx, d->stext, link->rect, 0);
	}
	fz_catch(ctx)
		label = NULL;
	if (label != NULL && strlen(label) > LABEL_MAX)
		label[LABEL_MAX] = '\0';
	go = found(arg, label != NULL ? label : "", link->uri);
	fz_free(ctx, label);
	return go;
}

void
document_page_links(struct document *d, document_link *found, void *arg)
{
	fz_context *ctx = d->ctx;
	fz_link *links = NULL;

	if (d->page == NULL || d->list == NULL)
		return;
	fz_var(links);
	fz_try(ctx)
		links = fz_load_links(ctx, d->page);
	fz_catch(ctx)
		links = NULL;
	for (fz_link *l = links; l != NULL; l = l->next) {
		if (l->uri == NULL || !fz_is_external_link(ctx, l->uri))
			continue;
		if (!link_report(d, l, found, arg))
			break;
	}
	fz_drop_link(ctx, links);
}
