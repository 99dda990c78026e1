/* Characters held against a picture: which words of a page can be seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "err.h"
#include "seen.h"

#define WIDTH	300
#define HEIGHT	40
#define SIZE	10.0f		/* points a character is wide and high */

static uint8_t			samples[WIDTH * HEIGHT * 3];
static struct document_glyph	list[64];
static struct document_glyphs	glyphs;

static const struct document_picture picture = {
	.width = WIDTH, .height = HEIGHT, .stride = 3 * WIDTH, .dpi = 72,
	.scale = 1, .samples = samples,
};

/* Characters side by side on paper of one tone; where ink is no space, something is
 * drawn. */
static void
page(const char *text, const char *ink, uint8_t paper, uint8_t tone)
{
	memset(samples, paper, sizeof(samples));
	memset(&glyphs, 0, sizeof(glyphs));
	glyphs.list = list;
	glyphs.width = WIDTH;
	glyphs.height = HEIGHT;
	for (size_t i = 0; text[i] != '\0'; i++) {
		list[i] = (struct document_glyph){ (uint8_t)text[i],
		    SIZE * (float)i, 10, SIZE * (float)(i + 1), 20 };
		glyphs.count++;
		if (ink[i] != ' ')
			samples[(15 * WIDTH + 10 * i + 5) * 3 + 1] = tone;
	}
}

static void
reads(const char *want, uint32_t hidden)
{
	struct seen seen;

	assert_int_equal(seen_read(&glyphs, &picture, &seen), ERR_OK);
	assert_string_equal(seen.text != NULL ? seen.text : "", want);
	assert_int_equal(seen.hidden, hidden);
	free(seen.text);
}

static void
a_word_without_ink_is_hidden_and_its_spaces_go_with_it(void **state)
{
	(void)state;
	page("all is seen", "### ## ####", 255, 0);
	reads("all is seen", 0);
	page("all is seen", "### ## ####", 0, 255);
	reads("all is seen", 0);
	page("see no evil", "###        ", 255, 0);
	reads("see ", 6);
	page("see no evil", "###    ####", 255, 0);
	reads("see evil", 2);
	page("all is seen", "           ", 255, 0);
	reads("", 9);
}

static void
a_character_alone_inside_a_word_is_never_left_out(void **state)
{
	(void)state;
	page("words", "## ##", 255, 0);
	reads("words", 0);
	page("wordsecret", "####      ", 255, 0);
	reads("", 10);
	page("longword.and", "########    ", 255, 0);
	reads("longword", 4);
}

static void
grain_of_paper_is_no_ink(void **state)
{
	(void)state;
	page("secret", "######", 240, 228);
	reads("", 6);
	page("secret", "######", 240, 200);
	reads("secret", 0);
}

static void
what_is_off_the_page_or_tiny_or_no_number_is_hidden(void **state)
{
	(void)state;
	page("secret", "######", 255, 0);
	for (size_t i = 0; i < glyphs.count; i++)
		list[i].x0 -= 500, list[i].x1 -= 500;
	reads("", 6);
	page("secret", "######", 255, 0);
	for (size_t i = 0; i < glyphs.count; i++)
		list[i].x1 = list[i].x0 + 1, list[i].y1 = list[i].y0 + 1;
	reads("", 6);
	page("secret", "######", 255, 0);
	for (size_t i = 0; i < glyphs.count; i++)
		list[i].x0 = list[i].y1 = NAN;
	reads("", 6);
	page("secret", "######", 255, 0);
	for (size_t i = 0; i < glyphs.count; i++)
		list[i].x0 = list[i].y0 = -1e30f,
		    list[i].x1 = list[i].y1 = 1e30f;
	reads("secret", 0);
}

static void
what_has_no_name_is_counted(void **state)
{
	struct seen seen;

	(void)state;
	page("abcd", "####", 255, 0);
	list[1].rune = 0xfffd;
	list[2].rune = 0xf0a7;
	list[3].rune = 0xd800;
	assert_int_equal(seen_read(&glyphs, NULL, &seen), ERR_OK);
	assert_int_equal(seen.shown, 4);
	assert_int_equal(seen.strange, 2);
	assert_string_equal(seen.text, "a\xef\xbf\xbd\xef\x82\xa7\xef\xbf\xbd");
	free(seen.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_word_without_ink_is_hidden_and_its_spaces_go_with_it),
		cmocka_unit_test(a_character_alone_inside_a_word_is_never_left_out),
		cmocka_unit_test(grain_of_paper_is_no_ink),
		cmocka_unit_test(what_is_off_the_page_or_tiny_or_no_number_is_hidden),
		cmocka_unit_test(what_has_no_name_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
