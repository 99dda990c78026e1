/*
 * Spool: the durable queue between two programs (spool.h has the contract).
 * Run by every program that hands parcels on or takes them.
 * Hostile input: names and file kinds in the folders, when the program on the
 * other side of the spool has been captured; contents are never looked at.
 * Must never delete a parcel that its consumer has not called done, and must
 * never report a commit that a power cut could undo.
 * Longer than most files: every way a parcel moves between the five folders stands
 * here, so that who reads one can see that no other undoes it.
 */
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"
#include "spool.h"
#include "wire.h"

#define SPOOL_BATCH	4096	/* names remembered from one look into new */
#define SPOOL_ROOM_MS	1000	/* how long a measured size is believed */
#define SPOOL_SUFFIX	".a"	/* before the number of attempts */
#define SPOOL_WHY	".why"	/* the operator's line beside a held parcel */

enum folder { TMP, NEW, WORK, HELD, SENT, FOLDERS };

static const char *const folder_names[FOLDERS] = {
	"tmp", "new", "work", "held", "sent"
};

struct names {
	char	**v;
	size_t	  count, next, room;
};

struct spool {
	int		 fd[FOLDERS];
	int		 wake;		/* inotify, -1 until asked for */
	uint64_t	 high_water, reserve;
	struct names	 ready;		/* oldest names of new, sorted */
	uint64_t	 bytes;		/* new + work when last measured */
	int64_t		 measured_ms;	/* monotonic; 0 never */
	int64_t		 last_ms;	/* wall clock of the last name made */
	unsigned	 serial;
};

static int64_t
clock_ms(clockid_t id)
{
	struct timespec	 t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
sys_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS;
}

static void
names_clear(struct names *n)
{
	while (n->count > n->next)
		free(n->v[--n->count]);
	n->count = n->next = 0;
}

static void
names_free(struct names *n)
{
	names_clear(n);
	free(n->v);
	n->v = NULL;
	n->room = 0;
}

static int
names_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
names_add(struct names *n, const char *name)
{
	char	**v;
	size_t	  room = n->room == 0 ? 64 : n->room * 2;

	if (n->count == n->room) {
		if ((v = reallocarray(n->v, room, sizeof(*v))) == NULL)
			return ERR_MEMORY;
		n->v = v;
		n->room = room;
	}
	if ((n->v[n->count] = strdup(name)) == NULL)
		return ERR_MEMORY;
	n->count++;
	return ERR_OK;
}

/* Keeps the oldest `keep`; the rest is found again by the next look. */
static void
names_trim(struct names *n, size_t keep)
{
	qsort(n->v, n->count, sizeof(*n->v), names_compare);
	while (n->count > keep)
		free(n->v[--n->count]);
}

/* Splits NAME.aN: returns the length of the base, or 0 for a foreign name. */
static size_t
name_base(const char *name, unsigned *attempts)
{
	static const char ok[] = "0123456789abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
	const char	*dot = strrchr(name, '.');
	unsigned long	 n;
	char		*end;

	if (dot == NULL || dot == name || dot[1] != 'a' || dot[2] < '0' ||
	    dot[2] > '9' || strlen(name) > SPOOL_NAME_MAX ||
	    name[0] == '.' || name[strspn(name, ok)] != '\0')
		return 0;
	n = strtoul(dot + 2, &end, 10);
	if (*end != '\0' || n > 1000000)
		return 0;
	*attempts = (unsigned)n;
	return (size_t)(dot - name);
}

/* The same parcel's name with another number of attempts. */
static int
name_with(const char *name, unsigned attempts, char out[SPOOL_NAME_MAX + 1])
{
	unsigned	 old;
	size_t		 base = name_base(name, &old);

	if (base == 0 || snprintf(out, SPOOL_NAME_MAX + 1, "%.*s" SPOOL_SUFFIX
	    "%u", (int)base, name, attempts) > SPOOL_NAME_MAX)
		return ERR_FORMAT;
	return ERR_OK;
}

static int
folder_names_read(struct spool *s, enum folder f, size_t keep,
    struct names *out)
{
	struct dirent	*e;
	unsigned	 attempts;
	DIR		*d;
	int		 fd, r = ERR_OK;

	if ((fd = openat(s->fd[f], ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		return ERR_SYS;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return ERR_SYS;
	}
	while (r == ERR_OK && (e = readdir(d)) != NULL) {
		if (name_base(e->d_name, &attempts) == 0)
			continue;
		r = names_add(out, e->d_name);
		if (r == ERR_OK && keep != 0 && out->count >= 2 * keep)
			names_trim(out, keep);
	}
	closedir(d);
	if (r == ERR_OK && out->count > 0)
		names_trim(out, keep == 0 ? out->count : keep);
	return r;
}

int
spool_create(const char *path)
{
	int	 fd, i, r = ERR_SYS;

	if (mkdir(path, 0770) == -1 && errno != EEXIST)
		return ERR_SYS;
	if ((fd = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		return ERR_SYS;
	/* The group bit hands the consumer's group on to every file. */
	if (fchmod(fd, 02770) == -1)
		goto out;
	for (i = 0; i < FOLDERS; i++) {
		if (mkdirat(fd, folder_names[i], 0770) == -1 && errno != EEXIST)
			goto out;
		if (fchmodat(fd, folder_names[i], 02770, 0) == -1)
			goto out;
	}
	r = fsync(fd) == -1 ? ERR_SYS : ERR_OK;
 out:
	close(fd);
	return r;
}

int
spool_open(const char *path, uint64_t high_water_bytes,
    uint64_t reserve_bytes, struct spool **sp)
{
	struct spool	*s;
	int		 fd = -1, i, r = ERR_SYS;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return ERR_MEMORY;
	for (i = 0; i < FOLDERS; i++)
		s->fd[i] = -1;
	s->wake = -1;
	s->high_water = high_water_bytes;
	s->reserve = reserve_bytes;
	if ((fd = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		goto out;
	for (i = 0; i < FOLDERS; i++) {
		s->fd[i] = openat(fd, folder_names[i],
		    O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);
		if (s->fd[i] == -1)
			goto out;
	}
	*sp = s;
	s = NULL;
	r = ERR_OK;
 out:
	if (r == ERR_SYS && errno == ENOENT)
		r = ERR_NOTFOUND;
	if (fd != -1)
		close(fd);
	spool_close(s);
	return r;
}

void
spool_close(struct spool *s)
{
	int	 i;

	if (s == NULL)
		return;
	for (i = 0; i < FOLDERS; i++)
		if (s->fd[i] != -1)
			close(s->fd[i]);
	if (s->wake != -1)
		close(s->wake);
	names_free(&s->ready);
	free(s);
}

static int
folder_measure(struct spool *s, enum folder f, uint64_t *count,
    uint64_t *bytes, int64_t *oldest_ms)
{
	struct names	 all = {0};
	struct stat	 st;
	int64_t		 ms;
	size_t		 i;
	int		 r;

	if ((r = folder_names_read(s, f, 0, &all)) != ERR_OK)
		goto out;
	*count = all.count;
	for (i = 0; i < all.count; i++)
		if (fstatat(s->fd[f], all.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			*bytes += (uint64_t)st.st_size;
	if (all.count > 0 && oldest_ms != NULL) {
		ms = strtoll(all.v[0], NULL, 10);
		if (*oldest_ms == 0 || ms < *oldest_ms)
			*oldest_ms = ms;
	}
 out:
	names_free(&all);
	return r;
}

int
spool_check_room(struct spool *s, uint64_t more)
{
	struct statvfs	 vfs;
	uint64_t	 count, bytes = 0;
	int64_t		 now = clock_ms(CLOCK_MONOTONIC);
	int		 r;

	if (s->reserve != 0 || more != 0) {
		if (fstatvfs(s->fd[TMP], &vfs) == -1)
			return ERR_SYS;
		if ((uint64_t)vfs.f_bavail * vfs.f_frsize < s->reserve + more)
			return ERR_FULL;
	}
	if (s->high_water == 0)
		return ERR_OK;
	if (s->measured_ms == 0 || now - s->measured_ms > SPOOL_ROOM_MS ||
	    s->bytes > s->high_water) {
		if ((r = folder_measure(s, NEW, &count, &bytes, NULL)) !=
		    ERR_OK ||
		    (r = folder_measure(s, WORK, &count, &bytes, NULL)) !=
		    ERR_OK)
			return r;
		s->bytes = bytes;
		s->measured_ms = now;
	}
	return s->bytes > s->high_water ? ERR_FULL : ERR_OK;
}

int
spool_new_file(struct spool *s, const struct ref *ref,
    char name[SPOOL_NAME_MAX + 1], int *fdp)
{
	char	 text[REF_TEXT_LEN + 1];
	int64_t	 now = clock_ms(CLOCK_REALTIME);
	int	 fd, tries, r;

	if ((r = spool_check_room(s, 0)) != ERR_OK)
		return r;
	ref_format(ref, text);
	/* Names of one producer rise even when its clock is set back. */
	if (now > s->last_ms) {
		s->last_ms = now;
		s->serial = 0;
	}
	for (tries = 0; tries < 1000; tries++) {
		snprintf(name, SPOOL_NAME_MAX + 1, "%013" PRId64 "-%06u-%s"
		    SPOOL_SUFFIX "0", s->last_ms, s->serial++, text);
		fd = openat(s->fd[TMP], name,
		    O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0640);
		if (fd != -1) {
			*fdp = fd;
			return ERR_OK;
		}
		if (errno != EEXIST)
			return sys_error();
	}
	return ERR_EXISTS;
}

static int
files_sync(const int *fds, size_t count)
{
	return disk_sync(fds, count) == ERR_OK ? ERR_OK : sys_error();
}

int
spool_settle(struct spool *s, const int *fds, size_t count)
{
	int	 r;

	if ((r = files_sync(fds, count)) != ERR_OK)
		return r;
	return fsync(s->fd[TMP]) == -1 ? sys_error() : ERR_OK;
}

int
spool_commit_many(struct spool *s, char (*const names)[SPOOL_NAME_MAX + 1],
    const int *fds, size_t count)
{
	const int	 folders[] = { s->fd[NEW], s->fd[TMP] };
	struct stat	 st;
	size_t		 i;
	int		 r;

	if ((r = files_sync(fds, count)) != ERR_OK)
		return r;
	for (i = 0; i < count; i++) {
		if (fstat(fds[i], &st) == -1)
			return sys_error();
		if (renameat2(s->fd[TMP], names[i], s->fd[NEW], names[i],
		    RENAME_NOREPLACE) == -1)
			return errno == EEXIST ? ERR_EXISTS : sys_error();
		s->bytes += (uint64_t)st.st_size;
	}
	if (count > 1)
		return files_sync(folders, 2);
	if (fsync(s->fd[NEW]) == -1 || fsync(s->fd[TMP]) == -1)
		return sys_error();
	return ERR_OK;
}

int
spool_commit(struct spool *s, const char *name, int fd)
{
	char	 copy[1][SPOOL_NAME_MAX + 1];

	snprintf(copy[0], sizeof(copy[0]), "%s", name);
	return spool_commit_many(s, copy, &fd, 1);
}

void
spool_abort(struct spool *s, const char *name)
{
	unlinkat(s->fd[TMP], name, 0);
}

int
spool_in_tmp(struct spool *s, const char *name)
{
	struct stat	 st;

	return fstatat(s->fd[TMP], name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
spool_clear_tmp(struct spool *s)
{
	struct names	 all = {0};
	size_t		 i;
	int		 r;

	if ((r = folder_names_read(s, TMP, 0, &all)) != ERR_OK)
		goto out;
	for (i = 0; i < all.count; i++)
		if (unlinkat(s->fd[TMP], all.v[i], 0) == -1 &&
		    errno != ENOENT)
			r = ERR_SYS;
	if (r == ERR_OK)
		r = (int)all.count;
 out:
	names_free(&all);
	return r;
}

/* rename with both folders made durable, the new place first. */
static int
spool_move(struct spool *s, enum folder from, const char *name, enum folder to,
    const char *as)
{
	if (renameat2(s->fd[from], name, s->fd[to], as, RENAME_NOREPLACE) == -1)
		return errno == ENOENT ? ERR_NOTFOUND :
		    errno == EEXIST ? ERR_EXISTS : sys_error();
	if (fsync(s->fd[to]) == -1 || fsync(s->fd[from]) == -1)
		return sys_error();
	return ERR_OK;
}

/* The reason is written first: a held parcel never lacks it. */
static int
write_why(struct spool *s, const char *name, const char *why)
{
	char	 file[SPOOL_NAME_MAX + sizeof(SPOOL_WHY) + 1];
	int	 fd, r;

	snprintf(file, sizeof(file), "%s" SPOOL_WHY, name);
	fd = openat(s->fd[HELD], file,
	    O_WRONLY|O_CREAT|O_TRUNC|O_NOFOLLOW|O_CLOEXEC, 0640);
	if (fd == -1)
		return sys_error();
	r = fd_write_all(fd, why, strcspn(why, "\n"));
	if (r == ERR_OK)
		r = fd_write_all(fd, "\n", 1);
	if (r == ERR_OK && fsync(fd) == -1)
		r = sys_error();
	close(fd);
	return r;
}

int
spool_hold(struct spool *s, const char *name, const char *why)
{
	int	 r;

	if ((r = write_why(s, name, why)) != ERR_OK)
		return r;
	return spool_move(s, WORK, name, HELD, name);
}

int
spool_retry(struct spool *s, const char *name, const char *why)
{
	unsigned	 attempts;
	int		 r;

	if (name_base(name, &attempts) == 0)
		return ERR_FORMAT;
	if (attempts >= SPOOL_ATTEMPTS)
		return (r = spool_hold(s, name, why)) == ERR_OK ? 1 : r;
	return spool_move(s, WORK, name, NEW, name);
}

int
spool_release(struct spool *s, const char *name)
{
	char		 as[SPOOL_NAME_MAX + 1];
	unsigned	 attempts;
	int		 r;

	if (name_base(name, &attempts) == 0)
		return ERR_FORMAT;
	r = name_with(name, attempts > 0 ? attempts - 1 : 0, as);
	return r != ERR_OK ? r : spool_move(s, WORK, name, NEW, as);
}

int
spool_recover(struct spool *s, int crashed)
{
	struct names	 all = {0};
	size_t		 i;
	int		 back = 0, r;

	if ((r = folder_names_read(s, WORK, 0, &all)) != ERR_OK)
		goto out;
	for (i = 0; i < all.count; i++) {
		r = crashed ? spool_retry(s, all.v[i],
		    "the program crashed while it worked on this parcel") :
		    spool_release(s, all.v[i]);
		if (r < 0 && r != ERR_NOTFOUND)
			goto out;
		back += r == 0;
	}
	r = back;
 out:
	names_free(&all);
	return r;
}

/* A captured producer may have left any kind of file under any name. */
static int
parcel_file_open(struct spool *s, enum folder f, const char *name, int *fdp)
{
	struct stat	 st;
	int		 fd;

	fd = openat(s->fd[f], name, O_RDONLY|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT ? ERR_NOTFOUND :
		    errno == ELOOP || errno == ENXIO ? ERR_FORMAT : ERR_SYS;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(fd);
		return ERR_FORMAT;
	}
	*fdp = fd;
	return ERR_OK;
}

/* Claims one name: ERR_NOTFOUND when another consumer was quicker. */
static int
claim_name(struct spool *s, const char *old, char name[SPOOL_NAME_MAX + 1],
    int *fdp, unsigned *attempt)
{
	unsigned	 attempts;
	int		 r;

	if (name_base(old, &attempts) == 0)
		return ERR_NOTFOUND;
	if ((r = name_with(old, attempts + 1, name)) != ERR_OK)
		return r;
	if (renameat2(s->fd[NEW], old, s->fd[WORK], name,
	    RENAME_NOREPLACE) == -1)
		return errno == ENOENT ? ERR_NOTFOUND : sys_error();
	r = parcel_file_open(s, WORK, name, fdp);
	if (r == ERR_FORMAT) {
		r = spool_hold(s, name, "this is not a regular file");
		return r == ERR_OK ? ERR_NOTFOUND : r;
	}
	*attempt = attempts + 1;
	return r;
}

int
spool_claim(struct spool *s, char name[SPOOL_NAME_MAX + 1], int *fdp,
    unsigned *attempt)
{
	struct names	*n = &s->ready;
	int		 looked = 0, r;
	char		*old;

	for (;;) {
		if (n->next == n->count) {
			if (looked++)
				return ERR_AGAIN;
			names_clear(n);
			r = folder_names_read(s, NEW, SPOOL_BATCH, n);
			if (r != ERR_OK)
				return r;
			if (n->count == 0)
				return ERR_AGAIN;
		}
		old = n->v[n->next++];
		r = claim_name(s, old, name, fdp, attempt);
		free(old);
		if (r != ERR_NOTFOUND)
			return r;
	}
}

int
spool_done_soon(struct spool *s, const char *name)
{
	if (unlinkat(s->fd[WORK], name, 0) == -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	return ERR_OK;
}

int
spool_done(struct spool *s, const char *name)
{
	int	 r;

	if ((r = spool_done_soon(s, name)) != ERR_OK)
		return r;
	return fsync(s->fd[WORK]) == -1 ? ERR_SYS : ERR_OK;
}

int
spool_sent(struct spool *s, const char *name)
{
	if (renameat2(s->fd[WORK], name, s->fd[SENT], name,
	    RENAME_NOREPLACE) == -1)
		return errno == ENOENT ? ERR_NOTFOUND : sys_error();
	return ERR_OK;
}

int
spool_expire(struct spool *s, int64_t keep_s)
{
	struct names	 all = {0};
	struct stat	 st;
	int64_t		 now = clock_ms(CLOCK_REALTIME) / 1000;
	size_t		 i;
	int		 gone = 0, r;

	if ((r = folder_names_read(s, SENT, 0, &all)) != ERR_OK)
		goto out;
	/* ctime is when the file was moved here; nobody can set it. */
	for (i = 0; i < all.count; i++)
		if (fstatat(s->fd[SENT], all.v[i], &st,
		    AT_SYMLINK_NOFOLLOW) == 0 &&
		    now - (int64_t)st.st_ctime > keep_s &&
		    unlinkat(s->fd[SENT], all.v[i], 0) == 0)
			gone++;
	r = gone;
 out:
	names_free(&all);
	return r;
}

int
spool_wake_fd(struct spool *s)
{
	char	 path[64], above[72];

	if (s->wake != -1)
		return s->wake;
	if ((s->wake = inotify_init1(IN_CLOEXEC|IN_NONBLOCK)) == -1)
		return ERR_SYS;
	/* By its fd: the folder may lie above a root we left. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd[NEW]);
	snprintf(above, sizeof(above), "%s/..", path);
	if (inotify_add_watch(s->wake, path, IN_MOVED_TO) == -1 ||
	    inotify_add_watch(s->wake, above, IN_MOVED_TO) == -1) {
		close(s->wake);
		s->wake = -1;
		return ERR_SYS;
	}
	return s->wake;
}

void
spool_wake_clear(struct spool *s)
{
	char	 events[4096];

	while (s->wake != -1 && read(s->wake, events, sizeof(events)) > 0)
		;
}

int
spool_waiting(struct spool *s, struct spool_stat *st)
{
	struct spool_stat	 t = {0};
	int			 r;

	if ((r = folder_measure(s, NEW, &t.new_count, &t.bytes,
	    &t.oldest_ms)) != ERR_OK ||
	    (r = folder_measure(s, WORK, &t.work_count, &t.bytes,
	    &t.oldest_ms)) != ERR_OK)
		return r;
	*st = t;
	return ERR_OK;
}

int
spool_stat(struct spool *s, struct spool_stat *st)
{
	struct spool_stat	 t = {0};
	uint64_t		 other = 0;
	int			 r;

	if ((r = spool_waiting(s, &t)) != ERR_OK ||
	    (r = folder_measure(s, HELD, &t.held_count, &other, NULL)) !=
	    ERR_OK ||
	    (r = folder_measure(s, SENT, &t.sent_count, &other, NULL)) !=
	    ERR_OK)
		return r;
	*st = t;
	return ERR_OK;
}

static enum folder
folder_find(const char *name)
{
	int	 f = 0;

	while (f < FOLDERS && strcmp(folder_names[f], name) != 0)
		f++;
	return (enum folder)f;
}

int
spool_open_file(struct spool *s, const char *folder, const char *name, int *fdp)
{
	enum folder	 f = folder_find(folder);
	unsigned	 attempts;

	if (f == FOLDERS || name_base(name, &attempts) == 0)
		return ERR_NOTFOUND;
	return parcel_file_open(s, f, name, fdp);
}

int
spool_each(struct spool *s, const char *folder,
    int (*fn)(void *arg, const char *name, int fd), void *arg)
{
	struct names	 all = {0};
	enum folder	 f = folder_find(folder);
	size_t		 i;
	int		 fd, r;

	if (f == FOLDERS)
		return ERR_NOTFOUND;
	if ((r = folder_names_read(s, f, 0, &all)) != ERR_OK)
		goto out;
	for (i = 0; i < all.count && r >= 0; i++) {
		if (parcel_file_open(s, f, all.v[i], &fd) != ERR_OK)
			continue;
		r = fn(arg, all.v[i], fd);
		close(fd);
	}
	r = r > 0 ? ERR_OK : r;
 out:
	names_free(&all);
	return r;
}
