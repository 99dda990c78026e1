/*
 * What a worker may say, and when: one table, and the framing before it. Runs
 * in limpid-sanitizerd and limpid-clean. Hostile input: every byte; the worker
 * may have been taken over by the part it was given. Must never keep a frame
 * that a reader of the copy would refuse, nor grow beyond the limits that the
 * worker was told.
 */
#include "engine_answer_private.h"

#include <stdlib.h>
#include <string.h>

#include "copy.h"
#include "crypto.h"
#include "err.h"
#include "wire.h"

#define SMALL_FRAME	(64 * 1024 + 256)
#define KEEP_BUFFER	(1024 * 1024)	/* larger ones are given back */

int
answer_deviate(struct answer *a, const char *what)
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
	a->unlocked = -1;
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
	free(c->format);
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
	while (a->word_count > 0)
		free(a->words[--a->word_count]);
	hash_free(a->child_hash);
	copy_writer_free(a->check);
	store_free(a->frames);
	store_free(a->bytes);
	free(a->payload);
	free(a->format);
	free(a->malware);
	free(a->done.engine);
	free(a->done.note);
	free(a);
}

#define ONCE	1		/* for each child, where it is about children */

static const struct rule {
	uint8_t		 type;
	unsigned	 steps;
	unsigned	 flags;
	size_t		 max;		/* bytes of payload */
	int		 (*take)(struct answer *a, struct wire *w);
} from_worker[] = {
	{ WORKER_FACT, ANSWER_IDENTIFY | ANSWER_UNPACK | ANSWER_DRAW |
	    ANSWER_CONVERT | ANSWER_DOCUMENT | ANSWER_SCAN | ANSWER_READ, 0,
	    SMALL_FRAME, answer_on_fact },
	{ WORKER_TEXT, ANSWER_DRAW | ANSWER_CONVERT | ANSWER_DOCUMENT |
	    ANSWER_READ, 0, SMALL_FRAME, answer_on_text },
	{ WORKER_PAGE, ANSWER_DRAW | ANSWER_DOCUMENT, 0, WORKER_FRAME_MAX,
	    answer_on_page },
	{ WORKER_PAGES_TOTAL, ANSWER_DRAW | ANSWER_DOCUMENT, ONCE, SMALL_FRAME,
	    answer_on_pages_total },
	{ WORKER_LEGIBLE, ANSWER_DOCUMENT, 0, SMALL_FRAME, answer_on_legible },
	{ WORKER_CHILD, ANSWER_UNPACK | ANSWER_CONVERT | ANSWER_DOCUMENT, 0,
	    SMALL_FRAME, answer_on_child },
	{ WORKER_CHILD_DATA, ANSWER_UNPACK | ANSWER_CONVERT | ANSWER_DOCUMENT,
	    0, WORKER_DATA_MAX, answer_on_child_data },
	{ WORKER_CHILD_STUB, ANSWER_UNPACK | ANSWER_DOCUMENT, 0, SMALL_FRAME,
	    answer_on_child_stub },
	{ WORKER_WORD, ANSWER_UNPACK | ANSWER_DRAW | ANSWER_DOCUMENT |
	    ANSWER_CONVERT, 0, SMALL_FRAME, answer_on_word },
	{ WORKER_UNLOCKED, ANSWER_UNPACK | ANSWER_DOCUMENT | ANSWER_CONVERT,
	    ONCE, SMALL_FRAME, answer_on_unlocked },
	{ WORKER_IDENTIFIED, ANSWER_IDENTIFY | ANSWER_UNPACK, ONCE,
	    SMALL_FRAME, answer_on_identified },
	{ WORKER_DONE, ANSWER_IDENTIFY | ANSWER_UNPACK | ANSWER_DRAW |
	    ANSWER_CONVERT | ANSWER_DOCUMENT | ANSWER_SCAN | ANSWER_READ, ONCE,
	    SMALL_FRAME, answer_on_done },
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
		return answer_deviate(a, "unknown frame");
	if ((rule->steps & a->step) == 0)
		return answer_deviate(a, "frame out of its step");
	if ((rule->flags & ONCE) && (a->said & (1u << rule->type)))
		return answer_deviate(a, "frame for the second time");
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
		return answer_deviate(a, "frame too long");
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
			return answer_deviate(a, "more after its end");
		if (a->header_len < ANSWER_HEADER) {
			n = ANSWER_HEADER - a->header_len;
			n = n < len ? n : len;
			memcpy(a->header + a->header_len, data, n);
			a->header_len += n;
			if (a->header_len == ANSWER_HEADER &&
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
		if (a->header_len == ANSWER_HEADER &&
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

char *
answer_take_malware(struct answer *a)
{
	char	*names = a->malware;

	a->malware = NULL;
	return names;
}

int
answer_has_text(const struct answer *a)
{
	return a->text_bytes > 0;
}

const char *
answer_word(const struct answer *a, size_t n)
{
	return n < a->word_count ? a->words[n] : NULL;
}

int64_t
answer_unlocked(const struct answer *a)
{
	return a->unlocked;
}

uint64_t
answer_pixels(const struct answer *a)
{
	return a->pixels;
}

uint32_t
answer_pages(const struct answer *a)
{
	return a->pages;
}

uint32_t
answer_pages_total(const struct answer *a)
{
	return a->pages_total;
}

uint64_t
answer_legible(const struct answer *a)
{
	return a->legible;
}

int
answer_doubted(const struct answer *a)
{
	return a->doubted;
}

struct store *
answer_frames(const struct answer *a)
{
	return a->frames;
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
