/* folder: sanitizer */
/* Bodies in RTF, compressed or not: well-formed UTF-8 comes out, and never more than
 * the input can hold. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "rtf_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum rtf_form form;
	uint8_t *plain;
	char *text;
	size_t n, m;
	int own;

	if ((plain = rtf_decompress(data, len, 1 << 20, &n)) != NULL &&
	    n > 1 << 20)
		abort();
	text = rtf_read(plain != NULL ? plain : data, plain != NULL ? n : len,
	    &form, &own, &m);
	if (text == NULL || u8_check((uint8_t *)text, m) != NULL)
		abort();
	free(text);
	free(plain);
	return 0;
}
