/*
 * What never came over a link, on its way into the index: the list of this host's own
 * receiver, and the one of the sanitizer host that a STATUS parcel brings. Runs in
 * limpid-deliverd. Hostile input: none; both are read strictly all the same. Must
 * never let a list change anything but the tables `missing` and `missing_list`.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deliver_private.h"
#include "err.h"
#include "index.h"
#include "index_fill.h"
#include "log.h"
#include "missing.h"
#include "proc.h"
#include "record.h"

/* At most MISSING_BYTES from the start of fd. ERR_LIMIT: there are more. */
static int
list_read(int fd, struct missing_list *l)
{
	static char	 text[MISSING_BYTES + 1];
	ssize_t		 n = pread(fd, text, sizeof(text), 0);

	if (n == -1)
		return ERR_SYS;
	if (n > MISSING_BYTES)
		return ERR_LIMIT;
	return missing_parse(text, (size_t)n, l);
}

static void
list_say(struct deliver *d, const struct missing_list *l)
{
	char	 link[4], ranges[24], accepted[24];
	int	 open = l->missing.count > 0, r;

	snprintf(link, sizeof(link), "%d", l->link);
	snprintf(ranges, sizeof(ranges), "%" PRIu64, l->missing.count +
	    l->missing.more);
	snprintf(accepted, sizeof(accepted), "%" PRIu64, l->accepted.count +
	    l->accepted.more);
	if (open)
		log_warn("event=link-missing link=%s ranges=%s accepted=%s",
		    link, ranges, accepted);
	else
		log_info("event=link-whole link=%s accepted=%s", link,
		    accepted);
	r = record_add(d->record, open ? "link.missing" : "link.whole",
	    "link", link, "ranges", ranges, "accepted", accepted, NULL);
	if (r != ERR_OK)
		log_error("event=record reason=\"%s\"", err_text(r));
}

enum verdict
deliver_status(struct deliver *d, struct filed *f, char *why)
{
	static struct missing_list	 l;
	int				 r;

	f->event = "status.filed";
	f->done.outcome = OUTCOME_TEXT;
	r = list_read(d->copy, &l);
	/* Link 2 ends here: only this host knows what it did not bring. */
	if (r == ERR_FORMAT || r == ERR_LIMIT || (r == ERR_OK && l.link != 1)) {
		snprintf(why, WHY_MAX, "a status that this program does not"
		    " know");
		return VERDICT_HOLD;
	}
	if (r == ERR_OK)
		r = missing_store(d->index, &l, proc_wall_ms());
	if (r == ERR_EXISTS)
		return VERDICT_DONE;
	if (r != ERR_OK) {
		snprintf(why, WHY_MAX, "index: %s", index_why(d->index));
		return VERDICT_LATER;
	}
	list_say(d, &l);
	return VERDICT_DONE;
}

static int
list_store(struct deliver *d, const struct missing_list *l)
{
	int	 lock, r;

	if ((lock = index_lock(d->index_path)) < 0)
		return ERR_AGAIN;
	if ((r = deliver_index_follow(d)) == ERR_OK &&
	    (r = index_begin(d->index)) == ERR_OK) {
		r = missing_store(d->index, l, proc_wall_ms());
		if (r != ERR_OK || (r = index_commit(d->index)) != ERR_OK)
			index_rollback(d->index);
	}
	close(lock);
	return r;
}

void
deliver_missing(struct deliver *d)
{
	static struct missing_list	 l;
	struct stat			 st;
	int				 fd, r;

	fd = open(d->missing_path, O_RDONLY|O_NOFOLLOW|O_CLOEXEC);
	if (fd == -1)
		return;
	if (fstat(fd, &st) == -1 || (st.st_mtim.tv_sec ==
	    d->missing_at.tv_sec && st.st_mtim.tv_nsec ==
	    d->missing_at.tv_nsec)) {
		close(fd);
		return;
	}
	if ((r = list_read(fd, &l)) == ERR_OK && l.link == 2)
		r = list_store(d, &l);
	close(fd);
	if (r == ERR_OK) {
		list_say(d, &l);
		(void)record_sync(d->record);
	} else if (r != ERR_EXISTS)
		log_error("event=missing file=%s reason=\"%s\"",
		    d->missing_path, err_text(r));
	if (r == ERR_OK || r == ERR_EXISTS || r == ERR_FORMAT)
		d->missing_at = st.st_mtim;
}
