/*
 * What a part really is, from its bytes and never from its name. Pure: no
 * memory, no library, bounded work whatever the size.
 */
#ifndef LIMPID_IDENTIFY_H
#define LIMPID_IDENTIFY_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

struct identity {
	enum kind	kind;
	char		format[64];	/* "PDF 1.7", "PNG", "DOCX", "text" */
};

/*
 * Never fails: what nothing matches is KIND_UNKNOWN, "data". Where bytes are
 * two things at once, the more dangerous one is named. declared (the MIME type,
 * may be "") only decides between words, web page and mail when the words leave
 * it open.
 */
void identify(const uint8_t *data, size_t len, const char *declared,
    struct identity *id);

#endif
