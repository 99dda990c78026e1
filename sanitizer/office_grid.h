/*
 * Sheets as text: what LibreOffice writes as CSV becomes lines with a tab between
 * values.
 */
#ifndef LIMPID_OFFICE_GRID_H
#define LIMPID_OFFICE_GRID_H

#include <stddef.h>

/*
 * CSV (UTF-8, commas, double quotes) as an inert grid, malloced: a line a row, a tab
 * between values, line ends inside values as spaces, empty cells and rows at the end
 * left out. NULL: no memory.
 */
char *office_grid_make(const char *csv, size_t len);

#endif
