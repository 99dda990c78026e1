/*
 * Waiting for the disk, once for many files. Files that are fsynced one after the
 * other each wait for a flush of the device; asked for together they share it.
 */
#ifndef LIMPID_DISK_H
#define LIMPID_DISK_H

#include <stddef.h>

/*
 * fsync of all: ERR_OK when every one is on disk, else ERR_SYS with errno of one
 * that is not. From two on, the caller's filter must allow io_setup, io_submit,
 * io_getevents and madvise; where the kernel lacks them it is one after the other.
 */
int disk_sync(const int *fds, size_t count);

#endif
