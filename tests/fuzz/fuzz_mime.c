/* folder: sanitizer */
/* Any mail gives at least one part, and facts that are known. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "mime_mbox.h"
#include "mime_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct seen {
	unsigned	 children;
	size_t		 bytes;
};

static void
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	if (f <= FACT_NONE || f >= FACT_MAX || value == NULL)
		abort();
}

static int
on_child(void *arg, enum worker_role role, enum kind hint, const char *path,
    const char *name, const char *declared, const char *charset,
    const char *content_id)
{
	struct seen	*s = arg;

	if ((role > ROLE_INLINE && role != ROLE_SIGNATURE) || hint >= KIND_MAX ||
	    strspn(path, "0123456789.") != strlen(path) || name == NULL ||
	    declared == NULL || charset == NULL || content_id == NULL)
		abort();
	return ++s->children < 1000;
}

static int
on_data(void *arg, const void *data, size_t len)
{
	struct seen	*s = arg;

	(void)data;
	s->bytes += len;
	return s->bytes < 1000000;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int			 warmed;
	static const struct mime_limits	 limits = { 4096, 20, "mx.example" };
	struct seen			 seen = { 0 };
	struct mime_sink		 sink = { &seen, on_fact, on_child,
					    on_data };
	uint64_t			 limit;
	int				 cut;
	enum reason			 reason;

	mime_mbox(data, len, &sink, &cut);
	seen = (struct seen){ 0 };
	if (!warmed && mime_warm() != ERR_OK)
		abort();
	warmed = 1;
	reason = mime_read(data, len, &limits, &sink, &limit);
	if (reason >= REASON_MAX || (seen.children == 0 &&
	    reason != REASON_FORMAT))
		abort();
	return 0;
}
