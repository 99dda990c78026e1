/*
 * Landlock: the second wall behind the filter. No path may be opened, no TCP port
 * used, no abstract socket reached, no process outside signalled.
 * Runs in each jailed child, before a hostile byte is read.
 * Must never grant anything: a worker gets what it needs as open descriptors.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <stdint.h>
#include <unistd.h>

#include "err.h"
#include "jail_private.h"

/* The kernel's structure of version 6; headers of Debian 12 know version 2. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

#define VERSION_FLAG	1u	/* LANDLOCK_CREATE_RULESET_VERSION */

int
jail_landlock_version(void)
{
	long v = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_FLAG);

	return v > 0 ? (int)v : 0;
}

/* All rights that a kernel of this version knows; it refuses those it does not. */
static size_t
ruleset_fill(struct ruleset *r, int version)
{
	r->fs = (1u << 13) - 1;			/* execute ... make_sym */
	if (version >= 2)
		r->fs |= 1u << 13;		/* refer */
	if (version >= 3)
		r->fs |= 1u << 14;		/* truncate */
	if (version >= 5)
		r->fs |= 1u << 15;		/* ioctl on devices */
	r->net = version >= 4 ? 3 : 0;		/* bind and connect TCP */
	r->scoped = version >= 6 ? 3 : 0;	/* abstract sockets, signals */
	if (version >= 6)
		return sizeof(*r);
	return version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

int
jail_landlock(void)
{
	struct ruleset	 rules = {0};
	size_t		 size;
	long		 fd;
	int		 version, r = ERR_SYS;

	if ((version = jail_landlock_version()) == 0)
		return ERR_NOTFOUND;
	size = ruleset_fill(&rules, version);
	fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return ERR_SYS;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, fd, 0) == 0)
		r = ERR_OK;
	close((int)fd);
	return r;
}
