/*
 * Wishes of operators for objects to be sent again (send_resend.h).
 * Run by limpid-diode-send only.
 * Hostile input: none; who may write into the folder is root or the sender.
 * Must never read a wish's content, or forget one that is not done.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "proc.h"
#include "send_queue.h"
#include "send_resend.h"

#define LOOK_MS		1000
#define SAY_MS		30000

struct wish {
	char		 name[48];
	struct timespec	 typed;		/* that file's, when it was taken */
};

struct send_resend {
	int			 dir;
	struct send_queue	*queue;
	long long		 looked;
	size_t			 count;
	/* Taken and not removed: first those that are done. */
	struct wish		 wishes[RESENDS_MAX];
	long long		 said;
};

struct send_resend *
send_resend_new(const char *path, struct send_queue *queue)
{
	struct send_resend	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->queue = queue;
	s->dir = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (s->dir == -1) {
		free(s);
		return NULL;
	}
	return s;
}

void
send_resend_free(struct send_resend *s)
{
	if (s == NULL)
		return;
	close(s->dir);
	free(s);
}

int
send_resend_name(const char *name, uint64_t *first, uint64_t *last)
{
	unsigned long long	 from, to;
	char			 again[48];

	if (sscanf(name, "resend-%16llx-%16llx", &from, &to) != 2)
		return 0;
	snprintf(again, sizeof(again), RESEND_NAME, from, to);
	if (strcmp(name, again) != 0 || from == 0 || from > to)
		return 0;
	*first = from;
	*last = to;
	return 1;
}

static int
is_taken(const struct send_resend *s, const char *name)
{
	size_t	 i;

	for (i = 0; i < s->count; i++)
		if (strcmp(s->wishes[i].name, name) == 0)
			return 1;
	return 0;
}

static void
take(struct send_resend *s, const char *name)
{
	struct wish	*w = &s->wishes[s->count];
	struct stat	 st;
	uint64_t	 first, last;

	if (s->count == RESENDS_MAX || !send_resend_name(name, &first, &last) ||
	    is_taken(s, name) ||
	    fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    send_queue_resend(s->queue, first, last) != 0)
		return;
	snprintf(w->name, sizeof(w->name), RESEND_NAME,
	    (unsigned long long)first, (unsigned long long)last);
	w->typed = st.st_mtim;
	s->count++;
	log_info("sequences %" PRIu64 " to %" PRIu64 " are sent again, as"
	    " `limpid resend` asked", first, last);
}

/* Typed once more since it was taken: a wish of its own. */
static int
is_typed_again(const struct send_resend *s, const struct wish *w)
{
	struct stat	 st;

	return fstatat(s->dir, w->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (st.st_mtim.tv_sec != w->typed.tv_sec ||
	    st.st_mtim.tv_nsec != w->typed.tv_nsec);
}

/* 1 when a wish that is done needs no memory any more. */
static int
is_over(struct send_resend *s, const struct wish *w)
{
	long long	 now = proc_now_ms();

	if (is_typed_again(s, w) || unlinkat(s->dir, w->name, 0) == 0 ||
	    errno == ENOENT)
		return 1;
	if (s->said == 0 || now - s->said >= SAY_MS) {
		s->said = now;
		log_error("%s was served and cannot be removed: %s; make the"
		    " folder link/N-send writable for limpid-send, or the next"
		    " start serves it once more", w->name, strerror(errno));
	}
	return 0;
}

/* The queue serves wishes in the order in which they were taken. One whose file stays
 * is remembered, or it would be served again each second. */
static void
forget_done(struct send_resend *s)
{
	size_t	 done = s->count - send_queue_resends(s->queue), kept = 0, i;

	for (i = 0; i < done; i++)
		if (!is_over(s, &s->wishes[i]))
			s->wishes[kept++] = s->wishes[i];
	memmove(&s->wishes[kept], &s->wishes[done],
	    (s->count - done) * sizeof(s->wishes[0]));
	s->count -= done - kept;
}

void
send_resend_tick(struct send_resend *s)
{
	long long	 now = proc_now_ms();
	struct dirent	*e;
	DIR		*d;
	int		 fd;

	if (s->looked != 0 && now - s->looked < LOOK_MS)
		return;
	s->looked = now;
	forget_done(s);
	if ((fd = openat(s->dir, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		take(s, e->d_name);
	closedir(d);
}
