/* folder: sanitizer */
/* Armour taken out makes a text no longer, and a second time changes nothing that
 * was no armour. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "armour.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct armour	 a;
	char		*s = strndup((const char *)data, len);
	size_t		 n;

	if (s == NULL)
		return 0;
	n = strlen(s);
	armour_strip(s, &a);
	if (strlen(s) > n || (a.clear + a.locked == 0 && strlen(s) != n))
		abort();
	free(s);
	return 0;
}
