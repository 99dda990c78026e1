/*
 * The bounded buffer through which all bytes between processes pass, frames
 * on streams, checked sizes and whole-buffer I/O. Run by every process.
 * Hostile: every byte that is read, so every length is checked against what is
 * there before it is used. Must never allocate by a length that a peer claims
 * above the fixed maximum, and must never hand out a pointer past the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "err.h"
#include "wire.h"

#define WIRE_FIRST	256	/* first allocation */
#define FRAME_HEAD	5	/* u32 length, u8 type */
#define FRAME_STEP	65536	/* read ahead of what has really arrived */

struct wire {
	uint8_t		*own;	/* NULL over borrowed bytes */
	const uint8_t	*data;
	size_t		 len, room, max, at;
};

struct wire *
wire_new(size_t max)
{
	struct wire	*w = calloc(1, sizeof(*w));

	if (w != NULL)
		w->max = max;
	return w;
}

struct wire *
wire_new_over(const uint8_t *data, size_t len)
{
	struct wire	*w = calloc(1, sizeof(*w));

	if (w != NULL) {
		w->data = data;
		w->len = w->max = len;
	}
	return w;
}

void
wire_free(struct wire *w)
{
	if (w == NULL)
		return;
	free(w->own);
	free(w);
}

void
wire_clear(struct wire *w)
{
	w->len = w->at = 0;
	if (w->own == NULL)
		w->data = NULL;
}

/* Makes room for n more bytes. */
static int
wire_grow(struct wire *w, size_t n)
{
	size_t	 need, room;
	uint8_t	*p;

	if (n > w->max - w->len)
		return ERR_LIMIT;
	need = w->len + n;
	if (w->own == NULL && w->len > 0)
		return ERR_LIMIT;	/* borrowed bytes are only read */
	if (need <= w->room)
		return ERR_OK;
	room = w->room > 0 ? w->room : WIRE_FIRST;
	while (room < need)
		room = room > w->max / 2 ? w->max : room * 2;
	if (room > w->max)
		room = w->max;
	if ((p = realloc(w->own, room)) == NULL)
		return ERR_MEMORY;
	w->own = p;
	w->data = p;
	w->room = room;
	return ERR_OK;
}

int
wire_put_raw(struct wire *w, const void *data, size_t len)
{
	int	 r;

	if (len == 0)
		return ERR_OK;
	if ((r = wire_grow(w, len)) != ERR_OK)
		return r;
	memcpy(w->own + w->len, data, len);
	w->len += len;
	return ERR_OK;
}

static int
wire_put_int(struct wire *w, uint64_t v, size_t bytes)
{
	uint8_t	 b[8];
	size_t	 i;

	for (i = 0; i < bytes; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	return wire_put_raw(w, b, bytes);
}

int
wire_put_u8(struct wire *w, uint8_t v)
{
	return wire_put_int(w, v, 1);
}

int
wire_put_u16(struct wire *w, uint16_t v)
{
	return wire_put_int(w, v, 2);
}

int
wire_put_u32(struct wire *w, uint32_t v)
{
	return wire_put_int(w, v, 4);
}

int
wire_put_u64(struct wire *w, uint64_t v)
{
	return wire_put_int(w, v, 8);
}

int
wire_put_data(struct wire *w, const void *data, size_t len)
{
	size_t	 before = w->len;
	int	 r;

	if (len > UINT32_MAX)
		return ERR_LIMIT;
	if ((r = wire_put_u32(w, (uint32_t)len)) != ERR_OK)
		return r;
	if ((r = wire_put_raw(w, data, len)) != ERR_OK)
		w->len = before;
	return r;
}

int
wire_put_text(struct wire *w, const char *s)
{
	return s == NULL ? wire_put_data(w, "", 0) :
	    wire_put_data(w, s, strlen(s));
}

int
wire_get_raw(struct wire *w, const uint8_t **datap, size_t n)
{
	if (n > w->len - w->at)
		return ERR_SHORT;
	*datap = n == 0 && w->data == NULL ? (const uint8_t *)"" :
	    w->data + w->at;
	w->at += n;
	return ERR_OK;
}

static int
wire_get_int(struct wire *w, uint64_t *vp, size_t bytes)
{
	const uint8_t	*b;
	uint64_t	 v = 0;
	int		 r;

	if ((r = wire_get_raw(w, &b, bytes)) != ERR_OK)
		return r;
	while (bytes-- > 0)
		v = v << 8 | b[bytes];
	*vp = v;
	return ERR_OK;
}

int
wire_get_u8(struct wire *w, uint8_t *vp)
{
	uint64_t	 v;
	int		 r;

	if ((r = wire_get_int(w, &v, 1)) == ERR_OK)
		*vp = (uint8_t)v;
	return r;
}

int
wire_get_u16(struct wire *w, uint16_t *vp)
{
	uint64_t	 v;
	int		 r;

	if ((r = wire_get_int(w, &v, 2)) == ERR_OK)
		*vp = (uint16_t)v;
	return r;
}

int
wire_get_u32(struct wire *w, uint32_t *vp)
{
	uint64_t	 v;
	int		 r;

	if ((r = wire_get_int(w, &v, 4)) == ERR_OK)
		*vp = (uint32_t)v;
	return r;
}

int
wire_get_u64(struct wire *w, uint64_t *vp)
{
	return wire_get_int(w, vp, 8);
}

int
wire_get_data(struct wire *w, const uint8_t **datap, size_t *lenp)
{
	size_t		 before = w->at;
	uint32_t	 len;
	int		 r;

	if ((r = wire_get_u32(w, &len)) != ERR_OK)
		return r;
	if ((r = wire_get_raw(w, datap, len)) != ERR_OK) {
		w->at = before;
		return r;
	}
	*lenp = len;
	return ERR_OK;
}

int
wire_get_text(struct wire *w, size_t max, char **sp)
{
	size_t		 before = w->at, len;
	const uint8_t	*data;
	char		*s;
	int		 r;

	if ((r = wire_get_data(w, &data, &len)) != ERR_OK)
		return r;
	if (len > max)
		r = ERR_LIMIT;
	else if (memchr(data, '\0', len) != NULL)
		r = ERR_FORMAT;
	else if ((s = malloc(len + 1)) == NULL)
		r = ERR_MEMORY;
	if (r != ERR_OK) {
		w->at = before;
		return r;
	}
	memcpy(s, data, len);
	s[len] = '\0';
	*sp = s;
	return ERR_OK;
}

int
wire_end(const struct wire *w)
{
	return w->at == w->len ? ERR_OK : ERR_FORMAT;
}

const uint8_t *
wire_data(const struct wire *w)
{
	return w->data;
}

size_t
wire_len(const struct wire *w)
{
	return w->len;
}

size_t
wire_left(const struct wire *w)
{
	return w->len - w->at;
}

int
wire_write_frame(int fd, uint8_t type, const void *data, size_t len)
{
	uint8_t		 head[FRAME_HEAD];
	struct iovec	 iov[2] = { { head, FRAME_HEAD }, { NULL, len } };
	ssize_t		 n;
	size_t		 i;

	if (len > UINT32_MAX)
		return ERR_LIMIT;
	for (i = 0; i < 4; i++)
		head[i] = (uint8_t)(len >> (8 * i));
	head[4] = type;
	memcpy(&iov[1].iov_base, &data, sizeof(data));	/* only read from */
	do
		n = writev(fd, iov, len > 0 ? 2 : 1);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return ERR_SYS;
	if ((size_t)n < FRAME_HEAD) {
		int	 r = fd_write_all(fd, head + n, FRAME_HEAD - (size_t)n);

		if (r != ERR_OK)
			return r;
		n = FRAME_HEAD;
	}
	n -= FRAME_HEAD;
	if ((size_t)n == len)
		return ERR_OK;
	return fd_write_all(fd, (const uint8_t *)data + n, len - (size_t)n);
}

/* Reads len bytes into w, growing only as they arrive. */
static int
wire_fill(struct wire *w, int fd, size_t len)
{
	size_t	 step;
	int	 r;

	while (len > 0) {
		step = len < FRAME_STEP ? len : FRAME_STEP;
		if ((r = wire_grow(w, step)) != ERR_OK)
			return r;
		if ((r = fd_read_all(fd, w->own + w->len, step)) != ERR_OK)
			return r;
		w->len += step;
		len -= step;
	}
	return ERR_OK;
}

int
wire_read_frame(int fd, size_t max, struct wire *w, uint8_t *typep)
{
	uint8_t	 head[FRAME_HEAD];
	size_t	 len = 0;
	ssize_t	 n;
	int	 i, r;

	wire_clear(w);
	do
		n = read(fd, head, 1);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return ERR_SYS;
	if (n == 0)
		return ERR_NOTFOUND;
	if ((r = fd_read_all(fd, head + 1, FRAME_HEAD - 1)) != ERR_OK)
		return r;
	for (i = 3; i >= 0; i--)
		len = len << 8 | head[i];
	if (len > max)
		return ERR_LIMIT;
	if ((r = wire_fill(w, fd, len)) != ERR_OK) {
		wire_clear(w);
		return r;
	}
	*typep = head[4];
	return ERR_OK;
}

int
size_mul(size_t a, size_t b, size_t *out)
{
	return __builtin_mul_overflow(a, b, out) ? ERR_LIMIT : ERR_OK;
}

int
fd_write_all(int fd, const void *data, size_t len)
{
	const uint8_t	*p = data;
	ssize_t		 n;

	while (len > 0) {
		if ((n = write(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			return ERR_SYS;
		}
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

int
fd_write_at(int fd, const void *data, size_t len, int64_t at)
{
	const uint8_t	*p = data;
	ssize_t		 n;

	while (len > 0) {
		if ((n = pwrite(fd, p, len, (off_t)at)) == -1) {
			if (errno == EINTR)
				continue;
			return errno == ENOSPC || errno == EDQUOT ? ERR_FULL :
			    ERR_SYS;
		}
		p += n;
		at += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}

int
fd_read_at(int fd, void *data, size_t len, uint64_t at)
{
	uint8_t	*p = data;
	ssize_t	 n;

	while (len > 0) {
		if ((n = pread(fd, p, len, (off_t)at)) == -1) {
			if (errno == EINTR)
				continue;
			return ERR_SYS;
		}
		if (n == 0)
			return ERR_SHORT;
		p += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return ERR_OK;
}

int
fd_read_all(int fd, void *data, size_t len)
{
	uint8_t	*p = data;
	ssize_t	 n;

	while (len > 0) {
		if ((n = read(fd, p, len)) == -1) {
			if (errno == EINTR)
				continue;
			return ERR_SYS;
		}
		if (n == 0)
			return ERR_SHORT;
		p += n;
		len -= (size_t)n;
	}
	return ERR_OK;
}
