/*
 * What operators accept as lost (recv_accept.h).
 * Run by limpid-diode-recv only.
 * Hostile input: none; who may write into the folder is root or the receiver.
 * Must never accept what was not told to be missing, or without a line in the record.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "err.h"
#include "link_private.h"
#include "log.h"
#include "proc.h"
#include "record.h"
#include "recv_accept.h"
#include "recv_object.h"
#include "recv_seen.h"

#define LOOK_MS		1000
#define SAY_MS		30000

struct recv_accept {
	int			 dir;
	struct recv_shared	*shared;
	long long		 looked, said;
};

struct recv_accept *
recv_accept_new(const char *dir, struct recv_shared *shared)
{
	struct recv_accept	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->shared = shared;
	a->dir = open(dir, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (a->dir == -1) {
		free(a);
		return NULL;
	}
	return a;
}

void
recv_accept_free(struct recv_accept *a)
{
	if (a == NULL)
		return;
	close(a->dir);
	free(a);
}

/* Before anything changes: who may not be named must not be obeyed. */
static int
wish_record(struct recv_shared *s, const struct accept_wish *w, uint64_t count)
{
	char	 link[8], range[64], number[32];
	int	 r;

	snprintf(link, sizeof(link), "%d", s->link);
	snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, w->first,
	    w->last);
	snprintf(number, sizeof(number), "%" PRIu64, count);
	r = record_add(s->record, "link.accepted", "link", link, "missing",
	    range, "count", number, "who", w->who, "why", w->why, NULL);
	return r == ERR_OK ? record_sync(s->record) : r;
}

/* ERR_OK: the wish is settled, one way or the other. */
static int
wish_serve(struct recv_accept *a, const struct accept_wish *w)
{
	struct recv_shared	*s = a->shared;
	uint64_t		 count;
	int			 r;

	r = seen_acceptable(s->seen, w->first, w->last, &count);
	if (r == ERR_NOTFOUND) {
		log_info("link=%d sequence %" PRIu64 "-%" PRIu64 ": nothing of"
		    " it is missing any more, so nothing is accepted", s->link,
		    w->first, w->last);
		return seen_sync(s->seen);
	}
	if (r == ERR_FULL) {
		log_warn("link=%d sequence %" PRIu64 "-%" PRIu64 " is not"
		    " accepted as lost: too many ranges are remembered; accept"
		    " whole gaps, as `limpid slip` prints them", s->link,
		    w->first, w->last);
		return ERR_OK;
	}
	if ((r = wish_record(s, w, count)) != ERR_OK ||
	    (r = seen_accept(s->seen, w->first, w->last)) != ERR_OK)
		return r;
	s->changes++;
	log_info("link=%d sequence %" PRIu64 "-%" PRIu64 ": %" PRIu64
	    " accepted as lost by %s: %s", s->link, w->first, w->last, count,
	    log_safe(w->who), log_safe(w->why));
	return ERR_OK;
}

static void
wish_take(struct recv_accept *a, const char *name)
{
	struct accept_wish	 w;
	char			 text[ACCEPT_TEXT_MAX + 1];
	int			 r;

	r = link_text_read(a->dir, name, text, sizeof(text));
	if (r == ERR_OK && accept_parse(name, text, strlen(text), &w) !=
	    ERR_OK)
		log_warn("link=%d %s was not written by `limpid missing accept`"
		    " and is removed", a->shared->link, log_safe(name));
	else if (r == ERR_OK)
		r = wish_serve(a, &w);
	if (r == ERR_OK && unlinkat(a->dir, name, 0) == -1)
		r = ERR_SYS;
	if (r == ERR_OK || proc_now_ms() - a->said < SAY_MS)
		return;
	a->said = proc_now_ms();
	log_error("link=%d %s: what is accepted as lost cannot be written down:"
	    " %s; it is tried again", a->shared->link, log_safe(name),
	    err_text(r));
}

static int
is_wish(const char *name)
{
	return strncmp(name, "accept-", 7) == 0 &&
	    strlen(name) == ACCEPT_NAME_LEN;
}

void
recv_accept_tick(struct recv_accept *a)
{
	long long	 now = proc_now_ms();
	struct dirent	*e;
	DIR		*d;
	int		 fd;

	if (a->looked != 0 && now - a->looked < LOOK_MS)
		return;
	a->looked = now;
	if ((fd = openat(a->dir, ".", O_RDONLY|O_DIRECTORY|O_CLOEXEC)) == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (is_wish(e->d_name))
			wish_take(a, e->d_name);
	closedir(d);
}
