/*
 * Candidate passwords: found in the text of mails, and tried in the forms in which a
 * packer may have been given them. Knows no format and opens nothing.
 */
#ifndef LIMPID_WORDS_H
#define LIMPID_WORDS_H

#include <stddef.h>

#define WORDS_BYTES_MAX	128	/* of one word */
#define WORDS_PART_MAX	64	/* words of one part */
#define WORDS_TEXT_MAX	262144	/* bytes of a text that are looked at */
#define WORDS_LIST_MAX	65536	/* bytes of all words that one part is tried with */

/* word is UTF-8, without white space at its ends, borrowed; 0 to stop. */
typedef int words_found(void *arg, const char *word);
/*
 * Words that may be a password, most likely first, each once: what stands near a
 * hint ("password", in many languages), and the lone words of a short text. Defanged
 * links are read as what they were. Finds nothing when memory runs out.
 */
void words_find(const char *utf8, size_t len, words_found *found, void *arg);

/* Loads what the forms need, in the warm parent. ERR_OK. */
int words_warm(void);

/* One attempt with these bytes, of the word on this line, from 0; 1: it opened. */
typedef int words_attempt(void *arg, const char *password, unsigned line);
/*
 * Makes at most `most` attempts with the words of a list, one a line, in UTF-8: each
 * as it stands, in half and full width, and, where bytes is set, in Shift_JIS, Big5,
 * GBK and the Korean set. The number of the line that opened, from 0, or -1.
 */
int words_try(const char *list, unsigned most, int bytes,
    words_attempt *attempt, void *arg);

#endif
