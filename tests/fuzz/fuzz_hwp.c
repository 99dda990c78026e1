/* folder: sanitizer */
/* Any document of Hangul, and any section of one, gives words within bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "err.h"
#include "hwp_text.h"
#include "outlook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__asan_default_options(void);

/* libgsf leaks on damaged input; in the jail the child ends with its part. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int		 warmed;
	struct office_words	 words = { .max = 1000 };
	enum reason		 reason;
	char			*text;

	if (!warmed && outlook_warm() != ERR_OK)
		abort();
	warmed = 1;
	hwp_section(data, len, &words);
	if (words.len > words.max || (words.s != NULL &&
	    u8_check((const uint8_t *)words.s, words.len) != NULL))
		abort();
	free(words.s);
	text = hwp_text(data, len, 1000, &reason);
	if ((text == NULL && reason == REASON_COMPLETE) ||
	    (text != NULL && strlen(text) > 1000))
		abort();
	free(text);
	return 0;
}
