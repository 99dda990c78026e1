/*
 * Maildirs: mail/BOX/{tmp,new,cur}. One file a mail, linked into each recipient's
 * box; its name there begins with the reference, so a repeat is found, and says its
 * size and for whom it is: LM-XXXXX-XXXXX-XXXXX-XXXXX,S=12345,R=lin@agency.example
 * (other characters than letters, digits and . _ - + @ as %XX). The mail itself does
 * not name its envelope recipients: those of a blind copy stay unknown to the rest.
 */
#ifndef LIMPID_MAILDIR_H
#define LIMPID_MAILDIR_H

#include <stdint.h>

#include "ref.h"

#define MAILDIR_NAME_MAX 239
#define MAILDIR_MAKING_MAX 63

struct maildir;		/* the folder of all boxes */

int maildir_open(const char *path, struct maildir **mp);
void maildir_close(struct maildir *m);
/* Removes what a crash left half made. Only for the one program that files. */
void maildir_clear(struct maildir *m);

/* A nameless file of the same file system, for scratch; -1 and errno. */
int maildir_scratch(const struct maildir *m);

/*
 * A new file in the folder of all boxes, open for reading and writing; it has a
 * hidden name, `making`, until maildir_drop, which the caller calls in any case once
 * it is linked or given up.
 */
int maildir_new(struct maildir *m, const struct ref *ref,
    char making[MAILDIR_MAKING_MAX + 1], int *fdp);
void maildir_drop(struct maildir *m, const char *making);
/*
 * The same for a mail that stands in box as file already, read or not: all boxes
 * hold one file, for the index knows one set of offsets. ERR_NOTFOUND when its
 * reader has removed it.
 */
int maildir_again(struct maildir *m, const struct ref *ref, const char *box,
    const char *file, char making[MAILDIR_MAKING_MAX + 1], int *fdp);

/* The name that a mail of this reference and size has in the box of rcpt; one too
 * long for a name is left out. */
void maildir_name(const struct ref *ref, uint64_t size, const char *rcpt,
    char name[MAILDIR_NAME_MAX + 1]);
/* The recipient in a name; "" when there is none. */
void maildir_name_rcpt(const char *name, char rcpt[MAILDIR_NAME_MAX + 1]);
/* Links the new file into box/new under name; makes the box where it is missing.
 * ERR_OK too when it is there already. The file must be on disk, so that no crash
 * leaves an empty mail; the link is when maildir_sync is done. */
int maildir_link(struct maildir *m, const char *making, const char *box,
    const char *name);
/* Makes every box linked into since the last call durable. */
int maildir_sync(struct maildir *m);
/* Removes a mail nobody has read yet; no error when it is gone. */
void maildir_remove_new(struct maildir *m, const char *box, const char *name);

/*
 * Calls fn for each mail of ours in each box: the reference from its name, the
 * file's name without flags, and a readable fd that it does not keep. Its negative
 * return ends the walk.
 */
int maildir_each(struct maildir *m, int (*fn)(void *arg, const char *box,
    const char *ref, const char *file, int fd), void *arg);

#endif
