/*
 * Ledger of a sender (send_ledger.h has the format).
 * Run by limpid-diode-send only.
 * Hostile input: none; but a crash may tear the last entry.
 * Must never give a number twice, or change an entry.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "send_ledger.h"
#include "wire.h"

#define CHECK_AT	328
#define SEGMENT_NAME	"ledger-%016" PRIx64

struct ledger {
	int		 dir, fd;	/* fd: the segment being written */
	uint64_t	 first;		/* its first sequence */
	uint64_t	 last;
	uint8_t		 hash[32];
	int		 old_fd;	/* an older segment, kept open for reading */
	uint64_t	 old_first;
};

static void
put_number(uint8_t *out, uint64_t v)
{
	size_t	 i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t
get_number(const uint8_t *in)
{
	uint64_t	 v = 0;
	size_t		 i;

	for (i = 0; i < 8; i++)
		v |= (uint64_t)in[i] << (8 * i);
	return v;
}

static int
entry_encode(const struct ledger_entry *e, uint8_t out[LEDGER_BYTES])
{
	memset(out, 0, LEDGER_BYTES);
	memcpy(out, "LMLE", 4);
	put_number(out + 8, e->seq);
	put_number(out + 16, (uint64_t)e->made_ms);
	put_number(out + 24, e->parcel_len);
	memcpy(out + 32, e->name, strnlen(e->name, SPOOL_NAME_MAX));
	memcpy(out + 160, e->header, LINK_HEADER);
	return sha256(out, CHECK_AT, out + CHECK_AT);
}

static int
entry_decode(const uint8_t in[LEDGER_BYTES], struct ledger_entry *e)
{
	uint8_t	 check[32];
	int	 r;

	if ((r = sha256(in, CHECK_AT, check)) != ERR_OK)
		return r;
	if (memcmp(in, "LMLE", 4) != 0 ||
	    memcmp(check, in + CHECK_AT, sizeof(check)) != 0 ||
	    in[32 + SPOOL_NAME_MAX] != '\0')
		return ERR_FORMAT;
	e->seq = get_number(in + 8);
	e->made_ms = (int64_t)get_number(in + 16);
	e->parcel_len = get_number(in + 24);
	memcpy(e->name, in + 32, sizeof(e->name));
	memcpy(e->header, in + 160, LINK_HEADER);
	return ERR_OK;
}

static int
entry_read(int fd, uint64_t index, struct ledger_entry *e)
{
	uint8_t	 raw[LEDGER_BYTES];
	ssize_t	 n;

	n = pread(fd, raw, sizeof(raw), (off_t)(index * LEDGER_BYTES));
	if (n == -1)
		return ERR_SYS;
	return n == LEDGER_BYTES ? entry_decode(raw, e) : ERR_NOTFOUND;
}

static int
segment_open(struct ledger *l, uint64_t first, int flags, int *fdp)
{
	char	 name[64];
	int	 fd;

	snprintf(name, sizeof(name), SEGMENT_NAME, first);
	fd = openat(l->dir, name, flags|O_NOFOLLOW|O_CLOEXEC, 0640);
	if (fd == -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	*fdp = fd;
	return ERR_OK;
}

/* Calls fn with the first sequence of each segment, in no order. */
static int
segments_each(struct ledger *l, int (*fn)(struct ledger *l, uint64_t first,
    void *arg), void *arg)
{
	struct dirent	*d;
	uint64_t	 first;
	char		*end;
	DIR		*dir;
	int		 fd, r = ERR_OK;

	if ((fd = openat(l->dir, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		return ERR_SYS;
	if ((dir = fdopendir(fd)) == NULL) {
		close(fd);
		return ERR_SYS;
	}
	while (r == ERR_OK && (d = readdir(dir)) != NULL) {
		if (strncmp(d->d_name, "ledger-", 7) != 0 ||
		    strlen(d->d_name) != 23)
			continue;
		first = strtoull(d->d_name + 7, &end, 16);
		if (*end == '\0' && first != 0)
			r = fn(l, first, arg);
	}
	closedir(dir);
	return r;
}

static int
segment_newest(struct ledger *l, uint64_t first, void *arg)
{
	uint64_t	*newest = arg;

	(void)l;
	if (first > *newest)
		*newest = first;
	return ERR_OK;
}

/* Begins the segment for the next sequence. */
static int
segment_begin(struct ledger *l)
{
	int	 fd, r;

	r = segment_open(l, l->last + 1, O_RDWR|O_CREAT|O_EXCL, &fd);
	if (r != ERR_OK)
		return r;
	if (fsync(l->dir) == -1) {
		close(fd);
		return ERR_SYS;
	}
	if (l->fd != -1)
		close(l->fd);
	l->fd = fd;
	l->first = l->last + 1;
	return ERR_OK;
}

/* Finds the last whole entry of the newest segment and cuts what a crash left
 * behind it: an entry that was not synced was not sent. */
static int
segment_resume(struct ledger *l, uint64_t first)
{
	struct ledger_entry	 e;
	struct stat		 st;
	uint64_t		 n;
	int			 r;

	if ((r = segment_open(l, first, O_RDWR, &l->fd)) != ERR_OK)
		return r;
	if (fstat(l->fd, &st) == -1)
		return ERR_SYS;
	l->first = first;
	n = (uint64_t)st.st_size / LEDGER_BYTES;
	while (n > 0 && ((r = entry_read(l->fd, n - 1, &e)) != ERR_OK ||
	    e.seq != first + n - 1)) {
		if (r == ERR_SYS)
			return r;
		n--;
	}
	if (ftruncate(l->fd, (off_t)(n * LEDGER_BYTES)) == -1 ||
	    fsync(l->fd) == -1)
		return ERR_SYS;
	l->last = first + n - 1;
	if (n > 0)
		return sha256(e.header, LINK_HEADER, l->hash);
	if (l->last == 0)
		return ERR_OK;
	/* A segment that was begun and not yet written: its predecessor knows. */
	if ((r = ledger_read(l, l->last, &e)) != ERR_OK)
		return r;
	return sha256(e.header, LINK_HEADER, l->hash);
}

int
ledger_open(const char *path, struct ledger **lp)
{
	struct ledger	*l;
	uint64_t	 newest = 0;
	int		 r = ERR_SYS;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return ERR_MEMORY;
	l->fd = l->old_fd = -1;
	if (mkdir(path, 0750) == -1 && errno != EEXIST) {
		l->dir = -1;
		goto out;
	}
	if ((l->dir = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		goto out;
	if (flock(l->dir, LOCK_EX|LOCK_NB) == -1) {
		r = errno == EWOULDBLOCK ? ERR_AGAIN : ERR_SYS;
		goto out;
	}
	if ((r = segments_each(l, segment_newest, &newest)) != ERR_OK)
		goto out;
	r = newest == 0 ? segment_begin(l) : segment_resume(l, newest);
	if (r != ERR_OK)
		goto out;
	*lp = l;
	l = NULL;
 out:
	ledger_close(l);
	return r;
}

int
ledger_open_reader(const char *path, struct ledger **lp)
{
	struct ledger_entry	 e;
	struct ledger		*l;
	uint64_t		 newest = 0;
	int			 r = ERR_SYS;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return ERR_MEMORY;
	l->fd = l->old_fd = -1;
	if ((l->dir = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
		goto out;
	}
	if ((r = segments_each(l, segment_newest, &newest)) != ERR_OK)
		goto out;
	r = newest == 0 ? ERR_NOTFOUND :
	    segment_open(l, newest, O_RDONLY, &l->fd);
	if (r != ERR_OK)
		goto out;
	l->first = newest;
	for (l->last = newest - 1; entry_read(l->fd, l->last + 1 - newest,
	    &e) == ERR_OK && e.seq == l->last + 1; l->last++)
		;
	*lp = l;
	l = NULL;
 out:
	ledger_close(l);
	return r;
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->fd != -1)
		close(l->fd);
	if (l->old_fd != -1)
		close(l->old_fd);
	if (l->dir != -1)
		close(l->dir);
	free(l);
}

uint64_t
ledger_last(const struct ledger *l)
{
	return l->last;
}

void
ledger_last_hash(const struct ledger *l, uint8_t out[32])
{
	memcpy(out, l->hash, 32);
}

int
ledger_add(struct ledger *l, const struct ledger_entry *e)
{
	uint8_t	 raw[LEDGER_BYTES], hash[32];
	off_t	 at;
	int	 r;

	if (e->seq != l->last + 1)
		panic("ledger_add: a sequence out of turn");
	if (l->last + 1 - l->first == LEDGER_ENTRIES) {
		if ((r = ledger_sync(l)) != ERR_OK ||
		    (r = segment_begin(l)) != ERR_OK)
			return r;
	}
	at = (off_t)((e->seq - l->first) * LEDGER_BYTES);
	if ((r = entry_encode(e, raw)) != ERR_OK ||
	    (r = sha256(e->header, LINK_HEADER, hash)) != ERR_OK)
		return r;
	if ((r = fd_write_at(l->fd, raw, sizeof(raw), at)) != ERR_OK)
		return r;
	l->last = e->seq;
	memcpy(l->hash, hash, sizeof(hash));
	return ERR_OK;
}

int
ledger_sync(struct ledger *l)
{
	return fdatasync(l->fd) == -1 ? ERR_SYS : ERR_OK;
}

struct search {
	uint64_t	 seq, first;
};

/* The newest segment that begins at or before the wanted sequence. */
static int
segment_for(struct ledger *l, uint64_t first, void *arg)
{
	struct search	*s = arg;

	(void)l;
	if (first <= s->seq && first > s->first)
		s->first = first;
	return ERR_OK;
}

int
ledger_read(struct ledger *l, uint64_t seq, struct ledger_entry *e)
{
	struct search	 s = { seq, 0 };
	int		 fd, r;

	if (seq == 0 || seq > l->last)
		return ERR_NOTFOUND;
	if (seq >= l->first)
		r = entry_read(l->fd, seq - l->first, e);
	else {
		if (l->old_fd == -1 || seq < l->old_first ||
		    seq - l->old_first >= LEDGER_ENTRIES) {
			if ((r = segments_each(l, segment_for, &s)) != ERR_OK)
				return r;
			if (s.first == 0)
				return ERR_NOTFOUND;
			r = segment_open(l, s.first, O_RDONLY, &fd);
			if (r != ERR_OK)
				return r;
			if (l->old_fd != -1)
				close(l->old_fd);
			l->old_fd = fd;
			l->old_first = s.first;
		}
		r = entry_read(l->old_fd, seq - l->old_first, e);
	}
	if (r == ERR_OK && e->seq != seq)
		return ERR_FORMAT;
	return r;
}

static size_t
name_stem(const char *name)
{
	const char	*dot = strrchr(name, '.');

	return dot == NULL ? strlen(name) : (size_t)(dot - name);
}

int
ledger_find(struct ledger *l, const char *name, struct ledger_entry *e)
{
	size_t		 stem = name_stem(name);
	uint64_t	 seq;
	int		 r;

	for (seq = l->last; seq > 0 && l->last - seq < LEDGER_ENTRIES; seq--) {
		r = ledger_read(l, seq, e);
		if (r == ERR_NOTFOUND)
			break;
		if (r != ERR_OK && r != ERR_FORMAT)
			return r;
		if (r == ERR_OK && name_stem(e->name) == stem &&
		    memcmp(e->name, name, stem) == 0)
			return ERR_OK;
	}
	return ERR_NOTFOUND;
}

struct expiry {
	int64_t	 before_ms;
	int	 gone;
};

static int
segment_expire(struct ledger *l, uint64_t first, void *arg)
{
	struct expiry		*x = arg;
	struct ledger_entry	 e;
	char			 name[64];

	if (first >= l->first || l->first - first < LEDGER_ENTRIES)
		return ERR_OK;
	if (ledger_read(l, first + LEDGER_ENTRIES - 1, &e) == ERR_OK &&
	    e.made_ms >= x->before_ms)
		return ERR_OK;
	snprintf(name, sizeof(name), SEGMENT_NAME, first);
	if (l->old_fd != -1 && l->old_first == first) {
		close(l->old_fd);
		l->old_fd = -1;
	}
	if (unlinkat(l->dir, name, 0) == 0)
		x->gone++;
	return ERR_OK;
}

int
ledger_expire(struct ledger *l, int64_t before_ms)
{
	struct expiry	 x = { before_ms, 0 };
	int		 r;

	if ((r = segments_each(l, segment_expire, &x)) != ERR_OK)
		return r;
	return x.gone;
}

int
ledger_rounds_read(struct ledger *l, uint64_t *rounds, size_t count)
{
	char	 text[512], *at = text;
	size_t	 i;
	int	 r;

	r = link_text_read(l->dir, "rounds", text, sizeof(text));
	if (r == ERR_NOTFOUND)
		return ERR_OK;
	for (i = 0; r == ERR_OK && i < count; i++)
		rounds[i] = strtoull(at, &at, 10);
	return r;
}

int
ledger_rounds_write(struct ledger *l, const uint64_t *rounds, size_t count)
{
	char	 text[512];
	size_t	 i, n = 0;

	for (i = 0; i < count && n < sizeof(text) - 24; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%" PRIu64
		    "\n", rounds[i]);
	return link_text_replace(l->dir, "rounds", text, 0);
}
