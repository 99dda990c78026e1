/*
 * The words and links of a page, from MuPDF's structured text.
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the page; its characters come out raw and are cleaned by the
 * caller. Must never grow beyond the text limit.
 */
#include <string.h>

#include "document_private.h"

#define LABEL_MAX	2048	/* bytes under one link that are looked at */

/* What lies outside of the page's box is not shown, so it is not text of it. */
static void
stext_make(struct document *d)
{
	fz_context *ctx = d->ctx;
	fz_stext_options options = { .flags = FZ_STEXT_MEDIABOX_CLIP };
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

static void
line_append(fz_context *ctx, fz_buffer *out, const fz_stext_line *line)
{
	for (const fz_stext_char *c = line->first_char; c != NULL; c = c->next)
		fz_append_rune(ctx, out, c->c);
	fz_append_byte(ctx, out, '\n');
}

static void
text_collect(struct document *d, size_t max)
{
	fz_context *ctx = d->ctx;
	fz_buffer *out = d->text;

	for (fz_stext_block *b = d->stext->first_block; b != NULL;
	    b = b->next) {
		if (b->type != FZ_STEXT_BLOCK_TEXT)
			continue;
		if (out->len > 0)
			fz_append_byte(ctx, out, '\n');
		for (fz_stext_line *l = b->u.t.first_line; l != NULL;
		    l = l->next) {
			if (out->len > max)
				return;
			line_append(ctx, out, l);
		}
	}
}

const char *
document_page_text(struct document *d, size_t max, size_t *len)
{
	fz_context *ctx = d->ctx;
	int ok = 1;

	if (d->list == NULL)
		return NULL;
	fz_var(ok);
	fz_try(ctx) {
		if (d->text == NULL)
			d->text = fz_new_buffer(ctx, 8192);
		fz_clear_buffer(ctx, d->text);
		stext_make(d);
		text_collect(d, max);
	}
	fz_catch(ctx)
		ok = 0;
	if (!ok)
		return NULL;
	*len = d->text->len;
	return (const char *)d->text->data;
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
