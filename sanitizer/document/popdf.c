/*
 * Opening a PDF with poppler-glib.
 * Runs in the jailed child of worker-poppler.
 * Hostile input: the whole file.
 * Must never open a path, print a word of the document, or let poppler's types out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "popdf_private.h"

static enum reason
reason_of_error(const GError *error)
{
	if (error == NULL)
		return REASON_FORMAT;
	if (error->domain == POPPLER_ERROR &&
	    error->code == POPPLER_ERROR_ENCRYPTED)
		return REASON_ENCRYPTED;
	return REASON_FORMAT;
}

static enum reason
popdf_open(const char *format, const uint8_t *data, size_t len,
    struct document_key *key, struct document **dp)
{
	struct document *d;
	GBytes *bytes;
	GError *error = NULL;
	enum reason reason;
	int pages;

	(void)format;
	(void)key;	/* the first engine opens what is locked, or nobody */
	if ((d = calloc(1, sizeof(*d))) == NULL)
		return REASON_MEMORY;
	bytes = g_bytes_new_static(data, len);
	d->doc = poppler_document_new_from_bytes(bytes, NULL, &error);
	g_bytes_unref(bytes);
	if (d->doc == NULL) {
		reason = reason_of_error(error);
		g_clear_error(&error);
		popdf_close(d);
		return reason;
	}
	if ((pages = poppler_document_get_n_pages(d->doc)) <= 0) {
		popdf_close(d);
		return REASON_EMPTY;
	}
	d->pages = (uint32_t)pages;
	*dp = d;
	return REASON_COMPLETE;
}

void
popdf_close(struct document *d)
{
	if (d == NULL)
		return;
	popdf_page_drop(d);
	if (d->surface != NULL)
		cairo_surface_destroy(d->surface);
	free(d->samples);
	free(d->glyphs);
	if (d->doc != NULL)
		g_object_unref(d->doc);
	free(d);
}

static uint32_t
popdf_pages(const struct document *d)
{
	return d->pages;
}

/* Forms are not among them: poppler tells of them page by page only. */
static void
popdf_facts(struct document *d, struct document_facts *f)
{
	guint major = 0, minor = 0;
	char *xmp = poppler_document_get_metadata(d->doc);
	char *producer = poppler_document_get_producer(d->doc);

	memset(f, 0, sizeof(*f));
	poppler_document_get_pdf_version(d->doc, &major, &minor);
	snprintf(f->format, sizeof(f->format), "PDF %u.%u", major, minor);
	if (poppler_document_has_javascript(d->doc))
		f->scripts = "JavaScript";
	if (producer != NULL)
		f->metadata = xmp != NULL ? "document information, XMP" :
		    "document information";
	else if (xmp != NULL)
		f->metadata = "XMP";
	f->embedded = poppler_document_get_n_attachments(d->doc);
	g_free(producer);
	g_free(xmp);
}

const struct document_engine popdf_engine = {
	.name = "poppler",
	.open = popdf_open,
	.pages = popdf_pages,
	.facts = popdf_facts,
	.page_load = popdf_page_load,
	.page_draw = popdf_page_draw,
	.page_glyphs = popdf_page_glyphs,
	.page_links = popdf_page_links,
	.files = popdf_files,
};
