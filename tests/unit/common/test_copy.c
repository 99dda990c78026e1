/*
 * The copy stream: what is written is read back equal, and what a captured
 * sanitizer host might say instead is refused.
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

#include "copy.h"
#include "err.h"

struct bytes {
	uint8_t	*data;
	size_t	 len, size;
	size_t	 fail_at;	/* the sink fails beyond this; 0 never */
};

static int
bytes_sink(void *arg, const uint8_t *data, size_t len)
{
	struct bytes	*b = arg;

	if (b->fail_at != 0 && b->len + len > b->fail_at)
		return ERR_FULL;
	if (b->len + len > b->size) {
		b->size = (b->len + len) * 2;
		b->data = realloc(b->data, b->size);
		assert_non_null(b->data);
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
	return ERR_OK;
}

/* What the handlers saw, as one text. */
struct seen {
	char	 log[65536];
	size_t	 len;
	size_t	 text;		/* bytes of text */
	int	 answer;	/* of the page handler */
};

static void __attribute__((format(printf, 2, 3)))
seen_add(struct seen *s, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	s->len += (size_t)vsnprintf(s->log + s->len, sizeof(s->log) - s->len,
	    fmt, ap);
	va_end(ap);
	assert_true(s->len < sizeof(s->log));
}

static int
on_mail(void *arg, const struct copy_mail *m)
{
	size_t	 i;

	seen_add(arg, "mail %d %lld %llu %s %s %s %s %s %d", m->ref.b[0],
	    (long long)m->received_ms, (unsigned long long)m->size, m->sender,
	    m->client, m->tls, m->auth, m->policy, m->document);
	for (i = 0; i < m->rcpt_count; i++)
		seen_add(arg, " %s", m->rcpts[i]);
	seen_add(arg, "\n");
	return ERR_OK;
}

static int
on_part(void *arg, const struct copy_part *p)
{
	seen_add(arg, "part %u %u %u %s %llu %s %s %s %d\n", p->id, p->parent,
	    p->depth, kind_name(p->kind), (unsigned long long)p->size, p->path,
	    p->name, p->declared, p->body);
	return ERR_OK;
}

static int
on_fact(void *arg, enum fact f, const char *value)
{
	seen_add(arg, "fact %s %s\n", fact_name(f), value);
	return ERR_OK;
}

static int
on_text(void *arg, uint32_t page, const char *utf8, size_t len)
{
	struct seen	*s = arg;

	s->text += len;
	if (len < 100)
		seen_add(arg, "text %d %.*s\n", (int)page, (int)len, utf8);
	return ERR_OK;
}

static int
on_page(void *arg, const struct copy_page *p)
{
	seen_add(arg, "page %u %ux%u %d %d %zu %.*s\n", p->index, p->width,
	    p->height, p->channels, p->dpi, p->frame_len, (int)p->frame_len,
	    (const char *)p->frame);
	return ((struct seen *)arg)->answer;
}

static int
on_part_end(void *arg, const struct copy_part_end *e)
{
	seen_add(arg, "end %s %s %u %u %u %s %s %s\n", outcome_name(e->outcome),
	    reason_name(e->reason), e->pages, e->pages_total, e->millis,
	    e->engine, e->rule, e->note);
	return ERR_OK;
}

static int
on_end(void *arg, uint32_t parts)
{
	seen_add(arg, "parts %u\n", parts);
	return ERR_OK;
}

static const struct copy_handlers handlers = { on_mail, on_part, on_fact,
    on_text, on_page, on_part_end, on_end };

static int
read_bytes(const uint8_t *data, size_t len, struct seen *s)
{
	int	 fd, r;

	memset(s, 0, offsetof(struct seen, answer));
	fd = memfd_create("copy", MFD_CLOEXEC);
	assert_true(fd != -1);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	r = copy_read(fd, &handlers, s);
	close(fd);
	return r;
}

static char *rcpts[] = { "a@b.example", "c@d.example" };
static const struct copy_mail a_mail = { .ref = {{ 7 }},
    .received_ms = 1700000000123, .size = 4096, .sender = "s@x.example",
    .rcpts = rcpts, .rcpt_count = 2, .client = "192.0.2.1", .tls = "TLSv1.3",
    .auth = "mx; spf=pass", .policy = "00ff" };
static const struct copy_part root = { .id = 1, .kind = KIND_MAIL, .size = 9,
    .path = "0", .name = "", .declared = "message/rfc822" };
static const struct copy_part child = { .id = 2, .parent = 1, .depth = 1,
    .kind = KIND_PDF, .size = 5, .path = "1.2", .name = "\xe7\xb4\x99.pdf",
    .declared = "application/pdf", .body = 0 };
static const struct copy_part_end complete = { .outcome = OUTCOME_CONTAINER,
    .engine = "gmime", .rule = "default", .note = "" };
static const struct copy_page a_page = { .index = 0, .width = 100,
    .height = 50, .channels = 3, .dpi = 150,
    .frame = (const uint8_t *)"zstd!", .frame_len = 5 };

/* A whole copy with everything in it. */
static void
write_all(struct bytes *b)
{
	struct copy_part_end	 e = complete;
	struct copy_page	 p = a_page;
	struct copy_writer	*w;

	w = copy_writer_new(bytes_sink, b);
	assert_non_null(w);
	assert_int_equal(copy_write_mail(w, &a_mail), ERR_OK);
	assert_int_equal(copy_write_part(w, &root), ERR_OK);
	assert_int_equal(copy_write_fact(w, FACT_HDR_TO, "x"), ERR_OK);
	assert_int_equal(copy_write_fact(w, FACT_HDR_TO, "y"), ERR_OK);
	assert_int_equal(copy_write_part_end(w, &e), ERR_OK);
	assert_int_equal(copy_write_part(w, &child), ERR_OK);
	assert_int_equal(copy_write_fact(w, FACT_FORMAT, "PDF 1.7"), ERR_OK);
	assert_int_equal(copy_write_page(w, &p), ERR_OK);
	assert_int_equal(copy_write_text(w, 0, "one\n\ttwo", 8), ERR_OK);
	p.index = 4;
	p.channels = 1;
	assert_int_equal(copy_write_page(w, &p), ERR_OK);
	assert_int_equal(copy_write_text(w, COPY_NO_PAGE, "x", 1), ERR_OK);
	e.outcome = OUTCOME_IMAGES;
	e.reason = REASON_LIMIT_PAGES;
	e.pages = 2;
	e.pages_total = 9;
	e.millis = 77;
	e.note = "2";
	assert_int_equal(copy_write_part_end(w, &e), ERR_OK);
	assert_int_equal(copy_write_end(w), ERR_OK);
	copy_writer_free(w);
}

static void
a_copy_is_read_back_equal(void **state)
{
	struct bytes	 b = {0};
	struct seen	 s = {0};

	(void)state;
	write_all(&b);
	assert_int_equal(read_bytes(b.data, b.len, &s), ERR_OK);
	assert_string_equal(s.log,
	    "mail 7 1700000000123 4096 s@x.example 192.0.2.1 TLSv1.3 "
	    "mx; spf=pass 00ff 0 a@b.example c@d.example\n"
	    "part 1 0 0 mail 9 0  message/rfc822 0\n"
	    "fact to x\nfact to y\n"
	    "end container complete 0 0 0 gmime default \n"
	    "part 2 1 1 pdf 5 1.2 \xe7\xb4\x99.pdf application/pdf 0\n"
	    "fact format PDF 1.7\n"
	    "page 0 100x50 3 150 5 zstd!\n"
	    "text 0 one\n\ttwo\n"
	    "page 4 100x50 1 150 5 zstd!\n"
	    "text -1 x\n"
	    "end images limit-pages 2 9 77 gmime default 2\n"
	    "parts 2\n");
	free(b.data);
}

static void
every_truncation_is_short(void **state)
{
	struct bytes	 b = {0};
	struct seen	 s = {0};
	size_t		 n;

	(void)state;
	write_all(&b);
	for (n = 0; n < b.len; n++)
		assert_int_equal(read_bytes(b.data, n, &s), ERR_SHORT);
	free(b.data);
}

static void
bytes_after_the_end_are_refused(void **state)
{
	struct bytes	 b = {0};
	struct seen	 s = {0};

	(void)state;
	write_all(&b);
	assert_int_equal(bytes_sink(&b, (const uint8_t *)"", 1), ERR_OK);
	assert_int_equal(read_bytes(b.data, b.len, &s), ERR_FORMAT);
	free(b.data);
}

static void
a_stream_in_pieces_is_read_whole(void **state)
{
	struct bytes	 b = {0};
	struct seen	 whole = {0}, pieces = {0};
	size_t		 i;
	int		 p[2];
	pid_t		 pid;

	(void)state;
	write_all(&b);
	assert_int_equal(read_bytes(b.data, b.len, &whole), ERR_OK);
	assert_int_equal(pipe(p), 0);
	if ((pid = fork()) == 0) {
		for (i = 0; i < b.len; i++)
			if (write(p[1], b.data + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	assert_true(pid > 0);
	close(p[1]);
	assert_int_equal(copy_read(p[0], &handlers, &pieces), ERR_OK);
	close(p[0]);
	assert_string_equal(whole.log, pieces.log);
	free(b.data);
}

static void
a_changed_byte_never_passes_as_something_illegal(void **state)
{
	struct bytes	 b = {0};
	struct seen	 s = {0};
	size_t		 i;
	int		 bit, r;

	(void)state;
	write_all(&b);
	for (i = 0; i < b.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			b.data[i] ^= (uint8_t)(1 << bit);
			r = read_bytes(b.data, b.len, &s);
			assert_true(r == ERR_OK || r == ERR_FORMAT ||
			    r == ERR_LIMIT || r == ERR_SHORT);
			b.data[i] ^= (uint8_t)(1 << bit);
		}
	}
	b.data[0] ^= 1;
	assert_int_equal(read_bytes(b.data, b.len, &s), ERR_FORMAT);
	free(b.data);
}

/* The frames of a whole copy, to be put together anew. */
static size_t
split_frames(const struct bytes *b, size_t *at, size_t max)
{
	size_t	 n = 0, o = 5;

	while (o < b->len) {
		assert_true(n < max);
		at[n++] = o;
		o += 5 + ((size_t)b->data[o] | (size_t)b->data[o + 1] << 8 |
		    (size_t)b->data[o + 2] << 16);
	}
	assert_int_equal(o, b->len);
	at[n] = o;
	return n;
}

static int
read_frames(const struct bytes *b, const size_t *at, const size_t *order,
    size_t n)
{
	struct bytes	 c = {0};
	struct seen	 s = {0};
	size_t		 i;
	int		 r;

	bytes_sink(&c, b->data, 5);
	for (i = 0; i < n; i++)
		bytes_sink(&c, b->data + at[order[i]],
		    at[order[i] + 1] - at[order[i]]);
	r = read_bytes(c.data, c.len, &s);
	free(c.data);
	return r;
}

static void
a_frame_left_out_or_doubled_is_refused(void **state)
{
	struct bytes	 b = {0};
	size_t		 at[64], order[64], n, i, k, skip;

	(void)state;
	write_all(&b);
	n = split_frames(&b, at, 63);
	assert_int_equal(n, 13);
	/* 2, 3, 6: facts; 8, 10: texts; any number of them may come. */
	for (skip = 0; skip < n; skip++) {
		if (skip == 2 || skip == 3 || skip == 6 || skip == 8 ||
		    skip == 10)
			continue;
		for (i = 0, k = 0; i < n; i++)
			if (i != skip)
				order[k++] = i;
		assert_int_not_equal(read_frames(&b, at, order, k), ERR_OK);
	}
	for (skip = 0; skip < n; skip++) {
		if (skip == 2 || skip == 3 || skip == 8 || skip == 10)
			continue;
		for (i = 0, k = 0; i < n; i++) {
			order[k++] = i;
			if (i == skip)
				order[k++] = i;
		}
		assert_int_not_equal(read_frames(&b, at, order, k), ERR_OK);
	}
	free(b.data);
}

static void
two_frames_exchanged_are_refused_outside_a_part(void **state)
{
	struct bytes	 b = {0};
	size_t		 at[64], order[64], n, i, k;

	(void)state;
	write_all(&b);
	n = split_frames(&b, at, 63);
	for (k = 0; k + 1 < n; k++) {
		for (i = 0; i < n; i++)
			order[i] = i;
		order[k] = k + 1;
		order[k + 1] = k;
		/* Inside a part facts, texts and pages come as they like. */
		if (k == 2 || k == 6 || k == 7 || k == 8 || k == 9)
			assert_int_equal(read_frames(&b, at, order, n), ERR_OK);
		else
			assert_int_not_equal(read_frames(&b, at, order, n),
			    ERR_OK);
	}
	free(b.data);
}

/* A writer inside the root part. */
static struct copy_writer *
writer_inside(struct bytes *b)
{
	struct copy_writer	*w = copy_writer_new(bytes_sink, b);

	assert_non_null(w);
	assert_int_equal(copy_write_mail(w, &a_mail), ERR_OK);
	assert_int_equal(copy_write_part(w, &root), ERR_OK);
	return w;
}

static void
text_that_may_not_leave_is_refused_by_both(void **state)
{
	static const char *const bad[] = { "a\x01", "\xff", "\xe2\x80\xae" "evil",
	    "zero\xe2\x80\x8bwidth", "e\xcc\x81", "\xed\xa0\x80", "a\r\nb",
	    "\xc0\xaf", "\xf3\xa0\x81\x81", "esc\x1b[2J" };
	static const char	 good[] = "0123456789012345678901234567890123456789";
	struct bytes		 b = {0};
	struct seen		 s = {0};
	struct copy_writer	*w = writer_inside(&b);
	size_t			 i, at = b.len + 5 + 8;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(copy_write_text(w, 0, bad[i],
		    strlen(bad[i])), ERR_FORMAT);
		assert_int_equal(copy_write_fact(w, FACT_FORMAT, bad[i]),
		    ERR_FORMAT);
	}
	assert_int_equal(copy_write_fact(w, FACT_FORMAT, "a\nb"), ERR_FORMAT);
	assert_int_equal(copy_write_text(w, 0, good, sizeof(good) - 1), ERR_OK);
	assert_int_equal(copy_write_part_end(w, &complete), ERR_OK);
	assert_int_equal(copy_write_end(w), ERR_OK);
	assert_int_equal(read_bytes(b.data, b.len, &s), ERR_OK);
	/* A host that does not ask its own writer. */
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(b.data + at, good, sizeof(good) - 1);
		memcpy(b.data + at + 3, bad[i], strlen(bad[i]));
		assert_int_equal(read_bytes(b.data, b.len, &s), ERR_FORMAT);
	}
	copy_writer_free(w);
	free(b.data);
}

static void
sizes_beyond_the_limits_are_refused(void **state)
{
	struct bytes		 b = {0};
	struct copy_writer	*w = writer_inside(&b);
	struct copy_page	 p = a_page;
	char			*big = calloc(1, COPY_VALUE_MAX + 2);
	size_t			 len = b.len;

	(void)state;
	assert_non_null(big);
	memset(big, 'a', COPY_VALUE_MAX + 1);
	assert_int_equal(copy_write_fact(w, FACT_FORMAT, big), ERR_LIMIT);
	p.width = COPY_PAGE_SIDE + 1;
	assert_int_equal(copy_write_page(w, &p), ERR_LIMIT);
	p.width = 0;
	assert_int_equal(copy_write_page(w, &p), ERR_FORMAT);
	p.width = p.height = 10000;
	assert_int_equal(copy_write_page(w, &p), ERR_LIMIT);
	p = a_page;
	p.channels = 2;
	assert_int_equal(copy_write_page(w, &p), ERR_FORMAT);
	p = a_page;
	p.frame_len = 100 * 50 * 3 * 2;
	assert_int_equal(copy_write_page(w, &p), ERR_FORMAT);
	/* Nothing of all that was written, and the stream goes on. */
	assert_int_equal(b.len, len);
	big[COPY_VALUE_MAX] = '\0';
	assert_int_equal(copy_write_fact(w, FACT_FORMAT, big), ERR_OK);
	assert_int_equal(copy_write_fact(w, FACT_FORMAT, "again"), ERR_FORMAT);
	copy_writer_free(w);
	free(big);
	free(b.data);
}

static void
a_length_that_lies_is_refused_before_memory_is_taken(void **state)
{
	static const uint8_t	 huge[] = "LMPC\x01" "\xff\xff\xff\xff\x05";
	static const uint8_t	 unknown[] = "LMPC\x01" "\x01\x00\x00\x00\x63x";
	static const uint8_t	 version[] = "LMPC\x02";
	struct seen		 s = {0};

	(void)state;
	assert_int_equal(read_bytes(huge, sizeof(huge) - 1, &s), ERR_LIMIT);
	assert_int_equal(read_bytes(unknown, sizeof(unknown) - 1, &s),
	    ERR_FORMAT);
	assert_int_equal(read_bytes(version, sizeof(version) - 1, &s),
	    ERR_FORMAT);
}

static void
long_text_is_cut_at_characters(void **state)
{
	/* 4 bytes a character, so that 64 KiB is no border by luck. */
	const size_t		 n = 50000;
	struct bytes		 b = {0};
	struct seen		 s = {0};
	struct copy_writer	*w = writer_inside(&b);
	char			*text = malloc(n * 4 + 1);
	size_t			 i;

	(void)state;
	assert_non_null(text);
	text[0] = 'x';
	for (i = 0; i < n; i++)
		memcpy(text + 1 + i * 4, "\xf0\xa0\x80\x80", 4);
	assert_int_equal(copy_write_text(w, 3, text, n * 4 + 1), ERR_OK);
	assert_int_equal(copy_write_part_end(w, &complete), ERR_OK);
	assert_int_equal(copy_write_end(w), ERR_OK);
	copy_writer_free(w);
	assert_int_equal(read_bytes(b.data, b.len, &s), ERR_OK);
	assert_int_equal(s.text, n * 4 + 1);
	free(text);
	free(b.data);
}

static void
a_part_hangs_on_an_ancestor_and_a_stub_says_why(void **state)
{
	struct bytes		 b = {0};
	struct copy_writer	*w = writer_inside(&b);
	struct copy_part	 p = child;
	struct copy_part_end	 e = complete;

	(void)state;
	assert_int_equal(copy_write_end(w), ERR_FORMAT);
	assert_int_equal(copy_write_part(w, &child), ERR_FORMAT);
	e.outcome = OUTCOME_STUB;
	assert_int_equal(copy_write_part_end(w, &e), ERR_FORMAT);
	e.reason = REASON_CRASH;
	e.pages = 1;
	assert_int_equal(copy_write_part_end(w, &e), ERR_FORMAT);
	e.pages = 0;
	assert_int_equal(copy_write_part_end(w, &e), ERR_OK);
	p.parent = 0;
	assert_int_equal(copy_write_part(w, &p), ERR_FORMAT);
	p.parent = 2;
	assert_int_equal(copy_write_part(w, &p), ERR_FORMAT);
	p.parent = 1;
	p.path = "../x";
	assert_int_equal(copy_write_part(w, &p), ERR_FORMAT);
	p.path = "1";
	assert_int_equal(copy_write_part(w, &p), ERR_OK);
	assert_int_equal(copy_write_part_end(w, &e), ERR_OK);
	p.id = 3;
	p.parent = 2;
	assert_int_equal(copy_write_part(w, &p), ERR_OK);
	assert_int_equal(copy_write_part_end(w, &e), ERR_OK);
	p.id = 4;
	p.parent = 1;
	assert_int_equal(copy_write_part(w, &p), ERR_OK);
	assert_int_equal(copy_write_part_end(w, &e), ERR_OK);
	p.id = 5;
	p.parent = 3;		/* no ancestor of part 4 */
	assert_int_equal(copy_write_part(w, &p), ERR_FORMAT);
	copy_writer_free(w);
	free(b.data);
}

static void
a_broken_sink_stays_broken(void **state)
{
	struct bytes		 b = {0};
	struct copy_writer	*w = writer_inside(&b);

	(void)state;
	b.fail_at = b.len + 7;
	assert_int_equal(copy_write_fact(w, FACT_HDR_TO, "x"), ERR_FULL);
	b.fail_at = 0;
	assert_int_equal(copy_write_fact(w, FACT_HDR_TO, "x"), ERR_FULL);
	copy_writer_free(w);
	free(b.data);
}

static void
a_handler_ends_the_reading(void **state)
{
	struct bytes	 b = {0};
	struct seen	 s = { .answer = ERR_TIMEOUT };

	(void)state;
	write_all(&b);
	assert_int_equal(read_bytes(b.data, b.len, &s), ERR_TIMEOUT);
	free(b.data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_read_back_equal),
		cmocka_unit_test(every_truncation_is_short),
		cmocka_unit_test(bytes_after_the_end_are_refused),
		cmocka_unit_test(a_stream_in_pieces_is_read_whole),
		cmocka_unit_test(a_changed_byte_never_passes_as_something_illegal),
		cmocka_unit_test(a_frame_left_out_or_doubled_is_refused),
		cmocka_unit_test(two_frames_exchanged_are_refused_outside_a_part),
		cmocka_unit_test(text_that_may_not_leave_is_refused_by_both),
		cmocka_unit_test(sizes_beyond_the_limits_are_refused),
		cmocka_unit_test(a_length_that_lies_is_refused_before_memory_is_taken),
		cmocka_unit_test(long_text_is_cut_at_characters),
		cmocka_unit_test(a_part_hangs_on_an_ancestor_and_a_stub_says_why),
		cmocka_unit_test(a_broken_sink_stays_broken),
		cmocka_unit_test(a_handler_ends_the_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
