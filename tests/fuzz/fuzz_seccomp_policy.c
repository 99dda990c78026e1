/* folder: common
 * Any text as a filter policy: it is refused with a sentence, or every line that was
 * kept names a call and a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "jail_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
const char *__lsan_default_suppressions(void)
    __attribute__((visibility("default")));

/* libseccomp 2.5 loses nodes of its tree when conditions of one call overlap oddly;
 * a policy is read once a process. */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libseccomp.so";
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct jail_filter	*f = NULL;
	char			*why;

	if (jail_filter_parse((const char *)data, len, "fuzz", &f, &why) !=
	    ERR_OK) {
		if (f != NULL || why == NULL || *why == '\0')
			abort();
		free(why);
		return 0;
	}
	if (jail_filter_rules(f) == 0 ||
	    jail_filter_calls(f) > jail_filter_rules(f))
		abort();
	for (size_t i = 0; i < jail_filter_rules(f); i++) {
		const struct jail_rule *r = jail_filter_rule(f, i);

		if (*r->call == '\0' || *r->reason == '\0')
			abort();
	}
	jail_filter_free(f);
	return 0;
}
