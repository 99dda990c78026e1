/*
 * One parcel becomes one mail in its recipients' boxes. Runs in limpid-deliverd.
 * Hostile input: the parcel, verified before anything else; the copy inside it,
 * which only the jailed child decodes; the child's mail and report. Must never
 * file a mail twice, in a box nobody chose, or under another mail's reference.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "copy.h"
#include "deliver_private.h"
#include "err.h"
#include "index.h"
#include "log.h"
#include "maildir.h"
#include "proc.h"
#include "record.h"
#include "recipients.h"
#include "text.h"
#include "wire.h"

#define DEADLINE_MS	(900 * 1000)

/* A box and the first recipient it is for; both borrowed. */
struct target {
	const char	*box, *rcpt;
};

struct targets {
	struct target	*v;
	size_t		 count;
};

static enum verdict __attribute__((format(printf, 3, 4)))
verdict(enum verdict v, char *why, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(why, WHY_MAX, fmt, ap);
	va_end(ap);
	return v;
}

/* The boxes of the recipients that the sanitizer host names, each once. */
static int
targets_find(const struct deliver *d, const struct manifest *m,
    struct targets *t)
{
	const char	*rcpt, *box;
	size_t		 n, i, count = 0;

	while (manifest_find(m, "rcpt", count) != NULL)
		count++;
	if ((t->v = calloc(count + 1, sizeof(*t->v))) == NULL)
		return ERR_MEMORY;
	t->count = 0;
	for (n = 0; n < count; n++) {
		rcpt = manifest_find(m, "rcpt", n);
		box = recipients_box(d->recipients, rcpt);
		for (i = 0; i < t->count; i++)
			if (strcmp(t->v[i].box, box) == 0)
				break;
		if (i == t->count)
			t->v[t->count++] = (struct target){ box, rcpt };
	}
	/* A copy for nobody is not thrown away. */
	if (t->count == 0)
		t->v[t->count++] = (struct target){
		    recipients_box(d->recipients, ""), "" };
	return ERR_OK;
}

/* How many of the boxes lack the mail, or an error. */
static int
targets_missing(struct deliver *d, const char *ref, const struct targets *t)
{
	size_t	 i;
	int	 r, missing = 0;

	for (i = 0; i < t->count; i++) {
		r = index_in_box(d->index, ref, t->v[i].box);
		if (r < 0)
			return r;
		missing += r == 0;
	}
	return missing;
}

static int
scratch_clear(int fd)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1 ||
	    (st.st_size > 0 && ftruncate(fd, 0) == -1) ||
	    lseek(fd, 0, SEEK_SET) == -1)
		return ERR_SYS;
	return ERR_OK;
}

static int
copy_sink_fd(void *arg, const uint8_t *data, size_t len)
{
	return fd_write_all(*(int *)arg, data, len);
}

static enum verdict
end_verdict(struct deliver *d, const char *ref, enum compose_end end,
    const char *detail, char *why)
{
	switch (end) {
	case COMPOSE_FORBIDDEN:
		log_error("event=forbidden-call ref=%s detail=\"%s\"", ref,
		    detail);
		record_add(d->record, "security.forbidden-call", "ref", ref,
		    "program", "limpid-deliverd", NULL);
		return verdict(VERDICT_HOLD, why, "the copy attacked the "
		    "compose process: %s", detail);
	case COMPOSE_BAD_COPY:
		return verdict(VERDICT_HOLD, why, "the copy does not follow "
		    "its format: %s", detail);
	case COMPOSE_CRASHED:
	case COMPOSE_MEMORY:
	case COMPOSE_LATE:
		return verdict(VERDICT_RETRY, why, "the compose process: %s",
		    detail);
	case COMPOSE_OK:
	case COMPOSE_WORLD:
	default:
		return verdict(VERDICT_LATER, why, "compose: %s", detail);
	}
}

/* The copy in d->copy becomes a mail in fd. */
static enum verdict
mail_compose(struct deliver *d, const char *ref, int fd,
    struct compose_done *done, char *why)
{
	struct compose_job	 job = { .copy = d->copy, .main = fd,
				    .text = d->text, .report = d->report,
				    .spill = d->spill,
				    .hostname = d->conf->hostname,
				    .filed_ms = proc_wall_ms() };
	enum compose_end	 end;
	const char		*detail;

	if (lseek(d->copy, 0, SEEK_SET) == -1 ||
	    scratch_clear(d->text) != ERR_OK ||
	    scratch_clear(d->report) != ERR_OK ||
	    scratch_clear(d->spill) != ERR_OK)
		return verdict(VERDICT_LATER, why, "scratch file: %s",
		    strerror(errno));
	end = compose_jail_run(d->jail, &job, DEADLINE_MS, done, &detail);
	if (end != COMPOSE_OK)
		return end_verdict(d, ref, end, detail, why);
	if (done->kind != COMPOSE_MAIL)
		return verdict(VERDICT_HOLD, why, "the copy is of a document, "
		    "not of a mail");
	return VERDICT_DONE;
}

/* Rows now; links when the batch is on disk. */
static int
mail_file(struct deliver *d, const struct ref *ref, const char *text, int fd,
    enum index_state state, const struct targets *t)
{
	char		 name[MAILDIR_NAME_MAX + 1];
	struct stat	 st;
	size_t		 i;
	int		 r;

	if (fstat(fd, &st) == -1)
		return ERR_SYS;
	if (state == INDEX_NONE &&
	    (r = index_add(d->index, text, d->report, fd)) != ERR_OK)
		return r;
	for (i = 0; i < t->count; i++) {
		if ((r = index_in_box(d->index, text, t->v[i].box)) < 0)
			return r;
		maildir_name(ref, (uint64_t)st.st_size, t->v[i].rcpt, name);
		if (r == 0 && ((r = deliver_want(d, t->v[i].box,
		    name)) != ERR_OK ||
		    (r = index_add_box(d->index, text, t->v[i].box, name,
		    t->v[i].rcpt)) != ERR_OK))
			return r;
	}
	return ERR_OK;
}

/* A notice makes room for the mail it was about. */
static int
notice_remove(struct deliver *d, const char *ref)
{
	char	*box, *file;
	int	 n, r;

	for (n = 0; (r = index_box(d->index, ref, n, &box,
	    &file)) == ERR_OK; n++) {
		maildir_remove_new(d->maildir, box, file);
		free(box);
		free(file);
	}
	return r == ERR_NOTFOUND ? index_remove(d->index, ref) : r;
}

static enum verdict
mail_store(struct deliver *d, const struct ref *ref, const char *text, int fd,
    enum index_state state, const struct compose_done *done,
    const struct targets *t, char *why)
{
	int	 r, empty = done->outcome == OUTCOME_STUB && done->parts == 0;

	if ((r = index_mark(d->index)) != ERR_OK)
		return verdict(VERDICT_LATER, why, "index: %s",
		    index_why(d->index));
	if (state == INDEX_GONE || (state == INDEX_STUB && !empty)) {
		r = notice_remove(d, text);
		state = INDEX_NONE;
	}
	if (r == ERR_OK)
		r = mail_file(d, ref, text, fd, state, t);
	if (r == ERR_OK && (r = index_keep(d->index)) == ERR_OK)
		return VERDICT_DONE;
	if (r == ERR_FORMAT || r == ERR_SHORT || r == ERR_LIMIT) {
		index_undo(d->index);
		return verdict(VERDICT_HOLD, why, "the composed mail does not "
		    "hold together: %s", err_text(r));
	}
	snprintf(why, WHY_MAX, "filing: %s (%s)", err_text(r),
	    index_why(d->index));
	index_undo(d->index);
	return VERDICT_LATER;
}

/* The file of a mail that others have already; ERR_NOTFOUND when none has it. */
static int
mail_again(struct deliver *d, const struct ref *ref, const char *text,
    struct made *made)
{
	char	*box, *file;
	int	 n, r = ERR_NOTFOUND;

	for (n = 0; r == ERR_NOTFOUND && index_box(d->index, text, n, &box,
	    &file) == ERR_OK; n++) {
		r = maildir_again(d->maildir, ref, box, file, made->name,
		    &made->fd);
		free(box);
		free(file);
	}
	return r;
}

/* The copy lies in d->copy. */
static enum verdict
copy_deliver(struct deliver *d, const struct ref *ref,
    const struct targets *t, enum index_state state, struct filed *f,
    char *why)
{
	struct made	*made = &d->made[d->made_count];
	size_t		 wanted = d->wanted_count;
	enum verdict	 v;
	int		 r;

	if (d->made_count == sizeof(d->made) / sizeof(d->made[0]))
		return verdict(VERDICT_LATER, why, "the batch is full");
	if ((r = maildir_new(d->maildir, ref, made->name,
	    &made->fd)) != ERR_OK)
		return verdict(VERDICT_LATER, why, "mail file: %s",
		    err_text(r));
	v = mail_compose(d, f->ref, made->fd, &f->done, why);
	if (v == VERDICT_DONE)
		v = mail_store(d, ref, f->ref, made->fd, state, &f->done, t,
		    why);
	f->boxes = t->count;
	if (v == VERDICT_DONE) {
		/* The writing begins; batch_end waits for all of them at once. */
		sync_file_range(made->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		d->made_count++;
		return v;
	}
	d->wanted_count = wanted;
	maildir_drop(d->maildir, made->name);
	close(made->fd);
	return v;
}

/* A recipient more for a mail that is filed. */
static enum verdict
more_deliver(struct deliver *d, const struct ref *ref,
    const struct targets *t, struct filed *f, char *why)
{
	struct made	*made = &d->made[d->made_count];
	size_t		 wanted = d->wanted_count;
	int		 r;

	if (d->made_count == sizeof(d->made) / sizeof(d->made[0]))
		return verdict(VERDICT_LATER, why, "the batch is full");
	r = mail_again(d, ref, f->ref, made);
	if (r == ERR_NOTFOUND && d->made_count == 0)
		return copy_deliver(d, ref, t, INDEX_GONE, f, why);
	if (r != ERR_OK)	/* or it is of this batch, and named soon */
		return verdict(VERDICT_LATER, why, "mail file: %s",
		    err_text(r));
	f->event = "mail.more";
	f->boxes = t->count;
	if ((r = index_mark(d->index)) == ERR_OK &&
	    (r = mail_file(d, ref, f->ref, made->fd, INDEX_WHOLE,
	    t)) == ERR_OK && (r = index_keep(d->index)) == ERR_OK) {
		d->made_count++;
		return VERDICT_DONE;
	}
	index_undo(d->index);
	d->wanted_count = wanted;
	maildir_drop(d->maildir, made->name);
	close(made->fd);
	return verdict(VERDICT_LATER, why, "filing: %s", err_text(r));
}

/* Verifies the parcel and opens its copy into d->copy. */
static enum verdict
parcel_take(struct deliver *d, int fd, struct parcel_head *head,
    struct manifest **mp, char *why)
{
	int	 r;

	if (scratch_clear(d->copy) != ERR_OK)
		return verdict(VERDICT_LATER, why, "scratch file: %s",
		    strerror(errno));
	r = parcel_open(fd, d->signer, d->own, head, mp, copy_sink_fd,
	    &d->copy);
	if (r == ERR_CRYPTO) {
		record_add(d->record, "security.bad-parcel", "reason",
		    "signature or seal does not verify", NULL);
		return verdict(VERDICT_HOLD, why, "signature or seal does not "
		    "verify; compare the keys of both hosts");
	}
	if (r == ERR_FORMAT || r == ERR_SHORT || r == ERR_LIMIT)
		return verdict(VERDICT_HOLD, why, "no good parcel: %s",
		    err_text(r));
	if (r != ERR_OK)
		return verdict(VERDICT_LATER, why, "opening the parcel: %s",
		    err_text(r));
	if (head->kind != PARCEL_COPY && head->kind != PARCEL_STATUS)
		return verdict(VERDICT_HOLD, why, "a parcel of kind %d, which "
		    "this program does not know", (int)head->kind);
	return VERDICT_DONE;
}

enum verdict
deliver_parcel(struct deliver *d, int fd, struct filed *f, char *why)
{
	struct parcel_head	 head = {0};
	struct manifest		*m = NULL;
	struct targets		 t = { NULL, 0 };
	enum index_state	 state;
	enum verdict		 v;
	int			 r;

	if ((v = parcel_take(d, fd, &head, &m, why)) != VERDICT_DONE)
		goto out;
	ref_format(&head.ref, f->ref);
	if (head.kind == PARCEL_STATUS) {
		v = deliver_status(d, f, why);
		goto out;
	}
	if ((r = targets_find(d, m, &t)) != ERR_OK ||
	    (r = index_find(d->index, f->ref, &state)) != ERR_OK ||
	    (r = targets_missing(d, f->ref, &t)) < 0) {
		v = verdict(VERDICT_LATER, why, "index: %s", err_text(r));
		goto out;
	}
	if (state == INDEX_WHOLE && r == 0) {
		f->event = "mail.repeat";
		goto out;
	}
	f->event = "mail.filed";
	v = state == INDEX_WHOLE ? more_deliver(d, &head.ref, &t, f, why) :
	    copy_deliver(d, &head.ref, &t, state, f, why);
 out:
	manifest_free(m);
	free(t.v);
	return v;
}

static char *
clean(const char *s)
{
	return text_clean(s == NULL ? "" : s, s == NULL ? 0 : strlen(s),
	    TEXT_LINE, COPY_VALUE_MAX, NULL);
}

/* What can be said of a mail whose copy cannot be read. */
static int
notice_write(struct copy_writer *w, const struct parcel_head *head,
    const struct manifest *m, const char *why_held)
{
	struct copy_mail	 mail = { .ref = head->ref,
				    .received_ms = head->created_ms };
	struct copy_part	 root = { .id = 1, .kind = KIND_MAIL,
				    .path = (char *)(uintptr_t)"0",
				    .name = (char *)(uintptr_t)"",
				    .declared = (char *)(uintptr_t)"" };
	struct copy_part_end	 end = { .outcome = OUTCOME_STUB,
				    .reason = REASON_BAD_ANSWER,
				    .engine = (char *)(uintptr_t)"",
				    .rule = (char *)(uintptr_t)"" };
	char			*nothing = (char *)(uintptr_t)"";
	char			*from = clean(manifest_find(m, "sender", 0));
	char			*note = clean(why_held);
	int			 r = ERR_MEMORY;

	mail.sender = from;
	mail.client = mail.tls = mail.auth = mail.policy = nothing;
	end.note = note;
	if (from != NULL && note != NULL &&
	    (r = copy_write_mail(w, &mail)) == ERR_OK &&
	    (r = copy_write_part(w, &root)) == ERR_OK &&
	    (r = copy_write_fact(w, FACT_HDR_FROM, from)) == ERR_OK &&
	    (r = copy_write_part_end(w, &end)) == ERR_OK)
		r = copy_write_end(w);
	free(from);
	free(note);
	return r;
}

enum verdict
deliver_notice(struct deliver *d, int fd, const char *why_held,
    struct filed *f)
{
	struct parcel_head	 head = {0};
	struct manifest		*m = NULL;
	struct targets		 t = { NULL, 0 };
	struct copy_writer	*w = NULL;
	enum index_state	 state;
	char			 why[WHY_MAX] = "";
	enum verdict		 v;

	f->event = NULL;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return VERDICT_LATER;
	/* A forged parcel gets no notice: its recipients are made up. */
	if ((v = parcel_take(d, fd, &head, &m, why)) != VERDICT_DONE) {
		v = v == VERDICT_HOLD ? VERDICT_DONE : v;
		goto out;
	}
	if (head.kind != PARCEL_COPY)
		goto out;	/* nobody waits for it */
	ref_format(&head.ref, f->ref);
	v = VERDICT_LATER;
	if (index_find(d->index, f->ref, &state) != ERR_OK ||
	    targets_find(d, m, &t) != ERR_OK || scratch_clear(d->copy) != ERR_OK)
		goto out;
	if (state != INDEX_NONE) {
		v = VERDICT_DONE;
		goto out;
	}
	if ((w = copy_writer_new(copy_sink_fd, &d->copy)) == NULL ||
	    notice_write(w, &head, m, why_held) != ERR_OK)
		goto out;
	v = copy_deliver(d, &head.ref, &t, state, f, why);
	if (v == VERDICT_DONE)
		f->event = "mail.notice";
	else
		log_error("event=no-notice ref=%s reason=\"%s\"", f->ref, why);
 out:
	copy_writer_free(w);
	manifest_free(m);
	free(t.v);
	return v;
}
