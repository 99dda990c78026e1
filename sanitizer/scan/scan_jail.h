/* What worker-scan is shown of the file system: nothing, and a /tmp of each child's own,
 * into which libclamav unpacks what it looks into. */
#ifndef LIMPID_SCAN_JAIL_H
#define LIMPID_SCAN_JAIL_H

#include "jail.h"

extern const struct jail_files scan_files;

#endif
