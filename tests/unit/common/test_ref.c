/* References as people type them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "ref.h"

static void
text_and_back_for_many(void **state)
{
	char		 text[REF_TEXT_LEN + 1];
	struct ref	 a, b;
	int		 i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		assert_int_equal(ref_new(&a), ERR_OK);
		ref_format(&a, text);
		assert_int_equal(strlen(text), REF_TEXT_LEN);
		assert_int_equal(ref_parse(text, &b), ERR_OK);
		assert_memory_equal(a.b, b.b, REF_BYTES);
	}
}

static void
two_are_never_equal(void **state)
{
	struct ref	 a, b;

	(void)state;
	ref_new(&a);
	ref_new(&b);
	assert_memory_not_equal(a.b, b.b, REF_BYTES);
}

static void
the_form_is_fixed(void **state)
{
	char		 text[REF_TEXT_LEN + 1];
	struct ref	 r;

	(void)state;
	memset(r.b, 0, REF_BYTES);
	ref_format(&r, text);
	assert_string_equal(text, "LM-00000-00000-00000-00000");
	memset(r.b, 0xff, REF_BYTES);
	ref_format(&r, text);
	assert_memory_equal(text, "LM-ZZZZZ-ZZZZZ-ZZZZZ-ZZZZ", 25);
}

static void
what_people_type_is_understood(void **state)
{
	const struct ref	 want = { { 0, 0x44, 0x32, 0x14, 0xc7, 0x42,
				    0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65 } };
	char			 text[REF_TEXT_LEN + 1], typed[64];
	struct ref		 r;
	size_t			 i, n;

	(void)state;
	ref_format(&want, text);
	assert_int_equal(ref_parse(text + 3, &r), ERR_OK);
	assert_memory_equal(r.b, want.b, REF_BYTES);
	for (n = 0, i = 0; text[i] != '\0'; i++)
		if (text[i] != '-')
			typed[n++] = (char)(text[i] == '0' ? 'o' : text[i] ==
			    '1' ? 'l' : text[i] >= 'A' ? text[i] + 32 :
			    text[i]);
	typed[n] = '\0';
	memset(&r, 0, sizeof(r));
	assert_int_equal(ref_parse(typed, &r), ERR_OK);
	assert_memory_equal(r.b, want.b, REF_BYTES);
	for (i = 0; typed[i] != '\0'; i++)
		if (typed[i] == 'l' && i > 0)
			typed[i] = 'I';
	assert_int_equal(ref_parse(typed, &r), ERR_OK);
}

static void
one_wrong_letter_is_nearly_always_found(void **state)
{
	static const char	 letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char			 text[REF_TEXT_LEN + 1], was;
	struct ref		 a, b;
	int			 i, k, tried = 0, missed = 0, round;

	(void)state;
	for (round = 0; round < 20; round++) {
		ref_new(&a);
		ref_format(&a, text);
		for (i = 3; i < REF_TEXT_LEN; i++) {
			if ((was = text[i]) == '-')
				continue;
			for (k = 0; k < 32; k++) {
				if (letters[k] == was)
					continue;
				text[i] = letters[k];
				tried++;
				missed += ref_parse(text, &b) == ERR_OK;
			}
			text[i] = was;
		}
	}
	assert_true(missed * 25 < tried);
}

static void
rubbish_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "LM", "LM-", "LM-00000", "LM-00000-00000-00000-0000",
		"LM-00000-00000-00000-000000", "XX-00000-00000-00000-00000",
		"LM-U0000-00000-00000-00000", "LM 00000 00000 00000 00000",
		"LM-00000-00000-00000-0000\xc3\xa9",
		"LMLM00000000000000000000",
	};
	struct ref	 r;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ref_parse(bad[i], &r), ERR_FORMAT);
	assert_int_equal(ref_parse("LM-00000-00000-00000-00001", &r),
	    ERR_CRYPTO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back_for_many),
		cmocka_unit_test(two_are_never_equal),
		cmocka_unit_test(the_form_is_fixed),
		cmocka_unit_test(what_people_type_is_understood),
		cmocka_unit_test(one_wrong_letter_is_nearly_always_found),
		cmocka_unit_test(rubbish_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
