/*
 * Any charset to UTF-8, whatever the mail said it was. All converters are loaded
 * in the warm parent; in the jail no file can be opened, so iconv_open itself is
 * replaced here and serves only those; and iconv, for those that are tables
 * (charset_table.h).
 */
#ifndef LIMPID_CHARSET_H
#define LIMPID_CHARSET_H

#include <stddef.h>
#include <stdint.h>

#include <iconv.h>

struct charset_found {
	const char	*name;		/* what the text was really in */
	int		 lied;		/* something was declared and did not hold */
	size_t		 bad;		/* byte runs replaced by U+FFFD */
};

/* Loads the converters; ERR_OK, or ERR_NOTFOUND when even UTF-16 is missing. */
int charset_warm(void);

/* The name by which a label ("x-sjis", "ks_c_5601-1987") is served; NULL: none. */
const char *charset_find(const char *label);

/*
 * UTF-8 as a new string of *out_len bytes, terminated (caller frees; NULL: no
 * memory). It is well-formed, and not yet cleaned (text.h). declared may be "" and
 * may lie. found may be NULL.
 */
char *charset_to_utf8(const uint8_t *s, size_t len, const char *declared,
    struct charset_found *found, size_t *out_len);

/* In the place of libc's, for the libraries of this program. */
__attribute__((visibility("default")))
iconv_t iconv_open(const char *to, const char *from);
__attribute__((visibility("default")))
size_t iconv(iconv_t cd, char **in, size_t *in_left, char **out,
    size_t *out_left);
__attribute__((visibility("default")))
int iconv_close(iconv_t cd);

#endif
