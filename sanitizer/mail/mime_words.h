/*
 * Header values as people wrote them: RFC 2047 in any state of repair, raw 8-bit,
 * folded, in any charset.
 */
#ifndef LIMPID_MIME_WORDS_H
#define LIMPID_MIME_WORDS_H

#include <stddef.h>
#include <stdint.h>

#define MIME_VALUE_MAX	4096		/* bytes of a decoded value */
#define MIME_RAW_MAX	(256 * 1024)	/* bytes of a raw value that are read */

/*
 * One clean line (text.h) as a new string, caller frees; NULL: no memory. charset
 * is a guess for raw 8-bit ("" none).
 */
char *mime_words_decode(const char *raw, size_t len, const char *charset);

/*
 * Calls each for every mailbox of an address header: name and address clean, one
 * of them may be "". Returns how many, -1 out of memory.
 */
typedef void mime_mailbox_fn(void *arg, const char *name, const char *address);
int mime_addresses(const char *raw, size_t len, const char *charset,
    mime_mailbox_fn *each, void *arg);

#endif
