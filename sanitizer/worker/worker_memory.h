/*
 * Allocation in worker programs: glibc's, and a note when it fails. The linker puts
 * these in the place of malloc and its family; nobody calls them by these names.
 */
#ifndef LIMPID_WORKER_MEMORY_H
#define LIMPID_WORKER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Where the calling process notes, from now on, that an allocation failed: a word
 * that its parent can read when it is dead. NULL for nowhere. */
void worker_memory_note_to(volatile uint32_t *note);

#define WORKER_MEMORY_API __attribute__((visibility("default")))
WORKER_MEMORY_API void *worker_malloc(size_t size);
WORKER_MEMORY_API void *worker_calloc(size_t n, size_t size);
WORKER_MEMORY_API void *worker_realloc(void *p, size_t size);
WORKER_MEMORY_API void *worker_memalign(size_t align, size_t size);
WORKER_MEMORY_API void *worker_aligned_alloc(size_t align, size_t size);
WORKER_MEMORY_API int worker_posix_memalign(void **out, size_t align, size_t size);

#endif
