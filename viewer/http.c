/*
 * Purpose: takes requests from libmicrohttpd, checks them, answers them.
 * Process: limpid-viewerd.
 * Hostile input: everything a browser sends: address, headers, cookies, forms.
 * Must never: answer without the headers below, change anything for a request
 *	that another site began, or call a page that the session may not see.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "err.h"
#include "html_out.h"
#include "http.h"
#include "log.h"
#include "proc.h"
#include "store.h"
#include "viewer.h"

#define COOKIE		"__Host-limpid"
#define URI_MAX		2000
#define HEADERS_MAX	((size_t)16 * 1024)
#define FORM_MAX	((size_t)32 * 1024)
#define FIELDS_MAX	128
#define FIELD_MAX	2048

struct http {
	struct MHD_Daemon	*daemon;
	struct viewer		*viewer;
};

struct field {
	char	*name, *value;
	size_t	 len;
};

/* One request from its first byte to its last. */
struct exchange {
	size_t			 uri_len;
	int			 begun;
	struct MHD_Connection	*connection;
	struct MHD_PostProcessor *post;
	size_t			 received;
	int			 too_much;
	struct field		 fields[FIELDS_MAX];
	size_t			 field_count;
};

static const char csp[] = "default-src 'none'; img-src 'self'; "
    "style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; sandbox allow-forms allow-same-origin";

/* On every answer. */
static const char *const headers[][2] = {
	{ "Content-Security-Policy", csp },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "accelerometer=(), ambient-light-sensor=(), "
	    "autoplay=(), battery=(), bluetooth=(), camera=(), "
	    "clipboard-read=(), clipboard-write=(), display-capture=(), "
	    "encrypted-media=(), fullscreen=(), gamepad=(), geolocation=(), "
	    "gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
	    "magnetometer=(), microphone=(), midi=(), payment=(), "
	    "picture-in-picture=(), publickey-credentials-get=(), "
	    "screen-wake-lock=(), serial=(), usb=(), web-share=(), "
	    "xr-spatial-tracking=()" },
	{ "Vary", "Cookie, Sec-Fetch-Site" },
};

static page_fn *const pages[ROUTE_MAX] = {
	[ROUTE_LIST] = page_list,
	[ROUTE_MAIL] = page_mail,
	[ROUTE_PICTURE] = page_picture,
	[ROUTE_TEXT] = page_text,
	[ROUTE_SEARCH] = page_search,
	[ROUTE_MARK] = page_mark,
	[ROUTE_SIGNIN] = page_signin,
	[ROUTE_SIGNOUT] = page_signout,
	[ROUTE_STYLE] = page_style,
};

const char *
request_arg(const struct request *rq, const char *name)
{
	const struct exchange	*x = rq->http;

	return MHD_lookup_connection_value(x->connection,
	    MHD_GET_ARGUMENT_KIND, name);
}

const char *
request_field_at(const struct request *rq, const char *name, size_t n)
{
	const struct exchange	*x = rq->http;
	size_t			 i;

	for (i = 0; i < x->field_count; i++)
		if (strcmp(x->fields[i].name, name) == 0 && n-- == 0)
			return x->fields[i].value;
	return NULL;
}

const char *
request_field(const struct request *rq, const char *name)
{
	return request_field_at(rq, name, 0);
}

int64_t
request_number(const struct request *rq, const char *name, int64_t least,
    int64_t most, int64_t def)
{
	const char	*s = request_arg(rq, name);
	char		*end;
	long long	 v;

	if (s == NULL || *s < '0' || *s > '9' || strlen(s) > 15)
		return def;
	v = strtoll(s, &end, 10);
	return *end != '\0' || v < least || v > most ? def : (int64_t)v;
}

int
reply_html(struct html *h, struct reply *out)
{
	return html_take(h, &out->data, &out->len);
}

void
reply_redirect(struct reply *out, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(out->location, sizeof(out->location), fmt, ap);
	va_end(ap);
	out->status = 303;
}

static void *
take_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct exchange	*x;

	(void)cls;
	if ((x = calloc(1, sizeof(*x))) == NULL)
		return NULL;
	x->uri_len = strlen(uri);
	x->connection = connection;
	return x;
}

static void
end_exchange(void *cls, struct MHD_Connection *connection, void **state,
    enum MHD_RequestTerminationCode why)
{
	struct exchange	*x = *state;
	size_t		 i;

	(void)cls;
	(void)connection;
	(void)why;
	if (x == NULL)
		return;
	if (x->post != NULL)
		MHD_destroy_post_processor(x->post);
	for (i = 0; i < x->field_count; i++) {
		free(x->fields[i].name);
		explicit_bzero(x->fields[i].value, x->fields[i].len);
		free(x->fields[i].value);
	}
	free(x);
	*state = NULL;
}

static int
new_field(struct exchange *x, const char *name)
{
	struct field	*f = &x->fields[x->field_count];

	f->name = strdup(name);
	f->value = calloc(1, FIELD_MAX + 1);
	f->len = 0;
	if (f->name == NULL || f->value == NULL) {
		free(f->name);
		free(f->value);
		return 0;
	}
	x->field_count++;
	return 1;
}

/* A piece of a form's field; off tells whether it is a new one. */
static enum MHD_Result
take_field(void *cls, enum MHD_ValueKind kind, const char *name,
    const char *file, const char *type, const char *coding, const char *data,
    uint64_t off, size_t size)
{
	struct exchange	*x = cls;
	struct field	*f;

	(void)kind;
	(void)type;
	(void)coding;
	if (name == NULL || file != NULL || strlen(name) > 32 ||
	    (off == 0 && x->field_count == FIELDS_MAX) ||
	    (off == 0 && !new_field(x, name)) || x->field_count == 0) {
		x->too_much = 1;
		return MHD_NO;
	}
	f = &x->fields[x->field_count - 1];
	if (size > FIELD_MAX - f->len) {
		x->too_much = 1;
		return MHD_NO;
	}
	memcpy(f->value + f->len, data, size);
	f->len += size;
	return MHD_YES;
}

struct header_sum { size_t bytes; };

static enum MHD_Result
sum_header(void *cls, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	struct header_sum	*sum = cls;

	(void)kind;
	sum->bytes += strlen(name) + (value == NULL ? 0 : strlen(value)) + 4;
	return MHD_YES;
}

static const char *
header(const struct exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND,
	    name);
}

/*
 * The resource isolation rule: what another site began may only be a plain
 * look at a page in its own window. Browsers too old to say where a request
 * began still name the origin of a form.
 */
static int
is_foreign(const struct exchange *x, int post)
{
	const char	*site = header(x, "Sec-Fetch-Site"),
			*mode = header(x, "Sec-Fetch-Mode"),
			*dest = header(x, "Sec-Fetch-Dest"),
			*origin = header(x, "Origin"),
			*host = header(x, "Host"), *p;

	if (site != NULL) {
		if (strcmp(site, "same-origin") == 0 ||
		    strcmp(site, "none") == 0)
			return 0;
		return post || mode == NULL || strcmp(mode, "navigate") != 0 ||
		    dest == NULL || strcmp(dest, "document") != 0;
	}
	if (!post || origin == NULL || strcmp(origin, "null") == 0)
		return 0;
	p = strstr(origin, "://");
	return p == NULL || host == NULL || strcmp(p + 3, host) != 0;
}

/* What is wrong with the request before any page is asked: a status, or 0. */
static int
check_request(const struct exchange *x, const char *method,
    const struct request *rq)
{
	struct header_sum	 sum = { 0 };

	MHD_get_connection_values(x->connection, MHD_HEADER_KIND, sum_header,
	    &sum);
	if (x->uri_len > URI_MAX)
		return 414;
	if (sum.bytes > HEADERS_MAX)
		return 431;
	if (x->too_much)
		return 413;
	if (is_foreign(x, rq->post))
		return 403;
	if (rq->match.route == ROUTE_NONE)
		return 404;
	if (rq->post ? !rq->match.post : !rq->match.get ||
	    (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
		return 405;
	if (rq->post && x->post == NULL)
		return 400;
	return 0;
}

/* Finds who this is; a session ends when its account was changed. */
static void
find_session(struct request *rq, const struct exchange *x)
{
	struct viewer	*v = rq->viewer;
	const char	*cookie = MHD_lookup_connection_value(x->connection,
			    MHD_COOKIE_KIND, COOKIE);

	rq->session = session_find(v->sessions, cookie, rq->clock_ms);
	if (rq->session == NULL)
		return;
	if (accounts_load(v->accounts, rq->session->account, &rq->account) ==
	    ERR_OK && !rq->account->disabled &&
	    rq->account->epoch == rq->session->epoch)
		return;
	session_end(v->sessions, rq->session);
	rq->session = NULL;
	account_free(rq->account);
	rq->account = NULL;
}

static void
read_address(struct request *rq, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo	*info;
	const struct sockaddr		*sa;

	snprintf(rq->address, sizeof(rq->address), "unknown");
	info = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (info == NULL || (sa = info->client_addr) == NULL)
		return;
	if (sa->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)
		    (const void *)sa)->sin_addr, rq->address,
		    sizeof(rq->address));
	else if (sa->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)
		    (const void *)sa)->sin6_addr, rq->address,
		    sizeof(rq->address));
}

static int
ask_to_sign_in(struct request *rq, struct reply *out)
{
	char	*next = NULL;

	if (rq->match.route == ROUTE_MAIL &&
	    asprintf(&next, "/mail/%s", rq->match.ref) == -1)
		next = NULL;
	reply_redirect(out, "/signin%s%s", next == NULL ? "" : "?next=",
	    next == NULL ? "" : next);
	free(next);
	return ERR_OK;
}

/* The page itself, when the reader may have it. */
static int
run_page(struct request *rq, struct reply *out)
{
	int	 r;

	if (!rq->match.open && rq->session == NULL)
		return ask_to_sign_in(rq, out);
	if (rq->post && !rq->match.open && !session_token_ok(rq->session,
	    request_field(rq, "token")))
		return ERR_DENIED;
	if (!rq->match.open && rq->match.route != ROUTE_SIGNOUT &&
	    (r = store_reader(rq->viewer->store, rq->account)) != ERR_OK) {
		log_warn("the index cannot be read: %s", err_text(r));
		return ERR_AGAIN;
	}
	return pages[rq->match.route](rq, out);
}

static int
status_of(int r)
{
	return r == ERR_NOTFOUND ? 404 : r == ERR_DENIED ? 403 :
	    r == ERR_AGAIN ? 503 : 500;
}

static void
make_reply(struct request *rq, struct exchange *x, const char *method,
    struct reply *out)
{
	int	 status, r;

	if ((status = check_request(x, method, rq)) == 0) {
		if ((r = run_page(rq, out)) == ERR_OK)
			return;
		status = status_of(r);
		if (status == 500)
			log_error("route=%d: %s", (int)rq->match.route,
			    err_text(r));
	}
	free(out->data);
	memset(out, 0, sizeof(*out));
	if (page_error(rq, status, out) != ERR_OK) {
		out->fixed = "";
		out->len = 0;
	}
	out->status = status;
}

static void
add_header(struct MHD_Response *resp, const char *name, const char *value)
{
	if (MHD_add_response_header(resp, name, value) != MHD_YES)
		panic("header refused");
}

static void
add_headers(struct MHD_Response *resp, const struct reply *out, int post)
{
	char	 cookie[160];
	size_t	 i;

	for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		add_header(resp, headers[i][0], headers[i][1]);
	add_header(resp, "Cache-Control", out->keep ?
	    "private, max-age=3600" : "no-store");
	add_header(resp, "Content-Type", out->type != NULL ? out->type :
	    "text/html; charset=utf-8");
	if (out->location[0] != '\0')
		add_header(resp, "Location", out->location);
	if (out->status == 405)
		add_header(resp, "Allow", post ? "GET, HEAD" : "POST");
	if (out->cookie[0] == '\0' && !out->forget_cookie)
		return;
	snprintf(cookie, sizeof(cookie), COOKIE "=%s; Path=/; Secure; "
	    "HttpOnly; SameSite=Strict%s", out->cookie,
	    out->forget_cookie ? "; Max-Age=0" : "");
	add_header(resp, "Set-Cookie", cookie);
	explicit_bzero(cookie, sizeof(cookie));
}

static enum MHD_Result
send_reply(struct MHD_Connection *connection, struct reply *out, int post)
{
	struct MHD_Response	*resp;
	enum MHD_Result		 r;

	if (out->fixed != NULL)
		resp = MHD_create_response_from_buffer(out->len,
		    (void *)(uintptr_t)out->fixed, MHD_RESPMEM_PERSISTENT);
	else
		resp = MHD_create_response_from_buffer(out->len, out->data,
		    MHD_RESPMEM_MUST_FREE);
	if (resp == NULL) {
		free(out->data);
		return MHD_NO;
	}
	add_headers(resp, out, post);
	r = MHD_queue_response(connection, out->status == 0 ? 200u :
	    (unsigned)out->status, resp);
	MHD_destroy_response(resp);
	return r;
}

static enum MHD_Result
answer(struct http *h, struct exchange *x, const char *url, const char *method)
{
	struct request	 rq = { .viewer = h->viewer, .http = x };
	struct reply	 out = { 0 };

	rq.now_ms = proc_wall_ms();
	rq.clock_ms = proc_now_ms();
	rq.post = strcmp(method, "POST") == 0;
	route_find(url, &rq.match);
	read_address(&rq, x->connection);
	find_session(&rq, x);
	make_reply(&rq, x, method, &out);
	account_free(rq.account);
	return send_reply(x->connection, &out, rq.post);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data, size_t *size,
    void **state)
{
	struct http	*h = cls;
	struct exchange	*x = *state;

	(void)version;
	if (x == NULL)
		return MHD_NO;
	if (!x->begun) {
		x->begun = 1;
		if (strcmp(method, "POST") == 0)
			x->post = MHD_create_post_processor(connection, 4096,
			    take_field, x);
		return MHD_YES;
	}
	if (*size == 0)
		return answer(h, x, url, method);
	x->received += *size;
	if (x->received > FORM_MAX)
		x->too_much = 1;
	if (x->received > 4 * FORM_MAX)
		return MHD_NO;
	if (!x->too_much && x->post != NULL &&
	    MHD_post_process(x->post, data, *size) != MHD_YES)
		x->too_much = 1;
	*size = 0;
	return MHD_YES;
}

static void
take_log(void *cls, const char *fmt, va_list ap)
{
	char	 line[256];

	(void)cls;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	log_debug("http: %s", log_safe(line));
}

struct http *
http_start(struct viewer *viewer, int fd, const char *cert, const char *key)
{
	struct MHD_OptionItem	 tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)
		    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
		{ MHD_OPTION_END, 0, NULL }
	};
	struct http		*h;
	unsigned		 flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	if (cert == NULL)
		tls[0].option = MHD_OPTION_END;
	else
		flags |= MHD_USE_TLS;
	h->viewer = viewer;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_EXTERNAL_LOGGER, take_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_URI_LOG_CALLBACK, take_uri, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
	    MHD_OPTION_CONNECTION_LIMIT, 200u,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT, 60u,
	    MHD_OPTION_CONNECTION_TIMEOUT, 30u,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)128 * 1024,
	    MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (h->daemon == NULL) {
		free(h);
		return NULL;
	}
	return h;
}

void
http_stop(struct http *h)
{
	if (h == NULL)
		return;
	MHD_stop_daemon(h->daemon);
	free(h);
}

int
http_fd(const struct http *h)
{
	return MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->
	    epoll_fd;
}

int
http_wait_ms(const struct http *h)
{
	MHD_UNSIGNED_LONG_LONG	 ms;

	if (MHD_get_timeout(h->daemon, &ms) != MHD_YES)
		return -1;
	return ms > 60000 ? 60000 : (int)ms;
}

void
http_run(struct http *h)
{
	MHD_run(h->daemon);
}
