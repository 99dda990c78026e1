/*
 * Puts the harmless mail together when the copy has been read to its end. Runs in
 * the jailed compose child. Hostile input: the texts and names, clean UTF-8. Must
 * never let the text of the first part reach into the structure of the mail.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose_private.h"
#include "compose_words.h"
#include "err.h"
#include "links.h"
#include "mail_write.h"
#include "report.h"

#define LINE_MAX_8BIT	990
#define RULE "----------------------------------------" \
	     "--------------------------------\n"
#define PLACE		"000000000000 000000000000"

static void
put_snippet(struct strbuf *b, const struct strbuf *body)
{
	struct strbuf	 s = STRBUF_EMPTY;
	char		*text;
	size_t		 i, chars = 0;

	for (i = 0; i < body->len && chars < 200; i++) {
		unsigned char	 ch = (unsigned char)body->s[i];

		if ((ch == ' ' || ch == '\n' || ch == '\t') &&
		    (s.len == 0 || s.s[s.len - 1] == ' '))
			continue;
		chars += (ch & 0xc0) != 0x80;
		strbuf_putc(&s, ch == '\n' || ch == '\t' ? ' ' : (char)ch);
	}
	/* The last character may have more bytes. */
	for (; i < body->len && ((unsigned char)body->s[i] & 0xc0) == 0x80; i++)
		strbuf_putc(&s, body->s[i]);
	if ((text = strbuf_take(&s)) == NULL)
		text = strdup("");
	if (text == NULL) {
		b->failed = 1;
		return;
	}
	json_put_field(b, "snippet", text);
	free(text);
}

static void
put_mail_fields(struct compose *c, struct strbuf *b)
{
	const struct copy_mail	*m = &c->mail;
	const struct facts	*f = &c->root_facts;
	char			 when[32];

	/* Not the envelope's recipients: every one of them gets this. */
	json_put_field(b, "outcome", outcome_name(c->root_outcome));
	json_put_field(b, "reason", reason_name(c->root_reason));
	json_put_field(b, "sender", m->sender);
	time_rfc3339(m->received_ms, when);
	json_put_field(b, "received", when);
	json_put_number(b, "received_ms", m->received_ms);
	json_put_number(b, "filed_ms", c->job->filed_ms);
	json_put_number(b, "size", (int64_t)(m->size & INT64_MAX));
	json_put_hex(b, "sha256", m->sha256, sizeof(m->sha256));
	json_put_field(b, "client", m->client);
	json_put_field(b, "tls", m->tls);
	json_put_field(b, "auth", m->auth[0] != '\0' ? m->auth :
	    facts_text(f, FACT_HDR_AUTH));
	json_put_field(b, "policy", m->policy);
	json_put_number(b, "document", m->document);
	json_put_field(b, "from_addr", facts_text(f, FACT_HDR_FROM));
	json_put_safe_field(b, "from_name", facts_text(f,
	    FACT_HDR_FROM_NAME));
	json_put_list(b, "reply_to", f, FACT_HDR_REPLY_TO);
	json_put_list(b, "to", f, FACT_HDR_TO);
	json_put_list(b, "cc", f, FACT_HDR_CC);
	json_put_safe_field(b, "subject", facts_text(f, FACT_HDR_SUBJECT));
	json_put_field(b, "date_claimed", facts_text(f, FACT_HDR_DATE));
	json_put_field(b, "message_id", facts_text(f, FACT_HDR_MESSAGE_ID));
	json_put_field(b, "in_reply_to", facts_text(f, FACT_HDR_IN_REPLY_TO));
	json_put_list(b, "references", f, FACT_HDR_REFERENCES);
}

int
compose_report(struct compose *c, uint64_t body_at, const char *encoding,
    uint64_t body_size, uint64_t body_start, uint64_t attach_at,
    struct strbuf *b)
{
	strbuf_puts(b, "{\"version\":1");
	json_put_field(b, "reference", c->ref);
	put_mail_fields(c, b);
	json_put_number(b, "parts_count", c->done->parts);
	json_put_number(b, "pages", c->done->pages);
	json_put_number(b, "stubs", c->done->stubs);
	json_put_number(b, "cuts", c->cuts);
	put_snippet(b, c->mail.document ? &c->text : &c->body);
	json_put_number(b, "body_at", (int64_t)body_at);
	json_put_field(b, "body_encoding", encoding);
	json_put_number(b, "body_size", (int64_t)body_size);
	json_put_number(b, "body_start", (int64_t)body_start);
	json_put_number(b, "attachments_at", (int64_t)attach_at);
	strbuf_puts(b, ",\n\"parts\":[\n");
	strbuf_add(b, c->parts.s, c->parts.len);
	strbuf_puts(b, c->parts.len > 0 ? "\n],\"page_table\":[\n" :
	    "],\"page_table\":[\n");
	strbuf_add(b, c->pages.s, c->pages.len);
	strbuf_puts(b, c->pages.len > 0 ? "\n],\"text_table\":[\n" :
	    "],\"text_table\":[\n");
	strbuf_add(b, c->texts.s, c->texts.len);
	strbuf_puts(b, c->texts.len > 0 ? "\n]}\n" : "]}\n");
	return b->failed ? ERR_MEMORY : ERR_OK;
}

int
compose_report_write(struct compose *c, const struct strbuf *report)
{
	struct out	*o;
	int		 r;

	if ((o = out_new(c->job->report)) == NULL)
		return ERR_MEMORY;
	out_write(o, report->s, report->len);
	r = out_finish(o);
	out_free(o);
	return r;
}

static void
put_from(struct compose *c, struct strbuf *b)
{
	const char	*addr = facts_text(&c->root_facts, FACT_HDR_FROM);
	const char	*name = facts_text(&c->root_facts, FACT_HDR_FROM_NAME);
	struct strbuf	 shown = STRBUF_EMPTY;
	size_t		 count = 0;
	char		*s;

	/* Many mail programs show the name only: so it holds the address. */
	words_put_safe(&shown, name);
	if (addr[0] != '\0') {
		strbuf_puts(&shown, name[0] != '\0' ? " (" : "");
		words_put_safe(&shown, addr);
		strbuf_puts(&shown, name[0] != '\0' ? ")" : "");
	}
	if ((s = strbuf_take(&shown)) == NULL) {
		b->failed = 1;
		return;
	}
	mail_put_mailbox(b, "From", &count, s[0] != '\0' ? s :
	    "(the mail names no sender)", addr);
	mail_put_end(b, count);
	free(s);
}

/* The line of a mailbox, what is shown beside the address made unclickable. */
static char *
mailbox_safe(const char *line)
{
	const char	*open = strrchr(line, '<');
	struct strbuf	 b = STRBUF_EMPTY;
	char		*safe;

	if (open == NULL || open == line)
		return strdup(line);
	safe = links_defang_text(line, (size_t)(open - line), NULL);
	if (safe == NULL)
		return NULL;
	strbuf_puts(&b, safe);
	strbuf_puts(&b, open);
	free(safe);
	return strbuf_take(&b);
}

static void
put_mailboxes(struct compose *c, struct strbuf *b, const char *name,
    enum fact fact)
{
	const char	*v;
	char		*line;
	size_t		 n, count = 0;

	for (n = 0; n < 100; n++) {
		if ((v = facts_find(&c->root_facts, fact, n)) == NULL)
			break;
		if ((line = mailbox_safe(v)) == NULL) {
			b->failed = 1;
			break;
		}
		mail_put_mailbox_line(b, name, &count, line);
		free(line);
	}
	mail_put_end(b, count);
}

static void
put_subject(struct compose *c, struct strbuf *b)
{
	const char	*subject = facts_text(&c->root_facts, FACT_HDR_SUBJECT);
	struct strbuf	 shown = STRBUF_EMPTY;
	char		*s;

	if (c->root_outcome == OUTCOME_STUB)
		strbuf_puts(&shown, "[Not shown] ");
	if (facts_text(&c->root_facts, FACT_FOLLOWS)[0] != '\0')
		strbuf_puts(&shown, "[Opened later] ");
	if (subject[0] == '\0')
		strbuf_puts(&shown, c->root_outcome == OUTCOME_STUB ?
		    c->ref : "(no subject)");
	words_put_safe(&shown, subject);
	if ((s = strbuf_take(&shown)) == NULL) {
		b->failed = 1;
		return;
	}
	mail_put_text(b, "Subject", s);
	free(s);
}

/*
 * Our Message-ID is new, so threads hang on the original's id: it stands last in
 * our References, where an answer to the original names it too.
 */
static void
put_ids(struct compose *c, struct strbuf *b)
{
	const struct facts	*f = &c->root_facts;
	const char		*v;
	size_t			 n, count = 0;

	strbuf_printf(b, "Message-ID: <%s@%s>\n", c->ref, c->job->hostname);
	mail_put_id(b, "In-Reply-To", &count, facts_text(f,
	    FACT_HDR_IN_REPLY_TO));
	mail_put_end(b, count);
	count = 0;
	for (n = 0; n < 29 && (v = facts_find(f, FACT_HDR_REFERENCES,
	    n)) != NULL; n++)
		mail_put_id(b, "References", &count, v);
	mail_put_id(b, "References", &count, facts_text(f,
	    FACT_HDR_MESSAGE_ID));
	mail_put_end(b, count);
}

/* Header of the mail and of its first part; *place is where PLACE stands in it. */
static void
put_head(struct compose *c, const char *encoding, struct strbuf *b,
    size_t *place)
{
	put_from(c, b);
	put_mailboxes(c, b, "To", FACT_HDR_TO);
	put_mailboxes(c, b, "Cc", FACT_HDR_CC);
	put_subject(c, b);
	mail_put_date(b, c->mail.received_ms);
	put_ids(c, b);
	strbuf_printf(b, "X-Limpid-Reference: %s\n", c->ref);
	strbuf_printf(b, "X-Limpid-Outcome: %s %s\n",
	    outcome_name(c->root_outcome), reason_name(c->root_reason));
	strbuf_printf(b, "X-Limpid-Parts: %u, not shown %u, cut %u\n",
	    c->done->parts, c->done->stubs, c->cuts);
	strbuf_puts(b, "X-Limpid-Report: ");
	*place = b->len;
	strbuf_puts(b, PLACE "\n");
	strbuf_printf(b, "MIME-Version: 1.0\n"
	    "Content-Type: multipart/mixed; boundary=\"%s\"\n\n--%s\n"
	    "Content-Type: text/plain; charset=utf-8\n"
	    "Content-Disposition: inline\n"
	    "Content-Transfer-Encoding: %s\n\n", c->boundary, c->boundary,
	    encoding);
}

/* The text of the first part; *start is where the body is in it. */
static void
put_first_part(struct compose *c, struct strbuf *b, size_t *start)
{
	words_put_banner(b, &c->mail, &c->root_facts);
	strbuf_puts(b, RULE "\n");
	*start = b->len;
	strbuf_add(b, c->body.s, c->body.len);
	if (c->body.len == 0)
		strbuf_puts(b, facts_text(&c->root_facts, FACT_FOLLOWS)[0] !=
		    '\0' ? "(Its text came with the first copy.)\n" :
		    "(The mail has no text that could be shown.)\n");
	strbuf_puts(b, "\n" RULE "What was changed\n\n");
	if (c->changes.len == 0)
		strbuf_puts(b, "Nothing but the form: this is all the mail "
		    "held.\n");
	strbuf_add(b, c->changes.s, c->changes.len);
}

/*
 * Lines must be short for 8bit; and no line may look like a boundary of ours,
 * whoever wrote it: then base64, in which no line can.
 */
static int
is_8bit(const struct strbuf *b)
{
	const char	*line = b->s, *end = b->s + b->len, *next;

	for (; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (next == NULL)
			next = end;
		if (next - line > LINE_MAX_8BIT)
			return 0;
		if (next - line >= (ptrdiff_t)sizeof("--" BOUNDARY) - 1 &&
		    memcmp(line, "--" BOUNDARY, sizeof("--" BOUNDARY) - 1) == 0)
			return 0;
	}
	return 1;
}

/* Everything is known and only has to be written. */
static int
mail_join(struct compose *c, struct strbuf *head, const struct strbuf *first,
    int plain, const struct strbuf *tail, const struct strbuf *report)
{
	struct base64	 b64;

	out_write(c->main, head->s, head->len);
	if (plain)
		out_write(c->main, first->s, first->len);
	else {
		base64_start(&b64, c->main);
		base64_write(&b64, first->s, first->len);
		base64_finish(&b64);
	}
	out_append(c->main, c->attach);
	out_write(c->main, tail->s, tail->len);
	base64_start(&b64, c->main);
	base64_write(&b64, report->s, report->len);
	base64_finish(&b64);
	out_puts(c->main, "\n--");
	out_puts(c->main, c->boundary);
	out_puts(c->main, "--\n");
	return out_finish(c->main);
}

int
compose_mail(struct compose *c)
{
	struct strbuf	 head = STRBUF_EMPTY, first = STRBUF_EMPTY;
	struct strbuf	 tail = STRBUF_EMPTY, report = STRBUF_EMPTY;
	char		 found[sizeof(PLACE)];
	size_t		 place = 0, start = 0;
	uint64_t	 first_len, attach_at, report_at;
	int		 plain, r = ERR_MEMORY;

	put_first_part(c, &first, &start);
	if (first.failed)
		goto out;
	plain = is_8bit(&first);
	put_head(c, plain ? "8bit" : "base64", &head, &place);
	mail_put_part(&tail, c->boundary, "application/json",
	    "limpid-report.json");
	if (head.failed || tail.failed)
		goto out;
	first_len = plain ? first.len : base64_size(first.len);
	attach_at = head.len + first_len;
	report_at = attach_at + out_total(c->attach) + tail.len;
	if ((r = compose_report(c, head.len, plain ? "8bit" : "base64",
	    first.len, start, attach_at, &report)) != ERR_OK)
		goto out;
	if (report_at > UINT64_C(999999999999)) {
		r = ERR_LIMIT;
		goto out;
	}
	snprintf(found, sizeof(found), "%012llu %012llu",
	    (unsigned long long)report_at % 1000000000000,
	    (unsigned long long)report.len % 1000000000000);
	memcpy(head.s + place, found, sizeof(PLACE) - 1);
	r = mail_join(c, &head, &first, plain, &tail, &report);
	if (r == ERR_OK)
		r = compose_report_write(c, &report);
 out:
	strbuf_free(&head);
	strbuf_free(&first);
	strbuf_free(&tail);
	strbuf_free(&report);
	return r;
}
