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
#define CLOSE_MS	2000	/* at most, for connections to end */
#define CLOSE_STEP_MS	5

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
	if (zmq_socket_monitor(socket, name, events |
	    ZMQ_EVENT_MONITOR_STOPPED) != 0 ||
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

/* Until libzmq says that the socket of this monitor is gone. */
static void
close_wait(void *monitor, void *asked)
{
	zmq_pollitem_t	 item = { monitor, 0, ZMQ_POLLIN, 0 };
	uint16_t	 event;
	uint32_t	 value;
	size_t		 len = sizeof(int);
	int		 ms, ready;

	for (ms = 0; ms < CLOSE_MS; ms += CLOSE_STEP_MS) {
		/* Reading an option lets a socket answer libzmq's thread. */
		if (asked != NULL)
			(void)zmq_getsockopt(asked, ZMQ_EVENTS, &ready, &len);
		(void)zmq_poll(&item, 1, CLOSE_STEP_MS);
		while (link_zmq_event(monitor, &event, &value))
			if (event == ZMQ_EVENT_MONITOR_STOPPED)
				return;
	}
}

void
link_zmq_close(void **socket, void **monitor, void *asked)
{
	if (*socket != NULL)
		zmq_close(*socket);
	if (*socket != NULL && *monitor != NULL)
		close_wait(*monitor, asked);
	if (*monitor != NULL)
		zmq_close(*monitor);
	*monitor = *socket = NULL;
}
