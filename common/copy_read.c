/*
 * Reads a copy from an fd and hands it on, frame by frame. Run by the jailed child
 * of the internal side. Hostile input: every byte, since the sanitizer host may
 * have fallen. Must never hand on a frame before it was decoded whole and checked,
 * nor hold more than one frame in memory.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>

#include "copy_private.h"
#include "err.h"
#include "wire.h"

struct copy_reader {
	const struct copy_handlers	*h;
	void				*arg;
	struct copy_order		 order;
	uint8_t				*buf;
	size_t				 size;
};

static int
read_mail(struct copy_reader *r, struct wire *w)
{
	struct copy_mail	 m = {0};
	const uint8_t		*raw;
	uint64_t		 received;
	uint32_t		 count, i;
	int			 e;

	if ((e = wire_get_raw(w, &raw, REF_BYTES)) != ERR_OK)
		return e;
	memcpy(m.ref.b, raw, REF_BYTES);
	if ((e = wire_get_u64(w, &received)) != ERR_OK ||
	    (e = wire_get_u64(w, &m.size)) != ERR_OK ||
	    (e = wire_get_raw(w, &raw, sizeof(m.sha256))) != ERR_OK)
		return e;
	m.received_ms = (int64_t)received;
	memcpy(m.sha256, raw, sizeof(m.sha256));
	if ((e = wire_get_u8(w, &m.document)) != ERR_OK ||
	    (e = wire_get_text(w, COPY_VALUE_MAX, &m.sender)) != ERR_OK ||
	    (e = wire_get_text(w, COPY_VALUE_MAX, &m.client)) != ERR_OK ||
	    (e = wire_get_text(w, COPY_VALUE_MAX, &m.tls)) != ERR_OK ||
	    (e = wire_get_text(w, COPY_VALUE_MAX, &m.auth)) != ERR_OK ||
	    (e = wire_get_text(w, COPY_VALUE_MAX, &m.policy)) != ERR_OK ||
	    (e = wire_get_u32(w, &count)) != ERR_OK)
		goto out;
	e = ERR_LIMIT;
	if (count > COPY_RCPTS_MAX)
		goto out;
	e = ERR_MEMORY;
	if ((m.rcpts = calloc(count + 1, sizeof(*m.rcpts))) == NULL)
		goto out;
	for (i = 0; i < count; i++, m.rcpt_count++)
		if ((e = wire_get_text(w, COPY_VALUE_MAX,
		    &m.rcpts[i])) != ERR_OK)
			goto out;
	if ((e = wire_end(w)) == ERR_OK &&
	    (e = copy_check_mail(&r->order, &m)) == ERR_OK)
		e = r->h->mail(r->arg, &m);
 out:
	for (i = 0; m.rcpts != NULL && i < m.rcpt_count; i++)
		free(m.rcpts[i]);
	free(m.rcpts);
	free(m.sender);
	free(m.client);
	free(m.tls);
	free(m.auth);
	free(m.policy);
	return e;
}

static int
read_part(struct copy_reader *r, struct wire *w)
{
	struct copy_part	 p = {0};
	const uint8_t		*raw;
	uint8_t			 kind;
	int			 e;

	if ((e = wire_get_u32(w, &p.id)) != ERR_OK ||
	    (e = wire_get_u32(w, &p.parent)) != ERR_OK ||
	    (e = wire_get_u32(w, &p.depth)) != ERR_OK ||
	    (e = wire_get_u8(w, &kind)) != ERR_OK ||
	    (e = wire_get_u8(w, &p.body)) != ERR_OK ||
	    (e = wire_get_u64(w, &p.size)) != ERR_OK ||
	    (e = wire_get_raw(w, &raw, sizeof(p.sha256))) != ERR_OK)
		return e;
	p.kind = (enum kind)kind;
	memcpy(p.sha256, raw, sizeof(p.sha256));
	if ((e = wire_get_text(w, COPY_NAME_MAX, &p.path)) == ERR_OK &&
	    (e = wire_get_text(w, COPY_NAME_MAX, &p.name)) == ERR_OK &&
	    (e = wire_get_text(w, COPY_NAME_MAX, &p.declared)) == ERR_OK &&
	    (e = wire_end(w)) == ERR_OK &&
	    (e = copy_check_part(&r->order, &p)) == ERR_OK)
		e = r->h->part(r->arg, &p);
	free(p.path);
	free(p.name);
	free(p.declared);
	return e;
}

static int
read_fact(struct copy_reader *r, struct wire *w)
{
	char		*value = NULL;
	uint16_t	 fact;
	int		 e;

	if ((e = wire_get_u16(w, &fact)) == ERR_OK &&
	    (e = wire_get_text(w, COPY_VALUE_MAX, &value)) == ERR_OK &&
	    (e = wire_end(w)) == ERR_OK &&
	    (e = copy_check_fact(&r->order, (enum fact)fact, value)) == ERR_OK)
		e = r->h->fact(r->arg, (enum fact)fact, value);
	free(value);
	return e;
}

static int
read_text(struct copy_reader *r, struct wire *w)
{
	const uint8_t	*text;
	size_t		 len;
	uint32_t	 page;
	int		 e;

	if ((e = wire_get_u32(w, &page)) != ERR_OK ||
	    (e = wire_get_data(w, &text, &len)) != ERR_OK ||
	    (e = wire_end(w)) != ERR_OK ||
	    (e = copy_check_text(&r->order, page, (const char *)text,
	    len)) != ERR_OK)
		return e;
	return r->h->text(r->arg, page, (const char *)text, len);
}

static int
read_page(struct copy_reader *r, struct wire *w)
{
	struct copy_page	 p = {0};
	int			 e;

	if ((e = wire_get_u32(w, &p.index)) != ERR_OK ||
	    (e = wire_get_u32(w, &p.width)) != ERR_OK ||
	    (e = wire_get_u32(w, &p.height)) != ERR_OK ||
	    (e = wire_get_u8(w, &p.channels)) != ERR_OK ||
	    (e = wire_get_u16(w, &p.dpi)) != ERR_OK ||
	    (e = wire_get_data(w, &p.frame, &p.frame_len)) != ERR_OK ||
	    (e = wire_end(w)) != ERR_OK ||
	    (e = copy_check_page(&r->order, &p)) != ERR_OK)
		return e;
	return r->h->page(r->arg, &p);
}

static int
read_part_end(struct copy_reader *r, struct wire *w)
{
	struct copy_part_end	 end = {0};
	uint8_t			 outcome, reason;
	int			 e;

	if ((e = wire_get_u8(w, &outcome)) != ERR_OK ||
	    (e = wire_get_u8(w, &reason)) != ERR_OK ||
	    (e = wire_get_u32(w, &end.pages)) != ERR_OK ||
	    (e = wire_get_u32(w, &end.pages_total)) != ERR_OK ||
	    (e = wire_get_u32(w, &end.millis)) != ERR_OK)
		return e;
	end.outcome = (enum outcome)outcome;
	end.reason = (enum reason)reason;
	if ((e = wire_get_text(w, COPY_NAME_MAX, &end.engine)) == ERR_OK &&
	    (e = wire_get_text(w, COPY_NAME_MAX, &end.rule)) == ERR_OK &&
	    (e = wire_get_text(w, COPY_VALUE_MAX, &end.note)) == ERR_OK &&
	    (e = wire_end(w)) == ERR_OK &&
	    (e = copy_check_part_end(&r->order, &end)) == ERR_OK)
		e = r->h->part_end(r->arg, &end);
	free(end.engine);
	free(end.rule);
	free(end.note);
	return e;
}

static int
read_end(struct copy_reader *r, struct wire *w)
{
	uint32_t	 parts;
	int		 e;

	if ((e = wire_get_u32(w, &parts)) != ERR_OK ||
	    (e = wire_end(w)) != ERR_OK ||
	    (e = copy_check_end(&r->order, parts)) != ERR_OK)
		return e;
	return r->h->end(r->arg, parts);
}

static int (*const read_type[COPY_TYPE_MAX])(struct copy_reader *,
    struct wire *) = {
	[COPY_MAIL]	= read_mail,
	[COPY_PART]	= read_part,
	[COPY_FACT]	= read_fact,
	[COPY_TEXT]	= read_text,
	[COPY_PAGE]	= read_page,
	[COPY_PART_END]	= read_part_end,
	[COPY_END]	= read_end,
};

/* Reads len bytes, growing as they come: a length alone allocates nothing. */
static int
read_payload(struct copy_reader *r, int fd, size_t len)
{
	const size_t	 step = (size_t)4 * 1024 * 1024;
	size_t		 have = 0, n, size;
	uint8_t		*buf;
	int		 e;

	while (have < len) {
		n = len - have < step ? len - have : step;
		if (have + n > r->size) {
			size = have + n < 65536 ? 65536 : have + n;
			if ((buf = realloc(r->buf, size)) == NULL)
				return ERR_MEMORY;
			r->buf = buf;
			r->size = size;
		}
		if ((e = fd_read_all(fd, r->buf + have, n)) != ERR_OK)
			return e;
		have += n;
	}
	return ERR_OK;
}

static int
read_frame(struct copy_reader *r, int fd)
{
	static const uint8_t	 nothing[1];
	uint8_t			 head[COPY_FRAME_HEADER];
	struct wire		*w;
	size_t			 len, max;
	int			 e;

	if ((e = fd_read_all(fd, head, sizeof(head))) != ERR_OK)
		return e;
	len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
	    (size_t)head[3] << 24;
	if ((max = copy_payload_max(head[4])) == 0)
		return ERR_FORMAT;
	if (len > max)
		return ERR_LIMIT;
	if ((e = read_payload(r, fd, len)) != ERR_OK)
		return e;
	if ((w = wire_new_over(len == 0 ? nothing : r->buf, len)) == NULL)
		return ERR_MEMORY;
	e = read_type[head[4]](r, w);
	wire_free(w);
	/* A field that runs past the end of its whole frame is malformed; SHORT
	 * is kept for a stream that stops. */
	return e == ERR_SHORT ? ERR_FORMAT : e;
}

/* The stream ends after END. */
static int
read_nothing(int fd)
{
	uint8_t	 extra;
	ssize_t	 n;

	while ((n = read(fd, &extra, 1)) == -1 && errno == EINTR)
		;
	if (n == -1)
		return ERR_SYS;
	return n == 0 ? ERR_OK : ERR_FORMAT;
}

int
copy_read(int fd, const struct copy_handlers *h, void *arg)
{
	static const uint8_t	 want[COPY_HEADER] = COPY_MAGIC "\x01";
	struct copy_reader	*r;
	uint8_t			 start[COPY_HEADER];
	int			 e;

	if ((e = fd_read_all(fd, start, sizeof(start))) != ERR_OK)
		return e;
	if (memcmp(start, want, sizeof(want)) != 0)
		return ERR_FORMAT;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return ERR_MEMORY;
	r->h = h;
	r->arg = arg;
	while (r->order.stage != COPY_AFTER)
		if ((e = read_frame(r, fd)) != ERR_OK)
			break;
	if (e == ERR_OK)
		e = read_nothing(fd);
	free(r->buf);
	free(r);
	return e;
}
