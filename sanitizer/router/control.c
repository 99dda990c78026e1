/*
 * Encoding of the control socket's packets, the one place that knows their order.
 * Runs in the router and in the warm parents; both ends are trusted, and yet each
 * packet is decoded whole and checked before anyone acts.
 * Must never leak a descriptor that came with a packet it refuses.
 */
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "err.h"
#include "handover.h"
#include "wire.h"

static int
job_put(struct wire *w, const struct worker_job *j)
{
	int	 r = ERR_OK;

	/* One failure is enough: the sum of codes is zero only when all are. */
	r |= wire_put_u32(w, j->id);
	r |= wire_put_u32(w, j->deadline_ms);
	r |= wire_put_u64(w, j->memory_bytes);
	r |= wire_put_u64(w, j->max_input);
	r |= wire_put_u32(w, j->max_pages);
	r |= wire_put_u32(w, j->max_page_pixels);
	r |= wire_put_u64(w, j->max_pixels);
	r |= wire_put_u64(w, j->max_text);
	r |= wire_put_u32(w, j->max_children);
	r |= wire_put_u64(w, j->max_child_bytes);
	r |= wire_put_u32(w, j->max_headers);
	r |= wire_put_u32(w, j->max_depth);
	r |= wire_put_u32(w, j->max_words);
	r |= wire_put_u32(w, j->max_attempts);
	r |= wire_put_u16(w, j->dpi);
	r |= wire_put_u8(w, j->want_pages);
	r |= wire_put_u8(w, j->want_text);
	r |= wire_put_raw(w, j->charset, sizeof(j->charset));
	r |= wire_put_raw(w, j->format, sizeof(j->format));
	r |= wire_put_raw(w, j->authserv_id, sizeof(j->authserv_id));
	r |= wire_put_raw(w, j->ocr, sizeof(j->ocr));
	return r == ERR_OK ? ERR_OK : ERR_LIMIT;
}

static int
string_get(struct wire *w, char *s, size_t size)
{
	const uint8_t	*raw;
	int		 r;

	if ((r = wire_get_raw(w, &raw, size)) != ERR_OK)
		return r;
	memcpy(s, raw, size);
	return memchr(s, '\0', size) == NULL ? ERR_FORMAT : ERR_OK;
}

static int
job_get(struct wire *w, struct worker_job *j)
{
	int	 r = ERR_OK;

	r |= wire_get_u32(w, &j->id);
	r |= wire_get_u32(w, &j->deadline_ms);
	r |= wire_get_u64(w, &j->memory_bytes);
	r |= wire_get_u64(w, &j->max_input);
	r |= wire_get_u32(w, &j->max_pages);
	r |= wire_get_u32(w, &j->max_page_pixels);
	r |= wire_get_u64(w, &j->max_pixels);
	r |= wire_get_u64(w, &j->max_text);
	r |= wire_get_u32(w, &j->max_children);
	r |= wire_get_u64(w, &j->max_child_bytes);
	r |= wire_get_u32(w, &j->max_headers);
	r |= wire_get_u32(w, &j->max_depth);
	r |= wire_get_u32(w, &j->max_words);
	r |= wire_get_u32(w, &j->max_attempts);
	r |= wire_get_u16(w, &j->dpi);
	r |= wire_get_u8(w, &j->want_pages);
	r |= wire_get_u8(w, &j->want_text);
	r |= string_get(w, j->charset, sizeof(j->charset));
	r |= string_get(w, j->format, sizeof(j->format));
	r |= string_get(w, j->authserv_id, sizeof(j->authserv_id));
	r |= string_get(w, j->ocr, sizeof(j->ocr));
	return r == ERR_OK ? ERR_OK : ERR_FORMAT;
}

static int
ready_put(struct wire *w, const struct zygote_event *e)
{
	int	 r = ERR_OK;

	r |= wire_put_u32(w, e->held);
	r |= wire_put_raw(w, e->data.engine, sizeof(e->data.engine));
	r |= wire_put_raw(w, e->data.name, sizeof(e->data.name));
	r |= wire_put_u32(w, e->data.version);
	r |= wire_put_u32(w, e->data.entries);
	r |= wire_put_u64(w, e->data.made_s);
	return r == ERR_OK ? ERR_OK : ERR_LIMIT;
}

static int
ready_get(struct wire *w, struct zygote_event *e)
{
	uint32_t	 held = 0;
	int		 r = ERR_OK;

	r |= wire_get_u32(w, &held);
	r |= string_get(w, e->data.engine, sizeof(e->data.engine));
	r |= string_get(w, e->data.name, sizeof(e->data.name));
	r |= wire_get_u32(w, &e->data.version);
	r |= wire_get_u32(w, &e->data.entries);
	r |= wire_get_u64(w, &e->data.made_s);
	e->type = ZYGOTE_READY;
	e->held = held;
	return r == ERR_OK ? ERR_OK : ERR_FORMAT;
}

static int
ended_put(struct wire *w, const struct zygote_event *e)
{
	int	 r = ERR_OK;

	r |= wire_put_u32(w, e->job);
	r |= wire_put_u8(w, (uint8_t)e->end);
	r |= wire_put_u32(w, e->detail);
	r |= wire_put_u32(w, e->wall_ms);
	r |= wire_put_u32(w, e->cpu_ms);
	r |= wire_put_u32(w, e->max_rss_kb);
	return r == ERR_OK ? ERR_OK : ERR_LIMIT;
}

static int
ended_get(struct wire *w, struct zygote_event *e)
{
	uint8_t	 end = 0;
	int	 r = ERR_OK;

	r |= wire_get_u32(w, &e->job);
	r |= wire_get_u8(w, &end);
	r |= wire_get_u32(w, &e->detail);
	r |= wire_get_u32(w, &e->wall_ms);
	r |= wire_get_u32(w, &e->cpu_ms);
	r |= wire_get_u32(w, &e->max_rss_kb);
	if (r != ERR_OK || end > JOB_LOST)
		return ERR_FORMAT;
	e->type = ZYGOTE_ENDED;
	e->end = (enum job_end)end;
	return ERR_OK;
}

static int
packet_put(struct wire *w, const struct control_packet *p)
{
	int	 r;

	if ((r = wire_put_u8(w, (uint8_t)p->type)) != ERR_OK)
		return r;
	switch (p->type) {
	case CONTROL_READY:
		return ready_put(w, &p->event);
	case CONTROL_JOB:
		return job_put(w, &p->job);
	case CONTROL_ENDED:
		return ended_put(w, &p->event);
	case CONTROL_KILL:
		return wire_put_u32(w, p->event.job);
	}
	panic("no such packet");
}

static int
packet_get(struct wire *w, struct control_packet *p)
{
	uint8_t		 type;
	int		 r;

	if ((r = wire_get_u8(w, &type)) != ERR_OK)
		return r;
	switch (type) {
	case CONTROL_READY:
		r = ready_get(w, &p->event);
		break;
	case CONTROL_JOB:
		r = job_get(w, &p->job);
		if (p->in == -1 || p->out == -1)
			r = ERR_FORMAT;
		break;
	case CONTROL_ENDED:
		r = ended_get(w, &p->event);
		break;
	case CONTROL_KILL:
		r = wire_get_u32(w, &p->event.job);
		break;
	default:
		return ERR_FORMAT;
	}
	p->type = (enum control_msg)type;
	return r != ERR_OK ? r : wire_end(w);
}

int
control_send(int fd, const struct control_packet *p)
{
	int		 fds[CONTROL_FDS] = { p->in, p->out, p->words };
	size_t		 count = p->words != -1 ? 3 : 2;
	struct wire	*w;
	int		 r;

	if ((w = wire_new(CONTROL_MAX)) == NULL)
		return ERR_MEMORY;
	if ((r = packet_put(w, p)) == ERR_OK)
		r = handover_send(fd, wire_data(w), wire_len(w), fds,
		    p->type == CONTROL_JOB ? count : 0);
	wire_free(w);
	return r;
}

int
control_take(int fd, int flags, struct control_packet *p)
{
	uint8_t		 data[CONTROL_MAX];
	size_t		 len = sizeof(data);
	int		 fds[CONTROL_FDS], r;
	struct wire	*w;

	memset(p, 0, sizeof(*p));
	p->in = p->out = p->words = -1;
	if ((r = handover_take(fd, flags, data, &len, fds,
	    CONTROL_FDS)) != ERR_OK)
		return r;
	p->in = fds[0];
	p->out = fds[1];
	p->words = fds[2];
	if ((w = wire_new_over(data, len)) == NULL)
		r = ERR_MEMORY;
	else {
		r = packet_get(w, p);
		wire_free(w);
	}
	if (r != ERR_OK || p->type != CONTROL_JOB) {
		for (size_t i = 0; i < CONTROL_FDS; i++)
			if (fds[i] != -1)
				close(fds[i]);
		p->in = p->out = p->words = -1;
	}
	return r;
}
