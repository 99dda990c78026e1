/*
 * Purpose: says what the harmless copy does not show, and what was made of it.
 * Process: limpid-viewerd.
 * Hostile input: part names and the values of facts.
 * Must never: leave out a part that did not arrive whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "err.h"
#include "html_out.h"
#include "marks.h"
#include "outcome.h"
#include "ref.h"
#include "row.h"
#include "store.h"

/* %n the part, %v the value, %m the value as a mail, %s an s unless the value is 1. A fact without a
 * line here is no change. */
static const struct {
	enum fact	 fact;
	enum icon	 icon;
	const char	*sentence;
} fact_texts[] = {
	{ FACT_CHARSET_LIED, ICON_FILE,
	  "%n: the text was not written in %v, as it claimed." },
	{ FACT_MALFORMED, ICON_ALERT, "%n is malformed: %v." },
	{ FACT_ENCRYPTED, ICON_LOCK, "%n is locked." },
	{ FACT_MACROS, ICON_CODE, "%n: macros were taken out (%v)." },
	{ FACT_SCRIPTS, ICON_CODE, "%n: scripts were taken out (%v)." },
	{ FACT_FORMS, ICON_CODE,
	  "%n: forms became plain text (%v)." },
	{ FACT_EXTERNAL_LINKS, ICON_PICTURE,
	  "%n: %v remote picture%s, style%s or frame%s not fetched." },
	{ FACT_EMBEDDED, ICON_BOX, "%n: %v embedded file%s found." },
	{ FACT_HIDDEN_TEXT, ICON_EYE_OFF,
	  "%n: hidden text was found (characters): %v." },
	{ FACT_UNSEEN_TEXT, ICON_EYE_OFF,
	  "%n: most of the text on these pages cannot be seen: %v." },
	{ FACT_INVISIBLE_CHARS, ICON_EYE_OFF,
	  "%n: %v invisible character%s taken out." },
	{ FACT_LINKS, ICON_LINK, "%n: %v link%s made unclickable." },
	{ FACT_LINK_MISMATCH, ICON_ALERT,
	  "%n: a link says one thing and leads to another: %v" },
	{ FACT_FRAMES, ICON_PICTURE,
	  "%n is animated (%v frame%s); only the first is shown." },
	{ FACT_METADATA, ICON_EYE_OFF,
	  "%n: data about its making was taken out (%v)." },
	{ FACT_NAME_CHANGED, ICON_FILE,
	  "%n: the file name was made safe; it was %v." },
	{ FACT_SIGNED, ICON_LOCK, "%n, a signature: %v." },
	{ FACT_CODE, ICON_ALERT,
	  "%n: covered, so that no telephone reads it: %v" },
	{ FACT_PAGES_FAILED, ICON_ALERT,
	  "%n: these pages could not be drawn: %v." },
	{ FACT_OCR, ICON_ALERT,
	  "%n: words were recognised by a machine and may be wrong (%v)." },
	{ FACT_SCANNED, ICON_BOX, "%n, search for malware: %v." },
	{ FACT_MALWARE, ICON_ALERT, "%n: the scanner knows it as %v." },
	{ FACT_FOLLOWS, ICON_LINK,
	  "This mail completes %m: it holds what was locked there." },
	{ FACT_UNLOCKED, ICON_LOCK, "%n was locked, and was opened by %v." },
};

struct changes {
	struct html		*h;	/* NULL: only count */
	struct store		*store;
	const struct mail	*m;
	const struct part	*part;
	size_t			 count;
};

const char *
changes_reason(const char *reason)
{
	int	 r = reason_find(reason);

	return reason_sentence(r < 0 ? REASON_MAX : (enum reason)r);
}

static const char *
part_label(const struct changes *c)
{
	if (c->part->body)
		return "The text of the mail";
	if (c->part->parent == 0 && !c->m->document)
		return "The mail";
	return row_part_name(c->part);
}

static int
begin_item(struct changes *c, enum icon icon)
{
	if (c->count++ >= CHANGES_MAX || c->h == NULL)
		return 0;
	html_open(c->h, "li", NULL);
	html_icon(c->h, icon, NULL);
	html_open(c->h, "div", NULL);
	html_open(c->h, "p", NULL);
	return 1;
}

static void
end_item(struct changes *c, const char *code)
{
	html_end(c->h, "p");
	html_elemf(c->h, "code", NULL, "%s · %s", code,
	    c->part->rule[0] == '\0' ? "default" : c->part->rule);
	html_end(c->h, "div");
	html_end(c->h, "li");
}

/* The reference of another mail; whether this reader may open it is asked there. */
static void
write_mail(struct changes *c, const char *value)
{
	char		 text[REF_TEXT_LEN + 1];
	struct ref	 ref;

	if (ref_parse(value, &ref) != ERR_OK) {
		html_text(c->h, value);
		return;
	}
	ref_format(&ref, text);
	html_open(c->h, "a", NULL);
	html_attrf(c->h, "href", "/mail/%s", text);
	html_text(c->h, text);
	html_end(c->h, "a");
}

static void
write_sentence(struct changes *c, const char *sentence, const char *value)
{
	const char	*p;

	for (; *sentence != '\0'; sentence = p + 2) {
		if ((p = strchr(sentence, '%')) == NULL) {
			html_text(c->h, sentence);
			return;
		}
		html_textn(c->h, sentence, (size_t)(p - sentence));
		if (p[1] == 'n')
			html_text(c->h, part_label(c));
		else if (p[1] == 'm')
			write_mail(c, value);
		else if (p[1] == 's')
			html_text(c->h, strcmp(value, "1") == 0 ? "" : "s");
		else
			marks_line(c->h, value, strlen(value), NULL);
	}
}

static int
write_fact(void *arg, const char *fact, const char *value)
{
	struct changes	*c = arg;
	int		 f = fact_find(fact);
	size_t		 i;

	for (i = 0; i < sizeof(fact_texts) / sizeof(fact_texts[0]); i++) {
		if ((int)fact_texts[i].fact != f)
			continue;
		if (!begin_item(c, fact_texts[i].icon))
			return ERR_OK;
		write_sentence(c, fact_texts[i].sentence, value);
		end_item(c, fact);
	}
	return ERR_OK;
}

static enum icon
reason_icon(const char *reason)
{
	if (strcmp(reason, "encrypted") == 0)
		return ICON_LOCK;
	return strncmp(reason, "limit-", 6) == 0 ? ICON_CUT : ICON_ALERT;
}

/* The number behind a limit. */
static void
write_note(struct changes *c)
{
	char	 words[1024];

	if (c->part->note[0] == '\0')
		return;
	note_words(c->part->note, words, sizeof(words));
	html_textf(c->h, " (%s)", words);
}

/* What did not arrive whole: always said. */
static void
write_loss(struct changes *c)
{
	const struct part	*p = c->part;

	if (!begin_item(c, reason_icon(p->reason)))
		return;
	if (strcmp(p->outcome, "stub") == 0)
		html_textf(c->h, "%s is not shown. %s", part_label(c),
		    changes_reason(p->reason));
	else if (p->pages_total > p->pages && p->pages > 0)
		html_textf(c->h, "%s has %lld pages; %lld of them %s here. %s",
		    part_label(c), (long long)p->pages_total,
		    (long long)p->pages, p->pages == 1 ? "is" : "are",
		    changes_reason(p->reason));
	else
		html_textf(c->h, "%s: %s", part_label(c),
		    changes_reason(p->reason));
	write_note(c);
	end_item(c, p->reason);
}

/* An attachment that arrived whole: said, so that nobody must guess. */
static void
write_whole(struct changes *c)
{
	const struct part	*p = c->part;

	if (!begin_item(c, strcmp(p->kind, "image") == 0 ? ICON_PICTURE :
	    ICON_FILE))
		return;
	if (p->pages > 1)
		html_textf(c->h, "%s is shown in full: %lld pages.",
		    part_label(c), (long long)p->pages);
	else
		html_textf(c->h, "%s is shown in full: %s.", part_label(c),
		    p->pages == 0 ? "as text" : strcmp(p->kind, "image") == 0 ?
		    "one picture" : "1 page");
	write_note(c);
	end_item(c, p->reason);
}

static int
write_part(void *arg, const struct part *p)
{
	struct changes	*c = arg;
	int		 r;

	c->part = p;
	if (strcmp(p->reason, "complete") != 0)
		write_loss(c);
	r = store_facts(c->store, c->m, p->id, write_fact, c);
	if (strcmp(p->reason, "complete") == 0 && row_is_attachment(c->m, p))
		write_whole(c);
	return r;
}

int
changes_write(struct html *h, struct store *store, const struct mail *m,
    size_t *count)
{
	struct changes	 c = { .h = h, .store = store, .m = m };
	int		 r;

	r = store_parts(store, m, write_part, &c);
	*count = c.count;
	return r;
}

int
changes_count(struct store *store, const struct mail *m, size_t *count)
{
	return changes_write(NULL, store, m, count);
}
