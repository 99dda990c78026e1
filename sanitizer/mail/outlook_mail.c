/*
 * outlook_mail: what .msg and TNEF have in common: facts and bodies.
 * Runs in: worker-msg, in the jail.
 * Hostile input: values of properties.
 * Must never: believe a code page that does not hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "charset.h"
#include "charset_private.h"
#include "outlook_private.h"
#include "rtf_text.h"

#define EPOCH	11644473600LL	/* seconds from 1601 to 1970 */

void
outlook_charset(uint32_t page, char *out, size_t size)
{
	static const struct {
		uint32_t	 page;
		const char	*label;
	} labels[] = {
		{ 0, "" }, { 1200, "utf-16" }, { 20127, "us-ascii" },
		{ 65001, "utf-8" }, { 65000, "utf-7" }, { 20866, "koi8-r" },
		{ 21866, "koi8-u" }, { 50220, "iso-2022-jp" },
		{ 50221, "iso-2022-jp" }, { 50222, "iso-2022-jp" },
		{ 50225, "iso-2022-kr" }, { 51932, "euc-jp" },
		{ 51936, "gb2312" }, { 51949, "euc-kr" }, { 52936, "gb2312" },
		{ 54936, "gb18030" }, { 10000, "macintosh" },
		{ 20932, "euc-jp" }, { 20936, "gb2312" }
	};
	size_t	 i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (labels[i].page == page) {
			snprintf(out, size, "%s", labels[i].label);
			return;
		}
	if (page > 28590 && page < 28606)
		snprintf(out, size, "iso-8859-%u", page - 28590);
	else
		snprintf(out, size, "cp%u", page);
}

char *
outlook_from_page(const uint8_t *s, size_t len, uint32_t page)
{
	char	 label[24];
	size_t	 n;

	while (len > 0 && s[len - 1] == '\0')
		len--;
	outlook_charset(page, label, sizeof(label));
	return charset_to_utf8(s, len, label, NULL, &n);
}

char *
outlook_from_wide(const uint8_t *s, size_t len)
{
	size_t	 n, bad;

	len &= ~(size_t)1;
	while (len > 1 && s[len - 1] == '\0' && s[len - 2] == '\0')
		len -= 2;
	/* no guess: the property's type says so, and short words have no NULs */
	return charset_convert(s, len, "UTF-16LE", &n, &bad);
}

static void
fact(struct outlook_mail *m, enum fact f, const char *value)
{
	if (value != NULL && *value != '\0')
		m->sink->fact(m->sink->arg, f, value);
}

static void
tell_date(struct outlook_mail *m)
{
	time_t		 t = (time_t)(m->filetime / 10000000 - EPOCH);
	struct tm	 tm;
	char		 s[32];

	if (m->filetime > 0 && gmtime_r(&t, &tm) != NULL &&
	    tm.tm_year > 0 && tm.tm_year < 8100 &&
	    strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S+00:00", &tm) > 0)
		fact(m, FACT_HDR_DATE, s);
}

int
outlook_child(struct outlook_mail *m, enum worker_role role, enum kind hint,
    const char *name, const char *declared, const char *charset,
    const char *content_id, const void *s, size_t len)
{
	const struct outlook_sink	*k = m->sink;
	char				 path[16];

	if (m->full)
		return 0;
	snprintf(path, sizeof(path), "%u", m->children + 1);
	if (!k->child(k->arg, role, hint, path, name != NULL ? name : "",
	    declared, charset, content_id != NULL ? content_id : "")) {
		m->full = 1;
		m->reason = REASON_LIMIT_PARTS;
		return 0;
	}
	m->children++;
	if (len > 0 && !k->data(k->arg, s, len)) {
		k->stub(k->arg, REASON_LIMIT_BYTES, "expand");
		m->full = 1;
		m->reason = REASON_LIMIT_BYTES;
		return 0;
	}
	return 1;
}

int
outlook_is_shown(const struct outlook_mail *m, const char *content_id)
{
	return content_id != NULL && *content_id != '\0' && m->html.s != NULL &&
	    memmem(m->html.s, m->html.len, content_id, strlen(content_id)) !=
	    NULL;
}

/* What is in the RTF takes the place of a body that is missing. */
static void
unwrap(struct outlook_mail *m)
{
	enum rtf_form	 form;
	uint8_t		*rtf;
	char		*t;
	size_t		 len, n;
	int		 own = 0;

	if (m->rtf.s == NULL || (rtf = rtf_decompress(m->rtf.s, m->rtf.len,
	    (size_t)m->limits->max_text * 4, &len)) == NULL)
		return;
	if ((t = rtf_read(rtf, len, &form, &own, &n)) == NULL)
		m->reason = REASON_MEMORY;
	if (t != NULL && form == RTF_HTML && m->html.s == NULL) {
		m->html.s = (uint8_t *)t;
		m->html.len = n;
		snprintf(m->html_charset, sizeof(m->html_charset), "utf-8");
		t = NULL;
	} else if (t != NULL && form == RTF_TEXT && m->text == NULL) {
		m->text = t;
		t = NULL;
	}
	free(t);
	if (own && m->html.s == NULL) {
		/* written with looks: these are for the office worker */
		free(m->rtf.s);
		m->rtf.s = rtf;
		m->rtf.len = len;
		return;
	}
	free(rtf);
	free(m->rtf.s);
	m->rtf.s = NULL;
}

static int
is_blank(const char *s)
{
	return s == NULL || s[strspn(s, " \t\r\n")] == '\0';
}

static void
tell_bodies(struct outlook_mail *m)
{
	unwrap(m);
	if (m->html.s != NULL && m->html.len > 0)
		outlook_child(m, ROLE_BODY, KIND_HTML, "", "text/html",
		    m->html_charset, "", m->html.s, m->html.len);
	if (!is_blank(m->text))
		outlook_child(m, m->html.s != NULL ? ROLE_ALTERNATIVE :
		    ROLE_BODY, KIND_TEXT, "", "text/plain", "utf-8", "",
		    m->text, strlen(m->text));
	if (m->rtf.s != NULL && m->rtf.len > 0)
		outlook_child(m, ROLE_ALTERNATIVE, KIND_OFFICE, "body.rtf",
		    "text/rtf", "", "", m->rtf.s, m->rtf.len);
}

void
outlook_tell(struct outlook_mail *m)
{
	fact(m, FACT_FORMAT, m->format);
	fact(m, FACT_HDR_FROM, m->from);
	fact(m, FACT_HDR_FROM_NAME, m->from_name);
	fact(m, FACT_HDR_SUBJECT, m->subject);
	fact(m, FACT_HDR_MESSAGE_ID, m->message_id);
	fact(m, FACT_HDR_IN_REPLY_TO, m->in_reply_to);
	tell_date(m);
	tell_bodies(m);
}

void
outlook_mail_free(struct outlook_mail *m)
{
	free(m->subject);
	free(m->from);
	free(m->from_name);
	free(m->message_id);
	free(m->in_reply_to);
	free(m->class);
	free(m->text);
	free(m->html.s);
	free(m->rtf.s);
}
