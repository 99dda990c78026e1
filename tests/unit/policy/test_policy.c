/*
 * Policy: what is accepted, what each refusal says, and what is decided.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "policy.h"

#define HEAD "policy \"t\" version 1\nprofile p { render images }\n"
#define TAIL "default { convert p else stub unsupported }\n"

static struct policy *
good(const char *text)
{
	struct policy	*p = NULL;
	char		*why = NULL;
	int		 r;

	r = policy_parse("t", text, strlen(text), &p, &why);
	if (r != ERR_OK)
		fail_msg("refused: %s", why != NULL ? why : err_text(r));
	return p;
}

/* The text is refused and the first sentence begins with `sentence`. */
static void
refused(const char *text, const char *sentence)
{
	struct policy	*p = NULL;
	char		*why = NULL;

	assert_int_equal(policy_parse("t", text, strlen(text), &p, &why),
	    ERR_CONFIG);
	assert_null(p);
	assert_non_null(why);
	if (strncmp(why, sentence, strlen(sentence)) != 0)
		fail_msg("said: %swanted: %s", why, sentence);
	free(why);
}

static void
limits_have_safe_defaults(void **state)
{
	struct policy			*p = good(HEAD TAIL);
	const struct policy_limits	*l = policy_limits(p);

	(void)state;
	assert_int_equal(l->bytes, 64 << 20);
	assert_int_equal(l->seconds, 30);
	assert_int_equal(l->page_pixels, 40000000);
	assert_int_equal(l->mail_pixels, 4000000000);
	assert_int_equal(l->mail_seconds, 300);
	assert_string_equal(policy_name(p), "t");
	assert_int_equal(strlen(policy_digest(p)), 64);
	policy_free(p);
}

static void
numbers_take_units(void **state)
{
	struct policy			*p;
	const struct policy_limits	*l;

	(void)state;
	p = good(HEAD "limit { bytes 1.5M pages 7 page-pixels 2M }\n"
	    "limit memory 2G\n" TAIL);
	l = policy_limits(p);
	assert_int_equal(l->bytes, 3 << 19);
	assert_int_equal(l->pages, 7);
	assert_int_equal(l->page_pixels, 2000000);
	assert_true(l->memory == 2ull << 30);
	policy_free(p);
	p = good(HEAD "limit { password-window 36h seconds 120s mail-seconds 1d "
	    "}\n" TAIL);
	l = policy_limits(p);
	assert_int_equal(l->password_window, 36 * 3600);
	assert_int_equal(l->seconds, 120);
	assert_int_equal(l->mail_seconds, 86400);
	assert_int_equal(l->passwords, 500);
	policy_free(p);
	p = good(HEAD "limit { password-window 0 passwords 0 }\n" TAIL);
	assert_int_equal(policy_limits(p)->password_window, 0);
	assert_int_equal(policy_limits(p)->passwords, 0);
	policy_free(p);
}

static const struct { const char *text, *sentence; } refusals[] = {
	{ "", "t:1:1: the end of the file cannot stand here; expected policy."
	    " A policy begins with" },
	{ HEAD, "t:3:1: the end of the file cannot stand here; expected "
	    "limit, profile, rule or default. The last block must be" },
	{ HEAD TAIL TAIL, "t:4:1: default cannot stand here; expected the end"
	    " of the file. default { ... } must be the last" },
	{ HEAD "limit pages 0\n" TAIL, "t:3:13: limit pages cannot be 0, and "
	    "nothing is unlimited. It goes from 1" },
	{ HEAD "limit password-window 2w\n" TAIL, "t:3:23: limit "
	    "password-window cannot be 2w. Write a number with s, m, h "
	    "or d" },
	{ HEAD "limit pages 2h\n" TAIL, "t:3:13: limit pages cannot be 2h. "
	    "Write a number, with K" },
	{ HEAD "limit pagse 5\n" TAIL,
	    "t:3:7: there is no limit pagse. Did you mean pages" },
	{ HEAD "limit zzzzzzzzz 5\n" TAIL,
	    "t:3:7: there is no limit zzzzzzzzz. It is one of bytes parts" },
	{ HEAD "limit pages many\n" TAIL, "t:3:13: limit pages cannot be many"
	    ". Write a number" },
	{ HEAD "limit pages 5 limit pages 6\n" TAIL,
	    "t:3:21: limit pages was set on line 3 already" },
	{ HEAD "limit bytes 9999999999999999999999G\n" TAIL,
	    "t:3:13: limit bytes cannot be 9999999999999999999999G" },
	{ HEAD "profile p { render none }\n" TAIL,
	    "t:3:9: profile p stands on line 2 already" },
	{ HEAD "profile q { dpi 100 }\n" TAIL,
	    "t:3:9: profile q does not say what to render" },
	{ HEAD "profile q { render none text off }\n" TAIL,
	    "t:3:9: profile q would let nothing arrive" },
	{ HEAD "profile q { render some }\n" TAIL,
	    "t:3:20: render cannot be some. Write render images, or render" },
	{ HEAD "profile q { render images dpi 1000 }\n" TAIL,
	    "t:3:31: dpi cannot be 1000. It is a number from 36 to 600" },
	{ HEAD "profile q { render images colour on }\n" TAIL,
	    "t:3:27: a profile has no colour" },
	{ HEAD "rule P1 \"x\" { when part.kind = pfd then convert p }" TAIL,
	    "t:3:32: there is no kind pfd. Did you mean pdf" },
	{ HEAD "rule P1 \"x\" { when part.knd = pdf then convert p }" TAIL,
	    "t:3:20: there is nothing called part.knd to ask about. Did you "
	    "mean part.kind" },
	{ HEAD "rule P1 \"x\" { when part.kind > pdf then convert p }" TAIL,
	    "t:3:20: part.kind cannot be asked with >. A kind has" },
	{ HEAD "rule P1 \"x\" { when part.kind then convert p }" TAIL,
	    "t:3:20: part.kind is not a question of yes or no" },
	{ HEAD "rule P1 \"x\" { when part.encrypted = on then stub never }"
	    TAIL, "t:3:20: part.encrypted is yes or no" },
	{ HEAD "rule P1 \"x\" { when part.size > big then stub never }" TAIL,
	    "t:3:32: part.size is a number, and big is none" },
	{ HEAD "rule P1 \"x\" { when part.name = exe then stub never }" TAIL,
	    "t:3:32: part.name is text, so exe must be a string" },
	{ HEAD "rule P1 \"x\" { when part.name ends \"\" then stub never }"
	    TAIL, "t:3:35: every part.name would match" },
	{ HEAD "profile q { render images ocr german }\n" TAIL,
	    "t:3:31: ocr cannot be german. Write ocr on for all" },
	{ HEAD "profile q { render none ocr on }\n" TAIL,
	    "t:3:9: profile q reads pages, but has no pages or no text" },
	{ HEAD "rule P1 \"x\" { when part.malware != \"a\" then stub never }"
	    TAIL, "t:3:20: part.malware cannot be asked with !=" },
	{ HEAD "rule P1 \"x\" { when part.malware = \"\" then stub never }"
	    TAIL, "t:3:35: every part.malware would match an empty string" },
	{ HEAD "rule P1 \"x\" { when part.encrypted then convert q }" TAIL,
	    "t:3:48: there is no profile q" },
	{ HEAD "rule P1 \"x\" { when part.encrypted then stub nevr }" TAIL,
	    "t:3:45: there is no reason nevr. Did you mean never" },
	{ HEAD "rule P1 \"x\" { when part.encrypted then stub crash }" TAIL,
	    "t:3:45: crash is a reason that happens" },
	{ HEAD "rule p1 \"x\" { when part.encrypted then stub never }" TAIL,
	    "t:3:6: the rule id p1 does not begin with a capital" },
	{ HEAD "rule P1 \"x\" { when part.encrypted then stub never }\n"
	    "rule P1 \"x\" { when part.encrypted then stub never }" TAIL,
	    "t:4:6: rule P1 stands on line 3 already" },
	{ HEAD "rule P1 \"x\" { when part.kind = program then convert p }"
	    TAIL, "t:3:32: parts of kind program cannot be converted" },
	{ HEAD "rule P1 \"x\" severity huge { when part.encrypted then stub "
	    "never }" TAIL, "t:3:22: there is no severity huge" },
	{ HEAD "rule P1 \"x\" review-by 2027-02-30 { when part.encrypted then"
	    " stub never }" TAIL, "t:3:23: 2027-02-30 is no day" },
	{ HEAD "rule P1 \"x\" { when part.encrypted stub never }" TAIL,
	    "t:3:35: stub cannot stand here; expected " },
	{ HEAD "rule P1 \"x { when part.encrypted then stub never }\n" TAIL,
	    "t:3:9: this string has no end. Close it" },
	{ HEAD "rule P1 'x' { when part.encrypted then stub never }\n" TAIL,
	    "t:3:9: the character ' has no meaning here. Strings stand in" },
	{ HEAD "# a\xe2\x80\xae" "b\n" TAIL,
	    "t:3:1: this holds invisible, control or malformed" },
	{ "policy \"\" version 1 profile p { render images }" TAIL,
	    "t:1:8: the policy's name is empty" },
	{ "policy \"t\" version 0 profile p { render images }" TAIL,
	    "t:1:20: the version cannot be 0" },
};

static void
every_refusal_has_its_own_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		refused(refusals[i].text, refusals[i].sentence);
}

static void
several_refusals_come_at_once(void **state)
{
	static const char	 text[] = HEAD "limit pages 0\nlimit x 1\n" TAIL;
	struct policy		*p = NULL;
	char			*why = NULL;

	(void)state;
	assert_int_equal(policy_parse("t", text, strlen(text), &p, &why),
	    ERR_CONFIG);
	assert_non_null(strstr(why, "t:3:13:"));
	assert_non_null(strstr(why, "t:4:7:"));
	free(why);
}

static void
endless_conditions_are_refused(void **state)
{
	size_t	 n = 200000, at = 0;
	char	*text = malloc(n + 400);

	(void)state;
	at += (size_t)sprintf(text, "%s", HEAD "rule P1 \"x\" { when ");
	while (at < n)
		at += (size_t)sprintf(text + at, "part.encrypted and ");
	sprintf(text + at, "part.encrypted then stub never }\n%s", TAIL);
	refused(text, "t:3:20: this condition has more than 1000 terms");
	at = (size_t)sprintf(text, "%s", HEAD "rule P1 \"x\" { when ");
	while (at < n)
		text[at++] = '(';
	text[at] = '\0';
	refused(text, "t:3:");
	free(text);
}

static struct policy_action
decide(struct policy *p, const struct policy_facts *f)
{
	struct policy_action	a;

	memset(&a, 0xff, sizeof(a));
	policy_decide(p, f, &a);
	return a;
}

static void
first_match_wins(void **state)
{
	struct policy		*p;
	struct policy_action	 a;
	struct policy_facts	 f = { .kind = KIND_PDF, .size = 20 << 20,
				    .name = "A.PDF", .format = "PDF 1.7",
				    .declared = "", .sender = "a@b.example" };

	(void)state;
	p = good(HEAD "profile w { render none }\n"
	    "rule P1 \"x\" { when part.kind = image then stub policy }\n"
	    "rule P2 \"x\" { when part.kind in { pdf image } and part.size > "
	    "10M then convert w }\n"
	    "rule P3 \"x\" { when part.name ends \".pdf\" then stub policy }\n"
	    TAIL);
	a = decide(p, &f);
	assert_int_equal(a.verb, POLICY_CONVERT);
	assert_string_equal(a.rule, "P2");
	assert_string_equal(a.profile->name, "w");
	assert_int_equal(a.profile->render, 0);
	f.size = 10 << 20;
	a = decide(p, &f);
	assert_string_equal(a.rule, "P3");
	assert_int_equal(a.verb, POLICY_STUB);
	assert_int_equal(a.reason, REASON_POLICY);
	f.name = "pdf.txt";
	a = decide(p, &f);
	assert_string_equal(a.rule, "default");
	assert_string_equal(a.profile->name, "p");
	policy_free(p);
}

static void
and_binds_tighter_than_or_and_not_tightest(void **state)
{
	struct policy		*p;
	struct policy_facts	 f = { .kind = KIND_PDF, .size = 1, .name = "",
				    .format = "", .declared = "",
				    .sender = "" };

	(void)state;
	p = good(HEAD "rule P1 \"x\" { when part.kind = pdf or part.kind = "
	    "image and part.size > 5 then stub policy }\n"
	    "rule P2 \"x\" { when not part.kind = html and part.size = 1 "
	    "then stub never }\n" TAIL);
	assert_string_equal(decide(p, &f).rule, "P1");
	f.kind = KIND_IMAGE;
	assert_string_equal(decide(p, &f).rule, "P2");
	f.kind = KIND_HTML;
	assert_string_equal(decide(p, &f).rule, "default");
	policy_free(p);
}

static void
unknown_refuses_and_never_permits(void **state)
{
	struct policy		*p;
	struct policy_action	 a;
	struct policy_facts	 f = { .kind = KIND_PDF, .encrypted = -1,
				    .declared = "", .sender = "", .name = "" };

	(void)state;
	p = good(HEAD "rule P1 \"x\" { when not part.encrypted then convert p "
	    "}\nrule P2 \"x\" { when part.format = \"PDF\" then stub format "
	    "}\n" TAIL);
	a = decide(p, &f);
	assert_string_equal(a.rule, "P2");
	assert_int_equal(a.verb, POLICY_STUB);
	f.encrypted = 0;
	assert_string_equal(decide(p, &f).rule, "P1");
	policy_free(p);
}

static void
malware_is_asked_by_any_of_its_names(void **state)
{
	struct policy		*p;
	struct policy_facts	 f = { .kind = KIND_PDF, .scanned = 1,
				    .format = "", .declared = "",
				    .sender = "", .name = "" };

	(void)state;
	p = good(HEAD "rule P1 \"x\" { when not part.scanned then stub policy "
	    "}\nrule P2 \"x\" { when part.malware starts \"heuristics.\" and "
	    "not part.malware in { \"Eicar\" } then convert p }\n"
	    "rule P3 \"x\" { when part.malware then stub malware }\n" TAIL);
	assert_string_equal(decide(p, &f).rule, "default");
	f.malware = "Heuristics.Phishing";
	assert_string_equal(decide(p, &f).rule, "P2");
	f.malware = "Heuristics.Phishing\neicar";
	assert_string_equal(decide(p, &f).rule, "P3");
	assert_int_equal(decide(p, &f).reason, REASON_MALWARE);
	f.malware = "Other\nSome.Heuristics.";
	assert_string_equal(decide(p, &f).rule, "P3");
	f.scanned = 0;
	assert_string_equal(decide(p, &f).rule, "P1");
	policy_free(p);
}

static void
kinds_without_a_worker_become_stubs(void **state)
{
	static const struct { enum kind k; enum reason r; } table[] = {
		{ KIND_UNKNOWN, REASON_UNSUPPORTED },
		{ KIND_VIDEO, REASON_UNSUPPORTED },
		{ KIND_PROGRAM, REASON_NEVER },
		{ KIND_ENCRYPTED, REASON_ENCRYPTED },
		{ KIND_EMPTY, REASON_EMPTY },
	};
	struct policy		*p;
	struct policy_action	 a;
	struct policy_facts	 f = { .size = 9, .name = "", .format = "",
				    .declared = "", .sender = "" };

	(void)state;
	p = good(HEAD "rule P1 \"x\" { when part.size > 1 then convert p }"
	    TAIL);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		f.kind = table[i].k;
		a = decide(p, &f);
		assert_int_equal(a.verb, POLICY_STUB);
		assert_int_equal(a.reason, table[i].r);
		assert_null(a.profile);
	}
	policy_free(p);
}

static void
the_digest_follows_meaning_not_spelling(void **state)
{
	struct policy	*a = good(HEAD TAIL);
	struct policy	*b = good("# note\n" HEAD "limit pages 500\n" TAIL);
	struct policy	*c = good(HEAD "limit pages 501\n" TAIL);

	(void)state;
	assert_string_equal(policy_digest(a), policy_digest(b));
	assert_string_not_equal(policy_digest(a), policy_digest(c));
	policy_free(a);
	policy_free(b);
	policy_free(c);
}

static void
a_policy_cut_anywhere_is_refused(void **state)
{
	static const char	 text[] = HEAD "rule P1 \"x\" severity low { "
	    "when (part.kind != pdf) then stub never }\n" TAIL;
	size_t			 whole = strlen(text) - 2;
	struct policy		*p;
	char			*why;

	(void)state;
	for (size_t n = 0; n < whole; n++) {
		p = NULL;
		why = NULL;
		assert_int_equal(policy_parse("t", text, n, &p, &why),
		    ERR_CONFIG);
		assert_true(why != NULL && why[0] != '\0');
		free(why);
	}
}

static void
the_shipped_policy_is_good(void **state)
{
	struct policy	*p = NULL;
	char		*why = NULL;

	(void)state;
	assert_int_equal(policy_load("policy/default.conf", &p, &why), ERR_OK);
	policy_free(p);
	assert_int_equal(policy_load("policy/none.conf", &p, &why), ERR_SYS);
	assert_non_null(strstr(why, "policy/none.conf: No such file"));
	free(why);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(limits_have_safe_defaults),
		cmocka_unit_test(numbers_take_units),
		cmocka_unit_test(every_refusal_has_its_own_sentence),
		cmocka_unit_test(several_refusals_come_at_once),
		cmocka_unit_test(endless_conditions_are_refused),
		cmocka_unit_test(first_match_wins),
		cmocka_unit_test(and_binds_tighter_than_or_and_not_tightest),
		cmocka_unit_test(unknown_refuses_and_never_permits),
		cmocka_unit_test(malware_is_asked_by_any_of_its_names),
		cmocka_unit_test(kinds_without_a_worker_become_stubs),
		cmocka_unit_test(the_digest_follows_meaning_not_spelling),
		cmocka_unit_test(a_policy_cut_anywhere_is_refused),
		cmocka_unit_test(the_shipped_policy_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
