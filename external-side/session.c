/*
 * Sockets of clients, joined to their dialogues. Run by limpid-intaked.
 * Hostile: what clients send, when they send it, and when they do not read.
 * Must never block on a socket, and must never hold more input of a client
 * than one buffer.
 *
 * When is a 250 surely with the client? When it sends something after it, or
 * ends the connection cleanly. Else (reset, timeout, our own crash) the mail's
 * promise becomes an orphan, see journal.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"
#include "session.h"

#define UNSURE_MAX	16	/* mails of a client that reads no replies */
#define LINGER_MS	5000	/* after the last line, for a client to close */

struct session {
	struct sessions		*all;
	struct session		*prev, *next;
	struct session		*next_ready;
	int			 fd;
	uint32_t		 events;	/* that epoll watches */
	struct dialogue		*dialogue;
	char			*peer;		/* NULL: our own MTA */
	struct message		*message;	/* coming in */
	const struct envelope	*envelope;	/* while it is committed */
	struct ref		 unsure[UNSURE_MAX]; /* is their 250 there? */
	size_t			 unsure_count;
	uint8_t			*rest;		/* input that has to wait */
	size_t			 rest_len, rest_at;
	int			 eof;		/* the client sends no more */
	int			 expired;	/* ended by us */
	long long		 began_ms, active_ms, ended_ms;
};

/* Handlers of the dialogue. */

static int
on_admit(void *arg, uint64_t size)
{
	struct session	*s = arg;

	return store_room(s->all->store, size);
}

static int
on_rcpt(void *arg, const char *address)
{
	struct session	*s = arg;

	return served_check(s->all->served, address);
}

static int
on_data(void *arg, const uint8_t *data, size_t len)
{
	struct session	*s = arg;

	if (s->message == NULL &&
	    (s->message = message_new(store_folder(s->all->store))) == NULL)
		return ERR_MEMORY;
	return message_write(s->message, data, len);
}

static void
on_complete(void *arg, const struct envelope *e)
{
	struct session	*s = arg;

	s->envelope = e;
	s->next_ready = s->all->ready;
	s->all->ready = s;
}

static void
on_discard(void *arg)
{
	struct session	*s = arg;

	message_free(s->message);
	s->message = NULL;
}

static const struct dialogue_handlers handlers = {
	on_admit, on_rcpt, on_data, on_complete, on_discard
};

static void
session_free(struct session *s)
{
	struct session	**p;

	while (s->unsure_count > 0)
		store_orphan(s->all->store, &s->unsure[--s->unsure_count]);
	for (p = &s->all->ready; *p != NULL; p = &(*p)->next_ready)
		if (*p == s) {
			*p = s->next_ready;
			break;
		}
	if (s->prev != NULL)
		s->prev->next = s->next;
	else if (s->all->first == s)
		s->all->first = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	s->all->count--;
	dialogue_free(s->dialogue);
	message_free(s->message);
	free(s->peer);
	free(s->rest);
	close(s->fd);
	free(s);
}

/* One line to a client that gets no session. */
static void
refuse(int fd, const char *line)
{
	if (send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		log_debug("event=refuse reason=\"%s\"", err_text(ERR_SYS));
	close(fd);
}

static void
session_limits(const struct session *s, enum dialogue_protocol protocol,
    struct dialogue_limits *out)
{
	const struct conf	*c = s->all->conf;

	*out = (struct dialogue_limits){
		.protocol = protocol,
		.hostname = c->hostname,
		.own_mta = s->peer == NULL,
		.max_size = c->intake.max_size,
		.max_rcpts = (size_t)c->intake.max_rcpts,
		.max_line = (size_t)c->intake.max_line,
		.max_mails = (size_t)c->intake.max_mails,
	};
}

/* Sends what there is; returns -1 when the connection is broken. */
static int
session_send(struct session *s)
{
	const uint8_t	*p;
	size_t		 len;
	ssize_t		 n;

	while ((p = dialogue_output(s->dialogue, &len)) != NULL) {
		if ((n = send(s->fd, p, len, MSG_NOSIGNAL)) == -1) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? 0 : -1;
		}
		dialogue_drain(s->dialogue, (size_t)n);
	}
	return 0;
}

/* Tells epoll what the session waits for. */
static void
session_watch(struct session *s)
{
	struct epoll_event	 ev = { .data.ptr = s };
	size_t			 len;

	dialogue_output(s->dialogue, &len);
	if (len > 0)
		ev.events |= EPOLLOUT;
	if (s->rest_len == 0 && !s->eof && !dialogue_waiting(s->dialogue))
		ev.events |= EPOLLIN;
	if (ev.events == s->events)
		return;
	if (epoll_ctl(s->all->epoll, EPOLL_CTL_MOD, s->fd, &ev) == -1)
		panic("epoll forgot a session");
	s->events = ev.events;
}

/* Keeps input that the dialogue does not take yet. */
static int
session_keep(struct session *s, const uint8_t *data, size_t len)
{
	if (s->rest == NULL && (s->rest = malloc(SESSION_INPUT)) == NULL)
		return ERR_MEMORY;
	memcpy(s->rest, data, len);
	s->rest_at = 0;
	s->rest_len = len;
	return ERR_OK;
}

/* Offers kept input again, as long as something moves. */
static int
session_feed_rest(struct session *s)
{
	size_t	 n;

	while (s->rest_len > 0) {
		n = dialogue_feed(s->dialogue, s->rest + s->rest_at,
		    s->rest_len);
		s->rest_at += n;
		s->rest_len -= n;
		if (session_send(s) == -1)
			return -1;
		if (n == 0)
			return 0;
	}
	free(s->rest);
	s->rest = NULL;
	return 0;
}

static void
session_sure(struct session *s)
{
	while (s->unsure_count > 0)
		store_answered(s->all->store, &s->unsure[--s->unsure_count]);
}

/* After input or output: moves on what can move; returns -1 when it is over. */
static int
session_move(struct session *s)
{
	size_t	 len;

	if (session_send(s) == -1 || session_feed_rest(s) == -1)
		return -1;
	dialogue_output(s->dialogue, &len);
	if (s->eof && len == 0 && !dialogue_waiting(s->dialogue)) {
		session_sure(s);
		return -1;
	}
	if (!dialogue_ended(s->dialogue))
		return 0;
	/* nothing more is read; the client gets time to read the last line */
	s->rest_len = 0;
	if (len == 0 && s->ended_ms == 0) {
		s->ended_ms = proc_now_ms();
		shutdown(s->fd, SHUT_WR);
	}
	return 0;
}

/* The connection broke. A client that said QUIT has read its 250 and may have
 * left our goodbye unread. */
static void
session_reset(struct session *s)
{
	if (s->ended_ms != 0 && !s->expired)
		session_sure(s);
}

/* Reads once; returns -1 when the session is over. */
static int
session_read(struct session *s)
{
	size_t	 pending, used;
	ssize_t	 n;

	dialogue_output(s->dialogue, &pending);
	n = recv(s->fd, s->all->input, SESSION_INPUT, 0);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n == -1) {
		session_reset(s);
		return -1;
	}
	if (pending == 0)
		session_sure(s);
	if (n == 0) {
		s->eof = 1;
		return 0;
	}
	if (dialogue_ended(s->dialogue))
		return 0;	/* after the end all is ignored */
	s->active_ms = proc_now_ms();
	used = dialogue_feed(s->dialogue, s->all->input, (size_t)n);
	if (used < (size_t)n && session_keep(s, s->all->input + used,
	    (size_t)n - used) != ERR_OK)
		return -1;
	return 0;
}

void
session_event(struct session *s, uint32_t events)
{
	int	 r = 0;

	if (events & EPOLLIN)
		r = session_read(s);
	else if (events & (EPOLLERR | EPOLLHUP)) {
		session_reset(s);
		r = -1;
	}
	if (r == 0)
		r = session_move(s);
	if (r == -1)
		session_free(s);
	else
		session_watch(s);
}

int
session_open(struct sessions *all, int fd, const char *peer,
    enum dialogue_protocol protocol)
{
	struct epoll_event	 ev = { .events = EPOLLIN };
	struct dialogue_limits	 limits;
	struct session		*s;

	if (all->count >= (size_t)all->conf->intake.max_sessions) {
		refuse(fd, "421 4.3.2 Too many sessions; try again later\r\n");
		return ERR_FULL;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		goto memory;
	s->all = all;
	s->fd = fd;
	if (peer != NULL && (s->peer = strdup(peer)) == NULL)
		goto memory;
	session_limits(s, protocol, &limits);
	if ((s->dialogue = dialogue_new(&limits, &handlers, s)) == NULL)
		goto memory;
	ev.data.ptr = s;
	if (epoll_ctl(all->epoll, EPOLL_CTL_ADD, fd, &ev) == -1)
		goto memory;
	s->events = ev.events;
	s->began_ms = s->active_ms = proc_now_ms();
	if ((s->next = all->first) != NULL)
		s->next->prev = s;
	all->first = s;
	all->count++;
	session_event(s, 0);
	return ERR_OK;
 memory:
	if (s != NULL) {
		dialogue_free(s->dialogue);
		free(s->peer);
		free(s);
	}
	refuse(fd, "421 4.3.0 Out of memory; try again later\r\n");
	return ERR_MEMORY;
}

/* An empty mail has no message yet. */
static int
session_message(struct session *s)
{
	if (s->message == NULL)
		s->message = message_new(store_folder(s->all->store));
	return s->message != NULL;
}

static void
delivery_of(const struct session *s, struct delivery *d)
{
	const struct envelope	*e = s->envelope;

	*d = (struct delivery){
		.message = s->message,
		.envelope = e,
		.client = s->peer != NULL ? s->peer : e->client,
		.helo = s->peer != NULL ? e->helo : e->client_helo,
		.postmaster = served_postmaster(s->all->served),
		.own_mta = s->peer == NULL,
	};
}

/*
 * Answers one session whose mail was committed or not; ref counts when it was.
 */
static void
session_answer(struct session *s, int result, const struct ref *ref)
{
	char	 text[REF_TEXT_LEN + 1] = "";

	s->envelope = NULL;
	if (result == ERR_OK) {
		ref_format(ref, text);
		if (s->unsure_count == UNSURE_MAX)
			session_sure(s);
		s->unsure[s->unsure_count++] = *ref;
	}
	dialogue_committed(s->dialogue, result, text);
	if (session_move(s) == -1)
		session_free(s);
	else
		session_watch(s);
}

size_t
sessions_ready(const struct sessions *all)
{
	const struct session	*s;
	size_t			 n = 0;

	for (s = all->ready; s != NULL; s = s->next_ready)
		n++;
	return n;
}

void
sessions_commit(struct sessions *all)
{
	struct session	*batch[SESSION_BATCH], *s;
	struct delivery	 deliveries[SESSION_BATCH], *list[SESSION_BATCH];
	size_t		 i, n = 0;

	while (n < SESSION_BATCH && (s = all->ready) != NULL) {
		all->ready = s->next_ready;
		if (!session_message(s)) {
			session_answer(s, ERR_MEMORY, &s->unsure[0]);
			continue;
		}
		batch[n] = s;
		delivery_of(s, &deliveries[n]);
		list[n] = &deliveries[n];
		n++;
	}
	if (n == 0)
		return;
	store_commit(all->store, list, n);
	/* an answer may make the next mail of a session ready: another batch */
	for (i = 0; i < n; i++)
		session_answer(batch[i], deliveries[i].result,
		    &deliveries[i].ref);
}

void
sessions_expire(struct sessions *all)
{
	long long	 now = proc_now_ms();
	long long	 idle = all->conf->intake.idle_s * 1000LL;
	long long	 old = all->conf->intake.session_s * 1000LL;
	struct session	*s, *next;

	for (s = all->first; s != NULL; s = next) {
		next = s->next;
		if (s->ended_ms != 0 && now - s->ended_ms > LINGER_MS)
			session_free(s);
		else if (now - s->active_ms > idle + LINGER_MS ||
		    now - s->began_ms > old + LINGER_MS)
			session_free(s);	/* does not even read */
		else if (dialogue_ended(s->dialogue))
			continue;
		else if (now - s->active_ms > idle ||
		    now - s->began_ms > old) {
			s->expired = 1;
			dialogue_end(s->dialogue, now - s->active_ms > idle ?
			    "421 4.4.2 Idle too long" :
			    "421 4.4.2 Session too long");
			session_event(s, 0);
		}
	}
}

void
sessions_close(struct sessions *all)
{
	struct session	*s, *next;

	for (s = all->first; s != NULL; s = next) {
		next = s->next;
		dialogue_end(s->dialogue, "421 4.3.2 Stopping; try again "
		    "later");
		(void)session_send(s);
		session_free(s);
	}
}
