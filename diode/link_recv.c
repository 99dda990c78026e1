/*
 * Chooses the transport of a receiver.
 * Run by limpid-diode-recv only.
 * Hostile input: none.
 * Must never name a sending function: the receiver does not contain any.
 */
#include <stdlib.h>

#include "err.h"
#include "link_private.h"

struct link_receiver {
	const struct link_receiver_ops	*ops;
	void				*back;
};

/* LINK_TRANSPORTS: a new transport is a line here and one in link_send.c. */
static const struct link_transport transports[] = {
	{ "file",	recv_file_new,	&recv_file_ops },
	{ "udp",	recv_udp_new,	&recv_udp_ops },
	{ "zmq",	recv_zmq_new,	&recv_zmq_ops },
};

int
link_receiver_new(const struct conf *c, int link, struct link_receiver **lp,
    char **why)
{
	struct link_receiver	*l;
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
link_receiver_split(struct link_receiver *l, char **why)
{
	*why = NULL;
	return l->ops->split == NULL ? ERR_OK : l->ops->split(l->back, why);
}

int
link_receiver_start(struct link_receiver *l, char **why)
{
	*why = NULL;
	return l->ops->start == NULL ? ERR_OK : l->ops->start(l->back, why);
}

void
link_receiver_free(struct link_receiver *l)
{
	if (l == NULL)
		return;
	l->ops->free(l->back);
	free(l);
}

int
link_receiver_fd(struct link_receiver *l)
{
	return l->ops->fd == NULL ? -1 : l->ops->fd(l->back);
}

int
link_receiver_receive(struct link_receiver *l, const struct link_sink *sink)
{
	return l->ops->receive(l->back, sink);
}

const char *
link_receiver_why(struct link_receiver *l)
{
	return l->ops->why == NULL ? NULL : l->ops->why(l->back);
}
