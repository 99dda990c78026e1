/*
 * Sender into a folder: removable media, or a share that a file diode watches.
 * Run by limpid-diode-send only.
 * Hostile input: what lies in the folder already, for a medium comes back from the
 * other side: names are taken away or replaced, and nothing there is opened.
 * Must never let a half-written object bear the name of a whole one, or report
 * one as taken before it and its name are on the medium.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "link_private.h"
#include "log.h"
#include "proc.h"
#include "wire.h"

#define BLOCK		65536
#define RETRY_MS	2000	/* after a medium failed: it may wear out */
#define WHAT		224	/* bytes of half a sentence */
#define NOTICE_ROOM	(1024 * 1024)	/* kept free for notices */

struct send_file {
	char		*folder;
	int		 link, medium, up;
	unsigned	 history;	/* HISTORY notices written */
	long long	 retry;		/* monotonic; no object before */
	char		 why[LINK_WHY];
	char		 unheard[LINK_WHY];	/* why no notice can be written */
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

	if (link_folder_check(folder, "connect", link, why) != ERR_OK)
		return ERR_CONFIG;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return ERR_MEMORY;
	f->link = link;
	f->medium = c->link[link - 1].medium;
	if ((f->folder = strdup(folder)) == NULL) {
		free(f);
		return ERR_MEMORY;
	}
	*backp = f;
	return ERR_OK;
}

/* The folder takes nothing now; the object under way is not at fault. */
static int
unable(struct send_file *f, const char *what)
{
	snprintf(f->why, sizeof(f->why), "the folder %s %s",
	    log_safe(f->folder), what);
	f->retry = proc_now_ms() + RETRY_MS;
	return ERR_AGAIN;
}

/* Opens the folder where it can be written to; else what says why not. */
static int
folder_open(const struct send_file *f, int *dirp, char what[WHAT])
{
	struct stat	 here, above;
	int		 dir;

	dir = open(f->folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (dir == -1) {
		snprintf(what, WHAT, "cannot be opened: %s; mount the medium,"
		    " or make the folder", strerror(errno));
		return ERR_AGAIN;
	}
	if (f->medium && (fstat(dir, &here) == -1 ||
	    fstatat(dir, "..", &above, 0) == -1 ||
	    here.st_dev == above.st_dev))
		snprintf(what, WHAT, "has no medium mounted; mount one there");
	else if (faccessat(dir, ".", W_OK|X_OK, 0) == -1)
		snprintf(what, WHAT, "cannot be written to: %s; mount a medium"
		    " that limpid-send may write to", strerror(errno));
	else {
		*dirp = dir;
		return ERR_OK;
	}
	close(dir);
	return ERR_AGAIN;
}

static unsigned
back_events(void *back)
{
	struct send_file	*f = back;
	char			 what[WHAT];
	int			 dir, up;
	unsigned		 seen = 0;

	if ((up = folder_open(f, &dir, what) == ERR_OK))
		close(dir);
	else
		unable(f, what);
	if (up != f->up)
		seen = up ? LINK_UP : LINK_DOWN;
	if (seen & LINK_UP) {
		f->why[0] = '\0';
		f->retry = 0;
	}
	f->up = up;
	return seen;
}

static const char *
back_why(void *back)
{
	struct send_file	*f = back;

	if (f->why[0] != '\0')
		return f->why;
	return f->unheard[0] == '\0' ? NULL : f->unheard;
}

/* 0: the medium has no room for the object; nothing is begun that cannot end. */
static int
has_room(struct send_file *f, int dir, uint64_t need)
{
	struct statvfs	 v;
	char		 what[WHAT];
	uint64_t	 free_bytes;

	if (fstatvfs(dir, &v) == -1 || v.f_blocks == 0)
		return 1;	/* a file system that does not tell */
	free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	if (free_bytes >= need + NOTICE_ROOM)
		return 1;
	snprintf(what, WHAT, "is full: %" PRIu64 " bytes are free and the next"
	    " object needs %" PRIu64 "; carry the medium on and mount an empty"
	    " one", free_bytes, need + NOTICE_ROOM);
	unable(f, what);
	return 0;
}

/*
 * Makes NAME.part for a file. What bears the name already is taken away first and
 * never opened: it may be a half-written object, or a pipe or device somebody made.
 */
static int
part_open(int dir, const char *part, int *outp)
{
	if (unlinkat(dir, part, 0) == -1 && errno != ENOENT)
		return ERR_SYS;
	*outp = openat(dir, part,
	    O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0640);
	return *outp == -1 ? ERR_SYS : ERR_OK;
}

/* Header and parcel. ERR_SYS: the medium; *own is set when it is our own parcel
 * that cannot be read. */
static int
object_write(int out, const struct link_outgoing *o, int *own)
{
	uint8_t		 block[BLOCK];
	uint64_t	 at = 0;
	ssize_t		 n;
	int		 r;

	if ((r = fd_write_all(out, o->header, LINK_HEADER)) != ERR_OK)
		return r;
	while (at < o->len) {
		n = pread(o->fd, block, sizeof(block), (off_t)at);
		if (n <= 0) {
			*own = 1;
			return n == 0 ? ERR_SHORT : ERR_SYS;
		}
		if ((uint64_t)n > o->len - at)
			n = (ssize_t)(o->len - at);
		if ((r = fd_write_all(out, block, (size_t)n)) != ERR_OK)
			return r;
		at += (uint64_t)n;
	}
	/* The file is whole on the medium, or has no name. */
	return fsync(out) == -1 ? ERR_SYS : ERR_OK;
}

static int
object_place(struct send_file *f, int dir, const struct link_outgoing *o)
{
	char	 name[64], part[72], what[WHAT];
	int	 out, own = 0, r;

	if (!has_room(f, dir, LINK_HEADER + o->len))
		return ERR_AGAIN;
	snprintf(name, sizeof(name), LINK_FILE_NAME, f->link,
	    (unsigned long long)o->seq);
	snprintf(part, sizeof(part), "%s.part", name);
	if ((r = part_open(dir, part, &out)) == ERR_OK) {
		r = object_write(out, o, &own);
		if (close(out) == -1 && r == ERR_OK)
			r = ERR_SYS;
	}
	if (own) {
		unlinkat(dir, part, 0);
		return r;
	}
	if (r == ERR_OK && (renameat(dir, part, dir, name) == -1 ||
	    fsync(dir) == -1))
		r = ERR_SYS;
	if (r == ERR_OK) {
		f->why[0] = '\0';
		return ERR_OK;
	}
	snprintf(what, WHAT, "did not take %s: %s; look at the medium and at"
	    " what lies there", name, strerror(errno));
	unlinkat(dir, part, 0);
	return unable(f, what);
}

static int
back_send(void *back, const struct link_outgoing *o)
{
	struct send_file	*f = back;
	char			 what[WHAT];
	int			 dir, r;

	if (proc_now_ms() < f->retry)
		return ERR_AGAIN;
	if (folder_open(f, &dir, what) != ERR_OK)
		return unable(f, what);
	r = object_place(f, dir, o);
	close(dir);
	return r;
}

/* ERR_OK, or what failed with errno. */
static int
notice_write(int dir, const char *name, const uint8_t *data, size_t len)
{
	char	 part[72];
	int	 error, out, r;

	snprintf(part, sizeof(part), "%s.part", name);
	if ((r = part_open(dir, part, &out)) != ERR_OK)
		return r;
	if ((r = fd_write_all(out, data, len)) == ERR_OK &&
	    renameat(dir, part, dir, name) == -1)
		r = ERR_SYS;
	error = errno;
	close(out);
	if (r != ERR_OK)
		unlinkat(dir, part, 0);
	errno = error;
	return r;
}

/* Replaced each time; no fsync, for the next one comes in a second. */
static int
back_notice(void *back, const uint8_t *data, size_t len)
{
	struct send_file	*f = back;
	char			 name[64], what[WHAT];
	int			 dir, r;

	if (!f->up)
		return ERR_AGAIN;
	if (data[6] == LINK_HEARTBEAT)
		snprintf(name, sizeof(name), LINK_BEAT_NAME, f->link);
	else
		snprintf(name, sizeof(name), LINK_HISTORY_NAME, f->link,
		    (unsigned)(f->history++ % LINK_HISTORIES));
	if ((r = folder_open(f, &dir, what)) != ERR_OK)
		return r;
	r = notice_write(dir, name, data, len);
	f->unheard[0] = '\0';
	if (r != ERR_OK)
		snprintf(f->unheard, sizeof(f->unheard), "the folder %s did not"
		    " take %s: %s; look at the medium and at what lies there,"
		    " for without it the receiver does not see what is missing",
		    log_safe(f->folder), name, strerror(errno));
	close(dir);
	return r == ERR_OK ? ERR_OK : ERR_AGAIN;
}

const struct link_sender_ops send_file_ops = {
	1, NULL, back_free, NULL, back_events, back_send, back_notice,
	NULL, NULL, back_why
};
