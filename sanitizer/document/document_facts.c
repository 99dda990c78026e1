/*
 * What hides in a PDF: scripts, forms, embedded files, metadata.
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the object tree, which may be endless or refer to itself.
 * Must never walk without a bound, nor pass on a word of what it finds.
 */
#include <stdio.h>
#include <string.h>

#include "document_private.h"

#define DEPTH_MAX	12
#define VISITS_MAX	4000	/* objects looked at for one question */
#define EMBEDDED_MAX	1000
#define PAGES_MAX	64	/* pages whose actions are looked at */

/* One walk: how much it may still see, and what it has found. */
struct walk {
	fz_context	*ctx;
	int		 visits;
	int		 script, launch;
	uint32_t	 names;
};

/* An action, and the actions that follow it. */
static void
action_look(struct walk *w, pdf_obj *action, int depth)
{
	fz_context *ctx = w->ctx;
	pdf_obj *s, *next;

	if (depth > DEPTH_MAX || w->visits-- <= 0 ||
	    !pdf_is_dict(ctx, action))
		return;
	s = pdf_dict_get(ctx, action, PDF_NAME(S));
	if (pdf_name_eq(ctx, s, PDF_NAME(JavaScript)) ||
	    pdf_dict_get(ctx, action, PDF_NAME(JS)) != NULL)
		w->script = 1;
	if (pdf_name_eq(ctx, s, PDF_NAME(Launch)))
		w->launch = 1;
	next = pdf_dict_get(ctx, action, PDF_NAME(Next));
	if (pdf_is_array(ctx, next)) {
		int n = pdf_array_len(ctx, next);

		for (int i = 0; i < n && w->visits > 0; i++)
			action_look(w, pdf_array_get(ctx, next, i), depth + 1);
	} else {
		action_look(w, next, depth + 1);
	}
}

/* The actions of a page, annotation, field or the document itself. */
static void
owner_look(struct walk *w, pdf_obj *owner)
{
	fz_context *ctx = w->ctx;
	pdf_obj *aa;
	int n;

	if (w->visits-- <= 0 || !pdf_is_dict(ctx, owner))
		return;
	action_look(w, pdf_dict_gets(ctx, owner, "OpenAction"), 0);
	action_look(w, pdf_dict_get(ctx, owner, PDF_NAME(A)), 0);
	aa = pdf_dict_get(ctx, owner, PDF_NAME(AA));
	n = pdf_is_dict(ctx, aa) ? pdf_dict_len(ctx, aa) : 0;
	for (int i = 0; i < n && w->visits > 0; i++)
		action_look(w, pdf_dict_get_val(ctx, aa, i), 0);
}

/* Counts the entries of a name tree. */
static void
names_count(struct walk *w, pdf_obj *tree, int depth)
{
	fz_context *ctx = w->ctx;
	pdf_obj *kids;
	int n;

	if (depth > DEPTH_MAX || w->visits-- <= 0 || !pdf_is_dict(ctx, tree))
		return;
	w->names += pdf_array_len(ctx,
	    pdf_dict_get(ctx, tree, PDF_NAME(Names))) / 2;
	kids = pdf_dict_get(ctx, tree, PDF_NAME(Kids));
	n = pdf_array_len(ctx, kids);
	for (int i = 0; i < n && w->visits > 0; i++)
		names_count(w, pdf_array_get(ctx, kids, i), depth + 1);
}

static void
fields_look(struct walk *w, pdf_obj *fields, int depth)
{
	fz_context *ctx = w->ctx;
	int n = pdf_array_len(ctx, fields);

	if (depth > DEPTH_MAX)
		return;
	for (int i = 0; i < n && w->visits > 0; i++) {
		pdf_obj *field = pdf_array_get(ctx, fields, i);

		owner_look(w, field);
		fields_look(w, pdf_dict_get(ctx, field, PDF_NAME(Kids)),
		    depth + 1);
	}
}

static void
pages_look(struct walk *w, struct document *d)
{
	fz_context *ctx = w->ctx;
	int pages = d->pages > PAGES_MAX ? PAGES_MAX : (int)d->pages;

	for (int i = 0; i < pages && w->visits > 0; i++) {
		pdf_obj *page = pdf_lookup_page_obj(ctx, d->pdf, i), *annots;
		int n;

		owner_look(w, page);
		annots = pdf_dict_get(ctx, page, PDF_NAME(Annots));
		n = pdf_array_len(ctx, annots);
		for (int k = 0; k < n && w->visits > 0; k++) {
			pdf_obj *annot = pdf_array_get(ctx, annots, k);

			owner_look(w, annot);
			if (pdf_name_eq(ctx, pdf_dict_get(ctx, annot,
			    PDF_NAME(Subtype)), PDF_NAME(FileAttachment)))
				w->names++;
		}
	}
}

static void
catalog_walk(struct document *d, struct walk *w, struct document_facts *f)
{
	fz_context *ctx = d->ctx;
	pdf_obj *root, *names, *form, *fields;

	root = pdf_dict_get(ctx, pdf_trailer(ctx, d->pdf), PDF_NAME(Root));
	names = pdf_dict_get(ctx, root, PDF_NAME(Names));
	form = pdf_dict_get(ctx, root, PDF_NAME(AcroForm));
	fields = pdf_dict_get(ctx, form, PDF_NAME(Fields));
	if (pdf_dict_get(ctx, form, PDF_NAME(XFA)) != NULL)
		f->forms = "XFA form";
	else if (pdf_array_len(ctx, fields) > 0)
		f->forms = "form fields";
	/* A bound for each: an endless tree must not hide the next one. */
	names_count(w, pdf_dict_get(ctx, names, PDF_NAME(JavaScript)), 0);
	w->script = w->names > 0;
	w->names = 0;
	w->visits = VISITS_MAX;
	names_count(w, pdf_dict_get(ctx, names, PDF_NAME(EmbeddedFiles)), 0);
	w->visits = VISITS_MAX;
	owner_look(w, root);
	w->visits = VISITS_MAX;
	fields_look(w, fields, 0);
	w->visits = VISITS_MAX;
	pages_look(w, d);
}

/* What was found before a throw counts: damage must not hide a script. */
static void
catalog_look(struct document *d, struct document_facts *f)
{
	struct walk w = { .ctx = d->ctx, .visits = VISITS_MAX };
	fz_context *ctx = d->ctx;

	fz_var(w);
	fz_try(ctx)
		catalog_walk(d, &w, f);
	fz_catch(ctx)
		f->repaired = 1;
	f->embedded = w.names > EMBEDDED_MAX ? EMBEDDED_MAX : w.names;
	if (w.script)
		f->scripts = w.launch ? "JavaScript, starts a program" :
		    "JavaScript";
	else if (w.launch)
		f->scripts = "starts a program";
}

static void
metadata_look(struct document *d, struct document_facts *f)
{
	fz_context *ctx = d->ctx;
	pdf_obj *trailer = pdf_trailer(ctx, d->pdf), *root, *info;
	int has_info, has_xmp;

	root = pdf_dict_get(ctx, trailer, PDF_NAME(Root));
	info = pdf_dict_get(ctx, trailer, PDF_NAME(Info));
	has_info = pdf_is_dict(ctx, info) && pdf_dict_len(ctx, info) > 0;
	has_xmp = pdf_dict_get(ctx, root, PDF_NAME(Metadata)) != NULL;
	if (has_info)
		f->metadata = has_xmp ? "document information, XMP" :
		    "document information";
	else if (has_xmp)
		f->metadata = "XMP";
}

/* Each look on its own: a throw in one leaves the others. */
static void
look(struct document *d, struct document_facts *f,
    void (*at)(struct document *, struct document_facts *))
{
	fz_context *ctx = d->ctx;

	fz_try(ctx)
		at(d, f);
	fz_catch(ctx)
		return;
}

static void
format_look(struct document *d, struct document_facts *f)
{
	char method[sizeof(f->encryption)];

	fz_lookup_metadata(d->ctx, d->doc, FZ_META_FORMAT, f->format,
	    sizeof(f->format));
	if (fz_lookup_metadata(d->ctx, d->doc, FZ_META_ENCRYPTION, method,
	    sizeof(method)) > 0 && strcmp(method, "None") != 0)
		snprintf(f->encryption, sizeof(f->encryption), "%s", method);
}

void
document_facts(struct document *d, struct document_facts *f)
{
	memset(f, 0, sizeof(*f));
	if (d->pdf == NULL)
		return;
	look(d, f, format_look);
	f->repaired = pdf_was_repaired(d->ctx, d->pdf);
	look(d, f, catalog_look);
	look(d, f, metadata_look);
}
