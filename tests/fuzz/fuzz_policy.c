/* folder: policy */
/*
 * A policy file of any bytes is taken or refused with a sentence, and what is
 * taken decides about every kind of part.
 */
#include <stdlib.h>

#include "err.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct policy_facts	 f = { .name = "a.exe", .format = "PDF",
				    .declared = "text/plain", .sender = "a@b",
				    .size = 100 };
	struct policy_action	 a;
	struct policy		*p = NULL;
	char			*why = NULL;

	if (policy_parse("fuzz", (const char *)data, len, &p, &why) != ERR_OK) {
		if (why == NULL || why[0] == '\0')
			abort();
		free(why);
		return 0;
	}
	for (int k = 0; k < KIND_MAX; k++) {
		f.kind = (enum kind)k;
		policy_decide(p, &f, &a);
		if (a.rule == NULL ||
		    (a.verb == POLICY_CONVERT) != (a.profile != NULL))
			abort();
	}
	policy_free(p);
	return 0;
}
