/*
 * forger: sends datagrams to a receiver of transport udp that it must not take: good
 * ones with a bit turned, cut short, made longer, under another key, and noise.
 * Prints how many it sent. Run by the tests of the link.
 *
 *	forger KEY-FILE ADDRESS PORT COUNT A-SECOND
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto.h"
#include "datagram.h"
#include "err.h"

#define BATCH	32
#define SYMBOL	1344	/* so that a longer one still fits MTU 1500 */

static struct datagram_keys	*keys, *others;
static uint8_t			 symbol[SYMBOL];
static uint8_t			 out[BATCH][DATAGRAM_MAX];

static int
key_read(const char *path)
{
	uint8_t	 key[32], other[32];
	FILE	*f = fopen(path, "r");
	int	 i;

	for (i = 0; f != NULL && i < 32; i++)
		if (fscanf(f, "%2hhx", &key[i]) != 1)
			return 0;
	memcpy(other, key, sizeof(other));
	other[7] ^= 1;
	return f != NULL && datagram_keys_new(key, NULL, &keys) == ERR_OK &&
	    datagram_keys_new(other, NULL, &others) == ERR_OK;
}

/* One that a sender could have sent, of an epoch that is newer than any. */
static size_t
good(uint64_t n, struct datagram_keys *k, uint8_t *to)
{
	struct datagram	 d = { .type = DATAGRAM_BLOCK,
			    .flags = DATAGRAM_SHORTENED,
			    .epoch = UINT64_C(0xfffffff000000000) + n % 7,
			    .seq = n + 1, .object = 1 + n % 50, .blocks = 1,
			    .k = 3, .m = 4, .index = (uint8_t)(n % 3),
			    .len = SYMBOL, .last = 100 };

	if (datagram_seal(k, &d, symbol, to) != ERR_OK)
		exit(1);
	return DATAGRAM_HEADER + SYMBOL + DATAGRAM_TAG;
}

static size_t
forge(uint64_t n, uint8_t *to)
{
	uint64_t	 r;
	size_t		 len;

	(void)random_bytes(&r, sizeof(r));
	switch (n % 5) {
	case 0:
	case 1:
		len = good(n, keys, to);
		/* Half of them in the header, where it would tell. */
		to[n % 2 ? r / 8 % len : r / 8 % DATAGRAM_HEADER] ^=
		    (uint8_t)(1 << r % 8);
		return len;
	case 2:
		len = good(n, keys, to);
		return r % len;
	case 3:
		return good(n, others, to);
	default:
		len = good(n, keys, to) + 1 + r % 64;
		(void)random_bytes(to + len - 80, 80);
		return len;
	}
}

static void
pace(const struct timespec *began, uint64_t sent, double a_second)
{
	struct timespec	 t, nap = { 0, 500000 };
	double		 at;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		at = (double)(t.tv_sec - began->tv_sec) +
		    (double)(t.tv_nsec - began->tv_nsec) / 1e9;
		if (at * a_second >= (double)sent)
			return;
		nanosleep(&nap, NULL);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in	 a = { .sin_family = AF_INET };
	struct mmsghdr		 m[BATCH];
	struct iovec		 v[BATCH];
	struct timespec		 began;
	uint64_t		 n = 0, count;
	int			 fd = socket(AF_INET, SOCK_DGRAM, 0), i;

	if (argc != 6 || !key_read(argv[1]) || fd == -1 ||
	    inet_pton(AF_INET, argv[2], &a.sin_addr) != 1)
		return 2;
	a.sin_port = htons((uint16_t)atoi(argv[3]));
	if (connect(fd, (void *)&a, sizeof(a)) != 0)
		return 1;
	count = strtoull(argv[4], NULL, 10);
	memset(m, 0, sizeof(m));
	clock_gettime(CLOCK_MONOTONIC, &began);
	while (n < count) {
		for (i = 0; i < BATCH && n < count; i++, n++) {
			v[i].iov_base = out[i];
			v[i].iov_len = forge(n, out[i]);
			m[i].msg_hdr.msg_iov = &v[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		if (sendmmsg(fd, m, (unsigned)i, 0) != i)
			return 1;
		pace(&began, n, atof(argv[5]));
	}
	printf("%llu\n", (unsigned long long)n);
	datagram_keys_free(keys);
	datagram_keys_free(others);
	return 0;
}
