/*
 * Originals, sealed. Run by limpid-intaked. Hostile: the bytes, which are only
 * sealed. Must never write anything of an original in the clear, must never
 * replace or remove an original that has its name, and holds no key that could
 * open one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"
#include "vault.h"
#include "wire.h"

#define VAULT_MAGIC	"LMPV"
#define VAULT_VERSION	1
#define VAULT_CONTEXT	"limpid-vault-1"
#define NAME_LEN	(REF_TEXT_LEN + 4)	/* REF.vlt */

/* A file in tmp that waits for vault_sync. */
struct waiting {
	int	 fd;
	char	 ref[REF_TEXT_LEN + 1];
};

struct vault {
	int			 fd, tmp;
	const struct key	*seal_to;
	struct waiting		*waiting;
	size_t			 count, room;
	int			 fresh;		/* a folder was made */
};

static int
disk_error(void)
{
	return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_SYS;
}

static int
folder_open(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);
}

/* What a crash left in tmp was never promised to anybody. */
static int
tmp_clear(int fd)
{
	struct dirent	*e;
	DIR		*dir;
	int		 copy = dup(fd);

	if (copy == -1 || (dir = fdopendir(copy)) == NULL) {
		if (copy != -1)
			close(copy);
		return ERR_SYS;
	}
	while ((e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(fd, e->d_name, 0);
	closedir(dir);
	return ERR_OK;
}

int
vault_open(const char *path, const struct key *seal_to, struct vault **vp)
{
	struct vault	*v = calloc(1, sizeof(*v));
	int		 r = ERR_SYS;

	if (v == NULL)
		return ERR_MEMORY;
	v->seal_to = seal_to;
	v->tmp = -1;
	if ((v->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
		goto out;
	}
	if (mkdirat(v->fd, "tmp", 0700) == -1 && errno != EEXIST)
		goto out;
	if ((v->tmp = folder_open(v->fd, "tmp")) == -1)
		goto out;
	if ((r = tmp_clear(v->tmp)) != ERR_OK)
		goto out;
	*vp = v;
	v = NULL;
 out:
	vault_close(v);
	return r;
}

/* Forgets what waits; the files go. */
static void
vault_drop(struct vault *v)
{
	while (v->count > 0) {
		v->count--;
		close(v->waiting[v->count].fd);
		unlinkat(v->tmp, v->waiting[v->count].ref, 0);
	}
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	vault_drop(v);
	free(v->waiting);
	if (v->tmp != -1)
		close(v->tmp);
	if (v->fd != -1)
		close(v->fd);
	free(v);
}

static int
head_encode(const struct vault *v, const struct ref *ref, int64_t received_ms,
    const uint8_t digest[SHA256_BYTES], uint64_t size,
    uint8_t out[VAULT_HEADER])
{
	struct wire	*w = wire_new(VAULT_HEADER);
	uint8_t		 id[8];
	int		 r;

	if (w == NULL)
		return ERR_MEMORY;
	key_id(v->seal_to, id);
	if ((r = wire_put_raw(w, VAULT_MAGIC, 4)) == ERR_OK &&
	    (r = wire_put_u32(w, VAULT_VERSION)) == ERR_OK &&
	    (r = wire_put_raw(w, ref->b, REF_BYTES)) == ERR_OK &&
	    (r = wire_put_u64(w, (uint64_t)received_ms)) == ERR_OK &&
	    (r = wire_put_raw(w, id, sizeof(id))) == ERR_OK &&
	    (r = wire_put_u64(w, size)) == ERR_OK &&
	    (r = wire_put_raw(w, digest, SHA256_BYTES)) == ERR_OK &&
	    (r = wire_put_u32(w, 0)) == ERR_OK)
		memcpy(out, wire_data(w), VAULT_HEADER);
	wire_free(w);
	return r;
}

static int
file_sink(void *arg, const uint8_t *data, size_t len)
{
	if (fd_write_all(*(int *)arg, data, len) != ERR_OK)
		return disk_error();
	return ERR_OK;
}

static int
seal_step(void *arg, const uint8_t *data, size_t len)
{
	return seal_write(arg, data, len);
}

/* Header and sealed bytes into fd. */
static int
file_fill(int fd, const struct vault *v, const uint8_t head[VAULT_HEADER],
    const struct message *m)
{
	struct seal	*s = NULL;
	int		 r;

	if ((r = file_sink(&fd, head, VAULT_HEADER)) == ERR_OK &&
	    (r = seal_new(v->seal_to, VAULT_CONTEXT, head, VAULT_HEADER,
	    file_sink, &fd, &s)) == ERR_OK &&
	    (r = message_each(m, seal_step, s)) == ERR_OK)
		r = seal_finish(s);
	seal_free(s);
	return r;
}

static int
waiting_add(struct vault *v, int fd, const char *ref)
{
	size_t		 room = v->room > 0 ? v->room * 2 : 16;
	struct waiting	*p;

	if (v->count == v->room) {
		if ((p = reallocarray(v->waiting, room, sizeof(*p))) == NULL)
			return ERR_MEMORY;
		v->waiting = p;
		v->room = room;
	}
	v->waiting[v->count].fd = fd;
	memcpy(v->waiting[v->count].ref, ref, REF_TEXT_LEN + 1);
	v->count++;
	return ERR_OK;
}

int
vault_put(struct vault *v, const struct ref *ref, int64_t received_ms,
    const uint8_t digest[SHA256_BYTES], const struct message *m)
{
	uint8_t	 head[VAULT_HEADER];
	char	 name[REF_TEXT_LEN + 1];
	int	 fd, r;

	ref_format(ref, name);
	if ((r = head_encode(v, ref, received_ms, digest, message_size(m),
	    head)) != ERR_OK)
		return r;
	if ((fd = openat(v->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, 0440)) == -1)
		return disk_error();
	if ((r = file_fill(fd, v, head, m)) == ERR_OK &&
	    (r = waiting_add(v, fd, name)) == ERR_OK)
		return ERR_OK;
	close(fd);
	unlinkat(v->tmp, name, 0);
	return r;
}

/* Gives a waiting file its name. The folder is opened into *fdp. */
static int
waiting_name(struct vault *v, const struct waiting *w, int *fdp)
{
	char	 folder[3] = { w->ref[3], w->ref[4], '\0' };
	char	 name[NAME_LEN + 1];
	int	 fd;

	snprintf(name, sizeof(name), "%s.vlt", w->ref);
	if (mkdirat(v->fd, folder, 02750) == 0)
		v->fresh = 1;
	else if (errno != EEXIST)
		return disk_error();
	if ((fd = folder_open(v->fd, folder)) == -1)
		return ERR_SYS;
	*fdp = fd;
	if (renameat2(v->tmp, w->ref, fd, name, RENAME_NOREPLACE) == -1) {
		if (errno != EEXIST)
			return disk_error();
		unlinkat(v->tmp, w->ref, 0);
	}
	return ERR_OK;
}

/* What stands in the waiting list's descriptors, on disk. */
static int
waiting_sync(const struct vault *v)
{
	int	*fds = calloc(v->count + 1, sizeof(*fds)), r = ERR_OK;

	if (fds == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < v->count; i++)
		fds[i] = v->waiting[i].fd;
	if (disk_sync(fds, v->count) != ERR_OK)
		r = disk_error();
	free(fds);
	return r;
}

int
vault_sync(struct vault *v)
{
	size_t	 i;
	int	 fd, r;

	r = waiting_sync(v);
	for (i = 0; i < v->count && r == ERR_OK; i++) {
		fd = -1;
		r = waiting_name(v, &v->waiting[i], &fd);
		/* the folder takes the file's place, to be synced below */
		if (fd != -1) {
			close(v->waiting[i].fd);
			v->waiting[i].fd = fd;
		}
	}
	if (r == ERR_OK)
		r = waiting_sync(v);
	if (r == ERR_OK && v->fresh && fsync(v->fd) == -1)
		r = disk_error();
	if (r == ERR_OK)
		v->fresh = 0;
	vault_drop(v);
	return r;
}
