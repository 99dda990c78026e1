/*
 * What a receiver makes of the sender's notices (recv_notice.h).
 * Run by limpid-diode-recv only.
 * Hostile input: notices, until their signature is verified.
 * Must never say that something is missing before it was due, or be silent about it
 * afterwards.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "link_private.h"
#include "log.h"
#include "proc.h"
#include "record.h"
#include "recv_notice.h"
#include "recv_object.h"
#include "recv_seen.h"

#define CLAIMS		4
#define STATUS_MS	1000

struct recv_notice {
	int			 dir, spool_dir;
	int			 hands;		/* no silence: carried by hand */
	const struct conf_link	*conf;
	struct recv_shared	*shared;
	uint8_t			 config[32];
	uint64_t		 epoch, number;		/* newest heard */
	struct link_notice	 beat;			/* the last one */
	long long		 heard;			/* then; monotonic */
	int64_t			 heard_wall;
	long long		 silent_since;	/* while silent; monotonic */
	int			 silent, differs;
	uint64_t		 refused, conflict;
	struct { uint64_t upto; long long at; } claims[CLAIMS];
	size_t			 claim_count;
	uint64_t		 change, changes;
	int			 list_dirty;
	long long		 status_at;
};

static void
note(struct recv_notice *n, const char *event, const char *key,
    const char *value)
{
	char	 link[8];
	int	 r;

	snprintf(link, sizeof(link), "%d", n->shared->link);
	r = record_add(n->shared->record, event, "link", link, key, value,
	    NULL);
	if (r != ERR_OK)
		log_error("link=%d the record was not written: %s",
		    n->shared->link, err_text(r));
}

static int
state_read(struct recv_notice *n)
{
	char	 text[128], *p;
	int	 r;

	r = link_text_read(n->dir, "heard", text, sizeof(text));
	if (r == ERR_OK)
		n->epoch = strtoull(text, NULL, 10);
	else if (r != ERR_NOTFOUND)
		return r;
	r = link_text_read(n->spool_dir, "missing", text, sizeof(text));
	if (r == ERR_OK && (p = strstr(text, "\nchange ")) != NULL)
		n->change = strtoull(p + 8, NULL, 10);
	return r == ERR_NOTFOUND ? ERR_OK : r;
}

int
recv_notice_new(const char *dir, const char *spool_dir,
    const struct conf_link *c, struct recv_shared *shared,
    struct recv_notice **np)
{
	struct recv_notice	*n;
	int			 r = ERR_SYS;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		return ERR_MEMORY;
	n->conf = c;
	n->shared = shared;
	n->hands = strcmp(c->transport, "file") == 0;
	n->heard = proc_now_ms() + NOTICE_START_MS - NOTICE_SILENT_MS;
	n->list_dirty = 1;
	n->spool_dir = -1;
	n->dir = open(dir, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (n->dir == -1)
		goto out;
	n->spool_dir = open(spool_dir, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if (n->spool_dir == -1 || (r = state_read(n)) != ERR_OK ||
	    (r = link_config_hash(c, n->config)) != ERR_OK)
		goto out;
	*np = n;
	n = NULL;
 out:
	recv_notice_free(n);
	return r;
}

void
recv_notice_free(struct recv_notice *n)
{
	if (n == NULL)
		return;
	if (n->dir != -1)
		close(n->dir);
	if (n->spool_dir != -1)
		close(n->spool_dir);
	free(n);
}

void
recv_notice_alive(struct recv_notice *n)
{
	long long	 now = proc_now_ms();

	if (n->heard < now)
		n->heard = now;
}

/* 0 for a notice that is older than one that was heard, or the same. */
static int
is_newer(struct recv_notice *n, const struct link_notice *notice)
{
	char	 text[32];

	if (notice->epoch == n->epoch) {
		if (notice->number <= n->number)
			return 0;
	} else {
		if (notice->epoch >> 32 <= n->epoch >> 32)
			return 0;
		snprintf(text, sizeof(text), "%" PRIu64 "\n", notice->epoch);
		if (link_text_replace(n->dir, "heard", text, 1) != ERR_OK)
			return 0;
		n->epoch = notice->epoch;
	}
	n->number = notice->number;
	return 1;
}

/* Remembers what is due; told when the grace has passed. */
static void
claim(struct recv_notice *n, uint64_t upto)
{
	size_t	 at = n->claim_count;

	if (at > 0 && upto <= n->claims[at - 1].upto)
		return;
	if (at == CLAIMS)
		at--;
	else
		n->claim_count++;
	n->claims[at].upto = upto;
	n->claims[at].at = proc_now_ms();
}

static void
config_check(struct recv_notice *n, const struct link_notice *notice)
{
	int	 differs = memcmp(notice->config, n->config, 32) != 0;

	if (differs && !n->differs) {
		log_warn("link=%d ALARM: the sender has another transport or"
		    " max_object for this link in its limpid.conf; make them"
		    " alike on both hosts", n->shared->link);
		note(n, "link.config", "alarm", "yes");
	}
	n->differs = differs;
}

static void
heard_again(struct recv_notice *n)
{
	char	 seconds[32];

	n->silent = 0;
	snprintf(seconds, sizeof(seconds), "%lld",
	    (proc_now_ms() - n->silent_since) / 1000);
	log_info("link=%d the sender is heard again after %s s",
	    n->shared->link, seconds);
	note(n, "link.heard", "silent_s", seconds);
}

/* The sender's memory against ours: a difference is not an accident. */
static void
history_check(struct recv_notice *n, const struct link_notice *notice)
{
	static const uint8_t	 lost[16];
	char			 text[32];
	uint64_t		 seq;
	unsigned		 i;

	for (i = 0; i < notice->count; i++) {
		seq = notice->first + i;
		if (seq == n->conflict ||
		    memcmp(notice->hash[i], lost, sizeof(lost)) == 0 ||
		    seen_compare(n->shared->seen, seq, notice->hash[i]) !=
		    SEEN_CONFLICT)
			continue;
		n->conflict = seq;
		snprintf(text, sizeof(text), "%" PRIu64, seq);
		log_warn("link=%d seq=%" PRIu64 " ALARM: what came under this"
		    " sequence is not what the sender's history names; its"
		    " ledger was lost or set back", n->shared->link, seq);
		note(n, "link.history", "seq", text);
		break;		/* one says enough */
	}
}

void
recv_notice_take(struct recv_notice *n, const uint8_t *data, size_t len)
{
	struct link_notice	 notice;

	if (link_notice_decode(data, len, n->shared->signer, n->shared->link,
	    &notice) != ERR_OK) {
		if (n->refused++ == 0)
			log_warn("link=%d a notice was refused: it is not one"
			    " that this link's sender signed",
			    n->shared->link);
		return;
	}
	if (!is_newer(n, &notice))
		return;
	if (n->silent)
		heard_again(n);
	n->heard = proc_now_ms();
	n->heard_wall = proc_wall_ms();
	claim(n, notice.sent);
	if (notice.class == LINK_HISTORY)
		history_check(n, &notice);
	else {
		config_check(n, &notice);
		n->beat = notice;
	}
}

static void
tell_range(void *arg, uint64_t from, uint64_t to)
{
	struct recv_notice	*n = arg;
	char			 range[64];

	if (from == to)
		snprintf(range, sizeof(range), "%" PRIu64, from);
	else
		snprintf(range, sizeof(range), "%" PRIu64 "-%" PRIu64, from,
		    to);
	log_warn("link=%d ALARM: sequence %s never came; `limpid slip` prints"
	    " what to type on the sending host", n->shared->link, range);
	note(n, "link.gap", "missing", range);
	n->list_dirty = 1;
}

static int
tell_upto(struct recv_notice *n, uint64_t upto)
{
	int	 any, r;

	r = seen_tell(n->shared->seen, upto, tell_range, n, &any);
	if (r == ERR_OK && any)
		r = record_sync(n->shared->record);
	return r;
}

static int
claims_settle(struct recv_notice *n, long long now)
{
	uint64_t	 upto = 0;
	size_t		 due = 0;

	while (due < n->claim_count &&
	    now - n->claims[due].at >= NOTICE_GRACE_MS)
		upto = n->claims[due++].upto;
	if (due == 0)
		return ERR_OK;
	n->claim_count -= due;
	memmove(&n->claims[0], &n->claims[due],
	    n->claim_count * sizeof(n->claims[0]));
	return tell_upto(n, upto);
}

static int
silence_check(struct recv_notice *n, int listening, long long now)
{
	char	 seconds[32];

	if (!listening && n->heard < now)
		n->heard = now;	/* nobody can be heard: said elsewhere */
	if (n->hands || n->silent || now - n->heard < NOTICE_SILENT_MS)
		return ERR_OK;
	n->silent = 1;
	n->silent_since = n->heard;
	snprintf(seconds, sizeof(seconds), "%.1f",
	    (double)(now - n->heard) / 1000);
	log_warn("link=%d ALARM: the sender has been silent for %s s: three"
	    " heartbeats are missing. See that limpid-diode-send runs there,"
	    " and look at the line", n->shared->link, seconds);
	note(n, "link.silent", "silent_s", seconds);
	/* Nobody will say any more that these were due. */
	return tell_upto(n, seen_highest(n->shared->seen));
}

/* Ranges of one kind, of which at most MISSING_MAX are written. */
struct list {
	FILE		*f;
	const char	*word;		/* before each range */
	size_t		 count, skip;
};

static void
list_count(void *arg, uint64_t from, uint64_t to)
{
	struct list	*l = arg;

	(void)from;
	(void)to;
	l->count++;
}

static void
list_range(void *arg, uint64_t from, uint64_t to)
{
	struct list	*l = arg;

	if (l->count++ < l->skip || l->count > l->skip + MISSING_MAX)
		return;
	fprintf(l->f, "%s%" PRIu64, l->word, from);
	if (from != to)
		fprintf(l->f, "-%" PRIu64, to);
	putc('\n', l->f);
}

/* The oldest that are missing and the newest that were accepted: an old loss that
 * was accepted is no news. */
static void
list_print(struct recv_notice *n, FILE *f)
{
	const struct seen	*seen = n->shared->seen;
	struct list		 missing = { f, "", 0, 0 };
	struct list		 all = {0}, accepted = { f, "accepted ", 0, 0 };

	seen_each_told(seen, GAP_MISSING, list_range, &missing);
	if (missing.count > MISSING_MAX)
		fprintf(f, "more %zu\n", missing.count - MISSING_MAX);
	seen_each_told(seen, GAP_ACCEPTED, list_count, &all);
	if (all.count > MISSING_MAX)
		accepted.skip = all.count - MISSING_MAX;
	seen_each_told(seen, GAP_ACCEPTED, list_range, &accepted);
	if (accepted.skip > 0)
		fprintf(f, "accepted-more %zu\n", accepted.skip);
}

/* The ranges as text; the caller frees it. NULL: no memory. */
static char *
list_text(struct recv_notice *n)
{
	char	*text = NULL;
	size_t	 len;
	FILE	*f;

	if ((f = open_memstream(&text, &len)) == NULL)
		return NULL;
	list_print(n, f);
	if (fclose(f) == EOF) {
		free(text);
		return NULL;
	}
	return text;
}

/* Whether the file says this already; without a file nothing is missing. */
static int
list_is_known(struct recv_notice *n, const char *text)
{
	static char	 have[MISSING_BYTES + 1];
	const char	*p = have;
	int		 i, r;

	r = link_text_read(n->spool_dir, "missing", have, sizeof(have));
	if (r == ERR_NOTFOUND)
		return text[0] == '\0';
	for (i = 0; r == ERR_OK && p != NULL && i < 3; i++)
		if ((p = strchr(p, '\n')) != NULL)
			p++;
	return r == ERR_OK && p != NULL && strcmp(p, text) == 0;
}

static int
list_write(struct recv_notice *n)
{
	uint64_t	 wall = (uint64_t)proc_wall_ms();
	char		*text, *whole = NULL;
	int		 r = ERR_MEMORY;

	if ((text = list_text(n)) == NULL)
		return ERR_MEMORY;
	if (list_is_known(n, text)) {
		free(text);
		return ERR_OK;
	}
	/* Above the last one, whatever the clock did or the state lost. */
	n->change = n->change + 1 > wall ? n->change + 1 : wall;
	if (asprintf(&whole, "limpid-missing-1\nlink %d\nchange %" PRIu64
	    "\n%s", n->shared->link, n->change, text) != -1)
		r = link_text_replace(n->spool_dir, "missing", whole, 1);
	free(whole);
	free(text);
	return r;
}

static int
status_write(struct recv_notice *n, int listening, uint64_t stray)
{
	const struct recv_shared	*s = n->shared;
	const struct link_notice	*b = &n->beat;
	const char			*why = s->unreadable;
	char				 text[1024 + LINK_WHY];
	const char			*state = "waiting";

	if (!listening)
		state = "closed";
	else if (why != NULL)
		state = "unreadable";
	else if (s->full)
		state = "full";
	else if (n->silent)
		state = "silent";
	else if (n->heard_wall != 0)
		state = "heard";
	snprintf(text, sizeof(text), "state %s\nheard_ms %" PRId64
	    "\nsilent_ms %lld\nsent %" PRIu64 "\nhighest %" PRIu64
	    "\nmissing %" PRIu64 "\nlost %" PRIu64 "\nwaiting %" PRIu64 "\nbytes %" PRIu64
	    "\noldest_ms %" PRIu64 "\nconfig %s\naccepted %" PRIu64
	    "\nrepeats %" PRIu64 "\nrefused %" PRIu64 "\nconflicts %" PRIu64
	    "\nstray %" PRIu64 "\n%s%s%s",
	    state, n->heard_wall, n->silent ? proc_now_ms() -
	    n->silent_since : 0,
	    b->sent, seen_highest(s->seen), seen_missing(s->seen),
	    seen_accepted(s->seen), b->waiting, b->waiting_bytes, b->oldest_ms,
	    n->differs ? "differs" : "same", s->accepted, s->repeats,
	    s->refused, s->conflicts, stray, why != NULL ? "why " : "",
	    why != NULL ? why : "", why != NULL ? "\n" : "");
	return link_text_replace(n->dir, "status", text, 0);
}

int
recv_notice_tick(struct recv_notice *n, int listening, uint64_t stray)
{
	long long	 now = proc_now_ms();
	int		 r;

	if ((r = claims_settle(n, now)) != ERR_OK ||
	    (r = silence_check(n, listening, now)) != ERR_OK)
		return r;
	if (n->changes != n->shared->changes || n->list_dirty) {
		if ((r = list_write(n)) != ERR_OK)
			return r;
		n->changes = n->shared->changes;
		n->list_dirty = 0;
	}
	if (n->status_at != 0 && now - n->status_at < STATUS_MS)
		return ERR_OK;
	n->status_at = now;
	return status_write(n, listening, stray);
}
