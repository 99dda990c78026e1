/*
 * Fills the index from Maildirs. Runs in limpid-index and, after a crash, in
 * limpid-deliverd. Hostile input: the mails, should a compose child have been
 * captured when it wrote one. Must never stop at a file that does not hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "err.h"
#include "index.h"
#include "index_fill.h"
#include "mail_range.h"
#include "maildir.h"
#include "wire.h"

#define HEAD_MAX	((size_t)256 * 1024)
#define FIELD		"\nX-Limpid-Report: "
#define CHUNK		((size_t)512 * 57)	/* whole lines of base64 */
#define EACH		500		/* mails in one transaction */

struct filling {
	struct index_db		*x;
	struct index_fill	*count;
	void			(*bad)(const char *, const char *,
				    const char *);
	int			 report;	/* scratch */
	unsigned		 pending;
};

/* Where the report stands in a mail, from its header. */
static int
report_find(int mail, uint64_t *at, uint64_t *len)
{
	unsigned long long	 a, n;
	char			*head = malloc(HEAD_MAX + 1), *end, *field;
	ssize_t			 got;
	int			 r = ERR_FORMAT;

	if (head == NULL)
		return ERR_MEMORY;
	if ((got = pread(mail, head, HEAD_MAX, 0)) >= 0) {
		head[got] = '\0';
		if ((end = strstr(head, "\n\n")) != NULL)
			*end = '\0';
		if (end != NULL && (field = strstr(head, FIELD)) != NULL &&
		    sscanf(field + sizeof(FIELD) - 1, "%12llu %12llu", &a,
		    &n) == 2) {
			*at = a;
			*len = n;
			r = ERR_OK;
		}
	}
	free(head);
	return r;
}

/* Decodes the report into the scratch file. */
static int
report_decode(int mail, int report)
{
	uint64_t	 at, len, o;
	size_t		 n;
	char		*buf;
	int		 r;

	if ((r = report_find(mail, &at, &len)) != ERR_OK)
		return r;
	if (ftruncate(report, 0) == -1 || lseek(report, 0, SEEK_SET) == -1)
		return ERR_SYS;
	for (o = 0; o < len; o += n) {
		n = len - o < CHUNK ? (size_t)(len - o) : CHUNK;
		if ((r = mail_range_read(mail, at, 1, o, n, &buf)) != ERR_OK)
			return r;
		r = fd_write_all(report, buf, n);
		free(buf);
		if (r != ERR_OK)
			return r;
	}
	return ERR_OK;
}

/* Adds the mail itself where it is missing, or was only a notice. */
static int
mail_add(struct filling *f, const char *ref, int fd)
{
	enum index_state	 was, now;
	int			 r;

	if ((r = index_find(f->x, ref, &was)) != ERR_OK)
		return r;
	if (was == INDEX_WHOLE)
		return ERR_OK;
	if ((r = index_mark(f->x)) != ERR_OK)
		return r;
	if (was == INDEX_STUB)
		r = index_remove(f->x, ref);
	if (r == ERR_OK)
		r = index_add(f->x, ref, f->report, fd);
	if (r == ERR_OK && (r = index_find(f->x, ref, &now)) == ERR_OK &&
	    was == INDEX_STUB && now == INDEX_STUB) {
		index_undo(f->x);	/* the same notice in another box */
		return ERR_OK;
	}
	if (r != ERR_OK) {
		index_undo(f->x);
		return r;
	}
	f->count->added += was == INDEX_NONE;
	return index_keep(f->x);
}

static int
commit(struct filling *f)
{
	int	 r = index_commit(f->x);

	f->pending = 0;
	return r == ERR_OK ? index_begin(f->x) : r;
}

static int
file_add(void *arg, const char *box, const char *ref, const char *file, int fd)
{
	struct filling		*f = arg;
	enum index_state	 state;
	char			 rcpt[MAILDIR_NAME_MAX + 1];
	int			 r, there;

	f->count->files++;
	if ((there = index_in_box(f->x, ref, box)) < 0)
		return there;
	if ((r = index_find(f->x, ref, &state)) != ERR_OK)
		return r;
	if (there && state == INDEX_WHOLE)
		return ERR_OK;
	if ((r = report_decode(fd, f->report)) == ERR_OK)
		r = mail_add(f, ref, fd);
	if (r == ERR_FORMAT || r == ERR_SHORT || r == ERR_LIMIT) {
		f->count->bad++;
		if (f->bad != NULL)
			f->bad(box, file, err_text(r));
		return ERR_OK;
	}
	if (r != ERR_OK)
		return r;
	maildir_name_rcpt(file, rcpt);
	r = index_add_box(f->x, ref, box, file, rcpt);
	f->count->boxes++;
	if (r == ERR_OK && ++f->pending == EACH)
		r = commit(f);
	return r;
}

int
index_fill(struct index_db *x, struct maildir *m, struct index_fill *count,
    void (*bad)(const char *, const char *, const char *))
{
	struct filling	 f = { .x = x, .count = count, .bad = bad };
	int		 e;

	memset(count, 0, sizeof(*count));
	if ((f.report = maildir_scratch(m)) == -1)
		return ERR_SYS;
	if ((e = index_begin(x)) == ERR_OK &&
	    (e = maildir_each(m, file_add, &f)) == ERR_OK)
		e = index_commit(x);
	if (e != ERR_OK)
		index_rollback(x);
	close(f.report);
	return e;
}

int
index_lock(const char *index_path)
{
	char	*path;
	int	 fd;

	if (asprintf(&path, "%s.lock", index_path) == -1)
		return ERR_MEMORY;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	free(path);
	if (fd == -1)
		return ERR_SYS;
	while (flock(fd, LOCK_EX) == -1)
		if (errno != EINTR) {
			close(fd);
			return ERR_SYS;
		}
	return fd;
}
