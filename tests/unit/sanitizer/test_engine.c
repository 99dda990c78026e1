/*
 * The engine's parts, with recorded workers: their order and their ends, pages, two
 * engines, bounds and stubs.
 */
#include "engine_world.h"

static void
parts_come_in_order_depth_first(void **state)
{
	struct bytes	*inner, *root;

	(void)state;
	inner = part(KIND_MAIL, '.');
	with_child(inner, ROLE_BODY, "1", "", text_part("inside"));
	done(inner, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	root = part(KIND_MAIL, '.');
	with_child(root, ROLE_BODY, "1", "", text_part("hello"));
	with_child(root, ROLE_ATTACHMENT, "2", "fwd.eml", inner);
	with_child(root, ROLE_ATTACHMENT, "3", "a/b.pdf",
	    done(with_page(with_page(part(KIND_PDF, '.'), 0), 1),
	    OUTCOME_IMAGES, REASON_COMPLETE, 2));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 text \"\" body 'hello' = text complete 0/0\n"
	    "3<1 2 mail \"fwd.eml\" = container complete 0/0\n"
	    "4<3 2.1 text \"\" 'inside' = text complete 0/0\n"
	    "5<1 3 pdf \"b.pdf\" page0 page1"
	    " = images complete 2/2\n"
	    "end 5\n");
	assert_int_equal(result.parts, 5);
	assert_int_equal(result.pages, 2);
	assert_int_equal(result.stubs, 0);
}

static void
each_way_to_die_has_one_name(void **state)
{
	static const char	ways[] = "cfdml";
	char			name[2] = "";
	struct bytes		*root = part(KIND_MAIL, '.'), *child;

	(void)state;
	for (int i = 0; ways[i] != '\0'; i++) {
		name[0] = (char)('1' + i);
		child = with_page(part(KIND_PDF, ways[i]), 0);
		done(child, OUTCOME_IMAGES, REASON_COMPLETE, 1);
		with_child(root, ROLE_ATTACHMENT, name, "", child);
	}
	with_child(root, ROLE_ATTACHMENT, "9", "", text_part("fine"));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" = stub crash 0/0\n"
	    "3<1 2 pdf \"\" = stub forbidden-call 0/0\n"
	    "4<1 3 pdf \"\" page0 = images timeout seconds 5 1/0\n"
	    "5<1 4 pdf \"\" page0 = images memory memory 1610612736 1/0\n"
	    "6<1 5 pdf \"\" = stub engine 0/0\n"
	    "7<1 9 text \"\" 'fine' = text complete 0/0\n"
	    "end 7\n");
	assert_non_null(strstr(events, "pdf forbidden-call: forbidden-call"));
	assert_int_equal(result.stubs, 3);
	assert_int_equal(result.cuts, 2);
}

/* 20 pages of 40, in the part. */
static struct bytes *
long_part(enum kind kind, char how)
{
	struct bytes	*o = part(kind, how);
	struct wire	*w = wire_new(100);

	wire_put_u32(w, 40);
	put_frame(o, WORKER_PAGES_TOTAL, w);
	wire_free(w);
	for (uint32_t n = 0; n < 20; n++)
		with_page(o, n);
	return o;
}

#define PAGES_20 " page0 page1 page2 page3 page4 page5 page6 page7 page8 page9" \
	" page10 page11 page12 page13 page14 page15 page16 page17 page18 page19"

static void
pages_go_out_while_the_next_are_drawn_and_stay(void **state)
{
	(void)state;
	flatten(long_part(KIND_PDF, 'C'), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\"" PAGES_20 " = images crash 20/40\n"
	    "end 1\n");
	assert_int_equal(result.stubs, 0);
	assert_int_equal(result.cuts, 1);
	assert_int_equal(result.pages, 20);
	flatten(long_part(KIND_PDF, 'F'), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\"" PAGES_20 " = images forbidden-call 20/40\n"
	    "end 1\n");
	assert_non_null(strstr(events, "pdf forbidden-call"));
}

static void
files_in_a_long_part_know_their_parent(void **state)
{
	struct bytes	*o = long_part(KIND_PDF, 'B');

	(void)state;
	with_child(o, ROLE_ATTACHMENT, "1", "a.txt", text_part("data"));
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 20), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\"" PAGES_20 " = images complete 20/20\n"
	    "2<1 1 text \"a.txt\" 'data' = text complete 0/0\n"
	    "end 2\n");
}

/* Behind a part that is still drawn, nothing goes out: nothing is promised. */
static void
a_long_part_that_is_not_next_can_still_be_a_stub(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "", part(KIND_TEXT, 'h'));
	with_child(root, ROLE_ATTACHMENT, "2", "", long_part(KIND_PDF, 'c'));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "mail-seconds 1",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 text \"\" = stub timeout mail-seconds 1 0/0\n"
	    "3<1 2 pdf \"\" = stub crash 0/0\n"
	    "end 3\n");
}

static struct bytes *
with_fact(struct bytes *o, enum fact f, const char *value)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u16(w, (uint16_t)f);
	wire_put_text(w, value);
	put_frame(o, WORKER_FACT, w);
	wire_free(w);
	return o;
}

/* A document whose rendering this is (used up). */
static struct bytes *
document(struct bytes *rendering)
{
	struct bytes	*o = with_fact(part(KIND_OFFICE, '.'), FACT_MACROS, "yes");

	with_child(o, ROLE_RENDERING, "1", "", rendering);
	return done(o, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
}

static void
a_rendering_is_drawn_as_the_documents_own_pages(void **state)
{
	struct bytes	*pdf = part(KIND_PDF, '.');

	(void)state;
	with_fact(pdf, FACT_FORMAT, "PDF 1.6");
	with_fact(pdf, FACT_LINKS, "3");
	done(with_page(with_page(pdf, 0), 1), OUTCOME_IMAGES, REASON_COMPLETE, 2);
	flatten(document(pdf), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 office \"r i.bin\" macros=yes links=3 page0 page1"
	    " = images complete 2/2\n"
	    "end 1\n");
	assert_int_equal(result.parts, 1);
}

static void
a_rendering_that_is_none_is_not_drawn(void **state)
{
	(void)state;
	flatten(document(with_text(part(KIND_PROGRAM, '.'), "boo")),
	    KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 office \"r i.bin\" macros=yes = stub bad-answer 0/0\n"
	    "end 1\n");
}

static void
a_document_that_cannot_be_drawn_arrives_as_words(void **state)
{
	struct bytes	*o = with_text(part(KIND_OFFICE, 'w'), "its words");

	(void)state;
	flatten(done(o, OUTCOME_TEXT, REASON_COMPLETE, 0), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 office \"r i.bin\" 'its words' = text crash 0/0\n"
	    "end 1\n");
	assert_non_null(strstr(events, "office crash"));
}

static void
a_rendering_is_nobody_elses_child(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	with_child(root, ROLE_RENDERING, "1", "", text_part("hello"));
	flatten(done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0), KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = stub bad-answer 0/0\n"
	    "end 1\n");
}

/* A PDF of which worker-pdf says one thing and worker-poppler another. */
static struct bytes *
two_answers(struct bytes *first, struct bytes *other)
{
	struct bytes	*o = part(KIND_PDF, '2');
	uint32_t	 len = (uint32_t)first->len - 2;

	put(o, &len, sizeof(len));
	put(o, first->b + 2, first->len - 2);
	put(o, other->b + 2, other->len - 2);
	free(first);
	free(other);
	return o;
}

static struct bytes *
pages(unsigned n, enum outcome outcome, enum reason reason)
{
	struct bytes	*o = part(KIND_PDF, '.');

	for (unsigned i = 0; i < n; i++)
		with_page(o, i);
	return done(o, outcome, reason, n);
}

static void
what_one_engine_cannot_draw_is_given_to_the_other(void **state)
{
	struct bytes	*o = with_page(part(KIND_PDF, 'p'), 0);

	(void)state;
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 1), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 = images complete 1/1\nend 1\n");
	assert_non_null(strstr(events, "pdf crash"));
	flatten(two_answers(pages(0, OUTCOME_STUB, REASON_FORMAT),
	    pages(2, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1"
	    " = images complete 2/2\nend 1\n");
}

static void
the_first_failure_stands_when_both_engines_fail(void **state)
{
	(void)state;
	flatten(two_answers(pages(0, OUTCOME_STUB, REASON_FORMAT),
	    pages(0, OUTCOME_STUB, REASON_EMPTY)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" = stub format 0/0\nend 1\n");
	flatten(two_answers(pages(0, OUTCOME_STUB, REASON_ENCRYPTED),
	    pages(1, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" encrypted=yes = stub encrypted 0/0\n"
	    "end 1\n");
}

static void
more_pages_win_and_fewer_do_not(void **state)
{
	(void)state;
	flatten(two_answers(pages(1, OUTCOME_IMAGES, REASON_PAGES_FAILED),
	    pages(3, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1 page2"
	    " = images complete 3/3\nend 1\n");
	flatten(two_answers(pages(2, OUTCOME_IMAGES, REASON_PAGES_FAILED),
	    pages(1, OUTCOME_IMAGES, REASON_COMPLETE)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1"
	    " = images pages-failed 2/2\nend 1\n");
	flatten(two_answers(pages(2, OUTCOME_IMAGES, REASON_PAGES_FAILED),
	    text_part("rubbish")), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 page1"
	    " = images pages-failed 2/2\nend 1\n");
}

static struct bytes *
with_words(struct bytes *o, uint64_t legible, int doubted)
{
	struct wire	*w = wire_new(PART_MAX);

	wire_put_u64(w, legible);
	wire_put_u8(w, (uint8_t)doubted);
	put_frame(o, WORKER_LEGIBLE, w);
	wire_free(w);
	return o;
}

static struct bytes *
page_of_words(const char *text, uint64_t legible, int doubted)
{
	struct bytes	*o = with_page(with_text(part(KIND_PDF, '.'), text), 0);

	return done(with_words(o, legible, doubted), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1);
}

static struct bytes *
words_only(const char *text, uint64_t legible)
{
	return done(with_words(with_text(part(KIND_PDF, '.'), text), legible,
	    0), OUTCOME_TEXT, REASON_COMPLETE, 0);
}

static void
doubtful_words_are_read_again_and_the_richer_are_kept(void **state)
{
	(void)state;
	flatten(two_answers(page_of_words("w?r?s", 3, 1),
	    words_only("words", 5)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	flatten(two_answers(page_of_words("words", 5, 1),
	    words_only("w?r?s", 3)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	/* nobody asks for what is not doubted, nor for pictures again */
	flatten(two_answers(page_of_words("words", 5, 0),
	    words_only("many more words", 15)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	flatten(two_answers(page_of_words("words", 5, 1),
	    page_of_words("many more words", 15, 0)), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" 'words' page0"
	    " = images complete 1/1\nend 1\n");
	assert_non_null(strstr(events, "poppler bad-answer"));
}

static void
files_in_a_document_are_its_children(void **state)
{
	struct bytes	*o = with_page(part(KIND_PDF, '.'), 0);

	(void)state;
	with_child(o, ROLE_ATTACHMENT, "1", "invoice.xml", text_part("data"));
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 1), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0 = images complete 1/1\n"
	    "2<1 1 text \"invoice.xml\" 'data' = text complete 0/0\n"
	    "end 2\n");
	o = with_child(with_page(part(KIND_IMAGE, '.'), 0), ROLE_ATTACHMENT,
	    "1", "x", text_part("data"));
	flatten(done(o, OUTCOME_IMAGES, REASON_COMPLETE, 1), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 image \"r i.bin\" = stub bad-answer 0/0\nend 1\n");
}

static void
a_lost_worker_is_tried_once_more(void **state)
{
	struct bytes	*root = with_page(part(KIND_PDF, 'L'), 0);

	(void)state;
	*lost_once = 0;
	done(root, OUTCOME_IMAGES, REASON_COMPLETE, 1);
	flatten(root, KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" page0"
	    " = images complete 1/1\nend 1\n");
	assert_int_equal(*lost_once, 2);
}

static void
rubbish_and_silence_are_bad_answers(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *child;

	(void)state;
	child = part(KIND_PDF, '.');
	put(child, "\xff\xff\xff\xff\x05 rubbish", 13);
	with_child(root, ROLE_ATTACHMENT, "1", "", child);
	with_child(root, ROLE_ATTACHMENT, "2", "",
	    with_page(part(KIND_PDF, '.'), 0));
	child = done(with_page(part(KIND_PDF, '.'), 0), OUTCOME_IMAGES,
	    REASON_COMPLETE, 1);
	put(child, "x", 1);
	with_child(root, ROLE_ATTACHMENT, "3", "", child);
	/* rubbish from one that then never ends */
	child = part(KIND_PDF, 'h');
	put(child, "\x01\x00\x00\x00\x02z", 6);
	with_child(root, ROLE_ATTACHMENT, "4", "", child);
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 pdf \"\" = stub bad-answer 0/0\n"
	    "3<1 2 pdf \"\" = stub bad-answer 0/0\n"
	    "4<1 3 pdf \"\" = stub bad-answer 0/0\n"
	    "5<1 4 pdf \"\" = stub bad-answer 0/0\n"
	    "end 5\n");
	assert_non_null(strstr(events, "pdf bad-answer: frame too long\n"));
	assert_non_null(strstr(events, "pdf bad-answer: ended early\n"));
	assert_non_null(strstr(events, "pdf bad-answer: unknown frame\n"));
}

static void
bounds_are_named_with_their_number(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.'), *inner, *big;

	(void)state;
	big = part(KIND_TEXT, '.');
	big->len = 5000;
	inner = part(KIND_MAIL, '.');
	with_child(inner, ROLE_BODY, "1", "", text_part("deep"));
	done(inner, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	with_child(root, ROLE_ATTACHMENT, "1", "", big);
	with_child(root, ROLE_ATTACHMENT, "2", "", inner);
	with_child(root, ROLE_ATTACHMENT, "3", "", calloc(1, sizeof(*root)));
	with_child(root, ROLE_ATTACHMENT, "4", "", part(KIND_PROGRAM, '.'));
	with_child(root, ROLE_ATTACHMENT, "5", "", part(KIND_VIDEO, '.'));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "bytes 10K depth 1",
	    "mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 text \"\" = stub bad-answer 0/0\n"
	    "3<1 2 mail \"\" = container complete 0/0\n"
	    "4<3 2.1 unknown \"\" = stub limit-depth depth 1 0/0\n"
	    "5<1 3 empty \"\" = stub empty 0/0\n"
	    "6<1 4 program \"\" = stub never 0/0\n"
	    "7<1 5 video \"\" = stub unsupported 0/0\n"
	    "end 7\n");
	flatten(text_part("0123456789"), KIND_TEXT, "text 1K bytes 1K",
	    "mail document=1\n"
	    "1<0 0 text \"r i.bin\" '0123456789'"
	    " = text complete 0/0\nend 1\n");
	big = part(KIND_PDF, '.');
	big->len = 5000;
	flatten(big, KIND_PDF, "bytes 1K",
	    "mail document=1\n"
	    "1<0 0 pdf \"r i.bin\" = stub limit-bytes bytes 1024 0/0\nend 1\n");
}

/* Each page has 20,000 pixels, and two are drawn at once: which of them is too
 * much is a matter of time. */
static void
the_pixels_of_a_mail_are_shared_by_its_parts(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');

	(void)state;
	for (char path[] = "1"; path[0] <= '3'; path[0]++)
		with_child(root, ROLE_ATTACHMENT, path, "",
		    done(with_page(part(KIND_PDF, '.'), 0), OUTCOME_IMAGES,
		    REASON_COMPLETE, 1));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "mail-pixels 40000", NULL);
	assert_int_equal(result.pages, 2);
	assert_int_equal(result.stubs, 1);
}

/* A member that its archive could not give, whole, beside one that it could. */
static void
a_child_that_is_lost_says_why(void **state)
{
	struct bytes	*root = part(KIND_ARCHIVE, '.');
	struct wire	*w = wire_new(200);

	(void)state;
	with_child(root, ROLE_ATTACHMENT, "1", "half.txt", text_part("half"));
	wire_put_u8(w, REASON_LIMIT_BYTES);
	wire_put_text(w, "expand 5000");
	put_frame(root, WORKER_CHILD_STUB, w);
	wire_free(w);
	with_child(root, ROLE_ATTACHMENT, "2", "all.txt", text_part("whole"));
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 archive \"r i.bin\" = container complete 0/0\n"
	    "2<1 1 unknown \"half.txt\" = stub limit-bytes expand 200 0/0\n"
	    "3<1 2 text \"all.txt\" 'whole' = text complete 0/0\n"
	    "end 3\n");
}

static void
a_worker_that_never_ends_costs_the_mails_time_only(void **state)
{
	(void)state;
	flatten(part(KIND_TEXT, 'h'), KIND_TEXT, "mail-seconds 1",
	    "mail document=1\n"
	    "1<0 0 text \"r i.bin\" = stub timeout mail-seconds 1 0/0\nend 1\n");
}

static void
without_workers_every_part_says_so(void **state)
{
	(void)state;
	without = 1;
	flatten(text_part("x"), KIND_UNKNOWN, "",
	    "mail document=1\n"
	    "1<0 0 unknown \"r i.bin\" = stub engine identify 0/0\nend 1\n");
	without = 0;
}

static void
many_parts_stay_in_order(void **state)
{
	struct bytes	*root = part(KIND_MAIL, '.');
	char		 path[20], *want = NULL;
	size_t		 len = 0;
	FILE		*f = open_memstream(&want, &len);

	(void)state;
	fputs("mail document=0\n"
	    "1<0 0 mail \"r i.bin\" = container complete 0/0\n", f);
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(path, sizeof(path), "%u", i);
		with_child(root, ROLE_INLINE, path, "", text_part(path));
		fprintf(f, "%u<1 %u text \"\" '%u' = text complete 0/0\n",
		    i + 1, i, i);
	}
	fputs("end 101\n", f);
	fclose(f);
	done(root, OUTCOME_CONTAINER, REASON_COMPLETE, 0);
	flatten(root, KIND_MAIL, "", want);
	free(want);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(parts_come_in_order_depth_first),
		cmocka_unit_test(each_way_to_die_has_one_name),
		cmocka_unit_test(
		    what_one_engine_cannot_draw_is_given_to_the_other),
		cmocka_unit_test(
		    the_first_failure_stands_when_both_engines_fail),
		cmocka_unit_test(more_pages_win_and_fewer_do_not),
		cmocka_unit_test(
		    doubtful_words_are_read_again_and_the_richer_are_kept),
		cmocka_unit_test(files_in_a_document_are_its_children),
		cmocka_unit_test(a_lost_worker_is_tried_once_more),
		cmocka_unit_test(rubbish_and_silence_are_bad_answers),
		cmocka_unit_test(bounds_are_named_with_their_number),
		cmocka_unit_test(
		    pages_go_out_while_the_next_are_drawn_and_stay),
		cmocka_unit_test(files_in_a_long_part_know_their_parent),
		cmocka_unit_test(
		    a_long_part_that_is_not_next_can_still_be_a_stub),
		cmocka_unit_test(the_pixels_of_a_mail_are_shared_by_its_parts),
		cmocka_unit_test(a_child_that_is_lost_says_why),
		cmocka_unit_test(
		    a_worker_that_never_ends_costs_the_mails_time_only),
		cmocka_unit_test(
		    a_rendering_is_drawn_as_the_documents_own_pages),
		cmocka_unit_test(a_rendering_that_is_none_is_not_drawn),
		cmocka_unit_test(
		    a_document_that_cannot_be_drawn_arrives_as_words),
		cmocka_unit_test(a_rendering_is_nobody_elses_child),
		cmocka_unit_test(without_workers_every_part_says_so),
		cmocka_unit_test(many_parts_stay_in_order),
	};

	world_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
