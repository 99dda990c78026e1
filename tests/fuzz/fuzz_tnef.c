/* folder: sanitizer */
/* winmail.dat as worker-msg reads it. libytnef itself is not instrumented; what it
 * gives is read to its last byte. */
#include "fuzz_outlook.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return outlook_fuzz(outlook_read_tnef, data, len);
}
