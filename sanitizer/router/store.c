/*
 * Bytes that wait for their turn: in memory while few, then in an unnamed file.
 * Runs in limpid-sanitizerd and limpid-clean. Hostile input: none is looked at;
 * answers and children of mails pass through as they are.
 * Must never give a name to a file, nor a worker a file that can be written.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "wire.h"

#define STORE_MEMORY	(256 * 1024)

struct store {
	int		 dirfd;
	int		 fd;		/* -1 while in memory */
	uint8_t		*data;
	size_t		 room;
	uint64_t	 len;
};

struct store *
store_new(int dirfd)
{
	struct store	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->dirfd = dirfd;
	s->fd = -1;
	return s;
}

void
store_free(struct store *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	free(s->data);
	free(s);
}

/* From memory to a file. */
static int
spill(struct store *s)
{
	int	fd = -1, r;

	if (s->dirfd != -1)
		fd = openat(s->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd == -1)
		fd = memfd_create("limpid-store", MFD_CLOEXEC);
	if (fd == -1)
		return ERR_SYS;
	if ((r = fd_write_all(fd, s->data, (size_t)s->len)) != ERR_OK) {
		close(fd);
		return r;
	}
	free(s->data);
	s->data = NULL;
	s->room = 0;
	s->fd = fd;
	return ERR_OK;
}

static int
append_memory(struct store *s, const void *data, size_t len)
{
	size_t	 room = s->room != 0 ? s->room : 1024;
	uint8_t	*p;

	while (room < s->len + len)
		room *= 2;
	if (room != s->room) {
		if ((p = realloc(s->data, room)) == NULL)
			return ERR_MEMORY;
		s->data = p;
		s->room = room;
	}
	memcpy(s->data + s->len, data, len);
	return ERR_OK;
}

int
store_append(struct store *s, const void *data, size_t len)
{
	int	r;

	if (len == 0)
		return ERR_OK;
	if (s->fd == -1 && s->len + len > STORE_MEMORY &&
	    (r = spill(s)) != ERR_OK)
		return r;
	r = s->fd == -1 ? append_memory(s, data, len) :
	    fd_write_all(s->fd, data, len);
	if (r == ERR_OK)
		s->len += len;
	return r;
}

int
store_read(const struct store *s, uint64_t offset, void *out, size_t len)
{
	size_t	 done = 0;
	ssize_t	 n;

	if (offset > s->len || len > s->len - offset)
		return ERR_SHORT;
	if (s->fd == -1) {
		if (len > 0)
			memcpy(out, s->data + offset, len);
		return ERR_OK;
	}
	while (done < len) {
		n = pread(s->fd, (uint8_t *)out + done, len - done,
		    (off_t)(offset + done));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYS;
		if (n == 0)
			return ERR_SHORT;
		done += (size_t)n;
	}
	return ERR_OK;
}

uint64_t
store_len(const struct store *s)
{
	return s->len;
}

int
store_seal(int memfd)
{
	if (fcntl(memfd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW |
	    F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
		return ERR_SYS;
	return ERR_OK;
}

int
store_take_range(const struct store *s, uint64_t offset, uint64_t len,
    int *fdp)
{
	uint8_t		 block[65536];
	uint64_t	 done;
	size_t		 n;
	int		 fd, r = ERR_SYS;

	if ((fd = memfd_create("limpid-part", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING)) == -1)
		return ERR_SYS;
	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(block) ? (size_t)(len - done) :
		    sizeof(block);
		if ((r = store_read(s, offset + done, block, n)) != ERR_OK ||
		    (r = fd_write_all(fd, block, n)) != ERR_OK)
			goto out;
	}
	if (lseek(fd, 0, SEEK_SET) == -1) {
		r = ERR_SYS;
		goto out;
	}
	if ((r = store_seal(fd)) != ERR_OK)
		goto out;
	*fdp = fd;
	fd = -1;
 out:
	if (fd != -1)
		close(fd);
	return r;
}
