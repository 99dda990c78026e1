/* folder: internal-side
 * A list of what never came: what is read lies within its bounds, and says when it is
 * written out what it said.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "missing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct missing_list	 l, again;
	static char			 text[MISSING_BYTES + 256];
	size_t				 i, n;

	if (missing_parse((const char *)data, size, &l) != ERR_OK)
		return 0;
	if (l.link < 1 || l.link > 2 || l.count > MISSING_RANGES)
		abort();
	n = (size_t)snprintf(text, sizeof(text), "limpid-missing-1\nlink %d\n"
	    "change %" PRIu64 "\n", l.link, l.change);
	for (i = 0; i < l.count; i++) {
		if (l.range[i].from == 0 || l.range[i].from > l.range[i].to)
			abort();
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%" PRIu64
		    "-%" PRIu64 "\n", l.range[i].from, l.range[i].to);
	}
	if (l.more > 0)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "more %"
		    PRIu64 "\n", l.more);
	if (missing_parse(text, n, &again) != ERR_OK ||
	    memcmp(&l, &again, sizeof(l)) != 0)
		abort();
	return 0;
}
