/*
 * Writes a copy as frames into a sink. Run by the engine of the sanitizer host,
 * whose parts come from jailed workers: what they said is checked here as a
 * reader would check it. Must never write half a frame that a reader refuses.
 */
#include <stdlib.h>
#include <string.h>

#include "copy_private.h"
#include "err.h"
#include "wire.h"

struct copy_writer {
	copy_sink		*sink;
	void			*arg;
	struct wire		*payload;
	struct copy_order	 order;
	int			 started;	/* magic is out */
	int			 broken;	/* the sink's error, for good */
};

struct copy_writer *
copy_writer_new(copy_sink *sink, void *arg)
{
	struct copy_writer	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	/* Samples do not pass it, so the largest is a MAIL frame. */
	w->payload = wire_new(copy_payload_max(COPY_MAIL));
	if (w->payload == NULL) {
		free(w);
		return NULL;
	}
	w->sink = sink;
	w->arg = arg;
	return w;
}

void
copy_writer_free(struct copy_writer *w)
{
	if (w == NULL)
		return;
	wire_free(w->payload);
	free(w);
}

static int
sink_write(struct copy_writer *w, const void *data, size_t len)
{
	int	 r;

	if (w->broken != ERR_OK)
		return w->broken;
	if ((r = w->sink(w->arg, data, len)) != ERR_OK)
		w->broken = r;
	return r;
}

/* Sends the payload made so far as one frame; more bytes follow it as its tail. */
static int
frame_write(struct copy_writer *w, enum copy_type type, const void *tail,
    size_t tail_len)
{
	static const uint8_t	 start[COPY_HEADER] = COPY_MAGIC "\x01";
	uint8_t			 head[COPY_FRAME_HEADER];
	size_t			 len = wire_len(w->payload) + tail_len;
	int			 r;

	if (!w->started) {
		if ((r = sink_write(w, start, sizeof(start))) != ERR_OK)
			return r;
		w->started = 1;
	}
	head[0] = (uint8_t)len;
	head[1] = (uint8_t)(len >> 8);
	head[2] = (uint8_t)(len >> 16);
	head[3] = (uint8_t)(len >> 24);
	head[4] = (uint8_t)type;
	if ((r = sink_write(w, head, sizeof(head))) != ERR_OK ||
	    (r = sink_write(w, wire_data(w->payload),
	    wire_len(w->payload))) != ERR_OK)
		return r;
	return tail_len == 0 ? ERR_OK : sink_write(w, tail, tail_len);
}

/* Checks have passed: a payload that does not fit now is our own mistake. */
static void
put(int r)
{
	if (r != ERR_OK)
		panic("a checked copy frame does not fit its buffer");
}

int
copy_write_mail(struct copy_writer *w, const struct copy_mail *m)
{
	struct wire	*p = w->payload;
	size_t		 i;
	int		 r;

	if ((r = copy_check_mail(&w->order, m)) != ERR_OK)
		return r;
	wire_clear(p);
	put(wire_put_raw(p, m->ref.b, REF_BYTES));
	put(wire_put_u64(p, (uint64_t)m->received_ms));
	put(wire_put_u64(p, m->size));
	put(wire_put_raw(p, m->sha256, sizeof(m->sha256)));
	put(wire_put_u8(p, m->document));
	put(wire_put_text(p, m->sender));
	put(wire_put_text(p, m->client));
	put(wire_put_text(p, m->tls));
	put(wire_put_text(p, m->auth));
	put(wire_put_text(p, m->policy));
	put(wire_put_u32(p, (uint32_t)m->rcpt_count));
	for (i = 0; i < m->rcpt_count; i++)
		put(wire_put_text(p, m->rcpts[i]));
	return frame_write(w, COPY_MAIL, NULL, 0);
}

int
copy_write_part(struct copy_writer *w, const struct copy_part *part)
{
	struct wire	*p = w->payload;
	int		 r;

	if ((r = copy_check_part(&w->order, part)) != ERR_OK)
		return r;
	wire_clear(p);
	put(wire_put_u32(p, part->id));
	put(wire_put_u32(p, part->parent));
	put(wire_put_u32(p, part->depth));
	put(wire_put_u8(p, (uint8_t)part->kind));
	put(wire_put_u8(p, part->body));
	put(wire_put_u64(p, part->size));
	put(wire_put_raw(p, part->sha256, sizeof(part->sha256)));
	put(wire_put_text(p, part->path));
	put(wire_put_text(p, part->name));
	put(wire_put_text(p, part->declared));
	return frame_write(w, COPY_PART, NULL, 0);
}

int
copy_write_fact(struct copy_writer *w, enum fact f, const char *value)
{
	int	 r;

	if ((r = copy_check_fact(&w->order, f, value)) != ERR_OK)
		return r;
	wire_clear(w->payload);
	put(wire_put_u16(w->payload, (uint16_t)f));
	put(wire_put_text(w->payload, value));
	return frame_write(w, COPY_FACT, NULL, 0);
}

/* Whether a character that joins its neighbours begins at s (U+200C, U+200D). */
static int
is_joiner(const char *s, size_t len)
{
	return len >= 3 && (uint8_t)s[0] == 0xe2 && (uint8_t)s[1] == 0x80 &&
	    ((uint8_t)s[2] == 0x8c || (uint8_t)s[2] == 0x8d);
}

/*
 * Bytes of the next chunk: up to the last newline or space in the window, else to
 * a character border that no joiner stands at, since a joiner alone at the edge
 * of a chunk would not pass the check of that chunk.
 */
static size_t
text_chunk(const char *s, size_t len)
{
	size_t	 n;

	if (len <= COPY_TEXT_CHUNK)
		return len;
	for (n = COPY_TEXT_CHUNK; n > COPY_TEXT_CHUNK / 2; n--)
		if (s[n - 1] == '\n' || s[n - 1] == ' ')
			return n;
	for (n = COPY_TEXT_CHUNK; n > COPY_TEXT_CHUNK / 2; n--)
		if (((uint8_t)s[n] & 0xc0) != 0x80 &&
		    !is_joiner(s + n, len - n) && !is_joiner(s + n - 3, 3))
			return n;
	return COPY_TEXT_CHUNK;
}

int
copy_write_text(struct copy_writer *w, uint32_t page, const char *utf8,
    size_t len)
{
	size_t	 n, done;
	int	 r;

	/* All chunks are checked before the first is written. */
	for (done = 0; done < len; done += n) {
		n = text_chunk(utf8 + done, len - done);
		if ((r = copy_check_text(&w->order, page, utf8 + done,
		    n)) != ERR_OK)
			return r;
	}
	for (done = 0; done < len; done += n) {
		n = text_chunk(utf8 + done, len - done);
		wire_clear(w->payload);
		put(wire_put_u32(w->payload, page));
		put(wire_put_data(w->payload, utf8 + done, n));
		if ((r = frame_write(w, COPY_TEXT, NULL, 0)) != ERR_OK)
			return r;
	}
	return len == 0 ? copy_check_text(&w->order, page, utf8, len) : ERR_OK;
}

int
copy_write_page(struct copy_writer *w, const struct copy_page *page)
{
	struct wire	*p = w->payload;
	int		 r;

	if ((r = copy_check_page(&w->order, page)) != ERR_OK)
		return r;
	wire_clear(p);
	put(wire_put_u32(p, page->index));
	put(wire_put_u32(p, page->width));
	put(wire_put_u32(p, page->height));
	put(wire_put_u8(p, page->channels));
	put(wire_put_u16(p, page->dpi));
	put(wire_put_u32(p, (uint32_t)page->frame_len));
	return frame_write(w, COPY_PAGE, page->frame, page->frame_len);
}

int
copy_write_part_end(struct copy_writer *w, const struct copy_part_end *e)
{
	struct wire	*p = w->payload;
	int		 r;

	if ((r = copy_check_part_end(&w->order, e)) != ERR_OK)
		return r;
	wire_clear(p);
	put(wire_put_u8(p, (uint8_t)e->outcome));
	put(wire_put_u8(p, (uint8_t)e->reason));
	put(wire_put_u32(p, e->pages));
	put(wire_put_u32(p, e->pages_total));
	put(wire_put_u32(p, e->millis));
	put(wire_put_text(p, e->engine));
	put(wire_put_text(p, e->rule));
	put(wire_put_text(p, e->note));
	return frame_write(w, COPY_PART_END, NULL, 0);
}

int
copy_write_end(struct copy_writer *w)
{
	uint32_t	 parts = w->order.parts;
	int		 r;

	if ((r = copy_check_end(&w->order, parts)) != ERR_OK)
		return r;
	wire_clear(w->payload);
	put(wire_put_u32(w->payload, parts));
	return frame_write(w, COPY_END, NULL, 0);
}
