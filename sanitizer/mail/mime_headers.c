/*
 * mime_headers: what the mail says of itself.
 * Runs in: worker-mime, in the jail.
 * Hostile input: header lines.
 * Must never: pass on an Authentication-Results that is not our own MTA's.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "mime_private.h"
#include "mime_words.h"
#include "text.h"

#define REFERENCES_MAX	100

static void
put_words(struct mime *m, enum fact f, const char *raw)
{
	char	*t = mime_words_decode(raw, strlen(raw), m->raw_charset);

	if (t == NULL)
		m->reason = REASON_MEMORY;
	else if (*t != '\0')
		m->sink->fact(m->sink->arg, f, t);
	free(t);
}

static void
put_date(struct mime *m, const char *raw)
{
	GDateTime	*date = g_mime_utils_header_decode_date(raw);
	char		*text;

	if (date == NULL) {
		mime_malformed(m, "the date is not one");
		return;
	}
	text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S%:z");
	if (text != NULL)
		m->sink->fact(m->sink->arg, FACT_HDR_DATE, text);
	g_free(text);
	g_date_time_unref(date);
}

/* Message-ids: what stands in angle brackets. */
static unsigned
put_ids(struct mime *m, enum fact f, const char *raw, unsigned max)
{
	const char	*start, *end;
	char		*t;
	unsigned	 n = 0;

	for (; n < max && (start = strchr(raw, '<')) != NULL; raw = end + 1) {
		if ((end = strchr(start, '>')) == NULL)
			break;
		t = text_clean(start, (size_t)(end - start) + 1, TEXT_LINE,
		    998, NULL);
		if (t != NULL && strlen(t) > 2) {
			m->sink->fact(m->sink->arg, f, t);
			n++;
		}
		free(t);
	}
	return n;
}

struct from {
	struct mime	*m;
	unsigned	 count;
};

static void
on_from(void *arg, const char *name, const char *address)
{
	struct from		*f = arg;
	const struct mime_sink	*s = f->m->sink;

	if (f->count++ > 0)
		return;
	s->fact(s->arg, FACT_HDR_FROM, address);
	snprintf(f->m->from, sizeof(f->m->from), "%.319s", address);
	if (*name != '\0')
		s->fact(s->arg, FACT_HDR_FROM_NAME, name);
}

struct list {
	struct mime	*m;
	enum fact	 fact;
};

static void
on_mailbox(void *arg, const char *name, const char *address)
{
	struct list		*l = arg;
	const struct mime_sink	*s = l->m->sink;
	char			 both[MIME_VALUE_MAX + 1024];

	if (*name == '\0')
		snprintf(both, sizeof(both), "%s", address);
	else if (*address == '\0')
		snprintf(both, sizeof(both), "%s", name);
	else
		snprintf(both, sizeof(both), "%.1000s <%.1000s>", name,
		    address);
	s->fact(s->arg, l->fact, both);
}

static void
put_from(struct mime *m, const char *raw)
{
	struct from	 f = { m, 0 };

	if (mime_addresses(raw, strlen(raw), m->raw_charset, on_from, &f) < 0)
		m->reason = REASON_MEMORY;
	if (f.count > 1)
		mime_malformed(m, "several senders; the first is shown");
}

static void
put_list(struct mime *m, enum fact f, const char *raw)
{
	struct list	 l = { m, f };

	if (mime_addresses(raw, strlen(raw), m->raw_charset, on_mailbox, &l) <
	    0)
		m->reason = REASON_MEMORY;
}

/* Authentication-Results of our own MTA: the rest of the value; else NULL. */
static const char *
auth_is_ours(const struct mime *m, const char *raw)
{
	size_t	 n = strlen(m->limits->authserv_id);

	raw += strspn(raw, " \t\r\n");
	if (n == 0 || strncasecmp(raw, m->limits->authserv_id, n) != 0 ||
	    strchr("; \t\r\n", raw[n]) == NULL || raw[n] == '\0')
		return NULL;
	raw = strchr(raw + n, ';');
	return raw == NULL ? NULL : raw + 1;
}

static const struct rule {
	const char	*name;
	enum fact	 fact;
	int		 once;
} rules[] = {
	{ "From", FACT_HDR_FROM, 1 },
	{ "Reply-To", FACT_HDR_REPLY_TO, 0 },
	{ "To", FACT_HDR_TO, 0 },
	{ "Cc", FACT_HDR_CC, 0 },
	{ "Subject", FACT_HDR_SUBJECT, 1 },
	{ "Date", FACT_HDR_DATE, 1 },
	{ "Message-ID", FACT_HDR_MESSAGE_ID, 1 },
	{ "In-Reply-To", FACT_HDR_IN_REPLY_TO, 1 },
	{ "References", FACT_HDR_REFERENCES, 1 },
	{ "Authentication-Results", FACT_HDR_AUTH, 0 }
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static void
put_header(struct mime *m, const struct rule *r, const char *raw)
{
	if (r->fact == FACT_HDR_FROM)
		put_from(m, raw);
	else if (r->fact == FACT_HDR_SUBJECT)
		put_words(m, r->fact, raw);
	else if (r->fact == FACT_HDR_DATE)
		put_date(m, raw);
	else if (r->fact == FACT_HDR_MESSAGE_ID ||
	    r->fact == FACT_HDR_IN_REPLY_TO)
		put_ids(m, r->fact, raw, 1);
	else if (r->fact == FACT_HDR_REFERENCES)
		put_ids(m, r->fact, raw, REFERENCES_MAX);
	else
		put_list(m, r->fact, raw);
}

void
mime_headers(struct mime *m, GMimeMessage *message)
{
	GMimeHeaderList	*list;
	GMimeHeader	*h;
	const char	*name, *raw;
	unsigned	 seen[RULES] = { 0 };
	int		 i, n;
	size_t		 k;

	list = g_mime_object_get_header_list(GMIME_OBJECT(message));
	n = g_mime_header_list_get_count(list);
	for (i = 0; i < n; i++) {
		h = g_mime_header_list_get_header_at(list, i);
		name = g_mime_header_get_name(h);
		raw = g_mime_header_get_raw_value(h);
		if (name == NULL || raw == NULL)
			continue;
		for (k = 0; k < RULES && strcasecmp(rules[k].name, name) != 0;
		    k++)
			;
		if (k == RULES)
			continue;
		if (rules[k].fact == FACT_HDR_AUTH) {
			/* Ours stands on top; what follows came with it. */
			if ((raw = auth_is_ours(m, raw)) != NULL &&
			    seen[k]++ == 0)
				put_words(m, FACT_HDR_AUTH, raw);
			continue;
		}
		if (seen[k]++ > 0 && rules[k].once) {
			if (seen[k] == 2)
				mime_malformed(m, "several %s lines; the first "
				    "is shown", rules[k].name);
			continue;
		}
		put_header(m, &rules[k], raw);
	}
}
