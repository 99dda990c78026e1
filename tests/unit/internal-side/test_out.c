/*
 * Output, base64 and the ranges found in it again; PDF tables that are right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "err.h"
#include "mail_range.h"
#include "out.h"
#include "page_encode.h"
#include "pdf_write.h"

static uint8_t	 bytes[300000];

static int
setup(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static char *
file_bytes(int fd, size_t *len)
{
	char	*data;

	*len = (size_t)lseek(fd, 0, SEEK_END);
	data = calloc(1, *len + 1);
	assert_non_null(data);
	assert_int_equal(pread(fd, data, *len, 0), (ssize_t)*len);
	return data;
}

/* base64 of bytes written in pieces of step, after a prefix of 10. */
static int
encoded(size_t n, size_t step)
{
	int		 fd = memfd_create("out", MFD_CLOEXEC);
	struct out	*o = out_new(fd);
	struct base64	 b;
	size_t		 i;

	assert_non_null(o);
	out_puts(o, "0123456789");
	base64_start(&b, o);
	for (i = 0; i < n; i += step)
		base64_write(&b, bytes + i, n - i < step ? n - i : step);
	base64_finish(&b);
	assert_int_equal(b.total, n);
	assert_int_equal(out_total(o), 10 + base64_size(n));
	assert_int_equal(out_finish(o), ERR_OK);
	out_free(o);
	return fd;
}

static void
any_range_is_found_again(void **state)
{
	static const size_t	 sizes[] = { 1, 2, 3, 56, 57, 58, 114, 115, 1000 };
	size_t			 i, from, to;
	char			*got;
	int			 fd;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fd = encoded(sizes[i], 1 + i * 5);
		for (from = 0; from < sizes[i]; from += 1 + sizes[i] / 60)
			for (to = from + 1; to <= sizes[i];
			    to += 1 + sizes[i] / 40) {
				assert_int_equal(mail_range_read(fd, 10, 1,
				    from, to - from, &got), ERR_OK);
				assert_memory_equal(got, bytes + from,
				    to - from);
				free(got);
			}
		assert_int_not_equal(mail_range_read(fd, 10, 1, 0,
		    sizes[i] + 60, &got), ERR_OK);
		close(fd);
	}
}

static void
pieces_make_no_difference(void **state)
{
	size_t	 len[2], step;
	char	*whole, *pieces;
	int	 fd;

	(void)state;
	fd = encoded(5000, 5000);
	whole = file_bytes(fd, &len[0]);
	close(fd);
	for (step = 1; step < 130; step += 8) {
		fd = encoded(5000, step);
		pieces = file_bytes(fd, &len[1]);
		assert_int_equal(len[0], len[1]);
		assert_memory_equal(whole, pieces, len[0]);
		free(pieces);
		close(fd);
	}
	free(whole);
}

static void
what_is_no_base64_is_refused(void **state)
{
	int	 fd = memfd_create("x", MFD_CLOEXEC);
	char	*got;

	(void)state;
	assert_int_equal(write(fd, "QUJD*UJD", 8), 8);
	assert_int_equal(mail_range_read(fd, 0, 1, 0, 6, &got), ERR_FORMAT);
	assert_int_equal(mail_range_read(fd, 0, 1, 0, 3, &got), ERR_OK);
	assert_string_equal(got, "ABC");
	free(got);
	assert_int_equal(mail_range_read(fd, 5, 0, 0, 9, &got), ERR_SHORT);
	assert_int_equal(mail_range_read(fd, UINT64_MAX, 1, UINT64_MAX, 9,
	    &got), ERR_LIMIT);
	close(fd);
}

static void
a_spilled_file_is_appended_whole(void **state)
{
	static const size_t	 sizes[] = { 0, 10, 200000, 300000 };
	size_t			 i, len, k;
	char			*got;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int	 f1 = memfd_create("a", MFD_CLOEXEC);
		int	 f2 = memfd_create("b", MFD_CLOEXEC);
		struct out *a = out_new(f1), *b = out_new(f2);

		for (k = 0; k < 3; k++)
			out_write(b, bytes, sizes[i]);
		out_puts(a, "x");
		out_append(a, b);
		assert_int_equal(out_finish(a), ERR_OK);
		got = file_bytes(f1, &len);
		assert_int_equal(len, 1 + 3 * sizes[i]);
		for (k = 0; k < 3; k++)
			assert_memory_equal(got + 1 + k * sizes[i], bytes,
			    sizes[i]);
		free(got);
		out_free(a);
		out_free(b);
		close(f1);
		close(f2);
	}
}

static void
an_error_sticks(void **state)
{
	struct out	*o = out_new(-1);

	(void)state;
	out_write(o, bytes, sizeof(bytes));
	out_puts(o, "more");
	assert_int_equal(out_finish(o), ERR_SYS);
	out_free(o);
}

/* Every entry of the cross-reference table points at its object. */
static void
the_table_of_a_pdf_is_right(void **state)
{
	struct page_image	 im = { .form = PAGE_PNG, .width = 620,
				    .height = 877, .dpi = 75, .depth = 8,
				    .color = PAGE_PALETTE, .colors = 2,
				    .palette = { 255, 255, 255, 9, 8, 7 },
				    .data = bytes, .len = 1000 };
	int			 fd = memfd_create("pdf", MFD_CLOEXEC);
	struct out		*o = out_new(fd);
	struct pdf_writer	*w = pdf_writer_new(out_write, o);
	uint64_t		 at;
	size_t			 len, i, xref;
	char			*pdf, *p, want[32];

	(void)state;
	for (i = 0; i < 50; i++)
		assert_int_equal(pdf_write_page(w, &im, &at), ERR_OK);
	pdf_write_finish(w);
	pdf_writer_free(w);
	assert_int_equal(out_finish(o), ERR_OK);
	out_free(o);
	pdf = file_bytes(fd, &len);
	assert_memory_equal(pdf + at, bytes, 1000);
	/* The binary streams hold NULs: search from the end. */
	for (p = pdf + len - 10; memcmp(p, "startxref\n", 10) != 0; p--)
		assert_true(p > pdf);
	xref = strtoul(p + 10, NULL, 10);
	p = pdf + xref;
	assert_memory_equal(p, "xref\n0 153\n", 11);
	for (i = 1; i < 153; i++) {
		int n = snprintf(want, sizeof(want), "%zu 0 obj\n", i);

		at = strtoul(p + 11 + 20 * i, NULL, 10);
		assert_true(at < len);
		assert_memory_equal(pdf + at, want, (size_t)n);
	}
	assert_non_null(memmem(pdf, len, "/MediaBox[0 0 595.2 841.92]", 27));
	assert_non_null(memmem(pdf, len,
	    "[/Indexed/DeviceRGB 1<ffffff090807>]", 36));
	free(pdf);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_range_is_found_again),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(what_is_no_base64_is_refused),
		cmocka_unit_test(a_spilled_file_is_appended_whole),
		cmocka_unit_test(an_error_sticks),
		cmocka_unit_test(the_table_of_a_pdf_is_right),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
