/*
 * Viewer: what the pages share: the open stores, one request, one reply.
 */
#ifndef LIMPID_VIEWER_H
#define LIMPID_VIEWER_H

#include <stddef.h>
#include <stdint.h>

#include "route.h"
#include "session.h"

struct account;
struct accounts;
struct html;
struct mail;
struct record;
struct store;
struct throttle;

/* Everything that lives as long as the program. */
struct viewer {
	struct accounts	*accounts;
	struct record	*record;
	struct sessions	*sessions;
	struct store	*store;
	struct throttle	*names, *addresses;	/* failed sign-ins */
	int64_t		 idle_ms, absolute_ms;
	int		 https;
};

/* One request, checked by http.c before a page sees it. */
struct request {
	struct viewer	*viewer;
	struct route_match match;
	struct session	*session;	/* NULL: signed out */
	struct account	*account;	/* NULL: signed out */
	int		 post;
	char		 address[64];	/* of the browser */
	int64_t		 now_ms;	/* wall clock */
	int64_t		 clock_ms;	/* monotonic, for sessions */
	void		*http;		/* http.c's own */
};

/* What a page answers. Zero values: an error page. */
struct reply {
	int		 status;	/* 200 when 0 */
	const char	*type;		/* text/html when NULL */
	char		*data;		/* http.c frees it */
	size_t		 len;
	const char	*fixed;		/* instead of data: lives for ever */
	char		 location[256];	/* with status 303 */
	char		 cookie[SESSION_TOKEN_LEN + 1];	/* set it */
	int		 forget_cookie;
	int		 keep;		/* the browser may keep it */
};

/* Arguments of the address, fields of the form; NULL when absent. Borrowed. */
const char *request_arg(const struct request *rq, const char *name);
const char *request_field(const struct request *rq, const char *name);
/* The i-th field of that name; NULL behind the last. */
const char *request_field_at(const struct request *rq, const char *name,
    size_t i);
/* A number argument between least and most; otherwise what is given as def. */
int64_t request_number(const struct request *rq, const char *name, int64_t least,
    int64_t most, int64_t def);

/*
 * The pages. Each fills the reply and returns ERR_OK, or an error that http.c
 * turns into an error page: ERR_NOTFOUND 404, ERR_DENIED 403, ERR_AGAIN and a
 * missing index 503, others 500.
 */
typedef int page_fn(struct request *rq, struct reply *out);
page_fn page_list;
page_fn page_search;
page_fn page_mark;
page_fn page_mail;
page_fn page_text;
page_fn page_picture;
page_fn page_signin;
page_fn page_signout;
page_fn page_style;

/* The page for an HTTP status that is an error; works signed out, too. */
int page_error(struct request *rq, int status, struct reply *out);

/* Before a mail's content is given out: notes the reading in the record, once a
 * mail and session when again is 0. Nobody reads what cannot be recorded. */
int viewer_note_reading(struct request *rq, const struct mail *m, int again,
    const char *what);

/* Adopts the finished page as the reply. */
int reply_html(struct html *h, struct reply *out);
/* Redirects after a form. */
void reply_redirect(struct reply *out, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
