/*
 * Descriptors that a library opened while its warm parent was warmed up. Children need
 * them, but must not share them: each child puts its own in their place.
 */
#ifndef LIMPID_WORKER_FDS_H
#define LIMPID_WORKER_FDS_H

#include <stddef.h>

#define WORKER_FDS_MAX 14

struct worker_fd {
	int	 fd;
	int	 kind;
	int	 flags;			/* O_NONBLOCK */
	unsigned long long pipe;	/* which pipe it is an end of */
	char	 path[256];		/* of a file */
};

/* In the warm parent, with /proc in reach: all that are open from `from` on. The
 * number of them; ERR_LIMIT when there are more, ERR_FORMAT when one is of a kind that
 * cannot be made anew. */
int worker_fds_remember(int from, struct worker_fd *list);
/* In the child, before its lock. ERR_SYS. */
int worker_fds_renew(const struct worker_fd *list, size_t count);

#endif
