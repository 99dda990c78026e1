/* Between the files of the jail, jail.c jail_filter.c jail_landlock.c, and tests. */
#ifndef LIMPID_JAIL_PRIVATE_H
#define LIMPID_JAIL_PRIVATE_H

#include <stddef.h>

#include "jail.h"

/* jail_filter_load over text in memory; name stands for the file in sentences. */
int jail_filter_parse(const char *text, size_t len, const char *name,
    struct jail_filter **fp, char **why);

/* Sets the filter on the caller, with SECCOMP_FILTER_FLAG_* flags. ERR_SYS. */
int jail_filter_install(const struct jail_filter *f, unsigned flags);

/* The root of a warm parent that is shown files; on failure there is no way back. */
int jail_files_root(const struct jail_files *files);
/* A child's own /tmp, over the warm parent's; needs the right to mount. */
int jail_files_child(const struct jail_files *files);

/* Forbids every path, port, abstract socket and signal to outside that this
 * kernel's Landlock knows of; files (NULL: none) may be read, and /tmp used.
 * ERR_NOTFOUND when the kernel has no Landlock. */
int jail_landlock(const struct jail_files *files);
/* The kernel's Landlock version; 0 when there is none. */
int jail_landlock_version(void);

#endif
