/*
 * DATA's text with its dots removed and its end found. Run by limpid-intaked.
 * Hostile: every byte. Must never take anything but CR LF . CR LF for the end,
 * and must never lose or change any other byte.
 */
#include <string.h>

#include "dots.h"

/* Length of the run at data that holds neither CR nor LF. */
static size_t
plain_run(const uint8_t *data, size_t len)
{
	const uint8_t	*p;

	if ((p = memchr(data, '\n', len)) != NULL)
		len = (size_t)(p - data);
	if ((p = memchr(data, '\r', len)) != NULL)
		len = (size_t)(p - data);
	return len;
}

/* One byte that is not in a plain run. */
static void
dots_byte(struct dots *d, uint8_t c, dots_sink *sink, void *arg)
{
	switch (d->place) {
	case DOTS_LINE_START:
		if (c == '.') {
			d->place = DOTS_DOT;
			return;
		}
		break;
	case DOTS_DOT:
		if (c == '\r') {
			d->place = DOTS_DOT_CR;
			return;
		}
		break;		/* the dot was stuffing */
	case DOTS_DOT_CR:
		if (c == '\n') {
			d->ended = 1;
			return;
		}
		d->bare_cr++;
		sink(arg, (const uint8_t *)"\r", 1);
		break;
	case DOTS_CR:
		if (c == '\n') {
			sink(arg, (const uint8_t *)"\r\n", 2);
			d->place = DOTS_LINE_START;
			return;
		}
		d->bare_cr++;
		sink(arg, (const uint8_t *)"\r", 1);
		break;
	case DOTS_INSIDE:
		break;
	}
	if (c == '\r') {
		d->place = DOTS_CR;
		return;
	}
	if (c == '\n')
		d->bare_lf++;
	sink(arg, &c, 1);
	d->place = DOTS_INSIDE;
}

size_t
dots_feed(struct dots *d, const uint8_t *data, size_t len, dots_sink *sink,
    void *arg)
{
	size_t	 at = 0, run;

	while (at < len && !d->ended) {
		if (d->place == DOTS_INSIDE &&
		    (run = plain_run(data + at, len - at)) > 0) {
			sink(arg, data + at, run);
			at += run;
			continue;
		}
		dots_byte(d, data[at++], sink, arg);
	}
	return at;
}
