/*
 * What a sender says of itself (send_notice.h).
 * Run by limpid-diode-send only.
 * Hostile input: none.
 * Must never say "sent" of an object that the link has not taken whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link_private.h"
#include "proc.h"
#include "send_ledger.h"
#include "send_notice.h"
#include "send_queue.h"
#include "spool.h"

#define HISTORY_MS	60000

struct send_notice {
	int			 dir;
	const struct conf_link	*conf;
	struct spool		*spool;
	struct ledger		*ledger;
	struct send_queue	*queue;
	const struct key	*sign_with;
	struct link_sender	*link;
	uint64_t		 epoch, number;
	uint8_t			 config[32];
	long long		 beat, history;	/* when the last one was due */
	uint64_t		 history_next;	/* 0: none is under way */
	struct spool_stat	 waiting;
	long long		 measure_after;
};

/* One higher than at the start before; durable, so no start is like another. Without
 * a file it begins at the time, above all of a state that was lost. */
static int
epoch_next(struct send_notice *n)
{
	char		 text[32], *end;
	uint32_t	 random;
	unsigned long	 count = (unsigned long)(proc_wall_ms() / 1000);
	int		 r;

	r = link_text_read(n->dir, "epoch", text, sizeof(text));
	if (r == ERR_OK) {
		count = strtoul(text, &end, 10);
		if (end == text || *end != '\n' || count >= UINT32_MAX)
			return ERR_FORMAT;
	} else if (r != ERR_NOTFOUND)
		return r;
	snprintf(text, sizeof(text), "%lu\n", count + 1);
	if ((r = link_text_replace(n->dir, "epoch", text, 1)) != ERR_OK ||
	    (r = random_bytes(&random, sizeof(random))) != ERR_OK)
		return r;
	n->epoch = (uint64_t)(count + 1) << 32 | random;
	return ERR_OK;
}

int
send_notice_new(const char *path, const struct conf_link *c,
    struct spool *spool, struct ledger *ledger, struct send_queue *queue,
    const struct key *sign_with, struct link_sender *link,
    struct send_notice **np)
{
	struct send_notice	*n;
	int			 r = ERR_SYS;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		return ERR_MEMORY;
	n->conf = c;
	n->spool = spool;
	n->ledger = ledger;
	n->queue = queue;
	n->sign_with = sign_with;
	n->link = link;
	n->dir = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (n->dir == -1 || (r = epoch_next(n)) != ERR_OK ||
	    (r = link_config_hash(c, n->config)) != ERR_OK)
		goto out;
	*np = n;
	n = NULL;
 out:
	send_notice_free(n);
	return r;
}

void
send_notice_free(struct send_notice *n)
{
	if (n == NULL)
		return;
	if (n->dir != -1)
		close(n->dir);
	free(n);
}

static int
say(struct send_notice *n, struct link_notice *notice)
{
	uint8_t	 raw[LINK_NOTICE_MAX];
	size_t	 len;
	int	 r;

	notice->link = (uint8_t)n->conf->id;
	notice->epoch = n->epoch;
	notice->number = ++n->number;
	notice->made_ms = proc_wall_ms();
	notice->sent = send_queue_position(n->queue) - 1;
	if ((r = link_notice_encode(notice, n->sign_with, raw, &len)) != ERR_OK)
		return r;
	return link_sender_notice(n->link, raw, len);
}

/* A long queue is measured less often: at most a hundredth of our time. */
static int
measure(struct send_notice *n)
{
	long long	 began = proc_now_ms(), done;
	int		 r;

	if (began < n->measure_after)
		return ERR_OK;
	r = spool_waiting(n->spool, &n->waiting);
	done = proc_now_ms();
	n->measure_after = done + 100 * (done - began);
	return r;
}

static uint64_t
oldest_age(const struct spool_stat *st)
{
	int64_t	 age = proc_wall_ms() - st->oldest_ms;

	if (st->new_count + st->work_count == 0 || age < 0)
		return 0;
	return (uint64_t)age;
}

static int
beat(struct send_notice *n)
{
	const struct spool_stat	*st = &n->waiting;
	struct link_notice	 notice = { .class = LINK_HEARTBEAT };

	notice.waiting = st->new_count + st->work_count;
	notice.waiting_bytes = st->bytes;
	notice.oldest_ms = oldest_age(st);
	memcpy(notice.config, n->config, sizeof(notice.config));
	return say(n, &notice);
}

/* The next 64 hashes; a sequence that the disk lost has zeros. 1: that was all. */
static int
history_part(struct send_notice *n)
{
	struct link_notice	 notice = { .class = LINK_HISTORY };
	struct ledger_entry	 e;
	uint8_t			 hash[SHA256_BYTES];
	uint64_t		 seq = n->history_next;
	uint64_t		 sent = send_queue_position(n->queue) - 1;
	int			 r;

	for (notice.first = seq; seq <= sent && notice.count < LINK_NOTICES;
	    seq++) {
		r = ledger_read(n->ledger, seq, &e);
		if (r != ERR_OK && r != ERR_NOTFOUND && r != ERR_FORMAT)
			return r;
		if (r == ERR_OK) {
			if ((r = sha256(e.header, LINK_HEADER, hash)) != ERR_OK)
				return r;
			memcpy(notice.hash[notice.count], hash, 16);
		}
		notice.count++;
	}
	if (notice.count == 0)
		return 1;
	if ((r = say(n, &notice)) != ERR_OK)
		return r;
	n->history_next = seq;
	return seq > sent;
}

static int
history(struct send_notice *n)
{
	uint64_t	 sent = send_queue_position(n->queue) - 1;
	uint64_t	 span = LINK_HISTORIES * LINK_NOTICES;
	int		 r;

	if (n->history_next == 0)
		n->history_next = sent > span ? sent - span + 1 : 1;
	while ((r = history_part(n)) == ERR_OK)
		;
	if (r == 1)
		n->history_next = 0;
	return r < 0 ? r : ERR_OK;
}

static int
status_write(struct send_notice *n, long long away_ms)
{
	const struct spool_stat	*st = &n->waiting;
	const char		*why = away_ms > 0 ? link_sender_why(n->link) :
				    NULL;
	char			 text[512 + LINK_WHY];

	snprintf(text, sizeof(text), "state %s\naway_ms %lld\nsent %" PRIu64
	    "\nlast %" PRIu64 "\nwaiting %" PRIu64 "\nbytes %" PRIu64
	    "\noldest_ms %" PRIu64 "\n%s%s%s", away_ms > 0 ? "away" : "up",
	    away_ms, send_queue_position(n->queue) - 1, ledger_last(n->ledger),
	    st->new_count + st->work_count, st->bytes, oldest_age(st),
	    why != NULL ? "why " : "", why != NULL ? why : "",
	    why != NULL ? "\n" : "");
	return link_text_replace(n->dir, "status", text, 0);
}

int
send_notice_tick(struct send_notice *n, long long away_ms)
{
	long long	 now = proc_now_ms();
	int		 r, e;

	if (n->beat != 0 && now - n->beat < LINK_BEAT_MS)
		return ERR_OK;
	/* Each second, not each second and a bit. */
	n->beat = now - n->beat < 2 * LINK_BEAT_MS ? n->beat + LINK_BEAT_MS :
	    now;
	if ((r = measure(n)) != ERR_OK)
		return r;
	r = beat(n);
	if (r == ERR_OK && (n->history == 0 || n->history_next != 0 ||
	    now - n->history >= HISTORY_MS)) {
		n->history = now;
		r = history(n);
	}
	e = status_write(n, away_ms);
	return r == ERR_OK || r == ERR_AGAIN ? e : r;
}
