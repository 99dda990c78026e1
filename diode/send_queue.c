/*
 * What a sender sends next (send_queue.h).
 * Run by limpid-diode-send only.
 * Hostile input: none is parsed; of a parcel only its shape is looked at.
 * Must never send an object whose number is not durable, or move a parcel out of
 * work before the link has taken it whole.
 */
#include <sys/stat.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "log.h"
#include "parcel.h"
#include "proc.h"
#include "record.h"
#include "send_ledger.h"
#include "send_queue.h"
#include "spool.h"

#define BATCH		16	/* parcels numbered under one fsync */
#define ROUNDS_MAX	10	/* conf.h */
#define ROUNDS_SAVE_MS	1000

/* Sequences that a transport holds which sends in the background. */
struct held {
	uint64_t	 seq[LINK_UNDER_WAY];
	size_t		 count;
};

struct send_queue {
	const struct conf_link	*conf;
	struct spool		*spool;
	struct ledger		*ledger;
	struct record		*record;
	const struct key	*sign_with;
	struct link_sender	*link;
	uint64_t		 next;			/* to be sent */
	uint64_t		 round[ROUNDS_MAX];	/* the same, of repeats */
	struct { uint64_t next, last; } resend[RESENDS_MAX];
	size_t			 resend_count;
	size_t			 resend_ending;	/* wholly handed over, not sent */
	int			 resend_turn;
	struct held		 first;		/* not sent before: in work */
	struct held		 again;		/* an operator asked for it */
	struct link_finished	 ended;		/* sent, and not settled yet */
	int			 has_ended;
	long long		 rounds_saved;
	int64_t			 started_ms;	/* wall clock less monotonic */
};

/* The time since 1970 that does not jump while we run: what decides when a repeat is
 * due or an entry is old. */
static int64_t
steady_ms(const struct send_queue *q)
{
	return q->started_ms + proc_now_ms();
}

struct send_queue *
send_queue_new(const struct conf_link *c, struct spool *spool,
    struct ledger *ledger, struct record *record, const struct key *sign_with,
    struct link_sender *link)
{
	struct send_queue	*q;
	int			 i;

	if ((q = calloc(1, sizeof(*q))) == NULL)
		return NULL;
	q->conf = c;
	q->spool = spool;
	q->ledger = ledger;
	q->record = record;
	q->sign_with = sign_with;
	q->link = link;
	q->started_ms = proc_wall_ms() - proc_now_ms();
	q->next = ledger_last(ledger) + 1;
	for (i = 0; i < ROUNDS_MAX; i++)
		q->round[i] = q->next;
	return q;
}

void
send_queue_free(struct send_queue *q)
{
	free(q);
}

uint64_t
send_queue_position(const struct send_queue *q)
{
	uint64_t	 position = q->next;
	size_t		 i;

	for (i = 0; i < q->first.count; i++)
		if (q->first.seq[i] < position)
			position = q->first.seq[i];
	return position;
}

static int
recover_one(void *arg, const char *name, int fd)
{
	struct send_queue	*q = arg;
	struct ledger_entry	 e;
	int			 r;

	(void)fd;
	if ((r = ledger_find(q->ledger, name, &e)) == ERR_OK) {
		if (e.seq < q->next)
			q->next = e.seq;
		return ERR_OK;
	}
	if (r != ERR_NOTFOUND)
		return r;
	return spool_release(q->spool, name);
}

/* Where the repeats stand, once a second; a crash repeats a few more. */
static void
rounds_save(struct send_queue *q)
{
	uint64_t	 used[ROUNDS_MAX] = {0};
	long long	 now = proc_now_ms();
	int		 i, r;

	if (q->rounds_saved != 0 && now - q->rounds_saved < ROUNDS_SAVE_MS)
		return;
	q->rounds_saved = now;
	for (i = 1; i < q->conf->rounds; i++)
		used[i] = q->round[i];
	r = ledger_rounds_write(q->ledger, used, ROUNDS_MAX);
	if (r != ERR_OK)
		log_error("the ledger's rounds: %s", err_text(r));
}

int
send_queue_recover(struct send_queue *q)
{
	uint64_t	 stored[ROUNDS_MAX] = {0};
	int		 i, r;

	/* A round that was not configured is 0: it begins with what comes now. */
	if ((r = ledger_rounds_read(q->ledger, stored, ROUNDS_MAX)) != ERR_OK)
		return r;
	for (i = 1; i < ROUNDS_MAX; i++)
		if (stored[i] != 0 && stored[i] < q->round[i])
			q->round[i] = stored[i];
	/* On disk before the first repeat is due: a crash until then forgets none. */
	rounds_save(q);
	/* What a background transport had under way is repeated once more. */
	for (i = 1; i < ROUNDS_MAX; i++)
		if (stored[i] != 0)
			q->round[i] -= q->round[i] > LINK_UNDER_WAY ?
			    LINK_UNDER_WAY : q->round[i] - 1;
	return spool_each(q->spool, "work", recover_one, q);
}

int
send_queue_rewind(struct send_queue *q)
{
	struct ledger_entry	 e;
	int64_t			 since;
	uint64_t		 bytes = 0, seq = ledger_last(q->ledger);
	int			 r;

	/* What a background transport had under way is in work still. */
	if (link_sender_lasting(q->link) || link_sender_is_background(q->link))
		return ERR_OK;
	since = steady_ms(q) - (int64_t)q->conf->resend_window_s * 1000;
	/* Whatever a clock does: all that can have been under way is repeated. */
	for (; seq > 0; seq--) {
		if ((r = ledger_read(q->ledger, seq, &e)) == ERR_NOTFOUND)
			break;
		if (r == ERR_FORMAT)
			continue;
		if (r != ERR_OK)
			return r;
		if (e.made_ms < since && bytes > LINK_FLIGHT)
			break;
		bytes += LINK_HEADER + e.parcel_len;
	}
	if (seq + 1 < q->next)
		q->next = seq + 1;
	return ERR_OK;
}

static const char *
name_ref(const char *name, char out[REF_TEXT_LEN + 1])
{
	const char	*p = strstr(name, "LM-");

	snprintf(out, REF_TEXT_LEN + 1, "%s", p == NULL ? "-" : p);
	return out;
}

static void
note_sent(struct send_queue *q, const char *event,
    const struct ledger_entry *e)
{
	char	 ref[REF_TEXT_LEN + 1], seq[32], bytes[32];
	int	 r;

	snprintf(seq, sizeof(seq), "%" PRIu64, e->seq);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, e->parcel_len);
	r = record_add(q->record, event, "ref", name_ref(e->name, ref),
	    "seq", seq, "bytes", bytes, NULL);
	if (r != ERR_OK)
		log_error("ref=%s seq=%s the record was not written: %s", ref,
		    seq, err_text(r));
}

/* The parcel's own file is broken: an operator must look at it. */
static int
give_up(struct send_queue *q, const struct ledger_entry *e, int in_work,
    int why)
{
	char	 ref[REF_TEXT_LEN + 1], text[200];
	int	 r = ERR_OK;

	snprintf(text, sizeof(text), "its file cannot be read as it was when it"
	    " got link sequence %" PRIu64 ": %s", e->seq, err_text(why));
	log_error("ref=%s seq=%" PRIu64 " %s: %s", name_ref(e->name, ref),
	    e->seq, in_work ? "held" : "not repeated", text);
	if (in_work)
		r = spool_hold(q->spool, e->name, text);
	return r;
}

static int
held_has(const struct held *h, uint64_t seq)
{
	size_t	 i;

	for (i = 0; i < h->count; i++)
		if (h->seq[i] == seq)
			return 1;
	return 0;
}

/* Each sequence once. */
static void
held_add(struct held *h, uint64_t seq)
{
	if (held_has(h, seq))
		return;
	if (h->count == LINK_UNDER_WAY)
		panic("a transport took more than it may hold");
	h->seq[h->count++] = seq;
}

static void
held_remove(struct held *h, uint64_t seq)
{
	size_t	 i;

	for (i = 0; i < h->count && h->seq[i] != seq; i++)
		;
	if (i < h->count)
		h->seq[i] = h->seq[--h->count];
}

/* The parcel of an object that the transport has done with leaves work. */
static int
ended_settle(struct send_queue *q, const struct link_finished *f)
{
	struct ledger_entry	 e;
	int			 in_work = held_has(&q->first, f->seq), r;

	if ((r = ledger_read(q->ledger, f->seq, &e)) != ERR_OK)
		return r;
	if (f->result != ERR_OK)
		return give_up(q, &e, in_work, f->result);
	if (in_work && (r = spool_sent(q->spool, e.name)) == ERR_OK)
		note_sent(q, "link.sent", &e);
	return r;
}

/* What a background transport has sent meanwhile. One that the disk does not let go
 * is tried again: nobody else would. */
static int
step_finished(struct send_queue *q)
{
	const struct link_finished	*f = &q->ended;
	int				 r;

	while (q->has_ended || link_sender_finished(q->link, &q->ended) ==
	    ERR_OK) {
		q->has_ended = 1;
		r = ended_settle(q, f);
		if (r != ERR_OK && r != ERR_NOTFOUND && r != ERR_FORMAT)
			return r;
		q->has_ended = 0;
		if (f->round == (unsigned)q->conf->rounds)
			held_remove(&q->again, f->seq);
		held_remove(&q->first, f->seq);
	}
	if (q->again.count == 0)
		q->resend_ending = 0;
	return ERR_OK;
}

/* Sends the object of one sequence. 1: done with it, also when it is gone. again:
 * an operator asked for it, so it is recorded. */
static int
send_one(struct send_queue *q, uint64_t seq, unsigned round, int again)
{
	struct link_outgoing	 o = { .fd = -1 };
	struct ledger_entry	 e;
	int			 in_work = 1, r;

	r = ledger_read(q->ledger, seq, &e);
	if (r == ERR_NOTFOUND || r == ERR_FORMAT)
		return 1;
	if (r != ERR_OK)
		return r;
	r = spool_open_file(q->spool, "work", e.name, &o.fd);
	if (r == ERR_NOTFOUND) {
		in_work = 0;
		r = spool_open_file(q->spool, "sent", e.name, &o.fd);
	}
	if (r == ERR_NOTFOUND)
		return 1;	/* held, or kept long enough */
	if (r != ERR_OK)
		return r;
	o.seq = e.seq;
	o.header = e.header;
	o.len = e.parcel_len;
	o.round = round;
	r = link_sender_send(q->link, &o);
	close(o.fd);
	if (r == ERR_AGAIN || r == ERR_MEMORY)
		return ERR_AGAIN;
	if (r == ERR_OK && again && link_sender_is_background(q->link))
		held_add(&q->again, seq);
	if (r != ERR_OK)
		r = give_up(q, &e, in_work, r);
	else if (in_work && link_sender_is_background(q->link))
		held_add(&q->first, seq);
	else if (in_work && (r = spool_sent(q->spool, e.name)) == ERR_OK)
		note_sent(q, "link.sent", &e);
	else if (r == ERR_OK && again)
		note_sent(q, "link.resent", &e);
	return r == ERR_OK ? 1 : r;
}

/* Why a parcel may not cross this link, NULL when it may. */
static const char *
parcel_objection(struct send_queue *q, int fd, uint64_t size,
    struct parcel_head *head)
{
	if (size > q->conf->max_object)
		return "it is larger than max_object of this link in"
		    " limpid.conf; raise it on both hosts and retry";
	if (parcel_peek(fd, head, NULL) != ERR_OK)
		return "it is not a whole parcel; the program that wrote it is"
		    " at fault";
	if (head->link != q->conf->id)
		return "it is made for another link; the program that wrote it"
		    " is at fault";
	return NULL;
}

/* Gives the next number to a claimed parcel; ERR_FORMAT when it was held. */
static int
number_parcel(struct send_queue *q, const char *name, int fd)
{
	struct ledger_entry	 e = {0};
	struct link_header	 h = {0};
	struct parcel_head	 head;
	struct stat		 st;
	const char		*why;
	char			 ref[REF_TEXT_LEN + 1];
	uint8_t			 trailer[PARCEL_TRAILER];
	int			 r;

	if (fstat(fd, &st) == -1)
		return ERR_SYS;
	if ((why = parcel_objection(q, fd, (uint64_t)st.st_size, &head)) !=
	    NULL) {
		log_error("ref=%s held: %s", name_ref(name, ref), why);
		r = spool_hold(q->spool, name, why);
		return r == ERR_OK ? ERR_FORMAT : r;
	}
	h.link = (uint8_t)q->conf->id;
	h.class = (uint8_t)head.kind;
	h.seq = ledger_last(q->ledger) + 1;
	h.parcel_len = (uint64_t)st.st_size;
	h.made_ms = proc_wall_ms();
	ledger_last_hash(q->ledger, h.prev);
	if ((r = parcel_trailer(fd, h.parcel_len, trailer)) != ERR_OK ||
	    (r = sha256(trailer, sizeof(trailer), h.trailer_hash)) != ERR_OK ||
	    (r = link_header_encode(&h, q->sign_with, e.header)) != ERR_OK)
		return r;
	e.seq = h.seq;
	e.made_ms = steady_ms(q);
	e.parcel_len = h.parcel_len;
	snprintf(e.name, sizeof(e.name), "%s", name);
	return ledger_add(q->ledger, &e);
}

/* Numbers a few parcels under one fsync. 1 when there were any. */
static int
number_batch(struct send_queue *q)
{
	char		 name[SPOOL_NAME_MAX + 1];
	unsigned	 attempt;
	int		 fd, i, r = ERR_OK, any = 0;

	for (i = 0; i < BATCH; i++) {
		r = spool_claim(q->spool, name, &fd, &attempt);
		if (r != ERR_OK)
			break;
		any = 1;
		r = number_parcel(q, name, fd);
		close(fd);
		if (r == ERR_FORMAT)
			continue;
		if (r != ERR_OK) {
			(void)spool_release(q->spool, name);
			break;
		}
	}
	if (r != ERR_OK && r != ERR_AGAIN && r != ERR_FORMAT)
		return r;
	if (any && (r = ledger_sync(q->ledger)) != ERR_OK)
		return r;
	return any;
}

/* Repeats that are due, oldest round first. */
static int
step_rounds(struct send_queue *q)
{
	struct ledger_entry	 e;
	int64_t			 gap_ms = (int64_t)q->conf->round_gap_s * 1000;
	int64_t			 now = steady_ms(q);
	int			 i, r;

	for (i = 1; i < q->conf->rounds; i++) {
		if (q->round[i] >= q->next)
			continue;
		r = ledger_read(q->ledger, q->round[i], &e);
		/* Made later than now: the clock was set back between two starts. */
		if (r == ERR_OK && now >= e.made_ms &&
		    now < e.made_ms + i * gap_ms)
			continue;
		if ((r = send_one(q, q->round[i], (unsigned)i, 0)) == 1) {
			q->round[i]++;
			rounds_save(q);
		}
		return r;
	}
	return 0;
}

int
send_queue_resend(struct send_queue *q, uint64_t first, uint64_t last)
{
	if (q->resend_count == RESENDS_MAX)
		return ERR_FULL;
	q->resend[q->resend_count].next = first;
	q->resend[q->resend_count++].last = last;
	return ERR_OK;
}

size_t
send_queue_resends(const struct send_queue *q)
{
	return q->resend_count + q->resend_ending;
}

/* The next object of the oldest wish. */
static int
step_resend(struct send_queue *q)
{
	int	 r;

	if ((r = send_one(q, q->resend[0].next, (unsigned)q->conf->rounds, 1)) != 1)
		return r;
	if (q->resend[0].next++ >= q->resend[0].last) {
		q->resend_count--;
		q->resend_ending += q->again.count > 0;
		memmove(&q->resend[0], &q->resend[1],
		    q->resend_count * sizeof(q->resend[0]));
	}
	return 1;
}

int
send_queue_step(struct send_queue *q)
{
	int	 r;

	if (link_sender_is_background(q->link) &&
	    (r = step_finished(q)) != ERR_OK)
		return r;
	/* In turns with new objects; one under way is finished first. */
	if (q->resend_turn) {
		if ((r = step_resend(q)) == 1)
			q->resend_turn = 0;
		return r;
	}
	if (q->next <= ledger_last(q->ledger)) {
		if ((r = send_one(q, q->next, 0, 0)) == 1) {
			q->next++;
			q->resend_turn = q->resend_count > 0;
		}
		return r;
	}
	if ((r = step_rounds(q)) != 0 || (r = number_batch(q)) != 0)
		return r;
	q->resend_turn = q->resend_count > 0;
	return q->resend_turn;
}

int
send_queue_expire(struct send_queue *q)
{
	int	 r, gone;

	if ((gone = spool_expire(q->spool, q->conf->keep_s)) < 0)
		return gone;
	r = ledger_expire(q->ledger, steady_ms(q) -
	    (int64_t)q->conf->keep_s * 1000);
	return r < 0 ? r : gone;
}
