/* folder: sanitizer */
/* Outlook messages as worker-msg reads them: every property, body and copy of a mail
 * inside. libgsf itself is not instrumented. */
#include "fuzz_outlook.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return outlook_fuzz(outlook_read_msg, data, len);
}
