/* folder: sanitizer */
/* Any page gives text that is clean and has no live link. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "html_text.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	if (f <= FACT_NONE || f >= FACT_MAX || *value == '\0')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int	 warmed;
	char		 charset[64], *t;
	int		 cut;

	if (!warmed && html_warm() != ERR_OK)
		abort();
	warmed = 1;
	html_find_charset(data, len, charset);
	t = html_text((const char *)data, len, on_fact, NULL, &cut);
	if (t == NULL)
		return 0;
	if (text_check(t, strlen(t), TEXT_BLOCK) != ERR_OK ||
	    strstr(t, "://") != NULL)
		abort();
	free(t);
	return 0;
}
