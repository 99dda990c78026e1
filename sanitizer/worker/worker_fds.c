/*
 * A child's own pipes, events and files in the place of its warm parent's, so that no
 * child can reach another one through something that both inherited.
 * Runs in warm parents (remember) and in their children before the lock (renew).
 * Hostile input: none. Must never leave a shared descriptor in place.
 */
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "worker_fds.h"

#define LOOK_MAX 256	/* descriptors that are looked at */

enum { FD_PIPE_IN, FD_PIPE_OUT, FD_EVENT, FD_FILE };

static int
fd_describe(struct worker_fd *f)
{
	char		 name[64];
	struct stat	 st;
	ssize_t		 n;
	int		 flags = fcntl(f->fd, F_GETFL);

	snprintf(name, sizeof(name), "/proc/self/fd/%d", f->fd);
	if (flags == -1 || fstat(f->fd, &st) == -1 ||
	    (n = readlink(name, f->path, sizeof(f->path) - 1)) <= 0)
		return ERR_SYS;
	f->path[n] = '\0';
	f->flags = flags & O_NONBLOCK;
	f->pipe = st.st_ino;
	if (S_ISFIFO(st.st_mode))
		f->kind = (flags & O_ACCMODE) == O_RDONLY ? FD_PIPE_IN :
		    FD_PIPE_OUT;
	else if (S_ISREG(st.st_mode) && (flags & O_ACCMODE) == O_RDONLY &&
	    f->path[0] == '/')
		f->kind = FD_FILE;
	else if (strcmp(f->path, "anon_inode:[eventfd]") == 0)
		f->kind = FD_EVENT;
	else
		return ERR_FORMAT;
	return ERR_OK;
}

int
worker_fds_remember(int from, struct worker_fd *list)
{
	int	 count = 0, r;

	for (int fd = from; fd < LOOK_MAX; fd++) {
		if (fcntl(fd, F_GETFD) == -1)
			continue;
		if (count == WORKER_FDS_MAX)
			return ERR_LIMIT;
		list[count].fd = fd;
		if ((r = fd_describe(&list[count])) != ERR_OK)
			return r;
		count++;
	}
	return count;
}

static int
put(int fresh, int fd)
{
	int	 r;

	if (fresh == -1)
		return ERR_SYS;
	r = dup3(fresh, fd, O_CLOEXEC) == -1 ? ERR_SYS : ERR_OK;
	close(fresh);
	return r;
}

/* A new pipe: this reading end, and every writing end of the same one. */
static int
pipe_renew(const struct worker_fd *list, size_t count, const struct worker_fd *in)
{
	int	 p[2], r = ERR_OK;

	if (pipe2(p, O_CLOEXEC | in->flags) == -1)
		return ERR_SYS;
	for (size_t i = 0; i < count; i++)
		if (list[i].kind == FD_PIPE_OUT && list[i].pipe == in->pipe &&
		    dup3(p[1], list[i].fd, O_CLOEXEC) == -1)
			r = ERR_SYS;
	close(p[1]);
	return put(p[0], in->fd) != ERR_OK ? ERR_SYS : r;
}

int
worker_fds_renew(const struct worker_fd *list, size_t count)
{
	int	 r = ERR_OK;

	for (size_t i = 0; i < count && r == ERR_OK; i++) {
		const struct worker_fd *f = &list[i];

		if (f->kind == FD_PIPE_IN)
			r = pipe_renew(list, count, f);
		else if (f->kind == FD_EVENT)
			r = put(eventfd(0, f->flags | EFD_CLOEXEC), f->fd);
		else if (f->kind == FD_FILE)
			r = put(open(f->path, O_RDONLY | O_CLOEXEC), f->fd);
	}
	return r;
}
