/*
 * A part's steps: bounds, identify, scan, policy, flatten; each ends in a next step
 * or in exactly one outcome. Runs in limpid-sanitizerd and limpid-clean.
 * Hostile input: names, kinds and paths that workers state; checked by
 * engine_answer.c, and here only compared. Must never let a part go without an
 * outcome. Longer than most files: every way to an outcome stands here.
 */
#include "engine_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "err.h"
#include "proc.h"
#include "signed_pair.h"
#include "text.h"
#include "words.h"

#define CHILD_BYTES_MAX	(4ull << 30)	/* of a mail, whatever limit expand allows */
#define EXPAND_FROM	65536		/* tiny parts may grow to this many times */
#define LIGHT_BYTES	65536
#define LIGHT_MEMORY	(128u << 20)	/* with less, nothing is light */
#define NESTING		4		/* multiparts within a mail, a level of depth */
#define RENDERING_FORMAT "PDF"
#define TO_A_KEY	"encrypted to somebody's key, which is not here; ask the sender " \
			"to send it without S/MIME or OpenPGP encryption, or locked " \
			"with a password"
#define RENDERING_ENGINE "libreoffice+%s"

static const struct policy_limits *
limits_of(const struct part *p)
{
	return policy_limits(p->mail->q.policy);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
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

/* Whether a kind is a way of reading plain characters. */
static int
is_characters(enum kind k)
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

	if (is_characters(found) && is_characters(p->hint) &&
	    strcmp(format, "MSG") != 0 && strcmp(format, "TNEF") != 0)
		return p->hint;
	if (found == KIND_UNKNOWN && (p->hint == KIND_MAIL ||
	    p->hint == KIND_SIGNATURE || p->hint == KIND_ENCRYPTED))
		return p->hint;
	if ((found == KIND_UNKNOWN || found == KIND_PROGRAM) && body &&
	    is_characters(p->hint))
		return p->hint;
	return found;
}

/* What it was found to be, and what that means in its place. */
static void
take_kind(struct part *p, enum kind found, const char *format)
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

static struct part *
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
		take_kind(p, KIND_SIGNATURE, SIGNED_PAIR_FORMAT);
	else if (c->format != NULL && strcmp(c->format,
	    SIGNED_PAIR_FORMAT) != 0)
		take_kind(p, c->kind, c->format);
	p->origin = o;
	o->holders++;
	o->readers++;
	p->reading = 1;
	return p;
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
static void
take_facts(struct part *p, const struct answer *a)
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
	take_facts(p, p->answer);
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
	take_facts(p, p->answer);
}

void
part_wait_for(struct part *p, enum answer_step step, enum engine_worker worker)
{
	p->step = step;
	p->worker = worker;
	p->tries = 0;
	p->state = PART_WAITING;
}

/* A mail as Outlook keeps it, which is no characters. */
static int
is_outlook(const struct part *p)
{
	return strcmp(p->format, "MSG") == 0 || strcmp(p->format, "TNEF") == 0;
}

/* A picture whose library has a worker of its own. */
static int
is_heif(const struct part *p)
{
	return strcmp(p->format, "HEIC") == 0 ||
	    strcmp(p->format, "HEIF") == 0 || strcmp(p->format, "AVIF") == 0;
}

void
part_ask_policy(struct part *p)
{
	struct policy_facts	 f = { .kind = p->kind, .format = p->format,
				    .declared = p->declared, .name = p->name,
				    .size = p->size, .depth = p->depth,
				    .encrypted = p->encrypted,
				    .scanned = p->scanned,
				    .malware = p->malware,
				    .sender = p->mail->q.mail.sender };

	/* the beginning of characters is of use, that of a file is none */
	if (p->cut_bytes && (!is_characters(p->kind) || is_outlook(p))) {
		part_stub(p, REASON_LIMIT_BYTES, NULL);
		return;
	}
	policy_decide(p->mail->q.policy, &f, &p->action);
}

/* The kind is known: what does the policy want? */
static void
decide(struct part *p)
{
	part_ask_policy(p);
	if (p->action.verb == POLICY_STUB) {
		part_stub(p, p->action.reason, p->kind == KIND_ENCRYPTED ?
		    TO_A_KEY : NULL);
		return;
	}
	switch (p->kind) {
	case KIND_MAIL:
	case KIND_MULTIPART:
		part_wait_for(p, ANSWER_UNPACK, is_outlook(p) ? ENGINE_MSG :
		    ENGINE_MIME);
		return;
	case KIND_ARCHIVE:
		part_wait_for(p, ANSWER_UNPACK, ENGINE_ARCHIVE);
		return;
	case KIND_CARD:
		part_wait_for(p, ANSWER_DRAW, ENGINE_CARD);
		return;
	case KIND_TEXT:
		part_wait_for(p, ANSWER_DRAW, ENGINE_TEXT);
		return;
	case KIND_HTML:
		part_wait_for(p, ANSWER_DRAW, ENGINE_HTML);
		return;
	case KIND_PDF:
		part_wait_for(p, ANSWER_DOCUMENT, ENGINE_PDF);
		return;
	case KIND_IMAGE:
		part_wait_for(p, ANSWER_DRAW, is_heif(p) ? ENGINE_HEIF :
		    ENGINE_IMAGE);
		return;
	case KIND_OFFICE:
		if (strcmp(p->format, "HWP") == 0)
			part_wait_for(p, ANSWER_DRAW, ENGINE_MSG);
		else
			part_wait_for(p, ANSWER_CONVERT, ENGINE_OFFICE);
		return;
	case KIND_SIGNATURE:
		part_wait_for(p, ANSWER_DRAW, ENGINE_SMIME);
		return;
	case KIND_UNKNOWN:
	case KIND_PROGRAM:
	case KIND_ENCRYPTED:
	case KIND_AUDIO:
	case KIND_VIDEO:
	case KIND_EMPTY:
	case KIND_MAX:
		break;
	}
	part_stub(p, REASON_UNSUPPORTED, NULL);
}

/* Whether there is nothing in it but parts, each of which is scanned. */
static int
is_scanned_through_parts(const struct part *p)
{
	return p->kind == KIND_MULTIPART ||
	    (p->kind == KIND_MAIL && !is_outlook(p));
}

/* The kind is known: first what the scanner says, for the policy may ask. */
static void
scan_or_decide(struct part *p)
{
	struct engine	*e = p->mail->engine;

	if (part_is_left_out(p)) {
		part_stub(p, REASON_POLICY, NULL);
		return;
	}
	p->scanned = is_scanned_through_parts(p);
	if (!p->scanned && scan_is_wanted(e))
		part_wait_for(p, ANSWER_SCAN, ENGINE_SCAN);
	else
		decide(p);
}

void
part_unscanned(struct part *p, enum reason reason)
{
	const char	*why = reason_name(reason);

	free(p->unscanned);
	if (reason == REASON_ENGINE)
		why = "the scanner does not start";
	if (asprintf(&p->unscanned, "not scanned%s: %s", reason >=
	    REASON_LIMIT_BYTES && reason <= REASON_LIMIT_HEADERS ?
	    " to its end" : "", why) == -1)
		p->unscanned = NULL;
	decide(p);
}

/* What it found before it ran into a limit counts all the same. */
static int
take_scan(struct part *p, struct answer *a)
{
	enum reason	 reason = answer_done(a)->reason;

	p->malware = answer_take_malware(a);
	if (p->malware != NULL)
		engine_report(p, REASON_MALWARE, p->malware);
	if (reason == REASON_COMPLETE) {
		p->scanned = 1;
		decide(p);
		return ERR_OK;
	}
	engine_report(p, reason, "scan not ended");
	part_unscanned(p, reason);
	return ERR_OK;
}

void
part_consider(struct part *p)
{
	const struct policy_limits	*l = limits_of(p);

	if (p->mail->late && p->step == ANSWER_READ) {
		part_unread(p, REASON_TIMEOUT);
		return;
	}
	if (p->mail->late && p->second) {
		part_settle(p);
		return;
	}
	if (p->mail->late) {
		part_stub(p, REASON_TIMEOUT, NULL);
		return;
	}
	if (p->state != PART_NEW)
		return;
	p->cut_bytes = p->size > l->bytes;
	if (p->lost != REASON_COMPLETE) {
		p->kind = p->hint;
		part_stub(p, p->lost, p->note);
	} else if (p->size == 0) {
		p->kind = KIND_EMPTY;
		part_stub(p, REASON_EMPTY, NULL);
	} else if (p->depth > l->depth) {
		part_stub(p, REASON_LIMIT_DEPTH, NULL);
	} else if (p->kind != KIND_UNKNOWN || p->identified) {
		scan_or_decide(p);
	} else {
		part_wait_for(p, ANSWER_IDENTIFY, ENGINE_IDENTIFY);
	}
}

unsigned
part_weight(const struct part *p)
{
	return p->size <= LIGHT_BYTES && p->worker != ENGINE_PDF &&
	    p->worker != ENGINE_IMAGE && p->worker != ENGINE_OCR && p->worker != ENGINE_HEIF &&
	    p->worker != ENGINE_POPPLER &&
	    limits_of(p)->memory / ENGINE_WEIGHT >= LIGHT_MEMORY ? 1 :
	    ENGINE_WEIGHT;
}

void
part_tell(const struct part *p, struct worker_job *told)
{
	const struct policy_limits	*l = limits_of(p);
	const struct policy_profile	*profile = p->action.profile;
	const struct mail		*m = p->mail;
	long long			 left = m->deadline_ms - proc_now_ms();

	memset(told, 0, sizeof(*told));
	told->deadline_ms = (uint32_t)least((uint64_t)l->seconds * 1000,
	    left > 1000 ? (uint64_t)left : 1000);
	told->memory_bytes = l->memory / (ENGINE_WEIGHT / part_weight(p));
	told->max_input = l->bytes;
	told->max_text = l->text;
	told->max_words = l->passwords > 0 ? WORDS_PART_MAX : 0;
	told->max_attempts = p->with_words ? l->passwords : 0;
	told->max_headers = l->headers;
	told->max_depth = l->depth * NESTING;
	told->max_page_pixels = l->page_pixels;
	told->max_pixels = l->mail_pixels > m->pixels ?
	    l->mail_pixels - m->pixels : 0;
	told->max_children = l->parts > m->part_count ?
	    l->parts - m->part_count : 0;
	told->max_child_bytes = least(m->unpacked < CHILD_BYTES_MAX ?
	    CHILD_BYTES_MAX - m->unpacked : 0, l->expand *
	    (p->size > EXPAND_FROM ? p->size : EXPAND_FROM));
	if (p->step == ANSWER_SCAN)
		told->max_child_bytes += l->bytes;	/* itself, read again */
	snprintf(told->charset, sizeof(told->charset), "%.63s", p->charset);
	/* to identify, what the mail calls it is one hint among others */
	snprintf(told->format, sizeof(told->format), "%.63s",
	    p->rendering != NULL ? RENDERING_FORMAT :
	    p->step == ANSWER_IDENTIFY ? p->declared : p->format);
	if (p->depth == 0)
		snprintf(told->authserv_id, sizeof(told->authserv_id),
		    "%.127s", m->engine->authserv_id);
	if (profile == NULL)
		return;
	told->max_pages = (uint32_t)least(l->pages, profile->pages);
	told->dpi = profile->dpi;
	told->want_pages = (uint8_t)(profile->render != 0);
	told->want_text = (uint8_t)(profile->text != 0);
	if (p->step == ANSWER_CONVERT) {
		told->max_children = 1;
		told->max_child_bytes = l->bytes;
		told->want_pages = told->want_pages && !p->words_only;
	} else if (p->step == ANSWER_READ) {
		told->max_input = store_len(p->frames);
		told->max_words = 0;	/* guessed words are no passwords */
		snprintf(told->ocr, sizeof(told->ocr), "%s", profile->ocr);
	} else if (p->second == SECOND_WORDS) {
		told->max_children = 0;
		told->want_pages = 0;
	} else if (p->rendering != NULL) {
		told->want_text = told->want_text && !p->words;
	}
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
		    least(p->size, limits_of(p)->bytes), fdp);
	if ((fd = dup(p->mail->q.original)) == -1)
		return ERR_SYS;
	*fdp = fd;
	return ERR_OK;
}

/* What was converted comes back as a stranger: it must be what it should be. */
static int
take_rendering_identity(struct part *p, struct answer *a)
{
	const char	*format;
	enum kind	 found;

	if (answer_identified(a, &found, &format) && found == KIND_PDF)
		part_wait_for(p, ANSWER_DOCUMENT, ENGINE_PDF);
	else if (!part_try_again(p, REASON_BAD_ANSWER))
		part_stub(p, REASON_BAD_ANSWER, NULL);
	return ERR_OK;
}

static int
take_identity(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	const char			*format;
	enum kind			 found;

	if (p->rendering != NULL)
		return take_rendering_identity(p, a);
	if (!answer_identified(a, &found, &format)) {
		part_stub(p, d->reason, d->note);
		return ERR_OK;
	}
	if (strcmp(format, SIGNED_PAIR_FORMAT) == 0)
		format = "";
	take_kind(p, found, format);
	p->encrypted = answer_has_fact(a, FACT_ENCRYPTED);
	scan_or_decide(p);
	return ERR_OK;
}

/* What a member that came locked says to its reader. */
static int
note_of_lock(const struct part *p, char **note)
{
	char	*kept;

	if (p->mail->q.locked_note == NULL || strcmp(p->format, "ZIP") != 0 ||
	    (*note != NULL && **note != '\0'))
		return ERR_OK;
	if ((kept = strdup(p->mail->q.locked_note)) == NULL)
		return ERR_MEMORY;
	free(*note);
	*note = kept;
	return ERR_OK;
}

static int
link_children(struct part *p, struct answer_child *list, struct origin *o)
{
	const struct policy_limits	*l = limits_of(p);
	struct part			*child, **at = &p->next;
	int				 r;

	for (; list != NULL; list = list->next) {
		if (list->lost == REASON_ENCRYPTED &&
		    (r = note_of_lock(p, &list->note)) != ERR_OK)
			return r;
		if (p->mail->part_count >= l->parts) {
			/* two mails inside this one were unpacked at once */
			p->reason = REASON_LIMIT_PARTS;
			break;
		}
		if ((child = part_new_child(p, list, o)) == NULL)
			return ERR_MEMORY;
		p->mail->part_count++;
		child->next = *at;
		*at = child;
		at = &child->next;
	}
	return ERR_OK;
}

static int
take_children(struct part *p, struct answer *a)
{
	struct answer_child	*list, *c;
	struct origin		*o;
	int			 r;

	if (answer_child_count(a) == 0)
		return ERR_OK;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return ERR_MEMORY;
	o->holders = 1;
	o->bytes = answer_take_bytes(a);
	o->copy_id = p->copy_id;	/* its pages may have gone out already */
	p->children = o;
	if (o->bytes != NULL)
		p->mail->unpacked += store_len(o->bytes);
	list = answer_take_children(a);
	r = link_children(p, list, o);
	while ((c = list) != NULL) {
		list = c->next;
		answer_child_free(c);
	}
	return r;
}

static int
take_words(struct part *p, const struct answer_done *d)
{
	free(p->engine);
	free(p->note);
	p->note = NULL;
	if ((p->engine = strdup(d->engine)) == NULL ||
	    (p->note = strdup(d->note)) == NULL)
		return ERR_MEMORY;
	if (d->outcome != OUTCOME_STUB || d->reason != REASON_ENCRYPTED ||
	    d->note[0] != '\0' || p->mail->q.locked_note == NULL)
		return ERR_OK;
	free(p->note);
	p->note = strdup(p->mail->q.locked_note);
	return p->note != NULL ? ERR_OK : ERR_MEMORY;
}

/* A document became something that is drawn in its place, or words alone. */
static int
take_conversion(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	struct answer_child		*c;
	int				 r;

	p->outcome = d->outcome;
	p->reason = p->words_only ? p->failed : d->reason;
	p->encrypted = p->encrypted && !answer_has_fact(a, FACT_ENCRYPTED);
	p->format_said = answer_has_fact(a, FACT_FORMAT);
	if ((r = take_words(p, d)) != ERR_OK)
		return r;
	if (d->outcome != OUTCOME_CONTAINER) {
		p->frames = answer_take_frames(a);
		part_finish(p);
		return ERR_OK;
	}
	p->outcome = OUTCOME_STUB;	/* until it is drawn */
	p->cut = d->reason;
	p->words = answer_has_text(a);
	p->converted = answer_take_frames(a);
	while ((c = answer_take_children(a)) != NULL)
		answer_child_free(c);
	if ((p->rendering = answer_take_bytes(a)) == NULL) {
		if (!part_try_again(p, REASON_BAD_ANSWER))
			part_stub(p, REASON_BAD_ANSWER, NULL);
		return ERR_OK;
	}
	part_wait_for(p, ANSWER_IDENTIFY, ENGINE_IDENTIFY);
	return ERR_OK;
}

/* The pages of a rendering are the document's own. */
static int
take_drawn(struct part *p, const struct answer_done *d)
{
	char	*engine = NULL;

	if (d->outcome == OUTCOME_STUB && part_try_again(p, d->reason))
		return ERR_AGAIN;
	if (d->reason == REASON_COMPLETE)
		p->reason = p->cut;
	if (asprintf(&engine, RENDERING_ENGINE, d->engine) == -1)
		return ERR_MEMORY;
	free(p->engine);
	p->engine = engine;
	return ERR_OK;
}

/* What the worker drew or read becomes the part's, whatever becomes of it. */
static int
take_pages(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);

	p->pixels = answer_pixels(a);
	p->pages = answer_pages(a);
	p->outcome = d->outcome;
	p->reason = d->reason;
	p->pages_total = d->pages_total;
	take_facts(p, a);
	return take_words(p, d);
}

/* 0: it is not taken. Two parts that were drawn at once may be too much together;
 * then the second is drawn again, as far as there is room. */
static int
take_pixels(struct part *p, const struct answer *a)
{
	const uint64_t	 most = limits_of(p)->mail_pixels;
	uint64_t	*taken = &p->mail->pixels;

	if (p->streamed || *taken + answer_pixels(a) <= most) {
		*taken += answer_pixels(a);
		return 1;
	}
	if (*taken < most)
		p->state = PART_WAITING;
	else
		part_stub(p, REASON_LIMIT_PIXELS, NULL);
	return 0;
}

int
part_take_answer(struct part *p, struct answer *a)
{
	const struct answer_done	*d = answer_done(a);
	int				 r;

	if (p->step == ANSWER_IDENTIFY)
		return take_identity(p, a);
	if (p->step == ANSWER_SCAN)
		return take_scan(p, a);
	if (p->step == ANSWER_READ)
		return part_take_read(p, a);
	if ((r = mail_take_words(p->mail, a)) != ERR_OK)
		return r;
	if (part_wait_for_words(p, a))
		return ERR_OK;
	if ((r = part_take_lock(p, a)) != ERR_OK)
		return r;
	if (p->step == ANSWER_CONVERT)
		return take_conversion(p, a);
	if (p->streamed && d->outcome == OUTCOME_STUB) {
		part_stub(p, d->reason, d->note);
		return ERR_OK;
	}
	if (p->second && !part_take_second(p, a)) {
		part_settle(p);
		return ERR_OK;
	}
	if (!take_pixels(p, a))
		return ERR_OK;
	if ((r = take_pages(p, a)) != ERR_OK)
		return r;
	if (p->rendering != NULL && (r = take_drawn(p, d)) != ERR_OK)
		return r == ERR_AGAIN ? ERR_OK : r;
	p->frames = answer_take_frames(a);
	if ((d->outcome == OUTCOME_CONTAINER || p->step == ANSWER_DOCUMENT) &&
	    p->rendering == NULL && p->children == NULL &&
	    (r = take_children(p, a)) != ERR_OK)
		return r;
	p->legible = answer_legible(a);
	if (!part_ask_second(p, a))
		part_drawn(p);
	return ERR_OK;
}
