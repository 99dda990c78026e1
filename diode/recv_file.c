/*
 * Receiver from a folder: removable media, or a share that a file diode fills.
 * Run by limpid-diode-recv only.
 * Hostile input: names, kinds and contents of all files there.
 * Must never take a file that is not whole, follow a link out of the folder, open
 * what is no file, or remove anything but an object that the spool holds.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

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
#include "log.h"
#include "proc.h"
#include "recv_known.h"

#define AT_ONCE		32	/* objects of one call */
#define LOOK_AT		4096	/* names of one look */
#define NAME_BYTES	256
#define FORMING_MS	1000	/* between passes while a file is being copied */
#define PASS_MS		10000	/* between passes else */
#define SHARE		20	/* at most this part of our time for looking */

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
	int	 forming;		/* some file is not whole yet */
	int	 left;			/* some file was left, since we run */
	char	 why[LINK_WHY];		/* the folder cannot be read; "": it can */
	struct known	*known;
	struct timespec	 changed;	/* of the folder, at the last look */
	long long	 look_at;	/* monotonic; no look before */
	long long	 pass_ended, pass_cost;
};

static void
back_free(void *back)
{
	struct recv_file	*f = back;

	if (f == NULL)
		return;
	free(f->folder);
	free(f->names);
	known_free(f->known);
	free(f);
}

int
recv_file_new(const struct conf *c, int link, void **backp, char **why)
{
	const char		*folder = c->link[link - 1].bind;
	struct recv_file	*f;

	if (link_folder_check(folder, "bind", link, why) != ERR_OK)
		return ERR_CONFIG;
	if ((f = calloc(1, sizeof(*f))) == NULL)
		return ERR_MEMORY;
	f->link = link;
	f->folder = strdup(folder);
	f->names = calloc(2 * LOOK_AT, sizeof(*f->names));
	f->known = known_new();
	if (f->folder == NULL || f->names == NULL || f->known == NULL) {
		back_free(f);
		return ERR_MEMORY;
	}
	*backp = f;
	return ERR_OK;
}

static int
name_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Copies bear other names ("... (1).lmpo"), so any is looked at but those of the
 * other link, which may share the medium. */
static int
name_is_object(const struct recv_file *f, const char *name)
{
	const char	*other = f->link == 1 ? "link2-" : "link1-";
	size_t		 n = strlen(name);

	return n > 5 && n < NAME_BYTES && name[0] != '.' &&
	    strcmp(name + n - 5, ".lmpo") == 0 &&
	    strncmp(name, other, strlen(other)) != 0;
}

/*
 * Begins again at the first name when there is reason to: the folder changed, a file
 * is being copied, or some time has passed in which one may have been written to. Not
 * so often that passes through a large folder are all we do.
 */
static void
folder_restart(struct recv_file *f, int dirfd)
{
	long long	 now = proc_now_ms();
	struct statvfs	 v;
	struct stat	 st;
	int		 changed;

	if (f->pass_ended == 0)
		f->pass_ended = now;
	if (fstat(dirfd, &st) == -1 || (now - f->pass_ended < SHARE *
	    f->pass_cost && now - f->pass_ended < PASS_MS))
		return;
	changed = st.st_mtim.tv_sec != f->changed.tv_sec ||
	    st.st_mtim.tv_nsec != f->changed.tv_nsec;
	if (!changed && now - f->pass_ended < (f->forming ? FORMING_MS :
	    PASS_MS))
		return;
	/* Nothing changes on a medium that nobody can write to; but what we may
	 * only read is a share to others, who may mend what was left. */
	if (!changed && !f->forming && !f->left && (fstatvfs(dirfd, &v) == -1 ||
	    (v.f_flag & ST_RDONLY)))
		return;
	f->changed = st.st_mtim;
	f->forming = 0;
	f->last[0] = '\0';
	f->pass_ended = f->pass_cost = 0;
	known_pass(f->known);
}

/*
 * Opens a file and nothing else: what is seen to be a pipe or a device is not even
 * opened, for that alone may do something. -1 with errno, which is 0 for those.
 */
static int
regular_open(int dirfd, const char *name, struct stat *st)
{
	struct stat	 opened;
	int		 fd;

	if (fstatat(dirfd, name, st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	errno = 0;
	if (!S_ISREG(st->st_mode))
		return -1;
	fd = openat(dirfd, name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
	if (fd == -1)
		return -1;
	if (fstat(fd, &opened) == 0 && S_ISREG(opened.st_mode)) {
		*st = opened;
		return fd;
	}
	close(fd);
	errno = 0;
	return -1;
}

static size_t
notice_load(int dirfd, const char *name, uint8_t out[LINK_NOTICE_MAX])
{
	struct stat	 st;
	ssize_t		 n;
	int		 fd;

	if ((fd = regular_open(dirfd, name, &st)) == -1)
		return 0;
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

/* Sorts, and keeps the first LOOK_AT; the others are found by the next look. */
static void
names_trim(struct recv_file *f)
{
	qsort(f->names, f->count, NAME_BYTES, name_compare);
	if (f->count > LOOK_AT)
		f->count = LOOK_AT;
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
		if (!name_is_object(f, e->d_name) ||
		    strcmp(e->d_name, f->last) <= 0)
			continue;
		if (f->count == 2 * LOOK_AT)
			names_trim(f);
		snprintf(f->names[f->count++], NAME_BYTES, "%s", e->d_name);
	}
	closedir(d);
	names_trim(f);
	if (f->count == 0)
		folder_restart(f, dirfd);
}

/* Looks again, and tells the notices once no object is left before them: when a
 * look from the first name on found none, or nothing came since the last one. */
static void
folder_next(struct recv_file *f, int dirfd, const struct link_sink *sink)
{
	long long	 began = proc_now_ms();
	int		 whole = f->last[0] == '\0', forming = f->forming;

	if (began < f->look_at)
		return;
	notices_load(f, dirfd);
	folder_look(f, dirfd);
	if (f->count > 0)
		return;
	f->look_at = proc_now_ms() + SHARE * (proc_now_ms() - began);
	if (!forming && (whole || f->last[0] != '\0'))
		notices_tell(f, sink);
}

/* Says once what is wrong with a file, and leaves it alone. */
static void
file_leave(struct recv_file *f, const char *name, const struct stat *st,
    const struct link_sink *sink, const char *why)
{
	char	 text[512];

	f->left = 1;
	if (!known_keep(f->known, name, st, proc_now_ms(), LINK_LEFT))
		return;		/* too many to speak of */
	snprintf(text, sizeof(text), "%s in %s %s", log_safe(name),
	    log_safe(f->folder), why);
	sink->told(sink->arg, text);
}

/* The spool holds the object. Not what has taken its name meanwhile. */
static void
file_remove(struct recv_file *f, int dirfd, const char *name,
    const struct stat *st, const struct link_sink *sink)
{
	struct stat	 now;
	char		 why[160];

	if (fstatat(dirfd, name, &now, AT_SYMLINK_NOFOLLOW) == -1 ||
	    now.st_ino != st->st_ino || now.st_dev != st->st_dev)
		return;
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return;
	if (errno == EROFS) {
		(void)known_keep(f->known, name, &now, proc_now_ms(),
		    LINK_LEFT);
		return;
	}
	snprintf(why, sizeof(why), "was taken and cannot be removed: %s; remove"
	    " it, it is not taken twice", strerror(errno));
	file_leave(f, name, &now, sink, why);
}

/* One file that is to be looked at. 1: the spool has it; 0: not; negative: the
 * world. */
static int
file_take(struct recv_file *f, int dirfd, const char *name,
    enum link_look look, const struct link_sink *sink)
{
	enum link_file	 what = LINK_LEFT;
	struct stat	 st;
	char		 why[160];
	int		 fd, r;

	if ((fd = regular_open(dirfd, name, &st)) == -1) {
		if (errno == ENOENT)
			return 0;
		if (errno == 0)
			snprintf(why, sizeof(why), "is no file but a link, pipe,"
			    " device or folder, and is left alone; copy the"
			    " object itself there");
		else
			snprintf(why, sizeof(why), "cannot be opened: %s; let"
			    " limpid-recv read it", strerror(errno));
		file_leave(f, name, &st, sink, why);
		return 0;
	}
	r = sink->object(sink->arg, fd, name, look, &what);
	close(fd);
	if (r < 0)
		return r;
	if (what == LINK_DONE)
		file_remove(f, dirfd, name, &st, sink);
	else {
		f->left |= what == LINK_LEFT;
		if (known_keep(f->known, name, &st, proc_now_ms(), what))
			f->forming |= what == LINK_FORMING;
	}
	return what == LINK_DONE;
}

static int
file_meet(struct recv_file *f, int dirfd, const char *name,
    const struct link_sink *sink)
{
	enum link_look	 look = LINK_FIRST;
	struct stat	 st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	switch (known_judge(f->known, name, &st, proc_now_ms())) {
	case KNOWN_SKIP:
		return 0;
	case KNOWN_WAIT:
		f->forming = 1;
		return 0;
	case KNOWN_LOOK_AGAIN:
		look = LINK_AGAIN;
		break;
	case KNOWN_LOOK_SETTLED:
		look = LINK_SETTLED;
		break;
	case KNOWN_LOOK:
		break;
	}
	return file_take(f, dirfd, name, look, sink);
}

/* -1 with errno also where names can be seen and the files not. */
static int
folder_try(const char *folder)
{
	int		 dirfd = open(folder, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	struct stat	 st;

	if (dirfd == -1 || fstatat(dirfd, ".", &st, 0) == 0)
		return dirfd;
	close(dirfd);
	return -1;
}

/* Opens the folder; says when it goes and when it comes back. */
static int
folder_open(struct recv_file *f, const struct link_sink *sink)
{
	char	 text[512];
	int	 dirfd = folder_try(f->folder), error = errno;
	int	 was_away = f->why[0] != '\0';

	if (dirfd == -1) {
		snprintf(f->why, sizeof(f->why), "the folder %s cannot be read:"
		    " %s; mount the medium there, let limpid-recv read it, or"
		    " correct bind in limpid.conf", log_safe(f->folder),
		    strerror(error));
		if (!was_away)
			sink->told(sink->arg, f->why);
		return -1;
	}
	f->why[0] = '\0';
	if (was_away) {
		snprintf(text, sizeof(text), "the folder %s can be read again",
		    log_safe(f->folder));
		sink->told(sink->arg, text);
	}
	return dirfd;
}

static const char *
back_why(void *back)
{
	struct recv_file	*f = back;

	return f->why[0] == '\0' ? NULL : f->why;
}

static int
back_receive(void *back, const struct link_sink *sink)
{
	struct recv_file	*f = back;
	long long		 began = proc_now_ms();
	int			 dirfd, done = 0, n, r = ERR_OK;

	if ((dirfd = folder_open(f, sink)) == -1)
		return 0;
	if (f->next == f->count)
		folder_next(f, dirfd, sink);
	for (n = 0; n < AT_ONCE && f->next < f->count && r >= 0; n++) {
		r = file_meet(f, dirfd, f->names[f->next], sink);
		if (r < 0)
			break;
		snprintf(f->last, NAME_BYTES, "%s", f->names[f->next++]);
		done += r;
	}
	close(dirfd);
	f->pass_cost += proc_now_ms() - began;
	return r < 0 ? r : n;
}

const struct link_receiver_ops recv_file_ops = {
	NULL, NULL, back_free, NULL, back_receive, back_why
};
