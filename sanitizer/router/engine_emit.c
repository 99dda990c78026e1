/*
 * Writes the copy: parts in their order, each when it is decided, a few frames
 * at a time, so that one large part does not stop the reading of other answers.
 * The pages of a long one go out while the next are drawn; from then on it is
 * no stub any more, whatever happens: what was drawn arrives, and why no more.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: frames that
 * engine_answer.c has checked; the copy writer checks them again. Must never
 * write a picture or a text of a part that ends as a stub.
 */
#include "engine_private.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "err.h"
#include "text.h"
#include "wire.h"

#define FRAMES_AT_ONCE	16
#define FRAME_HEADER	5
#define STREAM_PAGES	16	/* fewer are short: it may still be tried again */

static const char *
words(const char *s)
{
	return s != NULL ? s : "";
}

static char *
unconst(const char *s)
{
	return (char *)(uintptr_t)s;	/* copy.h borrows and does not write */
}

static int
write_part(struct mail *m, struct part *p)
{
	struct copy_part	c = { 0 };
	int			r;

	if (!m->mail_said) {
		m->q.mail.document = p->kind != KIND_MAIL;
		if ((r = copy_write_mail(m->writer, &m->q.mail)) != ERR_OK)
			return r;
		m->mail_said = 1;
	}
	m->emit_pages = 0;
	c.id = m->result.parts + 1;
	c.parent = p->origin != NULL ? p->origin->copy_id : 0;
	c.depth = p->depth;
	c.kind = p->kind;
	c.size = p->size;
	memcpy(c.sha256, p->sha256, sizeof(c.sha256));
	c.path = p->path;
	c.name = p->name;
	c.declared = p->declared;
	c.body = p->role == ROLE_BODY && p->depth == 1;
	if ((r = copy_write_part(m->writer, &c)) != ERR_OK)
		return r;
	m->result.parts++;
	p->copy_id = c.id;
	if (p->children != NULL)
		p->children->copy_id = c.id;
	return ERR_OK;
}

/* A fact too many is no reason to lose the part. */
static int
own_fact(struct mail *m, enum fact f, const char *value)
{
	int	r = copy_write_fact(m->writer, f, value);

	return r == ERR_FORMAT || r == ERR_LIMIT ? ERR_OK : r;
}

/* Of the scan: the scanner once a mail, at its root; else only what went wrong. */
static int
write_scan(struct mail *m, const struct part *p)
{
	char	 text[COPY_VALUE_MAX / 4];
	char	*names, *name, *rest = NULL;
	int	 r = ERR_OK;

	if (p->unscanned != NULL) {
		r = own_fact(m, FACT_SCANNED, p->unscanned);
	} else if (p->depth == 0) {
		scan_describe(m->engine, text, sizeof(text));
		r = own_fact(m, FACT_SCANNED, text);
	}
	if (p->malware == NULL)
		return r;
	if ((names = strdup(p->malware)) == NULL)
		return ERR_MEMORY;
	for (name = strtok_r(names, "\n", &rest); name != NULL && r == ERR_OK;
	    name = strtok_r(NULL, "\n", &rest))
		r = own_fact(m, FACT_MALWARE, name);
	free(names);
	return r;
}

/* What the engine knows itself. */
static int
write_facts(struct mail *m, const struct part *p)
{
	int	r = write_scan(m, p);

	if (r == ERR_OK && p->format[0] != '\0' && !p->format_said)
		r = own_fact(m, FACT_FORMAT, p->format);
	if (r == ERR_OK && p->unread != NULL)
		r = own_fact(m, FACT_OCR, p->unread);
	if (r == ERR_OK && p->encrypted)
		r = own_fact(m, FACT_ENCRYPTED, "yes");
	if (r == ERR_OK && p->origin == NULL && m->follows[0] != '\0')
		r = own_fact(m, FACT_FOLLOWS, m->follows);
	if (r == ERR_OK && p->unlocked != NULL)
		r = own_fact(m, FACT_UNLOCKED, p->unlocked);
	if (r == ERR_OK && p->old_name != NULL)
		r = own_fact(m, FACT_NAME_CHANGED, p->old_name);
	return r;
}

/* Of a rendering, only what is about the document too. */
static int
is_of_document(enum fact f)
{
	return f == FACT_LINKS || f == FACT_LINK_MISMATCH ||
	    f == FACT_INVISIBLE_CHARS || f == FACT_PAGES_FAILED ||
	    f == FACT_HIDDEN_TEXT || f == FACT_UNSEEN_TEXT;
}

static int
write_fact(struct mail *m, const struct part *p, struct wire *w)
{
	enum fact	 f;
	char		*value = NULL;
	int		 r;

	if ((r = answer_get_fact(w, &f, &value)) == ERR_OK &&
	    (m->emit != EMIT_FRAMES || p->converted == NULL || is_of_document(f)))
		r = own_fact(m, f, value);
	free(value);
	return r;
}

static int
write_text(struct mail *m, struct wire *w)
{
	uint32_t	 page;
	char		*text = NULL;
	int		 r;

	if ((r = answer_get_text(w, &page, &text)) == ERR_OK)
		r = copy_write_text(m->writer, page, text, strlen(text));
	free(text);
	return r;
}

static int
write_page(struct mail *m, struct wire *w)
{
	struct copy_page	page;
	int			r;

	if ((r = answer_get_page(w, &page)) == ERR_OK &&
	    (r = copy_write_page(m->writer, &page)) == ERR_OK)
		m->emit_pages++;
	return r;
}

static int
write_payload(struct mail *m, const struct part *p, uint8_t type,
    const uint8_t *data, size_t len)
{
	struct wire	*w;
	int		 r = ERR_OK;

	if (type != WORKER_FACT && p->outcome == OUTCOME_STUB)
		return ERR_OK;
	/* of what was read again, the words; of the rest, all but those */
	if (p->reread != NULL && m->emit != EMIT_CONVERTED &&
	    (type == WORKER_TEXT) != (m->emit == EMIT_REREAD))
		return ERR_OK;
	if ((w = wire_new_over(data, len)) == NULL)
		return ERR_MEMORY;
	if (type == WORKER_FACT)
		r = write_fact(m, p, w);
	else if (type == WORKER_TEXT)
		r = write_text(m, w);
	else if (type == WORKER_PAGE)
		r = write_page(m, w);
	wire_free(w);
	return r;
}

/* The next frame that was kept. */
static int
write_frame(struct mail *m, const struct part *p, struct store *frames)
{
	uint8_t	 header[FRAME_HEADER], *data = NULL;
	size_t	 len;
	int	 r;

	if ((r = store_read(frames, m->emit_offset, header,
	    sizeof(header))) != ERR_OK)
		return r;
	len = (size_t)header[0] | (size_t)header[1] << 8 |
	    (size_t)header[2] << 16 | (size_t)header[3] << 24;
	if ((data = malloc(len + 1)) == NULL)
		return ERR_MEMORY;
	if ((r = store_read(frames, m->emit_offset + sizeof(header), data,
	    len)) == ERR_OK)
		r = write_payload(m, p, header[4], data, len);
	free(data);
	m->emit_offset += sizeof(header) + len;
	return r;
}

/* What is kept of the step that draws, or has drawn. */
static struct store *
drawn_frames(const struct part *p)
{
	return p->answer != NULL ? answer_frames(p->answer) : p->frames;
}

/* ERR_NOTFOUND when all of these frames are written. */
static int
write_next(struct mail *m, const struct part *p, struct store *frames)
{
	if (frames == NULL || m->emit_offset >= store_len(frames))
		return ERR_NOTFOUND;
	return write_frame(m, p, frames);
}

static int
write_part_end(struct mail *m, const struct part *p)
{
	struct copy_part_end	 e = { 0 };
	struct engine_result	*result = &m->result;

	e.outcome = p->outcome;
	e.reason = p->reason;
	e.pages = m->emit_pages;
	e.pages_total = p->pages_total;
	e.millis = p->millis;
	e.engine = unconst(words(p->engine));
	e.rule = unconst(words(p->action.rule));
	e.note = unconst(words(p->note));
	if (result->parts == 1) {
		result->outcome = p->outcome;
		result->reason = p->reason;
		result->pages_total = p->pages_total;
		snprintf(result->note, sizeof(result->note), "%s", e.note);
	}
	result->pages += e.pages;
	if (p->outcome == OUTCOME_STUB)
		result->stubs++;
	else if (p->reason != REASON_COMPLETE)
		result->cuts++;
	return copy_write_part_end(m->writer, &e);
}

static int
emit_step(struct mail *m)
{
	struct part	*p = m->parts;
	int		 r = ERR_OK;

	switch (m->emit) {
	case EMIT_PART:
		r = write_part(m, p);
		m->emit = EMIT_FACTS;
		break;
	case EMIT_FACTS:
		r = write_facts(m, p);
		m->emit = EMIT_CONVERTED;
		m->emit_offset = 0;
		break;
	case EMIT_CONVERTED:
		if ((r = write_next(m, p, p->converted)) == ERR_NOTFOUND) {
			r = ERR_OK;
			m->emit = EMIT_REREAD;
			m->emit_offset = 0;
		}
		break;
	case EMIT_REREAD:
		if ((r = write_next(m, p, p->reread)) == ERR_NOTFOUND) {
			r = ERR_OK;
			m->emit = EMIT_FRAMES;
			m->emit_offset = 0;
		}
		break;
	case EMIT_FRAMES:
		if ((r = write_next(m, p, drawn_frames(p))) == ERR_NOTFOUND) {
			r = ERR_OK;
			m->emit = EMIT_RECOGNISED;
			m->emit_offset = 0;
		}
		break;
	case EMIT_RECOGNISED:
		if ((r = write_next(m, p, p->recognised)) == ERR_NOTFOUND) {
			r = ERR_OK;
			m->emit = EMIT_END;
		}
		break;
	case EMIT_END:
		r = write_part_end(m, p);
		m->emit = EMIT_PART;
		m->parts = p->next;
		part_free(p);
		if (r == ERR_OK && m->parts == NULL)
			r = copy_write_end(m->writer);
		break;
	}
	return r;
}

/* Whether the reader of the copy takes more; if not, epoll will tell. */
static int
sink_takes(struct mail *m)
{
	struct pollfd		 p = { .fd = m->q.sink_fd, .events = POLLOUT };
	struct epoll_event	 ev = { .events = EPOLLOUT | EPOLLONESHOT,
				    .data.ptr = &m->sink_watch };

	if (m->sink_full)
		return 0;
	if (m->q.sink_fd == -1 || poll(&p, 1, 0) != 0)
		return 1;
	if (epoll_ctl(m->engine->epoll, m->sink_watched ? EPOLL_CTL_MOD :
	    EPOLL_CTL_ADD, m->q.sink_fd, &ev) == -1)
		return 1;		/* cannot be watched: then it blocks */
	m->sink_watched = 1;
	m->sink_full = 1;
	return 0;
}

/* Whether the part is long enough that its first pages should not wait. What a second
 * engine draws is first compared with what there is. */
static int
is_long(const struct part *p)
{
	return p->state == PART_RUNNING && (p->step == ANSWER_DRAW ||
	    p->step == ANSWER_DOCUMENT) && p->second == SECOND_NONE &&
	    p->answer != NULL && !answer_doubted(p->answer) &&
	    !part_is_read(p) &&
	    answer_pages(p->answer) >= STREAM_PAGES;
}

int
emit_waits(const struct mail *m)
{
	const struct part	*p = m->parts;

	if (p == NULL || (!m->mail_said && !scan_is_settled(m->engine)) ||
	    (m->q.follow != NULL && !m->following))
		return 0;
	if (p->state == PART_FINISHED)
		return 1;
	return p->streamed ? m->emit != EMIT_FRAMES ||
	    m->emit_offset < store_len(drawn_frames(p)) : is_long(p);
}

int
emit_some(struct mail *m)
{
	int	r;

	for (int i = 0; i < FRAMES_AT_ONCE; i++) {
		if (!emit_waits(m) || !sink_takes(m))
			return 0;
		if (m->parts->state == PART_RUNNING && !m->parts->streamed)
			part_stream(m->parts);
		if ((r = emit_step(m)) != ERR_OK) {
			engine_fail_mail(m, r);
			return 0;
		}
	}
	return 1;
}
