/*
 * Files that a PDF holds: its name tree (portfolios too), files associated with it
 * or a page, and notes on a page that are a file.
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the object tree, names, and streams that unpack without an end.
 * Must never walk without a bound, hold a file whole, or give one out twice.
 */
#include <string.h>

#include "document_private.h"

#define DEPTH_MAX	12
#define VISITS_MAX	4000	/* objects looked at */
#define FILES_MAX	1000
#define PAGES_MAX	1000	/* pages whose notes are looked at */
#define BLOCK		65536

struct hunt {
	fz_context			*ctx;
	const struct document_sink	*to;
	int				 visits;
	int				 stop;
	int				 seen[FILES_MAX];	/* objects */
	int				 seen_count;
};

/* Whether this stream was not given out yet; it is remembered. */
static int
is_new(struct hunt *h, pdf_obj *stream)
{
	int number = pdf_to_num(h->ctx, stream);

	for (int i = 0; i < h->seen_count; i++)
		if (h->seen[i] == number)
			return 0;
	if (h->seen_count == FILES_MAX)
		return 0;
	h->seen[h->seen_count++] = number;
	return 1;
}

/* The same file under the names of several systems: the first that is there. */
static pdf_obj *
first_of(fz_context *ctx, pdf_obj *dict)
{
	static const char *const keys[] = { "UF", "F", "Unix", "DOS", "Mac" };
	pdf_obj *found;

	for (size_t i = 0; i < nelem(keys); i++)
		if ((found = pdf_dict_gets(ctx, dict, keys[i])) != NULL)
			return found;
	return NULL;
}

static void
stream_give(struct hunt *h, pdf_obj *stream)
{
	fz_context *ctx = h->ctx;
	fz_stream *in = NULL;
	uint8_t block[BLOCK];
	size_t n;

	fz_var(in);
	fz_try(ctx) {
		in = pdf_open_stream(ctx, stream);
		while ((n = fz_read(ctx, in, block, sizeof(block))) > 0)
			if (!h->to->data(h->to->arg, block, n)) {
				h->to->lost(h->to->arg, REASON_LIMIT_BYTES);
				break;
			}
	}
	fz_always(ctx)
		fz_drop_stream(ctx, in);
	fz_catch(ctx)
		h->to->lost(h->to->arg, fz_caught(ctx) == FZ_ERROR_MEMORY ?
		    REASON_MEMORY : REASON_FORMAT);
}

/* A file specification (ISO 32000-1, 7.11.3), when the file itself is in here. */
static void
spec_look(struct hunt *h, pdf_obj *spec)
{
	fz_context *ctx = h->ctx;
	pdf_obj *stream, *name;

	if (h->stop || h->visits-- <= 0 || !pdf_is_dict(ctx, spec))
		return;
	stream = first_of(ctx, pdf_dict_get(ctx, spec, PDF_NAME(EF)));
	if (!pdf_is_stream(ctx, stream) || !is_new(h, stream))
		return;
	name = first_of(ctx, spec);
	if (!h->to->begin(h->to->arg, pdf_is_string(ctx, name) ?
	    pdf_to_text_string(ctx, name) : "", pdf_to_name(ctx,
	    pdf_dict_get(ctx, stream, PDF_NAME(Subtype)))))
		h->stop = 1;
	else
		stream_give(h, stream);
}

static void
specs_look(struct hunt *h, pdf_obj *array)
{
	int n = pdf_array_len(h->ctx, array);

	for (int i = 0; i < n && h->visits > 0 && !h->stop; i++)
		spec_look(h, pdf_array_get(h->ctx, array, i));
}

static void
tree_look(struct hunt *h, pdf_obj *tree, int depth)
{
	fz_context *ctx = h->ctx;
	pdf_obj *names, *kids;
	int n;

	if (depth > DEPTH_MAX || h->visits-- <= 0 || !pdf_is_dict(ctx, tree))
		return;
	names = pdf_dict_get(ctx, tree, PDF_NAME(Names));
	n = pdf_array_len(ctx, names);
	for (int i = 1; i < n && h->visits > 0 && !h->stop; i += 2)
		spec_look(h, pdf_array_get(ctx, names, i));
	kids = pdf_dict_get(ctx, tree, PDF_NAME(Kids));
	n = pdf_array_len(ctx, kids);
	for (int i = 0; i < n && h->visits > 0 && !h->stop; i++)
		tree_look(h, pdf_array_get(ctx, kids, i), depth + 1);
}

static void
page_look(struct hunt *h, pdf_obj *page)
{
	fz_context *ctx = h->ctx;
	pdf_obj *annots = pdf_dict_get(ctx, page, PDF_NAME(Annots));
	int n = pdf_array_len(ctx, annots);

	specs_look(h, pdf_dict_gets(ctx, page, "AF"));
	for (int i = 0; i < n && h->visits-- > 0 && !h->stop; i++)
		spec_look(h, pdf_dict_get(ctx, pdf_array_get(ctx, annots, i),
		    PDF_NAME(FS)));
}

static void
catalog_look(struct document *d, struct hunt *h)
{
	fz_context *ctx = d->ctx;
	pdf_obj *root;

	fz_try(ctx) {
		root = pdf_dict_get(ctx, pdf_trailer(ctx, d->pdf),
		    PDF_NAME(Root));
		tree_look(h, pdf_dict_get(ctx, pdf_dict_get(ctx, root,
		    PDF_NAME(Names)), PDF_NAME(EmbeddedFiles)), 0);
		specs_look(h, pdf_dict_gets(ctx, root, "AF"));
	}
	fz_catch(ctx)
		return;
}

/* A page that cannot be read hides no file of the next. */
static void
page_try(struct document *d, struct hunt *h, int index)
{
	fz_context *ctx = d->ctx;

	fz_try(ctx)
		page_look(h, pdf_lookup_page_obj(ctx, d->pdf, index));
	fz_catch(ctx)
		return;
}

void
document_files(struct document *d, const struct document_sink *to)
{
	struct hunt h = { .ctx = d->ctx, .to = to, .visits = VISITS_MAX };
	int pages = d->pages > PAGES_MAX ? PAGES_MAX : (int)d->pages;

	if (d->pdf == NULL)
		return;
	catalog_look(d, &h);
	h.visits = VISITS_MAX;
	for (int i = 0; i < pages && h.visits > 0 && !h.stop; i++)
		page_try(d, &h, i);
}
