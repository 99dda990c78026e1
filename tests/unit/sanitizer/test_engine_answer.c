/*
 * What a worker may say: good answers at every split, and each deviation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine_answer.h"
#include "err.h"
#include "wire.h"

static struct worker_job limits = {
	.max_pages = 3, .max_page_pixels = 100, .max_pixels = 150,
	.max_text = 20, .max_children = 2, .max_child_bytes = 10,
	.want_pages = 1, .want_text = 1,
};

static struct wire	*out;		/* the recorded answer */

static int
setup(void **state)
{
	(void)state;
	out = wire_new(1 << 20);
	return out == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	wire_free(out);
	return 0;
}

static void
frame(uint8_t type, struct wire *payload)
{
	wire_put_u32(out, (uint32_t)wire_len(payload));
	wire_put_u8(out, type);
	wire_put_raw(out, wire_data(payload), wire_len(payload));
	wire_free(payload);
}

static void
say_fact(uint16_t f, const char *value)
{
	struct wire	*w = wire_new(65536);

	wire_put_u16(w, f);
	wire_put_text(w, value);
	frame(WORKER_FACT, w);
}

static void
say_text(uint32_t page, const char *text)
{
	struct wire	*w = wire_new(65536);

	wire_put_u32(w, page);
	wire_put_text(w, text);
	frame(WORKER_TEXT, w);
}

static void
say_page(uint32_t index, uint32_t width, uint32_t height, uint8_t channels)
{
	struct wire	*w = wire_new(65536);

	wire_put_u32(w, index);
	wire_put_u32(w, width);
	wire_put_u32(w, height);
	wire_put_u8(w, channels);
	wire_put_u16(w, 150);
	wire_put_data(w, "frame", 5);
	frame(WORKER_PAGE, w);
}

static void
say_child(uint8_t role, uint8_t hint, const char *path)
{
	struct wire	*w = wire_new(65536);

	wire_put_u8(w, role);
	wire_put_u8(w, hint);
	wire_put_text(w, path);
	wire_put_text(w, "name.txt");
	wire_put_text(w, "text/plain");
	wire_put_text(w, "utf-8");
	wire_put_text(w, "");
	frame(WORKER_CHILD, w);
}

static void
say_data(const char *bytes)
{
	struct wire	*w = wire_new(65536);

	wire_put_raw(w, bytes, strlen(bytes));
	frame(WORKER_CHILD_DATA, w);
}

static void
say_stub(uint8_t reason, const char *note)
{
	struct wire	*w = wire_new(65536);

	wire_put_u8(w, reason);
	wire_put_text(w, note);
	frame(WORKER_CHILD_STUB, w);
}

static void
say_identified(uint8_t kind, const char *format)
{
	struct wire	*w = wire_new(65536);

	wire_put_u8(w, kind);
	wire_put_text(w, format);
	frame(WORKER_IDENTIFIED, w);
}

static void
say_done(uint8_t outcome, uint8_t reason, uint32_t pages, uint32_t total)
{
	struct wire	*w = wire_new(65536);

	wire_put_u8(w, outcome);
	wire_put_u8(w, reason);
	wire_put_u32(w, pages);
	wire_put_u32(w, total);
	wire_put_text(w, "engine");
	wire_put_text(w, "");
	frame(WORKER_DONE, w);
}

/* Feeds the recorded answer in pieces of n bytes. */
static struct answer *
feed(enum answer_step step, size_t n, int *rp)
{
	struct answer	*a = answer_new(step, &limits, -1);
	const uint8_t	*p = wire_data(out);
	size_t		 left = wire_len(out), k;

	assert_non_null(a);
	*rp = ERR_OK;
	for (; left > 0 && *rp == ERR_OK; p += k, left -= k) {
		k = n < left ? n : left;
		*rp = answer_feed(a, p, k);
	}
	return a;
}

static void
deviates(enum answer_step step, const char *what)
{
	struct answer	*a;
	int		 r;

	a = feed(step, wire_len(out), &r);
	if (r != ERR_FORMAT || strcmp(answer_fault(a), what) != 0)
		fail_msg("said \"%s\" (%d), wanted \"%s\"", answer_fault(a),
		    r, what);
	assert_null(answer_done(a));
	/* and it stays so */
	assert_int_equal(answer_feed(a, (const uint8_t *)"", 0), ERR_FORMAT);
	answer_free(a);
	wire_clear(out);
}

static void
say_word(const char *word)
{
	struct wire	*w = wire_new(65536);

	wire_put_text(w, word);
	frame(WORKER_WORD, w);
}

static void
say_unlocked(uint32_t line)
{
	struct wire	*w = wire_new(65536);

	wire_put_u32(w, line);
	frame(WORKER_UNLOCKED, w);
}

/* A worker that draws cannot say that its part was scanned, nor that words which it made
 * up were read by a machine; and the scanner says nothing but names. */
static void
facts_belong_to_those_who_know_them(void **state)
{
	static const char	 foreign[] = "fact that is not its own to state";
	struct answer		*a;
	char			*names;
	int			 r;

	(void)state;
	say_fact(FACT_SCANNED, "ClamAV 1");
	deviates(ANSWER_DRAW, foreign);
	say_fact(FACT_SCANNED, "ClamAV 1");
	deviates(ANSWER_SCAN, foreign);
	say_fact(FACT_MALWARE, "Eicar");
	deviates(ANSWER_UNPACK, foreign);
	say_fact(FACT_OCR, "jpn");
	deviates(ANSWER_DRAW, foreign);
	say_fact(FACT_FORMAT, "PDF");
	deviates(ANSWER_SCAN, foreign);
	say_fact(FACT_MALWARE, "Eicar");
	deviates(ANSWER_READ, foreign);
	say_text(0, "words");
	deviates(ANSWER_SCAN, "frame out of its step");
	say_page(0, 10, 10, 1);
	deviates(ANSWER_READ, "frame out of its step");
	say_done(OUTCOME_IMAGES, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_READ, "outcome that does not fit what was sent");
	say_fact(FACT_MALWARE, "Eicar");
	say_fact(FACT_MALWARE, "Other");
	say_done(OUTCOME_STUB, REASON_COMPLETE, 0, 0);
	a = feed(ANSWER_SCAN, 3, &r);
	assert_int_equal(r, ERR_OK);
	assert_int_equal(answer_done(a)->reason, REASON_COMPLETE);
	names = answer_take_malware(a);
	assert_string_equal(names, "Eicar\nOther");
	free(names);
	assert_null(answer_take_malware(a));
	answer_free(a);
	wire_clear(out);
}

static void
words_are_kept_beside_the_frames(void **state)
{
	struct answer	*a;
	struct store	*s;
	int		 r;

	(void)state;
	limits.max_words = 2;
	limits.max_attempts = 1;
	say_word("sesame");
	say_word("\xe5\xaf\x86 1");
	say_unlocked(7);
	say_done(OUTCOME_STUB, REASON_EMPTY, 0, 0);
	a = feed(ANSWER_DOCUMENT, 3, &r);
	assert_int_equal(r, ERR_OK);
	assert_string_equal(answer_word(a, 0), "sesame");
	assert_string_equal(answer_word(a, 1), "\xe5\xaf\x86 1");
	assert_null(answer_word(a, 2));
	assert_int_equal(answer_unlocked(a), 7);
	s = answer_take_frames(a);
	assert_int_equal(store_len(s), 0);
	store_free(s);
	answer_free(a);
	wire_clear(out);
}

static void
words_beyond_the_rules_are_deviations(void **state)
{
	char	 large[130];

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	say_word("");
	deviates(ANSWER_DOCUMENT, "word that is none");
	say_word("a\nb");
	deviates(ANSWER_DOCUMENT, "word that is none");
	say_word(large);
	deviates(ANSWER_DOCUMENT, "malformed word");
	say_word("a");
	deviates(ANSWER_IDENTIFY, "frame out of its step");
	say_word("a");
	say_word("b");
	say_word("c");
	deviates(ANSWER_DOCUMENT, "more words than the limit");
	say_unlocked(1);
	say_unlocked(1);
	deviates(ANSWER_DOCUMENT, "frame for the second time");
	limits.max_attempts = 0;
	say_unlocked(1);
	deviates(ANSWER_DOCUMENT, "unlocked without a word");
}

static void
a_drawing_is_taken_at_every_split(void **state)
{
	struct answer	*a;
	struct store	*s;
	int		 r;

	(void)state;
	say_fact(FACT_FORMAT, "PDF 1.7");
	say_page(0, 10, 10, 1);
	say_text(0, "hello");
	say_page(2, 5, 10, 3);
	say_done(OUTCOME_IMAGES, REASON_PAGES_FAILED, 2, 3);
	for (size_t n = 1; n <= wire_len(out); n++) {
		a = feed(ANSWER_DRAW, n, &r);
		assert_int_equal(r, ERR_OK);
		assert_non_null(answer_done(a));
		assert_int_equal(answer_done(a)->outcome, OUTCOME_IMAGES);
		assert_int_equal(answer_pixels(a), 150);
		assert_true(answer_has_fact(a, FACT_FORMAT));
		s = answer_take_frames(a);
		assert_int_equal(store_len(s), wire_len(out) - (5 + 24));
		store_free(s);
		answer_free(a);
	}
}

static void
a_container_is_taken_at_every_split(void **state)
{
	struct answer		*a;
	struct answer_child	*c, *next;
	struct store		*bytes;
	char			 data[4];
	int			 r;

	(void)state;
	say_child(ROLE_BODY, KIND_TEXT, "1");
	say_identified(KIND_HTML, "HTML");
	say_data("ab");
	say_data("c");
	say_child(ROLE_ATTACHMENT, KIND_PDF, "2.1");
	say_done(OUTCOME_CONTAINER, REASON_COMPLETE, 0, 0);
	for (size_t n = 1; n <= wire_len(out); n++) {
		a = feed(ANSWER_UNPACK, n, &r);
		assert_int_equal(r, ERR_OK);
		assert_int_equal(answer_child_count(a), 2);
		bytes = answer_take_bytes(a);
		c = answer_take_children(a);
		assert_string_equal(c->path, "1");
		assert_int_equal(c->len, 3);
		assert_int_equal(c->sha256[0], 0xba);	/* of "abc" */
		assert_int_equal(store_read(bytes, c->offset, data, 3), ERR_OK);
		assert_memory_equal(data, "abc", 3);
		next = c->next;
		assert_int_equal(c->kind, KIND_HTML);
		assert_string_equal(c->format, "HTML");
		assert_int_equal(next->len, 0);
		assert_null(next->format);
		assert_int_equal(next->sha256[0], 0xe3);	/* of nothing */
		answer_child_free(c);
		answer_child_free(next);
		store_free(bytes);
		answer_free(a);
	}
}

static void
a_child_is_identified_once_and_before_its_bytes(void **state)
{
	(void)state;
	say_identified(KIND_PDF, "PDF 1.4");
	deviates(ANSWER_UNPACK, "kind of no child");
	say_child(ROLE_BODY, KIND_TEXT, "1");
	say_identified(KIND_TEXT, "text");
	say_identified(KIND_PDF, "PDF 1.4");
	deviates(ANSWER_UNPACK, "frame for the second time");
	say_child(ROLE_BODY, KIND_TEXT, "1");
	say_data("ab");
	say_identified(KIND_TEXT, "text");
	deviates(ANSWER_UNPACK, "kind of no child");
	say_child(ROLE_BODY, KIND_TEXT, "1");
	say_identified(KIND_MAX, "text");
	deviates(ANSWER_UNPACK, "kind that does not exist");
}

static void
an_early_end_is_no_answer(void **state)
{
	struct answer	*a;
	size_t		 whole;
	int		 r;

	(void)state;
	say_fact(FACT_FORMAT, "PNG");
	say_page(0, 10, 10, 1);
	say_done(OUTCOME_IMAGES, REASON_COMPLETE, 1, 1);
	whole = wire_len(out);
	for (size_t n = 0; n < whole; n++) {
		a = answer_new(ANSWER_DRAW, &limits, -1);
		r = answer_feed(a, wire_data(out), n);
		assert_int_equal(r, ERR_OK);
		assert_null(answer_done(a));
		assert_string_equal(answer_fault(a), "ended early");
		answer_free(a);
	}
}

static void
identify_says_its_kind_once(void **state)
{
	struct answer	*a;
	enum kind	 kind;
	const char	*format;
	int		 r;

	(void)state;
	say_identified(KIND_PDF, "PDF 1.4");
	say_done(OUTCOME_STUB, REASON_COMPLETE, 0, 0);
	a = feed(ANSWER_IDENTIFY, 3, &r);
	assert_int_equal(r, ERR_OK);
	assert_non_null(answer_done(a));
	assert_true(answer_identified(a, &kind, &format));
	assert_int_equal(kind, KIND_PDF);
	assert_string_equal(format, "PDF 1.4");
	answer_free(a);
	wire_clear(out);
	say_identified(KIND_PDF, "PDF 1.4");
	say_identified(KIND_TEXT, "x");
	deviates(ANSWER_IDENTIFY, "frame for the second time");
	say_identified(KIND_MAX, "x");
	deviates(ANSWER_IDENTIFY, "kind that does not exist");
	say_done(OUTCOME_TEXT, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_IDENTIFY, "outcome that does not fit what was sent");
}

static void
frames_out_of_their_step_deviate(void **state)
{
	(void)state;
	say_text(0, "x");
	deviates(ANSWER_UNPACK, "frame out of its step");
	say_child(0, 0, "1");
	deviates(ANSWER_DRAW, "frame out of its step");
	say_page(0, 1, 1, 1);
	deviates(ANSWER_IDENTIFY, "frame out of its step");
	say_identified(KIND_PDF, "");
	deviates(ANSWER_DRAW, "frame out of its step");
	frame(2, wire_new(1));
	deviates(ANSWER_DRAW, "unknown frame");
	frame(255, wire_new(1));
	deviates(ANSWER_DRAW, "unknown frame");
	say_done(OUTCOME_TEXT, REASON_COMPLETE, 0, 0);
	say_done(OUTCOME_TEXT, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_DRAW, "more after its end");
}

static void
what_no_copy_may_hold_deviates(void **state)
{
	(void)state;
	say_fact(FACT_NONE, "x");
	deviates(ANSWER_DRAW, "malformed fact");
	say_fact(FACT_MAX, "x");
	deviates(ANSWER_DRAW, "malformed fact");
	say_fact(FACT_FORMAT, "a\nb");
	deviates(ANSWER_DRAW, "fact that no copy may hold");
	say_fact(FACT_FORMAT, "a");
	say_fact(FACT_FORMAT, "b");
	deviates(ANSWER_DRAW, "fact that no copy may hold");
	say_text(0, "a\xff");
	deviates(ANSWER_DRAW, "text that no copy may hold");
	say_text(0, "a\xe2\x80\xae" "b");
	deviates(ANSWER_DRAW, "text that no copy may hold");
	say_page(0, 10, 10, 4);
	deviates(ANSWER_DRAW, "page that no copy may hold");
	say_page(0, 0, 10, 1);
	deviates(ANSWER_DRAW, "page that no copy may hold");
	say_page(1, 10, 5, 1);
	say_page(1, 10, 5, 1);
	deviates(ANSWER_DRAW, "page that no copy may hold");
}

static void
more_than_the_limits_deviates(void **state)
{
	(void)state;
	say_text(COPY_NO_PAGE, "123456789012345");
	say_text(COPY_NO_PAGE, "123456");
	deviates(ANSWER_DRAW, "more text than the limit");
	say_page(0, 101, 1, 1);
	deviates(ANSWER_DRAW, "more pixels than the limit");
	say_page(0, 10, 10, 1);
	say_page(1, 51, 1, 1);
	deviates(ANSWER_DRAW, "more pixels than the limit");
	for (unsigned i = 0; i < 4; i++)
		say_page(i, 1, 1, 1);
	deviates(ANSWER_DRAW, "more pages than the limit");
	for (unsigned i = 0; i < 3; i++)
		say_child(0, 0, "1");
	deviates(ANSWER_UNPACK, "more children than the limit");
	say_child(0, 0, "1");
	say_data("12345678901");
	deviates(ANSWER_UNPACK, "more bytes of children than the limit");
}

static void
a_child_may_be_lost_for_a_reason(void **state)
{
	struct answer		*a;
	struct answer_child	*c;
	int			 r;

	(void)state;
	say_child(ROLE_ATTACHMENT, KIND_ENCRYPTED, "1");
	say_data("ab");
	say_stub(REASON_ENCRYPTED, "why");
	say_child(ROLE_ATTACHMENT, KIND_UNKNOWN, "2");
	say_done(OUTCOME_CONTAINER, REASON_COMPLETE, 0, 0);
	a = feed(ANSWER_UNPACK, 7, &r);
	assert_int_equal(r, ERR_OK);
	c = answer_take_children(a);
	assert_int_equal(c->lost, REASON_ENCRYPTED);
	assert_string_equal(c->note, "why");
	assert_int_equal(c->next->lost, REASON_COMPLETE);
	answer_child_free(c->next);
	answer_child_free(c);
	answer_free(a);
	wire_clear(out);
	say_stub(REASON_ENCRYPTED, "");
	deviates(ANSWER_UNPACK, "loss of no child");
	say_child(0, 0, "1");
	say_stub(REASON_ENCRYPTED, "");
	say_data("x");
	deviates(ANSWER_UNPACK, "bytes of no child");
	say_child(0, 0, "1");
	say_stub(REASON_COMPLETE, "");
	deviates(ANSWER_UNPACK, "loss without a reason");
	say_child(0, 0, "1");
	say_stub(REASON_MAX, "");
	deviates(ANSWER_UNPACK, "loss without a reason");
	say_child(0, 0, "1");
	say_stub(REASON_NEVER, "a\nb");
	deviates(ANSWER_UNPACK, "loss without a reason");
}

static void
children_must_make_sense(void **state)
{
	(void)state;
	say_data("x");
	deviates(ANSWER_UNPACK, "bytes of no child");
	say_child(9, 0, "1");
	deviates(ANSWER_UNPACK, "malformed child");
	say_child(0, KIND_MAX, "1");
	deviates(ANSWER_UNPACK, "malformed child");
	say_child(0, 0, "1..2");
	deviates(ANSWER_UNPACK, "malformed child");
	say_child(0, 0, "../1");
	deviates(ANSWER_UNPACK, "malformed child");
	say_child(0, 0, "");
	deviates(ANSWER_UNPACK, "malformed child");
}

static void
the_end_must_fit_what_was_sent(void **state)
{
	static const char	*const fault =
				    "outcome that does not fit what was sent";

	(void)state;
	say_page(0, 1, 1, 1);
	say_done(OUTCOME_IMAGES, REASON_COMPLETE, 2, 2);
	deviates(ANSWER_DRAW, fault);
	say_done(OUTCOME_IMAGES, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_DRAW, fault);
	say_page(0, 1, 1, 1);
	say_done(OUTCOME_TEXT, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_DRAW, fault);
	say_done(OUTCOME_STUB, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_DRAW, fault);
	say_done(OUTCOME_CONTAINER, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_DRAW, fault);
	say_done(OUTCOME_TEXT, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_UNPACK, fault);
	say_done(OUTCOME_MAX, REASON_COMPLETE, 0, 0);
	deviates(ANSWER_DRAW, "outcome that does not exist");
	say_done(OUTCOME_STUB, REASON_MAX, 0, 0);
	deviates(ANSWER_DRAW, "outcome that does not exist");
}

static void
a_claimed_length_costs_nothing(void **state)
{
	(void)state;
	wire_put_u32(out, 0xffffffff);
	wire_put_u8(out, WORKER_PAGE);
	deviates(ANSWER_DRAW, "frame too long");
	wire_put_u32(out, 100000);
	wire_put_u8(out, WORKER_FACT);
	deviates(ANSWER_DRAW, "frame too long");
	wire_put_u32(out, 10000);	/* more than these pixels can need */
	wire_put_u8(out, WORKER_PAGE);
	deviates(ANSWER_DRAW, "frame too long");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		TEST(a_drawing_is_taken_at_every_split),
		TEST(facts_belong_to_those_who_know_them),
		TEST(words_are_kept_beside_the_frames),
		TEST(words_beyond_the_rules_are_deviations),
		TEST(a_container_is_taken_at_every_split),
		TEST(a_child_is_identified_once_and_before_its_bytes),
		TEST(an_early_end_is_no_answer),
		TEST(identify_says_its_kind_once),
		TEST(frames_out_of_their_step_deviate),
		TEST(what_no_copy_may_hold_deviates),
		TEST(more_than_the_limits_deviates),
		TEST(a_child_may_be_lost_for_a_reason),
		TEST(children_must_make_sense),
		TEST(the_end_must_fit_what_was_sent),
		TEST(a_claimed_length_costs_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
