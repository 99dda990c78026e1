/*
 * A part: made of what its parent said of it, named, told its kind, ended.
 * Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: names, kinds and paths that workers state; checked by
 * engine_answer.c, and here only compared. Must never keep the bytes of a part that
 * is decided.
 */
#include "engine_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "err.h"
#include "signed_pair.h"
#include "text.h"

const struct policy_limits *
part_limits(const struct part *p)
{
	return policy_limits(p->mail->q.policy);
}

void
part_free(struct part *p)
{
	struct origin	*o[2];

	if (p == NULL)
		return;
	o[0] = p->origin;
	o[1] = p->children;
	for (int i = 0; i < 2; i++)
		if (o[i] != NULL && --o[i]->holders == 0) {
			store_free(o[i]->bytes);
			free(o[i]);
		}
	store_free(p->frames);
	store_free(p->reread);
	store_free(p->rendering);
	store_free(p->converted);
	free(p->path);
	free(p->name);
	free(p->declared);
	free(p->charset);
	free(p->old_name);
	store_free(p->recognised);
	free(p->unread);
	free(p->unscanned);
	free(p->malware);
	answer_free(p->locked);
	free(p->unlocked);
	free(p->engine);
	free(p->note);
	free(p);
}

/* The name as it may be shown and stored; what it was stays as a fact,
 * without the folders that a hostile name begins with: nobody was meant to
 * see those. */
static int
take_name(struct part *p, const char *name)
{
	struct text_cleaned	 counts;
	const char		*base;
	int			 changed = 0;

	if (name[0] == '\0')
		return (p->name = strdup("")) != NULL ? ERR_OK : ERR_MEMORY;
	for (base = name + strlen(name); base > name && base[-1] != '/' &&
	    base[-1] != '\\'; base--)
		;
	if ((p->name = text_file_name(name, strlen(name), &changed)) == NULL ||
	    (p->old_name = text_clean(base, strlen(base), TEXT_LINE,
	    COPY_VALUE_MAX, &counts)) == NULL)
		return ERR_MEMORY;
	if (!changed || strcmp(p->old_name, p->name) == 0) {
		free(p->old_name);
		p->old_name = NULL;
	}
	return ERR_OK;
}

static int
ends_with(const char *s, const char *end)
{
	size_t	n = strlen(s), m = strlen(end);

	return n >= m && strcasecmp(s + n - m, end) == 0;
}

struct part *
part_new_root(struct mail *m)
{
	struct part	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->mail = m;
	p->kind = m->q.kind;
	p->size = m->q.mail.size;
	memcpy(p->sha256, m->q.mail.sha256, sizeof(p->sha256));
	if (ends_with(m->q.name, ".eml"))
		p->hint = KIND_MAIL;
	if ((p->path = strdup("0")) == NULL ||
	    (p->declared = strdup("")) == NULL ||
	    (p->charset = strdup("")) == NULL ||
	    take_name(p, m->q.name) != ERR_OK) {
		part_free(p);
		return NULL;
	}
	return p;
}

/* "1.2" inside part "3" is "3.1.2"; the root's own 0 is not shown. */
static char *
child_path(const struct part *parent, const struct answer_child *c)
{
	char	*path = NULL;

	if (parent->depth == 0)
		return strdup(c->path);
	if (asprintf(&path, "%s.%s", parent->path, c->path) == -1)
		return NULL;
	if (strlen(path) > COPY_NAME_MAX) {
		/* 255 bytes of numbers: the place says enough */
		free(path);
		return strdup(parent->path);
	}
	return path;
}

int
part_is_characters(enum kind k)
{
	return k == KIND_TEXT || k == KIND_HTML || k == KIND_MAIL ||
	    k == KIND_CARD;
}

/*
 * Content decides. But characters can be read in several ways (a text that
 * begins with "From: " is no mail because of that), and which one was meant
 * only the mail knows; each of these ways is safe. A mail or a body without any
 * form is still a mail or a body, and a body that begins like a script is words.
 */
static enum kind
settle_kind(const struct part *p, enum kind found, const char *format)
{
	int	body = p->role == ROLE_BODY || p->role == ROLE_ALTERNATIVE;

	if (part_is_characters(found) && part_is_characters(p->hint) &&
	    strcmp(format, "MSG") != 0 && strcmp(format, "TNEF") != 0)
		return p->hint;
	if (found == KIND_UNKNOWN && (p->hint == KIND_MAIL ||
	    p->hint == KIND_SIGNATURE || p->hint == KIND_ENCRYPTED))
		return p->hint;
	if ((found == KIND_UNKNOWN || found == KIND_PROGRAM) && body &&
	    part_is_characters(p->hint))
		return p->hint;
	return found;
}

/* What it was found to be, and what that means in its place. */
void
part_take_kind(struct part *p, enum kind found, const char *format)
{
	p->identified = 1;
	p->kind = settle_kind(p, found, format);
	snprintf(p->format, sizeof(p->format), "%.63s",
	    p->kind == found ? format : "");
}

/* What is packed alone often has no name of its own: "report.csv" in the part
 * "report.csv.gz". */
static int
take_child_name(struct part *p, const struct part *parent, const char *name)
{
	const char	*dot;
	char		*inner;
	int		 r;

	if (name[0] != '\0' || (parent->kind != KIND_ARCHIVE &&
	    parent->kind != KIND_MULTIPART) ||
	    (dot = strrchr(parent->name, '.')) == NULL || dot == parent->name)
		return take_name(p, name);
	if ((inner = strndup(parent->name, (size_t)(dot - parent->name))) ==
	    NULL)
		return ERR_MEMORY;
	r = take_name(p, inner);
	free(inner);
	return r;
}

struct part *
part_new_child(struct part *parent, const struct answer_child *c,
    struct origin *o)
{
	struct part	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->mail = parent->mail;
	p->role = c->role;
	p->hint = c->hint;
	p->offset = c->offset;
	p->size = c->len;
	p->depth = parent->depth + 1;
	p->inside_opened = parent->inside_opened || parent->opened;
	memcpy(p->sha256, c->sha256, sizeof(p->sha256));
	p->lost = c->lost;
	if ((p->path = child_path(parent, c)) == NULL ||
	    (p->declared = strdup(c->declared)) == NULL ||
	    (p->charset = strdup(c->charset)) == NULL ||
	    take_child_name(p, parent, c->name) != ERR_OK ||
	    (c->note != NULL && (p->note = strdup(c->note)) == NULL)) {
		part_free(p);
		return NULL;
	}
	if (p->role == ROLE_SIGNATURE && parent->worker == ENGINE_MIME)
		part_take_kind(p, KIND_SIGNATURE, SIGNED_PAIR_FORMAT);
	else if (c->format != NULL && strcmp(c->format,
	    SIGNED_PAIR_FORMAT) != 0)
		part_take_kind(p, c->kind, c->format);
	p->origin = o;
	o->holders++;
	o->readers++;
	p->reading = 1;
	return p;
}

int
part_open(const struct part *p, int *fdp)
{
	int	fd;

	if (p->step == ANSWER_READ)
		return store_take_range(p->frames, 0, store_len(p->frames),
		    fdp);
	if (p->rendering != NULL)
		return store_take_range(p->rendering, 0,
		    store_len(p->rendering), fdp);
	if (p->origin != NULL)
		return store_take_range(p->origin->bytes, p->offset,
		    least(p->size, part_limits(p)->bytes), fdp);
	if ((fd = dup(p->mail->q.original)) == -1)
		return ERR_SYS;
	*fdp = fd;
	return ERR_OK;
}

void
part_finish(struct part *p)
{
	struct origin	*o = p->origin;

	p->state = PART_FINISHED;
	if (p->cut_bytes && p->reason == REASON_COMPLETE)
		p->reason = REASON_LIMIT_BYTES;
	part_name_limit(p);
	store_free(p->rendering);
	p->rendering = NULL;
	answer_free(p->locked);
	p->locked = NULL;
	if (!p->reading)
		return;
	p->reading = 0;
	if (--o->readers == 0) {
		store_free(o->bytes);
		o->bytes = NULL;
	}
}

/* What the worker said of the whole document, where it is not a rendering. */
void
part_take_facts(struct part *p, const struct answer *a)
{
	if (p->rendering != NULL)
		return;
	p->format_said = answer_has_fact(a, FACT_FORMAT);
	p->encrypted = p->encrypted && !answer_has_fact(a, FACT_ENCRYPTED);
}

/* Whether pages arrive though their worker failed: they are out already, or it was
 * stopped by a limit and not by what it did. */
static int
is_cut(const struct part *p, enum reason reason)
{
	return p->streamed || (p->answer != NULL &&
	    (reason == REASON_TIMEOUT || reason == REASON_MEMORY) &&
	    answer_pages(p->answer) > 0);
}

/* One that was taken over could as well have ended politely: its pages are not
 * worth less for its end. */
static void
cut(struct part *p)
{
	p->outcome = OUTCOME_IMAGES;
	if (p->answer == NULL)
		return;
	part_take_facts(p, p->answer);
	p->mail->pixels += answer_pixels(p->answer);
	p->pages_total = answer_pages_total(p->answer);
	if (p->pages_total < answer_pages(p->answer))
		p->pages_total = 0;
	p->frames = answer_take_frames(p->answer);
}

void
part_stub(struct part *p, enum reason reason, const char *note)
{
	char	*kept = note != NULL ? strdup(note) : NULL;

	p->reason = reason;
	free(p->note);
	p->note = kept;
	store_free(p->frames);
	p->frames = NULL;
	if (is_cut(p, reason)) {
		cut(p);
	} else {
		p->outcome = OUTCOME_STUB;
		p->pages_total = 0;
	}
	part_finish(p);
}

void
part_stream(struct part *p)
{
	int	r;

	p->streamed = 1;
	p->outcome = OUTCOME_IMAGES;
	if (answer_unlocked(p->answer) >= 0 &&
	    (r = part_take_lock(p, p->answer)) != ERR_OK)
		engine_fail_mail(p->mail, r);
	answer_free(p->locked);
	p->locked = NULL;
	part_take_facts(p, p->answer);
}
