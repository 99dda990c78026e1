/* folder: internal-side
 * Copy bytes through the whole of compose: a mail that comes out has no live link
 * in its text, and the index takes its report.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compose.h"
#include "err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int	 fds[5];

static int
fds_clear(void)
{
	size_t	 i;

	for (i = 0; i < 5; i++) {
		if (fds[i] == 0 &&
		    (fds[i] = memfd_create("fuzz", MFD_CLOEXEC)) == -1)
			return 0;
		if (ftruncate(fds[i], 0) == -1 ||
		    lseek(fds[i], 0, SEEK_SET) == -1)
			return 0;
	}
	return 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct compose_job	 job;
	struct compose_done	 done;

	if (!fds_clear() || write(fds[0], data, size) != (ssize_t)size ||
	    lseek(fds[0], 0, SEEK_SET) == -1)
		return 0;
	job = (struct compose_job){ .copy = fds[0], .main = fds[1],
	    .text = fds[2], .report = fds[3], .spill = fds[4],
	    .hostname = "fuzz.invalid", .filed_ms = 1 };
	if (compose(&job, &done) == ERR_OK &&
	    (lseek(fds[3], 0, SEEK_END) <= 0 ||
	    (done.kind == COMPOSE_MAIL && lseek(fds[1], 0, SEEK_END) <= 0)))
		abort();
	return 0;
}
