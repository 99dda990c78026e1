/* folder: diode
 * A wish that sequences be accepted as lost: a name, a newline, the text. What is read
 * is written as the same wish.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char			 all[1024], again[ACCEPT_TEXT_MAX], *text;
	struct accept_wish	 w, v;

	if (size >= sizeof(all))
		return 0;
	memcpy(all, data, size);
	all[size] = '\0';
	if ((text = strchr(all, '\n')) == NULL)
		return 0;
	*text++ = '\0';
	if (accept_parse(all, text, strlen(text), &w) != ERR_OK)
		return 0;
	accept_format(&w, again);
	if (w.first == 0 || w.first > w.last || strcmp(again, text) != 0 ||
	    !accept_line_is_good(w.why, ACCEPT_WHY_MAX) ||
	    accept_parse(all, again, strlen(again), &v) != ERR_OK ||
	    memcmp(&w, &v, sizeof(w)) != 0)
		abort();
	return 0;
}
