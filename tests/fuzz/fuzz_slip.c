/* folder: diode
 * A resend slip as a person types it: what is read is written as the same slip.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "slip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		 text[256], again[SLIP_TEXT_LEN + 1];
	struct slip	 s, t;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (slip_parse(text, &s) != ERR_OK)
		return 0;
	if (s.link < 1 || s.link > 2 || s.first == 0 || s.count == 0 ||
	    slip_format(&s, again) != ERR_OK ||
	    slip_parse(again, &t) != ERR_OK || t.link != s.link ||
	    t.first != s.first || t.count != s.count)
		abort();
	return 0;
}
