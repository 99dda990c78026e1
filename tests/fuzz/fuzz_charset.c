/* folder: sanitizer */
/* Any bytes under any label become well-formed UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "charset.h"
#include "err.h"
#include "mime_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int		 warmed;
	struct charset_found	 found;
	char			 label[32] = "", *t;
	size_t			 n;

	if (!warmed && charset_warm() != ERR_OK)
		abort();
	warmed = 1;
	/* The first line is the label. */
	n = strnlen((const char *)data, len < 31 ? len : 31);
	memcpy(label, data, n);
	label[strcspn(label, "\n")] = '\0';
	n = strlen(label) < len ? strlen(label) + 1 : len;
	t = charset_to_utf8(data + n, len - n, label, &found, &n);
	if (t == NULL)
		return 0;
	if (found.name == NULL || u8_check((uint8_t *)t, n) != NULL)
		abort();
	free(t);
	t = mime_words_decode((const char *)data, len, label);
	free(t);
	return 0;
}
