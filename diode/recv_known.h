/*
 * What a receiver remembers of the files of a folder that it left there: so that a
 * file is judged again when it has changed, and is spoken of once.
 */
#ifndef LIMPID_RECV_KNOWN_H
#define LIMPID_RECV_KNOWN_H

#include <sys/stat.h>

#include "link.h"

#define KNOWN_QUIET_MS	2000	/* unchanged for so long: worth another look */
#define KNOWN_SETTLED_MS 20000	/* unchanged for so long: nobody writes to it */

/* How a file is to be met. KNOWN_WAIT: it may still be written to; KNOWN_SKIP: it
 * was judged and has not changed. */
enum known_verdict { KNOWN_LOOK, KNOWN_LOOK_AGAIN, KNOWN_LOOK_SETTLED,
    KNOWN_WAIT, KNOWN_SKIP };

struct known;

/* NULL: no memory. A fixed size, whatever lies in the folder. */
struct known *known_new(void);
void known_free(struct known *k);
/* A new pass through the folder: files that two passes did not meet are forgotten. */
void known_pass(struct known *k);
enum known_verdict known_judge(struct known *k, const char *name,
    const struct stat *st, long long now_ms);
/* Remembers what became of a file that was looked at. LINK_LEFT and LINK_FORMING
 * only. 0: there is no room, so the file is met as a new one next time. */
int known_keep(struct known *k, const char *name, const struct stat *st,
    long long now_ms, enum link_file what);

#endif
