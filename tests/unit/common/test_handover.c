/* Packets with descriptors: handover.h. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "handover.h"

static int
open_fds(void)
{
	int	 n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
pair_open(int s[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    s), 0);
}

static void
pair_close(int s[2])
{
	close(s[0]);
	close(s[1]);
}

static void
packet_and_descriptors_arrive(void **state)
{
	int	 s[2], p[2], got[3];
	char	 data[16], byte;
	size_t	 len = sizeof(data);

	(void)state;
	pair_open(s);
	assert_int_equal(pipe(p), 0);
	assert_int_equal(handover_send(s[0], "hello", 5, p, 2), ERR_OK);
	assert_int_equal(handover_take(s[1], 0, data, &len, got, 3), ERR_OK);
	assert_int_equal(len, 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(got[2], -1);
	assert_int_equal(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(got[1], "x", 1), 1);
	assert_int_equal(read(p[0], &byte, 1), 1);
	pair_close(got);
	pair_close(p);
	pair_close(s);
}

static void
surplus_descriptors_are_closed(void **state)
{
	int	 s[2], before, got[1], fds[2] = { 0, 1 };
	char	 data[16];
	size_t	 len = sizeof(data);

	(void)state;
	pair_open(s);
	before = open_fds();
	assert_int_equal(handover_send(s[0], "x", 1, fds, 2), ERR_OK);
	assert_int_equal(handover_take(s[1], 0, data, &len, got, 1),
	    ERR_FORMAT);
	assert_int_equal(got[0], -1);
	assert_int_equal(open_fds(), before);
	pair_close(s);
}

static void
long_packet_is_refused_whole(void **state)
{
	int	 s[2], before, got[1], fds[1] = { 0 };
	char	 data[4];
	size_t	 len = sizeof(data);

	(void)state;
	pair_open(s);
	before = open_fds();
	assert_int_equal(handover_send(s[0], "12345", 5, fds, 1), ERR_OK);
	assert_int_equal(handover_take(s[1], 0, data, &len, got, 1),
	    ERR_FORMAT);
	assert_int_equal(open_fds(), before);
	pair_close(s);
}

static void
nothing_there_and_nobody_there(void **state)
{
	int	 s[2];
	char	 data[4];
	size_t	 len = sizeof(data);

	(void)state;
	pair_open(s);
	assert_int_equal(handover_take(s[1], MSG_DONTWAIT, data, &len, NULL,
	    0), ERR_AGAIN);
	close(s[0]);
	assert_int_equal(handover_take(s[1], 0, data, &len, NULL, 0),
	    ERR_PEER);
	assert_int_equal(handover_send(s[1], "x", 1, NULL, 0), ERR_PEER);
	close(s[1]);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(packet_and_descriptors_arrive),
		cmocka_unit_test(surplus_descriptors_are_closed),
		cmocka_unit_test(long_packet_is_refused_whole),
		cmocka_unit_test(nothing_there_and_nobody_there),
	};

	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
