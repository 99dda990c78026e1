/*
 * Accepted as lost: what a wish may say; that it is recorded, survives restarts, is no
 * alarm any more and is still taken when it comes; every point where a crash can come.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "accept.h"
#include "err.h"
#include "record.h"
#include "recv_accept.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"

#define NAME	"accept-0000000000000006-0000000000000008"
#define TEXT	"who maria\nwhy the sender has burned down\n"

struct place {
	char			 dir[64], state[96], spool_dir[96], record[96];
	struct recv_shared	 shared;
	struct recv_accept	*a;
};

static void
place_open(struct place *p)
{
	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->shared.spool),
	    ERR_OK);
	assert_int_equal(seen_open(p->state, p->shared.spool, &p->shared.seen),
	    ERR_OK);
	assert_int_equal(record_open(p->record, &p->shared.record), ERR_OK);
	assert_non_null(p->a = recv_accept_new(p->state, &p->shared));
}

static void
place_close(struct place *p)
{
	recv_accept_free(p->a);
	record_close(p->shared.record);
	seen_close(p->shared.seen);
	spool_close(p->shared.spool);
}

static void
crash(struct place *p)
{
	place_close(p);
	place_open(p);
}

static void
came(struct place *p, uint64_t seq, struct seen_news *news)
{
	uint8_t	 hash[32] = { (uint8_t)seq }, prev[32] = { (uint8_t)(seq - 1) };

	assert_int_equal(seen_find(p->shared.seen, seq, hash), SEEN_NEW);
	assert_int_equal(seen_intend(p->shared.seen, seq, hash, prev, "x.a0"),
	    ERR_OK);
	assert_int_equal(seen_mark(p->shared.seen, seq, news), ERR_OK);
}

static void
range_ignore(void *arg, uint64_t from, uint64_t to)
{
	(void)arg;
	(void)from;
	(void)to;
}

/* 1 to 5 came, 6 to 8 never did and were told, 10 came and 9 may be late. */
static int
place_setup(void **state)
{
	struct place		*p = calloc(1, sizeof(*p));
	struct seen_news	 news;
	uint64_t		 seq;
	int			 any;

	strcpy(p->dir, "/tmp/limpid-accept-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->state, sizeof(p->state), "%s/1-recv", p->dir);
	snprintf(p->spool_dir, sizeof(p->spool_dir), "%s/spool", p->dir);
	snprintf(p->record, sizeof(p->record), "%s/record", p->dir);
	assert_int_equal(spool_create(p->spool_dir), ERR_OK);
	p->shared.link = 1;
	assert_int_equal(mkdir(p->state, 0700), 0);
	place_open(p);
	for (seq = 1; seq <= 5; seq++)
		came(p, seq, &news);
	assert_int_equal(seen_tell(p->shared.seen, 8, range_ignore, NULL,
	    &any), ERR_OK);
	assert_true(any);
	came(p, 10, &news);
	assert_int_equal(seen_sync(p->shared.seen), ERR_OK);
	*state = p;
	return 0;
}

static int
place_teardown(void **state)
{
	struct place	*p = *state;
	char		 cmd[128];

	place_close(p);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", p->dir);
	assert_int_equal(system(cmd), 0);
	free(p);
	return 0;
}

static void
wish(struct place *p, const char *name, const char *text)
{
	char	 path[160];
	FILE	*f;

	snprintf(path, sizeof(path), "%s/%s", p->state, name);
	assert_non_null(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
}

static int
has_wish(struct place *p, const char *name)
{
	char	 path[160];

	snprintf(path, sizeof(path), "%s/%s", p->state, name);
	return access(path, F_OK) == 0;
}

/* The receiver looks at once after a start, then each second. */
static void
serve(struct place *p)
{
	recv_accept_free(p->a);
	assert_non_null(p->a = recv_accept_new(p->state, &p->shared));
	recv_accept_tick(p->a);
}

static int
recorded(struct place *p, const char *words)
{
	char	 line[2048];
	FILE	*f;
	int	 n = 0;

	assert_int_equal(record_sync(p->shared.record), ERR_OK);
	assert_non_null(f = fopen(p->record, "r"));
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, words) != NULL;
	fclose(f);
	return n;
}

static void
open_are(struct place *p, uint64_t missing, uint64_t accepted)
{
	assert_int_equal(seen_missing(p->shared.seen), missing);
	assert_int_equal(seen_accepted(p->shared.seen), accepted);
}

static void
test_a_wish_is_read_exactly(void **state)
{
	static const char *const	 names[] = { "accept-6-8", NAME "0",
		"accept-0000000000000008-0000000000000006",
		"accept-0000000000000000-0000000000000006",
		"accept-000000000000000A-000000000000000b", "", "accept-" };
	static const char *const	 texts[] = { "", "who maria\n",
		"why x\nwho maria\n", "who \nwhy x\n", "who maria\nwhy x",
		"who maria\nwhy x\n\n", "who maria\nwhy x\ny\n",
		"who maria\nwhy  x\n", "who maria\nwhy \tx\n",
		"who maria\nwhy x\x7f\n" };
	struct accept_wish		 w;
	char				 long_why[ACCEPT_WHY_MAX + 2];
	size_t				 i;

	(void)state;
	assert_int_equal(accept_parse(NAME, TEXT, strlen(TEXT), &w), ERR_OK);
	assert_int_equal(w.first, 6);
	assert_int_equal(w.last, 8);
	assert_string_equal(w.who, "maria");
	assert_string_equal(w.why, "the sender has burned down");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(accept_parse(names[i], TEXT, strlen(TEXT),
		    &w), ERR_FORMAT);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(accept_parse(NAME, texts[i],
		    strlen(texts[i]), &w), ERR_FORMAT);
	for (i = 0; i < strlen(TEXT); i++)
		assert_int_equal(accept_parse(NAME, TEXT, i, &w), ERR_FORMAT);
	memset(long_why, 'x', sizeof(long_why));
	long_why[ACCEPT_WHY_MAX + 1] = '\0';
	assert_false(accept_line_is_good(long_why, ACCEPT_WHY_MAX));
	long_why[ACCEPT_WHY_MAX] = '\0';
	assert_true(accept_line_is_good(long_why, ACCEPT_WHY_MAX));
	assert_false(accept_line_is_good("", ACCEPT_WHY_MAX));
}

static void
test_accepted_is_recorded_and_no_alarm(void **state)
{
	struct place	*p = *state;

	open_are(p, 4, 0);
	wish(p, NAME, TEXT);
	serve(p);
	assert_false(has_wish(p, NAME));
	open_are(p, 1, 3);
	assert_int_equal(p->shared.changes, 1);
	assert_int_equal(recorded(p, "link.accepted link=1 missing=6-8 count=3 "
	    "who=maria why=\"the sender has burned down\""), 1);
	crash(p);
	open_are(p, 1, 3);
	/* Once more it is nothing. */
	wish(p, NAME, TEXT);
	serve(p);
	assert_false(has_wish(p, NAME));
	assert_int_equal(recorded(p, "link.accepted"), 1);
	open_are(p, 1, 3);
}

static void
test_what_comes_after_all_is_taken(void **state)
{
	struct place		*p = *state;
	struct seen_news	 news;
	uint8_t			 hash[32] = { 7 };

	wish(p, NAME, TEXT);
	serve(p);
	came(p, 7, &news);
	assert_true(news.healed && news.told);
	open_are(p, 1, 2);
	crash(p);
	open_are(p, 1, 2);
	assert_int_equal(seen_find(p->shared.seen, 7, hash), SEEN_REPEAT);
	came(p, 6, &news);
	assert_true(news.told);
	came(p, 8, &news);
	assert_true(news.told);
	open_are(p, 1, 0);
}

static void
test_only_what_was_told_is_accepted(void **state)
{
	struct place	*p = *state;
	const char	*late = "accept-0000000000000009-0000000000000009";
	const char	*wide = "accept-0000000000000001-00000000ffffffff";

	/* 9 may only be late. */
	wish(p, late, TEXT);
	serve(p);
	assert_false(has_wish(p, late));
	assert_int_equal(recorded(p, "link.accepted"), 0);
	open_are(p, 4, 0);
	wish(p, wide, TEXT);
	serve(p);
	open_are(p, 1, 3);
	assert_int_equal(recorded(p, "count=3"), 1);
}

static void
test_what_is_no_wish_changes_nothing(void **state)
{
	struct place	*p = *state;

	wish(p, NAME, "who maria\n");
	wish(p, NAME ".new", TEXT);
	wish(p, "accept-0000000000000006-000000000000000z", TEXT);
	serve(p);
	assert_false(has_wish(p, NAME));
	assert_true(has_wish(p, NAME ".new"));
	open_are(p, 4, 0);
	assert_int_equal(recorded(p, "link.accepted"), 0);
}

/* The steps of serving are the record, the gaps file, the wish's end. */
static void
test_a_crash_between_any_two_steps(void **state)
{
	struct place	*p = *state;

	/* Behind the record: said a second time, accepted once. */
	assert_int_equal(record_add(p->shared.record, "link.accepted", "link",
	    "1", "missing", "6-8", "count", "3", NULL), ERR_OK);
	wish(p, NAME, TEXT);
	crash(p);
	open_are(p, 4, 0);
	serve(p);
	open_are(p, 1, 3);
	assert_int_equal(recorded(p, "link.accepted"), 2);
	/* Behind the gaps file: the wish only goes. */
	wish(p, NAME, TEXT);
	crash(p);
	open_are(p, 1, 3);
	serve(p);
	assert_false(has_wish(p, NAME));
	assert_int_equal(recorded(p, "link.accepted"), 2);
	/* Half a gaps file is under another name. */
	wish(p, "gaps.new", "6-7 acc");
	crash(p);
	open_are(p, 1, 3);
}

static void
test_it_stays_when_the_window_has_slid(void **state)
{
	struct place		*p = *state;
	struct seen_news	 news;
	uint64_t		 seq;

	wish(p, NAME, TEXT);
	serve(p);
	for (seq = 11; seq <= SEEN_WINDOW + 50; seq++)
		came(p, seq, &news);
	crash(p);
	open_are(p, 1, 3);
	came(p, 7, &news);
	assert_true(news.told);
	open_are(p, 1, 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_a_wish_is_read_exactly),
		T(test_accepted_is_recorded_and_no_alarm),
		T(test_what_comes_after_all_is_taken),
		T(test_only_what_was_told_is_accepted),
		T(test_what_is_no_wish_changes_nothing),
		T(test_a_crash_between_any_two_steps),
		T(test_it_stays_when_the_window_has_slid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
