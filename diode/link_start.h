/*
 * How either end of a link starts: what both programs do in the same order before
 * they have anything of their own to do. All of it ends the program when it fails.
 */
#ifndef LIMPID_LINK_START_H
#define LIMPID_LINK_START_H

struct conf;

/* Reads the options and limpid.conf; with -n prints it and exits. Returns the link, 1
 * or 2; the caller frees *cp. */
int link_start(int argc, char **argv, const char *program, const char *usage,
    struct conf **cp);
/* conf_path of BEFORE, the link's number, AFTER; the caller frees it. */
char *link_path(const struct conf *c, int link, const char *before,
    const char *after);
/* The program's own user for good. */
void link_start_user(const char *user);
/* Signals by a descriptor, which is returned, and no new privileges. */
int link_start_signals(void);
/* The filter of this name is in force on return. */
void link_start_filter(const struct conf *c, const char *policy);

#endif
