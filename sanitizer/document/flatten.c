/*
 * A document becomes the pictures and the words of its pages, whichever engine
 * reads it. Runs in the jailed children of worker-pdf and worker-poppler.
 * Hostile input: all that the engine says of the document.
 * Must never run a script, follow a link, or end in silence: what fits is
 * delivered and the reason says what is missing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document.h"
#include "err.h"
#include "flatten.h"
#include "links.h"
#include "seen.h"
#include "text.h"
#include "worker.h"

#define FAILS_MAX	20	/* page errors in a row: enough */
#define LINKS_MAX	200	/* links of one page that are written out */
#define MISMATCH_MAX	50	/* facts about lying labels, one document */
#define TARGET_MAX	1000	/* bytes of a link target that are looked at */
#define LABEL_MAX	120	/* bytes of a label that are shown */
#define LIST_MAX	400	/* bytes of a list of page numbers */
#define LOOK_DPI	72	/* to see what can be seen, when no pictures are wanted */
#define DOUBT_MIN	5	/* characters without a name, and a tenth of all */
#define DOUBT_PAGE	8	/* pages after which it is first said */
#define UNSEEN_MIN	5	/* hidden characters before a page is marked */

/* Page numbers as people read them: "3, 7-9". */
struct page_list {
	char		text[LIST_MAX + 32];
	uint32_t	first, last;	/* the run not yet written; from 1 */
	uint32_t	count;
};

struct task {
	const struct document_engine	*engine;
	struct worker			*w;
	const struct worker_job		*job;
	struct document			*doc;
	struct document_key		 key;
	uint32_t			 page;		/* from 0 */
	uint32_t			 shown, texts;	/* pages sent */
	uint32_t			 scaled;	/* drawn smaller */
	uint32_t			 fails;		/* in a row */
	uint32_t			 links;		/* defanged in text */
	uint32_t			 page_links;	/* on this page */
	uint32_t			 targets;	/* in the document */
	uint32_t			 mismatches;
	uint64_t			 invisible;
	int				 text_cut;
	uint32_t			 files;		/* begun */
	int				 files_cut;	/* more than may be */
	uint64_t			 hidden;	/* characters */
	uint64_t			 legible, strange;	/* of those shown */
	uint32_t			 unread;	/* pages without any, by error */
	struct page_list		 failed, damaged, unseen;
	struct timespec			 began;
};

static void
page_list_flush(struct page_list *l)
{
	size_t len = strlen(l->text), room = sizeof(l->text) - len;

	if (l->first == 0 || len > LIST_MAX)
		return;
	if (l->first == l->last)
		snprintf(l->text + len, room, "%s%u", len > 0 ? ", " : "",
		    l->first);
	else
		snprintf(l->text + len, room, "%s%u-%u", len > 0 ? ", " : "",
		    l->first, l->last);
}

static void
page_list_add(struct page_list *l, uint32_t number)
{
	l->count++;
	if (l->first != 0 && number == l->last + 1) {
		l->last = number;
		return;
	}
	page_list_flush(l);
	l->first = l->last = number;
}

/* Ends a little before the deadline would: pages already sent must count. */
static int
task_late(const struct task *t)
{
	struct timespec now;
	int64_t ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (int64_t)(now.tv_sec - t->began.tv_sec) * 1000 +
	    (now.tv_nsec - t->began.tv_nsec) / 1000000;
	return ms > (int64_t)t->job->deadline_ms * 8 / 10;
}

/* Cleans, defangs and sends; 0 when the text limit cut it. */
static void
text_send(struct task *t, const char *raw, size_t len)
{
	struct text_cleaned counts = {0};
	char *clean, *safe;

	if (t->text_cut || len == 0)
		return;
	clean = text_clean(raw, len, TEXT_BLOCK, len * 4 + 16, &counts);
	safe = clean == NULL ? NULL :
	    links_defang_text(clean, strlen(clean), &t->links);
	if (safe != NULL && safe[0] != '\0') {
		t->text_cut = !worker_text(t->w, t->page, safe, strlen(safe));
		t->texts++;
	}
	t->invisible += counts.invisible;
	free(clean);
	free(safe);
}

static void
mismatch_state(struct task *t, const char *label, const char *target)
{
	char value[COPY_VALUE_MAX];

	if (t->mismatches++ >= MISMATCH_MAX)
		return;
	snprintf(value, sizeof(value), "page %u: the label said %s, the target "
	    "is %s", t->page + 1, label, target);
	worker_fact(t->w, FACT_LINK_MISMATCH, value);
}

/* Under the words of the page: where each of its links would have led. */
static int
link_found(void *arg, const char *raw_label, const char *target)
{
	struct task *t = arg;
	size_t target_len = strnlen(target, TARGET_MAX);
	char *clean, *label, *safe, line[COPY_VALUE_MAX];

	t->targets++;
	if (t->page_links++ >= LINKS_MAX)
		return 1;
	clean = text_clean(raw_label, strlen(raw_label), TEXT_LINE, LABEL_MAX,
	    NULL);
	label = clean == NULL ? NULL :
	    links_defang_text(clean, strlen(clean), NULL);
	safe = links_defang_target(target, target_len);
	if (label != NULL && safe != NULL) {
		if (links_mismatch(clean, target))
			mismatch_state(t, label, safe);
		snprintf(line, sizeof(line), "%s[link] %s%s%s\n",
		    t->page_links == 1 ? "\n" : "", label,
		    label[0] != '\0' ? " -> " : "", safe);
		if (t->job->want_text)
			text_send(t, line, strlen(line));
	}
	free(clean);
	free(label);
	free(safe);
	return 1;
}

/* What cannot be seen is counted and not quoted. */
static void
page_seen(struct task *t, const struct document_glyphs *glyphs,
    const struct document_picture *pic)
{
	struct seen seen;
	uint32_t hidden;

	if (seen_read(glyphs, pic, &seen) != ERR_OK)
		return;
	t->legible += seen.shown - seen.strange;
	t->strange += seen.strange;
	hidden = seen.hidden + glyphs->layered;
	t->hidden += hidden;
	if (hidden >= UNSEEN_MIN && hidden > seen.shown)
		page_list_add(&t->unseen, t->page + 1);
	text_send(t, seen.text, seen.len);
	free(seen.text);
}

static void
page_text(struct task *t, const struct document_picture *pic)
{
	struct document_glyphs glyphs;

	if (t->job->want_text && !t->text_cut) {
		if (t->engine->page_glyphs(t->doc, t->job->max_text, &glyphs))
			page_seen(t, &glyphs, pic);
		else
			t->unread++;
	}
	t->page_links = 0;
	t->engine->page_links(t->doc, link_found, t);
}

/* One page; 1 done, 0 it cannot be drawn, -1 it is beyond the pixel limit. */
static int
page_answer(struct task *t, int *errors)
{
	const struct worker_job *job = t->job;
	struct document_picture pic;
	int drawn = 0;

	if (job->want_pages || (job->want_text && !t->text_cut))
		drawn = t->engine->page_draw(t->doc, job->want_pages ? job->dpi :
		    LOOK_DPI, job->max_page_pixels, &pic, errors);
	page_text(t, drawn ? &pic : NULL);
	if (!job->want_pages)
		return 1;
	if (!drawn)
		return 0;
	if (!worker_page(t->w, t->page, pic.width, pic.height, 3, pic.stride,
	    pic.dpi, pic.samples))
		return -1;
	t->shown++;
	t->scaled += pic.dpi < job->dpi;
	return 1;
}

/* A reason other than COMPLETE ends the document at this page. */
static enum reason
page_flatten(struct task *t)
{
	int errors = 0, r = 0;

	if (t->engine->page_load(t->doc, t->page, &errors))
		r = page_answer(t, &errors);
	if (r < 0)
		return REASON_LIMIT_PIXELS;
	if (r == 0) {
		page_list_add(&t->failed, t->page + 1);
		return ++t->fails >= FAILS_MAX ? REASON_PAGES_FAILED :
		    REASON_COMPLETE;
	}
	t->fails = 0;
	if (errors)
		page_list_add(&t->damaged, t->page + 1);
	return REASON_COMPLETE;
}

/* Whether this engine sees words that it cannot read. */
static int
is_doubted(const struct task *t)
{
	return t->unread > 0 || (t->strange >= DOUBT_MIN &&
	    10 * t->strange >= t->legible + t->strange);
}

static enum reason
pages_flatten(struct task *t)
{
	uint32_t total = t->engine->pages(t->doc);
	uint32_t n = total < t->job->max_pages ? total : t->job->max_pages;
	enum reason reason;

	worker_pages_total(t->w, total);
	for (t->page = 0; t->page < n; t->page++) {
		if (t->page > 0 && task_late(t))
			return REASON_TIMEOUT;
		if ((reason = page_flatten(t)) != REASON_COMPLETE)
			return reason;
		if (t->page + 1 == DOUBT_PAGE && is_doubted(t))
			worker_legible(t->w, t->legible, 1);
		if (t->text_cut && !t->job->want_pages)
			break;
	}
	return n < total && t->page == n ? REASON_LIMIT_PAGES : REASON_COMPLETE;
}

/* Files that it holds come beside it, as parts of their own. */
static int
file_begin(void *arg, const char *name, const char *type)
{
	struct task *t = arg;
	char path[16];

	snprintf(path, sizeof(path), "%u", t->files + 1);
	if (!worker_child(t->w, ROLE_ATTACHMENT, KIND_UNKNOWN, path, name, type,
	    "", "")) {
		t->files_cut = 1;
		return 0;
	}
	t->files++;
	return 1;
}

static int
file_data(void *arg, const uint8_t *data, size_t len)
{
	const struct task *t = arg;

	return worker_child_data(t->w, data, len);
}

static void
file_lost(void *arg, enum reason reason)
{
	const struct task *t = arg;

	worker_child_stub(t->w, reason, "");
}

static void
files_send(struct task *t)
{
	const struct document_sink to = { t, file_begin, file_data, file_lost };

	t->engine->files(t->doc, &to);
}

static void
facts_state(struct task *t)
{
	struct document_facts f;

	t->engine->facts(t->doc, &f);
	worker_fact(t->w, FACT_FORMAT, f.format[0] != '\0' ? f.format :
	    t->job->format);
	if (t->key.line >= 0)
		worker_unlocked(t->w, (unsigned)t->key.line);
	else if (f.encryption[0] != '\0')
		worker_fact(t->w, FACT_ENCRYPTED, "opens without a password");
	if (f.scripts != NULL)
		worker_fact(t->w, FACT_SCRIPTS, f.scripts);
	if (f.forms != NULL)
		worker_fact(t->w, FACT_FORMS, f.forms);
	if (f.embedded > 0)
		worker_fact_number(t->w, FACT_EMBEDDED, f.embedded);
	if (f.metadata != NULL)
		worker_fact(t->w, FACT_METADATA, f.metadata);
	if (f.repaired)
		worker_fact(t->w, FACT_MALFORMED,
		    "the structure of the file was damaged and rebuilt");
}

static void
counts_state(struct task *t)
{
	char value[LIST_MAX + 160];

	page_list_flush(&t->failed);
	page_list_flush(&t->damaged);
	page_list_flush(&t->unseen);
	if (t->failed.count > 0)
		worker_fact(t->w, FACT_PAGES_FAILED, t->failed.text);
	if (t->damaged.count > 0) {
		snprintf(value, sizeof(value), "content with errors, drawn as "
		    "far as it goes: pages %s", t->damaged.text);
		worker_fact(t->w, FACT_MALFORMED, value);
	}
	if (t->unseen.count > 0)
		worker_fact(t->w, FACT_UNSEEN_TEXT, t->unseen.text);
	if (t->hidden > 0)
		worker_fact_number(t->w, FACT_HIDDEN_TEXT, t->hidden);
	if (t->links + t->targets > 0)
		worker_fact_number(t->w, FACT_LINKS, t->links + t->targets);
	if (t->invisible > 0)
		worker_fact_number(t->w, FACT_INVISIBLE_CHARS, t->invisible);
}

/* The number behind a limit, for the reader. */
static void
note_write(const struct task *t, enum reason reason, char *note, size_t size)
{
	const struct worker_job *job = t->job;

	note[0] = '\0';
	if (reason == REASON_LIMIT_PAGES)
		snprintf(note, size, "%u", job->max_pages);
	else if (reason == REASON_LIMIT_PIXELS)
		snprintf(note, size, "%llu",
		    (unsigned long long)job->max_pixels);
	else if (reason == REASON_LIMIT_TEXT)
		snprintf(note, size, "%llu", (unsigned long long)job->max_text);
	else if (reason == REASON_TIMEOUT)
		snprintf(note, size, "%u ms", job->deadline_ms);
	else if (t->scaled > 0)
		snprintf(note, size, "pages drawn smaller to fit: %u",
		    t->scaled);
}

_Noreturn static void
task_end(struct task *t, enum reason reason)
{
	enum outcome outcome = OUTCOME_STUB;
	char note[64];

	if (t->shown > 0)
		outcome = OUTCOME_IMAGES;
	else if (t->texts > 0)
		outcome = OUTCOME_TEXT;
	if (reason == REASON_COMPLETE && t->failed.count > 0)
		reason = REASON_PAGES_FAILED;
	if (reason == REASON_COMPLETE && t->text_cut)
		reason = REASON_LIMIT_TEXT;
	if (reason == REASON_COMPLETE && t->files_cut)
		reason = REASON_LIMIT_PARTS;
	if (reason == REASON_COMPLETE && outcome == OUTCOME_STUB)
		reason = REASON_EMPTY;
	counts_state(t);
	note_write(t, reason, note, sizeof(note));
	worker_done(t->w, outcome, reason, t->shown, t->engine->pages(t->doc),
	    t->engine->name, note);
}

_Noreturn void
flatten_document(const struct document_engine *engine, struct worker *w,
    const struct worker_job *job, const uint8_t *data, size_t len)
{
	struct task t = { .engine = engine, .w = w, .job = job,
	    .key = { worker_words(w), job->max_attempts, -1 } };
	enum reason reason;

	clock_gettime(CLOCK_MONOTONIC, &t.began);
	reason = engine->open(job->format, data, len, &t.key, &t.doc);
	if (reason != REASON_COMPLETE) {
		if (job->format[0] != '\0')
			worker_fact(w, FACT_FORMAT, job->format);
		if (reason == REASON_ENCRYPTED)
			worker_fact(w, FACT_ENCRYPTED, "needs a password");
		worker_done(w, OUTCOME_STUB, reason, 0, 0, engine->name, "");
	}
	facts_state(&t);
	reason = pages_flatten(&t);
	if (job->want_text)
		worker_legible(w, t.legible, is_doubted(&t));
	files_send(&t);
	task_end(&t, reason);
}
