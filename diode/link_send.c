/*
 * Chooses the transport of a sender.
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never name a receiving function: the sender does not contain any.
 */
#include <stdlib.h>

#include "err.h"
#include "link_private.h"

struct link_sender {
	const struct link_sender_ops	*ops;
	void				*back;
};

/* LINK_TRANSPORTS: a new transport is a line here and one in link_recv.c. */
static const struct link_transport transports[] = {
	{ "file",	send_file_new,	&send_file_ops },
	{ "udp",	send_udp_new,	&send_udp_ops },
	{ "zmq",	send_zmq_new,	&send_zmq_ops },
};

int
link_sender_new(const struct conf *c, int link, struct link_sender **lp,
    char **why)
{
	struct link_sender	*l;
	const void		*ops;
	int			 r;

	*why = NULL;
	if ((l = calloc(1, sizeof(*l))) == NULL)
		return ERR_MEMORY;
	r = link_transport_open(transports, sizeof(transports) /
	    sizeof(transports[0]), c, link, &ops, &l->back, why);
	if (r != ERR_OK) {
		free(l);
		return r;
	}
	l->ops = ops;
	*lp = l;
	return ERR_OK;
}

int
link_sender_start(struct link_sender *l)
{
	return l->ops->start == NULL ? ERR_OK : l->ops->start(l->back);
}

void
link_sender_free(struct link_sender *l)
{
	if (l == NULL)
		return;
	l->ops->free(l->back);
	free(l);
}

int
link_sender_lasting(const struct link_sender *l)
{
	return l->ops->lasting;
}

int
link_sender_fd(struct link_sender *l)
{
	return l->ops->fd == NULL ? -1 : l->ops->fd(l->back);
}

unsigned
link_sender_events(struct link_sender *l)
{
	return l->ops->events(l->back);
}

const char *
link_sender_why(struct link_sender *l)
{
	return l->ops->why == NULL ? NULL : l->ops->why(l->back);
}

int
link_sender_send(struct link_sender *l, const struct link_outgoing *o)
{
	return l->ops->send(l->back, o);
}

int
link_sender_notice(struct link_sender *l, const uint8_t *data, size_t len)
{
	return l->ops->notice(l->back, data, len);
}

int
link_sender_is_background(const struct link_sender *l)
{
	return l->ops->finished != NULL;
}

int
link_sender_finished(struct link_sender *l, struct link_finished *f)
{
	return l->ops->finished(l->back, f);
}

int
link_sender_pump(struct link_sender *l)
{
	return l->ops->pump(l->back);
}
