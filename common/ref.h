/*
 * References: 96 random bits given to each mail at intake, shown with 4
 * check bits as LM-XXXXX-XXXXX-XXXXX-XXXXX in Crockford base 32.
 */
#ifndef LIMPID_REF_H
#define LIMPID_REF_H

#include <stdint.h>

#define REF_BYTES	12
#define REF_TEXT_LEN	26		/* without the NUL */

struct ref { uint8_t b[REF_BYTES]; };

/* Fresh random reference; ERR_SYS when the kernel gives no randomness. */
int ref_new(struct ref *out);
/* Writes REF_TEXT_LEN characters and a NUL. */
void ref_format(const struct ref *r, char out[REF_TEXT_LEN + 1]);
/*
 * Accepts what people type: any case, o/O for 0, i/l/L for 1, hyphens
 * anywhere or nowhere, "LM-" optional. ERR_FORMAT when the shape or a letter
 * is wrong, ERR_CRYPTO when the check bits do not fit (a typing error).
 */
int ref_parse(const char *s, struct ref *out);

/* The letters of Crockford base 32, for other codes that people type. */
extern const char ref_alphabet[33];
/* The value of a typed letter as ref_parse takes it, -1 when it is none. */
int ref_letter(char c);

#endif
