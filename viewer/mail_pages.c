/*
 * Purpose: attachments: their cards, and the pages of the one that is open as
 *	pictures with their text beside.
 * Process: limpid-viewerd.
 * Hostile input: names and text of documents.
 * Must never: serve or point to anything but our own page pictures and text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "err.h"
#include "html_out.h"
#include "mail.h"
#include "marks.h"
#include "row.h"
#include "store.h"
#include "viewer.h"
#include "when.h"

#define BATCH		6	/* pages at once: browsers load all of them */
#define CARDS		200
#define CARD_PICTURES	12
#define TEXT_OPEN	3	/* text layers unfolded */

size_t
mail_cut(const char *s, size_t max)
{
	size_t	 n = strlen(s);

	if (n <= max)
		return n;
	for (n = max; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80;)
		n--;
	return n;
}

static int
is_stub(const struct part *p)
{
	return strcmp(p->outcome, "stub") == 0;
}

static int
survey_part(void *arg, const struct part *p)
{
	struct mail_view	*v = arg;

	if (!row_is_attachment(v->m, p))
		return ERR_OK;
	v->attachments++;
	if (v->open == -1 && !is_stub(p) && !row_is_other_form(p))
		v->open = p->id;
	return ERR_OK;
}

int
mail_survey(struct mail_view *v)
{
	const struct part	*p;
	int64_t			 wanted;
	int			 r;

	v->open = -1;
	r = store_parts(v->rq->viewer->store, v->m, survey_part, v);
	wanted = request_number(v->rq, "a", 0, INT32_MAX, -1);
	if (r == ERR_OK && wanted >= 0 && store_part(v->rq->viewer->store, v->m,
	    wanted, &p) == ERR_OK && row_is_attachment(v->m, p))
		v->open = wanted;
	v->from = request_number(v->rq, "from", 1, INT32_MAX, 1) - 1;
	v->view = request_arg(v->rq, "view");
	if (v->view == NULL || (strcmp(v->view, "pictures") != 0 &&
	    strcmp(v->view, "text") != 0))
		v->view = "";
	return r;
}

/* An address on this mail's page. */
static void
link_to(struct mail_view *v, int64_t part, int64_t from, const char *view,
    const char *anchor)
{
	html_attrf(v->h, "href", "/mail/%s?a=%lld%s%s&from=%lld#%s", v->m->ref,
	    (long long)part, view[0] ? "&view=" : "", view,
	    (long long)from + 1, anchor);
}

static void
write_picture(struct mail_view *v, int64_t part, int64_t page, uint32_t width,
    uint32_t height, const char *alt)
{
	html_open(v->h, "img", NULL);
	html_attrf(v->h, "src", "/mail/%s/picture/%lld/%lld", v->m->ref,
	    (long long)part, (long long)page);
	html_attrf(v->h, "width", "%u", width);
	html_attrf(v->h, "height", "%u", height);
	html_attr(v->h, "alt", alt);
}

/* A kind (outcome.h) in the reader's words. */
static const char *
kind_word(const char *kind)
{
	static const char *const words[][2] = { { "archive", "Archive" },
	    { "card", "Card" }, { "html", "Web page" }, { "image", "Picture" },
	    { "mail", "Mail" }, { "office", "Office document" },
	    { "pdf", "PDF" }, { "program", "Program" },
	    { "signature", "Signature" }, { "text", "Text" } };
	size_t	 i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i][0], kind) == 0)
			return words[i][1];
	return "File";
}

static void
write_kind(struct html *h, const struct part *p)
{
	char	 size[WHEN_MAX];

	when_size(p->size, size);
	html_open(h, "span", NULL);
	if (is_stub(p))
		html_textf(h, "Not shown · %s · %s", p->reason, size);
	else if (p->pages_total > p->pages)
		html_textf(h, "%s · %lld of %lld pages · %s",
		    kind_word(p->kind), (long long)p->pages,
		    (long long)p->pages_total, size);
	else if (p->pages > 0 && strcmp(p->kind, "image") != 0)
		html_textf(h, "%s · %lld page%s · %s", kind_word(p->kind),
		    (long long)p->pages, p->pages == 1 ? "" : "s", size);
	else
		html_textf(h, "%s · %s", kind_word(p->kind), size);
	html_end(h, "span");
}

struct cards {
	struct mail_view	*v;
	size_t			 count;
};

static int
write_card(void *arg, const struct part *p)
{
	struct cards		*c = arg;
	struct mail_view	*v = c->v;
	uint32_t		 width, height;

	if (!row_is_attachment(v->m, p) || c->count++ >= CARDS)
		return ERR_OK;
	html_open(v->h, "li", NULL);
	html_open(v->h, "a", "att");
	link_to(v, p->id, 0, v->view, "att-open");
	if (p->id == v->open)
		html_attr(v->h, "aria-current", "true");
	if (p->pages > 0 && c->count <= CARD_PICTURES &&
	    store_page_size(v->rq->viewer->store, v->m, p->id, 0, &width,
	    &height) == ERR_OK) {
		write_picture(v, p->id, 0, 40, 56, "");
	} else {
		html_open(v->h, "span", "ph");
		html_icon(v->h, is_stub(p) ? ICON_LOCK : ICON_FILE, NULL);
		html_end(v->h, "span");
	}
	html_open(v->h, "span", NULL);
	html_elem(v->h, "b", NULL, row_part_name(p));
	write_kind(v->h, p);
	html_end(v->h, "span");
	html_end(v->h, "a");
	html_end(v->h, "li");
	return ERR_OK;
}

static void
write_view(struct mail_view *v, const char *view, const char *label)
{
	html_open(v->h, "a", NULL);
	link_to(v, v->open, v->from, view, "att-open");
	if (strcmp(view, v->view) == 0)
		html_attr(v->h, "aria-current", "true");
	html_text(v->h, label);
	html_end(v->h, "a");
	html_text(v->h, " ");
}

static void
write_bar(struct mail_view *v, const struct part *p, int64_t last)
{
	struct html	*h = v->h;

	html_open(h, "div", "dbar");
	html_attr(h, "id", "att-open");
	html_elem(h, "h3", NULL, row_part_name(p));
	if (p->pages > 1)
		html_elemf(h, "span", "small dim num", "pages %lld–%lld of %lld",
		    (long long)v->from + 1, (long long)last,
		    (long long)p->pages);
	else if (p->pages == 1)
		html_elem(h, "span", "small dim num", "page 1");
	if (p->pages > 0) {
		html_open(h, "nav", "end seg");
		html_attr(h, "aria-label", "View");
		write_view(v, "pictures", "Pictures");
		write_view(v, "", "Pictures and text");
		write_view(v, "text", "Text only");
		html_end(h, "nav");
	}
	html_end(h, "div");
}

/* A text layer: cut to what a page bears, with a way to the rest. */
static void
write_layer(struct mail_view *v, int64_t part, int64_t page, const char *text,
    size_t max)
{
	struct html	*h = v->h;
	const char	*lang = marks_language(text, strlen(text));
	size_t		 n = mail_cut(text, max);

	html_open(h, "div", "tx");
	html_attr(h, "tabindex", "0");
	html_attr(h, "role", "region");
	if (page < 0)
		html_attr(h, "aria-label", "Text");
	else
		html_attrf(h, "aria-label", "Page %lld: text",
		    (long long)page + 1);
	if (lang != NULL)
		html_attr(h, "lang", lang);
	marks_line(h, text, n, NULL);
	html_end(h, "div");
	if (text[n] == '\0')
		return;
	html_open(h, "p", "small");
	html_open(h, "a", NULL);
	if (page < 0)
		html_attrf(h, "href", "/mail/%s/text/%lld/body", v->m->ref,
		    (long long)part);
	else
		html_attrf(h, "href", "/mail/%s/text/%lld/%lld", v->m->ref,
		    (long long)part, (long long)page);
	html_text(h, "Read the whole text");
	html_end(h, "a");
	html_end(h, "p");
}

static int
write_page_text(struct mail_view *v, const struct part *p, int64_t page)
{
	struct html	*h = v->h;
	char		*text = NULL;
	int		 r;

	r = store_text(v->rq->viewer->store, v->m, p->id, page, &text);
	if (r != ERR_OK && r != ERR_NOTFOUND)
		return r;
	html_open(h, "figcaption", NULL);
	html_elemf(h, "p", "small dim num", "Page %lld / %lld",
	    (long long)page + 1, (long long)p->pages);
	if (text == NULL || text[strspn(text, " \n\t")] == '\0')
		html_elem(h, "p", "small dim", "No text was found on this "
		    "page.");
	else if (strcmp(v->view, "pictures") != 0) {
		html_open(h, "details", NULL);
		if (page < v->from + TEXT_OPEN || v->view[0] != '\0')
			html_flag(h, "open");
		html_elem(h, "summary", NULL,
		    "Text layer (from the original)");
		write_layer(v, p->id, page, text, MAIL_LAYER_MAX);
		html_end(h, "details");
	}
	html_end(h, "figcaption");
	free(text);
	return ERR_OK;
}

static int
write_page(struct mail_view *v, const struct part *p, int64_t page)
{
	uint32_t	 width, height;
	int		 r;
	char		*alt = NULL;

	r = store_page_size(v->rq->viewer->store, v->m, p->id, page, &width,
	    &height);
	if (r == ERR_NOTFOUND)
		return ERR_OK;		/* this page could not be drawn */
	if (r != ERR_OK)
		return r;
	if (asprintf(&alt, "Picture of page %lld of %s; text found on it "
	    "stands beside it", (long long)page + 1, row_part_name(p)) == -1)
		return ERR_MEMORY;
	html_open(v->h, "figure", "page");
	html_attrf(v->h, "id", "p%lld", (long long)page + 1);
	if (strcmp(v->view, "text") != 0)
		write_picture(v, p->id, page, width, height, alt);
	free(alt);
	r = write_page_text(v, p, page);
	html_end(v->h, "figure");
	return r;
}

static void
write_thumbs(struct mail_view *v, const struct part *p, int64_t last)
{
	struct html	*h = v->h;
	uint32_t	 width, height;
	int64_t		 i;

	html_open(h, "nav", "thumbs");
	html_attr(h, "aria-label", "Page thumbnails");
	for (i = v->from; i < last; i++) {
		if (store_page_size(v->rq->viewer->store, v->m, p->id, i,
		    &width, &height) != ERR_OK)
			continue;
		html_open(h, "a", NULL);
		html_attrf(h, "href", "#p%lld", (long long)i + 1);
		if (strcmp(v->view, "text") != 0)
			write_picture(v, p->id, i, 64, width == 0 ? 64 :
			    (uint32_t)((uint64_t)height * 64 / width), "");
		html_textf(h, "Page %lld", (long long)i + 1);
		html_end(h, "a");
	}
	html_end(h, "nav");
}

static void
write_more(struct mail_view *v, const struct part *p, int64_t last)
{
	struct html	*h = v->h;
	int64_t		 next = last + BATCH < p->pages ? last + BATCH :
			    p->pages;

	if (last >= p->pages && v->from == 0 && p->pages_total <= p->pages)
		return;
	html_open(h, "div", "more");
	if (v->from > 0) {
		html_open(h, "a", "btn");
		link_to(v, p->id, v->from > BATCH ? v->from - BATCH : 0,
		    v->view, "att-open");
		html_icon(h, ICON_BACK, NULL);
		html_text(h, "Pages before");
		html_end(h, "a");
	}
	if (last < p->pages) {
		html_open(h, "a", "btn pri");
		link_to(v, p->id, last, v->view, "att-open");
		html_textf(h, "Go on with pages %lld–%lld",
		    (long long)last + 1, (long long)next);
		html_icon(h, ICON_FORWARD, NULL);
		html_end(h, "a");
	}
	if (last >= p->pages && p->pages_total > p->pages)
		html_elemf(h, "span", "small dim", "Pages %lld–%lld are not in "
		    "this copy.", (long long)p->pages + 1,
		    (long long)p->pages_total);
	html_end(h, "div");
}

static int
write_document(struct mail_view *v, const struct part *p)
{
	int64_t	 i, last;
	int	 r = ERR_OK;

	if (v->from >= p->pages)
		v->from = 0;
	last = v->from + BATCH < p->pages ? v->from + BATCH : p->pages;
	write_bar(v, p, last);
	html_open(v->h, "div", "doc");
	write_thumbs(v, p, last);
	html_open(v->h, "div", "pages");
	for (i = v->from; i < last && r == ERR_OK; i++)
		r = write_page(v, p, i);
	write_more(v, p, last);
	html_end(v->h, "div");
	html_end(v->h, "div");
	return r;
}

static int
write_plain(struct mail_view *v, const struct part *p)
{
	char	*text = NULL;
	int	 r;

	write_bar(v, p, 0);
	r = store_text(v->rq->viewer->store, v->m, p->id, -1, &text);
	if (r == ERR_NOTFOUND)
		r = store_text(v->rq->viewer->store, v->m, p->id, 0, &text);
	html_open(v->h, "div", "sheet");
	if (r == ERR_OK)
		write_layer(v, p->id, -1, text, MAIL_BODY_MAX);
	else
		html_elem(v->h, "p", "dim", "There is no text in it.");
	html_end(v->h, "div");
	free(text);
	return r == ERR_NOTFOUND ? ERR_OK : r;
}

static void
write_stub(struct mail_view *v, const struct part *p)
{
	struct html	*h = v->h;

	write_bar(v, p, 0);
	html_open(h, "div", "sheet");
	html_open(h, "div", "note warn");
	html_icon(h, ICON_LOCK, NULL);
	html_open(h, "div", NULL);
	html_elemf(h, "h2", NULL, "%s is not shown", row_part_name(p));
	html_elem(h, "p", NULL, changes_reason(p->reason));
	html_open(h, "p", "small");
	html_text(h, "The original is kept outside. Give the reference of this "
	    "mail to your administrator when you need it, or ask the sender "
	    "for another form. ");
	html_elemf(h, "code", NULL, "%s · %s", p->reason, p->rule);
	html_end(h, "p");
	html_end(h, "div");
	html_end(h, "div");
	html_end(h, "div");
}

static int
write_open(struct mail_view *v)
{
	const struct part	*p;
	int			 r;

	r = store_part(v->rq->viewer->store, v->m, v->open, &p);
	if (r != ERR_OK)
		return r;
	if (is_stub(p)) {
		write_stub(v, p);
		return ERR_OK;
	}
	return p->pages > 0 ? write_document(v, p) : write_plain(v, p);
}

int
mail_attachments(struct mail_view *v)
{
	struct cards	 cards = { .v = v };
	struct html	*h = v->h;
	int		 r;

	if (v->attachments == 0)
		return ERR_OK;
	html_open(h, "section", "docs");
	html_attr(h, "id", "att");
	html_attr(h, "aria-labelledby", "atth");
	html_open(h, "h2", NULL);
	html_attr(h, "id", "atth");
	html_text(h, "Attachments ");
	html_elemf(h, "span", "dim num", "%zu", v->attachments);
	html_end(h, "h2");
	html_open(h, "ul", "atts");
	r = store_parts(v->rq->viewer->store, v->m, write_card, &cards);
	html_end(h, "ul");
	if (cards.count > CARDS)
		html_elemf(h, "p", "small dim", "%zu more are named under "
		    "\"What was changed\".", cards.count - CARDS);
	if (r == ERR_OK && v->open != -1)
		r = write_open(v);
	html_end(h, "section");
	return r;
}
