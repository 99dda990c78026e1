/*
 * Locked parts: one waits until the rest of its mail is done, because its password
 * may stand there, and is then tried once with all candidate words. Runs in
 * limpid-sanitizerd and limpid-clean. Hostile input: words, as workers state them;
 * checked by engine_frames.c, and here only compared and carried. Must never write
 * a word into the copy or a log, or let two parts wait for each other.
 */
#include "engine_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "wire.h"
#include "words.h"

#define OWN_WORD	"a word in this mail"

int
mail_take_words(struct mail *m, const struct answer *a)
{
	const char	*word;
	size_t		 i;

	for (size_t n = 0; (word = answer_word(a, n)) != NULL; n++) {
		for (i = 0; i < m->word_count; i++)
			if (strcmp(m->words[i], word) == 0)
				break;
		if (i < m->word_count)
			continue;
		if (m->word_count == MAIL_WORDS_MAX)
			break;
		if ((m->words[m->word_count] = strdup(word)) == NULL)
			return ERR_MEMORY;
		m->word_count++;
	}
	return ERR_OK;
}

void
mail_free_words(struct mail *m)
{
	while (m->word_count > 0) {
		char	*word = m->words[--m->word_count];

		explicit_bzero(word, strlen(word));
		free(word);
	}
	free(m->locked_parts);
	free(m->unlocked_parts);
}

/* Kinds for which some worker can use a password. */
static int
can_unlock(const struct part *p)
{
	return p->kind == KIND_PDF || p->kind == KIND_OFFICE ||
	    (p->kind == KIND_ARCHIVE && strcmp(p->format, "ZIP") == 0);
}

/* Whether this answer to the flattening step ends in a missing password. */
static int
says_locked(const struct part *p, const struct answer *a)
{
	const struct answer_done	*d = answer_done(a);

	if (!can_unlock(p) || p->rendering != NULL ||
	    p->step == ANSWER_IDENTIFY || p->step == ANSWER_SCAN)
		return 0;
	if (p->step == ANSWER_UNPACK)
		return answer_has_fact(a, FACT_ENCRYPTED);
	return d->outcome == OUTCOME_STUB && d->reason == REASON_ENCRYPTED;
}

/* Now that it is known to be locked: what does the policy want? */
static int
policy_refuses(struct part *p)
{
	part_ask_policy(p);
	if (p->action.verb != POLICY_STUB)
		return 0;
	part_stub(p, p->action.reason, NULL);
	return 1;
}

int
part_wait_for_words(struct part *p, struct answer *a)
{
	const struct policy_limits	*l = part_limits(p);

	if (p->with_words || !says_locked(p, a))
		return 0;
	p->encrypted = 1;
	if (policy_refuses(p))
		return 1;
	if (l->passwords == 0 || p->mail->late)
		return 0;
	p->locked = a;
	p->state = PART_LOCKED;
	return 1;
}

static int
add_hash(uint8_t (**list)[32], size_t *count, const uint8_t sha256[32])
{
	uint8_t	(*grown)[32];

	if ((grown = realloc(*list, (*count + 1) * sizeof(**list))) == NULL)
		return ERR_MEMORY;
	*list = grown;
	memcpy(grown[(*count)++], sha256, sizeof(**list));
	return ERR_OK;
}

/* Where the word on this line of part_open_words came from. */
static const char *
source_of(const struct part *p, int64_t line)
{
	const struct engine_request	*q = &p->mail->q;

	if (line < (int64_t)p->own_words)
		return OWN_WORD;
	line -= (int64_t)p->own_words;
	return line < (int64_t)q->word_count ? q->words[line].from : OWN_WORD;
}

int
part_take_lock(struct part *p, const struct answer *a)
{
	struct mail	*m = p->mail;

	if (answer_unlocked(a) < 0) {
		if (!says_locked(p, a))
			return ERR_OK;
		return add_hash(&m->locked_parts, &m->result.locked_count,
		    p->sha256);
	}
	if (p->unlocked != NULL)
		return ERR_OK;		/* when its first pages went out */
	p->encrypted = 0;
	answer_free(p->locked);
	p->locked = NULL;
	if ((p->unlocked = strdup(source_of(p, answer_unlocked(a)))) == NULL)
		return ERR_MEMORY;
	p->opened = part_is_wanted(p);
	return !p->opened ? ERR_OK : add_hash(&m->unlocked_parts,
	    &m->result.unlocked_count, p->sha256);
}

static void
settle_without_words(struct part *p)
{
	int	r;

	p->with_words = 1;
	if ((r = part_take_answer(p, p->locked)) != ERR_OK)
		engine_fail_mail(p->mail, r);
}

int
mail_unlock(struct mail *m)
{
	struct part	*p;
	int		 any = 0;

	for (p = m->parts; p != NULL; p = p->next) {
		any |= p->state == PART_LOCKED;
		if (!m->late && p->state != PART_LOCKED &&
		    p->state != PART_FINISHED)
			return 0;
	}
	if (!any)
		return 0;
	for (p = m->parts; p != NULL; p = p->next) {
		if (p->state != PART_LOCKED)
			continue;
		if (m->late || m->word_count + m->q.word_count == 0) {
			settle_without_words(p);
			continue;
		}
		p->with_words = 1;
		p->tries = 0;
		p->state = PART_WAITING;
	}
	return m->result.error == ERR_OK;
}

static int
put_line(struct wire *w, const char *word)
{
	size_t	n = strlen(word);
	int	r;

	/* beyond the bound, the line stays and the word goes: lines count */
	if (n > WORDS_BYTES_MAX || wire_len(w) + n + 1 >= WORDS_LIST_MAX - 1024)
		n = 0;
	if ((r = wire_put_raw(w, word, n)) != ERR_OK)
		return r;
	return wire_put_raw(w, "\n", 1);
}

int
part_open_words(struct part *p, int *fdp)
{
	const struct engine_request	*q = &p->mail->q;
	struct wire			*w;
	int				 fd = -1, r = ERR_OK;

	*fdp = -1;
	if (!p->with_words || p->rendering != NULL || p->words_only ||
	    p->second)
		return ERR_OK;
	if ((w = wire_new(WORDS_LIST_MAX)) == NULL)
		return ERR_MEMORY;
	p->own_words = p->mail->word_count;
	for (size_t i = 0; i < p->own_words && r == ERR_OK; i++)
		r = put_line(w, p->mail->words[i]);
	for (size_t i = 0; i < q->word_count && r == ERR_OK; i++)
		r = put_line(w, q->words[i].text);
	if (r == ERR_OK && (fd = memfd_create("limpid-words", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING)) == -1)
		r = ERR_SYS;
	if (r == ERR_OK && (r = fd_write_all(fd, wire_data(w), wire_len(w))) ==
	    ERR_OK && (r = store_seal(fd)) == ERR_OK)
		*fdp = fd;
	else if (fd != -1)
		close(fd);
	wire_free(w);
	return r;
}
