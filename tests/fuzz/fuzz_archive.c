/* folder: sanitizer */
/* Archives as worker-archive takes them apart. The first byte chooses the format.
 * libarchive itself is not instrumented; this watches what we make of it: no member
 * beyond its limit, every stub with a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define MEMBER_MAX	(1u << 20)
#define ALL_MAX		(4u << 20)

static const char *const formats[] = { "ZIP", "7z", "RAR", "LHA", "CAB", "TAR",
    "cpio", "ar", "ISO", "gzip", "bzip2", "xz", "zstd", "compress",
    "ARJ" };

struct sums {
	size_t	 member, all;
	unsigned members;
	int	 open;
};

static void
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	if (f == FACT_NONE || value == NULL)
		abort();
}

static int
on_child(void *arg, enum kind hint, const char *path, const char *name)
{
	struct sums	*s = arg;

	if (hint >= KIND_MAX || *path == '\0' || strchr(name, '/') != NULL ||
	    strchr(name, '\\') != NULL)
		abort();
	s->member = 0;
	s->open = 1;
	return s->members++ < 100;
}

static int
on_data(void *arg, const void *data, size_t len)
{
	struct sums	*s = arg;

	(void)data;
	s->member += len;
	s->all += len;
	if (!s->open || s->member > MEMBER_MAX)
		abort();
	return s->all < ALL_MAX;
}

static void
on_stub(void *arg, enum reason reason, const char *note)
{
	struct sums	*s = arg;

	if (!s->open || reason == REASON_COMPLETE || note == NULL)
		abort();
	s->open = 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct unpack_limits limits = { MEMBER_MAX, 2000,
	    "sesame\nother\n", 20 };
	static int warm;
	struct sums sums = { 0 };
	struct unpack_sink sink = { &sums, on_fact, on_child, on_data, on_stub };
	struct unpack_end end;

	if (!warm++ && unpack_warm() != ERR_OK)
		abort();
	if (len < 1)
		return 0;
	unpack_read(data + 1, len - 1, formats[data[0] %
	    (sizeof(formats) / sizeof(formats[0]))], &limits, &sink, &end);
	if (end.outcome == OUTCOME_STUB && end.reason == REASON_COMPLETE)
		abort();
	return 0;
}
