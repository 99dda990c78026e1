/*
 * Small text files of a link's state, and the hash of what both ends must share.
 * Run by both programs of the diode.
 * Hostile input: none.
 * Must never leave half a file under a whole one's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "wire.h"

int
link_text_replace(int dirfd, const char *name, const char *text, int durable)
{
	char	 fresh[72];
	int	 fd, r;

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	fd = openat(dirfd, fresh, O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC,
	    0640);
	if (fd == -1)
		return errno == ENOSPC ? ERR_FULL : ERR_SYS;
	r = fd_write_all(fd, text, strlen(text));
	if (r == ERR_OK && durable && fsync(fd) == -1)
		r = ERR_SYS;
	if (close(fd) == -1 && r == ERR_OK)
		r = ERR_SYS;
	if (r == ERR_OK && renameat(dirfd, fresh, dirfd, name) == -1)
		r = ERR_SYS;
	if (r == ERR_OK && durable && fsync(dirfd) == -1)
		r = ERR_SYS;
	if (r != ERR_OK)
		unlinkat(dirfd, fresh, 0);
	return r;
}

int
link_text_read(int dirfd, const char *name, char *out, size_t size)
{
	ssize_t	 n;
	int	 fd;

	fd = openat(dirfd, name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	n = read(fd, out, size - 1);
	close(fd);
	if (n == -1)
		return ERR_SYS;
	out[n] = '\0';
	return ERR_OK;
}

int
link_config_hash(const struct conf_link *c, uint8_t out[32])
{
	char	 text[256];

	snprintf(text, sizeof(text), "link %d transport %s max_object %" PRIu64,
	    c->id, c->transport, c->max_object);
	return sha256(text, strlen(text), out);
}
