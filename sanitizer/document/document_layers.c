/*
 * Words in layers of a PDF that are not shown (optional content).
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the page, and how its layers are switched.
 * Must never leave a layer switched on: only what is shown may be drawn.
 */
#include <stdlib.h>

#include "document_private.h"

#define LAYERS_MAX	512

struct layers {
	int	list[LAYERS_MAX];
	int	count;
};

/* Switches the hidden ones on and remembers them. */
static void
layers_show(fz_context *ctx, pdf_document *pdf, struct layers *hidden)
{
	int n = pdf_count_layers(ctx, pdf);

	for (int i = 0; i < n && hidden->count < LAYERS_MAX; i++)
		if (!pdf_layer_is_enabled(ctx, pdf, i)) {
			hidden->list[hidden->count++] = i;
			pdf_enable_layer(ctx, pdf, i, 1);
		}
}

static void
stext_count(const fz_stext_page *page, size_t *count)
{
	for (const fz_stext_block *b = page->first_block; b != NULL;
	    b = b->next) {
		if (b->type != FZ_STEXT_BLOCK_TEXT)
			continue;
		++*count;
		for (const fz_stext_line *l = b->u.t.first_line; l != NULL;
		    l = l->next) {
			++*count;
			for (const fz_stext_char *c = l->first_char; c != NULL;
			    c = c->next)
				++*count;
		}
	}
}

/* Lines and blocks count as in document_page_glyphs, so that both numbers are of one
 * kind. */
static size_t
page_count(struct document *d)
{
	fz_context *ctx = d->ctx;
	fz_stext_options options = { 0 };
	fz_stext_page *page = NULL;
	fz_device *dev = NULL;
	size_t count = 0;

	fz_var(page);
	fz_var(dev);
	fz_var(count);
	fz_try(ctx) {
		page = fz_new_stext_page(ctx, d->bounds);
		dev = fz_new_stext_device(ctx, page, &options);
		fz_run_page(ctx, d->page, dev, fz_identity, NULL);
		fz_close_device(ctx, dev);
		stext_count(page, &count);
	}
	fz_always(ctx) {
		fz_drop_device(ctx, dev);
		fz_drop_stext_page(ctx, page);
	}
	fz_catch(ctx)
		return 0;
	return count;
}

uint32_t
document_page_layered(struct document *d, size_t shown)
{
	fz_context *ctx = d->ctx;
	struct layers hidden = { .count = 0 };
	size_t all = 0;

	if (d->pdf == NULL || d->page == NULL)
		return 0;
	fz_var(hidden);
	fz_var(all);
	fz_try(ctx) {
		layers_show(ctx, d->pdf, &hidden);
		if (hidden.count > 0)
			all = page_count(d);
	}
	fz_always(ctx)
		for (int i = 0; i < hidden.count; i++)
			pdf_enable_layer(ctx, d->pdf, hidden.list[i], 0);
	fz_catch(ctx)
		return 0;
	return all > shown + 1 ? (uint32_t)(all - shown - 1) : 0;
}
