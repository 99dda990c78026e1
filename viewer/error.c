/*
 * Purpose: error pages: what happened and what to do next.
 * Process: limpid-viewerd.
 * Hostile input: none is shown.
 * Must never: say whether something exists that the reader may not see.
 */
#include <stdarg.h>
#include <stdio.h>

#include "err.h"
#include "html_out.h"
#include "viewer.h"

static const struct text {
	int		 status;
	const char	*title, *what, *next;
} texts[] = {
	{ 400, "That request was not understood",
	  "The browser sent something the viewer cannot read.",
	  "Go back to the inbox and try again from there." },
	{ 403, "That is not allowed",
	  "The request came from another site, or this page was open since "
	  "before you signed in again. Nothing was changed.",
	  "Open the inbox and do it again from there." },
	{ 404, "There is nothing here",
	  "This address does not exist, or the mail is not in a box that you "
	  "may read.",
	  "Check the reference for typing errors, or go back to the inbox." },
	{ 405, "This address answers other requests only",
	  "It cannot be opened in this way. Nothing was changed.",
	  "Go back to the inbox and use the buttons there." },
	{ 413, "That is too much at once",
	  "The form was larger than the viewer accepts.",
	  "Select fewer mails, or search with fewer words." },
	{ 414, "That address is too long",
	  "The viewer accepts addresses of up to 2,000 characters.",
	  "Search with fewer words, or go back to the inbox." },
	{ 429, "Too many tries",
	  "There were several failed sign-ins for this account or from this "
	  "computer.",
	  "Wait a little, then try again. Ask your administrator when you "
	  "have forgotten the password." },
	{ 431, "The browser sent too many header lines",
	  "The viewer accepts 16 KB of them.",
	  "Delete this site's cookies in your browser and try again." },
	{ 500, "Something is wrong on our side",
	  "The viewer could not make this page. Nothing was lost.",
	  "Try again. If it happens again, give your administrator the time "
	  "and the address of this page." },
	{ 503, "The mail is not ready to be shown",
	  "The index of delivered mail is missing or is being written. No "
	  "mail is lost.",
	  "Try again in a minute. If it lasts, tell your administrator to "
	  "look at limpid-deliverd." },
};

static const struct text *
text_for(int status)
{
	size_t	 i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			return &texts[i];
	return text_for(500);
}

int
page_error(struct request *rq, int status, struct reply *out)
{
	const struct text	*t = text_for(status);
	struct html		*h;
	int			 r, in = rq != NULL && rq->session != NULL;

	if ((h = html_new(65536)) == NULL)
		return ERR_MEMORY;
	html_page(h, t->title, "gate");
	html_open(h, "main", NULL);
	html_attr(h, "id", "main");
	html_open(h, "p", "logo");
	html_icon(h, ICON_DROP, NULL);
	html_text(h, "Limpid");
	html_end(h, "p");
	html_elem(h, "h1", "f", t->title);
	html_elem(h, "p", "f", t->what);
	html_elem(h, "p", "f", t->next);
	html_open(h, "p", "f");
	html_open(h, "a", "btn");
	html_attr(h, "href", in ? "/" : "/signin");
	html_text(h, in ? "To the inbox" : "To the sign-in page");
	html_end(h, "a");
	html_end(h, "p");
	html_elemf(h, "p", "hint f", "Error %d", t->status);
	html_end(h, "main");
	html_page_end(h);
	r = reply_html(h, out);
	out->status = status;
	html_free(h);
	return r;
}
