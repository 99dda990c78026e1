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

/* Forbids every path, port, abstract socket and signal to outside that this
 * kernel's Landlock knows of. ERR_NOTFOUND when the kernel has no Landlock. */
int jail_landlock(void);
/* The kernel's Landlock version; 0 when there is none. */
int jail_landlock_version(void);

#endif
