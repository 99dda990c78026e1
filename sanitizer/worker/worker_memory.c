/*
 * Tells "out of memory" from "crashed": worker programs link these in the place of
 * malloc and its family (sanitizer/build.mk, WORKER_LINK). A failed allocation is
 * noted in a page that the warm parent shares; what the library makes of the NULL is
 * its own affair, but when the child then dies, the parent knows why.
 * Runs in warm parents and their children. Must never allocate itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "worker_memory.h"
#include "worker_private.h"

/* glibc's own, under the names it keeps for those who replace malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);

static volatile uint32_t	*shared_note;
static volatile uint32_t	 own_note;

void
worker_memory_note_to(volatile uint32_t *note)
{
	shared_note = note;
	own_note = 0;
}

int
worker_memory_failed(void)
{
	return own_note != 0;
}

_Noreturn void
worker_no_memory(void)
{
	_exit(WORKER_EXIT_MEMORY);
}

static void *
noted(void *p, size_t wanted)
{
	if (p == NULL && wanted > 0) {
		own_note = 1;
		if (shared_note != NULL)
			*shared_note = 1;
	}
	return p;
}

void *
worker_malloc(size_t size)
{
	return noted(__libc_malloc(size), size);
}

void *
worker_calloc(size_t n, size_t size)
{
	return noted(__libc_calloc(n, size), n > 0 ? size : 0);
}

void *
worker_realloc(void *p, size_t size)
{
	return noted(__libc_realloc(p, size), size);
}

void *
worker_memalign(size_t align, size_t size)
{
	return noted(__libc_memalign(align, size), size);
}

void *
worker_aligned_alloc(size_t align, size_t size)
{
	return noted(__libc_memalign(align, size), size);
}

int
worker_posix_memalign(void **out, size_t align, size_t size)
{
	void	*p;

	if (align < sizeof(void *) || (align & (align - 1)) != 0)
		return EINVAL;
	if ((p = noted(__libc_memalign(align, size), size)) == NULL && size > 0)
		return ENOMEM;
	*out = p;
	return 0;
}
