/*
 * Sender into a folder: removable media, or a share that a file diode watches.
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never let a half-written object bear the name of a whole one, or report
 * one as taken before it and its name are on the medium.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "link_private.h"
#include "wire.h"

#define BLOCK	65536

struct send_file {
	char	*folder;
	int	 link;
	int	 up;
	unsigned history;	/* HISTORY notices written */
};

static void
back_free(void *back)
{
	struct send_file	*f = back;

	if (f == NULL)
		return;
	free(f->folder);
	free(f);
}

int
send_file_new(const struct conf *c, int link, void **backp, char **why)
{
	const char		*folder = c->link[link - 1].connect;
	struct send_file	*f;

	if (folder[0] != '/') {
		if (asprintf(why, "link \"%d\": connect is \"%s\", transport"
		    " file needs the absolute path of a folder", link,
		    folder) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return ERR_MEMORY;
	f->link = link;
	if ((f->folder = strdup(folder)) == NULL) {
		free(f);
		return ERR_MEMORY;
	}
	*backp = f;
	return ERR_OK;
}

static int
back_start(void *back)
{
	(void)back;
	return ERR_OK;
}

static int
back_fd(void *back)
{
	(void)back;
	return -1;
}

static unsigned
back_events(void *back)
{
	struct send_file	*f = back;
	int			 up = access(f->folder, W_OK|X_OK) == 0;
	unsigned		 seen = 0;

	if (up != f->up)
		seen = up ? LINK_UP : LINK_DOWN;
	f->up = up;
	return seen;
}

/* Header and parcel, then fsync: the file is whole or has no name. */
static int
object_write(int out, const struct link_outgoing *o)
{
	uint8_t		 block[BLOCK];
	uint64_t	 at = 0;
	ssize_t		 n;
	int		 r;

	if ((r = fd_write_all(out, o->header, LINK_HEADER)) != ERR_OK)
		return r;
	while (at < o->len) {
		n = pread(o->fd, block, sizeof(block), (off_t)at);
		if (n <= 0)
			return n == 0 ? ERR_SHORT : ERR_SYS;
		if ((uint64_t)n > o->len - at)
			n = (ssize_t)(o->len - at);
		if ((r = fd_write_all(out, block, (size_t)n)) != ERR_OK)
			return r;
		at += (uint64_t)n;
	}
	return fsync(out) == -1 ? ERR_SYS : ERR_OK;
}

static int
object_place(struct send_file *f, int dir, const struct link_outgoing *o)
{
	char	 name[64], part[72];
	int	 out, r;

	snprintf(name, sizeof(name), LINK_FILE_NAME, f->link,
	    (unsigned long long)o->seq);
	snprintf(part, sizeof(part), "%s.part", name);
	out = openat(dir, part, O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC,
	    0640);
	if (out == -1)
		return ERR_AGAIN;
	r = object_write(out, o);
	if (close(out) == -1 && r == ERR_OK)
		r = ERR_SYS;
	if (r == ERR_OK && (renameat(dir, part, dir, name) == -1 ||
	    fsync(dir) == -1))
		r = ERR_SYS;
	if (r != ERR_OK)
		unlinkat(dir, part, 0);
	/* A full or broken medium: the parcel waits, and is not at fault. */
	return r == ERR_SYS ? ERR_AGAIN : r;
}

static int
back_send(void *back, const struct link_outgoing *o)
{
	struct send_file	*f = back;
	int			 dir, r;

	dir = open(f->folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (dir == -1) {
		f->up = 0;
		return ERR_AGAIN;
	}
	r = object_place(f, dir, o);
	close(dir);
	return r;
}

/* Replaced each time; no fsync, for the next one comes in a second. */
static int
back_notice(void *back, const uint8_t *data, size_t len)
{
	struct send_file	*f = back;
	char			 name[64], part[72];
	int			 dir, out, r = ERR_AGAIN;

	if (data[6] == LINK_HEARTBEAT)
		snprintf(name, sizeof(name), LINK_BEAT_NAME, f->link);
	else
		snprintf(name, sizeof(name), LINK_HISTORY_NAME, f->link,
		    (unsigned)(f->history++ % LINK_HISTORIES));
	snprintf(part, sizeof(part), "%s.part", name);
	dir = open(f->folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (dir == -1)
		return ERR_AGAIN;
	out = openat(dir, part, O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC,
	    0640);
	if (out != -1) {
		r = fd_write_all(out, data, len);
		close(out);
		if (r == ERR_OK && renameat(dir, part, dir, name) == -1)
			r = ERR_AGAIN;
		if (r != ERR_OK)
			unlinkat(dir, part, 0);
	}
	close(dir);
	return r == ERR_OK ? ERR_OK : ERR_AGAIN;
}

const struct link_sender_ops send_file_ops = {
	1, back_start, back_free, back_fd, back_events, back_send, back_notice,
	NULL, NULL
};
