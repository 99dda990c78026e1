/*
 * Promises and answers. Run by limpid-intaked. Hostile: nothing; a torn last
 * line after a crash is expected. Must never lose a promise that was synced
 * and not answered, and must never give two mails one reference unless they
 * are equal.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "err.h"
#include "journal.h"
#include "proc.h"
#include "wire.h"

#define JOURNAL		"journal"
#define JOURNAL_NEW	"journal.new"
#define REWRITE_BYTES	(1024 * 1024)
#define LINE_LEN	256

struct promise {
	uint8_t		 hash[SHA256_BYTES];
	struct ref	 ref;
	int64_t		 made_ms;
	int		 orphan;
};

struct journal {
	int		 dir, fd, lock;
	struct promise	*v;
	size_t		 count, room;
	char		*text;		/* not yet written */
	size_t		 text_len, text_room;
	uint64_t	 size, live;	/* of the file; when it was rewritten */
	int		 dirty;		/* written, not yet synced */
};

static void
hex(const uint8_t hash[SHA256_BYTES], char out[2 * SHA256_BYTES + 1])
{
	int	 i;

	for (i = 0; i < SHA256_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

static int
unhex(const char *s, uint8_t hash[SHA256_BYTES])
{
	unsigned	 v;
	int		 i;

	for (i = 0; i < SHA256_BYTES; i++) {
		if (sscanf(s + 2 * i, "%2x", &v) != 1)
			return ERR_FORMAT;
		hash[i] = (uint8_t)v;
	}
	return ERR_OK;
}

static int
promise_add(struct journal *j, const struct promise *p)
{
	size_t		 room = j->room > 0 ? j->room * 2 : 64;
	struct promise	*v;

	if (j->count == j->room) {
		if ((v = reallocarray(j->v, room, sizeof(*v))) == NULL)
			return ERR_MEMORY;
		j->v = v;
		j->room = room;
	}
	j->v[j->count++] = *p;
	return ERR_OK;
}

static int
promise_is_old(const struct promise *p)
{
	return p->made_ms < proc_wall_ms() - JOURNAL_KEEP_S * 1000LL;
}

static struct promise *
promise_by_ref(struct journal *j, const struct ref *ref)
{
	size_t	 i;

	for (i = 0; i < j->count; i++)
		if (memcmp(j->v[i].ref.b, ref->b, REF_BYTES) == 0)
			return &j->v[i];
	return NULL;
}

static void
promise_remove(struct journal *j, struct promise *p)
{
	*p = j->v[--j->count];
}

/* Queues one line. */
static int
line_add(struct journal *j, const char *line)
{
	size_t	 n = strlen(line), room = j->text_room;
	char	*p;

	if (j->text_len + n > room) {
		room = (j->text_len + n) * 2;
		if ((p = realloc(j->text, room)) == NULL)
			return ERR_MEMORY;
		j->text = p;
		j->text_room = room;
	}
	memcpy(j->text + j->text_len, line, n);
	j->text_len += n;
	return ERR_OK;
}

static void
promise_line(const struct promise *p, char out[LINE_LEN])
{
	char	 h[2 * SHA256_BYTES + 1], ref[REF_TEXT_LEN + 1];

	hex(p->hash, h);
	ref_format(&p->ref, ref);
	snprintf(out, LINE_LEN, "P %s %s %" PRId64 "\n", h, ref, p->made_ms);
}

/* One whole line of the file; what is not a line of ours is passed over. */
static int
line_read(struct journal *j, const char *line)
{
	char		 h[2 * SHA256_BYTES + 1], ref[REF_TEXT_LEN + 1];
	struct promise	 p = { .orphan = 1 };
	size_t		 i;

	if (sscanf(line, "P %64[0-9a-f] %26s %" SCNd64, h, ref, &p.made_ms) ==
	    3 && strlen(h) == 2 * SHA256_BYTES && unhex(h, p.hash) == ERR_OK &&
	    ref_parse(ref, &p.ref) == ERR_OK) {
		if (promise_is_old(&p) || promise_by_ref(j, &p.ref) != NULL)
			return ERR_OK;
		return promise_add(j, &p);
	}
	if (sscanf(line, "A %26s", ref) == 1 &&
	    ref_parse(ref, &p.ref) == ERR_OK)
		for (i = 0; i < j->count; i++)
			if (memcmp(j->v[i].ref.b, p.ref.b, REF_BYTES) == 0) {
				promise_remove(j, &j->v[i]);
				break;
			}
	return ERR_OK;
}

static int
file_read(struct journal *j)
{
	char	*line = NULL;
	size_t	 room = 0;
	ssize_t	 n;
	FILE	*f;
	int	 fd, r = ERR_OK;

	if ((fd = openat(j->dir, JOURNAL, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? ERR_OK : ERR_SYS;
	if ((f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return ERR_MEMORY;
	}
	while (r == ERR_OK && (n = getline(&line, &room, f)) != -1)
		if (n > 0 && line[n - 1] == '\n')
			r = line_read(j, line);
	if (r == ERR_OK && ferror(f))
		r = ERR_SYS;
	free(line);
	fclose(f);
	return r;
}

/* Hands queued lines to the kernel; a line cut by a full disk is taken back. */
static int
text_write(struct journal *j)
{
	if (j->text_len == 0)
		return ERR_OK;
	if (fd_write_all(j->fd, j->text, j->text_len) != ERR_OK) {
		int	 r = errno == ENOSPC || errno == EDQUOT ? ERR_FULL :
			    ERR_SYS;

		return ftruncate(j->fd, (off_t)j->size) == -1 ? ERR_SYS : r;
	}
	j->size += j->text_len;
	j->text_len = 0;
	j->dirty = 1;
	return ERR_OK;
}

/* A fresh file with what still matters takes the place of the old one. */
static int
file_rewrite(struct journal *j)
{
	char	 line[LINE_LEN];
	size_t	 i;
	int	 fd, r = ERR_OK;

	j->text_len = 0;	/* all of it is in the list */
	for (i = j->count; i-- > 0; )
		if (j->v[i].orphan && promise_is_old(&j->v[i]))
			promise_remove(j, &j->v[i]);
	for (i = 0; i < j->count && r == ERR_OK; i++) {
		promise_line(&j->v[i], line);
		r = line_add(j, line);
	}
	if (r != ERR_OK)
		return r;
	if ((fd = openat(j->dir, JOURNAL_NEW, O_WRONLY | O_CREAT | O_TRUNC |
	    O_APPEND | O_CLOEXEC, 0600)) == -1)
		return ERR_SYS;
	if ((r = fd_write_all(fd, j->text, j->text_len)) == ERR_OK &&
	    (fsync(fd) == -1 || renameat(j->dir, JOURNAL_NEW, j->dir, JOURNAL)
	    == -1 || fsync(j->dir) == -1))
		r = ERR_SYS;
	if (r != ERR_OK) {
		close(fd);
		return r;
	}
	if (j->fd != -1)
		close(j->fd);
	j->fd = fd;
	j->size = j->live = j->text_len;
	j->text_len = 0;
	j->dirty = 0;
	return ERR_OK;
}

int
journal_open(const char *path, struct journal **jp)
{
	struct journal	*j = calloc(1, sizeof(*j));
	int		 r = ERR_SYS;

	if (j == NULL)
		return ERR_MEMORY;
	j->fd = j->lock = -1;
	if ((j->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
		goto out;
	}
	if ((j->lock = openat(j->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC,
	    0600)) == -1)
		goto out;
	if (flock(j->lock, LOCK_EX | LOCK_NB) == -1) {
		r = errno == EWOULDBLOCK ? ERR_AGAIN : ERR_SYS;
		goto out;
	}
	if ((r = file_read(j)) != ERR_OK || (r = file_rewrite(j)) != ERR_OK)
		goto out;
	*jp = j;
	j = NULL;
 out:
	journal_close(j);
	return r;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->fd != -1) {
		(void)text_write(j);
		close(j->fd);
	}
	if (j->lock != -1)
		close(j->lock);
	if (j->dir != -1)
		close(j->dir);
	free(j->text);
	free(j->v);
	free(j);
}

int
journal_promise(struct journal *j, const uint8_t hash[SHA256_BYTES],
    struct ref *ref, int *again)
{
	struct promise	 p = { .made_ms = proc_wall_ms() };
	char		 line[LINE_LEN];
	size_t		 i;
	int		 r;

	for (i = 0; i < j->count; i++)
		if (j->v[i].orphan &&
		    memcmp(j->v[i].hash, hash, SHA256_BYTES) == 0) {
			j->v[i].orphan = 0;
			*ref = j->v[i].ref;
			*again = 1;
			return ERR_OK;
		}
	memcpy(p.hash, hash, SHA256_BYTES);
	if ((r = ref_new(&p.ref)) != ERR_OK)
		return r;
	promise_line(&p, line);
	if ((r = line_add(j, line)) != ERR_OK ||
	    (r = promise_add(j, &p)) != ERR_OK)
		return r;
	*ref = p.ref;
	*again = 0;
	return ERR_OK;
}

int
journal_sync(struct journal *j)
{
	int	 r;

	if (j->size > j->live + REWRITE_BYTES)
		return file_rewrite(j);
	if ((r = text_write(j)) != ERR_OK)
		return r;
	if (j->dirty && fdatasync(j->fd) == -1)
		return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS;
	j->dirty = 0;
	return ERR_OK;
}

int
journal_answered(struct journal *j, const struct ref *ref)
{
	char		 text[REF_TEXT_LEN + 1], line[LINE_LEN];
	struct promise	*p = promise_by_ref(j, ref);

	if (p == NULL)
		return ERR_OK;
	promise_remove(j, p);
	ref_format(ref, text);
	snprintf(line, sizeof(line), "A %s\n", text);
	/* Not synced: after a power cut the worst is an orphan too many. */
	return line_add(j, line) == ERR_OK ? text_write(j) : ERR_MEMORY;
}

void
journal_orphan(struct journal *j, const struct ref *ref)
{
	struct promise	*p = promise_by_ref(j, ref);

	if (p != NULL)
		p->orphan = 1;
}
