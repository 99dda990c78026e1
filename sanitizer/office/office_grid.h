/*
 * Sheets as text: an inert grid of what their cells show, made from the flat ODF that
 * LibreOffice writes of any spreadsheet. No formula is in it.
 */
#ifndef LIMPID_OFFICE_GRID_H
#define LIMPID_OFFICE_GRID_H

#include <stddef.h>

struct office_sheets {
	unsigned	 hidden;	/* how many sheets */
	int		 wide;		/* one may be wider than a page */
};

/*
 * A title a sheet (hidden ones say so), a line a row, a tab between values; malloced,
 * at most about max bytes, NULL when there is nothing; *seen is filled anew. Raw: not cleaned, links as they stand.
 */
char *office_grid_make(const char *fods, size_t len, size_t max,
    struct office_sheets *seen);

#endif
