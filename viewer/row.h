/*
 * Row: one mail as a line of a list; the inbox and the search share it.
 */
#ifndef LIMPID_ROW_H
#define LIMPID_ROW_H

#include <stdint.h>

#include "when.h"

struct html;
struct mail;
struct part;
struct request;

/* State while rows are written: give it to store_list with row_write. */
struct rows {
	struct html	*h;
	struct request	*rq;
	char		 group[WHEN_MAX];	/* heading that is open */
	int64_t		 count;
	int		 select;		/* 1: with a box to tick */
};

/* Writes the mail, and the heading of its day before it. For store_list. */
int row_write(void *arg, const struct mail *m);
/* Closes the last group; call it also when there was no row. */
void row_finish(struct rows *rows);

/* Whether a part is shown among the attachments: not the mail itself, not its
 * body, not what only holds others. */
int row_is_attachment(const struct mail *m, const struct part *p);
/* The other half of multipart/alternative: no name, beside the body. */
int row_is_other_form(const struct part *p);
/* The text of an attached mail, shown with the body. */
int row_is_nested_text(const struct part *p);
/* Its name, or words for what it is. */
const char *row_part_name(const struct part *p);

#endif
