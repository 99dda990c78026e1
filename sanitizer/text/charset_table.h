/*
 * Sets in which every byte is a character, learnt from libc's converter.
 */
#ifndef LIMPID_CHARSET_TABLE_H
#define LIMPID_CHARSET_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include <iconv.h>

struct charset_table {
	uint8_t	 len[256];		/* 0: no character */
	uint8_t	 utf8[256][4];
};

/* As iconv(3). */
typedef size_t (charset_iconv)(iconv_t cd, char **in, size_t *in_left,
    char **out, size_t *out_left);

/* Asks the converter for every byte. Returns 0 when the set is not of this kind:
 * bytes that belong together, or that wait for the next. */
int charset_table_learn(struct charset_table *t, iconv_t cd,
    charset_iconv *convert);
/* As iconv(3) would. */
size_t charset_table_convert(const struct charset_table *t, char **in,
    size_t *in_left, char **out, size_t *out_left);

#endif
