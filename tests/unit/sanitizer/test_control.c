/* Packets between router and warm parent: whole, or refused with no descriptor left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "err.h"

static int	 ends[2];

static int
setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int
teardown(void **state)
{
	(void)state;
	close(ends[0]);
	if (ends[1] != -1)
		close(ends[1]);
	return 0;
}

/* The lowest free descriptor: unchanged when nothing leaked. */
static int
lowest_free(void)
{
	int	 fd = dup(0);

	close(fd);
	return fd;
}

static void
job_arrives(int words)
{
	struct control_packet	 sent = { .type = CONTROL_JOB }, got;
	int			 a[2], b[2];
	char			 byte = 0;

	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	sent.job = (struct worker_job){ .id = 7, .deadline_ms = 1, .max_text = 2,
	    .memory_bytes = UINT64_MAX, .dpi = 150, .want_text = 1 };
	strcpy(sent.job.charset, "utf-8");
	strcpy(sent.job.format, "PDF 1.7");
	sent.in = a[0];
	sent.out = b[1];
	sent.words = words;
	assert_int_equal(control_send(ends[0], &sent), ERR_OK);
	assert_int_equal(control_take(ends[1], 0, &got), ERR_OK);
	assert_int_equal(got.type, CONTROL_JOB);
	assert_int_equal(got.words == -1, words == -1);
	if (got.words != -1)
		close(got.words);
	assert_memory_equal(&got.job, &sent.job, sizeof(got.job));
	assert_int_equal(fcntl(got.in, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(got.out, "x", 1), 1);
	assert_int_equal(read(b[0], &byte, 1), 1);
	close(got.in);
	close(got.out);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void
a_job_arrives_with_its_descriptors(void **state)
{
	int	 words = dup(0);

	(void)state;
	job_arrives(-1);
	job_arrives(words);
	close(words);
}

static void
an_end_arrives_as_it_was(void **state)
{
	struct control_packet	 sent = { .type = CONTROL_ENDED, .in = -1,
				    .out = -1 }, got;

	(void)state;
	sent.event = (struct zygote_event){ .type = ZYGOTE_ENDED, .job = 9,
	    .end = JOB_MEMORY, .detail = 11, .wall_ms = 1, .cpu_ms = 2,
	    .max_rss_kb = 3 };
	assert_int_equal(control_send(ends[0], &sent), ERR_OK);
	assert_int_equal(control_take(ends[1], 0, &got), ERR_OK);
	assert_memory_equal(&got.event, &sent.event, sizeof(got.event));
}

static void
a_warm_parent_says_what_it_loaded(void **state)
{
	struct control_packet	 sent = { .type = CONTROL_READY, .in = -1,
				    .out = -1 }, got;

	(void)state;
	sent.event = (struct zygote_event){ .type = ZYGOTE_READY, .held = 5,
	    .data = { .engine = "ClamAV 1.4.6", .name = "daily",
	    .version = 27400, .entries = 8000000, .made_s = 1795000000 } };
	assert_int_equal(control_send(ends[0], &sent), ERR_OK);
	assert_int_equal(control_take(ends[1], 0, &got), ERR_OK);
	assert_memory_equal(&got.event, &sent.event, sizeof(got.event));
	memset(sent.event.data.name, 'x', sizeof(sent.event.data.name));
	assert_int_equal(control_send(ends[0], &sent), ERR_OK);
	assert_int_equal(control_take(ends[1], 0, &got), ERR_FORMAT);
}

static void
rubbish(const char *bytes, size_t len)
{
	struct control_packet	 got;
	int			 before = lowest_free();

	assert_int_equal(send(ends[0], bytes, len, 0), (ssize_t)len);
	assert_int_not_equal(control_take(ends[1], 0, &got), ERR_OK);
	assert_int_equal(got.in, -1);
	assert_int_equal(lowest_free(), before);
}

static void
what_does_not_decode_is_refused(void **state)
{
	char	 large[CONTROL_MAX + 1] = {0};

	(void)state;
	rubbish("\x00", 1);			/* no such type */
	rubbish("\x01\x01", 2);			/* READY, cut */
	rubbish("\x01\x01\x00\x00\x00\x00", 6);	/* READY, and one byte more */
	rubbish("\x03\x01\x00\x00\x00\x63\x00\x00\x00\x00\x00\x00\x00\x00"
	    "\x00\x00\x00\x00\x00\x00\x00\x00", 22);	/* ENDED, end 99 */
	rubbish("\x02", 1);			/* JOB, empty */
	rubbish(large, sizeof(large));		/* larger than any */
}

static void
descriptors_of_a_refused_packet_are_closed(void **state)
{
	struct control_packet	 sent = { .type = CONTROL_JOB }, got;
	int			 p[2], before;

	(void)state;
	assert_int_equal(pipe(p), 0);
	memset(sent.job.charset, 'x', sizeof(sent.job.charset));	/* no NUL */
	sent.in = p[0];
	sent.out = p[1];
	sent.words = p[0];
	before = lowest_free();
	assert_int_equal(control_send(ends[0], &sent), ERR_OK);
	assert_int_equal(control_take(ends[1], 0, &got), ERR_FORMAT);
	assert_int_equal(got.in, -1);
	assert_int_equal(got.out, -1);
	assert_int_equal(got.words, -1);
	assert_int_equal(lowest_free(), before);
	close(p[0]);
	close(p[1]);
}

static void
the_end_and_the_wait_are_told_apart(void **state)
{
	struct control_packet	 got;

	(void)state;
	assert_int_equal(control_take(ends[0], MSG_DONTWAIT, &got), ERR_AGAIN);
	close(ends[1]);
	ends[1] = -1;
	assert_int_equal(control_take(ends[0], MSG_DONTWAIT, &got), ERR_PEER);
	got.type = CONTROL_READY;
	assert_int_equal(control_send(ends[0], &got), ERR_PEER);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_job_arrives_with_its_descriptors),
		T(an_end_arrives_as_it_was),
		T(a_warm_parent_says_what_it_loaded),
		T(what_does_not_decode_is_refused),
		T(descriptors_of_a_refused_packet_are_closed),
		T(the_end_and_the_wait_are_told_apart),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
