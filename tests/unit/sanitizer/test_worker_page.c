/* The PAGE answer: what goes on the pipe, and what the limits of a job forbid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "err.h"
#include "wire.h"
#include "worker.h"
#include "worker_private.h"

struct answers {
	struct worker_job	 job;
	struct worker		 w;
	int			 in;
};

static void
answers_open(struct answers *a, uint32_t page_pixels, uint64_t pixels)
{
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	memset(a, 0, sizeof(*a));
	a->job.max_page_pixels = page_pixels;
	a->job.max_pixels = pixels;
	a->w.job = &a->job;
	a->w.out = p[1];
	a->in = p[0];
}

static void
answers_close(struct answers *a)
{
	close(a->in);
	if (a->w.out != -1)
		close(a->w.out);
}

static void
a_page_is_one_frame_with_its_sides(void **state)
{
	uint8_t rgb[12] = { 9, 9, 9, 8, 8, 8, 7, 7, 7, 6, 6, 6 };
	const uint8_t *frame;
	struct wire *w = wire_new(WORKER_FRAME_MAX);
	struct answers a;
	uint32_t index, width, height;
	uint8_t type, channels, grey[4];
	uint16_t dpi;
	size_t len;

	(void)state;
	answers_open(&a, 4, 100);
	assert_int_equal(worker_page(&a.w, 7, 2, 2, 3, 6, 150, rgb), 1);
	assert_int_equal(wire_read_frame(a.in, WORKER_FRAME_MAX, w, &type),
	    ERR_OK);
	assert_int_equal(type, WORKER_PAGE);
	assert_int_equal(wire_get_u32(w, &index), ERR_OK);
	assert_int_equal(wire_get_u32(w, &width), ERR_OK);
	assert_int_equal(wire_get_u32(w, &height), ERR_OK);
	assert_int_equal(wire_get_u8(w, &channels), ERR_OK);
	assert_int_equal(wire_get_u16(w, &dpi), ERR_OK);
	assert_int_equal(wire_get_data(w, &frame, &len), ERR_OK);
	assert_int_equal(wire_end(w), ERR_OK);
	assert_int_equal(index, 7);
	assert_int_equal(width, 2);
	assert_int_equal(height, 2);
	assert_int_equal(channels, 1);
	assert_int_equal(dpi, 150);
	assert_int_equal(ZSTD_decompress(grey, 4, frame, len), 4);
	assert_memory_equal(grey, "\x09\x08\x07\x06", 4);
	wire_free(w);
	answers_close(&a);
}

static void
a_page_beyond_a_limit_is_not_sent(void **state)
{
	static uint8_t grey[64];
	struct wire *w = wire_new(WORKER_FRAME_MAX);
	struct answers a;
	uint8_t type;

	(void)state;
	answers_open(&a, 16, 40);
	assert_int_equal(worker_page(&a.w, 0, 17, 1, 1, 17, 150, grey), 0);
	assert_int_equal(worker_page(&a.w, 0, 0, 5, 1, 5, 150, grey), 0);
	assert_int_equal(worker_page(&a.w, 0, 65536, 65536, 1, 65536, 150,
	    grey), 0);
	assert_int_equal(worker_page(&a.w, 0, 4, 4, 1, 4, 150, grey), 1);
	assert_int_equal(worker_page(&a.w, 1, 4, 4, 1, 4, 150, grey), 1);
	assert_int_equal(worker_page(&a.w, 2, 4, 4, 1, 4, 150, grey), 0);
	assert_int_equal(worker_page(&a.w, 2, 4, 2, 1, 4, 150, grey), 1);
	close(a.w.out);
	a.w.out = -1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(wire_read_frame(a.in, WORKER_FRAME_MAX, w,
		    &type), ERR_OK);
	assert_int_equal(wire_read_frame(a.in, WORKER_FRAME_MAX, w, &type),
	    ERR_NOTFOUND);
	wire_free(w);
	answers_close(&a);
}

static void
a_job_without_limits_allows_no_page(void **state)
{
	static uint8_t grey[1];
	struct answers a;

	(void)state;
	answers_open(&a, 0, 0);
	assert_int_equal(worker_page(&a.w, 0, 1, 1, 1, 1, 150, grey), 0);
	answers_close(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_one_frame_with_its_sides),
		cmocka_unit_test(a_page_beyond_a_limit_is_not_sent),
		cmocka_unit_test(a_job_without_limits_allows_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
