/*
 * What the jail of worker-office shows of the file system (jail.h): program files,
 * libraries and fonts; and what of those it hides, because it is made to run programs,
 * fetch, or play. In a file of its own, so that tests put their attacker behind it.
 */
#ifndef LIMPID_OFFICE_JAIL_H
#define LIMPID_OFFICE_JAIL_H

#include "jail.h"

/* Where LibreOffice is, inside and outside. */
#define OFFICE_PROGRAM	"/usr/lib/libreoffice/program"

extern const struct jail_files office_files;

#endif
