/*
 * Receiver from a folder: removable media, or a share that a file diode fills.
 * Run by limpid-diode-recv only.
 * Hostile input: names, kinds and contents of all files there.
 * Must never take a file that is not whole, follow a link out of the folder, or
 * remove an object before the spool holds it.
 */
#include <sys/stat.h>

#include <dirent.h>
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

#define AT_ONCE		32	/* objects of one call */
#define LOOK_AT		4096	/* names of one look */
#define NAME_BYTES	256

struct recv_file {
	char	*folder;
	int	 link;
	unsigned history;		/* which HISTORY file is read next */
	uint8_t	 notice[2][LINK_NOTICE_MAX];
	size_t	 notice_len[2];		/* read before the look, told behind */
	char	(*names)[NAME_BYTES];	/* of one look, sorted */
	size_t	 count, next;
	char	 last[NAME_BYTES];	/* on a medium that keeps its files: the
					 * look goes on behind this one */
	int	 kept;			/* some file is not whole yet */
	struct timespec	 changed;	/* of the folder, at the last look */
};

static void
back_free(void *back)
{
	struct recv_file	*f = back;

	if (f == NULL)
		return;
	free(f->folder);
	free(f->names);
	free(f);
}

int
recv_file_new(const struct conf *c, int link, void **backp, char **why)
{
	const char		*folder = c->link[link - 1].bind;
	struct recv_file	*f;

	if (folder[0] != '/') {
		if (asprintf(why, "link \"%d\": bind is \"%s\", transport file"
		    " needs the absolute path of a folder", link, folder) == -1)
			*why = NULL;
		return ERR_CONFIG;
	}
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return ERR_MEMORY;
	f->link = link;
	f->folder = strdup(folder);
	f->names = calloc(LOOK_AT, sizeof(*f->names));
	if (f->folder == NULL || f->names == NULL) {
		back_free(f);
		return ERR_MEMORY;
	}
	*backp = f;
	return ERR_OK;
}

static int
back_start(void *back, char **why)
{
	(void)back;
	*why = NULL;
	return ERR_OK;
}

static int
back_fd(void *back)
{
	(void)back;
	return -1;
}

static int
name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int
name_is_object(const char *name)
{
	size_t	 n = strlen(name);

	return n > 5 && n < NAME_BYTES && name[0] != '.' &&
	    strcmp(name + n - 5, ".lmpo") == 0;
}

/* Begins again at the first name when there is reason to: files of a read-only
 * medium are not read again and again. */
static void
folder_restart(struct recv_file *f, int dirfd)
{
	struct stat	 st;

	if (fstat(dirfd, &st) == -1 || (!f->kept &&
	    st.st_mtim.tv_sec == f->changed.tv_sec &&
	    st.st_mtim.tv_nsec == f->changed.tv_nsec))
		return;
	f->changed = st.st_mtim;
	f->kept = 0;
	f->last[0] = '\0';
}

static size_t
notice_load(int dirfd, const char *name, uint8_t out[LINK_NOTICE_MAX])
{
	struct stat	 st;
	ssize_t		 n = -1;
	int		 fd;

	fd = openat(dirfd, name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, out, LINK_NOTICE_MAX);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* A notice speaks of the objects that were written before it. So it is read before
 * the folder is, and told when the folder has no object left to take. */
static void
notices_load(struct recv_file *f, int dirfd)
{
	char	 name[64];

	snprintf(name, sizeof(name), LINK_BEAT_NAME, f->link);
	f->notice_len[0] = notice_load(dirfd, name, f->notice[0]);
	snprintf(name, sizeof(name), LINK_HISTORY_NAME, f->link,
	    f->history++ % LINK_HISTORIES);
	f->notice_len[1] = notice_load(dirfd, name, f->notice[1]);
}

static void
notices_tell(struct recv_file *f, const struct link_sink *sink)
{
	size_t	 i;

	for (i = 0; i < 2; i++) {
		if (f->notice_len[i] > 0 && sink->notice != NULL)
			sink->notice(sink->arg, f->notice[i],
			    f->notice_len[i]);
		f->notice_len[i] = 0;
	}
}

/* The next LOOK_AT names behind the last one, in order. */
static void
folder_look(struct recv_file *f, int dirfd)
{
	struct dirent	*e;
	DIR		*d;
	int		 fd;

	f->count = f->next = 0;
	if ((fd = openat(dirfd, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) {
		if (!name_is_object(e->d_name) ||
		    strcmp(e->d_name, f->last) <= 0)
			continue;
		if (f->count == LOOK_AT) {
			qsort(f->names, f->count, NAME_BYTES, name_compare);
			if (strcmp(e->d_name, f->names[LOOK_AT - 1]) >= 0)
				continue;
			f->count--;
		}
		snprintf(f->names[f->count++], NAME_BYTES, "%s", e->d_name);
	}
	closedir(d);
	qsort(f->names, f->count, NAME_BYTES, name_compare);
	if (f->count == 0)
		folder_restart(f, dirfd);
}

/* Looks again, and tells the notices once no object is left before them: when a
 * look from the first name on found none, or nothing came since the last one. */
static void
folder_next(struct recv_file *f, int dirfd, const struct link_sink *sink)
{
	int	 whole = f->last[0] == '\0', kept = f->kept;

	notices_load(f, dirfd);
	folder_look(f, dirfd);
	if (f->count == 0 && !kept && (whole || f->last[0] != '\0'))
		notices_tell(f, sink);
}

/* One file. 1: it is done with; 0: not whole yet; negative: the world. */
static int
object_offer(int dirfd, const char *name, const struct link_sink *sink)
{
	struct stat	 st;
	int		 fd, keep = 0, r;

	fd = openat(dirfd, name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	r = sink->object(sink->arg, fd, name, &keep);
	close(fd);
	if (r < 0)
		return r;
	if (!keep)
		(void)unlinkat(dirfd, name, 0);
	return keep ? 0 : 1;
}

static int
back_receive(void *back, const struct link_sink *sink)
{
	struct recv_file	*f = back;
	int			 dirfd, done = 0, n, r = ERR_OK;

	dirfd = open(f->folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (dirfd == -1)
		return 0;
	if (f->next == f->count)
		folder_next(f, dirfd, sink);
	for (n = 0; n < AT_ONCE && f->next < f->count && r >= 0; n++) {
		r = object_offer(dirfd, f->names[f->next], sink);
		if (r < 0)
			break;
		snprintf(f->last, NAME_BYTES, "%s", f->names[f->next++]);
		done += r;
		f->kept |= r == 0;
	}
	close(dirfd);
	return r < 0 ? r : done;
}

const struct link_receiver_ops recv_file_ops = {
	NULL, back_start, back_free, back_fd, back_receive
};
