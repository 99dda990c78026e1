/*
 * Wishes of operators for objects to be sent again (send_resend.h).
 * Run by limpid-diode-send only.
 * Hostile input: none; who may write into the folder is root or the sender.
 * Must never read a wish's content, or forget one that is not done.
 */
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

struct send_resend {
	int			 dir;
	struct send_queue	*queue;
	long long		 looked;
	size_t			 count;
	/* Taken and not removed: first those that are done. */
	char			 names[RESENDS_MAX][48];
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
		if (strcmp(s->names[i], name) == 0)
			return 1;
	return 0;
}

static void
take(struct send_resend *s, const char *name)
{
	uint64_t	 first, last;

	if (s->count == RESENDS_MAX || !send_resend_name(name, &first, &last) ||
	    is_taken(s, name) || send_queue_resend(s->queue, first, last) != 0)
		return;
	snprintf(s->names[s->count++], sizeof(s->names[0]), RESEND_NAME,
	    (unsigned long long)first, (unsigned long long)last);
	log_info("sequences %" PRIu64 " to %" PRIu64 " are sent again, as"
	    " `limpid resend` asked", first, last);
}

static int
is_removed(struct send_resend *s, const char *name)
{
	long long	 now = proc_now_ms();

	if (unlinkat(s->dir, name, 0) == 0 || errno == ENOENT)
		return 1;
	if (s->said == 0 || now - s->said >= SAY_MS) {
		s->said = now;
		log_error("%s was served and cannot be removed: %s; make the"
		    " folder link/N-send writable for limpid-send, or the next"
		    " start serves it once more", name, strerror(errno));
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
		if (!is_removed(s, s->names[i]) && kept++ < i)
			memcpy(s->names[kept - 1], s->names[i],
			    sizeof(s->names[0]));
	memmove(s->names[kept], s->names[done],
	    (s->count - done) * sizeof(s->names[0]));
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
