/*
 * The way of a mail onto the disk. Run by limpid-intaked. Hostile: envelope
 * and bytes, which the dialogue has already bounded. Must never report ERR_OK
 * before vault, journal, spool and record are on disk, and must never write an
 * original anywhere unsealed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "err.h"
#include "journal.h"
#include "log.h"
#include "parcel.h"
#include "proc.h"
#include "record.h"
#include "spool.h"
#include "store.h"
#include "trace.h"
#include "vault.h"

#define ROOM_EVERY_MS	500	/* how long an answer about room holds */
#define RCPTS_RECORDED	1000	/* bytes of addresses in a record line */

struct store {
	struct key	*vault_key, *sign_key, *seal_key;
	struct vault	*vault;
	struct journal	*journal;
	struct spool	*spool;
	struct record	*record;
	char		*authserv_id;
	int		 identities;
	uint64_t	 reserve;
	int		 folder;
	long long	 room_at_ms;
	int		 room;
};

/* A mail's own figures while it is being committed. */
struct figures {
	uint8_t		 digest[SHA256_BYTES];
	char		 digest_hex[2 * SHA256_BYTES + 1];
	int64_t		 received_ms;
	int		 again;
	char		 name[SPOOL_NAME_MAX + 1];	/* of the parcel */
	int		 fd;
};

static int
explain(char **why, int r, const char *path, const char *advice)
{
	if (asprintf(why, "%s: %s; %s", path, err_text(r), advice) == -1)
		*why = NULL;
	return r;
}

static int
open_key(const struct conf *c, const char *name, int private,
    enum key_type type, struct key **kp, char **why)
{
	char	 rel[64], *path;
	int	 r;

	snprintf(rel, sizeof(rel), "etc/keys/%s", name);
	if ((path = conf_path(c, rel)) == NULL)
		return ERR_MEMORY;
	r = private ? key_load_private(path, type, kp) :
	    key_load_public(path, type, kp);
	if (r != ERR_OK)
		explain(why, r, path, "limpid init makes the keys");
	free(path);
	return r;
}

static int
open_keys(const struct conf *c, struct store *s, char **why)
{
	int	 r;

	if ((r = open_key(c, "intake-sign.key", 1, KEY_ED25519, &s->sign_key,
	    why)) != ERR_OK ||
	    (r = open_key(c, "vault.pub", 0, KEY_X25519, &s->vault_key,
	    why)) != ERR_OK)
		return r;
	return open_key(c, "sanitizer-seal.pub", 0, KEY_X25519, &s->seal_key,
	    why);
}

/* One folder or file of the state; which of them is chosen by rel. */
static int
open_state(const struct conf *c, struct store *s, const char *rel, char **why)
{
	char	*path = conf_path(c, rel);
	int	 r;

	if (path == NULL)
		return ERR_MEMORY;
	if (strcmp(rel, "state/vault") == 0)
		r = vault_open(path, s->vault_key, &s->vault);
	else if (strcmp(rel, "state/intake") == 0) {
		r = journal_open(path, &s->journal);
		if (r == ERR_OK && (s->folder = open(path, O_RDONLY |
		    O_DIRECTORY | O_CLOEXEC)) == -1)
			r = ERR_SYS;
	} else if (strcmp(rel, "state/spool/link1-out") == 0) {
		r = spool_open(path, c->spool.high_water, c->spool.reserve,
		    &s->spool);
		/* what a crash left there was never promised to anybody */
		if (r == ERR_OK && (r = spool_clear_tmp(s->spool)) > 0)
			r = ERR_OK;
	} else
		r = record_open(path, &s->record);
	if (r != ERR_OK)
		explain(why, r, path, r == ERR_AGAIN ?
		    "another limpid-intaked is running" :
		    "limpid init makes the folders");
	free(path);
	return r;
}

int
store_open(const struct conf *c, struct store **sp, char **why)
{
	static const char *const parts[] = { "state/vault", "state/intake",
	    "state/spool/link1-out", "state/record/intaked.record" };
	struct store	*s = calloc(1, sizeof(*s));
	size_t		 i;
	int		 r = ERR_MEMORY;

	*why = NULL;
	if (s == NULL)
		return r;
	s->folder = -1;
	s->identities = c->identities;
	s->reserve = c->spool.reserve;
	if ((s->authserv_id = strdup(c->intake.authserv_id != NULL ?
	    c->intake.authserv_id : "")) == NULL)
		goto out;
	r = open_keys(c, s, why);
	for (i = 0; r == ERR_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = open_state(c, s, parts[i], why);
	if (r != ERR_OK)
		goto out;
	*sp = s;
	s = NULL;
 out:
	store_close(s);
	return r;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	vault_close(s->vault);
	journal_close(s->journal);
	spool_close(s->spool);
	record_close(s->record);
	key_free(s->vault_key);
	key_free(s->sign_key);
	key_free(s->seal_key);
	if (s->folder != -1)
		close(s->folder);
	free(s->authserv_id);
	free(s);
}

int
store_folder(const struct store *s)
{
	return s->folder;
}

/* Asks the spool by starting a parcel that is given up at once. */
static int
spool_room(struct store *s)
{
	char		 name[SPOOL_NAME_MAX + 1];
	struct ref	 ref = {{0}};
	int		 fd, r;

	if ((r = spool_new_file(s->spool, &ref, name, &fd)) != ERR_OK)
		return r == ERR_FULL ? ERR_FULL : r;
	close(fd);
	spool_abort(s->spool, name);
	return ERR_OK;
}

int
store_room(struct store *s, uint64_t size)
{
	struct statvfs	 fs;
	long long	 now = proc_now_ms();

	if (s->room_at_ms == 0 || now - s->room_at_ms > ROOM_EVERY_MS) {
		s->room = spool_room(s);
		s->room_at_ms = now;
		if (s->room != ERR_OK)
			log_warn("event=no-room reason=\"%s\" effect=\"mail is "
			    "put off with 452\"", err_text(s->room));
	}
	if (s->room != ERR_OK)
		return ERR_FULL;
	/* three times: while it comes in, in the vault, in the spool */
	if (size > 0 && fstatvfs(s->folder, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * fs.f_frsize < s->reserve + 3 * size)
		return ERR_FULL;
	return ERR_OK;
}

static int
text_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * What makes two mails the same: bytes, sender, and recipients in any order. A
 * sender that tries again may have sorted them anew.
 */
static int
delivery_hash(const struct delivery *d, const uint8_t digest[SHA256_BYTES],
    uint8_t out[SHA256_BYTES])
{
	const struct envelope	*e = d->envelope;
	struct hash		*h = hash_new();
	char			**sorted;
	size_t			 i;
	int			 r;

	if (h == NULL)
		return ERR_MEMORY;
	if ((sorted = calloc(e->rcpt_count + 1, sizeof(*sorted))) == NULL) {
		hash_free(h);
		return ERR_MEMORY;
	}
	memcpy(sorted, e->rcpts, e->rcpt_count * sizeof(*sorted));
	qsort(sorted, e->rcpt_count, sizeof(*sorted), text_compare);
	r = hash_update(h, digest, SHA256_BYTES);
	if (r == ERR_OK)
		r = hash_update(h, e->sender, strlen(e->sender) + 1);
	for (i = 0; r == ERR_OK && i < e->rcpt_count; i++)
		r = hash_update(h, sorted[i], strlen(sorted[i]) + 1);
	free(sorted);
	if (r != ERR_OK) {
		hash_free(h);
		return r;
	}
	return hash_final(h, out);
}

/* First round: a reference, and the original on its way into the vault. */
static int
commit_original(struct store *s, struct delivery *d, struct figures *f)
{
	uint8_t	 hash[SHA256_BYTES];
	int	 i, r;

	f->received_ms = proc_wall_ms();
	if ((r = message_finish(d->message, f->digest)) != ERR_OK ||
	    (r = delivery_hash(d, f->digest, hash)) != ERR_OK ||
	    (r = journal_promise(s->journal, hash, &d->ref, &f->again)) !=
	    ERR_OK)
		return r;
	for (i = 0; i < SHA256_BYTES; i++)
		snprintf(f->digest_hex + 2 * i, 3, "%02x", f->digest[i]);
	if ((r = vault_put(s->vault, &d->ref, f->received_ms, f->digest,
	    d->message)) != ERR_OK)
		journal_orphan(s->journal, &d->ref);
	return r;
}

/* Adds a value when there is one; what the grammar refuses is left out, for a
 * mail is not lost over a strange HELO. */
static int
manifest_try(struct manifest *m, const char *key, const char *value)
{
	int	 r;

	if (value == NULL || value[0] == '\0')
		return ERR_OK;
	r = manifest_add(m, key, value);
	return r == ERR_FORMAT || r == ERR_LIMIT ? ERR_OK : r;
}

static const char *
rcpt_of(const struct delivery *d, size_t i)
{
	const char	*rcpt = d->envelope->rcpts[i];

	return address_equal(rcpt, "postmaster") ? d->postmaster : rcpt;
}

/* Each recipient once. */
static int
manifest_rcpts(struct manifest *m, const struct delivery *d)
{
	size_t	 i, k;
	int	 r;

	for (i = 0; i < d->envelope->rcpt_count; i++) {
		for (k = 0; k < i; k++)
			if (address_equal(rcpt_of(d, i), rcpt_of(d, k)))
				break;
		if (k == i && (r = manifest_add(m, "rcpt", rcpt_of(d, i))) !=
		    ERR_OK)
			return r;
	}
	return ERR_OK;
}

/* What our own MTA wrote on top of the mail. */
static int
manifest_trace(struct store *s, struct manifest *m, const struct delivery *d)
{
	const char	*client = d->client;
	const uint8_t	*head;
	struct trace	 t = {0};
	size_t		 i, len;
	int		 r = ERR_OK;

	if (d->own_mta) {
		head = message_head(d->message, &len);
		r = trace_read(head, len, s->authserv_id, &t);
		if (client == NULL)
			client = t.client;
	}
	if (r == ERR_OK)
		r = manifest_try(m, "client", client);
	if (r == ERR_OK)
		r = manifest_try(m, "helo", d->helo);
	if (r == ERR_OK)
		r = manifest_try(m, "tls", t.tls);
	for (i = 0; r == ERR_OK && i < t.auth_count; i++)
		r = manifest_try(m, "auth", t.auth[i]);
	trace_clear(&t);
	return r;
}

static int
manifest_fill(struct store *s, struct manifest *m, const struct delivery *d,
    const struct figures *f)
{
	const struct envelope	*e = d->envelope;
	time_t			 now = (time_t)(f->received_ms / 1000);
	char			 size[24], received[32];
	struct tm		 tm;
	int			 r;

	snprintf(size, sizeof(size), "%" PRIu64, message_size(d->message));
	gmtime_r(&now, &tm);
	strftime(received, sizeof(received), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if ((r = manifest_add(m, "sender", e->sender)) != ERR_OK ||
	    (r = manifest_rcpts(m, d)) != ERR_OK ||
	    (r = manifest_trace(s, m, d)) != ERR_OK ||
	    (r = manifest_try(m, "smtputf8", e->smtputf8 ? "yes" : NULL)) !=
	    ERR_OK ||
	    (r = manifest_try(m, "body8bit", e->body8bit ? "yes" : NULL)) !=
	    ERR_OK || (r = manifest_add(m, "received", received)) != ERR_OK ||
	    (r = manifest_add(m, "size", size)) != ERR_OK)
		return r;
	return manifest_add(m, "sha256", f->digest_hex);
}

static int
parcel_step(void *arg, const uint8_t *data, size_t len)
{
	return parcel_writer_write(arg, data, len);
}

static int
parcel_write(struct store *s, const struct delivery *d,
    const struct figures *f, const struct manifest *m, int fd)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = 1,
				    .ref = d->ref,
				    .created_ms = f->received_ms };
	struct parcel_writer	*w = NULL;
	int			 r;

	if ((r = parcel_writer_new(fd, &head, m, s->sign_key, s->seal_key,
	    &w)) == ERR_OK &&
	    (r = message_each(d->message, parcel_step, w)) == ERR_OK)
		r = parcel_writer_finish(w);
	if (r == ERR_SYS && (errno == ENOSPC || errno == EDQUOT))
		r = ERR_FULL;
	parcel_writer_free(w);
	return r;
}

/* A parcel in the spool's tmp; its file stays open until it is committed. */
static int
parcel_new(struct store *s, const struct delivery *d, struct figures *f)
{
	struct manifest	*m = manifest_new();
	int		 r;

	if (m == NULL)
		return ERR_MEMORY;
	if ((r = manifest_fill(s, m, d, f)) == ERR_OK &&
	    (r = spool_new_file(s->spool, &d->ref, f->name, &f->fd)) ==
	    ERR_OK && (r = parcel_write(s, d, f, m, f->fd)) != ERR_OK) {
		spool_abort(s->spool, f->name);
		close(f->fd);
		f->fd = -1;
	}
	manifest_free(m);
	return r;
}

/* The recipients as one text, cut at a size that a record line bears. */
static void
rcpts_text(const struct envelope *e, char out[RCPTS_RECORDED + 8])
{
	size_t	 i, n = 0, len;

	for (i = 0; i < e->rcpt_count; i++) {
		len = strlen(e->rcpts[i]);
		if (n + len + 1 > RCPTS_RECORDED) {
			memcpy(out + n, " ...", 4);
			n += 4;
			break;
		}
		if (n > 0)
			out[n++] = ' ';
		memcpy(out + n, e->rcpts[i], len);
		n += len;
	}
	out[n] = '\0';
}

static int
commit_record(struct store *s, const struct delivery *d,
    const struct figures *f)
{
	char	 ref[REF_TEXT_LEN + 1], size[24], count[24];
	char	 rcpts[RCPTS_RECORDED + 8];

	ref_format(&d->ref, ref);
	snprintf(size, sizeof(size), "%" PRIu64, message_size(d->message));
	snprintf(count, sizeof(count), "%zu", d->envelope->rcpt_count);
	rcpts_text(d->envelope, rcpts);
	log_info("event=received ref=%s size=%s rcpts=%s client=%s%s", ref,
	    size, count, d->client != NULL ? log_safe(d->client) : "-",
	    f->again ? " again=yes" : "");
	if (s->identities)
		return record_add(s->record, "mail.received", "ref", ref,
		    "size", size, "sha256", f->digest_hex, "rcpts", count,
		    "again", f->again ? "yes" : "no", "sender",
		    d->envelope->sender, "to", rcpts, NULL);
	return record_add(s->record, "mail.received", "ref", ref, "size", size,
	    "sha256", f->digest_hex, "rcpts", count, "again", f->again ?
	    "yes" : "no", NULL);
}

/* All that are still good fail with r. */
static void
fail_all(struct store *s, struct delivery *const *list, size_t count, int r,
    const char *where)
{
	size_t	 i;

	log_error("event=commit-failed step=%s reason=\"%s\" effect=\"mail is "
	    "put off; senders try again\"", where, err_text(r));
	for (i = 0; i < count; i++)
		if (list[i]->result == ERR_OK) {
			list[i]->result = r;
			journal_orphan(s->journal, &list[i]->ref);
		}
}

/* Second round: parcels. One that cannot be written fails alone, a spool that
 * cannot be synced fails all. */
static void
commit_parcels(struct store *s, struct delivery *const *list, size_t count,
    struct figures *f)
{
	char	(*names)[SPOOL_NAME_MAX + 1] = calloc(count, sizeof(*names));
	int	*fds = calloc(count, sizeof(*fds)), r = ERR_OK;
	size_t	 i, n = 0;

	if (names == NULL || fds == NULL)
		r = ERR_MEMORY;
	for (i = 0; r == ERR_OK && i < count; i++) {
		if (list[i]->result != ERR_OK)
			continue;
		if ((list[i]->result = parcel_new(s, list[i], &f[i])) !=
		    ERR_OK) {
			log_error("event=commit-failed step=parcel reason="
			    "\"%s\" effect=\"mail is put off; senders try "
			    "again\"", err_text(list[i]->result));
			journal_orphan(s->journal, &list[i]->ref);
			continue;
		}
		memcpy(names[n], f[i].name, sizeof(*names));
		fds[n++] = f[i].fd;
	}
	if (r == ERR_OK && n > 0)
		r = spool_commit_many(s->spool, names, fds, n);
	for (i = 0; i < n; i++) {
		if (r != ERR_OK)
			spool_abort(s->spool, names[i]);
		close(fds[i]);
	}
	if (r != ERR_OK)
		fail_all(s, list, count, r, "spool");
	free(names);
	free(fds);
}

/* Third round: events. */
static void
commit_records(struct store *s, struct delivery *const *list, size_t count,
    const struct figures *f)
{
	size_t	 i;
	int	 r = ERR_OK;

	for (i = 0; r == ERR_OK && i < count; i++)
		if (list[i]->result == ERR_OK)
			r = commit_record(s, list[i], &f[i]);
	if (r == ERR_OK)
		r = record_sync(s->record);
	if (r != ERR_OK)
		fail_all(s, list, count, r, "record");
}

void
store_commit(struct store *s, struct delivery *const *list, size_t count)
{
	struct figures	*f = calloc(count, sizeof(*f));
	size_t		 i;
	int		 r;

	for (i = 0; i < count; i++)
		list[i]->result = f == NULL ? ERR_MEMORY :
		    commit_original(s, list[i], &f[i]);
	if (f == NULL)
		return;
	if ((r = vault_sync(s->vault)) != ERR_OK)
		fail_all(s, list, count, r, "vault");
	if ((r = journal_sync(s->journal)) != ERR_OK)
		fail_all(s, list, count, r, "journal");
	commit_parcels(s, list, count, f);
	commit_records(s, list, count, f);
	free(f);
}

void
store_answered(struct store *s, const struct ref *ref)
{
	int	 r;

	if ((r = journal_answered(s->journal, ref)) != ERR_OK)
		log_warn("event=journal reason=\"%s\"", err_text(r));
}

void
store_orphan(struct store *s, const struct ref *ref)
{
	journal_orphan(s->journal, ref);
}
