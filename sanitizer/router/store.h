/*
 * Store: bytes that wait for their turn. Small ones stay in memory, large ones
 * go to an unnamed file, so that a part of a thousand pages costs disk, not
 * memory.
 */
#ifndef LIMPID_STORE_H
#define LIMPID_STORE_H

#include <stddef.h>
#include <stdint.h>

struct store;

/* dirfd: where unnamed files go (O_TMPFILE); -1, or a file system that
 * cannot, means memory (memfd). Borrowed; it must outlive the store. NULL:
 * no memory. */
struct store *store_new(int dirfd);
void store_free(struct store *s);
/* Appends; ERR_MEMORY, or ERR_SYS when the disk is full. */
int store_append(struct store *s, const void *data, size_t len);
/* Copies exactly len bytes from offset; ERR_SHORT beyond the end. */
int store_read(const struct store *s, uint64_t offset, void *out, size_t len);
uint64_t store_len(const struct store *s);
/*
 * A new sealed, read-only memory file with a range of the store, at offset 0:
 * what a worker is given. The caller closes it.
 */
int store_take_range(const struct store *s, uint64_t offset, uint64_t len,
    int *fdp);
/* Seals a memory file for good: nobody can write, grow or shrink it. */
int store_seal(int memfd);

#endif
