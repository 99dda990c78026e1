/* The text after DATA: its end, its dots, its lone line ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dots.h"

struct text { uint8_t data[256]; size_t len; };

static void
collect(void *arg, const uint8_t *data, size_t len)
{
	struct text	*t = arg;

	assert_true(len <= sizeof(t->data) - t->len);
	memcpy(t->data + t->len, data, len);
	t->len += len;
}

/* in, what comes out, whether it ended, bytes after the end, lone LF and CR */
static const struct {
	const char	*in, *out;
	int		 ended;
	size_t		 left;
	uint32_t	 lf, cr;
} cases[] = {
	{ "a\r\n.\r\n", "a\r\n", 1, 0, 0, 0 },
	{ ".\r\n", "", 1, 0, 0, 0 },
	{ "a\r\n.\r\nQUIT\r\n", "a\r\n", 1, 6, 0, 0 },
	{ "a\r\n..\r\n.\r\n", "a\r\n.\r\n", 1, 0, 0, 0 },
	{ "..a\r\n.b\r\n.\r\n", ".a\r\nb\r\n", 1, 0, 0, 0 },
	{ "a\r\n\r\n.\r\n", "a\r\n\r\n", 1, 0, 0, 0 },
	/* none of these ends a mail */
	{ "a\n.\n", "a\n.\n", 0, 0, 2, 0 },
	{ "a\n.\r\n", "a\n.\r\n", 0, 0, 1, 0 },
	{ "a\r\n.\n", "a\r\n\n", 0, 0, 1, 0 },
	{ "a\r.\r\n", "a\r.\r\n", 0, 0, 0, 1 },
	{ "a\r.\rb\r\n", "a\r.\rb\r\n", 0, 0, 0, 2 },
	{ "a\r\n.\r\r\n", "a\r\n\r\r\n", 0, 0, 0, 1 },
	{ "a\r\n.\rb\r\n", "a\r\n\rb\r\n", 0, 0, 0, 1 },
	{ "a\n\r\n.\r\n", "a\n\r\n", 1, 0, 1, 0 },
	{ "a\r\r\n.\r\n", "a\r\r\n", 1, 0, 0, 1 },
	{ "a.\r\n", "a.\r\n", 0, 0, 0, 0 },
};

static void
expect(size_t c, const struct dots *d, const struct text *t, size_t used)
{
	assert_int_equal(t->len, strlen(cases[c].out));
	assert_memory_equal(t->data, cases[c].out, t->len);
	assert_int_equal(d->ended, cases[c].ended);
	assert_int_equal(strlen(cases[c].in) - used, cases[c].left);
	assert_int_equal(d->bare_lf, cases[c].lf);
	assert_int_equal(d->bare_cr, cases[c].cr);
}

static void
only_crlf_dot_crlf_ends_it_from_every_split(void **state)
{
	size_t	 c, split, len, used;

	(void)state;
	for (c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		len = strlen(cases[c].in);
		for (split = 0; split <= len; split++) {
			const uint8_t	*in = (const uint8_t *)cases[c].in;
			struct dots	 d = {0};
			struct text	 t = {0};

			used = dots_feed(&d, in, split, collect, &t);
			if (!d.ended)
				used += dots_feed(&d, in + split, len - split,
				    collect, &t);
			expect(c, &d, &t, used);
		}
	}
}

static void
byte_by_byte_is_the_same(void **state)
{
	size_t	 c, i, used;

	(void)state;
	for (c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct dots	 d = {0};
		struct text	 t = {0};

		for (used = i = 0; i < strlen(cases[c].in); i++)
			used += dots_feed(&d, (const uint8_t *)cases[c].in + i,
			    1, collect, &t);
		expect(c, &d, &t, used);
	}
}

static void
nul_bytes_pass(void **state)
{
	struct dots	 d = {0};
	struct text	 t = {0};

	(void)state;
	assert_int_equal(dots_feed(&d, (const uint8_t *)"a\0b\r\n.\r\n", 8,
	    collect, &t), 8);
	assert_int_equal(d.ended, 1);
	assert_int_equal(t.len, 5);
	assert_memory_equal(t.data, "a\0b\r\n", 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_crlf_dot_crlf_ends_it_from_every_split),
		cmocka_unit_test(byte_by_byte_is_the_same),
		cmocka_unit_test(nul_bytes_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
