/*
 * What a jail shows of the file system where a library cannot do without: program
 * files and fonts, read-only, and for each child a /tmp of its own.
 * Runs in warm parents (the root, once) and in their children (/tmp, each).
 * It meets no hostile byte. Must never show a path that was not asked for, nor let a
 * child see what another one wrote.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "jail.h"
#include "jail_private.h"
#include "wire.h"

#define NOTHING_DIR	".nothing"	/* what a hidden folder shows */
#define NOTHING_FILE	".nothing/file"
#define WARM_ONLY	"/proc"		/* seen by the warm parent, not by children */

/* Folders above a path, relative to the new root. */
static int
parents_make(const char *relative)
{
	char	 path[PATH_MAX];
	size_t	 n = strlen(relative);

	if (n >= sizeof(path))
		return ERR_LIMIT;
	memcpy(path, relative, n + 1);
	for (char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) == -1 && errno != EEXIST)
			return ERR_SYS;
		*p = '/';
	}
	return ERR_OK;
}

static int
link_copy(const char *path, const char *relative)
{
	char	 target[PATH_MAX];
	ssize_t	 n = readlink(path, target, sizeof(target) - 1);

	if (n <= 0)
		return ERR_SYS;
	target[n] = '\0';
	return symlink(target, relative) == -1 && errno != EEXIST ? ERR_SYS :
	    ERR_OK;
}

/* No write, no device, no set-user-id, for the mount and all below it. */
static int
mount_tighten(const char *relative)
{
	struct mount_attr	 attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID,
	};

	return mount_setattr(AT_FDCWD, relative, AT_RECURSIVE, &attr,
	    sizeof(attr)) == -1 ? ERR_SYS : ERR_OK;
}

static int
path_show(const char *path)
{
	const char	*relative = path + 1;
	struct stat	 st;
	int		 fd;

	if (lstat(path, &st) == -1)
		return ERR_OK;		/* not on this host */
	if (parents_make(relative) != ERR_OK)
		return ERR_SYS;
	if (S_ISLNK(st.st_mode))
		return link_copy(path, relative);
	if (S_ISDIR(st.st_mode)) {
		if (mkdir(relative, 0755) == -1 && errno != EEXIST)
			return ERR_SYS;
	} else {
		if ((fd = open(relative, O_CREAT | O_WRONLY | O_CLOEXEC,
		    0444)) == -1)
			return ERR_SYS;
		close(fd);
	}
	if (mount(path, relative, NULL, MS_BIND | MS_REC, NULL) == -1)
		return ERR_SYS;
	return mount_tighten(relative);
}

static int
path_hide(const char *path)
{
	const char	*relative = path + 1;
	struct stat	 st;

	if (lstat(relative, &st) == -1)
		return ERR_OK;
	if (mount(S_ISDIR(st.st_mode) ? NOTHING_DIR : NOTHING_FILE, relative,
	    NULL, MS_BIND, NULL) == -1)
		return ERR_SYS;
	return mount_tighten(relative);
}

/* Libraries look up the home of their user: /tmp, and nothing else is told. */
static int
passwd_write(void)
{
	char	 line[128];
	int	 fd, r;

	if (mkdir("etc", 0755) == -1 && errno != EEXIST)
		return ERR_SYS;
	if ((fd = open("etc/passwd", O_CREAT | O_WRONLY | O_CLOEXEC, 0444)) == -1)
		return ERR_SYS;
	snprintf(line, sizeof(line), "limpid:x:%u:%u::/tmp:/\n", geteuid(),
	    getegid());
	r = fd_write_all(fd, line, strlen(line));
	close(fd);
	return r;
}

static int
nothing_make(void)
{
	int	 fd;

	if (mkdir(NOTHING_DIR, 0755) == -1 ||
	    (fd = open(NOTHING_FILE, O_CREAT | O_WRONLY | O_CLOEXEC, 0444)) == -1)
		return ERR_SYS;
	close(fd);
	return ERR_OK;
}

static int
tmp_mount(const struct jail_files *files, const char *at)
{
	char	 options[80];

	snprintf(options, sizeof(options), "size=%llu,nr_inodes=%u,mode=0700",
	    (unsigned long long)files->tmp_bytes, files->tmp_files);
	return mount("none", at, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    options) == -1 ? ERR_SYS : ERR_OK;
}

int
jail_files_root(const struct jail_files *files)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV,
	    "size=1m,nr_inodes=1k,mode=755") == -1 || chdir("/tmp") == -1)
		return ERR_SYS;
	if (passwd_write() != ERR_OK || nothing_make() != ERR_OK)
		return ERR_SYS;
	for (size_t i = 0; files->shown[i] != NULL; i++)
		if (path_show(files->shown[i]) != ERR_OK)
			return ERR_SYS;
	for (size_t i = 0; files->hidden[i] != NULL; i++)
		if (path_hide(files->hidden[i]) != ERR_OK)
			return ERR_SYS;
	if (path_show(WARM_ONLY) != ERR_OK)
		return ERR_SYS;
	if (mkdir("tmp", 0700) == -1 || tmp_mount(files, "tmp") != ERR_OK ||
	    mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID |
	    MS_NODEV, NULL) == -1)
		return ERR_SYS;
	if (syscall(SYS_pivot_root, ".", ".") == -1 ||
	    umount2(".", MNT_DETACH) == -1)
		return ERR_SYS;
	return chdir("/") == -1 ? ERR_SYS : ERR_OK;
}

int
jail_files_settle(void)
{
	return umount2(WARM_ONLY, MNT_DETACH) == -1 ? ERR_SYS : ERR_OK;
}

int
jail_files_child(const struct jail_files *files)
{
	if (unshare(CLONE_NEWNS) == -1 || tmp_mount(files, "/tmp") != ERR_OK)
		return ERR_SYS;
	return chdir("/tmp") == -1 ? ERR_SYS : ERR_OK;
}
