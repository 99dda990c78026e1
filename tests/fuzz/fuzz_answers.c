/* folder: sanitizer */
/*
 * Whatever a captured worker writes on its answer pipe, in any split, is taken
 * within its limits or refused for good. First byte: step and split.
 */
#include <stdlib.h>

#include "engine_answer.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const struct worker_job limits = {
	.max_pages = 4, .max_page_pixels = 1000, .max_pixels = 2000,
	.max_text = 1000, .max_children = 5, .max_child_bytes = 1000,
	.want_pages = 1, .want_text = 1,
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const enum answer_step	 steps[] = { ANSWER_IDENTIFY,
					    ANSWER_UNPACK, ANSWER_DRAW },
					 others[] = { ANSWER_CONVERT,
					    ANSWER_DOCUMENT, ANSWER_SCAN,
					    ANSWER_READ };
	enum answer_step		 step;
	struct answer			*a;
	size_t				 n, k;
	int				 r = ERR_OK;

	if (len == 0)
		return 0;
	step = data[0] < 0xf0 ? steps[data[0] % 3] : others[data[0] % 4];
	if ((a = answer_new(step, &limits, -1)) == NULL)
		return 0;
	n = (size_t)data[0] / 3 + 1;
	for (data++, len--; len > 0 && r == ERR_OK; data += k, len -= k) {
		k = n < len ? n : len;
		r = answer_feed(a, data, k);
	}
	if (answer_pixels(a) > limits.max_pixels ||
	    answer_child_count(a) > limits.max_children)
		abort();
	if (r == ERR_FORMAT && answer_done(a) != NULL)
		abort();
	answer_free(a);
	return 0;
}
