/*
 * One object on its way into the spool (recv_object.h).
 * Run by limpid-diode-recv only.
 * Hostile input: the header until its signature is verified; afterwards the bytes of
 * a parcel, which are hashed and looked at only for their shape.
 * Must never commit what the header does not vouch for, or commit a sequence twice.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "log.h"
#include "parcel.h"
#include "record.h"
#include "recv_digest.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"
#include "wire.h"

struct recv_object {
	struct recv_shared	*shared;
	struct link_header	 head;
	uint8_t			 hash[32];	/* of the header */
	uint64_t		 got;
	uint8_t			 lead[PARCEL_HEADER];	/* names the file */
	struct ref		 ref;
	int			 fd;
	char			 name[SPOOL_NAME_MAX + 1];
	int			 committed;
};

static void
note(struct recv_shared *s, const char *event, uint64_t seq, const char *key,
    const char *value)
{
	char	 link[8], number[32];
	int	 r;

	snprintf(link, sizeof(link), "%d", s->link);
	snprintf(number, sizeof(number), "%" PRIu64, seq);
	r = record_add(s->record, event, key, value, "link", link, "seq",
	    number, NULL);
	if (r != ERR_OK)
		log_error("link=%d the record was not written: %s", s->link,
		    err_text(r));
}

/* The sender's fault: said once, counted, kept in the record. */
static int
refuse(struct recv_shared *s, uint64_t seq, int code, const char *why)
{
	if (s->quiet)
		return code;
	s->refused++;
	log_warn("link=%d seq=%" PRIu64 " refused: %s", s->link, seq, why);
	note(s, "link.refused", seq, "why", why);
	return code;
}

static int
refuse_conflict(struct recv_shared *s, uint64_t seq)
{
	if (!s->quiet)
		s->conflicts++;
	note(s, "link.conflict", seq, "alarm", "yes");
	return refuse(s, seq, ERR_CRYPTO, "ALARM: another object bears a"
	    " sequence that was seen before; the sender's ledger was lost or"
	    " set back, see \"a lost ledger\" in limpid-diode-send(8)");
}

/* Whether the header may begin an object. */
static int
header_admit(struct recv_shared *s, const struct link_header *h,
    const uint8_t hash[32])
{
	switch (seen_find(s->seen, h->seq, hash)) {
	case SEEN_REPEAT:
		s->repeats++;
		return ERR_EXISTS;
	case SEEN_CONFLICT:
		return refuse_conflict(s, h->seq);
	case SEEN_NEW:
		break;
	}
	if (h->parcel_len > s->max_object)
		return refuse(s, h->seq, ERR_LIMIT, "it is larger than"
		    " max_object of this link in limpid.conf");
	if (h->parcel_len < PARCEL_HEADER + PARCEL_TRAILER)
		return refuse(s, h->seq, ERR_FORMAT, "it is too small for a"
		    " parcel");
	return ERR_OK;
}

int
recv_object_new(struct recv_shared *s, const uint8_t header[LINK_HEADER],
    struct recv_object **op)
{
	struct recv_object	*o;
	int			 r;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return ERR_MEMORY;
	o->shared = s;
	o->fd = -1;
	r = link_header_decode(header, s->signer, s->link, &o->head);
	if (r == ERR_FORMAT || r == ERR_CRYPTO)
		r = refuse(s, 0, r, "its header is not one that this link's"
		    " sender signed");
	if (r != ERR_OK || (r = sha256(header, LINK_HEADER, o->hash)) !=
	    ERR_OK || (r = header_admit(s, &o->head, o->hash)) != ERR_OK)
		goto out;
	*op = o;
	o = NULL;
 out:
	recv_object_free(o);
	return r;
}

uint64_t
recv_object_seq(const struct recv_object *o)
{
	return o->head.seq;
}

/* The first bytes are complete: make the file that bears their reference. */
static int
lead_write(struct recv_object *o)
{
	int	 r;

	memcpy(o->ref.b, o->lead + 8, sizeof(o->ref.b));
	if (o->fd == -1 && (r = spool_new_file(o->shared->spool, &o->ref,
	    o->name, &o->fd)) != ERR_OK)
		return r;
	return fd_write_at(o->fd, o->lead, sizeof(o->lead), 0);
}

static int
bytes_put(struct recv_object *o, const uint8_t *p, size_t len)
{
	size_t	 n = 0;
	int	 r;

	if (o->got < sizeof(o->lead)) {
		n = sizeof(o->lead) - (size_t)o->got;
		n = n < len ? n : len;
		memcpy(o->lead + o->got, p, n);
		if (o->got + n == sizeof(o->lead) &&
		    (r = lead_write(o)) != ERR_OK)
			return r;
	}
	r = fd_write_at(o->fd, p + n, len - n, (int64_t)(o->got + n));
	if (r == ERR_OK)
		o->got += len;
	return r;
}

int
recv_object_write(struct recv_object *o, const void *data, size_t len)
{
	int	 r;

	if (len > o->head.parcel_len - o->got)
		return refuse(o->shared, o->head.seq, ERR_LIMIT, "it has more"
		    " bytes than its header says");
	if ((r = bytes_put(o, data, len)) == ERR_FULL)
		o->shared->need = o->head.parcel_len;
	return r;
}

/* The header names the trailer, and the trailer all before. */
static int
bytes_check(struct recv_object *o)
{
	uint8_t	 trailer[PARCEL_TRAILER], sum[SHA256_BYTES];
	int	 r;

	if ((r = parcel_trailer(o->fd, o->got, trailer)) != ERR_OK ||
	    (r = sha256(trailer, sizeof(trailer), sum)) != ERR_OK)
		return r == ERR_SHORT ? ERR_SYS : r;
	if (memcmp(sum, o->head.trailer_hash, sizeof(sum)) != 0)
		return ERR_FORMAT;
	if ((r = recv_digest_file(o->shared->digest, o->fd,
	    o->got - sizeof(trailer), sum)) != ERR_OK)
		return r;
	return memcmp(sum, trailer, sizeof(sum)) == 0 ? ERR_OK : ERR_FORMAT;
}

/* Hash and shape; nothing of the parcel is opened here. */
static int
object_check(struct recv_object *o)
{
	struct parcel_head	 head;
	int			 r;

	if (o->got != o->head.parcel_len)
		return refuse(o->shared, o->head.seq, ERR_SHORT, "it ended too"
		    " early");
	if ((r = bytes_check(o)) == ERR_FORMAT)
		return refuse(o->shared, o->head.seq, ERR_FORMAT, "its bytes"
		    " are not those that its header names");
	if (r != ERR_OK)
		return r;
	r = parcel_peek(o->fd, &head, NULL);
	if (r == ERR_SYS || r == ERR_MEMORY)
		return r;
	if (r != ERR_OK || head.link != o->head.link ||
	    head.kind != (enum parcel_kind)o->head.class)
		return refuse(o->shared, o->head.seq, ERR_FORMAT, "it is not a"
		    " parcel of this link");
	return ERR_OK;
}

static void
tell_news(struct recv_object *o, const struct seen_news *news)
{
	struct recv_shared	*s = o->shared;
	char			 ref[REF_TEXT_LEN + 1];
	uint64_t		 seq = o->head.seq;

	ref_format(&o->ref, ref);
	note(s, "link.received", seq, "ref", ref);
	/* A new gap may be only late: recv_notice.c tells it once it was due. */
	if (news->told) {
		s->changes++;
		log_info("link=%d seq=%" PRIu64 " was missing and has come",
		    s->link, seq);
		note(s, "link.healed", seq, "ref", ref);
	}
	if (news->broken) {
		log_warn("link=%d seq=%" PRIu64 " ALARM: the chain of headers"
		    " is broken here; the sender's ledger was changed",
		    s->link, seq);
		note(s, "link.chain", seq, "alarm", "yes");
	}
}

/* The same sequence may have come over another connection a moment ago. */
static int
batch_admit(struct recv_shared *s, const struct recv_object *o)
{
	size_t	 i;

	for (i = 0; i < s->batch_count; i++) {
		if (s->batch[i]->head.seq != o->head.seq)
			continue;
		if (memcmp(s->batch[i]->hash, o->hash, sizeof(o->hash)) != 0)
			return refuse_conflict(s, o->head.seq);
		s->repeats++;
		return ERR_EXISTS;
	}
	return header_admit(s, &o->head, o->hash);
}

int
recv_object_finish(struct recv_object *o)
{
	struct recv_shared	*s = o->shared;
	uint64_t		 ahead = seen_highest(s->seen) + SEEN_AHEAD;
	int			 r;

	if ((r = object_check(o)) != ERR_OK ||
	    (r = batch_admit(s, o)) != ERR_OK)
		goto out;
	/* A jump is committed alone: its gap is listed before the commit. */
	if (o->head.seq > ahead && (r = recv_batch_commit(s)) != ERR_OK)
		goto out;
	s->batch[s->batch_count++] = o;
	if (s->batch_count == RECV_BATCH || o->head.seq > ahead)
		r = recv_batch_commit(s);
	return r;
 out:
	recv_object_free(o);
	return r;
}

/* All intents are on disk before the first rename. */
static int
batch_rename(struct recv_shared *s)
{
	char			 names[RECV_BATCH][SPOOL_NAME_MAX + 1];
	int			 fds[RECV_BATCH], r;
	struct recv_object	*o;
	size_t			 i;

	for (i = 0; i < s->batch_count; i++) {
		fds[i] = s->batch[i]->fd;
		memcpy(names[i], s->batch[i]->name, sizeof(names[i]));
	}
	if ((r = spool_settle(s->spool, fds, s->batch_count)) != ERR_OK)
		return r;
	for (i = 0; i < s->batch_count; i++) {
		o = s->batch[i];
		if ((r = seen_intend(s->seen, o->head.seq, o->hash,
		    o->head.prev, o->name)) != ERR_OK)
			return r;
	}
	return spool_commit_many(s->spool, names, fds, s->batch_count);
}

/* After a failure some may be in new: what is not in tmp was committed. */
static int
batch_mark(struct recv_shared *s, struct recv_object *o, int failed)
{
	struct seen_news	 news;
	int			 r;

	if (failed && spool_in_tmp(s->spool, o->name))
		return seen_forget(s->seen, o->head.seq);
	o->committed = 1;
	if ((r = seen_mark(s->seen, o->head.seq, &news)) != ERR_OK)
		return r;
	s->accepted++;
	tell_news(o, &news);
	return ERR_OK;
}

int
recv_batch_commit(struct recv_shared *s)
{
	size_t	 i;
	int	 r, e, failed;

	if (s->batch_count == 0)
		return ERR_OK;
	r = batch_rename(s);
	failed = r != ERR_OK;
	for (i = 0; i < s->batch_count; i++)
		if ((e = batch_mark(s, s->batch[i], failed)) != ERR_OK &&
		    r == ERR_OK)
			r = e;
	recv_batch_drop(s);
	return r;
}

void
recv_batch_drop(struct recv_shared *s)
{
	while (s->batch_count > 0)
		recv_object_free(s->batch[--s->batch_count]);
}

void
recv_object_free(struct recv_object *o)
{
	if (o == NULL)
		return;
	if (o->fd != -1) {
		close(o->fd);
		if (!o->committed)
			spool_abort(o->shared->spool, o->name);
	}
	free(o);
}
