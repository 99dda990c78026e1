#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "armour.h"

static const struct {
	const char	*text, *want;
	unsigned	 clear, locked;
} cases[] = {
	{ "", "", 0, 0 },
	{ "words\n", "words\n", 0, 0 },
	{ "before\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nwords\n"
	  "- --\n-----BEGIN PGP SIGNATURE-----\n\niQ\n"
	  "-----END PGP SIGNATURE-----\nafter",
	  "before\nwords\n--\nafter", 1, 0 },
	{ "-----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP SIGNATURE-----\n"
	  "-----END PGP SIGNATURE-----", "", 1, 0 },
	{ "a\n-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\nb",
	  "a\n[OpenPGP message, locked: 2 lines]\nb", 0, 1 },
	/* what has no end, or is only spoken of, stays */
	{ "-----BEGIN PGP MESSAGE-----\n\nhQ\n",
	  "-----BEGIN PGP MESSAGE-----\n\nhQ\n", 0, 0 },
	{ "-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n"
	  "-----BEGIN PGP SIGNATURE-----\n",
	  "-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n"
	  "-----BEGIN PGP SIGNATURE-----\n", 0, 0 },
	{ "> -----BEGIN PGP MESSAGE-----\n> -----END PGP MESSAGE-----\n",
	  "> -----BEGIN PGP MESSAGE-----\n> -----END PGP MESSAGE-----\n", 0, 0 },
};

static void
armour_goes_and_words_stay(void **state)
{
	struct armour	 a;
	char		*s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = strdup(cases[i].text);
		armour_strip(s, &a);
		assert_string_equal(s, cases[i].want);
		assert_int_equal(a.clear, cases[i].clear);
		assert_int_equal(a.locked, cases[i].locked);
		free(s);
	}
}

/* Of each text, whatever its length: never longer, and in bounds (SAN=1 looks). */
static void
a_text_cut_anywhere_gets_no_longer(void **state)
{
	struct armour	 a;
	char		*s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t n = 0; n <= strlen(cases[i].text); n++) {
			s = strndup(cases[i].text, n);
			armour_strip(s, &a);
			assert_true(strlen(s) <= n);
			free(s);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(armour_goes_and_words_stay),
		cmocka_unit_test(a_text_cut_anywhere_gets_no_longer)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
