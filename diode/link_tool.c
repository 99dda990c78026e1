/*
 * limpid-link: measures a one-way line between two hosts before it is trusted. One
 * side sends a numbered pattern, the far end says what came and what to configure.
 * Runs as an operator, beside or before the daemons; knows no key and reads no mail.
 * Hostile input: datagrams at the far end; only numbers are taken from them.
 * Must never answer a datagram, or print what one holds but numbers.
 */
#include <sys/random.h>
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

#define HEAD		32	/* magic 4, run 4, number 8, all 8, size 8 */
#define SIZE_MAX_UDP	9188
#define TRAILERS	20
#define BUFFER		(32 * 1024 * 1024)
#define BURSTS		1024	/* lengths told apart */
#define QUIET_MS	3000	/* without a trailer the run ends after that */
#define BLOCK		64	/* source symbols of transport udp */
#define PARITY_MAX	64
#define INTERLEAVE_MAX	32
#define LONE_MAX	64	/* a burst that a lone small mail survives */
#define BEHIND_S	0.002	/* what is made up for at once, as the sender does */

static const char usage[] =
    "usage: limpid link test recv ADDRESS PORT\n"
    "       limpid link test send ADDRESS PORT RATE [SECONDS [SIZE]]\n"
    "Start recv on the receiving host first. RATE is bits a second: the speed of\n"
    "the line itself, such as 1G. SECONDS 5 and SIZE 1472 unless said: the MTU less\n"
    "28 over IPv4, less 48 over IPv6, so 8972 or 8952 for an MTU of 9000.\n"
    "recv prints line rate, loss and burst lengths, and a rate, mtu, parity and\n"
    "interleave for limpid.conf. Exit 0: something came, 1: nothing did.\n";

struct pattern {
	uint32_t	 run;
	uint64_t	 number, all;	/* all: 0 until the trailer */
};

struct tally {
	uint32_t	 run;
	uint64_t	 came, bytes, next, all, late, lost;
	uint64_t	 burst[BURSTS + 1];	/* by length */
	uint32_t	 overflow;
	size_t		 size, head;	/* of a datagram, and of IP and UDP */
	double		 began, ended;
};

static double
now(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What to do about an address that cannot be taken. */
static const char *
hint(int error, int receive)
{
	if (error == EADDRINUSE)
		return "; stop limpid-diode-recv for the test, or take another"
		    " port at both ends";
	if (error == EADDRNOTAVAIL && receive)
		return "; write the address of this host on that line";
	if (error == ENETUNREACH || error == EHOSTUNREACH)
		return "; give this host an address and a route on that line";
	return "";
}

static int
socket_make(const char *host, const char *port, int receive, int *fdp,
    size_t *head)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_DGRAM,
			    .ai_flags = receive ? AI_PASSIVE : 0 }, *a;
	int		 fd, r, bytes = BUFFER, one = 1;

	if ((r = getaddrinfo(host, port, &hints, &a)) != 0) {
		fprintf(stderr, "limpid link: %s port %s: %s; write an IP"
		    " address of this line\n", host, port, gai_strerror(r));
		return EXIT_USAGE;
	}
	fd = socket(a->ai_family, SOCK_DGRAM|SOCK_CLOEXEC, 0);
	r = fd == -1 ? -1 : receive ?
	    bind(fd, a->ai_addr, a->ai_addrlen) :
	    connect(fd, a->ai_addr, a->ai_addrlen);
	*head = a->ai_family == AF_INET6 ? 48 : 28;
	freeaddrinfo(a);
	if (r == -1) {
		fprintf(stderr, "limpid link: %s port %s: %s%s\n", host, port,
		    strerror(errno), hint(errno, receive));
		if (fd != -1)
			close(fd);
		return EXIT_IO;
	}
	if (receive && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
	    sizeof(bytes)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes,
		    sizeof(bytes));
	if (receive)
		(void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one,
		    sizeof(one));
	*fdp = fd;
	return EXIT_DONE;
}

/* "800M" as bits; 0 when it is none. */
static uint64_t
rate_read(const char *s)
{
	char		*end;
	double		 v = strtod(s, &end);

	if (end == s || v <= 0 || v > 1e12)
		return 0;
	switch (*end) {
	case 'k': case 'K': v *= 1e3; end++; break;
	case 'M': v *= 1e6; end++; break;
	case 'G': v *= 1e9; end++; break;
	default: break;
	}
	return *end == '\0' && v >= 1000 && v <= 1e12 ? (uint64_t)v : 0;
}

/* The whole of s as a number from low to high; -1 when it is none. */
static double
number_read(const char *s, double low, double high)
{
	char	*end;
	double	 v = strtod(s, &end);

	return end != s && *end == '\0' && v >= low && v <= high ? v : -1;
}

static void
pattern_write(uint8_t *out, const struct pattern *p)
{
	memcpy(out, "LMPT", 4);
	memcpy(out + 4, &p->run, 4);
	memcpy(out + 8, &p->number, 8);
	memcpy(out + 16, &p->all, 8);
}

static int
test_send(int fd, uint64_t rate, double seconds, size_t size, size_t head)
{
	static uint8_t	 raw[SIZE_MAX_UDP];
	struct pattern	 p = {0};
	struct timespec	 nap = { 0, 500000 };
	double		 start = now(), at, due = 0, each;
	uint64_t	 refused = 0;
	int		 i;

	if (getrandom(&p.run, sizeof(p.run), 0) != sizeof(p.run))
		return EXIT_IO;
	/* IP, UDP and 38 bytes of Ethernet: what the line carries. */
	each = (double)(size + head + 38) * 8 / (double)rate;
	while ((at = now() - start) < seconds) {
		if (due > at) {
			nanosleep(&nap, NULL);
			continue;
		}
		/* A host that was late does not make up for it in a burst that
		 * the line would be blamed for. */
		if (at - due > BEHIND_S)
			due = at - BEHIND_S;
		due += each;
		pattern_write(raw, &p);
		if (send(fd, raw, size, 0) == -1)
			refused++;
		p.number++;
	}
	p.all = p.number;
	for (i = 0; i < TRAILERS; i++) {
		pattern_write(raw, &p);
		(void)send(fd, raw, HEAD, 0);
		usleep(20000);
	}
	at = (double)p.all * (double)(size + head + 38) * 8 / seconds;
	printf("sent %" PRIu64 " datagrams of %zu bytes in %.1f s (%.1f Mb/s"
	    " on the line), %" PRIu64 " refused by this host\n", p.all, size,
	    seconds, at / 1e6, refused);
	if (at < 0.95 * (double)rate)
		puts("this host could not send as fast as was asked: what the"
		    " far end prints is true for this rate");
	if (refused > 0)
		printf("this host refuses datagrams of %zu bytes or has no way"
		    " there: see the MTU of its interface, and its routes\n",
		    size);
	return EXIT_DONE;
}

static void
tally_gap(struct tally *t, uint64_t length)
{
	t->lost += length;
	t->burst[length < BURSTS ? length : BURSTS]++;
}

/* One datagram of our pattern; 1 when the run is over. */
static int
tally_add(struct tally *t, const uint8_t *raw, size_t len)
{
	struct pattern	 p;

	if (len < HEAD || memcmp(raw, "LMPT", 4) != 0)
		return 0;
	memcpy(&p.run, raw + 4, 4);
	memcpy(&p.number, raw + 8, 8);
	memcpy(&p.all, raw + 16, 8);
	if (t->came == 0 && p.all == 0) {
		t->run = p.run;
		t->began = now();
	}
	if (p.run != t->run || p.number > UINT64_MAX / 2)
		return 0;
	if (p.all != 0) {
		t->all = p.all;
		return 1;
	}
	t->ended = now();
	t->came++;
	t->bytes += len + t->head + 38;
	t->size = len;
	if (p.number < t->next) {
		t->late++;
		return 0;
	}
	if (p.number > t->next)
		tally_gap(t, p.number - t->next);
	t->next = p.number + 1;
	return 0;
}

static ssize_t
take(int fd, uint8_t *raw, size_t size, uint32_t *overflow)
{
	struct iovec	 v = { raw, size };
	char		 control[64];
	struct msghdr	 m = { .msg_iov = &v, .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr	*c;
	ssize_t		 n = recvmsg(fd, &m, MSG_DONTWAIT);

	for (c = n < 0 ? NULL : CMSG_FIRSTHDR(&m); c != NULL;
	    c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
			memcpy(overflow, CMSG_DATA(c), sizeof(*overflow));
	return n;
}

/* The chance that more than m of 64 + m are lost. */
static double
block_loss(double p, int m)
{
	double	 term, sum = 0;
	int	 i, n = BLOCK + m;

	for (i = 0; i <= m; i++) {
		term = lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) +
		    i * log(p) + (n - i) * log1p(-p);
		sum += exp(term);
	}
	return sum < 1 ? 1 - sum : 0;
}

/* The least parity that this loss does not get through, 16 unless the line is worse;
 * the least interleave that makes of it twice the longest burst, and where that does
 * not suffice, more parity. */
static void
repair_choose(double loss, uint64_t longest, int *parity, uint64_t *interleave)
{
	static const int	 choices[] = { 16, 24, 32, 48, PARITY_MAX };
	size_t			 i = 0;
	uint64_t		 need = 2 * longest;

	while (i < 4 && loss > 0 && block_loss(loss < 0.9 ? loss : 0.9,
	    choices[i]) > 1e-6)
		i++;
	while (i < 4 && need > (uint64_t)choices[i] * INTERLEAVE_MAX)
		i++;
	*parity = choices[i];
	*interleave = (need + (uint64_t)choices[i] - 1) / (uint64_t)choices[i];
	if (*interleave < 4)
		*interleave = 4;
	if (*interleave > INTERLEAVE_MAX)
		*interleave = INTERLEAVE_MAX;
}

static void
advise(const struct tally *t, double rate, double loss, uint64_t longest)
{
	uint64_t	 interleave;
	int		 parity;

	repair_choose(loss, longest, &parity, &interleave);
	printf("for limpid.conf on both hosts:\n\trate = \"%.0fM\"\n"
	    "\tmtu = %zu\n\tparity = %d\n\tinterleave = %" PRIu64 "\n",
	    0.8 * rate / 1e6 < 1 ? 1 : 0.8 * rate / 1e6, t->size + t->head,
	    parity, interleave);
	if (longest > (uint64_t)parity * interleave)
		puts("bursts were longer than any setting repairs: objects are"
		    " lost until the next round, so keep rounds at 2 or more"
		    " and mend the line");
	else if (longest > LONE_MAX)
		printf("bursts were longer than %d: a small mail that is alone"
		    " on the line then waits for the next round, so keep"
		    " rounds at 2 or more\n", LONE_MAX);
	if (t->overflow > 0)
		puts("this host was too slow for the line, not the line for"
		    " it: lower the rate, or raise net.core.rmem_max");
	if (loss > 0.1)
		puts("more than a tenth was lost: mend the line, or send"
		    " slower and measure again");
}

/* How many bursts of each length; long ones in classes. Returns the longest. */
static uint64_t
bursts_print(const struct tally *t)
{
	uint64_t	 longest = 0, count;
	size_t		 from, to, i;

	fputs("bursts       ", stdout);
	for (from = 1; from <= BURSTS; from = to + 1) {
		to = from < 5 ? from : 2 * (from - 1) < BURSTS ?
		    2 * (from - 1) : BURSTS;
		for (count = 0, i = from; i <= to; i++) {
			count += t->burst[i];
			longest = t->burst[i] > 0 ? i : longest;
		}
		if (count > 0 && from == to)
			printf(" %zu:%" PRIu64, from, count);
		else if (count > 0)
			printf(" %zu-%zu:%" PRIu64, from, to, count);
	}
	printf("  longest %" PRIu64 "%s\n", longest,
	    longest == BURSTS ? " or more" : "");
	return longest;
}

static int
report(struct tally *t)
{
	uint64_t	 all = t->all != 0 ? t->all : t->next, longest;
	double		 rate, loss;

	if (t->came == 0) {
		puts("nothing came: see that limpid link test send ran meanwhile"
		    " with this address and port, the cable, and on the sending"
		    " host the neighbour entry of this address (ip neigh; on a"
		    " one-way line it must be set by hand)");
		return EXIT_FINDINGS;
	}
	if (all > t->next)
		tally_gap(t, all - t->next);
	rate = (double)t->bytes * 8 / (t->ended - t->began + 1e-6);
	loss = 1 - (double)t->came / (double)all;
	printf("line rate     %.1f Mb/s, datagrams of %zu bytes\n", rate / 1e6,
	    t->size);
	printf("loss          %.4f %%  (%" PRIu64 " of %" PRIu64 "; %u of them"
	    " in this host's queue)\n", 100 * loss, all - t->came, all,
	    t->overflow);
	printf("out of order  %" PRIu64 "\n", t->late);
	longest = bursts_print(t);
	advise(t, rate, loss, longest);
	return EXIT_DONE;
}

static int
test_recv(int fd, size_t head)
{
	static uint8_t	 raw[65536];
	static struct tally t;
	struct pollfd	 p = { fd, POLLIN, 0 };
	ssize_t		 n;
	int		 over = 0;

	t.head = head;
	while (!over) {
		/* Before the first one there is no hurry. */
		if (poll(&p, 1, t.came == 0 ? 60000 : QUIET_MS) <= 0)
			break;
		while (!over && (n = take(fd, raw, sizeof(raw),
		    &t.overflow)) >= 0)
			over = tally_add(&t, raw, (size_t)n);
	}
	return report(&t);
}

int
main(int argc, char **argv)
{
	uint64_t	 rate;
	double		 seconds, bytes;
	size_t		 size, head;
	int		 code, fd, sending;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	sending = argc >= 6 && argc <= 8 && strcmp(argv[2], "send") == 0;
	if (argc < 3 || strcmp(argv[1], "test") != 0 ||
	    (!sending && (argc != 5 || strcmp(argv[2], "recv") != 0))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	rate = sending ? rate_read(argv[5]) : 0;
	seconds = argc > 6 ? number_read(argv[6], 0.01, 3600) : 5;
	bytes = argc > 7 ? number_read(argv[7], HEAD, SIZE_MAX_UDP) : 1472;
	/* getaddrinfo takes 99999 for some port. */
	if (number_read(argv[4], 1, 65535) < 0 ||
	    (sending && (rate == 0 || seconds < 0 || bytes < 0))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	size = (size_t)bytes;
	if ((code = socket_make(argv[3], argv[4], !sending, &fd, &head)) !=
	    EXIT_DONE)
		return code;
	code = sending ? test_send(fd, rate, seconds, size, head) :
	    test_recv(fd, head);
	close(fd);
	return code;
}
