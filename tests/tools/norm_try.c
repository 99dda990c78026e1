/*
 * norm-try: objects of 1 MB over libnorm (RFC 5740), to a receiver that is silent, with
 * 16 parities for each 64 symbols sent unasked: what tests/bench/link compares with.
 *
 *	norm-try send ADDRESS PORT BITS-A-SECOND COUNT
 *	norm-try recv PORT COUNT	prints objects and MB/s
 *
 * normApi.h is C++ in places, so what is used of it is declared here.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OBJECT	1000000
#define OBJECT_DONE	20	/* NORM_RX_OBJECT_COMPLETED */

struct event {
	int		 type;
	const void	*session, *sender, *object;
};

const void *NormCreateInstance(bool boost);
const void *NormCreateSession(const void *i, const char *address, uint16_t port,
    uint32_t node);
void NormSetSilentReceiver(const void *s, bool silent, int max_delay);
bool NormSetRxSocketBuffer(const void *s, unsigned size);
bool NormStartReceiver(const void *s, uint32_t space);
bool NormStartSender(const void *s, uint16_t instance, uint32_t space,
    uint16_t segment, uint16_t data, uint16_t parity, uint8_t fec);
void NormSetAutoParity(const void *s, unsigned char parity);
void NormSetTxRate(const void *s, double bits);
void NormSetTxCacheBounds(const void *s, int64_t size, uint32_t least,
    uint32_t most);
const void *NormDataEnqueue(const void *s, const char *data, uint32_t len,
    const char *info, unsigned info_len);
bool NormGetNextEvent(const void *i, struct event *e, bool wait);

static double
now(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What came by then has been printed. */
static void
time_is_up(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static int
receive(const void *i, const void *s, int count)
{
	struct event	 e;
	double		 first = 0, last = 0;
	int		 n = 0;

	NormSetSilentReceiver(s, true, -1);
	if (!NormStartReceiver(s, 64 << 20))
		return 1;
	(void)NormSetRxSocketBuffer(s, 32 << 20);
	alarm(30);
	while (n < count && NormGetNextEvent(i, &e, true)) {
		if (first == 0)
			first = now();
		if (e.type != OBJECT_DONE)
			continue;
		last = now();
		n++;
		printf("%d %.1f\n", n, n * (OBJECT / 1e6) / (last - first));
		fflush(stdout);
	}
	return 0;
}

static int
transmit(const void *i, const void *s, double bits, int count)
{
	static char	 data[OBJECT];
	struct event	 e;
	int		 n = 0;

	NormSetTxRate(s, bits);
	NormSetTxCacheBounds(s, (int64_t)1 << 30, 4, 1000);
	if (!NormStartSender(s, 1, 64 << 20, 1400, 64, 16, 0))
		return 1;
	NormSetAutoParity(s, 16);
	alarm(30);
	while (n < count) {
		while (n < count && NormDataEnqueue(s, data, OBJECT, NULL, 0) !=
		    NULL)
			n++;
		if (n < count)
			NormGetNextEvent(i, &e, true);
	}
	/* It goes on in a thread until the alarm, or whoever waits ends it. */
	for (;;)
		NormGetNextEvent(i, &e, true);
}

int
main(int argc, char **argv)
{
	const void	*i = NormCreateInstance(false), *s;

	signal(SIGALRM, time_is_up);
	if (argc == 4 && strcmp(argv[1], "recv") == 0) {
		s = NormCreateSession(i, "127.0.0.1",
		    (uint16_t)atoi(argv[2]), 2);
		return s == NULL || receive(i, s, atoi(argv[3]));
	}
	if (argc != 6)
		return 2;
	s = NormCreateSession(i, argv[2], (uint16_t)atoi(argv[3]), 1);
	return s == NULL || transmit(i, s, atof(argv[4]), atoi(argv[5]));
}
