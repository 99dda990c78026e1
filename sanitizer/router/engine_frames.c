/*
 * A handler for each frame that a worker may send: decode fully, check, then
 * keep. Runs in limpid-sanitizerd and limpid-clean. Hostile input: every byte;
 * the worker may have been taken over by the part it was given. Must never keep
 * a frame that a reader of the copy would refuse, nor grow beyond the limits
 * that the worker was told.
 */
#include "engine_answer_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "err.h"
#include "text.h"
#include "wire.h"

#define NAME_MAX_BYTES	1024	/* a safe file name is made of it later */

/* A payload that does not decode is the worker's fault, unless memory ran
 * out. */
static int
malformed(struct answer *a, int r, const char *what)
{
	return r == ERR_MEMORY ? r : answer_deviate(a, what);
}

/* Keeps the frame as it came, for the one who writes the copy. */
static int
keep(struct answer *a)
{
	int	r;

	if ((r = store_append(a->frames, a->header, ANSWER_HEADER)) != ERR_OK)
		return r;
	return store_append(a->frames, a->payload, a->payload_len);
}

int
answer_get_fact(struct wire *w, enum fact *f, char **value)
{
	uint16_t	n;
	char		*s = NULL;
	int		 r;

	if ((r = wire_get_u16(w, &n)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &s)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(s);
		return r;
	}
	if (n == FACT_NONE || n >= FACT_MAX) {
		free(s);
		return ERR_FORMAT;
	}
	*f = (enum fact)n;
	*value = s;
	return ERR_OK;
}

/* A line more; lines cannot hide in a name, because facts are single ones. */
static int
keep_malware(struct answer *a, const char *name)
{
	char	*all;

	if (asprintf(&all, "%s%s%s", a->malware != NULL ? a->malware : "",
	    a->malware != NULL ? "\n" : "", name) == -1)
		return ERR_MEMORY;
	free(a->malware);
	a->malware = all;
	return ERR_OK;
}

/* Only the scanner may say what it found, only the reader of pages in what it read, and
 * neither anything else. */
static int
is_its_own(enum answer_step step, enum fact f)
{
	if (step == ANSWER_SCAN || f == FACT_MALWARE)
		return step == ANSWER_SCAN && f == FACT_MALWARE;
	if (step == ANSWER_READ || f == FACT_OCR)
		return step == ANSWER_READ && f == FACT_OCR;
	return f != FACT_SCANNED;
}

int
answer_on_fact(struct answer *a, struct wire *w)
{
	enum fact	 f;
	char		*value = NULL;
	int		 r;

	if ((r = answer_get_fact(w, &f, &value)) != ERR_OK)
		return malformed(a, r, "malformed fact");
	r = copy_write_fact(a->check, f, value);
	if (r == ERR_OK && f == FACT_MALWARE &&
	    (r = keep_malware(a, value)) != ERR_OK) {
		free(value);
		return r;
	}
	free(value);
	if (r != ERR_OK)
		return answer_deviate(a, "fact that no copy may hold");
	if (!is_its_own(a->step, f))
		return answer_deviate(a, "fact that is not its own to state");
	a->facts_said |= UINT64_C(1) << f;
	return keep(a);
}

int
answer_get_text(struct wire *w, uint32_t *page, char **text)
{
	char	*s = NULL;
	int	 r;

	if ((r = wire_get_u32(w, page)) != ERR_OK ||
	    (r = wire_get_text(w, WORKER_TEXT_MAX, &s)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(s);
		return r;
	}
	*text = s;
	return ERR_OK;
}

int
answer_on_text(struct answer *a, struct wire *w)
{
	uint32_t	 page;
	size_t		 len;
	char		*text = NULL;
	int		 r;

	if ((r = answer_get_text(w, &page, &text)) != ERR_OK)
		return malformed(a, r, "malformed text");
	len = strlen(text);
	a->text_bytes += len;
	r = copy_write_text(a->check, page, text, len);
	free(text);
	if (r != ERR_OK)
		return answer_deviate(a, "text that no copy may hold");
	if (!a->limits->want_text)
		return answer_deviate(a, "text that nobody asked for");
	if (a->text_bytes > a->limits->max_text)
		return answer_deviate(a, "more text than the limit");
	return keep(a);
}

int
answer_get_page(struct wire *w, struct copy_page *page)
{
	struct copy_page	p = { 0 };
	int			r;

	if ((r = wire_get_u32(w, &p.index)) != ERR_OK ||
	    (r = wire_get_u32(w, &p.width)) != ERR_OK ||
	    (r = wire_get_u32(w, &p.height)) != ERR_OK ||
	    (r = wire_get_u8(w, &p.channels)) != ERR_OK ||
	    (r = wire_get_u16(w, &p.dpi)) != ERR_OK ||
	    (r = wire_get_data(w, &p.frame, &p.frame_len)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return r;
	*page = p;
	return ERR_OK;
}

int
answer_on_page(struct answer *a, struct wire *w)
{
	struct copy_page	p;
	uint64_t		pixels;

	if (answer_get_page(w, &p) != ERR_OK)
		return answer_deviate(a, "malformed page");
	if (copy_write_page(a->check, &p) != ERR_OK)
		return answer_deviate(a, "page that no copy may hold");
	pixels = (uint64_t)p.width * p.height;
	if (!a->limits->want_pages)
		return answer_deviate(a, "page that nobody asked for");
	if (++a->pages > a->limits->max_pages)
		return answer_deviate(a, "more pages than the limit");
	if (pixels > a->limits->max_page_pixels ||
	    pixels > a->limits->max_pixels - a->pixels)
		return answer_deviate(a, "more pixels than the limit");
	a->pixels += pixels;
	return keep(a);
}

int
answer_on_pages_total(struct answer *a, struct wire *w)
{
	if (wire_get_u32(w, &a->pages_total) != ERR_OK ||
	    wire_end(w) != ERR_OK)
		return answer_deviate(a, "malformed count of pages");
	return ERR_OK;
}

int
answer_on_legible(struct answer *a, struct wire *w)
{
	uint8_t	 doubted;

	if (wire_get_u64(w, &a->legible) != ERR_OK ||
	    wire_get_u8(w, &doubted) != ERR_OK || wire_end(w) != ERR_OK ||
	    doubted > 1)
		return answer_deviate(a, "malformed count of characters");
	a->doubted |= doubted;
	return ERR_OK;
}

/* The child's bytes are complete: its hash is known. */
static int
end_child(struct answer *a)
{
	struct hash	*h = a->child_hash;

	if (a->child == NULL)
		return ERR_OK;
	a->child_hash = NULL;
	return hash_final(h, a->child->sha256);
}

static int
is_line(const char *s)
{
	return s[0] == '\0' || text_check(s, strlen(s), TEXT_LINE) == ERR_OK;
}

static int
is_path(const char *s)
{
	if (*s < '0' || *s > '9')
		return 0;
	for (; *s != '\0'; s++)
		if (*s == '.' ? s[1] < '0' || s[1] > '9' :
		    *s < '0' || *s > '9')
			return 0;
	return 1;
}

static int
get_child(struct wire *w, struct answer_child *c)
{
	uint8_t	 role, hint;
	char	*content_id = NULL;
	int	 r;

	if ((r = wire_get_u8(w, &role)) != ERR_OK ||
	    (r = wire_get_u8(w, &hint)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &c->path)) != ERR_OK ||
	    (r = wire_get_text(w, NAME_MAX_BYTES, &c->name)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &c->declared)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &c->charset)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &content_id)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		goto out;
	r = ERR_FORMAT;
	if (role > ROLE_SIGNATURE || hint >= KIND_MAX || !is_path(c->path) ||
	    !is_line(c->name) || !is_line(c->declared) ||
	    !is_line(c->charset))
		goto out;
	c->role = (enum worker_role)role;
	c->hint = (enum kind)hint;
	r = ERR_OK;
 out:
	free(content_id);
	return r;
}

int
answer_on_child(struct answer *a, struct wire *w)
{
	struct answer_child	*c;
	int			 r;

	if (a->child_count >= a->limits->max_children)
		return answer_deviate(a, "more children than the limit");
	if ((r = end_child(a)) != ERR_OK)
		return r;
	a->child = NULL;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return ERR_MEMORY;
	if ((r = get_child(w, c)) != ERR_OK) {
		answer_child_free(c);
		return malformed(a, r, "malformed child");
	}
	c->offset = a->bytes != NULL ? store_len(a->bytes) : 0;
	if ((c->role == ROLE_RENDERING) != (a->step == ANSWER_CONVERT) ||
	    (a->step == ANSWER_CONVERT && a->child_count > 0)) {
		answer_child_free(c);
		return answer_deviate(a, "child that does not fit its step");
	}
	*a->children_end = c;
	a->children_end = &c->next;
	a->child = c;
	a->child_count++;
	a->said &= ~(1u << WORKER_IDENTIFIED);
	return (a->child_hash = hash_new()) != NULL ? ERR_OK : ERR_MEMORY;
}

int
answer_on_child_data(struct answer *a, struct wire *w)
{
	const uint8_t	*data = wire_data(w);
	size_t		 len = wire_len(w);
	int		 r;

	if (a->child == NULL || a->child->lost != REASON_COMPLETE)
		return answer_deviate(a, "bytes of no child");
	if (a->bytes == NULL && (a->bytes = store_new(a->dirfd)) == NULL)
		return ERR_MEMORY;
	if (len > a->limits->max_child_bytes - store_len(a->bytes))
		return answer_deviate(a,
		    "more bytes of children than the limit");
	if ((r = hash_update(a->child_hash, data, len)) != ERR_OK ||
	    (r = store_append(a->bytes, data, len)) != ERR_OK)
		return r;
	a->child->len += len;
	return ERR_OK;
}

int
answer_on_child_stub(struct answer *a, struct wire *w)
{
	uint8_t	 reason;
	char	*note = NULL;
	int	 r;

	if (a->child == NULL || a->child->lost != REASON_COMPLETE)
		return answer_deviate(a, "loss of no child");
	if ((r = wire_get_u8(w, &reason)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &note)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(note);
		return malformed(a, r, "malformed loss");
	}
	a->child->note = note;
	if (reason == REASON_COMPLETE || reason >= REASON_MAX ||
	    !is_line(note))
		return answer_deviate(a, "loss without a reason");
	a->child->lost = (enum reason)reason;
	return ERR_OK;
}

/* Kept beside the frames: no word enters the copy. */
int
answer_on_word(struct answer *a, struct wire *w)
{
	char	*s = NULL;
	int	 r;

	if (a->word_count >= WORDS_PART_MAX ||
	    a->word_count >= a->limits->max_words)
		return answer_deviate(a, "more words than the limit");
	if ((r = wire_get_text(w, WORDS_BYTES_MAX, &s)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(s);
		return malformed(a, r, "malformed word");
	}
	if (s[0] == '\0' || strpbrk(s, "\n\t") != NULL ||
	    text_check(s, strlen(s), TEXT_BLOCK) != ERR_OK) {
		free(s);
		return answer_deviate(a, "word that is none");
	}
	a->words[a->word_count++] = s;
	return ERR_OK;
}

int
answer_on_unlocked(struct answer *a, struct wire *w)
{
	uint32_t	 line;
	int		 r;

	if ((r = wire_get_u32(w, &line)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return malformed(a, r, "malformed unlocking");
	if (a->limits->max_attempts == 0)
		return answer_deviate(a, "unlocked without a word");
	a->unlocked = line;
	return ERR_OK;
}

int
answer_on_identified(struct answer *a, struct wire *w)
{
	uint8_t	 kind;
	char	*format = NULL;
	int	 r;

	if ((r = wire_get_u8(w, &kind)) != ERR_OK ||
	    (r = wire_get_text(w, 63, &format)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK) {
		free(format);
		return malformed(a, r, "malformed kind");
	}
	if (kind >= KIND_MAX || !is_line(format)) {
		free(format);
		return answer_deviate(a, "kind that does not exist");
	}
	if (a->step == ANSWER_UNPACK && (a->child == NULL ||
	    a->child->len > 0)) {
		free(format);
		return answer_deviate(a, "kind of no child");
	}
	if (a->step == ANSWER_UNPACK) {
		a->child->kind = (enum kind)kind;
		a->child->format = format;
		return ERR_OK;
	}
	a->kind = (enum kind)kind;
	a->format = format;
	return ERR_OK;
}

/* The outcome must be one that this step can have, and fit what was sent. */
static int
done_fits(const struct answer *a, const struct answer_done *d)
{
	if (a->step == ANSWER_IDENTIFY && a->format != NULL)
		return 1;	/* it has an opinion; its outcome is none */
	if (a->step == ANSWER_SCAN)
		return d->outcome == OUTCOME_STUB && d->pages == 0;
	if (d->outcome == OUTCOME_STUB)
		return d->reason != REASON_COMPLETE;
	if (a->step == ANSWER_UNPACK)
		return d->outcome == OUTCOME_CONTAINER;
	if (a->step == ANSWER_IDENTIFY)
		return 0;
	if (a->step == ANSWER_READ)
		return d->outcome == OUTCOME_TEXT && d->pages == 0;
	if (a->step == ANSWER_CONVERT)
		return d->outcome == OUTCOME_CONTAINER ? a->child_count == 1 :
		    d->outcome == OUTCOME_TEXT && a->child_count == 0;
	if (d->outcome == OUTCOME_IMAGES)
		return a->pages > 0 && d->pages == a->pages &&
		    (d->pages_total == 0 || d->pages_total >= d->pages);
	return d->outcome != OUTCOME_CONTAINER && a->pages == 0;
}

int
answer_on_done(struct answer *a, struct wire *w)
{
	struct answer_done	*d = &a->done;
	uint8_t			 outcome, reason;
	int			 r;

	if ((r = wire_get_u8(w, &outcome)) != ERR_OK ||
	    (r = wire_get_u8(w, &reason)) != ERR_OK ||
	    (r = wire_get_u32(w, &d->pages)) != ERR_OK ||
	    (r = wire_get_u32(w, &d->pages_total)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_NAME_MAX, &d->engine)) != ERR_OK ||
	    (r = wire_get_text(w, COPY_VALUE_MAX, &d->note)) != ERR_OK ||
	    (r = wire_end(w)) != ERR_OK)
		return malformed(a, r, "malformed end");
	if (outcome >= OUTCOME_MAX || reason >= REASON_MAX ||
	    !is_line(d->engine) || !is_line(d->note))
		return answer_deviate(a, "outcome that does not exist");
	d->outcome = (enum outcome)outcome;
	d->reason = (enum reason)reason;
	if (!done_fits(a, d))
		return answer_deviate(a,
		    "outcome that does not fit what was sent");
	if ((r = end_child(a)) != ERR_OK)
		return r;
	a->child = NULL;
	a->step = ANSWER_OVER;
	return ERR_OK;
}
