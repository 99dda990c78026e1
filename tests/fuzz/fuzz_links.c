/* folder: common */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "links.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_stays(const char *s)
{
	char	*again = links_defang_text(s, strlen(s), NULL);

	if (again == NULL)
		return;
	if (strcmp(s, again) != 0 || strstr(s, "://") != NULL ||
	    text_check(s, strlen(s), TEXT_BLOCK) != ERR_OK)
		abort();
	free(again);
}

/* Defanged text has no live link, is clean, and stays as it is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char	*clean, *t;

	clean = text_clean((const char *)data, len, TEXT_BLOCK, 100000, NULL);
	if (clean == NULL)
		return 0;
	if ((t = links_defang_text(clean, strlen(clean), NULL)) != NULL)
		check_stays(t);
	free(t);
	if ((t = links_defang_target(clean, strlen(clean))) != NULL)
		check_stays(t);
	free(t);
	links_mismatch(clean, clean);
	free(clean);
	return 0;
}
