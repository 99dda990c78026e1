/*
 * What a mail's words mean for others: kept for the policy's window, given to later
 * mails of the same pair and to those that wait with a locked part.
 * Runs in limpid-sanitizerd. Hostile input: words, which workers stated; carried, and
 * tried only by jailed workers. Must never log a word, give it to another sender's
 * mail, or keep one beyond the window.
 */
#include "sanitizerd_locked.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "proc.h"

#define SOURCES_MAX	64	/* mails whose words are tried on one */
#define WORDS_MOST	512	/* of them all */
#define WAITING_MOST	1000	/* mails */
#define WAITING_PAIR	20
#define WAITING_BYTES	(2ull << 30)
#define WORDS_NOTES	10000	/* mails */
#define WORDS_PAIR	64

static int64_t
window_ms(const struct sanitizer *s)
{
	const struct policy_limits	*l = policy_limits(s->policy->policy);

	return l->passwords == 0 ? 0 : (int64_t)l->password_window * 1000;
}

static struct keep *
folder_open(struct sanitizer *s, const char *rel,
    const struct keep_limits *limits)
{
	struct keep	*k = NULL;
	char		*path;
	int		 r;

	if ((path = conf_path(s->conf, rel)) == NULL)
		return NULL;
	if ((r = keep_open(path, s->own_seal, limits, &k)) != ERR_OK)
		log_warn("%s: %s; passwords in other mails open nothing. "
		    "`limpid init` makes the folder", path, err_text(r));
	free(path);
	return k;
}

void
locked_open(struct sanitizer *s)
{
	static const struct keep_limits	 words = { WORDS_NOTES, WORDS_PAIR,
					    UINT64_MAX };
	static const struct keep_limits	 waiting = { WAITING_MOST,
					    WAITING_PAIR, WAITING_BYTES };

	s->words = folder_open(s, "state/words", &words);
	s->waiting = folder_open(s, "state/waiting", &waiting);
}

void
locked_close(struct sanitizer *s)
{
	keep_close(s->words);
	keep_close(s->waiting);
}

void
locked_free(struct locked *l)
{
	while (l->word_count > 0) {
		struct engine_word *w = &l->words[--l->word_count];

		explicit_bzero(w->text, strlen(w->text));
		free(w->text);
		free(w->from);
	}
	free(l->words);
	if (l->found != NULL)
		keep_note_clear(l->found);
	free(l->found);
	memset(l, 0, sizeof(*l));
}

static void
pairs_take(const struct opened *o, struct locked *l)
{
	const char	*sender = manifest_find(o->manifest, "sender", 0), *rcpt;

	l->pair_count = 0;
	for (size_t i = 0; sender != NULL && l->pair_count < KEEP_PAIRS_MAX &&
	    (rcpt = manifest_find(o->manifest, "rcpt", i)) != NULL; i++)
		l->pair_count += (size_t)keep_pair(sender, rcpt,
		    &l->pairs[l->pair_count]);
}

static int
word_add(struct locked *l, const char *text, const char *from)
{
	struct engine_word	*w = &l->words[l->word_count];

	if (l->word_count == WORDS_MOST)
		return ERR_OK;
	w->text = strdup(text);
	w->from = strdup(from);
	if (w->text == NULL || w->from == NULL) {
		free(w->text);
		free(w->from);
		return ERR_MEMORY;
	}
	l->word_count++;
	return ERR_OK;
}

/* The words of one other mail. */
static int
source_add(struct sanitizer *s, const struct ref *ref, struct locked *l)
{
	struct keep_note	*n;
	char			 text[REF_TEXT_LEN + 1], from[80];
	int			 r;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		return ERR_MEMORY;
	if ((r = keep_get(s->words, ref, n)) == ERR_OK) {
		ref_format(ref, text);
		snprintf(from, sizeof(from), "a word in the %s mail %s",
		    n->since_ms < l->since_ms ? "earlier" : "later", text);
		for (size_t i = 0; i < n->word_count && r == ERR_OK; i++)
			r = word_add(l, n->words[i], from);
	}
	keep_note_clear(n);
	free(n);
	/* one that cannot be read helps nobody, and stops nobody */
	return r == ERR_MEMORY ? r : ERR_OK;
}

static int
words_gather(struct sanitizer *s, const struct ref *own, struct locked *l)
{
	struct ref	 refs[SOURCES_MAX];
	size_t		 n;
	int		 r = ERR_OK;

	n = keep_find(s->words, l->pairs, l->pair_count, own, refs,
	    SOURCES_MAX);
	if (n == 0)
		return ERR_OK;
	if (l->words == NULL &&
	    (l->words = calloc(WORDS_MOST, sizeof(*l->words))) == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n && r == ERR_OK; i++)
		r = source_add(s, &refs[i], l);
	return r;
}

/* What a locked part tells its reader to do. */
static void
note_write(int64_t until_ms, struct locked *l)
{
	time_t		 t = (time_t)(until_ms / 1000);
	struct tm	 tm;
	char		 when[32];

	if (until_ms == 0) {
		snprintf(l->note, sizeof(l->note), "ask the sender to send it "
		    "without a lock, or ask for the original");
		return;
	}
	gmtime_r(&t, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	snprintf(l->note, sizeof(l->note), "ask the sender to mail the password "
	    "to you from the same address; it is tried by itself until %s UTC, "
	    "and what it opens comes in another mail; after that, ask for the "
	    "original", when);
}

int
locked_begin(struct sanitizer *s, const struct opened *o, struct locked *l,
    struct engine_request *q)
{
	int64_t	window = window_ms(s);
	int	r = ERR_OK;

	l->since_ms = proc_wall_ms();
	if (window > 0 && s->words != NULL && s->waiting != NULL)
		pairs_take(o, l);
	note_write(l->pair_count > 0 && keep_has_room(s->waiting,
	    o->mail.size) ? l->since_ms + window : 0, l);
	if (l->pair_count > 0)
		r = words_gather(s, &o->head.ref, l);
	q->words = l->words;
	q->word_count = l->word_count;
	q->locked_note = l->note;
	return r;
}

void
locked_parts(struct keep_note *n, const struct engine_result *r)
{
	n->locked_count = r->locked_count < KEEP_PARTS_MAX ? r->locked_count :
	    KEEP_PARTS_MAX;
	if (n->locked_count > 0)
		memcpy(n->locked, r->locked,
		    n->locked_count * sizeof(n->locked[0]));
}

int
locked_take(struct locked *l, const struct opened *o,
    const struct engine_result *r)
{
	struct keep_note	*n;

	l->unlocked = r->unlocked_count;
	if (l->pair_count == 0 || (r->word_count == 0 && r->locked_count == 0))
		return ERR_OK;
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return ERR_MEMORY;
	n->ref = o->head.ref;
	n->since_ms = l->since_ms;
	n->pair_count = l->pair_count;
	memcpy(n->pairs, l->pairs, sizeof(n->pairs));
	locked_parts(n, r);
	l->found = n;
	for (size_t i = 0; i < r->word_count && i < KEEP_WORDS_MAX; i++) {
		if ((n->words[i] = strdup(r->words[i])) == NULL)
			return ERR_MEMORY;
		n->word_count++;
	}
	return ERR_OK;
}

/* Mails that wait for words of this pair are tried again. */
static void
waiting_wake(struct sanitizer *s, const struct keep_note *n)
{
	struct ref	refs[WAITING_PAIR * 4];
	size_t		count;

	count = keep_find(s->waiting, n->pairs, n->pair_count, &n->ref, refs,
	    WAITING_PAIR * 4);
	while (count > 0)
		keep_mark(s->waiting, &refs[--count]);
}

static void
parcel_keep(struct sanitizer *s, const struct keep_note *n, const char *name)
{
	char	 ref[REF_TEXT_LEN + 1], parts[16];
	int	 fd = -1, r;

	ref_format(&n->ref, ref);
	if ((r = spool_open_file(s->in, "work", name, &fd)) == ERR_OK) {
		r = keep_put(s->waiting, n, fd);
		close(fd);
	}
	if (r != ERR_OK) {
		log_warn("ref=%s does not wait for a password: %s", ref,
		    err_text(r));
		return;
	}
	snprintf(parts, sizeof(parts), "%zu", n->locked_count);
	log_info("ref=%s waits for a password, locked=%s", ref, parts);
	record_add(s->record, "mail.waiting", "ref", ref, "locked", parts,
	    NULL);
}

void
locked_end(struct sanitizer *s, struct locked *l, const char *name)
{
	struct keep_note	*n = l->found;
	int			 r;

	if (n == NULL || window_ms(s) == 0)
		return;
	if (n->locked_count > 0)
		parcel_keep(s, n, name);
	if (n->word_count == 0)
		return;
	if ((r = keep_put(s->words, n, -1)) != ERR_OK)
		log_warn("words of a mail are not kept: %s", err_text(r));
	else
		waiting_wake(s, n);
}

/* Candidates for a mail that waits: its own words and those of all others. */
int
locked_again(struct sanitizer *s, const struct keep_note *n, struct locked *l)
{
	int	r;

	l->since_ms = n->since_ms;
	l->pair_count = n->pair_count;
	memcpy(l->pairs, n->pairs, sizeof(l->pairs));
	note_write(n->since_ms + window_ms(s), l);
	if ((r = words_gather(s, &n->ref, l)) != ERR_OK || l->word_count == 0)
		return r != ERR_OK ? r : ERR_NOTFOUND;
	for (size_t i = 0; i < n->word_count && r == ERR_OK; i++)
		r = word_add(l, n->words[i], "a word in the first mail");
	return r;
}

void
locked_keep(struct sanitizer *s)
{
	int64_t	now = proc_wall_ms(), window = window_ms(s);
	size_t	n;

	if (s->words == NULL || s->waiting == NULL)
		return;
	if (s->locked_look_ms <= proc_now_ms()) {
		s->locked_look_ms = proc_now_ms() + 1000;
		keep_expire(s->words, now, window);
		if ((n = keep_expire(s->waiting, now, window)) > 0)
			log_info("%zu mails wait no longer for a password", n);
	}
	follow_some(s);
}
