/*
 * Says in plain words what a mail is and what was done to it. Runs in the jailed
 * compose child. Hostile input: every name and value, clean UTF-8 lines. Must
 * never show a link that a mail program would make clickable.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "compose_words.h"
#include "links.h"
#include "mail_write.h"

void
words_put_safe(struct strbuf *b, const char *s)
{
	char	*safe;

	if (s[0] == '\0')
		return;
	if ((safe = links_defang_text(s, strlen(s), NULL)) == NULL) {
		b->failed = 1;
		return;
	}
	strbuf_puts(b, safe);
	free(safe);
}

void
words_put_size(struct strbuf *b, uint64_t n)
{
	if (n < 10000)
		strbuf_printf(b, "%llu bytes", (unsigned long long)n);
	else if (n < 10000000)
		strbuf_printf(b, "%llu KB", (unsigned long long)(n / 1000));
	else
		strbuf_printf(b, "%llu.%llu MB",
		    (unsigned long long)(n / 1000000),
		    (unsigned long long)(n / 100000 % 10));
}

static void
put_line(struct strbuf *b, const char *label, const char *value)
{
	if (value[0] == '\0')
		return;
	strbuf_printf(b, "%-10s ", label);
	words_put_safe(b, value);
	strbuf_putc(b, '\n');
}

static void
put_lines(struct strbuf *b, const char *label, const struct facts *f,
    enum fact fact)
{
	const char	*v;
	size_t		 n;

	for (n = 0; n < 20 && (v = facts_find(f, fact, n)) != NULL; n++)
		put_line(b, n == 0 ? label : "", v);
	if (facts_find(f, fact, n) != NULL)
		strbuf_printf(b, "%-10s (and more; see limpid-report.json)\n",
		    "");
}

/* The address inside "Name <address>", or the whole. */
static const char *
address_in(const char *line, size_t *len)
{
	const char	*open = strrchr(line, '<');

	*len = strlen(line);
	if (open == NULL || *len == 0 || line[*len - 1] != '>')
		return line;
	*len -= (size_t)(open - line) + 2;
	return open + 1;
}

static int
same_address(const char *a, const char *line)
{
	size_t		 len;
	const char	*b = address_in(line, &len);

	return strlen(a) == len && strncasecmp(a, b, len) == 0;
}

/* What is odd about the sender; each a line that begins with "Note:". */
static void
put_sender_notes(struct strbuf *b, const struct copy_mail *m,
    const struct facts *f)
{
	const char	*from = facts_text(f, FACT_HDR_FROM), *v;
	size_t		 n;

	if (from[0] == '\0')
		strbuf_puts(b, "Note: the mail names no sender.\n");
	else if (m->sender[0] != '\0' && !same_address(from, m->sender)) {
		strbuf_puts(b, "Note: it was handed in by another address: ");
		words_put_safe(b, m->sender);
		strbuf_putc(b, '\n');
	}
	if (strchr(facts_text(f, FACT_HDR_FROM_NAME), '@') != NULL)
		strbuf_puts(b, "Note: the name shown for the sender contains "
		    "an address. Only the address after \"From\" counts.\n");
	for (n = 0; n < 20 && (v = facts_find(f, FACT_HDR_REPLY_TO,
	    n)) != NULL; n++)
		if (!same_address(from, v)) {
			strbuf_puts(b, "Note: replies would go to another "
			    "address: ");
			words_put_safe(b, v);
			strbuf_putc(b, '\n');
		}
}

static void
put_checks(struct strbuf *b, const struct copy_mail *m, const struct facts *f)
{
	const char	*auth = m->auth;

	if (auth[0] == '\0')
		auth = facts_text(f, FACT_HDR_AUTH);
	if (strstr(auth, "dmarc=pass") != NULL)
		strbuf_puts(b, "Checked:   the sender's domain confirms this "
		    "mail (DMARC pass).\n");
	else if (strstr(auth, "dmarc=fail") != NULL)
		strbuf_puts(b, "Note: the sender's domain does NOT confirm this "
		    "mail (DMARC fail). It may be forged.\n");
	else
		strbuf_puts(b, "Checked:   nothing confirms that the sender is "
		    "who the mail says.\n");
	put_line(b, "Details:", auth);
}

void
words_put_banner(struct strbuf *b, const struct copy_mail *m,
    const struct facts *f)
{
	char	 ref[REF_TEXT_LEN + 1], when[32];

	ref_format(&m->ref, ref);
	time_plain(m->received_ms, when);
	strbuf_puts(b, "This is a harmless copy made by Limpid: text, and "
	    "pictures of pages. The\noriginal stayed outside. Links cannot be "
	    "clicked.\n\n");
	strbuf_printf(b, "Reference: %s\n", ref);
	put_line(b, "Completes:", facts_text(f, FACT_FOLLOWS));
	if (facts_text(f, FACT_FOLLOWS)[0] != '\0')
		strbuf_puts(b, "           That mail came with locked parts. Their "
		    "password came with another\n           mail, and here is what "
		    "it opened. Ask for the original by that\n           "
		    "reference.\n");
	strbuf_puts(b, "From:      ");
	words_put_safe(b, facts_text(f, FACT_HDR_FROM_NAME));
	if (facts_text(f, FACT_HDR_FROM_NAME)[0] != '\0')
		strbuf_puts(b, ", ");
	words_put_safe(b, facts_text(f, FACT_HDR_FROM)[0] != '\0' ?
	    facts_text(f, FACT_HDR_FROM) : "unknown");
	strbuf_putc(b, '\n');
	put_lines(b, "To:", f, FACT_HDR_TO);
	put_lines(b, "Cc:", f, FACT_HDR_CC);
	strbuf_printf(b, "Received:  %s UTC", when);
	if (m->client[0] != '\0') {
		strbuf_puts(b, " from ");
		words_put_safe(b, m->client);
		strbuf_puts(b, m->tls[0] != '\0' ? ", encrypted" :
		    ", not encrypted");
	}
	strbuf_putc(b, '\n');
	put_line(b, "Dated:", facts_text(f, FACT_HDR_DATE));
	put_checks(b, m, f);
	put_sender_notes(b, m, f);
}

void
words_put_nested(struct strbuf *b, const char *path, const struct facts *f)
{
	strbuf_puts(b, "\n---- Attached mail ");
	words_put_safe(b, path);
	strbuf_puts(b, " ----\n");
	strbuf_puts(b, "From:      ");
	words_put_safe(b, facts_text(f, FACT_HDR_FROM_NAME));
	strbuf_puts(b, facts_text(f, FACT_HDR_FROM_NAME)[0] != '\0' ? ", " :
	    "");
	words_put_safe(b, facts_text(f, FACT_HDR_FROM)[0] != '\0' ?
	    facts_text(f, FACT_HDR_FROM) : "unknown");
	strbuf_putc(b, '\n');
	put_lines(b, "To:", f, FACT_HDR_TO);
	put_lines(b, "Cc:", f, FACT_HDR_CC);
	put_line(b, "Subject:", facts_text(f, FACT_HDR_SUBJECT));
	put_line(b, "Dated:", facts_text(f, FACT_HDR_DATE));
	strbuf_putc(b, '\n');
}

/* A sentence for each fact that tells of a change: before the value, after it. A
 * fact without a row is no change. */
static const struct { const char *before, *after; } change[FACT_MAX] = {
	[FACT_CHARSET_LIED] = { "It said its letters were coded as ",
	    "; they were not." },
	[FACT_MALFORMED] = { "It was malformed: ", "" },
	[FACT_ENCRYPTED] = { "It is locked: ", "" },
	[FACT_MACROS] = { "Macros were left out: ", "" },
	[FACT_SCRIPTS] = { "Scripts were left out: ", "" },
	[FACT_FORMS] = { "Form fields are only pictures now: ", "" },
	[FACT_EXTERNAL_LINKS] = { "Remote pictures and files were not fetched: ",
	    "" },
	[FACT_EMBEDDED] = { "Files were embedded in it; those that could be "
	    "taken out are shown on their own: ", "" },
	[FACT_HIDDEN_TEXT] = { "Hidden text was found, characters: ", "" },
	[FACT_UNSEEN_TEXT] = { "Most of the text on these pages cannot be seen, and "
	    "what cannot be seen is not in the words here: ", "" },
	[FACT_INVISIBLE_CHARS] = { "Invisible characters were removed: ", "" },
	[FACT_LINKS] = { "Links were made unclickable: ", "" },
	[FACT_LINK_MISMATCH] = { "A link does not lead where its label says: ",
	    "" },
	[FACT_FRAMES] = { "Only the first picture of an animation is shown; it "
	    "has ", " of them." },
	[FACT_ROTATED] = { "The picture was turned upright: ", "" },
	[FACT_METADATA] = { "Hidden notes about camera, place, author or "
	    "history were left out: ", "" },
	[FACT_NAME_CHANGED] = { "Its file name was changed; it was: ", "" },
	[FACT_SIGNED] = { "A signature: ", "." },
	[FACT_CODE] = { "Covered, so that no telephone reads it: ", "" },
	[FACT_PAGES_FAILED] = { "Pages that could not be drawn: ", "" },
	[FACT_OCR] = { "Words of the picture were recognised by a machine and may "
	    "be wrong: ", "" },
	[FACT_SCANNED] = { "Search for malware: ", "" },
	[FACT_MALWARE] = { "The scanner knows it as malware: ", "" },
	[FACT_UNLOCKED] = { "It was locked, and was opened by ", "." },
};

static void
put_heading(struct strbuf *b, const struct copy_part *p,
    const struct facts *f)
{
	const char	*format = facts_text(f, FACT_FORMAT);

	/* Four numbers look like an address to a reader that makes links. */
	words_put_safe(b, p->path);
	strbuf_putc(b, ' ');
	if (p->name[0] != '\0')
		words_put_safe(b, p->name);
	else
		strbuf_puts(b, p->body ? "body" : p->parent == 0 ?
		    "the whole" : "without a name");
	strbuf_puts(b, " (");
	if (format[0] != '\0')
		words_put_safe(b, format);
	else
		strbuf_puts(b, kind_name(p->kind));
	strbuf_puts(b, ", ");
	words_put_size(b, p->size);
	strbuf_puts(b, ")\n");
}

/* "pages 1-100 of 812" where the first ones are there and the rest was cut. */
static void
put_pages(struct strbuf *b, const struct facts *f,
    const struct copy_part_end *e)
{
	if (e->pages_total <= e->pages)
		strbuf_printf(b, "%u page%s.", e->pages,
		    e->pages == 1 ? "" : "s");
	else if (e->reason == REASON_COMPLETE ||
	    e->reason == REASON_PAGES_FAILED ||
	    facts_find(f, FACT_PAGES_FAILED, 0) != NULL)
		strbuf_printf(b, "%u of %u pages.", e->pages, e->pages_total);
	else if (e->pages == 1)
		strbuf_printf(b, "page 1 of %u.", e->pages_total);
	else
		strbuf_printf(b, "pages 1-%u of %u.", e->pages,
		    e->pages_total);
}

/* The number behind a limit; also of pages that came smaller than they were. */
static void
put_note(struct strbuf *b, const struct copy_part_end *e)
{
	char	 words[COPY_VALUE_MAX + 1];

	if (e->note[0] == '\0' || (e->reason == REASON_COMPLETE &&
	    e->outcome != OUTCOME_IMAGES))
		return;
	note_words(e->note, words, sizeof(words));
	strbuf_puts(b, " (");
	words_put_safe(b, words);
	strbuf_putc(b, ')');
}

static void
put_outcome(struct strbuf *b, const struct copy_part *p,
    const struct facts *f, const struct copy_part_end *e,
    const char *shown_as)
{
	if (e->outcome == OUTCOME_STUB) {
		strbuf_puts(b, "  - Not shown. ");
		strbuf_puts(b, reason_sentence(e->reason));
	} else if (e->outcome == OUTCOME_IMAGES && e->pages > 0) {
		strbuf_printf(b, "  - Shown as %s: ", e->pages == 1 ?
		    "a picture" : "pictures");
		if (shown_as[0] != '\0') {
			words_put_safe(b, shown_as);
			strbuf_puts(b, ", ");
		}
		put_pages(b, f, e);
	} else if (!p->body && shown_as[0] != '\0') {
		strbuf_puts(b, "  - Shown as text: ");
		words_put_safe(b, shown_as);
	} else if (e->reason == REASON_COMPLETE)
		return;
	else
		strbuf_puts(b, "  - Shown in part.");
	if (e->outcome != OUTCOME_STUB && e->reason != REASON_COMPLETE) {
		strbuf_putc(b, ' ');
		strbuf_puts(b, reason_sentence(e->reason));
	}
	put_note(b, e);
	strbuf_putc(b, '\n');
}

void
words_put_part(struct strbuf *b, const struct copy_part *p,
    const struct facts *f, const struct copy_part_end *e,
    const char *shown_as)
{
	struct strbuf	 lines = STRBUF_EMPTY;
	size_t		 i;

	put_outcome(&lines, p, f, e, shown_as);
	for (i = 0; i < f->count; i++) {
		if (change[f->list[i].fact].before == NULL)
			continue;
		strbuf_puts(&lines, "  - ");
		strbuf_puts(&lines, change[f->list[i].fact].before);
		words_put_safe(&lines, f->list[i].value);
		strbuf_puts(&lines, change[f->list[i].fact].after);
		strbuf_putc(&lines, '\n');
	}
	if (lines.len > 0) {
		put_heading(b, p, f);
		strbuf_add(b, lines.s, lines.len);
	}
	if (lines.failed)
		b->failed = 1;
	strbuf_free(&lines);
}
