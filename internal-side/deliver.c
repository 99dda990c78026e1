/*
 * The queue of limpid-deliverd: claims parcels, files them in batches, and lets go
 * of them when they are on disk. Hostile input: none here, see deliver_mail.c.
 * Must never let go of a parcel before its mail, its rows and its record are on
 * disk.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "deliver_private.h"
#include "disk.h"
#include "err.h"
#include "index.h"
#include "index_fill.h"
#include "log.h"
#include "maildir.h"
#include "proc.h"
#include "record.h"
#include "recipients.h"

#define BATCH_MS	400	/* a batch takes no new parcel after that */
#define LOCK_WAIT_MS	5000

static char *
sentence(const char *what, const char *path, const char *why)
{
	char	*s;

	return asprintf(&s, "%s%s%s: %s", what, path[0] != '\0' ? " " : "",
	    path, why) == -1 ? NULL : s;
}

static int
open_keys(struct deliver *d, char **why)
{
	char	*pub = conf_path(d->conf, "etc/keys/sanitizer-sign.pub");
	char	*own = conf_path(d->conf, "etc/keys/internal-seal.key");
	int	 r = ERR_MEMORY;

	if (pub == NULL || own == NULL)
		goto out;
	if ((r = key_load_public(pub, KEY_ED25519, &d->signer)) != ERR_OK)
		*why = sentence("the sanitizer host's public key", pub,
		    "cannot be read; carry it here with `limpid keys`");
	else if ((r = key_load_private(own, KEY_X25519, &d->own)) != ERR_OK)
		*why = sentence("this host's key", own,
		    "cannot be read; `limpid init internal` makes it");
 out:
	free(pub);
	free(own);
	return r;
}

/* A killed daemon's last child may hold the record's lock a moment longer. */
static int
open_record(struct deliver *d, const char *path)
{
	long long	 end = proc_now_ms() + LOCK_WAIT_MS;
	int		 r;

	while ((r = record_open(path, &d->record)) == ERR_AGAIN &&
	    proc_now_ms() < end)
		poll(NULL, 0, 50);
	return r;
}

static int
open_stores(struct deliver *d, char **why)
{
	char	*spool = conf_path(d->conf, "state/spool/link2-in");
	char	*mail = conf_path(d->conf, "state/mail");
	char	*record = conf_path(d->conf, "state/record/deliverd.record");
	int	 r = ERR_MEMORY;

	if (spool == NULL || mail == NULL || record == NULL)
		goto out;
	if ((r = spool_open(spool, d->conf->spool.high_water,
	    d->conf->spool.reserve, &d->spool)) != ERR_OK)
		*why = sentence("spool", spool, err_text(r));
	else if ((r = maildir_open(mail, &d->maildir)) != ERR_OK)
		*why = sentence("mail folder", mail, err_text(r));
	else if ((r = open_record(d, record)) != ERR_OK)
		*why = sentence("record", record, r == ERR_AGAIN ?
		    "another limpid-deliverd is running" : err_text(r));
 out:
	free(spool);
	free(mail);
	free(record);
	return r;
}

static int
open_scratch(struct deliver *d)
{
	if ((d->copy = maildir_scratch(d->maildir)) == -1 ||
	    (d->text = maildir_scratch(d->maildir)) == -1 ||
	    (d->report = maildir_scratch(d->maildir)) == -1 ||
	    (d->spill = maildir_scratch(d->maildir)) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static void
bad_file(const char *box, const char *file, const char *why)
{
	log_warn("event=foreign-file box=%s file=%s reason=\"%s\"", box,
	    log_safe(file), why);
}

/* Parcels whose work a crash cut off may be filed but not indexed: find out. */
static int
finish_work(struct deliver *d)
{
	struct index_fill	 count;
	int			 r, lock;

	if ((lock = index_lock(d->index_path)) < 0)
		return lock;
	r = index_fill(d->index, d->maildir, &count, bad_file);
	close(lock);
	if (r == ERR_OK && count.boxes > 0)
		log_info("event=reindexed mails=%zu boxes=%zu", count.added,
		    count.boxes);
	return r;
}

static int
notice_one(void *arg, const char *name, int fd)
{
	struct deliver	*d = arg;
	struct filed	*f;

	if (d->done_count >= BATCH)
		return ERR_OK;		/* the rest at the next start */
	f = &d->done[d->done_count].filed;
	d->done[d->done_count].name[0] = '\0';
	memset(f, 0, sizeof(*f));
	if (deliver_notice(d, fd, "it is held on the internal host", f) ==
	    VERDICT_DONE && f->event != NULL)
		d->done_count++;
	(void)name;
	return ERR_OK;
}

int
deliver_index_follow(struct deliver *d)
{
	char	*why = NULL;
	int	 r;

	if (d->index != NULL && !index_replaced(d->index))
		return ERR_OK;
	index_close(d->index);
	d->index = NULL;
	if ((r = index_open(d->index_path, &d->index, &why)) != ERR_OK)
		log_error("event=index reason=\"%s\"", why != NULL ? why :
		    err_text(r));
	free(why);
	return r;
}

/* Says what was filed, and lets go of the parcels. */
static int
batch_settle(struct deliver *d)
{
	char	 boxes[24];
	size_t	 i;
	int	 r;

	for (i = 0; i < d->done_count; i++) {
		const struct filed	*f = &d->done[i].filed;

		snprintf(boxes, sizeof(boxes), "%zu", f->boxes);
		if (f->done.kind == COMPOSE_NOTHING)	/* known before */
			record_add(d->record, f->event, "ref", f->ref, "boxes",
			    boxes, NULL);
		else
			record_add(d->record, f->event, "ref", f->ref, "boxes",
			    boxes, "outcome", outcome_name(f->done.outcome),
			    "reason", reason_name(f->done.reason), NULL);
		log_info("event=%s ref=%s boxes=%s parts=%u pages=%u stubs=%u",
		    f->event, f->ref, boxes, f->done.parts, f->done.pages,
		    f->done.stubs);
	}
	if (d->done_count > 0 && (r = record_sync(d->record)) != ERR_OK)
		log_error("event=record reason=\"%s\"", err_text(r));
	for (i = 0; i < d->done_count; i++)
		/* One that came back would be known as a repeat. */
		if (d->done[i].name[0] != '\0' &&
		    (r = spool_done_soon(d->spool, d->done[i].name)) != ERR_OK)
			log_error("event=spool parcel=%s reason=\"%s\"",
			    d->done[i].name, err_text(r));
	d->done_count = 0;
	return ERR_OK;
}

int
deliver_want(struct deliver *d, const char *box, const char *name)
{
	struct wanted	*more;
	size_t		 room = d->wanted_room == 0 ? 64 : d->wanted_room * 2;

	if (d->wanted_count == d->wanted_room) {
		more = realloc(d->wanted, room * sizeof(*more));
		if (more == NULL)
			return ERR_MEMORY;
		d->wanted = more;
		d->wanted_room = room;
	}
	d->wanted[d->wanted_count].made = d->made_count;
	d->wanted[d->wanted_count].box = box;
	snprintf(d->wanted[d->wanted_count++].name, MAILDIR_NAME_MAX + 1, "%s",
	    name);
	return ERR_OK;
}

/*
 * Waits until every mail of the batch is on disk, then gives them their names. The
 * waiting costs one commit of the file system for all, and not one each.
 */
static int
mails_place(struct deliver *d)
{
	int	 fds[BATCH + 1], r;
	size_t	 i;

	for (i = 0; i < d->made_count; i++)
		fds[i] = d->made[i].fd;
	r = disk_sync(fds, d->made_count);
	for (i = 0; r == ERR_OK && i < d->wanted_count; i++)
		r = maildir_link(d->maildir, d->made[d->wanted[i].made].name,
		    d->wanted[i].box, d->wanted[i].name);
	for (i = 0; i < d->made_count; i++) {
		maildir_drop(d->maildir, d->made[i].name);
		close(d->made[i].fd);
	}
	d->made_count = d->wanted_count = 0;
	return r;
}

/* Everything on disk, or nothing said: the parcels wait. */
static int
batch_end(struct deliver *d)
{
	size_t	 i;
	int	 r;

	if ((r = mails_place(d)) == ERR_OK &&
	    (r = maildir_sync(d->maildir)) == ERR_OK &&
	    (r = index_commit(d->index)) == ERR_OK)
		return batch_settle(d);
	log_error("event=not-filed mails=%zu reason=\"%s\" index=\"%s\"",
	    d->done_count, err_text(r), index_why(d->index));
	index_rollback(d->index);
	for (i = 0; i < d->done_count; i++)
		if (d->done[i].name[0] != '\0')
			spool_release(d->spool, d->done[i].name);
	d->done_count = 0;
	return ERR_AGAIN;
}

static void
parcel_held(struct deliver *d, const char *name, int fd, const char *why)
{
	struct filed	 f = {0};

	log_warn("event=held parcel=%s reason=\"%s\"", name, why);
	record_add(d->record, "mail.held", "parcel", name, "reason", why, NULL);
	if (deliver_notice(d, fd, why, &f) == VERDICT_DONE && f.event != NULL &&
	    d->done_count < BATCH) {
		d->done[d->done_count].name[0] = '\0';
		d->done[d->done_count++].filed = f;
	}
}

/* One parcel of a batch. ERR_AGAIN ends the batch: the world says no. */
static int
parcel_run(struct deliver *d, const char *name, int fd)
{
	struct filed	 f = {0};
	char		 why[WHY_MAX] = "";
	int		 r;

	switch (deliver_parcel(d, fd, &f, why)) {
	case VERDICT_DONE:
		snprintf(d->done[d->done_count].name, SPOOL_NAME_MAX + 1, "%s",
		    name);
		d->done[d->done_count++].filed = f;
		return ERR_OK;
	case VERDICT_HOLD:
		/* First held, then told: a crash between tells at the next
		 * start. */
		if (spool_hold(d->spool, name, why) != ERR_OK)
			return ERR_AGAIN;
		parcel_held(d, name, fd, why);
		return ERR_OK;
	case VERDICT_RETRY:
		if ((r = spool_retry(d->spool, name, why)) < 0)
			return ERR_AGAIN;
		if (r == 1)
			parcel_held(d, name, fd, why);
		else
			log_warn("event=again parcel=%s reason=\"%s\"", name,
			    why);
		return ERR_OK;
	case VERDICT_LATER:
	default:
		log_error("event=waiting parcel=%s reason=\"%s\"", name, why);
		spool_release(d->spool, name);
		return ERR_AGAIN;
	}
}

/* Claims and files until the batch is full or old. Returns parcels taken. */
static int
batch_run(struct deliver *d, int *stop)
{
	char		 name[SPOOL_NAME_MAX + 1];
	long long	 end = proc_now_ms() + BATCH_MS;
	unsigned	 attempt;
	int		 fd, r, taken = 0;

	while (d->done_count < BATCH && proc_now_ms() < end) {
		r = spool_claim(d->spool, name, &fd, &attempt);
		if (r == ERR_AGAIN)
			break;
		if (r != ERR_OK) {
			log_error("event=spool reason=\"%s\"", err_text(r));
			*stop = 1;
			break;
		}
		taken++;
		r = parcel_run(d, name, fd);
		close(fd);
		if (r != ERR_OK) {
			*stop = 1;
			break;
		}
	}
	return taken;
}

static int
spool_is_empty(struct deliver *d)
{
	struct spool_stat	 st;

	return spool_stat(d->spool, &st) == ERR_OK && st.new_count == 0;
}

int
deliver_batch(struct deliver *d)
{
	int	 lock, taken, stop = 0, r;

	if (spool_is_empty(d))
		return 0;
	if ((lock = index_lock(d->index_path)) < 0)
		return ERR_AGAIN;
	if (deliver_index_follow(d) != ERR_OK ||
	    index_begin(d->index) != ERR_OK) {
		close(lock);
		return ERR_AGAIN;
	}
	taken = batch_run(d, &stop);
	r = batch_end(d);
	close(lock);
	return stop || r != ERR_OK ? ERR_AGAIN : taken;
}

/* Held parcels whose recipients were not told. */
static int
finish_notices(struct deliver *d)
{
	int	 r, lock;

	if ((lock = index_lock(d->index_path)) < 0)
		return lock;
	if ((r = index_begin(d->index)) == ERR_OK) {
		r = spool_each(d->spool, "held", notice_one, d);
		if (r == ERR_OK)
			r = batch_end(d);
		else
			index_rollback(d->index);
	}
	close(lock);
	return r;
}

int
deliver_open(const struct conf *c, struct compose_jail *jail, int crashed,
    struct deliver **dp, char **why)
{
	struct deliver	*d = calloc(1, sizeof(*d));
	int		 r = ERR_MEMORY, again;

	*why = NULL;
	if (d == NULL)
		return ERR_MEMORY;
	d->conf = c;
	d->jail = jail;
	d->copy = d->text = d->report = d->spill = -1;
	d->index_path = conf_path(c, "state/index/index.db");
	d->missing_path = conf_path(c, "state/spool/link2-in/missing");
	if (d->index_path == NULL || d->missing_path == NULL ||
	    (r = open_keys(d, why)) != ERR_OK ||
	    (r = recipients_load(c->deliver.recipients, c->deliver.unclaimed,
	    &d->recipients, why)) != ERR_OK ||
	    (r = open_stores(d, why)) != ERR_OK ||
	    (r = open_scratch(d)) != ERR_OK ||
	    (r = index_open(d->index_path, &d->index, why)) != ERR_OK)
		goto out;
	maildir_clear(d->maildir);
	if ((again = r = spool_recover(d->spool, crashed)) < 0 ||
	    (again > 0 && (r = finish_work(d)) != ERR_OK) ||
	    (r = finish_notices(d)) != ERR_OK)
		goto out;
	*dp = d;
	d = NULL;
	r = ERR_OK;
 out:
	deliver_close(d);
	return r;
}

void
deliver_close(struct deliver *d)
{
	if (d == NULL)
		return;
	if (d->copy != -1)
		close(d->copy);
	if (d->text != -1)
		close(d->text);
	if (d->report != -1)
		close(d->report);
	if (d->spill != -1)
		close(d->spill);
	index_close(d->index);
	free(d->index_path);
	free(d->missing_path);
	if (d->record != NULL)
		record_close(d->record);
	free(d->wanted);
	maildir_close(d->maildir);
	if (d->spool != NULL)
		spool_close(d->spool);
	recipients_free(d->recipients);
	key_free(d->signer);
	key_free(d->own);
	free(d);
}

int
deliver_wake_fd(struct deliver *d)
{
	return spool_wake_fd(d->spool);
}

void
deliver_reload(struct deliver *d)
{
	struct recipients	*fresh = NULL;
	char			*why = NULL;
	int			 r;

	spool_wake_clear(d->spool);
	if (!recipients_changed(d->recipients))
		return;
	r = recipients_load(d->conf->deliver.recipients,
	    d->conf->deliver.unclaimed, &fresh, &why);
	if (r != ERR_OK) {
		log_error("event=reload-refused reason=\"%s\" effect=\"the old "
		    "table stays\"", why != NULL ? why : err_text(r));
		free(why);
		return;
	}
	recipients_free(d->recipients);
	d->recipients = fresh;
	log_info("event=reloaded");
}
