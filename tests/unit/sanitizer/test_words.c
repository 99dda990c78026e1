/*
 * Candidate passwords: which words of a text are found, and in which forms they are
 * tried.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "charset.h"
#include "err.h"
#include "words.h"

static char	 list[WORDS_PART_MAX * (WORDS_BYTES_MAX + 1) + 1];
static unsigned	 count;

static int
on_word(void *arg, const char *word)
{
	(void)arg;
	assert_true(strlen(word) <= WORDS_BYTES_MAX);
	assert_null(strchr(word, '\n'));
	strcat(list, word);
	strcat(list, "\n");
	count++;
	return 1;
}

static void
look(const char *text)
{
	list[0] = '\n';
	list[1] = '\0';
	count = 0;
	words_find(text, strlen(text), on_word, NULL);
}

/* Whether the word is among the first `within` of the text. */
static void
holds(const char *text, const char *word, unsigned within)
{
	char		 line[WORDS_BYTES_MAX + 4];
	const char	*at;
	unsigned	 n = 0;

	look(text);
	snprintf(line, sizeof(line), "\n%s\n", word);
	if ((at = strstr(list, line)) == NULL)
		fail_msg("not found in '%s': %s; but %s", text, word, list);
	for (const char *s = list + 1; s < at; s++)
		n += *s == '\n';
	if (n >= within)
		fail_msg("%s comes too late in '%s': %s", word, text, list);
}

static void
a_word_behind_a_hint_is_found_in_many_languages(void **state)
{
	(void)state;
	holds("The password is Sesame7.", "Sesame7", 3);
	holds("Please find the file. Password: ab cd 12\nRegards", "ab cd 12", 4);
	holds("PW=x1", "x1", 1);
	holds("Passwort der Datei lautet: geheim", "geheim", 8);
	holds("Le mot de passe est « soleil »", "soleil", 2);
	holds("附件密碼：123456", "123456", 2);
	holds("解壓密碼為 小兔子123，謝謝", "小兔子123", 2);
	holds("密码是abc888。", "abc888", 4);
	holds("パスワードは「さくら2024」です。", "さくら2024", 2);
	holds("パスワードはsakura2024です", "sakura2024", 4);
	holds("ＰＷ：１２３４", "１２３４", 2);
	holds("비밀번호: 대한민국", "대한민국", 2);
	holds("\u041f\u0430\u0440\u043e\u043b\u044c: zima", "zima", 2);
	holds("Contrase\u00f1a: luna", "luna", 2);
}

static void
what_stands_right_at_a_hint_comes_before_the_rest(void **state)
{
	static const char	 text[] = "The password of the first is sesame (or "
				    "Zebra-7), the other was mailed.\n"
				    "附件的密碼：小兔子\nパスワードは「さくら」です。\n"
				    "密碼如下\n天氣晴\n";

	(void)state;
	holds(text, "sesame", 10);
	holds(text, "小兔子", 10);
	holds(text, "さくら", 10);
	holds(text, "天氣晴", 10);
	holds(text, "Zebra-7", 20);
}

static void
it_may_stand_on_the_next_line_or_before_the_hint(void **state)
{
	(void)state;
	holds("Password:\n\n  k9-Zebra!\n\nBest", "k9-Zebra!", 2);
	holds("密碼如下\n天氣晴\n", "天氣晴", 4);
	holds("Sesame7 is the password.", "Sesame7", 8);
}

static void
what_was_made_harmless_is_a_word_again(void **state)
{
	(void)state;
	holds("password: ab[.]cd[.]com", "ab.cd.com", 2);
	holds("password: a[@]b[.]org", "a@b.org", 2);
	holds("password: x[.]y", "x[.]y", 20);	/* as it may have been meant */
}

static void
a_mail_that_is_nothing_but_a_word_is_one(void **state)
{
	(void)state;
	holds("sesame\n", "sesame", 1);
	holds("Hi,\nqX7!k\nBob\n", "qX7!k", 3);
	holds("It is qX7!k, as said.", "qX7!k", 4);
	look("Dear all, the meeting moved to the other room on the third floor. "
	    "Nothing else changes and nobody needs to bring anything at all. "
	    "We will start on time, so please be there a little before that.");
	assert_int_equal(count, 0);
}

static void
hints_inside_other_words_are_none(void **state)
{
	char	 text[1200];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "shopping passage: Xy12 ", 23);
	text[sizeof(text) - 1] = '\0';
	look(text);
	assert_int_equal(count, 0);
}

static void
a_hostile_text_ends_soon_and_is_bounded(void **state)
{
	char	*text = malloc(WORDS_TEXT_MAX + 1);

	(void)state;
	for (size_t i = 0; i < WORDS_TEXT_MAX; i++)
		text[i] = "pw: (\"x"[i % 7];
	text[WORDS_TEXT_MAX] = '\0';
	look(text);
	assert_true(count <= WORDS_PART_MAX);
	for (size_t i = 0; i < WORDS_TEXT_MAX; i++)
		text[i] = i % 5 == 0 ? ' ' : "pw:AZ"[i * 7 % 5];
	look(text);
	assert_true(count <= WORDS_PART_MAX);
	free(text);
}

static unsigned		 attempts;
static const char	*wanted;

static int
attempt(void *arg, const char *password, unsigned line)
{
	(void)arg;
	(void)line;
	attempts++;
	return wanted != NULL && strcmp(password, wanted) == 0;
}

static void
opens(const char *words, int bytes, const char *form, int line)
{
	wanted = form;
	attempts = 0;
	assert_int_equal(words_try(words, 1000, bytes, attempt, NULL), line);
}

static void
a_word_is_tried_in_every_width_and_charset(void **state)
{
	(void)state;
	opens("other\nsesame\n", 0, "sesame", 1);
	opens("１２３４", 0, "1234", 0);
	opens("1234", 0, "１２３４", 0);
	opens("小兔子", 1, "\xa4\x70\xa8\xdf\xa4\x6c", 0);	/* Big5 */
	opens("さくら", 1, "\x82\xb3\x82\xad\x82\xe7", 0);	/* Shift_JIS */
	opens("ｻｸﾗ", 1, "\xbb\xb8\xd7", 0);
	opens("中文1", 1, "\xd6\xd0\xce\xc4" "1", 0);		/* GBK */
	opens("1", 1, "\x82\x50", 0);		/* full width in Shift_JIS */
	opens("１", 1, "\xa2\xb0", 0);		/* the same in Big5 */
	opens("小兔子", 0, "\xa4\x70\xa8\xdf\xa4\x6c", -1);
}

static void
attempts_are_bounded_and_rubbish_is_left_out(void **state)
{
	char	*many = calloc(1, WORDS_LIST_MAX + 1);

	(void)state;
	for (size_t i = 0; i < WORDS_LIST_MAX - 1; i += 2)
		memcpy(many + i, "a\n", 2);
	wanted = NULL;
	attempts = 0;
	assert_int_equal(words_try(many, 50, 1, attempt, NULL), -1);
	assert_int_equal(attempts, 50);
	memset(many, 'x', WORDS_LIST_MAX);
	opens(many, 1, NULL, -1);
	assert_int_equal(attempts, 0);
	opens("\xff\xfe\nok", 1, "ok", 1);
	opens("", 1, NULL, -1);
	free(many);
}

static int
warm(void **state)
{
	(void)state;
	return charset_warm() != ERR_OK || words_warm() != ERR_OK;
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(
		    a_word_behind_a_hint_is_found_in_many_languages),
		cmocka_unit_test(
		    what_stands_right_at_a_hint_comes_before_the_rest),
		cmocka_unit_test(
		    it_may_stand_on_the_next_line_or_before_the_hint),
		cmocka_unit_test(what_was_made_harmless_is_a_word_again),
		cmocka_unit_test(a_mail_that_is_nothing_but_a_word_is_one),
		cmocka_unit_test(hints_inside_other_words_are_none),
		cmocka_unit_test(a_hostile_text_ends_soon_and_is_bounded),
		cmocka_unit_test(a_word_is_tried_in_every_width_and_charset),
		cmocka_unit_test(attempts_are_bounded_and_rubbish_is_left_out),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, warm, NULL);
}
