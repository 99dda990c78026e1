/* folder: sanitizer */
/* Identify: any bytes, any declared type, one answer inside its bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const declared[] = { "", "text/plain", "text/html",
		"message/rfc822" };
	struct identity id;

	for (size_t i = 0; i < sizeof(declared) / sizeof(declared[0]); i++) {
		memset(&id, 0xff, sizeof(id));
		identify(data, len, declared[i], &id);
		if ((unsigned)id.kind >= KIND_MAX || id.format[0] == '\0' ||
		    strnlen(id.format, sizeof(id.format)) == sizeof(id.format))
			abort();
	}
	return 0;
}
