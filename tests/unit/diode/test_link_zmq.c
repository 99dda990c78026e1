/*
 * A ZeroMQ socket and its monitor end together: the connection is closed whatever
 * libzmq's thread has still to tell or to ask, and the other end sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "err.h"
#include "link_private.h"

#define ROUNDS		20
#define MESSAGES	300	/* more than a socket's buffers hold */
#define MESSAGE		65536
#define PATIENCE_MS	5000

static const struct link_zmq_option	at_once = { ZMQ_LINGER, 0 };

struct end {
	void	*socket, *monitor;
};

static struct end
end_open(void *ctx, int type)
{
	struct end	 e;

	e.socket = zmq_socket(ctx, type);
	assert_non_null(e.socket);
	assert_int_equal(link_zmq_set(e.socket, &at_once, 1), ERR_OK);
	assert_int_equal(link_zmq_watch(ctx, e.socket,
	    ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED,
	    &e.monitor), ERR_OK);
	return e;
}

/* Waits for this event of an end. */
static int
hears(const struct end *e, uint16_t want)
{
	zmq_pollitem_t	 item = { e->monitor, 0, ZMQ_POLLIN, 0 };
	uint16_t	 event;
	uint32_t	 value;

	while (zmq_poll(&item, 1, PATIENCE_MS) == 1)
		while (link_zmq_event(e->monitor, &event, &value))
			if (event == want)
				return 1;
	return 0;
}

/* Answers one request of the authentication protocol (RFC 27/ZAP). */
static void
let_in(void *zap)
{
	char	 id[64], frame[256];
	size_t	 more_len = sizeof(int);
	int	 id_len = 0, i, more;

	for (i = 0, more = 1; more; i++) {
		if (i == 1)
			id_len = zmq_recv(zap, id, sizeof(id), 0);
		else
			assert_true(zmq_recv(zap, frame, sizeof(frame), 0) >=
			    0);
		assert_int_equal(zmq_getsockopt(zap, ZMQ_RCVMORE, &more,
		    &more_len), 0);
	}
	assert_true(id_len > 0);
	zmq_send(zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(zap, id, (size_t)id_len, ZMQ_SNDMORE);
	zmq_send(zap, "200", 3, ZMQ_SNDMORE);
	zmq_send(zap, "OK", 2, ZMQ_SNDMORE);
	zmq_send(zap, "", 0, ZMQ_SNDMORE);
	zmq_send(zap, "", 0, 0);
}

static void
close_while_mail_flows(void *ctx, void *zap)
{
	static uint8_t	 message[MESSAGE];
	struct end	 near, far;
	char		 address[64];
	size_t		 len = sizeof(address);
	int		 i;

	far = end_open(ctx, ZMQ_PULL);
	assert_int_equal(zmq_setsockopt(far.socket, ZMQ_ZAP_DOMAIN, "test", 4),
	    0);
	assert_int_equal(zmq_bind(far.socket, "tcp://127.0.0.1:*"), 0);
	assert_int_equal(zmq_getsockopt(far.socket, ZMQ_LAST_ENDPOINT, address,
	    &len), 0);
	near = end_open(ctx, ZMQ_PUSH);
	assert_int_equal(zmq_connect(near.socket, address), 0);
	let_in(zap);
	assert_true(hears(&near, ZMQ_EVENT_HANDSHAKE_SUCCEEDED));
	for (i = 0; i < MESSAGES; i++)
		assert_int_equal(zmq_send(near.socket, message, MESSAGE, 0),
		    MESSAGE);
	link_zmq_close(&far.socket, &far.monitor, zap);
	assert_null(far.socket);
	assert_null(far.monitor);
	assert_true(hears(&near, ZMQ_EVENT_DISCONNECTED));
	link_zmq_close(&near.socket, &near.monitor, NULL);
}

static void
test_a_closed_socket_closes_its_connections(void **state)
{
	void	*ctx = zmq_ctx_new(), *zap = zmq_socket(ctx, ZMQ_REP);
	int	 i;

	(void)state;
	assert_non_null(zap);
	assert_int_equal(zmq_bind(zap, "inproc://zeromq.zap.01"), 0);
	for (i = 0; i < ROUNDS; i++)
		close_while_mail_flows(ctx, zap);
	zmq_close(zap);
	zmq_ctx_term(ctx);
}

static void
test_what_was_never_opened_is_closed_too(void **state)
{
	void	*socket = NULL, *monitor = NULL;

	(void)state;
	link_zmq_close(&socket, &monitor, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_closed_socket_closes_its_connections),
		cmocka_unit_test(test_what_was_never_opened_is_closed_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
