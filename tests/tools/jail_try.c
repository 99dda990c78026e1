/*
 * Enters a worker's real jail with an attacker inside and reports, as TAP, what it
 * got away with.
 *	jail-try WORKER POLICY		every attempt, under this policy file
 *	jail-try WORKER POLICY --files		where files are shown, and threads allowed
 *	jail-try WORKER POLICY --tmp		where there is only a /tmp of its own
 *	jail-try WORKER POLICY --loose		the walls behind a filter with holes
 *	jail-try WORKER POLICY --bench N	N empty jobs, milliseconds each
 *	jail-try WORKER POLICY --scan N FOLDER	N letters for a worker that loads FOLDER
 * WORKER is worker-evil, or for --bench any worker program.
 * Test tool; it plays the router.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"
#include "jail_attempts.h"
#include "wire.h"
#include "zygote.h"

#define DEADLINE_MS	10000
#define SHORT_MS	500	/* for those who wait for it */
#define FLOOD_MAX	(32u << 20)

/* What became of one job. */
struct result {
	struct zygote_event	 ev;
	int			 done;		/* DONE came */
	uint8_t			 reason;	/* in it */
	char			 text[128];	/* first TEXT */
	int			 bad;		/* rubbish or flood: we had it killed */
};

static const char	*worker, *policy, *folder;
static unsigned		 count, failed;

static void __attribute__((format(printf, 2, 3)))
ok(int good, const char *fmt, ...)
{
	va_list	 ap;

	failed += !good;
	printf("%sok %u - ", good ? "" : "not ", ++count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

static _Noreturn void
die(const char *what, int r)
{
	printf("Bail out! %s: %s\n", what, err_text(r));
	exit(EXIT_BUG);
}

static int64_t
now_us(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct zygote *
start(void)
{
	struct zygote	*z;
	unsigned	 held;
	int		 r;

	if ((r = zygote_start(worker, policy, folder, &z)) != ERR_OK)
		die(worker, r);
	if ((r = zygote_wait_ready(z, 60000, &held)) != ERR_OK)
		die("the worker does not get ready", r);
	return z;
}

static int
part_make(const char *content)
{
	int	 fd = memfd_create("part", MFD_CLOEXEC);

	if (fd == -1 || fd_write_all(fd, content, strlen(content)) != ERR_OK)
		die("memfd", ERR_SYS);
	return fd;
}

/* Hands over a part; returns the reading end of its answers. */
static int
job_send(struct zygote *z, uint32_t id, const char *content, uint32_t deadline)
{
	struct worker_job	 job = { .id = id, .deadline_ms = deadline,
				    .memory_bytes = 128u << 20,
				    .max_input = 1 << 20, .max_text = 1 << 20 };
	int			 in = part_make(content), p[2], r;

	if (pipe2(p, O_CLOEXEC) == -1)
		die("pipe", ERR_SYS);
	if ((r = zygote_send_job(z, &job, in, p[1], -1)) != ERR_OK)
		die("send a job", r);
	close(in);
	close(p[1]);
	return p[0];
}

static void
ended_wait(struct zygote *z, struct zygote_event *ev)
{
	struct pollfd	 p = { .fd = zygote_fd(z), .events = POLLIN };
	int		 r;

	while ((r = zygote_read(z, ev)) == ERR_AGAIN)
		if (poll(&p, 1, 10000) == 0)
			die("no word of the job's end", ERR_TIMEOUT);
	if (r != ERR_OK)
		die("the zygote died", r);
}

static void
text_keep(struct result *res, struct wire *w)
{
	const uint8_t	*s;
	uint32_t	 page;
	size_t		 len;

	if (res->text[0] != '\0' || wire_get_u32(w, &page) != ERR_OK ||
	    wire_get_data(w, &s, &len) != ERR_OK)
		return;
	if (len >= sizeof(res->text))
		len = sizeof(res->text) - 1;
	memcpy(res->text, s, len);
}

/* Reads answers as the router would, and ends the job at the first wrong one. */
static void
answers_read(struct zygote *z, uint32_t id, int fd, struct result *res)
{
	struct wire	*w = wire_new(COPY_FRAME_MAX);
	uint8_t		 type, outcome;
	uint64_t	 bytes = 0;
	int		 r;

	if (w == NULL)
		die("memory", ERR_MEMORY);
	while ((r = wire_read_frame(fd, COPY_FRAME_MAX, w, &type)) == ERR_OK) {
		bytes += wire_len(w);
		if (type == WORKER_TEXT)
			text_keep(res, w);
		else if (type == WORKER_DONE &&
		    wire_get_u8(w, &outcome) == ERR_OK &&
		    wire_get_u8(w, &res->reason) == ERR_OK)
			res->done = 1;
		else
			break;
		if (bytes > FLOOD_MAX)
			break;
	}
	res->bad = r != ERR_NOTFOUND && r != ERR_SHORT;
	if (res->bad && zygote_kill_job(z, id) != ERR_OK)
		die("kill a job", ERR_PEER);
	wire_free(w);
}

static struct result
job_run(struct zygote *z, const char *content)
{
	static uint32_t	 id;
	struct result	 res = {0};
	int		 fd;

	fd = job_send(z, ++id, content, strcmp(content, "spin") == 0 ||
	    strcmp(content, "sleep") == 0 ? SHORT_MS : DEADLINE_MS);
	answers_read(z, id, fd, &res);
	ended_wait(z, &res.ev);
	close(fd);	/* not before: a broken pipe would end it another way */
	return res;
}

static void
attempts_test(struct zygote *z)
{
	static const char *const all[] = {
#define NAME(s) s,
		ATTEMPTS(NAME)
	};
	unsigned	 succeeded = 0, seen = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct result res = job_run(z, all[i]);

		succeeded += strstr(res.text, "succeeded") != NULL;
		seen += res.ev.end == JOB_FORBIDDEN_CALL;
		ok(res.ev.end == JOB_FORBIDDEN_CALL && !res.done,
		    "%s is a forbidden call (%s, %s)", all[i],
		    job_end_name(res.ev.end), res.text);
	}
	printf("# %zu attempts: %u succeeded, %u seen as forbidden calls\n",
	    sizeof(all) / sizeof(all[0]), succeeded, seen);
}

static unsigned	 tried, succeeded, seen;	/* of files_test */

static void
files_try(struct zygote *z, const char *const *what, size_t n, int killed)
{
	for (size_t i = 0; i < n; i++) {
		struct result	 res = job_run(z, what[i]);

		tried++;
		succeeded += strstr(res.text, "succeeded") != NULL;
		seen += res.ev.end == JOB_FORBIDDEN_CALL;
		ok(killed ? res.ev.end == JOB_FORBIDDEN_CALL && !res.done :
		    strstr(res.text, "refused") != NULL, "%s %s (%s, %s)",
		    what[i], killed ? "is a forbidden call" : "gets nowhere",
		    job_end_name(res.ev.end), res.text);
	}
}

/* Where there are files: some attempts end the child, the others get nowhere, and what
 * one child leaves in /tmp no other one sees. */
static void
files_test(struct zygote *z, int threads)
{
#define NAME(s) s,
	static const char *const killed[] = { FILES_KILLED(NAME) };
	static const char *const processes[] = { THREADS_REFUSED(NAME) };
	static const char *const refused[] = { FILES_REFUSED(NAME) };

	ok(strstr(job_run(z, "tmp-leave").text, "succeeded") != NULL,
	    "a child has a /tmp of its own");
	files_try(z, killed, sizeof(killed) / sizeof(killed[0]), 1);
	files_try(z, processes, sizeof(processes) / sizeof(processes[0]),
	    !threads);
	files_try(z, refused, sizeof(refused) / sizeof(refused[0]), 0);
	printf("# %u attempts: %u succeeded, %u seen as forbidden calls\n",
	    tried, succeeded, seen);
}

static void
end_test(struct zygote *z, const char *what, enum job_end end, const char *says)
{
	struct result	 res = job_run(z, what);

	ok(res.ev.end == end && !res.done,
	    "%s (%s: ended as %s, detail %u, after %u ms)", says, what,
	    job_end_name(res.ev.end), res.ev.detail, res.ev.wall_ms);
}

static void
behaviour_test(struct zygote *z)
{
	struct result	 res;

	end_test(z, "spin", JOB_DEADLINE, "a worker that spins meets its deadline");
	end_test(z, "sleep", JOB_DEADLINE, "one that sleeps does too");
#ifndef LIMPID_SAN	/* no limit on memory there, and crashes end otherwise */
	end_test(z, "allocate", JOB_MEMORY,
	    "memory without end is told apart from a crash");
	res = job_run(z, "allocate-notice");
	ok(res.ev.end == JOB_OK && res.reason == REASON_MEMORY,
	    "a library that calls lack of memory malformed is corrected");
	end_test(z, "abort", JOB_CRASH, "abort is a crash, not an escape");
	end_test(z, "segv", JOB_CRASH, "a wild pointer is a crash");
	end_test(z, "stack", JOB_CRASH, "endless recursion is a crash");
#endif
	end_test(z, "flood", JOB_KILLED, "answers without end can be stopped");
	end_test(z, "nonsense", JOB_SILENT, "leaving without DONE is seen");
	res = job_run(z, "rubbish");
	ok(res.bad && !res.done, "rubbish is no frame");
	res = job_run(z, "unknown-type");
	ok(res.bad && !res.done, "a frame of unknown type is refused");
	res = job_run(z, "done");
	ok(res.ev.end == JOB_OK && res.done, "after all that an honest job works");
}

/* Two jobs: one hangs, the other must neither wait for it nor die with it. */
static void
side_by_side_test(struct zygote *z)
{
	struct zygote_event	 first, second;
	int			 a, b;

	a = job_send(z, 900001, "spin", 1500);
	b = job_send(z, 900002, "done", DEADLINE_MS);
	ended_wait(z, &first);
	ended_wait(z, &second);
	ok(first.job == 900002 && first.end == JOB_OK &&
	    second.job == 900001 && second.end == JOB_DEADLINE,
	    "jobs run side by side and end on their own");
	close(a);
	close(b);
}

/* The end of the answers proves that no process holds their writing end. */
static int
all_dead(int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	char		 byte;

	return poll(&p, 1, 5000) == 1 && read(fd, &byte, 1) == 0;
}

static void
zygote_death_test(void)
{
	struct zygote		*z;
	struct zygote_event	 ev;
	struct pollfd		 p = { .events = POLLIN };
	unsigned		 held;
	pid_t			 pid;
	int			 control, fd;

	if (zygote_spawn(worker, policy, NULL, (uid_t)-1, (gid_t)-1,
	    &control, &pid) != ERR_OK || zygote_attach(control, pid, &z) != ERR_OK ||
	    zygote_wait_ready(z, 20000, &held) != ERR_OK)
		die(worker, ERR_PEER);
	p.fd = zygote_fd(z);
	fd = job_send(z, 1, "spin", 60000);
	usleep(50000);
	kill(pid, SIGKILL);
	ok(poll(&p, 1, 5000) == 1 && zygote_read(z, &ev) == ERR_PEER,
	    "the router hears that a zygote died");
	ok(all_dead(fd), "its children die with it");
	close(fd);
	zygote_free(z);
}

static void
router_death_test(void)
{
	int	 p[2], in, ready[2];
	char	 byte;
	pid_t	 pid;

	if (pipe2(p, O_CLOEXEC) == -1 || pipe2(ready, O_CLOEXEC) == -1)
		die("pipe", ERR_SYS);
	if ((pid = fork()) == 0) {
		struct worker_job job = { .id = 1, .deadline_ms = 60000,
		    .max_input = 100 };
		struct zygote *z = start();

		in = part_make("spin");
		if (zygote_send_job(z, &job, in, p[1], -1) != ERR_OK ||
		    write(ready[1], "r", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(p[1]);
	if (pid == -1 || read(ready[0], &byte, 1) != 1)
		die("router", ERR_SYS);
	usleep(50000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ok(all_dead(p[0]), "when the router is killed, nothing of it survives");
	close(p[0]);
	close(ready[0]);
	close(ready[1]);
}

/* Under a filter with holes: these must fail at the walls behind it. */
static void
loose_test(struct zygote *z)
{
	static const char *const walls[] = { "open-passwd", "openat-passwd",
	    "open-write", "creat", "connect-out", "kill-parent",
	    "process_vm_readv", "mount", "chroot", "setns", "setuid" };

	for (size_t i = 0; i < sizeof(walls) / sizeof(walls[0]); i++) {
		struct result res = job_run(z, walls[i]);

		ok(res.ev.end == JOB_OK && strstr(res.text, "refused") != NULL,
		    "%s ends at the second wall (%s, %s)", walls[i],
		    job_end_name(res.ev.end), res.text);
	}
	ok(job_run(z, "done").ev.end == JOB_OK, "and the zygote lives");
}

/* Milliseconds of a fork that ends at once, with or without locking itself. */
static double
fork_ms(const struct jail_filter *filter, long n)
{
	struct jail_limits	 lim = { .memory_bytes = 1u << 30,
				    .mapped_bytes = jail_mapped(), .cpu_s = 9 };
	int64_t			 t = now_us();
	pid_t			 pid;

	for (long i = 0; i < n; i++) {
		if ((pid = fork()) == 0) {
			if (filter != NULL &&
			    jail_lock(filter, &lim, NULL, 0) != ERR_OK)
				_exit(1);
			_exit(0);
		}
		if (pid == -1 || waitpid(pid, NULL, 0) == -1)
			die("fork", ERR_SYS);
	}
	return (double)(now_us() - t) / 1000.0 / (double)n;
}

/* Three figures: a whole empty job, and a bare fork without and with the lock. */
static int
bench(long jobs)
{
	struct jail_filter	*filter;
	struct zygote		*z;
	struct result		 res;
	double			 plain = 0, locked = 0, round;
	int64_t			 t;
	char			*why;

	if (jail_filter_load(policy, &filter, &why) != ERR_OK)
		die(why, ERR_CONFIG);
	/* The best of ten rounds each, taken in turn: other work only adds. */
	for (int i = 0; i < 10; i++) {
		round = fork_ms(NULL, jobs / 10);
		plain = i == 0 || round < plain ? round : plain;
		round = fork_ms(filter, jobs / 10);
		locked = i == 0 || round < locked ? round : locked;
	}
	jail_filter_free(filter);
	z = start();
	t = now_us();

	for (long i = 0; i < jobs; i++) {
		res = job_run(z, "");
		if (res.ev.end == JOB_NOT_LOCKED || res.ev.end == JOB_LOST)
			die("a job failed", ERR_PEER);
	}
	printf("%.3f %.3f %.3f\n",
	    (double)(now_us() - t) / 1000.0 / (double)jobs, plain, locked);
	zygote_free(z);
	return EXIT_DONE;
}

/* Milliseconds a part, and the megabytes that its child had. */
static int
bench_scan(long jobs)
{
	char			 letter[4096];
	struct zygote		*z = start();
	struct result		 res = {0};
	int64_t			 t;

	memset(letter, 'x', sizeof(letter));
	for (size_t i = 7; i < sizeof(letter); i += 8)
		letter[i] = ' ';
	letter[sizeof(letter) - 1] = '\0';
	t = now_us();
	for (long i = 0; i < jobs; i++) {
		res = job_run(z, letter);
		if (res.ev.end != JOB_OK)
			die("a scan failed", ERR_PEER);
	}
	printf("%.3f %u\n", (double)(now_us() - t) / 1000.0 / (double)jobs,
	    res.ev.max_rss_kb / 1024);
	zygote_free(z);
	return EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct zygote	*z;

	if (argc < 3) {
		fprintf(stderr, "usage: jail-try WORKER POLICY [--files | --tmp | --loose | --bench N]\n");
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	worker = argv[1];
	policy = argv[2];
	if (argc == 5 && strcmp(argv[3], "--bench") == 0)
		return bench(strtol(argv[4], NULL, 10));
	if (argc == 6 && strcmp(argv[3], "--scan") == 0) {
		folder = argv[5];
		return bench_scan(strtol(argv[4], NULL, 10));
	}
	z = start();
	if (argc == 4 && strcmp(argv[3], "--loose") == 0) {
		loose_test(z);
		zygote_free(z);
		printf("1..%u\n", count);
		return failed == 0 ? EXIT_DONE : EXIT_FINDINGS;
	}
#ifdef LIMPID_SAN	/* workers run unfiltered, under the sanitizers */
	(void)attempts_test;
	(void)files_test;
#else
	if (argc == 4 && strcmp(argv[3], "--files") == 0)
		files_test(z, 1);
	else if (argc == 4 && strcmp(argv[3], "--tmp") == 0)
		files_test(z, 0);
	else
		attempts_test(z);
#endif
	behaviour_test(z);
	side_by_side_test(z);
	zygote_free(z);
	zygote_death_test();
	router_death_test();
	printf("1..%u\n", count);
	return failed == 0 ? EXIT_DONE : EXIT_FINDINGS;
}
