/*
 * Files that a PDF holds, by poppler-glib: its name tree (portfolios too) and notes
 * on a page that are a file.
 * Runs in the jailed child of worker-poppler.
 * Hostile input: names, and streams that unpack without an end.
 * Must never hold a file whole.
 */
#include "popdf_private.h"

#define FILES_MAX	1000
#define PAGES_MAX	1000	/* pages whose notes are looked at */

struct hunt {
	const struct document_sink	*to;
	int				 files;
	int				 stop;
	int				 full;	/* no more of this file */
};

static gboolean
block_give(const gchar *data, gsize len, gpointer arg, GError **error)
{
	struct hunt *h = arg;

	(void)error;
	if (h->to->data(h->to->arg, (const uint8_t *)data, len))
		return TRUE;
	h->full = 1;
	return FALSE;
}

static void
file_give(struct hunt *h, PopplerAttachment *file)
{
	const char *name;
	GError *error = NULL;

	if (h->stop || h->files++ == FILES_MAX)
		return;
	name = poppler_attachment_get_name(file);
	if (!h->to->begin(h->to->arg, name != NULL ? name : "", "")) {
		h->stop = 1;
		return;
	}
	h->full = 0;
	if (!poppler_attachment_save_to_callback(file, block_give, h, &error))
		h->to->lost(h->to->arg, h->full ? REASON_LIMIT_BYTES :
		    REASON_FORMAT);
	g_clear_error(&error);
}

static void
page_look(struct hunt *h, PopplerPage *page)
{
	GList *notes = poppler_page_get_annot_mapping(page);

	for (GList *l = notes; l != NULL && !h->stop; l = l->next) {
		PopplerAnnot *note = ((PopplerAnnotMapping *)l->data)->annot;
		PopplerAttachment *file;

		if (!POPPLER_IS_ANNOT_FILE_ATTACHMENT(note))
			continue;
		file = poppler_annot_file_attachment_get_attachment(
		    POPPLER_ANNOT_FILE_ATTACHMENT(note));
		if (file == NULL)
			continue;
		file_give(h, file);
		g_object_unref(file);
	}
	poppler_page_free_annot_mapping(notes);
}

void
popdf_files(struct document *d, const struct document_sink *to)
{
	struct hunt h = { .to = to };
	GList *files = poppler_document_get_attachments(d->doc);
	int pages = d->pages > PAGES_MAX ? PAGES_MAX : (int)d->pages;

	for (GList *l = files; l != NULL; l = l->next)
		file_give(&h, l->data);
	g_list_free_full(files, g_object_unref);
	for (int i = 0; i < pages && !h.stop; i++) {
		PopplerPage *page = poppler_document_get_page(d->doc, i);

		if (page == NULL)
			continue;
		page_look(&h, page);
		g_object_unref(page);
	}
}
