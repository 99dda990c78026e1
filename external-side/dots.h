/*
 * The text between DATA and its final dot (RFC 5321 section 4.5.2). Only
 * CR LF . CR LF ends it: no lone CR or LF is ever a line end, so nobody can
 * smuggle a second mail in by telling line ends apart from us.
 */
#ifndef LIMPID_DOTS_H
#define LIMPID_DOTS_H

#include <stddef.h>
#include <stdint.h>

enum dots_place { DOTS_LINE_START, DOTS_INSIDE, DOTS_CR, DOTS_DOT,
    DOTS_DOT_CR };

struct dots {
	enum dots_place	 place;		/* zero: the start of the text */
	int		 ended;		/* the final dot was read */
	uint32_t	 bare_lf;	/* LF without CR before it */
	uint32_t	 bare_cr;	/* CR without LF after it */
};

/* Called with runs of the text, dots removed. */
typedef void dots_sink(void *arg, const uint8_t *data, size_t len);

/*
 * Reads up to len bytes; stops after the final dot. Returns how many bytes were
 * used. Start with a zeroed struct.
 */
size_t dots_feed(struct dots *d, const uint8_t *data, size_t len,
    dots_sink *sink, void *arg);

#endif
