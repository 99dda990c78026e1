/* folder: common */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Whatever goes in, what comes out is clean, and clean text stays as it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum text_form	 form;
	size_t		 max;
	char		*t, *again;
	int		 changed;

	if (len < 1)
		return 0;
	form = data[0] & 1 ? TEXT_LINE : TEXT_BLOCK;
	max = data[0] & 2 ? data[0] : 100000;
	data++, len--;
	if ((t = text_clean((const char *)data, len, form, max, NULL)) == NULL)
		return 0;
	if (strlen(t) > max || text_check(t, strlen(t), form) != ERR_OK)
		abort();
	free(t);
	if ((t = text_file_name((const char *)data, len, &changed)) == NULL)
		return 0;
	if (*t == '\0' || strlen(t) > 120 || strpbrk(t, "/\\<>:\"|?*") != NULL)
		abort();
	again = text_file_name(t, strlen(t), &changed);
	if (again != NULL && changed)
		abort();
	free(again);
	free(t);
	return 0;
}
