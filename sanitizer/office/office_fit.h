/*
 * Wide sheets: told to fit the width of a page, instead of being cut into strips.
 */
#ifndef LIMPID_OFFICE_FIT_H
#define LIMPID_OFFICE_FIT_H

#include <stddef.h>

/*
 * Flat ODF with every page layout that has no scale of its own told to be at most one
 * page wide. Malloced, *outlen bytes; NULL when there was nothing to tell, or no
 * memory.
 */
char *office_fit_pages(const char *fods, size_t len, size_t *outlen);

#endif
