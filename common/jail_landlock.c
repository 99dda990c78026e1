/*
 * Landlock: the second wall behind the filter. No path may be opened, no TCP port
 * used, no abstract socket reached, no process outside signalled.
 * Runs in each jailed child, before a hostile byte is read.
 * Must never grant more than the list it is given: a worker gets what it needs as
 * open descriptors, and only one whose library reads files is given a list.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <fcntl.h>
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

struct path_rule {
	uint64_t allowed;
	int32_t	 parent;
} __attribute__((packed));

#define VERSION_FLAG	1u	/* LANDLOCK_CREATE_RULESET_VERSION */
#define PATH_BENEATH	1	/* LANDLOCK_RULE_PATH_BENEATH */
#define READ_FILE	(1u << 2)
#define READ_DIR	(1u << 3)
/* write_file read_file read_dir remove_dir remove_file make_dir make_reg truncate */
#define OWN_TMP		((1u << 1) | READ_FILE | READ_DIR | (1u << 4) | \
			(1u << 5) | (1u << 7) | (1u << 8) | (1u << 14))

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

static int
path_grant(int rules, const char *path, uint64_t rights)
{
	struct path_rule	 rule = { .allowed = rights };
	struct stat		 st;
	int			 r = ERR_SYS;

	if ((rule.parent = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return ERR_OK;		/* not on this host: nothing to grant */
	if (fstat(rule.parent, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			rule.allowed &= READ_FILE;
		if (S_ISLNK(st.st_mode) || syscall(SYS_landlock_add_rule, rules,
		    PATH_BENEATH, &rule, 0) == 0)
			r = ERR_OK;
	}
	close(rule.parent);
	return r;
}

static int
files_grant(int rules, uint64_t known, const struct jail_files *files)
{
	for (size_t i = 0; files->shown[i] != NULL; i++)
		if (path_grant(rules, files->shown[i], READ_FILE | READ_DIR) !=
		    ERR_OK)
			return ERR_SYS;
	return path_grant(rules, "/tmp", OWN_TMP & known);
}

int
jail_landlock(const struct jail_files *files)
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
	if ((files == NULL || files_grant((int)fd, rules.fs, files) == ERR_OK) &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, fd, 0) == 0)
		r = ERR_OK;
	close((int)fd);
	return r;
}
