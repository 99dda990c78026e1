/*
 * Files that a library reads while it works - fonts, tables of characters - kept in
 * memory, so that its jail needs no file: they are mapped in the warm parent, and
 * the worker program links shelf_fopen in the place of fopen (build.mk).
 */
#ifndef LIMPID_SHELF_H
#define LIMPID_SHELF_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SHELF_API __attribute__((visibility("default")))

/* In the warm parent: keeps one file, or all below a folder. What cannot be read is
 * left out. ERR_OK; ERR_MEMORY; ERR_LIMIT when there are more than 4,000. */
int shelf_add_file(const char *path);
int shelf_add_folder(const char *path);
/* From now on only what stands here exists. */
void shelf_close(void);

/* The bytes of a kept file, borrowed for ever; NULL when it is not here. */
const uint8_t *shelf_find(const char *path, size_t *len);

/* As fopen. After shelf_close only for reading, and only of kept files: anything
 * else is not there (ENOENT). */
SHELF_API FILE *shelf_fopen(const char *path, const char *mode);

#endif
