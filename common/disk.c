/*
 * fsync of many files at once, by the kernel's own asynchronous calls: no thread
 * is needed for it. Run by every program that promises something in batches.
 * Hostile input: none. Must never report a file that is not on disk.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"

#define TOGETHER	64
#define RING_HEADER	32		/* of the kernel's struct aio_ring */

/* The process's one queue at the kernel; making one anew costs more than a sync. */
static struct {
	aio_context_t	 queue;
	pid_t		 owner;		/* a forked child has none */
	int		 useless;
} aio;

/*
 * The queue's ring lies in our memory and is shared with forked children, who could
 * write into it that all is well. So they do not get it.
 */
static int
ring_keep(aio_context_t queue)
{
	const uint32_t	*head = (const void *)(uintptr_t)queue;
	size_t		 page = (size_t)sysconf(_SC_PAGESIZE);
	size_t		 len = RING_HEADER + head[1] * sizeof(struct io_event);

	len = (len + page - 1) / page * page;
	return madvise((void *)(uintptr_t)queue, len, MADV_DONTFORK);
}

static int
queue_open(void)
{
	if (aio.useless || (aio.queue != 0 && aio.owner == getpid()))
		return !aio.useless;
	aio.queue = 0;
	if (syscall(SYS_io_setup, TOGETHER, &aio.queue) == -1 ||
	    ring_keep(aio.queue) == -1) {
		aio.useless = 1;
		return 0;
	}
	aio.owner = getpid();
	return 1;
}

/* Waits for n answers; the first bad one's errno, or 0. */
static int
answers_take(size_t n)
{
	struct io_event	 ev[TOGETHER];
	long		 got;
	int		 bad = 0;

	while (n > 0) {
		got = syscall(SYS_io_getevents, aio.queue, (long)n, (long)n, ev,
		    NULL);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0) {
			aio.useless = 1;	/* answers may still come */
			return EIO;
		}
		for (long i = 0; i < got; i++)
			if (ev[i].res != 0 && bad == 0)
				bad = ev[i].res < 0 ? (int)-ev[i].res : EIO;
		n -= (size_t)got;
	}
	return bad;
}

/* Begins to sync them; how many the kernel took. */
static size_t
syncs_begin(const int *fds, size_t count)
{
	struct iocb	 cb[TOGETHER], *list[TOGETHER];
	long		 n;

	memset(cb, 0, sizeof(cb));
	for (size_t i = 0; i < count; i++) {
		(void)sync_file_range(fds[i], 0, 0, SYNC_FILE_RANGE_WRITE);
		cb[i].aio_fildes = (uint32_t)fds[i];
		cb[i].aio_lio_opcode = IOCB_CMD_FSYNC;
		list[i] = &cb[i];
	}
	n = syscall(SYS_io_submit, aio.queue, (long)count, list);
	return n > 0 ? (size_t)n : 0;
}

static int
some_sync(const int *fds, size_t count)
{
	size_t	 begun = 0;
	int	 bad = 0;

	if (count > 1 && queue_open())
		begun = syncs_begin(fds, count);
	for (size_t i = begun; i < count; i++)
		if (fsync(fds[i]) == -1)
			bad = errno;
	if (begun > 0 && bad == 0)
		bad = answers_take(begun);
	else if (begun > 0)
		(void)answers_take(begun);
	errno = bad;
	return bad == 0 ? ERR_OK : ERR_SYS;
}

int
disk_sync(const int *fds, size_t count)
{
	size_t	 n;
	int	 r = ERR_OK;

	for (; count > 0 && r == ERR_OK; fds += n, count -= n) {
		n = count < TOGETHER ? count : TOGETHER;
		r = some_sync(fds, n);
	}
	return r;
}
