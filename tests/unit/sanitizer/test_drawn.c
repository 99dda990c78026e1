/* The kept frames of a drawing worker, read again: pages, their letters, their samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "drawn.h"
#include "err.h"
#include "wire.h"
#include "worker.h"

static uint8_t	 all[65536];
static size_t	 all_len;

static void
put(uint8_t type, struct wire *w)
{
	size_t	 n = wire_len(w);

	all[all_len++] = (uint8_t)n;
	all[all_len++] = (uint8_t)(n >> 8);
	all[all_len++] = 0;
	all[all_len++] = 0;
	all[all_len++] = type;
	memcpy(all + all_len, wire_data(w), n);
	all_len += n;
	wire_free(w);
}

static void
put_text(uint32_t page, const char *text)
{
	struct wire	*w = wire_new(1000);

	wire_put_u32(w, page);
	wire_put_text(w, text);
	put(WORKER_TEXT, w);
}

static void
put_page(uint32_t index, uint32_t width, uint32_t height, uint8_t channels,
    size_t samples)
{
	static uint8_t	 grey[1000], frame[2000];
	struct wire	*w = wire_new(3000);

	memset(grey, 77, sizeof(grey));
	wire_put_u32(w, index);
	wire_put_u32(w, width);
	wire_put_u32(w, height);
	wire_put_u8(w, channels);
	wire_put_u16(w, 150);
	wire_put_data(w, frame, ZSTD_compress(frame, sizeof(frame), grey,
	    samples, 1));
	put(WORKER_PAGE, w);
}

static void
pages_come_with_the_letters_they_have(void **state)
{
	struct drawn	 d;
	uint8_t		*samples;

	(void)state;
	all_len = 0;
	put_text(7, "two words");
	put_page(3, 10, 5, 3, 150);
	put_page(7, 20, 5, 1, 100);
	put_text(7, " \n\u6d77\u5cb8 ");
	put_text(COPY_NO_PAGE, "of none");
	assert_int_equal(drawn_read(all, all_len, &d), ERR_OK);
	assert_int_equal(d.count, 2);
	assert_int_equal(d.pages[0].index, 3);
	assert_int_equal(d.pages[0].letters, 0);
	assert_int_equal(d.pages[1].letters, 10);
	samples = drawn_samples(&d.pages[0], 50);
	assert_non_null(samples);
	assert_int_equal(samples[149], 77);
	free(samples);
	assert_null(drawn_samples(&d.pages[0], 49));
	drawn_free(&d);
}

static void
a_page_of_other_size_than_it_says_is_none(void **state)
{
	struct drawn	 d;

	(void)state;
	all_len = 0;
	put_page(0, 10, 5, 1, 49);
	put_page(1, 10, 5, 1, 51);
	assert_int_equal(drawn_read(all, all_len, &d), ERR_OK);
	assert_null(drawn_samples(&d.pages[0], 1000));
	assert_null(drawn_samples(&d.pages[1], 1000));
	drawn_free(&d);
}

static void
what_does_not_follow_the_form_is_refused(void **state)
{
	struct drawn	 d;
	size_t		 len;

	(void)state;
	all_len = 0;
	put_page(0, 10, 5, 1, 50);
	len = all_len;
	for (size_t cut = 1; cut < len; cut++) {
		assert_int_not_equal(drawn_read(all, cut, &d), ERR_OK);
		drawn_free(&d);
	}
	assert_int_equal(drawn_read(all, len, &d), ERR_OK);
	drawn_free(&d);
	all_len = 0;
	put_page(0, 0, 5, 1, 50);
	assert_int_equal(drawn_read(all, all_len, &d), ERR_FORMAT);
	drawn_free(&d);
	all_len = 0;
	put_page(0, 10, 20001, 1, 50);
	assert_int_equal(drawn_read(all, all_len, &d), ERR_FORMAT);
	drawn_free(&d);
	all_len = 0;
	put_page(0, 10, 5, 4, 200);
	assert_int_equal(drawn_read(all, all_len, &d), ERR_FORMAT);
	drawn_free(&d);
	assert_int_equal(drawn_read(all, 0, &d), ERR_OK);
	assert_int_equal(d.count, 0);
	drawn_free(&d);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(pages_come_with_the_letters_they_have),
		cmocka_unit_test(a_page_of_other_size_than_it_says_is_none),
		cmocka_unit_test(what_does_not_follow_the_form_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
