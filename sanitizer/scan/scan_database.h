/*
 * The folder of the scanner's database: whether there is one, how new it is, and when
 * it has changed. Its files are never parsed here.
 */
#ifndef LIMPID_SCAN_DATABASE_H
#define LIMPID_SCAN_DATABASE_H

#include <stdint.h>

struct scan_folder {
	unsigned	 files;		/* that look like signatures */
	uint64_t	 newest_s;	/* the newest one's time, since 1970 */
	uint64_t	 print;		/* another one when anything has changed */
};

/* ERR_OK when there is at least one file of signatures, ERR_NOTFOUND when there is none
 * or no such folder, ERR_DENIED when it may not be read, ERR_SYS. */
int scan_folder_look(const char *folder, struct scan_folder *out);

/* Whoever writes a database writes several files: a change counts when two looks after
 * each other saw the same. Zero is the start. */
struct scan_watch {
	uint64_t	 seen;		/* of the last look */
	uint64_t	 told;		/* of the last change that was told */
};

/* After a look (its print, 0 when there is no database): 1 when there is a database and
 * it is another one than was told. */
int scan_watch_step(struct scan_watch *w, uint64_t print);

#endif
