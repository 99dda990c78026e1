/*
 * limpid-diode-send: the sending end of one link.
 * Runs as limpid-send (one process a link).
 * Hostile input: none; it reads the spool of its own host and looks at nothing but
 * the shape of a parcel.
 * Must never contain receiving code, look names up, or say "sent" of what is not.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "link.h"
#include "link_start.h"
#include "log.h"
#include "proc.h"
#include "record.h"
#include "send_ledger.h"
#include "send_notice.h"
#include "send_queue.h"
#include "send_resend.h"
#include "spool.h"

#define EXPIRE_MS	60000
#define AWAY_MS		30000	/* between two lines about an absent receiver */
#define AWAY_FIRST_MS	5000	/* before the first such line */
#define IDLE_MS		250	/* a heartbeat is never later by more */
#define TROUBLE_MS	1000	/* pause after the disk failed us */
#define SAY_MS		30000	/* between two lines about the same trouble */

static const char usage[] =
    "limpid-diode-send [--root DIR] [-n] --link 1|2";

struct diode_send {
	int			 link, up;
	int			 refused;	/* the last handshake failed */
	int			 stalled;	/* up, and yet takes nothing */
	struct conf		*conf;
	struct spool		*spool;
	struct ledger		*ledger;
	struct record		*record;
	struct key		*key;
	struct link_sender	*sender;
	struct send_queue	*queue;
	struct send_notice	*notice;
	struct send_resend	*resend;
	long long		 away_since, away_said, expired, synced;
	long long		 rest_until, trouble_said, mute_said;
	uint64_t		 unsure;	/* up to here a lost connection may
						 * have swallowed objects */
};

static void
keys_load(struct diode_send *d)
{
	char	*path = link_path(d->conf, d->link, "etc/keys/link", "-sign.key"), *why;
	int	 r;

	if ((r = key_load_private(path, KEY_ED25519, &d->key)) != ERR_OK)
		fatal(err_exit(r), "%s: %s; `limpid init` makes this key for"
		    " the user limpid-send", path, err_text(r));
	free(path);
	if ((r = link_sender_new(d->conf, d->link, &d->sender, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why != NULL ? why : err_text(r));
}

static void
state_open(struct diode_send *d)
{
	const struct conf	*c = d->conf;
	char			*path;
	int			 r;

	path = link_path(d->conf, d->link, "state/spool/link", "-out");
	r = spool_open(path, c->spool.high_water, c->spool.reserve, &d->spool);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s: %s; `limpid init` makes the spool",
		    path, err_text(r));
	free(path);
	if (spool_wake_fd(d->spool) < 0)
		fatal(EXIT_IO, "inotify: %s", strerror(errno));
	path = link_path(d->conf, d->link, "state/link/", "-send");
	if ((r = ledger_open(path, &d->ledger)) != ERR_OK)
		fatal(err_exit(r), "%s: %s%s", path, err_text(r),
		    r == ERR_AGAIN ? "; another limpid-diode-send runs" : "");
	free(path);
	path = link_path(d->conf, d->link, "state/record/diode-send-", ".record");
	if ((r = record_open(path, &d->record)) != ERR_OK)
		fatal(err_exit(r), "%s: %s", path, err_text(r));
	free(path);
	d->queue = send_queue_new(&c->link[d->link - 1], d->spool, d->ledger,
	    d->record, d->key, d->sender);
	if (d->queue == NULL)
		fatal(EXIT_BUG, "out of memory");
	if ((r = send_queue_recover(d->queue)) != ERR_OK)
		fatal(err_exit(r), "spool link%d-out: %s", d->link,
		    err_text(r));
}

static void
words_open(struct diode_send *d)
{
	char	*path = link_path(d->conf, d->link, "state/link/", "-send");
	int	 r;

	r = send_notice_new(path, &d->conf->link[d->link - 1], d->spool,
	    d->ledger, d->queue, d->key, d->sender, &d->notice);
	if (r != ERR_OK)
		fatal(err_exit(r), "%s/epoch: %s%s", path, err_text(r),
		    r == ERR_FORMAT ? "; write a number into it that is higher"
		    " than any before" : "");
	if ((d->resend = send_resend_new(path, d->queue)) == NULL)
		fatal(EXIT_IO, "%s: %s", path, strerror(errno));
	free(path);
}

static void
record_link(struct diode_send *d, const char *event)
{
	char	 link[4];
	int	 r;

	snprintf(link, sizeof(link), "%d", d->link);
	if ((r = record_add(d->record, event, "link", link, NULL)) != ERR_OK)
		log_error("link=%d the record was not written: %s", d->link,
		    err_text(r));
}

static void
away_begin(struct diode_send *d, int say_after_ms)
{
	d->away_since = proc_now_ms();
	d->away_said = d->away_since - AWAY_MS + say_after_ms;
}

/* Says that nobody takes the mail: the spool grows, and never in silence. */
static void
warn_away(struct diode_send *d)
{
	const char		*why = link_sender_why(d->sender);
	struct spool_stat	 st;
	long long		 now = proc_now_ms();

	if ((d->up && !d->stalled) || now - d->away_said < AWAY_MS)
		return;
	d->away_said = now;
	if (spool_waiting(d->spool, &st) != ERR_OK)
		return;
	log_warn("link=%d the far end at %s is away for %lld s: %" PRIu64
	    " parcels (%" PRIu64 " bytes) wait in the spool, the oldest for"
	    " %lld s; %s", d->link, d->conf->link[d->link - 1].connect,
	    (now - d->away_since) / 1000, st.new_count + st.work_count,
	    st.bytes, st.oldest_ms == 0 ? 0 : (long long)(proc_wall_ms() -
	    st.oldest_ms) / 1000, why != NULL ? why :
	    "see that limpid-diode-recv runs there and that this host reaches"
	    " it");
}

static void
on_up(struct diode_send *d)
{
	int	 r;

	d->up = 1;
	d->unsure = ledger_last(d->ledger);
	if ((r = send_queue_rewind(d->queue)) != ERR_OK)
		log_error("link=%d the ledger cannot be read: %s", d->link,
		    err_text(r));
	log_info("link=%d connected, sending from sequence %" PRIu64, d->link,
	    send_queue_position(d->queue));
	record_link(d, "link.up");
}

static void
on_events(struct diode_send *d, unsigned seen)
{
	const char	*why = link_sender_why(d->sender);

	/* Said by warn_away, with what waits, and not at each try. */
	if ((seen & LINK_REFUSED) && !d->refused) {
		d->refused = 1;
		d->away_said = proc_now_ms() - AWAY_MS;
	}
	if (seen & LINK_DOWN) {
		d->up = 0;
		away_begin(d, AWAY_FIRST_MS);
		log_warn("link=%d %s", d->link, why != NULL ? why :
		    "the connection was lost");
		record_link(d, "link.down");
	}
	if (seen & LINK_UP) {
		d->refused = 0;
		on_up(d);
	}
}

/* A medium that is there and takes nothing is as bad as none, and said as such. */
static void
stall_check(struct diode_send *d)
{
	int	 stalled = d->up && link_sender_why(d->sender) != NULL;

	if (stalled == d->stalled)
		return;
	d->stalled = stalled;
	if (stalled)
		away_begin(d, 0);
	else if (d->up)
		log_info("link=%d sending goes on", d->link);
}

/* 1 when a trouble that lasts may be said (again). */
static int
is_news(long long *said)
{
	long long	 now = proc_now_ms();

	if (*said != 0 && now - *said < SAY_MS)
		return 0;
	*said = now;
	return 1;
}

/* Between objects too: a long queue must not hold back the heartbeat. */
static void
speak(struct diode_send *d)
{
	long long	 away = d->up && !d->stalled ? 0 :
	    proc_now_ms() - d->away_since + 1;
	int		 r;

	r = send_notice_tick(d->notice, away);
	if (r != ERR_OK && is_news(&d->mute_said))
		log_error("link=%d the heartbeat, or what limpid status reads:"
		    " %s; see that %s/link/%d-send belongs to limpid-send and"
		    " that its disk has room", d->link, err_text(r),
		    d->conf->state, d->link);
	send_resend_tick(d->resend);
}

/* What a lost connection may have swallowed is kept until it was sent again, however
 * long the far end was away. */
static int
may_expire(const struct diode_send *d)
{
	return d->up && send_queue_position(d->queue) > d->unsure;
}

static void
housekeeping(struct diode_send *d)
{
	long long	 now = proc_now_ms();
	int		 r;

	speak(d);
	stall_check(d);
	warn_away(d);
	if (now - d->synced >= 1000) {
		d->synced = now;
		if ((r = record_sync(d->record)) != ERR_OK)
			log_error("link=%d the record is not on disk: %s",
			    d->link, err_text(r));
	}
	if (now - d->expired >= EXPIRE_MS && may_expire(d)) {
		d->expired = now;
		if ((r = send_queue_expire(d->queue)) < 0)
			log_error("link=%d old parcels stay: %s", d->link,
			    err_text(r));
	}
}

/* The disk failed us. Nothing of the spool is touched for a while: each parcel that is
 * taken and given back would wake us at once. */
static int
trouble(struct diode_send *d, int r)
{
	d->rest_until = proc_now_ms() + TROUBLE_MS;
	if (is_news(&d->trouble_said))
		log_error("link=%d cannot go on with the spool: %s; what waits"
		    " is tried again each second. Make room in %s, and see that"
		    " spool/link%d-out and link/%d-send there belong to"
		    " limpid-send", d->link, err_text(r), d->conf->state,
		    d->link, d->link);
	return IDLE_MS;
}

/* Hands over until there is nothing to send or nobody to take it. Returns how long
 * the loop may sleep. */
static int
feed(struct diode_send *d)
{
	long long	 rest = d->rest_until - proc_now_ms();
	int		 n, r;

	if (rest > 0)
		return rest < IDLE_MS ? (int)rest : IDLE_MS;
	for (n = 0; d->up && n < 64; n++) {
		on_events(d, link_sender_events(d->sender));
		if (!d->up)
			break;
		speak(d);
		if ((r = send_queue_step(d->queue)) == 1)
			continue;
		if (r == 0)
			return IDLE_MS;
		if (r == ERR_AGAIN)
			return link_sender_lasting(d->sender) ||
			    link_sender_is_background(d->sender) ? IDLE_MS : 0;
		return trouble(d, r);
	}
	return d->up ? 0 : IDLE_MS;
}

/* Feeds the transport, and lets it send where it does so in the background. */
static int
pump(struct diode_send *d)
{
	int	 wait = feed(d), line;

	if (!link_sender_is_background(d->sender))
		return wait;
	line = link_sender_pump(d->sender);
	return line >= 0 && line < wait ? line : wait;
}

static void
loop(struct diode_send *d, int signals)
{
	struct pollfd	 p[3];
	int		 wait;

	p[0].fd = signals;
	p[1].fd = spool_wake_fd(d->spool);
	p[2].fd = link_sender_fd(d->sender);
	p[0].events = p[1].events = p[2].events = POLLIN;
	while (!proc_stopping()) {
		on_events(d, link_sender_events(d->sender));
		wait = pump(d);
		housekeeping(d);
		if (poll(p, 3, wait) == -1 && errno != EINTR)
			fatal(EXIT_IO, "poll: %s", strerror(errno));
		if (p[0].revents != 0)
			proc_signals_read();
		if (p[1].revents != 0)
			spool_wake_clear(d->spool);
	}
}

static void
diode_send_close(struct diode_send *d)
{
	link_sender_free(d->sender);
	send_resend_free(d->resend);
	send_notice_free(d->notice);
	send_queue_free(d->queue);
	(void)record_sync(d->record);
	record_close(d->record);
	ledger_close(d->ledger);
	spool_close(d->spool);
	key_free(d->key);
	conf_free(d->conf);
}

int
main(int argc, char **argv)
{
	struct diode_send	 d = {0};
	char			*pid;
	int			 r, signals;

	d.link = link_start(argc, argv, "limpid-diode-send", usage, &d.conf);
	link_start_user("limpid-send");
	keys_load(&d);
	state_open(&d);
	words_open(&d);
	signals = link_start_signals();
	pid = link_path(d.conf, d.link, "run/diode-send-", ".pid");
	link_start_filter(d.conf, "diode-send");
	/* ZeroMQ's threads begin here and inherit the filter. */
	if ((r = link_sender_start(d.sender)) != ERR_OK)
		fatal(err_exit(r), "link %d: %s: %s", d.link,
		    d.conf->link[d.link - 1].connect, err_text(r));
	proc_ready(pid);
	free(pid);
	away_begin(&d, AWAY_FIRST_MS);
	loop(&d, signals);
	diode_send_close(&d);
	return EXIT_DONE;
}
