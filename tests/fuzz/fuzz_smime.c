/* folder: sanitizer */
/* A signature, alone or with what it signs, has a verdict; an envelope has a content
 * no longer than itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "err.h"
#include "smime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
take(int r, struct smime_verdict *v)
{
	if (r != ERR_OK || v->line == NULL || v->text == NULL ||
	    strchr(v->line, '\n') != NULL)
		abort();
	free(v->line);
	free(v->text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int		 warmed;
	struct smime_verdict	 v = { 0 };
	struct signed_pair	 p = { 0 };
	uint8_t			*content;
	size_t			 n;

	if (!warmed && smime_warm(NULL) != ERR_OK)
		abort();
	warmed = 1;
	if (envelope_content(data, len, &content, &n) == ERR_OK) {
		if (n > len || envelope_find(data, len) == ENVELOPE_NONE)
			abort();
		free(content);
	}
	take(smime_describe(data, len, &v), &v);
	if (signed_pair_unpack(data, len, &p) == ERR_OK)
		take(smime_judge(&p, &v), &v);
	return 0;
}
