/* folder: sanitizer */
/* Bar codes in pages of any samples: the first bytes are the shape, the rest goes round
 * and round. Nothing is written outside of the page, and what was covered is gone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "err.h"

#define GUARD	32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
seen(void *arg, const char *kind, const char *data, size_t len)
{
	volatile char last = len > 0 ? data[len - 1] : kind[0];

	(void)arg;
	(void)last;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t channels[] = { 1, 3, 4 };
	static int warm;
	uint64_t budget = CODES_BUDGET;
	struct codes_page p = {0};
	uint8_t *all;
	size_t size;

	if (!warm && codes_warm() != ERR_OK)
		return 0;
	warm = 1;
	if (len < 4)
		return 0;
	p.width = 1 + data[0] * 2;
	p.height = 1 + data[1] * 2;
	p.channels = channels[data[2] % 3];
	p.stride = (size_t)p.width * p.channels + data[2] % 7;
	size = p.stride * p.height;
	if ((all = malloc(size + 2 * GUARD)) == NULL)
		return 0;
	memset(all, 0xa5, size + 2 * GUARD);
	p.samples = all + GUARD;
	for (size_t i = 0; i < size; i++)
		p.samples[i] = data[3 + i % (len - 3)];
	codes_cover(&p, &budget, seen, NULL);
	for (size_t i = 0; i < GUARD; i++)
		if (all[i] != 0xa5 || all[GUARD + size + i] != 0xa5)
			abort();
	free(all);
	return 0;
}
