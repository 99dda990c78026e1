/* What a child's answers look like on the pipe, and what they never hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "text.h"
#include "wire.h"
#include "worker.h"
#include "worker_private.h"

struct fixture {
	struct worker		 w;
	struct worker_job	 job;
	struct wire		*frame;
	int			 in;
};

static int
setup(void **state)
{
	struct fixture	*f = calloc(1, sizeof(*f));
	int		 p[2];

	assert_non_null(f);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	/* Room for all that a test says before it reads. */
	assert_true(fcntl(p[1], F_SETPIPE_SZ, 1 << 20) > 0);
	f->job = (struct worker_job){ .max_text = 1000, .max_children = 2,
	    .max_child_bytes = 10 };
	f->w = (struct worker){ .out = p[1], .job = &f->job };
	f->in = p[0];
	f->frame = wire_new(WORKER_FRAME_MAX);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture	*f = *state;

	wire_free(f->frame);
	close(f->in);
	if (f->w.out != -1)
		close(f->w.out);
	free(f);
	return 0;
}

/* The next frame's type; 0 when there is none. */
static int
next(struct fixture *f)
{
	uint8_t	 type = 0;
	int	 r;

	if (f->w.out != -1)
		close(f->w.out);
	f->w.out = -1;
	r = wire_read_frame(f->in, WORKER_FRAME_MAX, f->frame, &type);
	assert_true(r == ERR_OK || r == ERR_NOTFOUND);
	return r == ERR_OK ? type : 0;
}

static void
text_is(struct fixture *f, const char *wanted)
{
	char	*s;

	assert_int_equal(wire_get_text(f->frame, 1 << 20, &s), ERR_OK);
	assert_string_equal(s, wanted);
	free(s);
}

static void
a_fact_is_cleaned_and_said_once(void **state)
{
	struct fixture	*f = *state;
	uint16_t	 fact;

	worker_fact(&f->w, FACT_HDR_SUBJECT, "a\r\nb\x01\xe2\x80\xae" "c");
	worker_fact(&f->w, FACT_HDR_SUBJECT, "again");
	worker_fact_number(&f->w, FACT_LINKS, 42);
	worker_fact(&f->w, FACT_HDR_TO, "one");
	worker_fact(&f->w, FACT_HDR_TO, "two");
	assert_int_equal(next(f), WORKER_FACT);
	assert_int_equal(wire_get_u16(f->frame, &fact), ERR_OK);
	assert_int_equal(fact, FACT_HDR_SUBJECT);
	text_is(f, "a bc");
	assert_int_equal(wire_end(f->frame), ERR_OK);
	assert_int_equal(next(f), WORKER_FACT);
	assert_int_equal(wire_get_u16(f->frame, &fact), ERR_OK);
	text_is(f, "42");
	assert_int_equal(next(f), WORKER_FACT);
	assert_int_equal(next(f), WORKER_FACT);
	assert_int_equal(next(f), 0);
}

static void
repeated_facts_have_an_end(void **state)
{
	struct fixture	*f = *state;
	unsigned	 n = 0;

	for (int i = 0; i < 5000; i++)
		worker_fact(&f->w, FACT_HDR_TO, "x");
	while (next(f) == WORKER_FACT)
		n++;
	assert_true(n >= 100 && n <= 1000);
}

static void
text_stops_at_its_limit(void **state)
{
	struct fixture	*f = *state;
	char		 s[801];

	memset(s, 'x', 800);
	assert_int_equal(worker_text(&f->w, 3, s, 800), 1);
	assert_int_equal(worker_text(&f->w, 4, s, 800), 0);
	assert_int_equal(worker_text(&f->w, 5, s, 800), 0);
	assert_int_equal(f->w.text_bytes, 1000);
	assert_int_equal(next(f), WORKER_TEXT);
	assert_int_equal(wire_len(f->frame), 8 + 800);
	assert_int_equal(next(f), WORKER_TEXT);
	assert_int_equal(wire_len(f->frame), 8 + 200);
	assert_int_equal(next(f), 0);
}

/* Long text of three-byte characters: every chunk is whole and none is too large. */
static void
long_text_is_cut_between_characters(void **state)
{
	struct fixture	*f = *state;
	const uint8_t	*s;
	char		*text;
	uint32_t	 page;
	size_t		 len = 100000 * 3, n, total = 0;

	f->job.max_text = 1 << 20;
	assert_non_null(text = malloc(len));
	for (size_t i = 0; i < len; i += 3)
		memcpy(text + i, "\xe6\xbc\xa2", 3);
	assert_int_equal(worker_text(&f->w, 0, text, len), 1);
	while (next(f) == WORKER_TEXT) {
		assert_int_equal(wire_get_u32(f->frame, &page), ERR_OK);
		assert_int_equal(wire_get_data(f->frame, &s, &n), ERR_OK);
		assert_true(n > 0 && n <= WORKER_TEXT_MAX);
		assert_int_equal(text_check((const char *)s, n, TEXT_BLOCK),
		    ERR_OK);
		total += n;
	}
	assert_int_equal(total, len);
	free(text);
}

static void
children_and_their_bytes_are_counted(void **state)
{
	struct fixture	*f = *state;
	uint8_t		 role, hint;

	assert_int_equal(worker_child(&f->w, ROLE_INLINE, KIND_IMAGE, "1.2",
	    "a.png", "image/png", "", NULL), 1);
	assert_int_equal(worker_child_data(&f->w, "12345678", 8), 1);
	assert_int_equal(worker_child(&f->w, ROLE_ATTACHMENT, KIND_UNKNOWN, "2",
	    "", "", "", ""), 1);
	assert_int_equal(worker_child_data(&f->w, "12345678", 8), 0);
	assert_int_equal(worker_child(&f->w, ROLE_ATTACHMENT, KIND_UNKNOWN, "3",
	    "", "", "", ""), 0);
	assert_int_equal(next(f), WORKER_CHILD);
	assert_int_equal(wire_get_u8(f->frame, &role), ERR_OK);
	assert_int_equal(wire_get_u8(f->frame, &hint), ERR_OK);
	assert_int_equal(role, ROLE_INLINE);
	assert_int_equal(hint, KIND_IMAGE);
	text_is(f, "1.2");
	text_is(f, "a.png");
	text_is(f, "image/png");
	text_is(f, "");
	text_is(f, "");
	assert_int_equal(wire_end(f->frame), ERR_OK);
	assert_int_equal(next(f), WORKER_CHILD_DATA);
	assert_int_equal(wire_len(f->frame), 8);
	assert_int_equal(next(f), WORKER_CHILD);
	assert_int_equal(next(f), WORKER_CHILD_DATA);
	assert_int_equal(wire_len(f->frame), 2);
	assert_int_equal(next(f), 0);
}

static void
a_name_that_turned_its_direction_is_told(void **state)
{
	struct fixture	*f = *state;
	uint16_t	 fact;

	worker_child(&f->w, ROLE_ATTACHMENT, KIND_UNKNOWN, "1.2",
	    "invoice\xe2\x80\xaegpj.exe", "", "", "");
	assert_int_equal(next(f), WORKER_FACT);
	assert_int_equal(wire_get_u16(f->frame, &fact), ERR_OK);
	assert_int_equal(fact, FACT_MALFORMED);
	text_is(f, "the file name of part 1.2 held 1 invisible characters");
	assert_int_equal(next(f), WORKER_CHILD);
}

static void
words_near_a_hint_are_stated_when_they_are_wanted(void **state)
{
	static const char	 text[] = "The password: Sesame7\n";
	struct fixture		*f = *state;

	worker_text(&f->w, COPY_NO_PAGE, text, sizeof(text) - 1);
	f->job.max_words = 2;
	worker_text(&f->w, COPY_NO_PAGE, text, sizeof(text) - 1);
	worker_fact(&f->w, FACT_HDR_SUBJECT, "PIN 1234");
	assert_int_equal(next(f), WORKER_TEXT);
	assert_int_equal(next(f), WORKER_TEXT);
	assert_int_equal(next(f), WORKER_WORD);
	text_is(f, "Sesame7");
	assert_int_equal(next(f), WORKER_WORD);
	assert_int_equal(next(f), WORKER_FACT);
	assert_int_equal(next(f), 0);
}

static void
done_ends_the_child(void **state)
{
	struct fixture	*f = *state;
	uint32_t	 pages;
	uint8_t		 outcome, reason;
	int		 status;
	pid_t		 pid;

	if ((pid = fork()) == 0)
		worker_done(&f->w, OUTCOME_IMAGES, REASON_LIMIT_PAGES, 3, 9,
		    "engine", "3 of 9");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), WORKER_EXIT_DONE);
	assert_int_equal(next(f), WORKER_DONE);
	assert_int_equal(wire_get_u8(f->frame, &outcome), ERR_OK);
	assert_int_equal(wire_get_u8(f->frame, &reason), ERR_OK);
	assert_int_equal(outcome, OUTCOME_IMAGES);
	assert_int_equal(reason, REASON_LIMIT_PAGES);
	assert_int_equal(wire_get_u32(f->frame, &pages), ERR_OK);
	assert_int_equal(pages, 3);
	assert_int_equal(wire_get_u32(f->frame, &pages), ERR_OK);
	assert_int_equal(pages, 9);
	text_is(f, "engine");
	text_is(f, "3 of 9");
	assert_int_equal(wire_end(f->frame), ERR_OK);
}

static void
a_broken_pipe_ends_the_child(void **state)
{
	struct fixture	*f = *state;
	int		 status;
	pid_t		 pid;

	close(f->in);
	if ((pid = fork()) == 0) {
		signal(SIGPIPE, SIG_IGN);
		worker_fact(&f->w, FACT_FORMAT, "x");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), WORKER_EXIT_PIPE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_fact_is_cleaned_and_said_once),
		T(repeated_facts_have_an_end),
		T(text_stops_at_its_limit),
		T(long_text_is_cut_between_characters),
		T(children_and_their_bytes_are_counted),
		T(a_name_that_turned_its_direction_is_told),
		T(words_near_a_hint_are_stated_when_they_are_wanted),
		T(done_ends_the_child),
		T(a_broken_pipe_ends_the_child),
	};

	return cmocka_run_group_tests_name("worker_answer", tests, NULL, NULL);
}
