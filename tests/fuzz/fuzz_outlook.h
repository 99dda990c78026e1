/*
 * What fuzz_msg and fuzz_tnef share: a sink that holds the readers of Outlook's formats to
 * outlook.h and looks at each byte they give. Included by one of them at a time.
 */
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "outlook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__asan_default_options(void);

/* The library leaks on damaged input; in the jail the child ends with its part. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}

static unsigned	 children;

static void
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	if (f == FACT_NONE || value == NULL)
		abort();
}

static int
on_child(void *arg, enum worker_role role, enum kind hint, const char *path,
    const char *name, const char *declared, const char *charset,
    const char *content_id)
{
	(void)arg;
	if (role > ROLE_INLINE || hint >= KIND_MAX || path == NULL ||
	    name == NULL || declared == NULL || charset == NULL ||
	    content_id == NULL)
		abort();
	return children++ < 100;
}

static int
on_data(void *arg, const void *data, size_t len)
{
	volatile uint8_t	 last;

	(void)arg;
	last = ((const uint8_t *)data)[len - 1];
	(void)last;
	return 1;
}

static void
on_stub(void *arg, enum reason reason, const char *note)
{
	(void)arg;
	if (reason == REASON_COMPLETE || note == NULL)
		abort();
}

static int
outlook_fuzz(enum reason (*reader)(const uint8_t *data, size_t len,
    const struct outlook_limits *limits, const struct outlook_sink *sink),
    const uint8_t *data, size_t len)
{
	static const struct outlook_limits limits = { 1 << 20, 1 << 20 };
	static const struct outlook_sink sink = { NULL, on_fact, on_child,
	    on_data, on_stub };
	static int warm;

	if (!warm++ && outlook_warm() != ERR_OK)
		abort();
	children = 0;
	reader(data, len, &limits, &sink);
	return 0;
}
