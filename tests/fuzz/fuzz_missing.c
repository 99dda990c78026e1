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

static char	 text[MISSING_BYTES + 256];
static size_t	 used;

static void
ranges_write(const struct missing_ranges *l, const char *word,
    const char *more)
{
	size_t	 i;

	if (l->count > MISSING_RANGES)
		abort();
	for (i = 0; i < l->count; i++) {
		if (l->range[i].from == 0 || l->range[i].from > l->range[i].to)
			abort();
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%" PRIu64 "-%" PRIu64 "\n", word, l->range[i].from,
		    l->range[i].to);
	}
	if (l->more > 0)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%" PRIu64 "\n", more, l->more);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct missing_list	 l, again;

	if (missing_parse((const char *)data, size, &l) != ERR_OK)
		return 0;
	if (l.link < 1 || l.link > 2)
		abort();
	used = (size_t)snprintf(text, sizeof(text), "limpid-missing-1\nlink %d\n"
	    "change %" PRIu64 "\n", l.link, l.change);
	ranges_write(&l.missing, "", "more ");
	ranges_write(&l.accepted, "accepted ", "accepted-more ");
	if (missing_parse(text, used, &again) != ERR_OK ||
	    memcmp(&l, &again, sizeof(l)) != 0)
		abort();
	return 0;
}
