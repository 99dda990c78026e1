/*
 * Opening a document with MuPDF.
 * Runs in the jailed child of worker-pdf.
 * Hostile input: the whole file.
 * Must never open a path, run a script, or let MuPDF's types or throws out.
 */
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "document_private.h"
#include "err.h"
#include "mupdf.h"
#include "words.h"

int
document_warm(void)
{
	fz_context *ctx = mupdf_context();
	int r = ERR_OK;

	if (ctx == NULL)
		return ERR_MEMORY;
	fz_try(ctx)
		fz_register_document_handlers(ctx);
	fz_catch(ctx)
		r = ERR_MEMORY;
	if (r == ERR_OK)
		r = words_warm();
	return r == ERR_OK ? mupdf_warm_fonts(ctx) : r;
}

/* The name by which MuPDF chooses its reader; never the part's own name. */
static const char *
magic_of(const char *format)
{
	static const struct {
		const char *format, *magic;
	} table[] = {
		{ "XPS", ".xps" },
		{ "EPUB", ".epub" },
		{ "CBZ", ".cbz" },
		{ "SVG", ".svg" },
	};

	for (size_t i = 0; i < nelem(table); i++) {
		if (strncmp(format, table[i].format,
		    strlen(table[i].format)) == 0)
			return table[i].magic;
	}
	return ".pdf";
}

/* Reflowed formats have no page of their own: A4, ordinary type. */
static void
layout_reflowed(fz_context *ctx, fz_document *doc)
{
	if (fz_is_document_reflowable(ctx, doc))
		fz_layout_document(ctx, doc, 595, 842, 11);
}

static enum reason
reason_of_throw(fz_context *ctx)
{
	const char *message = fz_caught_message(ctx);

	if (fz_caught(ctx) == FZ_ERROR_MEMORY)
		return REASON_MEMORY;
	/* Locked in a way that MuPDF has no key handler for. */
	if (strstr(message, "encrypt") != NULL ||
	    strstr(message, "password") != NULL)
		return REASON_ENCRYPTED;
	return REASON_FORMAT;
}

/* Bytes as the characters that the old encryption turns back into these bytes;
 * the library takes only UTF-8. */
static const char *
as_characters(const char *s, char *out, size_t size)
{
	size_t	n = 0;

	for (; *s != '\0' && n + 4 < size; s++)
		n += (size_t)fz_runetochar(out + n,
		    fz_unicode_from_pdf_doc_encoding[(uint8_t)*s]);
	out[n] = '\0';
	return out;
}

static int
attempt_password(void *arg, const char *password, unsigned line)
{
	struct document	*d = arg;
	fz_context	*ctx = d->ctx;
	char		 plain[1024];
	int		 opens = 0;

	(void)line;
	fz_var(opens);
	fz_try(ctx) {
		opens = fz_authenticate_password(ctx, d->doc, password) ||
		    (u8_check((const uint8_t *)password, strlen(password)) !=
		    NULL && fz_authenticate_password(ctx, d->doc,
		    as_characters(password, plain, sizeof(plain))));
	}
	fz_catch(ctx)
		opens = 0;
	return opens;
}

static enum reason
open_into(struct document *d, const char *magic, const uint8_t *data,
    size_t len, struct document_key *key)
{
	fz_context *ctx = d->ctx;
	enum reason reason = REASON_COMPLETE;
	int pages = 0, locked;

	fz_var(reason);
	fz_var(pages);
	fz_try(ctx) {
		d->stream = fz_open_memory(ctx, data, len);
		d->doc = fz_open_document_with_stream(ctx, magic, d->stream);
		locked = fz_needs_password(ctx, d->doc);
		if (locked && key != NULL) {
			key->line = words_try(key->words, key->attempts, 1,
			    attempt_password, d);
			locked = key->line < 0;
		}
		if (locked) {
			reason = REASON_ENCRYPTED;
		} else {
			d->pdf = pdf_specifics(ctx, d->doc);
			layout_reflowed(ctx, d->doc);
			pages = fz_count_pages(ctx, d->doc);
		}
	}
	fz_catch(ctx)
		reason = reason_of_throw(ctx);
	if (reason != REASON_COMPLETE)
		return reason;
	/* A damaged file may have had pages that nobody finds any more. */
	if (pages <= 0)
		return d->pdf != NULL && pdf_was_repaired(ctx, d->pdf) ?
		    REASON_FORMAT : REASON_EMPTY;
	d->pages = pages;
	return REASON_COMPLETE;
}

enum reason
document_open(const char *format, const uint8_t *data, size_t len,
    struct document_key *key, struct document **dp)
{
	struct document *d;
	enum reason reason;

	if ((d = calloc(1, sizeof(*d))) == NULL ||
	    (d->ctx = mupdf_context()) == NULL) {
		free(d);
		return REASON_MEMORY;
	}
	if ((reason = open_into(d, magic_of(format), data, len, key)) !=
	    REASON_COMPLETE) {
		document_close(d);
		return reason;
	}
	*dp = d;
	return REASON_COMPLETE;
}

void
document_close(struct document *d)
{
	if (d == NULL)
		return;
	document_page_drop(d);
	fz_drop_pixmap(d->ctx, d->pixmap);
	free(d->glyphs);
	fz_drop_document(d->ctx, d->doc);
	fz_drop_stream(d->ctx, d->stream);
	free(d);
}

uint32_t
document_pages(const struct document *d)
{
	return d->pages;
}

const struct document_engine document_mupdf = {
	.name = "mupdf",
	.open = document_open,
	.pages = document_pages,
	.facts = document_facts,
	.page_load = document_page_load,
	.page_draw = document_page_draw,
	.page_glyphs = document_page_glyphs,
	.page_links = document_page_links,
	.files = document_files,
};
