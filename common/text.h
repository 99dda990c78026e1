/*
 * Text that leaves: valid UTF-8, NFC, no controls but newline and tab, no bidi
 * overrides, no zero-width, variation or tag characters, length-capped.
 */
#ifndef LIMPID_TEXT_H
#define LIMPID_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum text_form {
	TEXT_BLOCK,		/* newline and tab stay; CRLF and CR become LF */
	TEXT_LINE		/* every run of white space becomes one space */
};

struct text_cleaned {
	uint32_t invisible;	/* bidi, zero-width, tag characters removed */
	uint32_t controls;	/* other controls removed */
	uint32_t invalid;	/* malformed byte runs replaced by U+FFFD */
	int	 cut;		/* the result was cut at max bytes */
};

/*
 * A new cleaned string (caller frees) of at most max bytes, cut at a character
 * border; NULL when out of memory. *counts (may be NULL) is set. U+200C and U+200D
 * stay where scripts need them (between letters of Arabic and Indic scripts, between
 * emoji).
 */
char *text_clean(const char *s, size_t len, enum text_form form, size_t max,
    struct text_cleaned *counts);
/* ERR_OK when text_clean would change nothing, else ERR_FORMAT. */
int text_check(const char *s, size_t len, enum text_form form);

/*
 * A file name safe for every operating system: no path, no RTLO, no reserved
 * Windows names or characters, no leading dot or dash, no trailing dot or space;
 * "invoice.pdf.exe" stays honest; at most 120 bytes, the extension kept. Never
 * empty ("unnamed"). *changed is set when it differs from the input.
 * Caller frees.
 */
char *text_file_name(const char *s, size_t len, int *changed);

#endif
