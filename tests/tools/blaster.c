/*
 * What a line carries at best, one-way: datagrams without any meaning.
 *
 *	blaster send ADDRESS PORT SIZE SECONDS [gso|plain [RATE]]
 *	blaster recv ADDRESS PORT
 *
 * RATE is bits a second on the line, frames and their gaps included; without it, all
 * that goes. recv prints megabytes (10^6) a second of payload from the first to the last one,
 * and ends after 600 ms of silence.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGES	64
#define BYTES		65536

static uint8_t		 data[MESSAGES][BYTES];
static struct mmsghdr	 m[MESSAGES];
static struct iovec	 v[MESSAGES];

static double
now(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
messages_set(size_t len)
{
	size_t	 i;

	for (i = 0; i < MESSAGES; i++) {
		v[i].iov_base = data[i];
		v[i].iov_len = len;
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
}

static int
blast(int fd, size_t size, double seconds, int gso, double rate)
{
	const struct timespec	 nap = { 0, 100000 };
	double	 began = now(), end = began + seconds, sent = 0;
	double	 each = rate > 0 ? (double)(size + 66) * 8 / rate : 0;
	int	 part = (int)size;
	size_t	 n = 65000 / size;

	messages_set(size);
	if (gso) {
		if (setsockopt(fd, SOL_UDP, UDP_SEGMENT, &part, sizeof(part)))
			return 1;
		messages_set(size * (n > 44 ? 44 : n));
	}
	while (now() < end) {
		if (sent * each > now() - began) {
			nanosleep(&nap, NULL);
			continue;
		}
		if (sendmmsg(fd, m, MESSAGES, 0) > 0)
			sent += MESSAGES * (double)v[0].iov_len / (double)size;
	}
	return 0;
}

static int
count(int fd)
{
	struct pollfd	 p = { fd, POLLIN, 0 };
	double		 first = 0, last = 0, bytes = 0;
	int		 on = 1, size = 32 << 20, i, n;

	setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	messages_set(BYTES);
	while (poll(&p, 1, first == 0 ? 10000 : 600) == 1) {
		n = recvmmsg(fd, m, MESSAGES, MSG_DONTWAIT, NULL);
		last = now();
		if (first == 0)
			first = last;
		for (i = 0; i < n; i++)
			bytes += m[i].msg_len;
	}
	printf("%.1f\n", last > first ? bytes / (last - first) / 1e6 : 0.0);
	return 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in	 a = { .sin_family = AF_INET };
	int			 fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc < 4 || fd == -1 || inet_pton(AF_INET, argv[2], &a.sin_addr) != 1)
		return 2;
	a.sin_port = htons((uint16_t)atoi(argv[3]));
	if (strcmp(argv[1], "recv") == 0)
		return bind(fd, (void *)&a, sizeof(a)) != 0 || count(fd);
	if (argc < 6 || connect(fd, (void *)&a, sizeof(a)) != 0)
		return 2;
	return blast(fd, (size_t)atoi(argv[4]), atof(argv[5]), argc > 6 &&
	    strcmp(argv[6], "gso") == 0, argc > 7 ? atof(argv[7]) : 0);
}
