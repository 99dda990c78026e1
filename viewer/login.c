/*
 * Purpose: the sign-in page and what happens behind it; signing out.
 * Process: limpid-viewerd.
 * Hostile input: names and passwords that anybody types.
 * Must never: say which of name and password was wrong, try a password for
 *	somebody who must wait, or write a name that does not exist to the record.
 */
#include <stdio.h>
#include <string.h>

#include "accounts.h"
#include "err.h"
#include "html_out.h"
#include "log.h"
#include "record.h"
#include "throttle.h"
#include "viewer.h"

enum trouble { TROUBLE_NONE, TROUBLE_WRONG, TROUBLE_WAIT };

static void
write_field(struct html *h, const char *id, const char *label, const char *type,
    const char *complete, const char *value, int wrong)
{
	html_open(h, "div", "f");
	html_open(h, "label", NULL);
	html_attr(h, "for", id);
	html_text(h, label);
	html_end(h, "label");
	html_open(h, "input", NULL);
	html_attr(h, "id", id);
	html_attr(h, "name", id);
	html_attr(h, "type", type);
	html_attr(h, "autocomplete", complete);
	if (value != NULL)
		html_attr(h, "value", value);
	if (wrong) {
		html_attr(h, "aria-invalid", "true");
		html_attr(h, "aria-describedby", "err");
	}
	html_flag(h, "required");
	html_end(h, "div");
}

static void
write_trouble(struct html *h, enum trouble trouble, int64_t wait_ms)
{
	if (trouble == TROUBLE_NONE)
		return;
	html_open(h, "p", "err");
	html_attr(h, "id", "err");
	html_attr(h, "role", "alert");
	html_icon(h, ICON_ALERT, NULL);
	html_open(h, "span", NULL);
	if (trouble == TROUBLE_WRONG)
		html_text(h, "Account and password do not fit together. Check "
		    "both and try again.");
	else
		html_textf(h, "Too many failed tries. Wait %lld seconds, then "
		    "try again.", (long long)(wait_ms + 999) / 1000);
	html_end(h, "span");
	html_end(h, "p");
}

/* Where to go after signing in: one of our mail pages, or nowhere special. */
static const char *
safe_next(const char *next)
{
	struct route_match	 m;

	if (next == NULL)
		return NULL;
	route_find(next, &m);
	return m.route == ROUTE_MAIL ? next : NULL;
}

static int
write_page(struct request *rq, struct reply *out, enum trouble trouble,
    int64_t wait_ms, const char *name, const char *next)
{
	struct html	*h;
	int		 r;

	if ((h = html_new(65536)) == NULL)
		return ERR_MEMORY;
	html_page(h, "Sign in", "gate");
	html_open(h, "main", NULL);
	html_attr(h, "id", "main");
	html_open(h, "p", "logo");
	html_icon(h, ICON_DROP, NULL);
	html_text(h, "Limpid");
	html_end(h, "p");
	html_elem(h, "h1", "f", "Sign in");
	html_elem(h, "p", "dim", "Mail that has been made harmless");
	html_open(h, "form", NULL);
	html_attr(h, "action", "/signin");
	html_attr(h, "method", "post");
	if (next != NULL) {
		html_open(h, "input", NULL);
		html_attr(h, "type", "hidden");
		html_attr(h, "name", "next");
		html_attr(h, "value", next);
	}
	write_field(h, "u", "Account", "text", "username", name,
	    trouble == TROUBLE_WRONG);
	write_field(h, "p", "Password", "password", "current-password", NULL,
	    trouble == TROUBLE_WRONG);
	write_trouble(h, trouble, wait_ms);
	html_open(h, "button", "pri");
	html_attr(h, "type", "submit");
	html_text(h, "Sign in");
	html_end(h, "button");
	html_end(h, "form");
	html_elemf(h, "p", "hint f", "You are signed out after %lld minutes "
	    "without use, and after %lld hours in any case. Ask your "
	    "administrator when you have forgotten your password.",
	    (long long)rq->viewer->idle_ms / 60000,
	    (long long)rq->viewer->absolute_ms / 3600000);
	html_end(h, "main");
	html_page_end(h);
	r = reply_html(h, out);
	html_free(h);
	if (trouble != TROUBLE_NONE)
		out->status = trouble == TROUBLE_WAIT ? 429 : 403;
	return r;
}

static int64_t
longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The name as the throttle knows it: in lower case, as accounts are found; names
 * that cannot be accounts share one place. */
static void
throttle_key(const char *name, char key[ACCOUNT_NAME_MAX + 1])
{
	size_t	 i;

	snprintf(key, ACCOUNT_NAME_MAX + 1, "%s",
	    account_name_ok(name) ? name : "?");
	for (i = 0; key[i] != '\0'; i++)
		if (key[i] >= 'A' && key[i] <= 'Z')
			key[i] = (char)(key[i] - 'A' + 'a');
}

static void
note_failure(struct request *rq, const char *name)
{
	struct viewer	*v = rq->viewer;

	throttle_fail(v->names, name, rq->clock_ms);
	throttle_fail(v->addresses, rq->address, rq->clock_ms);
	if (record_add(v->record, "signin.failed", "address", rq->address,
	    NULL) != ERR_OK)
		log_error("the record cannot be written");
	log_warn("event=signin.failed address=%s", log_safe(rq->address));
}

static int
let_in(struct request *rq, const struct account *who, const char *next,
    struct reply *out)
{
	struct viewer	*v = rq->viewer;
	struct session	*old = rq->session, *one;
	int		 r;

	r = record_add(v->record, "signin", "account", who->name, "address",
	    rq->address, NULL);
	if (r != ERR_OK || (r = record_sync(v->record)) != ERR_OK) {
		log_error("the record cannot be written: %s", err_text(r));
		return r;
	}
	if (old != NULL)
		session_end(v->sessions, old);
	rq->session = NULL;
	r = session_begin(v->sessions, who->id, who->epoch, rq->clock_ms,
	    out->cookie, &one);
	if (r == ERR_OK)
		reply_redirect(out, "%s", next == NULL ? "/" : next);
	return r;
}

static int
check_in(struct request *rq, struct reply *out)
{
	struct viewer	*v = rq->viewer;
	struct account	*who = NULL;
	const char	*name = request_field(rq, "u"),
			*password = request_field(rq, "p"),
			*next = safe_next(request_field(rq, "next"));
	char		 key[ACCOUNT_NAME_MAX + 1];
	int64_t		 wait;
	int		 r;

	if (name == NULL || password == NULL)
		return write_page(rq, out, TROUBLE_NONE, 0, NULL, next);
	throttle_key(name, key);
	wait = longer(throttle_wait(v->names, key, rq->clock_ms),
	    throttle_wait(v->addresses, rq->address, rq->clock_ms));
	if (wait > 0)
		return write_page(rq, out, TROUBLE_WAIT, wait, name, next);
	r = accounts_check(v->accounts, name, password, rq->now_ms, &who);
	if (r == ERR_DENIED) {
		note_failure(rq, key);
		return write_page(rq, out, TROUBLE_WRONG, 0, name, next);
	}
	if (r == ERR_OK) {
		throttle_good(v->names, key);
		r = let_in(rq, who, next, out);
	}
	account_free(who);
	return r;
}

int
page_signin(struct request *rq, struct reply *out)
{
	if (rq->post)
		return check_in(rq, out);
	if (rq->session != NULL) {
		reply_redirect(out, "/");
		return ERR_OK;
	}
	return write_page(rq, out, TROUBLE_NONE, 0, NULL,
	    safe_next(request_arg(rq, "next")));
}

int
page_signout(struct request *rq, struct reply *out)
{
	if (record_add(rq->viewer->record, "signout", "account",
	    rq->account->name, NULL) != ERR_OK)
		log_error("the record cannot be written");
	session_end(rq->viewer->sessions, rq->session);
	rq->session = NULL;
	out->forget_cookie = 1;
	reply_redirect(out, "/signin");
	return ERR_OK;
}
