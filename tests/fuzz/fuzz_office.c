/* folder: sanitizer */
/* What worker-office looks at without LibreOffice: facts, words, grids, pages. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "office_facts.h"
#include "office_fit.h"
#include "office_grid.h"
#include "office_package.h"
#include "office_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct office_facts	 facts;
	struct office_sheets	 seen;
	size_t			 n;
	char			*s;

	office_package_warm();
	office_facts_look(data, len, &facts);
	office_facts_free(&facts);
	s = office_text_take(data, len, 10000);
	if (s != NULL && strlen(s) > 10000 + 65536)
		abort();
	free(s);
	s = office_grid_make((const char *)data, len, 10000, &seen);
	if (s != NULL && strlen(s) > 10000)
		abort();
	free(s);
	free(office_fit_pages((const char *)data, len, &n));
	return 0;
}
