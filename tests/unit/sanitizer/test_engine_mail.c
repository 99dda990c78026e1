/*
 * The engine and a mail as a whole, with recorded workers: the scanner, words of scans,
 * passwords and what they open later, a full disk.
 */
#include "engine_world.h"

/* Parts are scanned, not what holds them; what fails goes on and says so; one that
 * attacked the scanner does not. */
static void
each_part_is_scanned_or_says_why_not(void **state)
{
	static const char *const	words[] = { "clean", "virus", "late", "cut",
					    "cut virus", "trap" };
	struct bytes			*root = part(KIND_MAIL, '.');
	char				 path[2] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		path[0] = (char)('1' + i);
		with_child(root, ROLE_ATTACHMENT, path, "",
		    text_part(words[i]));
	}
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	scans = 1;
	scan_version = 0;
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" scanned=Fake 1, database daily 1 of 19"
	    " = container complete 0/0\n"
	    "2<1 1 text \"\" 'clean' = text complete 0/0\n"
	    "3<1 2 text \"\" malware=Test Virus A = stub malware 0/0\n"
	    "4<1 3 text \"\" scanned=not scanned: timeout 'late'"
	    " = text complete 0/0\n"
	    "5<1 4 text \"\" scanned=not scanned to its end: limit-bytes 'cut'"
	    " = text complete 0/0\n"
	    "6<1 5 text \"\" scanned=not scanned to its end: limit-bytes"
	    " malware=Test Virus A = stub malware 0/0\n"
	    "7<1 6 text \"\" = stub forbidden-call 0/0\n"
	    "end 7\n");
	scans = 0;
	assert_non_null(strstr(events, "scan malware: Test Virus A\n"));
	assert_non_null(strstr(events, "scan timeout: deadline 0\n"));
	assert_non_null(strstr(events, "scan limit-bytes: scan not ended\n"));
	assert_non_null(strstr(events, "scan forbidden-call: "));
}

static void
a_scanner_that_dies_or_does_not_start_stops_no_mail(void **state)
{
	(void)state;
	scans = 1;
	flatten(text_part("die"), KIND_TEXT, "",
	    "mail document=1\n1<0 0 text \"r i.bin\" scanned=not scanned: the "
	    "scanner does not start 'die' = text complete 0/0\nend 1\n");
	scan_broken = 1;
	flatten(text_part("x"), KIND_TEXT, "",
	    "mail document=1\n1<0 0 text \"r i.bin\" scanned=not scanned: the "
	    "scanner does not start 'x' = text complete 0/0\nend 1\n");
	scans = scan_broken = 0;
}

/* Runs until the scanner is as wanted. */
static void
run_until(struct engine *e, uint32_t version, int kept)
{
	struct pollfd		p = { .fd = engine_fd(e), .events = POLLIN };
	struct engine_scan	s;
	int			i;

	for (i = 0; i < 1000; i++) {
		assert_int_equal(engine_work(e), ERR_OK);
		engine_scan_look(e, &s);
		if (s.state == ENGINE_SCAN_READY &&
		    s.data.version == version && s.kept == kept)
			break;
		poll(&p, 1, 10);
	}
	assert_true(i < 1000);
}

static void
a_new_database_takes_over_and_a_broken_one_does_not(void **state)
{
	struct engine_config	 config = { .workers = 1, .tmp_dirfd = -1 };
	struct engine_scan	 s;
	struct engine		*e = NULL;

	(void)state;
	scan_version = 0;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	engine_scan_look(e, &s);
	assert_int_equal(s.state, ENGINE_SCAN_NONE);
	engine_scan_database(e);
	run_until(e, 1, 0);
	engine_scan_database(e);
	run_until(e, 2, 0);
	scan_broken = 1;
	engine_scan_database(e);
	run_until(e, 2, 1);
	assert_int_equal(scan_version, 3);
	scan_broken = 0;
	engine_scan_database(e);
	run_until(e, 4, 0);
	/* at once again, and a third time while that one starts */
	engine_scan_database(e);
	assert_int_equal(engine_work(e), ERR_OK);
	engine_scan_database(e);
	run_until(e, 6, 0);
	engine_free(e);
	config.scan_off = 1;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	engine_scan_database(e);
	engine_scan_look(e, &s);
	assert_int_equal(s.state, ENGINE_SCAN_OFF);
	engine_free(e);
}

static struct bytes *
with_word(struct bytes *o, const char *word)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_text(w, word);
	put_frame(o, WORKER_WORD, w);
	wire_free(w);
	return o;
}

static struct bytes *
locked_part(void)
{
	return done(with_page(part(KIND_PDF, 'k'), 0), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1);
}

/* The word comes last of more parts than are looked at ahead. */
static void
a_locked_part_waits_for_a_word_far_behind_it(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');
	char		 path[20], *want = NULL;
	size_t		 len = 0;
	FILE		*f = open_memstream(&want, &len);

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "", locked_part());
	fputs("mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" unlocked=a word in this mail page0"
	    " = images complete 1/1\n", f);
	for (unsigned i = 2; i <= 100; i++) {
		snprintf(path, sizeof(path), "%u", i);
		with_child(root, ROLE_INLINE, path, "", i < 100 ?
		    text_part(path) : done(with_word(with_word(part(KIND_TEXT,
		    '.'), "other"), "sesame"), OUTCOME_TEXT, REASON_COMPLETE,
		    0));
		fprintf(f, "%u<1 %u text \"\"", i + 1, i);
		if (i < 100)
			fprintf(f, " '%u'", i);
		fputs(" = text complete 0/0\n", f);
	}
	fputs("end 101\n", f);
	fclose(f);
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "", want);
	free(want);
	assert_int_equal(result.unlocked_count, 1);
	assert_int_equal(result.locked_count, 0);
	assert_int_equal(result.word_count, 2);
}

static void
what_no_word_opens_stays_locked_and_is_told(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *kept;

	(void)state;
	kept = done(part(KIND_PDF, 'K'), OUTCOME_STUB, REASON_ENCRYPTED, 0);
	with_child(root, ROLE_ATTACHMENT, "1", "", locked_part());
	with_child(root, ROLE_ATTACHMENT, "2", "", kept);
	with_child(root, ROLE_ATTACHMENT, "3", "",
	    done(with_word(part(KIND_TEXT, '.'), "salami"), OUTCOME_TEXT,
	    REASON_COMPLETE, 0));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" encrypted=yes = stub encrypted 0/0\n"
	    "3<1 2 pdf \"\" encrypted=yes = stub encrypted 0/0\n"
	    "4<1 3 text \"\" = text complete 0/0\n"
	    "end 4\n");
	assert_int_equal(result.unlocked_count, 0);
	assert_int_equal(result.locked_count, 2);
	flatten(locked_part(), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" encrypted=yes = stub encrypted 0/0\n"
	    "end 1\n");
	flatten(locked_part(), KIND_UNKNOWN, "passwords 0",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" encrypted=yes = stub encrypted 0/0\n"
	    "end 1\n");
}

/* Its frames come after the pages; of one that failed nothing comes but why. */
static void
pages_are_read_where_the_profile_asks(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "", done(with_page(with_page(
	    part(KIND_PDF, '.'), 0), 1), OUTCOME_IMAGES, REASON_COMPLETE, 2));
	with_child(root, ROLE_ATTACHMENT, "2", "", text_part("words"));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	reads = 'r';
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" page0 page1 ocr=jpn 'read' = images complete 2/2\n"
	    "3<1 2 text \"\" 'words' = text complete 0/0\n"
	    "end 3\n");
	reads = 'c';
	flatten(done(with_page(part(KIND_PDF, '.'), 0), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1), KIND_PDF, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" ocr=not done: crash page0"
	    " = images complete 1/1\n"
	    "end 1\n");
	assert_non_null(strstr(events, "ocr crash: "));
	reads = 0;
}

static int
broken_sink(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	errno = ENOSPC;
	return ERR_SYS;
}

/* A text, a mail with a locked part, and a part that is locked otherwise. */
static struct bytes *
twice_locked(void)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *inner, *lock;

	inner = part(KIND_MAIL, '.');
	with_child(inner, ROLE_BODY, "1", "", text_part("inside"));
	lock = locked_part();
	sha256(lock->b, lock->len, only[0]);
	with_child(inner, ROLE_ATTACHMENT, "2", "in.pdf", lock);
	done(inner, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	with_child(root, ROLE_BODY, "1", "", text_part("hello"));
	with_child(root, ROLE_ATTACHMENT, "2", "fwd.eml", inner);
	lock = done(with_page(with_page(part(KIND_PDF, 'k'), 0), 1),
	    OUTCOME_IMAGES, REASON_COMPLETE, 2);
	sha256(lock->b, lock->len, only[1]);
	with_child(root, ROLE_ATTACHMENT, "3", "out.pdf", lock);
	return done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
}

static void
what_opens_later_follows_alone(void **state)
{
	static char	 sesame[] = "sesame", salami[] = "salami",
			 from[] = "a word of another mail";

	(void)state;
	more_words[0] = (struct engine_word){ salami, from };
	more_words[1] = (struct engine_word){ sesame, from };
	more_count = 2;
	only_count = 1;
	flatten(twice_locked(), KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" follows=LM-00000-00000-00000-00000"
	    " = container complete 0/0\n"
	    "2<1 2 mail \"fwd.eml\" = container complete 0/0\n"
	    "3<2 2.2 pdf \"in.pdf\" unlocked=a word of another mail page0"
	    " = images complete 1/1\n"
	    "end 3\n");
	assert_int_equal(opened, 1);
	assert_int_equal(result.locked_count, 0);
	more_count = only_count = 0;
}

static void
nothing_follows_when_nothing_opens(void **state)
{
	struct engine_config	 config = { .workers = 1, .tmp_dirfd = -1 };
	struct policy		*policy = the_policy("");
	struct bytes		*b = twice_locked();
	char			 none[] = "";
	struct engine_request	 q = { .name = "", .policy = policy,
				    .kind = KIND_MAIL, .sink = broken_sink,
				    .sink_fd = -1, .done = on_done,
				    .follow = on_follow };
	struct engine		*e = NULL;

	(void)state;
	q.only = (const uint8_t (*)[32])only;
	q.only_count = 2;
	q.mail.sender = q.mail.client = q.mail.tls = q.mail.auth =
	    q.mail.policy = none;
	q.mail.size = b->len;
	q.original = memory_file(b->b, b->len);
	finished = 0;
	opened = 0;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	assert_int_equal(engine_submit(e, &q), ERR_OK);
	run_engine(e, 1);
	assert_int_equal(result.error, ERR_OK);
	assert_int_equal(result.parts, 0);
	assert_int_equal(result.locked_count, 2);
	assert_int_equal(opened, 0);
	engine_free(e);
	free(b);
	policy_free(policy);
}

static void
a_full_disk_fails_the_mail_not_the_engine(void **state)
{
	struct engine_config	 config = { .workers = 1, .tmp_dirfd = -1 };
	struct policy		*policy = the_policy("");
	struct bytes		*b = text_part("x");
	char			 none[] = "";
	struct engine_request	 q = { .name = "", .policy = policy,
				    .sink = broken_sink, .sink_fd = -1,
				    .done = on_done };
	struct engine		*e = NULL;

	(void)state;
	q.mail.sender = q.mail.client = q.mail.tls = q.mail.auth =
	    q.mail.policy = none;
	q.mail.size = b->len;
	finished = 0;
	assert_int_equal(engine_new(&config, &e), ERR_OK);
	for (int i = 0; i < 3; i++) {
		q.original = memory_file(b->b, b->len);
		assert_int_equal(engine_submit(e, &q), ERR_OK);
	}
	run_engine(e, 3);
	assert_int_equal(result.error, ERR_SYS);
	assert_int_equal(engine_mails(e), 0);
	engine_free(e);
	free(b);
	policy_free(policy);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(pages_are_read_where_the_profile_asks),
		cmocka_unit_test(each_part_is_scanned_or_says_why_not),
		cmocka_unit_test(
		    a_scanner_that_dies_or_does_not_start_stops_no_mail),
		cmocka_unit_test(
		    a_new_database_takes_over_and_a_broken_one_does_not),
		cmocka_unit_test(a_locked_part_waits_for_a_word_far_behind_it),
		cmocka_unit_test(what_no_word_opens_stays_locked_and_is_told),
		cmocka_unit_test(what_opens_later_follows_alone),
		cmocka_unit_test(nothing_follows_when_nothing_opens),
		cmocka_unit_test(a_full_disk_fails_the_mail_not_the_engine),
	};

	world_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
