/* The bounded buffer and frames on streams, at every split point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "wire.h"

static struct wire *
sample(void)
{
	struct wire	*w = wire_new(1000);

	assert_int_equal(wire_put_u8(w, 0x12), ERR_OK);
	assert_int_equal(wire_put_u16(w, 0x3456), ERR_OK);
	assert_int_equal(wire_put_u32(w, 0x789abcdeu), ERR_OK);
	assert_int_equal(wire_put_u64(w, 0x0123456789abcdefull), ERR_OK);
	assert_int_equal(wire_put_data(w, "blob\0x", 6), ERR_OK);
	assert_int_equal(wire_put_text(w, "text"), ERR_OK);
	assert_int_equal(wire_put_text(w, NULL), ERR_OK);
	assert_int_equal(wire_put_raw(w, "raw", 3), ERR_OK);
	return w;
}

/* Reads what sample() put; the first failure is returned. */
static int
sample_read(struct wire *w)
{
	const uint8_t	*data;
	char		*s = NULL;
	size_t		 len;
	uint8_t		 a;
	uint16_t	 b;
	uint32_t	 c;
	uint64_t	 d;
	int		 r;

	if ((r = wire_get_u8(w, &a)) != ERR_OK ||
	    (r = wire_get_u16(w, &b)) != ERR_OK ||
	    (r = wire_get_u32(w, &c)) != ERR_OK ||
	    (r = wire_get_u64(w, &d)) != ERR_OK ||
	    (r = wire_get_data(w, &data, &len)) != ERR_OK)
		return r;
	assert_int_equal(a, 0x12);
	assert_int_equal(b, 0x3456);
	assert_int_equal(c, 0x789abcdeu);
	assert_true(d == 0x0123456789abcdefull);
	assert_int_equal(len, 6);
	assert_memory_equal(data, "blob\0x", 6);
	if ((r = wire_get_text(w, 4, &s)) != ERR_OK)
		return r;
	assert_string_equal(s, "text");
	free(s);
	s = NULL;
	if ((r = wire_get_text(w, 4, &s)) != ERR_OK)
		return r;
	assert_string_equal(s, "");
	free(s);
	if ((r = wire_get_raw(w, &data, 3)) != ERR_OK)
		return r;
	assert_memory_equal(data, "raw", 3);
	return wire_end(w);
}

static void
what_is_put_is_got(void **state)
{
	struct wire	*w = sample();

	(void)state;
	assert_int_equal(sample_read(w), ERR_OK);
	assert_int_equal(wire_left(w), 0);
	wire_free(w);
}

static void
integers_are_little_endian(void **state)
{
	struct wire	*w = wire_new(8);

	(void)state;
	assert_int_equal(wire_put_u32(w, 0x04030201), ERR_OK);
	assert_memory_equal(wire_data(w), "\1\2\3\4", 4);
	wire_free(w);
}

static void
a_cut_at_every_point_is_short(void **state)
{
	struct wire	*w = sample(), *cut;
	uint8_t		*copy;
	size_t		 n;

	(void)state;
	for (n = 0; n < wire_len(w); n++) {
		/* exactly n bytes, so that valgrind sees a read past them */
		copy = malloc(n + 1);
		memcpy(copy, wire_data(w), n);
		copy = realloc(copy, n > 0 ? n : 1);
		cut = wire_new_over(copy, n);
		assert_int_equal(sample_read(cut), ERR_SHORT);
		wire_free(cut);
		free(copy);
	}
	wire_free(w);
}

static void
bytes_that_remain_are_refused(void **state)
{
	struct wire	*w = sample();

	(void)state;
	assert_int_equal(wire_put_u8(w, 0), ERR_OK);
	assert_int_equal(sample_read(w), ERR_FORMAT);
	wire_free(w);
}

static void
the_maximum_holds_and_a_refused_put_leaves_nothing(void **state)
{
	struct wire	*w = wire_new(10);

	(void)state;
	assert_int_equal(wire_put_u64(w, 1), ERR_OK);
	assert_int_equal(wire_put_u32(w, 1), ERR_LIMIT);
	assert_int_equal(wire_put_data(w, "", 0), ERR_LIMIT);
	assert_int_equal(wire_len(w), 8);
	assert_int_equal(wire_put_u16(w, 1), ERR_OK);
	assert_int_equal(wire_put_raw(w, "x", 1), ERR_LIMIT);
	wire_clear(w);
	assert_int_equal(wire_put_data(w, "123456", 6), ERR_OK);
	wire_clear(w);
	assert_int_equal(wire_put_data(w, "1234567", 7), ERR_LIMIT);
	assert_int_equal(wire_len(w), 0);
	wire_free(w);
}

static void
borrowed_bytes_are_only_read(void **state)
{
	struct wire	*w = wire_new_over((const uint8_t *)"abc", 3);

	(void)state;
	assert_int_equal(wire_put_u8(w, 1), ERR_LIMIT);
	wire_free(w);
}

static void
a_text_with_nul_or_too_long_is_refused(void **state)
{
	struct wire	*w = wire_new(100);
	char		*s;

	(void)state;
	assert_int_equal(wire_put_data(w, "a\0b", 3), ERR_OK);
	assert_int_equal(wire_get_text(w, 10, &s), ERR_FORMAT);
	assert_int_equal(wire_get_text(w, 2, &s), ERR_LIMIT);
	assert_int_equal(wire_left(w), 7);
	wire_free(w);
}

static void
a_length_that_lies_is_short(void **state)
{
	const uint8_t	 lie[] = { 0xff, 0xff, 0xff, 0xff, 'x' };
	struct wire	*w = wire_new_over(lie, sizeof(lie));
	const uint8_t	*data;
	size_t		 len;
	char		*s;

	(void)state;
	assert_int_equal(wire_get_data(w, &data, &len), ERR_SHORT);
	assert_int_equal(wire_get_text(w, SIZE_MAX, &s), ERR_SHORT);
	assert_int_equal(wire_left(w), 5);
	wire_free(w);
}

struct feed { int fd; const uint8_t *data; size_t len, split; };

static void *
feed_slowly(void *arg)
{
	struct feed	*f = arg;

	fd_write_all(f->fd, f->data, f->split);
	usleep(200);
	fd_write_all(f->fd, f->data + f->split, f->len - f->split);
	close(f->fd);
	return NULL;
}

static void
a_frame_arrives_whole_from_every_split(void **state)
{
	const uint8_t	 frame[] = { 5, 0, 0, 0, 7, 'h', 'e', 'l', 'l', 'o' };
	struct wire	*w = wire_new(5);
	struct feed	 f;
	pthread_t	 t;
	size_t		 split;
	uint8_t		 type;
	int		 s[2];

	(void)state;
	for (split = 0; split <= sizeof(frame); split++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
		f = (struct feed){ s[0], frame, sizeof(frame), split };
		pthread_create(&t, NULL, feed_slowly, &f);
		assert_int_equal(wire_read_frame(s[1], 5, w, &type), ERR_OK);
		assert_int_equal(type, 7);
		assert_int_equal(wire_len(w), 5);
		assert_memory_equal(wire_data(w), "hello", 5);
		assert_int_equal(wire_read_frame(s[1], 5, w, &type),
		    ERR_NOTFOUND);
		pthread_join(t, NULL);
		close(s[1]);
	}
	wire_free(w);
}

static void
a_frame_cut_anywhere_is_short(void **state)
{
	const uint8_t	 frame[] = { 5, 0, 0, 0, 7, 'h', 'e', 'l', 'l', 'o' };
	struct wire	*w = wire_new(5);
	size_t		 n;
	uint8_t		 type;
	int		 p[2];

	(void)state;
	for (n = 1; n < sizeof(frame); n++) {
		assert_int_equal(pipe(p), 0);
		assert_int_equal(fd_write_all(p[1], frame, n), ERR_OK);
		close(p[1]);
		assert_int_equal(wire_read_frame(p[0], 5, w, &type), ERR_SHORT);
		close(p[0]);
	}
	wire_free(w);
}

static void
a_frame_above_the_maximum_is_refused_unread(void **state)
{
	struct wire	*w = wire_new(5);
	uint8_t		 type;
	int		 p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(wire_write_frame(p[1], 1, "hello!", 6), ERR_OK);
	assert_int_equal(wire_read_frame(p[0], 5, w, &type), ERR_LIMIT);
	close(p[0]);
	close(p[1]);
	wire_free(w);
}

static void
a_write_at_an_offset_lands_there_and_tells_a_full_disk(void **state)
{
	int	 fd = open("/dev/full", O_WRONLY|O_CLOEXEC);
	FILE	*f = tmpfile();
	char	 got[6] = "";

	(void)state;
	assert_int_equal(fd_write_at(fileno(f), "llo", 3, 2), ERR_OK);
	assert_int_equal(fd_write_at(fileno(f), "he", 2, 0), ERR_OK);
	assert_int_equal(pread(fileno(f), got, sizeof(got), 0), 5);
	assert_string_equal(got, "hello");
	assert_int_equal(lseek(fileno(f), 0, SEEK_CUR), 0);
	assert_int_equal(fd_write_at(fd, "x", 1, 0), ERR_FULL);
	assert_int_equal(fd_write_at(-1, "x", 1, 0), ERR_SYS);
	assert_int_equal(fd_write_at(-1, "", 0, 0), ERR_OK);
	close(fd);
	fclose(f);
}

static void *
drain(void *arg)
{
	struct wire	*w = wire_new(1 << 20);
	uint8_t		 type;

	if (wire_read_frame(*(int *)arg, 1 << 20, w, &type) != ERR_OK ||
	    type != 9) {
		wire_free(w);
		w = NULL;
	}
	return w;
}

static void
a_frame_larger_than_the_pipe_passes(void **state)
{
	uint8_t		*big = malloc(1 << 20);
	struct wire	*w;
	pthread_t	 t;
	void		*got;
	size_t		 i;
	int		 p[2];

	(void)state;
	for (i = 0; i < 1 << 20; i++)
		big[i] = (uint8_t)(i * 7 >> 3);
	assert_int_equal(pipe(p), 0);
	pthread_create(&t, NULL, drain, &p[0]);
	assert_int_equal(wire_write_frame(p[1], 9, big, 1 << 20), ERR_OK);
	pthread_join(t, &got);
	w = got;
	assert_non_null(w);
	assert_int_equal(wire_len(w), 1 << 20);
	assert_memory_equal(wire_data(w), big, 1 << 20);
	wire_free(w);
	free(big);
	close(p[0]);
	close(p[1]);
}

static void
sizes_do_not_wrap(void **state)
{
	size_t	 out = 5;

	(void)state;
	assert_int_equal(size_mul(SIZE_MAX / 2, 3, &out), ERR_LIMIT);
	assert_int_equal(size_mul(6, 7, &out), ERR_OK);
	assert_int_equal(out, 42);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_is_got),
		cmocka_unit_test(integers_are_little_endian),
		cmocka_unit_test(a_cut_at_every_point_is_short),
		cmocka_unit_test(bytes_that_remain_are_refused),
		cmocka_unit_test(
		    the_maximum_holds_and_a_refused_put_leaves_nothing),
		cmocka_unit_test(borrowed_bytes_are_only_read),
		cmocka_unit_test(a_text_with_nul_or_too_long_is_refused),
		cmocka_unit_test(a_length_that_lies_is_short),
		cmocka_unit_test(a_frame_arrives_whole_from_every_split),
		cmocka_unit_test(a_frame_cut_anywhere_is_short),
		cmocka_unit_test(a_write_at_an_offset_lands_there_and_tells_a_full_disk),
		cmocka_unit_test(a_frame_above_the_maximum_is_refused_unread),
		cmocka_unit_test(a_frame_larger_than_the_pipe_passes),
		cmocka_unit_test(sizes_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
