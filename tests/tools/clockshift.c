/*
 * clockshift.so, for LD_PRELOAD: the wall clock of a program is wrong by as many
 * seconds as the file CLOCK_SHIFT holds (8 bytes, native), from one moment to the next.
 * Used by the tests of what a clock that jumps must not change.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t	*shift;

__attribute__((constructor)) static void
shift_map(void)
{
	const char	*path = getenv("CLOCK_SHIFT");
	void		*p;
	int		 fd;

	if (path == NULL || (fd = open(path, O_RDONLY|O_CLOEXEC)) == -1)
		return;
	p = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		shift = p;
}

__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *t)
{
	long	 r = syscall(SYS_clock_gettime, id, t);

	if (r == 0 && id == CLOCK_REALTIME && shift != NULL)
		t->tv_sec += *shift;
	return (int)r;
}
