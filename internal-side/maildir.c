/*
 * Files mails into Maildirs. Runs in limpid-deliverd and limpid-index. Hostile
 * input: none; names are made here from references and checked box names. Must
 * never follow a link out of the folder, nor call a mail filed that is not on disk.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "maildir.h"
#include "recipients.h"

#define MAKING		".making-"
#define DIR_FLAGS	(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct box {
	char	*name;
	int	 fd;		/* of its new/ */
	int	 dirty;
};

struct maildir {
	int		 fd;
	struct box	*box;
	size_t		 count, room;
	unsigned	 made;		/* numbers the hidden names */
};

static int
sys_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? ERR_FULL :
	    errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
}

static DIR *
dir_open(int at, const char *name)
{
	int	 fd = openat(at, name, DIR_FLAGS);
	DIR	*d;

	if (fd == -1)
		return NULL;
	if ((d = fdopendir(fd)) == NULL)
		close(fd);
	return d;
}

void
maildir_clear(struct maildir *m)
{
	struct dirent	*e;
	DIR		*d = dir_open(m->fd, ".");

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, MAKING, sizeof(MAKING) - 1) == 0)
			unlinkat(m->fd, e->d_name, 0);
	closedir(d);
}

int
maildir_open(const char *path, struct maildir **mp)
{
	struct maildir	*m = calloc(1, sizeof(*m));

	if (m == NULL)
		return ERR_MEMORY;
	if ((m->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		free(m);
		return sys_error();
	}
	*mp = m;
	return ERR_OK;
}

void
maildir_close(struct maildir *m)
{
	if (m == NULL)
		return;
	while (m->count > 0) {
		free(m->box[--m->count].name);
		close(m->box[m->count].fd);
	}
	free(m->box);
	close(m->fd);
	free(m);
}

int
maildir_scratch(const struct maildir *m)
{
	int	 fd = openat(m->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	return fd != -1 ? fd : memfd_create("limpid", MFD_CLOEXEC);
}

static void
making_name(struct maildir *m, const struct ref *ref,
    char making[MAILDIR_MAKING_MAX + 1])
{
	char	 text[REF_TEXT_LEN + 1];

	ref_format(ref, text);
	snprintf(making, MAILDIR_MAKING_MAX + 1, MAKING "%s.%u", text,
	    m->made++);
}

int
maildir_new(struct maildir *m, const struct ref *ref,
    char making[MAILDIR_MAKING_MAX + 1], int *fdp)
{
	int	 fd;

	making_name(m, ref, making);
	fd = openat(m->fd, making, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0640);
	if (fd == -1)
		return sys_error();
	*fdp = fd;
	return ERR_OK;
}

void
maildir_drop(struct maildir *m, const char *making)
{
	unlinkat(m->fd, making, 0);
}

/* Links BOX/cur/FILE:FLAGS, whatever the flags, as making. */
static int
link_read(struct maildir *m, const char *box, const char *file,
    const char *making)
{
	char		 path[512];
	size_t		 n = strlen(file);
	struct dirent	*e;
	DIR		*d;
	int		 r = ERR_NOTFOUND;

	snprintf(path, sizeof(path), "%s/cur", box);
	if ((d = dir_open(m->fd, path)) == NULL)
		return sys_error();
	while (r == ERR_NOTFOUND && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, file, n) == 0 &&
		    (e->d_name[n] == ':' || e->d_name[n] == '\0'))
			r = linkat(dirfd(d), e->d_name, m->fd, making, 0) == 0 ?
			    ERR_OK : sys_error();
	closedir(d);
	return r;
}

int
maildir_again(struct maildir *m, const struct ref *ref, const char *box,
    const char *file, char making[MAILDIR_MAKING_MAX + 1], int *fdp)
{
	char	 path[512];
	int	 fd, r;

	if (!box_name_ok(box))
		return ERR_FORMAT;
	making_name(m, ref, making);
	snprintf(path, sizeof(path), "%s/new/%s", box, file);
	if (linkat(m->fd, path, m->fd, making, 0) == -1 &&
	    (r = errno != ENOENT ? sys_error() :
	    link_read(m, box, file, making)) != ERR_OK)
		return r;
	if ((fd = openat(m->fd, making, O_RDONLY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1) {
		r = sys_error();
		maildir_drop(m, making);
		return r;
	}
	*fdp = fd;
	return ERR_OK;
}

static int
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("._-+@", c) != NULL);
}

void
maildir_name(const struct ref *ref, uint64_t size, const char *rcpt,
    char name[MAILDIR_NAME_MAX + 1])
{
	char	 text[REF_TEXT_LEN + 1];
	size_t	 end, n;

	ref_format(ref, text);
	end = n = (size_t)snprintf(name, MAILDIR_NAME_MAX + 1, "%s,S=%llu",
	    text, (unsigned long long)size);
	if (rcpt[0] == '\0')
		return;
	n += (size_t)snprintf(name + n, 4, ",R=");
	for (; *rcpt != '\0' && n + 4 <= MAILDIR_NAME_MAX; rcpt++)
		if (is_name_char(*rcpt)) {
			name[n++] = *rcpt;
			name[n] = '\0';
		} else
			n += (size_t)snprintf(name + n, 4, "%%%02X",
			    (unsigned char)*rcpt);
	if (*rcpt != '\0')
		name[end] = '\0';
}

void
maildir_name_rcpt(const char *name, char rcpt[MAILDIR_NAME_MAX + 1])
{
	const char	*p = strstr(name, ",R=");
	unsigned	 v;
	size_t		 n = 0;

	rcpt[0] = '\0';
	if (p == NULL || strlen(p) > MAILDIR_NAME_MAX)
		return;
	for (p += 3; is_name_char(*p) || *p == '%'; p++) {
		if (*p == '%') {
			if (sscanf(p + 1, "%2X", &v) != 1 || v == 0 ||
			    strlen(p) < 3)
				break;
			rcpt[n++] = (char)v;
			p += 2;
		} else
			rcpt[n++] = *p;
	}
	rcpt[n] = '\0';
}

/* Makes the box and its three folders, durably; opens its new/. */
static int
box_make(struct maildir *m, const char *box)
{
	static const char *const	 folders[] = { "tmp", "cur", "new" };
	int				 fd, new = -1;
	size_t				 i;

	if (mkdirat(m->fd, box, 02750) == -1 && errno != EEXIST)
		return -1;
	if ((fd = openat(m->fd, box, DIR_FLAGS)) == -1)
		return -1;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdirat(fd, folders[i], 02750) == -1 && errno != EEXIST)
			goto out;
	if (fsync(fd) == 0 && fsync(m->fd) == 0)
		new = openat(fd, "new", DIR_FLAGS);
 out:
	close(fd);
	return new;
}

static struct box *
box_open(struct maildir *m, const char *name)
{
	struct box	*more;
	size_t		 i, room;
	int		 fd;

	for (i = 0; i < m->count; i++)
		if (strcmp(m->box[i].name, name) == 0)
			return &m->box[i];
	if (!box_name_ok(name)) {
		errno = EINVAL;
		return NULL;
	}
	if (m->count == m->room) {
		room = m->room == 0 ? 16 : m->room * 2;
		if ((more = realloc(m->box, room * sizeof(*more))) == NULL)
			return NULL;
		m->box = more;
		m->room = room;
	}
	if ((fd = box_make(m, name)) == -1)
		return NULL;
	if ((m->box[m->count].name = strdup(name)) == NULL) {
		close(fd);
		return NULL;
	}
	m->box[m->count].fd = fd;
	m->box[m->count].dirty = 0;
	return &m->box[m->count++];
}

/* Folders are kept open, but not hundreds of them. */
static void
boxes_trim(struct maildir *m)
{
	if (m->count < 200)
		return;
	while (m->count > 0) {
		free(m->box[--m->count].name);
		close(m->box[m->count].fd);
	}
}

int
maildir_link(struct maildir *m, const char *making, const char *box,
    const char *name)
{
	struct box	*b;

	if ((b = box_open(m, box)) == NULL)
		return sys_error();
	if (linkat(m->fd, making, b->fd, name, 0) == -1 && errno != EEXIST)
		return sys_error();
	b->dirty = 1;
	return ERR_OK;
}

int
maildir_sync(struct maildir *m)
{
	size_t	 i;

	for (i = 0; i < m->count; i++) {
		if (m->box[i].dirty && fsync(m->box[i].fd) == -1)
			return sys_error();
		m->box[i].dirty = 0;
	}
	boxes_trim(m);
	return ERR_OK;
}

void
maildir_remove_new(struct maildir *m, const char *box, const char *name)
{
	struct box	*b = box_open(m, box);

	if (b != NULL && unlinkat(b->fd, name, 0) == 0)
		b->dirty = 1;
}

struct walk {
	int	(*fn)(void *arg, const char *box, const char *ref,
		    const char *file, int fd);
	void	*arg;
	const char *box;
};

/* One file of a box: ours when its name begins with a good reference. */
static int
file_visit(struct walk *w, int dir, const char *name)
{
	char		 file[256], text[REF_TEXT_LEN + 1];
	struct ref	 ref;
	int		 fd, r;

	if (strlen(name) < REF_TEXT_LEN || strlen(name) >= sizeof(file))
		return ERR_OK;
	snprintf(text, sizeof(text), "%.*s", REF_TEXT_LEN, name);
	if (ref_parse(text, &ref) != ERR_OK)
		return ERR_OK;
	snprintf(file, sizeof(file), "%s", name);
	file[strcspn(file, ":")] = '\0';
	if ((fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return errno == ENOENT ? ERR_OK : sys_error();
	r = w->fn(w->arg, w->box, text, file, fd);
	close(fd);
	return r;
}

static int
folder_walk(struct walk *w, int box, const char *folder)
{
	struct dirent	*e;
	DIR		*d = dir_open(box, folder);
	int		 r = ERR_OK;

	if (d == NULL)
		return errno == ENOENT || errno == ENOTDIR ? ERR_OK :
		    sys_error();
	while (r == ERR_OK && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			r = file_visit(w, dirfd(d), e->d_name);
	closedir(d);
	return r;
}

int
maildir_each(struct maildir *m, int (*fn)(void *arg, const char *box,
    const char *ref, const char *file, int fd), void *arg)
{
	struct walk	 w = { fn, arg, NULL };
	struct dirent	*e;
	DIR		*d = dir_open(m->fd, ".");
	int		 r = ERR_OK, box;

	if (d == NULL)
		return sys_error();
	while (r == ERR_OK && (e = readdir(d)) != NULL) {
		if (!box_name_ok(e->d_name) ||
		    (box = openat(m->fd, e->d_name, DIR_FLAGS)) == -1)
			continue;
		w.box = e->d_name;
		if ((r = folder_walk(&w, box, "new")) == ERR_OK)
			r = folder_walk(&w, box, "cur");
		close(box);
	}
	closedir(d);
	return r;
}
