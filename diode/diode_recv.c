/*
 * limpid-diode-recv: the receiving end of one link.
 * Runs as limpid-recv (one process a link).
 * Hostile input: everything that arrives; of a parcel it verifies the link's
 * signature, hash and shape, and opens nothing.
 * Must never contain sending code, answer a peer, or say "seen" of what the spool
 * does not hold.
 */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link.h"
#include "link_start.h"
#include "log.h"
#include "proc.h"
#include "record.h"
#include "recv_accept.h"
#include "recv_digest.h"
#include "recv_fragments.h"
#include "recv_notice.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"

#define SYNC_MS		1000
#define IDLE_MS		250	/* an alarm is never later by more */
#define ROOM_MS		5000	/* without a lost object, before there is room */
#define AGAIN_MS	10000	/* closed at least, when nothing was stored since
				 * the last time */
#define BLOCK		65536
#define SAY_MS		60000	/* in this time, of what anybody can cause, */
#define SAY_MAX		20	/* so many lines are written */

static const char usage[] =
    "limpid-diode-recv [--root DIR] [-n] --link 1|2";

struct diode_recv {
	int			 link, listening;
	struct conf		*conf;
	struct recv_shared	 shared;
	struct key		*key;
	struct fragments	*fragments;
	struct link_receiver	*receiver;
	struct recv_notice	*notice;
	struct recv_accept	*accept;
	long long		 synced, trouble_said, tick_said, crowded_at;
	uint64_t		 crowded;	/* objects, when last looked at */
	long long		 open_at;	/* monotonic; closed before */
	uint64_t		 stored;	/* objects, when it was closed */
	uint64_t		 said_repeats, said_dropped;
	long long		 say_since;
	unsigned		 say_count;
};

static void
keys_load(struct diode_recv *d)
{
	char	*path = link_path(d->conf, d->link, "etc/keys/link", "-sign.pub"), *why;
	int	 r;

	if ((r = key_load_public(path, KEY_ED25519, &d->key)) != ERR_OK)
		fatal(err_exit(r), "%s: %s; copy it from the sending host with"
		    " `limpid keys`", path, err_text(r));
	free(path);
	r = link_receiver_new(d->conf, d->link, &d->receiver, &why);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
}

static void
words_open(struct diode_recv *d)
{
	char	*path = link_path(d->conf, d->link, "state/link/", "-recv");
	char	*spool = link_path(d->conf, d->link, "state/spool/link", "-in");
	int	 r;

	r = recv_notice_new(path, spool, &d->conf->link[d->link - 1],
	    &d->shared, &d->notice);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s: %s", path, err_text(r));
	if ((d->accept = recv_accept_new(path, &d->shared)) == NULL)
		fatal(EXIT_IO, "%s: %s", path, strerror(errno));
	free(path);
	free(spool);
}

static void
state_open(struct diode_recv *d)
{
	const struct conf	*c = d->conf;
	struct recv_shared	*s = &d->shared;
	char			*path;
	int			 r;

	s->link = d->link;
	s->max_object = c->link[d->link - 1].max_object;
	s->signer = d->key;
	path = link_path(d->conf, d->link, "state/record/diode-recv-", ".record");
	if ((r = record_open(path, &s->record)) != ERR_OK)
		fatal(err_exit(r), "%s: %s%s", path, err_text(r),
		    r == ERR_AGAIN ? "; another limpid-diode-recv runs" : "");
	free(path);
	path = link_path(d->conf, d->link, "state/spool/link", "-in");
	r = spool_open(path, c->spool.high_water, c->spool.reserve, &s->spool);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s: %s; `limpid init` makes the spool",
		    path, err_text(r));
	free(path);
	path = link_path(d->conf, d->link, "state/link/", "-recv");
	/* First settle what a crash left in tmp, then sweep it. */
	if ((r = seen_open(path, s->spool, &s->seen)) != ERR_OK)
		fatal(err_exit(r), "%s: %s", path, err_text(r));
	free(path);
	if ((r = spool_clear_tmp(s->spool)) < 0)
		fatal(err_exit(r), "spool link%d-in: %s", d->link, err_text(r));
	if ((s->digest = recv_digest_new()) == NULL ||
	    (d->fragments = fragments_new(s)) == NULL)
		fatal(EXIT_BUG, "out of memory");
}

static int
on_fragment(void *arg, const uint8_t *message, size_t len)
{
	struct diode_recv	*d = arg;

	recv_notice_alive(d->notice);
	return fragments_take(d->fragments, message, len);
}

static int
on_settle(void *arg)
{
	struct diode_recv	*d = arg;

	return recv_batch_commit(&d->shared);
}

/* 1 when a line may be written of what strangers or media cause: they shall not fill
 * our disk with it. What is left out is counted and said. */
static int
may_say(struct diode_recv *d)
{
	return d->say_count++ < SAY_MAX;
}

static void
say_left_out(struct diode_recv *d, long long now)
{
	if (now - d->say_since < SAY_MS)
		return;
	if (d->say_count > SAY_MAX)
		log_warn("link=%d and %u more lines of this kind were left out",
		    d->link, d->say_count - SAY_MAX);
	d->say_since = now;
	d->say_count = 0;
}

static void
on_told(void *arg, const char *sentence)
{
	struct diode_recv	*d = arg;

	if (may_say(d))
		log_warn("link=%d %s", d->link, sentence);
}

/* Takes o over. The file is removed next, so its batch is committed at once. */
static int
object_copy(struct diode_recv *d, struct recv_object *o, int fd, uint64_t len)
{
	uint8_t		 block[BLOCK];
	uint64_t	 at = 0;
	ssize_t		 n;
	int		 r = ERR_OK;

	while (r == ERR_OK && at < len) {
		n = pread(fd, block, sizeof(block), (off_t)(LINK_HEADER + at));
		if (n <= 0)
			r = n == 0 ? ERR_SHORT : ERR_AGAIN;
		else
			r = recv_object_write(o, block, (size_t)n);
		at += n > 0 ? (uint64_t)n : 0;
	}
	if (r != ERR_OK) {
		recv_object_free(o);
		return r;
	}
	if ((r = recv_object_finish(o)) != ERR_OK)
		return r;
	return recv_batch_commit(&d->shared);
}

/* An object in a file. ERR_SHORT: it ends before it should; ERR_AGAIN: it cannot be
 * read; ERR_DENIED: it is not the sender's; else as recv_object_finish. */
static int
file_take(struct diode_recv *d, int fd)
{
	struct recv_object	*o = NULL;
	struct link_header	 h;
	struct stat		 st;
	uint8_t			 header[LINK_HEADER];
	ssize_t			 n;
	int			 r;

	if ((n = pread(fd, header, LINK_HEADER, 0)) == -1 ||
	    fstat(fd, &st) == -1)
		return ERR_AGAIN;
	if (n != LINK_HEADER)
		return ERR_SHORT;
	/* Before recv_object_new, which would record a stranger's file. */
	if ((r = link_header_decode(header, d->key, d->link, &h)) != ERR_OK)
		return r == ERR_FORMAT || r == ERR_CRYPTO ? ERR_DENIED : r;
	if ((r = recv_object_new(&d->shared, header, &o)) != ERR_OK)
		return r;
	if ((uint64_t)st.st_size - LINK_HEADER < h.parcel_len) {
		recv_object_free(o);
		return ERR_SHORT;
	}
	return object_copy(d, o, fd, (uint64_t)st.st_size - LINK_HEADER);
}

/* What is wrong with a file that nobody writes to any more, and what to do. */
static const char *
file_advice(int r)
{
	switch (r) {
	case ERR_SHORT:
		return "is not whole, and nobody writes to it any more: its copy"
		    " was cut off; copy it again";
	case ERR_AGAIN:
		return "cannot be read to its end: the medium is damaged or was"
		    " taken out; copy it again";
	case ERR_DENIED:
		return "is nothing that this link's sender signed, and is left"
		    " alone; remove it, or see that the key linkN-sign.pub here"
		    " is the sender's";
	default:
		return "was refused, the line before says why, and is left"
		    " alone; copy it again or remove it";
	}
}

static int
on_object(void *arg, int fd, const char *name, enum link_look look,
    enum link_file *what)
{
	struct diode_recv	*d = arg;
	int			 r;

	d->shared.quiet = look != LINK_SETTLED;
	r = file_take(d, fd);
	d->shared.quiet = 0;
	switch (r) {
	case ERR_OK:
	case ERR_EXISTS:
		*what = LINK_DONE;
		return ERR_OK;
	case ERR_AGAIN:
	case ERR_FORMAT:
	case ERR_CRYPTO:
	case ERR_DENIED:
	case ERR_LIMIT:
	case ERR_SHORT:
		break;
	default:
		return r;
	}
	*what = look == LINK_SETTLED ? LINK_LEFT : LINK_FORMING;
	if (look == LINK_SETTLED && may_say(d))
		log_warn("link=%d %s %s", d->link, log_safe(name),
		    file_advice(r));
	else if (look == LINK_FIRST && r == ERR_SHORT && may_say(d))
		log_info("link=%d %s is not whole yet and waits", d->link,
		    log_safe(name));
	return ERR_OK;
}

static void
on_refused(void *arg, const char *address, const char *why)
{
	struct diode_recv	*d = arg;
	char			 link[4];
	int			 r;

	if (!may_say(d))
		return;
	snprintf(link, sizeof(link), "%d", d->link);
	log_warn("link=%d ALARM: a sender at %s was turned away: %s", d->link,
	    address, why);
	r = record_add(d->shared.record, "link.stranger", "link", link,
	    "address", address, "why", why, NULL);
	if (r != ERR_OK)
		log_error("link=%d the record was not written: %s", d->link,
		    err_text(r));
}

static void
on_notice(void *arg, const uint8_t *data, size_t len)
{
	struct diode_recv	*d = arg;

	recv_notice_take(d->notice, data, len);
}

static void
housekeeping(struct diode_recv *d)
{
	struct recv_shared	*s = &d->shared;
	long long		 now = proc_now_ms();
	uint64_t		 dropped = fragments_dropped(d->fragments);
	int			 r;

	s->unreadable = link_receiver_why(d->receiver);
	recv_accept_tick(d->accept);
	r = recv_notice_tick(d->notice, d->listening, dropped);
	if (r != ERR_OK && now - d->tick_said >= 30000) {
		d->tick_said = now;
		log_error("link=%d what is missing cannot be written down: %s;"
		    " make room, it is tried again", d->link, err_text(r));
	}
	say_left_out(d, now);
	if (now - d->synced < SYNC_MS)
		return;
	d->synced = now;
	if ((r = seen_sync(s->seen)) != ERR_OK ||
	    (r = record_sync(s->record)) != ERR_OK)
		log_error("link=%d state is not on disk: %s", d->link,
		    err_text(r));
	if (s->repeats != d->said_repeats || dropped != d->said_dropped)
		log_info("link=%d accepted=%" PRIu64 " repeats=%" PRIu64
		    " refused=%" PRIu64 " stray-fragments=%" PRIu64
		    " highest=%" PRIu64 " missing=%" PRIu64, d->link,
		    s->accepted, s->repeats, s->refused, dropped,
		    seen_highest(s->seen), seen_missing(s->seen));
	d->said_repeats = s->repeats;
	d->said_dropped = dropped;
}

/* Listens (again). The world's trouble is said at most every 30 s. */
static void
listen_again(struct diode_recv *d)
{
	char	*why;
	int	 r;

	if ((r = link_receiver_start(d->receiver, &why)) == ERR_OK) {
		d->listening = 1;
		d->shared.need = 0;
		return;
	}
	log_error("link=%d %s", d->link, why != NULL ? why : err_text(r));
	free(why);
}

static int
trouble_is_news(struct diode_recv *d, long long now)
{
	if (d->trouble_said != 0 && now - d->trouble_said < 30000)
		return 0;
	d->trouble_said = now;
	return 1;
}

/* The link is closed. What came whole before the trouble is kept where it can be:
 * it would be the first to come again. */
static void
trouble(struct diode_recv *d, int r)
{
	struct recv_shared	*s = &d->shared;
	long long		 now = proc_now_ms();

	fragments_reset(d->fragments);
	(void)recv_batch_commit(s);
	d->listening = 0;
	d->open_at = s->accepted == d->stored ? now + AGAIN_MS : now;
	d->stored = s->accepted;
	if (!trouble_is_news(d, now))
		return;
	log_error("link=%d ALARM: nothing can be stored: %s; the link is closed"
	    " until it can, and the sender keeps what was not stored. Make"
	    " room in %s/spool, for %" PRIu64 " bytes at least, or see why the"
	    " next program does not take its mail", d->link, err_text(r),
	    d->conf->state, s->need + d->conf->spool.reserve);
}

/* 1 when the spool takes parcels again, and one with so many bytes. */
static int
room_again(struct diode_recv *d, uint64_t need)
{
	char		 name[SPOOL_NAME_MAX + 1];
	struct ref	 ref = {{0}};
	int		 fd;

	if (spool_check_room(d->shared.spool, need) != ERR_OK ||
	    spool_new_file(d->shared.spool, &ref, name, &fd) != ERR_OK)
		return 0;
	close(fd);
	spool_abort(d->shared.spool, name);
	return 1;
}

/* Objects for which there was no room, on a link that cannot close. */
static void
crowded_watch(struct diode_recv *d)
{
	struct recv_shared	*s = &d->shared;
	long long		 now = proc_now_ms();

	if (s->crowded != d->crowded) {
		d->crowded = s->crowded;
		d->crowded_at = now;
		if (!s->full && trouble_is_news(d, now))
			log_error("link=%d ALARM: not everything can be stored:"
			    " %s; what has no room is lost until the sender"
			    " sends it again. Make room in %s/spool, or see why"
			    " the next program does not take its mail; then"
			    " `limpid slip` prints what to type on the sending"
			    " host for what is missing", d->link,
			    err_text(ERR_FULL), d->conf->state);
		s->full = 1;
	}
	if (!s->full || now - d->crowded_at < ROOM_MS || !room_again(d, 0))
		return;
	s->full = 0;
	log_info("link=%d there is room again", d->link);
}

static void
loop(struct diode_recv *d, int signals)
{
	const struct link_sink	 sink = { d, on_fragment, on_settle,
				    on_object, on_told, on_refused,
				    &d->shared, on_notice };
	struct pollfd		 p[2] = { { signals, POLLIN, 0 },
				    { -1, POLLIN, 0 } };
	int			 n = 0;

	while (!proc_stopping()) {
		if (!d->listening && proc_now_ms() >= d->open_at &&
		    room_again(d, d->shared.need))
			listen_again(d);
		p[1].fd = d->listening ? link_receiver_fd(d->receiver) : -1;
		if (poll(p, 2, n > 0 ? 0 : IDLE_MS) == -1 && errno != EINTR)
			fatal(EXIT_IO, "poll: %s", strerror(errno));
		if (p[0].revents != 0)
			proc_signals_read();
		n = 0;
		if (d->listening)
			n = link_receiver_receive(d->receiver, &sink);
		if (n == ERR_PEER)
			fatal(EXIT_BUG, "link %d: the datagram front has ended;"
			    " this program must be started again", d->link);
		if (n < 0)
			trouble(d, n);
		else if (d->shared.accepted != d->stored && !d->shared.full)
			d->trouble_said = 0;
		crowded_watch(d);
		housekeeping(d);
	}
}

static void
diode_recv_close(struct diode_recv *d)
{
	link_receiver_free(d->receiver);
	fragments_free(d->fragments);
	recv_accept_free(d->accept);
	recv_notice_free(d->notice);
	(void)seen_sync(d->shared.seen);
	(void)record_sync(d->shared.record);
	seen_close(d->shared.seen);
	record_close(d->shared.record);
	spool_close(d->shared.spool);
	recv_digest_free(d->shared.digest);
	key_free(d->key);
	conf_free(d->conf);
}

int
main(int argc, char **argv)
{
	struct diode_recv	 d = {0};
	char			*why, *pid;
	int			 r, signals;

	d.link = link_start(argc, argv, "limpid-diode-recv", usage, &d.conf);
	/* Keys and sockets come first: a large receive buffer needs the rights that
	 * the next line gives away. */
	keys_load(&d);
	link_start_user("limpid-recv");
	state_open(&d);
	words_open(&d);
	signals = link_start_signals();
	pid = link_path(d.conf, d.link, "run/diode-recv-", ".pid");
	if ((r = link_receiver_split(d.receiver, &why)) != ERR_OK)
		fatal(err_exit(r), "link %d: the datagram front: %s", d.link,
		    why != NULL ? why : err_text(r));
	link_start_filter(d.conf, "diode-recv");
	/* ZeroMQ's threads begin here and inherit the filter. */
	if ((r = link_receiver_start(d.receiver, &why)) != ERR_OK)
		fatal(err_exit(r), "link %d: %s: %s", d.link,
		    d.conf->link[d.link - 1].bind,
		    why != NULL ? why : err_text(r));
	d.listening = 1;
	proc_ready(pid);
	free(pid);
	loop(&d, signals);
	diode_recv_close(&d);
	return EXIT_DONE;
}
