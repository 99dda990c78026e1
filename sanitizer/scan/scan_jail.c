/*
 * The files that worker-scan has: none but its own. The database is in memory before
 * its jail closes.
 * Runs in limpid-worker-scan, before any part.
 * Hostile input: none. Must never list a path of the host.
 */
#include <stddef.h>

#include "scan_jail.h"

static const char *const nothing[] = { NULL };

const struct jail_files scan_files = {
	.shown = nothing,
	.hidden = nothing,
	.tmp_bytes = 512u << 20,
	.tmp_files = 4096,
};
