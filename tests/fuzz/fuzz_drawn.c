/* folder: sanitizer */
/* Kept frames of a drawing worker: any bytes; no page is larger than it says. */
#include <stdint.h>
#include <stdlib.h>

#include "copy.h"
#include "drawn.h"
#include "err.h"

#define PIXELS	(1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct drawn	 d;
	uint8_t		*samples;
	volatile uint8_t last = 0;
	int		 r = drawn_read(data, len, &d);

	for (size_t i = 0; r == ERR_OK && i < d.count; i++) {
		const struct drawn_page *p = &d.pages[i];

		if (p->width == 0 || p->width > COPY_PAGE_SIDE ||
		    p->frame < data || p->frame + p->frame_len > data + len)
			abort();
		samples = drawn_samples(p, PIXELS);
		if (samples != NULL)	/* all of it is there: ASan looks */
			last = samples[(size_t)p->width * p->height *
			    p->channels - 1];
		free(samples);
	}
	(void)last;
	drawn_free(&d);
	return 0;
}
