/*
 * What a worker may say, and when: one table, and a handler a frame.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: every byte; the
 * worker may have been taken over by the part it was given.
 * Must never keep a frame that a reader of the copy would refuse, nor grow beyond
 * the limits that the worker was told.
 */
#include "engine_answer.h"

#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "crypto.h"
#include "err.h"
#include "text.h"
#include "wire.h"

#define HEADER		5		/* u32 length, u8 type */
#define SMALL_FRAME	(64 * 1024 + 256)
#define NAME_MAX_BYTES	1024		/* a safe file name is made of it later */
#define KEEP_BUFFER	(1024 * 1024)	/* larger ones are given back */

struct answer {
	enum answer_step	 step;
	const struct worker_job	*limits;
	int			 dirfd;

	uint8_t			 header[HEADER];
	size_t			 header_len;
	uint8_t			*payload;
	size_t			 payload_len, payload_want, payload_room;

	uint32_t		 said;		/* bit a ONCE frame */
	uint64_t		 facts_said;
	struct copy_writer	*check;		/* says what a reader would */
	struct store		*frames, *bytes;
	struct answer_child	*children, *child;
	struct answer_child	**children_end;
	struct hash		*child_hash;
	size_t			 child_count;
	uint64_t		 text_bytes, pixels;
	uint32_t		 pages;
	enum kind		 kind;
	char			*format;
	struct answer_done	 done;
	const char		*fault;
};

static int
deviate(struct answer *a, const char *what)
{
	a->fault = what;
	return ERR_FORMAT;
}

static int
forget(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return ERR_OK;
}

/* A copy that nobody reads, standing inside its first part: it refuses exactly
 * what a reader would refuse. */
static int
start_check(struct answer *a)
{
	char			 none[] = "", zero[] = "0";
	struct copy_mail	 m = { .sender = none, .client = none,
				    .tls = none, .auth = none,
				    .policy = none };
	struct copy_part	 p = { .id = 1, .path = zero, .name = none,
				    .declared = none };

	if ((a->check = copy_writer_new(forget, NULL)) == NULL)
		return ERR_MEMORY;
	if (copy_write_mail(a->check, &m) != ERR_OK ||
	    copy_write_part(a->check, &p) != ERR_OK)
		panic("an empty part does not pass its own check");
	return ERR_OK;
}

struct answer *
answer_new(enum answer_step step, const struct worker_job *limits, int dirfd)
{
	struct answer	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->step = step;
	a->limits = limits;
	a->dirfd = dirfd;
	a->children_end = &a->children;
	if (start_check(a) != ERR_OK ||
	    (a->frames = store_new(dirfd)) == NULL) {
		answer_free(a);
		return NULL;
	}
	return a;
}

void
answer_child_free(struct answer_child *c)
{
	if (c == NULL)
		return;
	free(c->path);
	free(c->name);
	free(c->declared);
	free(c->charset);
	free(c->note);
	free(c);
}

void
answer_free(struct answer *a)
{
	struct answer_child	*c;

	if (a == NULL)
		return;
	while ((c = a->children) != NULL) {
		a->children = c->next;
		answer_child_free(c);
	}
	hash_free(a->child_hash);
	copy_writer_free(a->check);
	store_free(a->frames);
	store_free(a->bytes);
	free(a->payload);
	free(a->format);
	free(a->done.engine);
	free(a->done.note);
	free(a);
}

/* Keeps the frame as it came, for the one who writes the copy. */
static int
keep(struct answer *a)
{
	int	r;

	if ((r = store_append(a->frames, a->header, HEADER)) != ERR_OK)
		return r;
	return store_append(a->frames, a->payload, a->payload_len);
}

int
answer_get_fact(struct wire *w, enum fact *f, char **value)
{
	uint16_t	n;
	char		*s = NULL;
	int		 r;

	if ((r = wire_get_u16(w, &n)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &s)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(s);
		return r;
	}
	if (n == FACT_NONE || n >= FACT_MAX) {
		free(s);
		return ERR_FORMAT;
	}
	*f = (enum fact)n;
	*value = s;
	return ERR_OK;
}

static int
on_fact(struct answer *a, struct wire *w)
{
	enum fact	 f;
	char		*value = NULL;
	int		 r;

	if ((r = answer_get_fact(w, &f, &value)) != ERR_OK)
		return r == ERR_MEMORY ? r : deviate(a, "malformed fact");
	r = copy_write_fact(a->check, f, value);
	free(value);
	if (r != ERR_OK)
		return deviate(a, "fact that no copy may hold");
	a->facts_said |= UINT64_C(1) << f;
	return keep(a);
}

int
answer_get_text(struct wire *w, uint32_t *page, char **text)
{
	char	*s = NULL;
	int	 r;

	if ((r = wire_get_u32(w, page)) != ERR_OK ||
	    (r = wire_get_text(w, WORKER_TEXT_MAX, &s)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(s);
		return r;
	}
	*text = s;
	return ERR_OK;
}

static int
on_text(struct answer *a, struct wire *w)
{
	uint32_t	 page;
	size_t		 len;
	char		*text = NULL;
	int		 r;

	if ((r = answer_get_text(w, &page, &text)) != ERR_OK)
		return r == ERR_MEMORY ? r : deviate(a, "malformed text");
	len = strlen(text);
	a->text_bytes += len;
	r = copy_write_text(a->check, page, text, len);
	free(text);
	if (r != ERR_OK)
		return deviate(a, "text that no copy may hold");
	if (!a->limits->want_text)
		return deviate(a, "text that nobody asked for");
	if (a->text_bytes > a->limits->max_text)
		return deviate(a, "more text than the limit");
	return keep(a);
}

int
answer_get_page(struct wire *w, struct copy_page *page)
{
	struct copy_page	p = { 0 };
	int			r;

	if ((r = wire_get_u32(w, &p.index)) != ERR_OK ||
	    (r = wire_get_u32(w, &p.width)) != ERR_OK ||
	    (r = wire_get_u32(w, &p.height)) != ERR_OK ||
	    (r = wire_get_u8(w, &p.channels)) != ERR_OK ||
	    (r = wire_get_u16(w, &p.dpi)) != ERR_OK ||
	    (r = wire_get_data(w, &p.frame, &p.frame_len)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r;
	*page = p;
	return ERR_OK;
}

static int
on_page(struct answer *a, struct wire *w)
{
	struct copy_page	p;
	uint64_t		pixels;

	if (answer_get_page(w, &p) != ERR_OK)
		return deviate(a, "malformed page");
	if (copy_write_page(a->check, &p) != ERR_OK)
		return deviate(a, "page that no copy may hold");
	pixels = (uint64_t)p.width * p.height;
	if (!a->limits->want_pages)
		return deviate(a, "page that nobody asked for");
	if (++a->pages > a->limits->max_pages)
		return deviate(a, "more pages than the limit");
	if (pixels > a->limits->max_page_pixels ||
	    pixels > a->limits->max_pixels - a->pixels)
		return deviate(a, "more pixels than the limit");
	a->pixels += pixels;
	return keep(a);
}

/* The child's bytes are complete: its hash is known. */
static int
end_child(struct answer *a)
{
	struct hash	*h = a->child_hash;

	if (a->child == NULL)
		return ERR_OK;
	a->child_hash = NULL;
	return hash_final(h, a->child->sha256);
}

static int
is_line(const char *s)
{
	return s[0] == '\0' || text_check(s, strlen(s), TEXT_LINE) == ERR_OK;
}

static int
is_path(const char *s)
{
	if (*s < '0' || *s > '9')
		return 0;
	for (; *s != '\0'; s++)
		if (*s == '.' ? s[1] < '0' || s[1] > '9' :
		    *s < '0' || *s > '9')
			return 0;
	return 1;
}

static int
get_child(struct wire *w, struct answer_child *c)
{
	uint8_t	 role, hint;
	char	*content_id = NULL;
	int	 r;

	if ((r = wire_get_u8(w, &role)) != ERR_OK ||
	    (r = wire_get_u8(w, &hint)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &c->path)) != ERR_OK ||
	    (r = wire_get_text(w, NAME_MAX_BYTES, &c->name)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &c->declared)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &c->charset)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &content_id)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		goto out;
	r = ERR_FORMAT;
	if (role > ROLE_RENDERING || hint >= KIND_MAX || !is_path(c->path) ||
	    !is_line(c->name) || !is_line(c->declared) ||
	    !is_line(c->charset))
		goto out;
	c->role = (enum worker_role)role;
	c->hint = (enum kind)hint;
	r = ERR_OK;
 out:
	free(content_id);
	return r;
}

static int
on_child(struct answer *a, struct wire *w)
{
	struct answer_child	*c;
	int			 r;

	if (a->child_count >= a->limits->max_children)
		return deviate(a, "more children than the limit");
	if ((r = end_child(a)) != ERR_OK)
		return r;
	a->child = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return ERR_MEMORY;
	if ((r = get_child(w, c)) != ERR_OK) {
		answer_child_free(c);
		return r == ERR_MEMORY ? r : deviate(a, "malformed child");
	}
	c->offset = a->bytes != NULL ? store_len(a->bytes) : 0;
	if ((c->role == ROLE_RENDERING) != (a->step == ANSWER_CONVERT) ||
	    (a->step == ANSWER_CONVERT && a->child_count > 0)) {
		answer_child_free(c);
		return deviate(a, "child that does not fit its step");
	}
	*a->children_end = c;
	a->children_end = &c->next;
	a->child = c;
	a->child_count++;
	return (a->child_hash = hash_new()) != NULL ? ERR_OK : ERR_MEMORY;
}

static int
on_child_data(struct answer *a, struct wire *w)
{
	const uint8_t	*data = wire_data(w);
	size_t		 len = wire_len(w);
	int		 r;

	if (a->child == NULL || a->child->lost != REASON_COMPLETE)
		return deviate(a, "bytes of no child");
	if (a->bytes == NULL && (a->bytes = store_new(a->dirfd)) == NULL)
		return ERR_MEMORY;
	if (len > a->limits->max_child_bytes - store_len(a->bytes))
		return deviate(a, "more bytes of children than the limit");
	if ((r = hash_update(a->child_hash, data, len)) != ERR_OK ||
	    (r = store_append(a->bytes, data, len)) != ERR_OK)
		return r;
	a->child->len += len;
	return ERR_OK;
}

static int
on_child_stub(struct answer *a, struct wire *w)
{
	uint8_t	 reason;
	char	*note = NULL;
	int	 r;

	if (a->child == NULL || a->child->lost != REASON_COMPLETE)
		return deviate(a, "loss of no child");
	if ((r = wire_get_u8(w, &reason)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &note)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(note);
		return r == ERR_MEMORY ? r : deviate(a, "malformed loss");
	}
	a->child->note = note;
	if (reason == REASON_COMPLETE || reason >= REASON_MAX ||
	    !is_line(note))
		return deviate(a, "loss without a reason");
	a->child->lost = (enum reason)reason;
	return ERR_OK;
}

static int
on_identified(struct answer *a, struct wire *w)
{
	uint8_t	 kind;
	char	*format = NULL;
	int	 r;

	if ((r = wire_get_u8(w, &kind)) != ERR_OK ||
	    (r = wire_get_text(w, 63, &format)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(format);
		return r == ERR_MEMORY ? r : deviate(a, "malformed kind");
	}
	if (kind >= KIND_MAX || !is_line(format)) {
		free(format);
		return deviate(a, "kind that does not exist");
	}
	a->kind = (enum kind)kind;
	a->format = format;
	return ERR_OK;
}

/* The outcome must be one that this step can have, and fit what was sent. */
static int
done_fits(const struct answer *a, const struct answer_done *d)
{
	if (a->step == ANSWER_IDENTIFY && a->format != NULL)
		return 1;	/* it has an opinion; its outcome is none */
	if (d->outcome == OUTCOME_STUB)
		return d->reason != REASON_COMPLETE;
	if (a->step == ANSWER_UNPACK)
		return d->outcome == OUTCOME_CONTAINER;
	if (a->step == ANSWER_IDENTIFY)
		return 0;
	if (a->step == ANSWER_CONVERT)
		return d->outcome == OUTCOME_CONTAINER ? a->child_count == 1 :
		    d->outcome == OUTCOME_TEXT && a->child_count == 0;
	if (d->outcome == OUTCOME_IMAGES)
		return a->pages > 0 && d->pages == a->pages &&
		    (d->pages_total == 0 || d->pages_total >= d->pages);
	return d->outcome != OUTCOME_CONTAINER && a->pages == 0;
}

static int
on_done(struct answer *a, struct wire *w)
{
	struct answer_done	*d = &a->done;
	uint8_t			 outcome, reason;
	int			 r;

	if ((r = wire_get_u8(w, &outcome)) != ERR_OK ||
	    (r = wire_get_u8(w, &reason)) != ERR_OK ||
	    (r = wire_get_u32(w, &d->pages)) != ERR_OK ||
	    (r = wire_get_u32(w, &d->pages_total)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &d->engine)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &d->note)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r == ERR_MEMORY ? r : deviate(a, "malformed end");
	if (outcome >= OUTCOME_MAX || reason >= REASON_MAX ||
	    !is_line(d->engine) || !is_line(d->note))
		return deviate(a, "outcome that does not exist");
	d->outcome = (enum outcome)outcome;
	d->reason = (enum reason)reason;
	if (!done_fits(a, d))
		return deviate(a, "outcome that does not fit what was sent");
	if ((r = end_child(a)) != ERR_OK)
		return r;
	a->child = NULL;
	a->step = ANSWER_OVER;
	return ERR_OK;
}

#define ONCE	1

static const struct rule {
	uint8_t		 type;
	unsigned	 steps;
	unsigned	 flags;
	size_t		 max;		/* bytes of payload */
	int		 (*take)(struct answer *a, struct wire *w);
} from_worker[] = {
	{ WORKER_FACT, ANSWER_IDENTIFY | ANSWER_UNPACK | ANSWER_DRAW |
	    ANSWER_CONVERT, 0, SMALL_FRAME, on_fact },
	{ WORKER_TEXT, ANSWER_DRAW | ANSWER_CONVERT, 0, SMALL_FRAME, on_text },
	{ WORKER_PAGE, ANSWER_DRAW, 0, WORKER_FRAME_MAX, on_page },
	{ WORKER_CHILD, ANSWER_UNPACK | ANSWER_CONVERT, 0, SMALL_FRAME,
	    on_child },
	{ WORKER_CHILD_DATA, ANSWER_UNPACK | ANSWER_CONVERT, 0,
	    WORKER_DATA_MAX, on_child_data },
	{ WORKER_CHILD_STUB, ANSWER_UNPACK, 0, SMALL_FRAME, on_child_stub },
	{ WORKER_IDENTIFIED, ANSWER_IDENTIFY, ONCE, SMALL_FRAME,
	    on_identified },
	{ WORKER_DONE, ANSWER_IDENTIFY | ANSWER_UNPACK | ANSWER_DRAW |
	    ANSWER_CONVERT, ONCE, SMALL_FRAME, on_done },
};

static const struct rule *
find_rule(uint8_t type)
{
	for (size_t i = 0; i < sizeof(from_worker) / sizeof(from_worker[0]);
	    i++)
		if (from_worker[i].type == type)
			return &from_worker[i];
	return NULL;
}

/* The header is whole: may such a frame come now, and how long may it be? */
static int
begin_frame(struct answer *a)
{
	const struct rule	*rule = find_rule(a->header[4]);
	uint64_t		 most;

	if (rule == NULL)
		return deviate(a, "unknown frame");
	if ((rule->steps & a->step) == 0)
		return deviate(a, "frame out of its step");
	if ((rule->flags & ONCE) && (a->said & (1u << rule->type)))
		return deviate(a, "frame for the second time");
	a->said |= 1u << rule->type;
	a->payload_want = (size_t)a->header[0] | (size_t)a->header[1] << 8 |
	    (size_t)a->header[2] << 16 | (size_t)a->header[3] << 24;
	most = rule->max;
	/* zstd never makes more of samples than a little beyond their size */
	if (rule->type == WORKER_PAGE &&
	    most > (uint64_t)a->limits->max_page_pixels * 3 * 129 / 128 + 2048)
		most = (uint64_t)a->limits->max_page_pixels * 3 * 129 / 128 +
		    2048;
	if (a->payload_want > most)
		return deviate(a, "frame too long");
	a->payload_len = 0;
	return ERR_OK;
}

static int
end_frame(struct answer *a)
{
	const struct rule	*rule = find_rule(a->header[4]);
	struct wire		*w;
	int			 r;

	if ((w = wire_new_over(a->payload, a->payload_len)) == NULL)
		return ERR_MEMORY;
	r = rule->take(a, w);
	wire_free(w);
	a->header_len = 0;
	if (a->payload_room > KEEP_BUFFER) {
		free(a->payload);
		a->payload = NULL;
		a->payload_room = 0;
	}
	return r;
}

/* Room grows with the bytes that came, not with the length that was claimed. */
static int
take_payload(struct answer *a, const uint8_t *data, size_t len)
{
	size_t	 room = a->payload_room != 0 ? a->payload_room : 4096;
	uint8_t	*p;

	while (room < a->payload_len + len)
		room *= 2;
	if (room != a->payload_room) {
		if ((p = realloc(a->payload, room)) == NULL)
			return ERR_MEMORY;
		a->payload = p;
		a->payload_room = room;
	}
	memcpy(a->payload + a->payload_len, data, len);
	a->payload_len += len;
	return ERR_OK;
}

int
answer_feed(struct answer *a, const uint8_t *data, size_t len)
{
	size_t	n;
	int	r;

	if (a->fault != NULL)
		return ERR_FORMAT;
	while (len > 0) {
		if (a->step == ANSWER_OVER)
			return deviate(a, "more after its end");
		if (a->header_len < HEADER) {
			n = HEADER - a->header_len;
			n = n < len ? n : len;
			memcpy(a->header + a->header_len, data, n);
			a->header_len += n;
			if (a->header_len == HEADER &&
			    (r = begin_frame(a)) != ERR_OK)
				return r;
		} else {
			n = a->payload_want - a->payload_len;
			n = n < len ? n : len;
			if ((r = take_payload(a, data, n)) != ERR_OK)
				return r;
		}
		data += n;
		len -= n;
		if (a->header_len == HEADER &&
		    a->payload_len == a->payload_want &&
		    (r = end_frame(a)) != ERR_OK)
			return r;
	}
	return ERR_OK;
}

const char *
answer_fault(const struct answer *a)
{
	if (a->fault != NULL)
		return a->fault;
	return a->step == ANSWER_OVER ? "" : "ended early";
}

const struct answer_done *
answer_done(const struct answer *a)
{
	return a->fault == NULL && a->step == ANSWER_OVER ? &a->done : NULL;
}

int
answer_identified(const struct answer *a, enum kind *kind,
    const char **format)
{
	if (a->format == NULL)
		return 0;
	*kind = a->kind;
	*format = a->format;
	return 1;
}

int
answer_has_fact(const struct answer *a, enum fact f)
{
	return (a->facts_said & (UINT64_C(1) << f)) != 0;
}

int
answer_has_text(const struct answer *a)
{
	return a->text_bytes > 0;
}

uint64_t
answer_pixels(const struct answer *a)
{
	return a->pixels;
}

size_t
answer_child_count(const struct answer *a)
{
	return a->child_count;
}

struct store *
answer_take_frames(struct answer *a)
{
	struct store	*s = a->frames;

	a->frames = NULL;
	return s;
}

struct store *
answer_take_bytes(struct answer *a)
{
	struct store	*s = a->bytes;

	a->bytes = NULL;
	return s;
}

struct answer_child *
answer_take_children(struct answer *a)
{
	struct answer_child	*c = a->children;

	a->children = NULL;
	a->children_end = &a->children;
	return c;
}
