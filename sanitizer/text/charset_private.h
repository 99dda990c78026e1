/*
 * What charset.c and charset_guess.c share.
 */
#ifndef LIMPID_CHARSET_PRIVATE_H
#define LIMPID_CHARSET_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

/* Converts by one served name; *bad counts replaced runs. NULL: no memory. */
char *charset_convert(const uint8_t *s, size_t len, const char *name,
    size_t *out_len, size_t *bad);

/* A BOM or the pattern of NULs: the name, and its length in *skip; else NULL. */
const char *charset_guess_wide(const uint8_t *s, size_t len, size_t *skip);
/* Escape sequences of ISO 2022: the name or NULL. */
const char *charset_guess_escapes(const uint8_t *s, size_t len);
/* RFC 1843: "~{" and pairs of bytes up to "~}" on the same line, wherever it opens. */
int charset_is_hz(const uint8_t *s, size_t len);
/* Strictly UTF-8; *multi counts its non-ASCII characters. */
int charset_is_utf8(const uint8_t *s, size_t len, size_t *multi);
/* UTF-8 but for a few places, as where a line was cut inside of a character. */
int charset_is_cut_utf8(const uint8_t *s, size_t len);
/*
 * 8-bit text that is not UTF-8: by the characters that languages use most. The
 * name, or NULL when nothing stands out. With said, that name unless another
 * reads far better.
 */
const char *charset_guess_language(const uint8_t *s, size_t len,
    const char *said);
/* How well the text reads in one set that charset_guess_language knows, in hundredths
 * of a character's weight (0 to 400); -1: not at all. */
int charset_guess_score(const uint8_t *s, size_t len, const char *name);

#endif
