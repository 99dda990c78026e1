/*
 * What both ends use of ZeroMQ: options, and events of connections.
 * Run by limpid-diode-send and limpid-diode-recv.
 * Hostile input: none; events are libzmq's own.
 * Must never connect to anything but the monitor inside this process.
 */
#include <stdio.h>
#include <string.h>

#include <zmq.h>

#include "err.h"
#include "link_private.h"

#define MONITOR		"inproc://link-monitor-%u"

int
link_zmq_set(void *socket, const struct link_zmq_option *o, size_t count)
{
	size_t	 i;

	for (i = 0; i < count; i++)
		if (zmq_setsockopt(socket, o[i].option, &o[i].value,
		    sizeof(o[i].value)) != 0)
			return ERR_SYS;
	return ERR_OK;
}

int
link_zmq_watch(void *ctx, void *socket, int events, void **monitor)
{
	static unsigned			 opened;
	const struct link_zmq_option	 at_once = { ZMQ_LINGER, 0 };
	char				 name[48];

	/* A new name each time: libzmq gives the one of a closed socket free when
	 * it comes to it, and until then it is taken. */
	snprintf(name, sizeof(name), MONITOR, opened++);
	if (zmq_socket_monitor(socket, name, events) != 0 ||
	    (*monitor = zmq_socket(ctx, ZMQ_PAIR)) == NULL ||
	    link_zmq_set(*monitor, &at_once, 1) != ERR_OK ||
	    zmq_connect(*monitor, name) != 0)
		return ERR_SYS;
	return ERR_OK;
}

int
link_zmq_event(void *monitor, uint16_t *event, uint32_t *value)
{
	uint8_t	 frame[6], rest[256];

	if (zmq_recv(monitor, frame, sizeof(frame), ZMQ_DONTWAIT) !=
	    (int)sizeof(frame))
		return 0;
	zmq_recv(monitor, rest, sizeof(rest), 0);
	memcpy(event, frame, sizeof(*event));
	memcpy(value, frame + sizeof(*event), sizeof(*value));
	return 1;
}
