/* Pictures: every range of a base64 attachment, and the PNG around one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"

#include "picture.h"

#define SIZE	400
#define AT	19		/* bytes before the first line */

static uint8_t	 plain[SIZE];

/* A file with a few words and `plain` in base64, lines of 76 and LF. */
static int
make_file(size_t len)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	FILE			*f = tmpfile();
	size_t			 i, column = 0;
	unsigned		 v;
	char			 q[4];

	assert_non_null(f);
	fputs("Header: something\n\n", f);
	for (i = 0; i < len; i += 3) {
		v = (unsigned)plain[i] << 16;
		if (i + 1 < len)
			v |= (unsigned)plain[i + 1] << 8;
		if (i + 2 < len)
			v |= plain[i + 2];
		q[0] = digits[v >> 18];
		q[1] = digits[v >> 12 & 63];
		q[2] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		q[3] = i + 2 < len ? digits[v & 63] : '=';
		fwrite(q, 1, 4, f);
		if ((column += 4) == 76) {
			fputc('\n', f);
			column = 0;
		}
	}
	fputs(column ? "\n--end" : "--end", f);
	fflush(f);
	return dup(fileno(f));
}

static void
every_range_is_read_exactly(void **state)
{
	uint8_t	*out;
	size_t	 o, n;
	int	 fd;

	(void)state;
	for (n = 0; n < SIZE; n++)
		plain[n] = (uint8_t)(n * 37 + n / 7);
	fd = make_file(SIZE);
	for (o = 0; o < SIZE; o++)
		for (n = 1; o + n <= SIZE; n += 1 + n / 9) {
			assert_int_equal(picture_read_range(fd, AT, (int64_t)o,
			    (int64_t)n, &out), ERR_OK);
			assert_memory_equal(out, plain + o, n);
			free(out);
		}
	close(fd);
}

static void
lengths_round_the_padding_are_read(void **state)
{
	uint8_t	*out;
	size_t	 n;
	int	 fd;

	(void)state;
	for (n = 55; n <= 60; n++) {
		fd = make_file(n);
		assert_int_equal(picture_read_range(fd, AT, 0, (int64_t)n,
		    &out), ERR_OK);
		assert_memory_equal(out, plain, n);
		free(out);
		assert_int_not_equal(picture_read_range(fd, AT, 0,
		    (int64_t)n + 1, &out), ERR_OK);
		close(fd);
	}
}

static void
wrong_ranges_and_files_are_refused(void **state)
{
	uint8_t	*out;
	int	 fd = make_file(SIZE);

	(void)state;
	assert_int_equal(picture_read_range(fd, AT, 0, 0, &out), ERR_LIMIT);
	assert_int_equal(picture_read_range(fd, AT, -1, 5, &out), ERR_LIMIT);
	assert_int_equal(picture_read_range(fd, AT, 0, (int64_t)1 << 40, &out),
	    ERR_LIMIT);
	assert_int_equal(picture_read_range(fd, INT64_MAX, INT64_MAX, 5, &out),
	    ERR_LIMIT);
	assert_int_equal(picture_read_range(fd, AT, 100000, 5, &out),
	    ERR_SHORT);
	assert_int_equal(picture_read_range(fd, AT - 9, 0, 30, &out),
	    ERR_FORMAT);
	close(fd);
}

static void
a_png_is_wrapped_round_its_bytes(void **state)
{
	static const uint8_t	 start[] = { 0x89, 'P', 'N', 'G', '\r', '\n',
	    0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0,
	    1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 40, 'I', 'D',
	    'A', 'T' };
	static const uint8_t	 end[] = { 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0,
	    'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };
	struct picture		 p = { .form = PICTURE_PNG, .width = 1,
	    .height = 1, .depth = 8, .color = 2, .crc = 0x12345678,
	    .offset = 61, .length = 40, .file_offset = AT, .file_size = SIZE };
	uint8_t			*out;
	size_t			 len;
	int			 fd = make_file(SIZE);

	(void)state;
	assert_int_equal(picture_load(fd, &p, &out, &len), ERR_OK);
	assert_int_equal(len, sizeof(start) + 40 + sizeof(end));
	assert_memory_equal(out, start, sizeof(start));
	assert_memory_equal(out + sizeof(start), plain + 61, 40);
	assert_memory_equal(out + sizeof(start) + 40, end, sizeof(end));
	free(out);
	p.file_size = 100;
	assert_int_equal(picture_load(fd, &p, &out, &len), ERR_FORMAT);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(every_range_is_read_exactly),
		cmocka_unit_test(lengths_round_the_padding_are_read),
		cmocka_unit_test(wrong_ranges_and_files_are_refused),
		cmocka_unit_test(a_png_is_wrapped_round_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
