/*
 * Builds the harmless mail from what the copy reader hands on. Runs in the jailed
 * compose child of limpid-deliverd and limpid-compose. Hostile input: everything
 * in the copy; the sanitizer host may have fallen. Must never pass on a byte that
 * is not text it has defanged or a picture it has encoded itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compose_private.h"
#include "compose_words.h"
#include "err.h"
#include "links.h"
#include "mail_write.h"
#include "pdf_write.h"
#include "report.h"
#include "text.h"

#define COMPOSE_PAGES_MAX	200000	/* rows of the page table */

/* What a fact list, a JSON line or a text could not hold. */
static int
buffer_error(const struct strbuf *b)
{
	return b->failed ? ERR_MEMORY : ERR_OK;
}

static void
mail_drop(struct copy_mail *m)
{
	free(m->sender);
	free(m->client);
	free(m->tls);
	free(m->auth);
	free(m->policy);
	memset(m, 0, sizeof(*m));
}

static int
on_mail(void *arg, const struct copy_mail *m)
{
	struct compose	*c = arg;

	c->mail = *m;
	/* Who got it is the parcel's business, and no recipient's. */
	c->mail.rcpt_count = 0;
	c->mail.rcpts = NULL;
	c->mail.sender = strdup(m->sender);
	c->mail.client = strdup(m->client);
	c->mail.tls = strdup(m->tls);
	c->mail.auth = strdup(m->auth);
	c->mail.policy = strdup(m->policy);
	if (c->mail.sender == NULL || c->mail.client == NULL ||
	    c->mail.tls == NULL ||
	    c->mail.auth == NULL || c->mail.policy == NULL)
		return ERR_MEMORY;
	ref_format(&m->ref, c->ref);
	snprintf(c->boundary, sizeof(c->boundary), BOUNDARY "%s", c->ref);
	return ERR_OK;
}

static void
part_drop(struct compose *c)
{
	free(c->part.path);
	free(c->part.name);
	free(c->part.declared);
	memset(&c->part, 0, sizeof(c->part));
	free(c->file.name);
	free(c->text_file.name);
	memset(&c->file, 0, sizeof(c->file));
	memset(&c->text_file, 0, sizeof(c->text_file));
	facts_clear(&c->facts);
}

static int
on_part(void *arg, const struct copy_part *p)
{
	struct compose	*c = arg;

	part_drop(c);
	c->part = *p;
	c->part.path = strdup(p->path);
	c->part.name = strdup(p->name);
	c->part.declared = strdup(p->declared);
	c->group_open = c->text_cut = 0;
	if (!c->mail.document)
		strbuf_free(&c->text);
	return c->part.path == NULL || c->part.name == NULL ||
	    c->part.declared == NULL ? ERR_MEMORY : ERR_OK;
}

static int
on_fact(void *arg, enum fact f, const char *value)
{
	struct compose	*c = arg;

	return facts_add(&c->facts, f, value);
}

/* Bodies go into the first part of a mail, other text into a file of its part. */
static struct strbuf *
text_target(struct compose *c)
{
	return c->part.body && !c->mail.document ? &c->body : &c->text;
}

static void
put_newline(struct strbuf *b)
{
	if (b->len > 0 && b->s[b->len - 1] != '\n')
		strbuf_putc(b, '\n');
}

/*
 * Text is made unclickable a page at a time, and whole: a link that a fallen host
 * cuts at the border of two frames is put together again here first.
 */
static int
group_end(struct compose *c)
{
	struct strbuf	*to = text_target(c);
	char		*safe;
	size_t		 at;

	if (!c->group_open)
		return ERR_OK;
	c->group_open = 0;
	safe = links_defang_text(c->group.s, c->group.len, NULL);
	if (safe == NULL)
		return ERR_MEMORY;
	if (to->len > 0) {
		put_newline(to);
		strbuf_putc(to, '\n');
		if (c->group_page != COPY_NO_PAGE && c->group_page > 0)
			strbuf_printf(to, "[page %u]\n", c->group_page + 1);
	}
	at = to->len;
	strbuf_puts(to, safe);
	strbuf_printf(&c->texts, "%s[%u,%lld,\"%s\",%zu,%zu]",
	    c->texts.len > 0 ? ",\n" : "", c->part.id,
	    c->group_page == COPY_NO_PAGE ? -1LL : (long long)c->group_page,
	    to == &c->body ? "body" : "file", at, to->len - at);
	put_newline(to);
	free(safe);
	c->group.len = 0;
	return to->failed || c->texts.failed ? ERR_MEMORY : ERR_OK;
}

static int
on_text(void *arg, uint32_t page, const char *utf8, size_t len)
{
	struct compose	*c = arg;
	int		 r;

	if (c->group_open && page != c->group_page &&
	    (r = group_end(c)) != ERR_OK)
		return r;
	if (c->text_cut ||
	    text_target(c)->len + c->group.len + len > TEXT_MAX) {
		c->text_cut = 1;
		return ERR_OK;
	}
	c->group_open = 1;
	c->group_page = page;
	strbuf_add(&c->group, utf8, len);
	return buffer_error(&c->group);
}

/* Whether the name may have been given before; from now on it has. */
static int
name_taken(struct compose *c, const char *name)
{
	uint32_t	 h = 2166136261u;
	uint8_t		 bit;
	int		 taken;

	for (; *name != '\0'; name++) {
		unsigned char	 ch = (unsigned char)*name;

		if (ch >= 'A' && ch <= 'Z')
			ch |= 0x20;
		h = (h ^ ch) * 16777619u;
	}
	h = (h ^ h >> 16) & (sizeof(c->names) * 8 - 1);
	bit = (uint8_t)(1 << (h & 7));
	taken = (c->names[h / 8] & bit) != 0;
	c->names[h / 8] |= bit;
	return taken;
}

/*
 * NAME of the part, safe, with the ending of what it became: "report.docx" is
 * "report.docx.pdf", "scan.pdf" stays. A name seen before gets the part's number.
 */
static char *
file_name(struct compose *c, const char *ending)
{
	struct strbuf	 b = STRBUF_EMPTY;
	char		*base, *name = NULL;
	const char	*dot;
	size_t		 len;

	/* The text of a file is named like the file. */
	if (c->file.name != NULL) {
		len = (size_t)(strrchr(c->file.name, '.') - c->file.name);
		strbuf_printf(&b, "%.*s.%s", (int)len, c->file.name, ending);
		return strbuf_take(&b);
	}
	if (c->part.name[0] != '\0')
		base = text_file_name(c->part.name, strlen(c->part.name),
		    NULL);
	else {
		strbuf_printf(&b, "part-%s", c->part.path);
		base = strbuf_take(&b);
	}
	if (base == NULL)
		return NULL;
	dot = strrchr(base, '.');
	len = dot != NULL && strcasecmp(dot + 1, ending) == 0 ?
	    (size_t)(dot - base) : strlen(base);
	strbuf_printf(&b, "%.*s.%s", (int)len, base, ending);
	if ((name = strbuf_take(&b)) != NULL && name_taken(c, name)) {
		free(name);
		strbuf_printf(&b, "%.*s-%u.%s", (int)len, base, c->part.id,
		    ending);
		name = strbuf_take(&b);
	}
	free(base);
	return name;
}

/* Begins an attachment: its header, then base64. */
static int
file_begin(struct compose *c, struct compose_file *f, const char *ending,
    const char *type)
{
	struct strbuf	 b = STRBUF_EMPTY;
	int		 r;

	if ((f->name = file_name(c, ending)) == NULL)
		return ERR_MEMORY;
	f->type = type;
	mail_put_part(&b, c->boundary, type, f->name);
	r = buffer_error(&b);
	if (r == ERR_OK)
		out_write(c->attach, b.s, b.len);
	strbuf_free(&b);
	f->at = out_total(c->attach);
	base64_start(&c->base64, c->attach);
	return r;
}

static void
file_end(struct compose *c, struct compose_file *f)
{
	base64_finish(&c->base64);
	f->size = c->base64.total;
}

/* A line of the page table. */
static int
page_row(struct compose *c, uint32_t part, uint32_t index,
    const struct page_image *im, const char *form, uint64_t offset, size_t len)
{
	struct strbuf	*b = &c->pages;
	size_t		 i;

	strbuf_printf(b, "%s[%u,%u,%u,%u,\"%s\",%u,%u,\"",
	    b->len > 0 ? ",\n" : "", part, index, im->width, im->height, form,
	    im->depth, im->color);
	if (strcmp(form, "png") == 0)
		for (i = 0; i < (size_t)im->colors * 3; i++)
			strbuf_printf(b, "%02x", im->palette[i]);
	strbuf_printf(b, "\",%u,%llu,%zu]", im->crc,
	    (unsigned long long)offset, len);
	return buffer_error(b);
}

static int
pdf_page(struct compose *c, uint32_t part, uint32_t index,
    const struct page_image *im)
{
	uint64_t	 at;
	int		 r;

	if ((r = pdf_write_page(c->pdf, im, &at)) != ERR_OK)
		return r;
	return page_row(c, part, index, im,
	    im->form == PAGE_JPEG ? "jpeg" : "png", at, im->len);
}

static void
held_drop(struct compose *c)
{
	free(c->held_data);
	c->held_data = NULL;
}

/* The first picture waits: alone it becomes a picture file, with others a PDF. */
static int
held_keep(struct compose *c, uint32_t index, const struct page_image *im)
{
	if ((c->held_data = malloc(im->len)) == NULL)
		return ERR_MEMORY;
	memcpy(c->held_data, im->data, im->len);
	c->held = *im;
	c->held.data = c->held_data;
	c->held_part = c->part.id;
	c->held_index = index;
	return ERR_OK;
}

static int
pdf_begin(struct compose *c)
{
	int	 r;

	if (c->mail.document)
		c->pdf = pdf_writer_new(out_write, c->main);
	else {
		if ((r = file_begin(c, &c->file, "pdf",
		    "application/pdf")) != ERR_OK)
			return r;
		c->pdf = pdf_writer_new(base64_write, &c->base64);
	}
	if (c->pdf == NULL)
		return ERR_MEMORY;
	r = ERR_OK;
	if (c->held_data != NULL)
		r = pdf_page(c, c->held_part, c->held_index, &c->held);
	held_drop(c);
	return r;
}

static int
on_page(void *arg, const struct copy_page *p)
{
	struct compose		*c = arg;
	struct page_image	 im;
	int			 r;

	if (c->done->pages++ == COMPOSE_PAGES_MAX)
		return ERR_LIMIT;
	if (c->encoder == NULL && (c->encoder = page_encoder_new()) == NULL)
		return ERR_MEMORY;
	if ((r = page_encode(c->encoder, p, &im)) != ERR_OK)
		return r;
	if (c->part.kind == KIND_IMAGE && c->pdf == NULL &&
	    c->held_data == NULL)
		return held_keep(c, p->index, &im);
	if (c->pdf == NULL && (r = pdf_begin(c)) != ERR_OK)
		return r;
	return pdf_page(c, c->part.id, p->index, &im);
}

static int
held_write(struct compose *c, out_sink *sink, void *arg)
{
	picture_write(&c->held, sink, arg);
	return page_row(c, c->held_part, c->held_index, &c->held, "file", 0,
	    c->held.len);
}

/* Ends the file of the part's pages, and writes that of its text. */
static int
part_files(struct compose *c)
{
	int	 jpeg = c->held.form == PAGE_JPEG, r = ERR_OK;

	if (c->pdf != NULL) {
		pdf_write_finish(c->pdf);
		file_end(c, &c->file);
		pdf_writer_free(c->pdf);
		c->pdf = NULL;
	} else if (c->held_data != NULL) {
		if ((r = file_begin(c, &c->file, jpeg ? "jpg" : "png",
		    jpeg ? "image/jpeg" : "image/png")) != ERR_OK)
			return r;
		r = held_write(c, base64_write, &c->base64);
		file_end(c, &c->file);
		held_drop(c);
	}
	if (r == ERR_OK && c->text.len > 0) {
		if ((r = file_begin(c, &c->text_file, "txt",
		    "text/plain; charset=utf-8")) != ERR_OK)
			return r;
		base64_write(&c->base64, c->text.s, c->text.len);
		file_end(c, &c->text_file);
	}
	return r;
}

static void
put_file(struct strbuf *b, const char *what, const struct compose_file *f)
{
	strbuf_printf(b, ",\"%s\":{\"name\":", what);
	json_put_text(b, f->name);
	json_put_field(b, "type", f->type);
	json_put_number(b, "size", (int64_t)f->size);
	json_put_number(b, "at", (int64_t)f->at);
	strbuf_putc(b, '}');
}

static int
part_line(struct compose *c, const struct copy_part_end *e)
{
	struct strbuf		*b = &c->parts;
	const struct copy_part	*p = &c->part;

	strbuf_printf(b, "%s{\"part\":%u", b->len > 0 ? ",\n" : "", p->id);
	json_put_number(b, "parent", p->parent);
	json_put_number(b, "depth", p->depth);
	json_put_field(b, "path", p->path);
	json_put_field(b, "name", p->name);
	json_put_field(b, "kind", kind_name(p->kind));
	json_put_field(b, "declared", p->declared);
	json_put_number(b, "size", (int64_t)(p->size & INT64_MAX));
	json_put_hex(b, "sha256", p->sha256, sizeof(p->sha256));
	json_put_number(b, "body", p->body);
	json_put_field(b, "outcome", outcome_name(e->outcome));
	json_put_field(b, "reason", reason_name(e->reason));
	json_put_field(b, "note", e->note);
	json_put_field(b, "rule", e->rule);
	json_put_field(b, "engine", e->engine);
	json_put_number(b, "millis", e->millis);
	json_put_number(b, "pages", e->pages);
	json_put_number(b, "pages_total", e->pages_total);
	if (c->file.name != NULL)
		put_file(b, "file", &c->file);
	if (c->text_file.name != NULL)
		put_file(b, "text_file", &c->text_file);
	strbuf_puts(b, ",\"facts\":");
	json_put_facts(b, &c->facts);
	strbuf_putc(b, '}');
	if (b->len + c->pages.len + c->texts.len + c->changes.len > REPORT_MAX)
		return ERR_LIMIT;
	return buffer_error(b);
}

static void
part_count(struct compose *c, const struct copy_part_end *e)
{
	if (c->part.id == 1) {
		c->root_outcome = e->outcome;
		c->root_reason = e->reason;
	} else
		c->done->parts++;
	if (e->outcome == OUTCOME_STUB)
		c->done->stubs++;
	else if (e->reason != REASON_COMPLETE || c->text_cut)
		c->cuts++;
}

static int
on_part_end(void *arg, const struct copy_part_end *e)
{
	struct compose		*c = arg;
	const char		*shown;
	struct facts		 none = {0};
	int			 r;

	if ((r = group_end(c)) != ERR_OK)
		return r;
	if (!c->mail.document && (r = part_files(c)) != ERR_OK)
		return r;
	part_count(c, e);
	shown = c->file.name != NULL ? c->file.name :
	    c->text_file.name != NULL ? c->text_file.name : "";
	words_put_part(&c->changes, &c->part, &c->facts, e, shown);
	if (c->text_cut)
		strbuf_puts(&c->changes, "  - Its text was cut: it is too "
		    "long for a mail.\n");
	if ((r = part_line(c, e)) != ERR_OK)
		return r;
	if (c->part.id == 1) {
		c->root_facts = c->facts;
		c->facts = none;
	} else if (c->part.kind == KIND_MAIL)
		words_put_nested(c->mail.document ? &c->text : &c->body,
		    c->part.path, &c->facts);
	return c->changes.failed || c->body.failed || c->text.failed ?
	    ERR_MEMORY : ERR_OK;
}

/* A lone document: its pages went to job->main already. */
static int
document_end(struct compose *c)
{
	struct strbuf	 report = STRBUF_EMPTY;
	struct out	*text = NULL;
	int		 r = ERR_OK;

	if (c->pdf != NULL) {
		pdf_write_finish(c->pdf);
		c->done->kind = COMPOSE_PDF;
	} else if (c->held_data != NULL) {
		r = held_write(c, out_write, c->main);
		c->done->kind = c->held.form == PAGE_JPEG ? COMPOSE_JPEG :
		    COMPOSE_PNG;
	}
	if (r != ERR_OK || (r = out_finish(c->main)) != ERR_OK)
		return r;
	/* Nobody is left with an empty result and no reason. */
	if (c->done->stubs > 0) {
		if (c->text.len > 0)
			strbuf_puts(&c->text, "\n");
		strbuf_add(&c->text, c->changes.s, c->changes.len);
	}
	if ((text = out_new(c->job->text)) == NULL)
		return ERR_MEMORY;
	out_write(text, c->text.s, c->text.len);
	c->done->has_text = c->text.len > 0;
	if ((r = out_finish(text)) == ERR_OK &&
	    (r = compose_report(c, 0, "none", 0, 0, 0, &report)) == ERR_OK)
		r = compose_report_write(c, &report);
	out_free(text);
	strbuf_free(&report);
	return r;
}

static int
on_end(void *arg, uint32_t parts)
{
	struct compose	*c = arg;

	(void)parts;
	c->done->outcome = c->root_outcome;
	c->done->reason = c->root_reason;
	if (c->mail.document)
		return document_end(c);
	c->done->kind = COMPOSE_MAIL;
	return compose_mail(c);
}

static void
compose_free(struct compose *c)
{
	if (c == NULL)
		return;
	part_drop(c);
	facts_free(&c->facts);
	facts_free(&c->root_facts);
	mail_drop(&c->mail);
	held_drop(c);
	pdf_writer_free(c->pdf);
	page_encoder_free(c->encoder);
	out_free(c->main);
	out_free(c->attach);
	strbuf_free(&c->text);
	strbuf_free(&c->group);
	strbuf_free(&c->body);
	strbuf_free(&c->changes);
	strbuf_free(&c->parts);
	strbuf_free(&c->pages);
	strbuf_free(&c->texts);
	free(c);
}

int
compose(const struct compose_job *job, struct compose_done *done)
{
	static const struct copy_handlers handlers = { on_mail, on_part,
	    on_fact, on_text, on_page, on_part_end, on_end };
	struct compose	*c;
	int		 r = ERR_MEMORY;

	memset(done, 0, sizeof(*done));
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return ERR_MEMORY;
	c->job = job;
	c->done = done;
	if ((c->main = out_new(job->main)) != NULL &&
	    (c->attach = out_new(job->spill)) != NULL)
		r = copy_read(job->copy, &handlers, c);
	compose_free(c);
	return r;
}

const char *
compose_ending(enum compose_kind kind)
{
	switch (kind) {
	case COMPOSE_MAIL:
		return "eml";
	case COMPOSE_PDF:
		return "pdf";
	case COMPOSE_PNG:
		return "png";
	case COMPOSE_JPEG:
		return "jpg";
	case COMPOSE_NOTHING:
	case COMPOSE_KIND_MAX:
	default:
		return "";
	}
}
