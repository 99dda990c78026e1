/* folder: sanitizer */
/* Calendars and contacts as worker-card reads them. libical itself is not
 * instrumented. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int warm;
	struct card c;
	char *s;

	if (!warm++ && card_warm() != ERR_OK)
		abort();
	if ((s = malloc(len + 1)) == NULL)
		return 0;
	memcpy(s, data, len);
	s[len] = '\0';
	if (card_read(s, len, &c) == ERR_OK && c.entries > 0 &&
	    c.text[0] == '\0')
		abort();
	free(c.text);
	free(s);
	return 0;
}
