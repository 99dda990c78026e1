/* folder: sanitizer */
/* Candidate passwords: whatever the text, words are bounded and can be tried. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned	 count, attempts;

static int
on_word(void *arg, const char *word)
{
	(void)arg;
	if (word[0] == '\0' || strlen(word) > WORDS_BYTES_MAX ||
	    strchr(word, '\n') != NULL || ++count > WORDS_PART_MAX)
		abort();
	return 1;
}

static int
on_attempt(void *arg, const char *password, unsigned line)
{
	(void)arg;
	(void)line;
	attempts += password[0] != '\0';
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char	*text = malloc(len + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	count = attempts = 0;
	words_find(text, len, on_word, NULL);
	if (words_try(text, 100, 0, on_attempt, NULL) != -1 || attempts > 100)
		abort();
	free(text);
	return 0;
}
