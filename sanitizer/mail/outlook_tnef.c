/*
 * outlook_tnef: winmail.dat, by libytnef.
 * Runs in: worker-msg, in the jail.
 * Hostile input: the whole stream.
 * Must never: take a length of the library's for one of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ytnef.h>

#include "charset.h"
#include "err.h"
#include "outlook_private.h"

/* The library's own names for types; mapidefs.h has them as macros. */
#define NARROW	0x001eu
#define WIDE	0x001fu
#define TIME	0x0040u
#define BYTES	0x0102u
#define OBJECT	0x000du
#define IID	16		/* bytes before an object's own */

static variableLength *
find(MAPIProps *p, unsigned type, unsigned id)
{
	variableLength	*v = MAPIFindProperty(p, PROP_TAG(type, id));

	if (v == MAPI_UNDEFINED || v->data == NULL || v->size <= 0)
		return NULL;
	return v;
}

static uint32_t
page_of(const TNEFStruct *t)
{
	const BYTE	*p = t->CodePage.data;

	return p != NULL && t->CodePage.size >= 4 ? p[0] |
	    (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 : 0;
}

/* A string as UTF-8; NULL: none. The library turns wide ones into UTF-8 itself. */
static char *
string_take(MAPIProps *p, unsigned id, uint32_t page)
{
	variableLength	*v;

	if ((v = find(p, WIDE, id)) != NULL)
		return outlook_from_page(v->data, strnlen((char *)v->data,
		    (size_t)v->size), 65001);
	if ((v = find(p, NARROW, id)) != NULL)
		return outlook_from_page(v->data, strnlen((char *)v->data,
		    (size_t)v->size), page);
	return NULL;
}

static char *
attribute_take(const variableLength *v, uint32_t page)
{
	if (v->data == NULL || v->size <= 0)
		return NULL;
	return outlook_from_page(v->data, strnlen((const char *)v->data,
	    (size_t)v->size), page);
}

static void
bytes_take(MAPIProps *p, unsigned id, struct outlook_value *out)
{
	variableLength	*v = find(p, BYTES, id);

	if (v == NULL || (out->s = malloc((size_t)v->size + 1)) == NULL)
		return;
	memcpy(out->s, v->data, (size_t)v->size);
	out->s[v->size] = '\0';
	out->len = (size_t)v->size;
}

static char *
or_else(char *first, char *second)
{
	if (first != NULL && *first != '\0') {
		free(second);
		return first;
	}
	free(first);
	return second;
}

static void
mail_read(struct outlook_mail *m, TNEFStruct *t)
{
	MAPIProps	*p = &t->MapiProperties;
	uint32_t	 page = page_of(t);
	variableLength	*v;
	unsigned	 i;

	m->subject = or_else(string_take(p, 0x0037, page),
	    attribute_take(&t->subject, page));
	m->from = or_else(string_take(p, 0x5d01, page),
	    string_take(p, 0x0c1f, page));
	if (m->from != NULL && strchr(m->from, '@') == NULL) {
		free(m->from);
		m->from = NULL;
	}
	m->from_name = string_take(p, 0x0c1a, page);
	m->message_id = string_take(p, 0x1035, page);
	m->text = or_else(string_take(p, 0x1000, page),
	    attribute_take(&t->body, page));
	bytes_take(p, 0x1013, &m->html);
	outlook_charset(page, m->html_charset, sizeof(m->html_charset));
	bytes_take(p, 0x1009, &m->rtf);
	if ((v = find(p, TIME, 0x0039)) != NULL && v->size >= 8)
		for (i = 8; i-- > 0;)
			m->filetime = m->filetime << 8 | v->data[i];
}

static void
tell_attachment(struct outlook_mail *m, Attachment *a, uint32_t page)
{
	variableLength	*v = find(&a->MAPI, OBJECT, 0x3701);
	char		*name = or_else(string_take(&a->MAPI, 0x3707, page),
			    or_else(string_take(&a->MAPI, 0x3001, page),
			    attribute_take(&a->Title, page)));
	char		*id = string_take(&a->MAPI, 0x3712, page);
	char		*type = string_take(&a->MAPI, 0x370e, page);

	if (v == NULL && (a->FileData.data == NULL || a->FileData.size <= 0))
		v = find(&a->MAPI, BYTES, 0x3701);
	else if (v != NULL && v->size > IID) {
		/* a mail or an object inside: its class, then its bytes */
		outlook_child(m, ROLE_ATTACHMENT, KIND_UNKNOWN, name, "", "",
		    "", v->data + IID, (size_t)v->size - IID);
		goto out;
	} else
		v = &a->FileData;
	if (v != NULL && v->data != NULL && v->size > 0)
		outlook_child(m, outlook_is_shown(m, id) ? ROLE_INLINE :
		    ROLE_ATTACHMENT, KIND_UNKNOWN, name, type != NULL ? type :
		    "", "", id, v->data, (size_t)v->size);
	else if (name != NULL && outlook_child(m, ROLE_ATTACHMENT,
	    KIND_UNKNOWN, name, "", "", "", NULL, 0) && m->damaged)
		m->sink->stub(m->sink->arg, REASON_FORMAT, "the mail ends "
		    "before its attachment");
 out:
	free(name);
	free(id);
	free(type);
}

enum reason
outlook_read_tnef(const uint8_t *data, size_t len,
    const struct outlook_limits *limits, const struct outlook_sink *sink)
{
	struct outlook_mail	 m = { .limits = limits, .sink = sink,
				    .format = "TNEF" };
	TNEFStruct		 t;
	Attachment		*a;
	int			 r;

	TNEFInitialize(&t);
	t.Debug = 0;
	/* it only reads */
	r = TNEFParseMemory((BYTE *)(uintptr_t)data, (long)len, &t);
	m.damaged = r < 0;
	mail_read(&m, &t);
	outlook_tell(&m);
	for (a = t.starting_attach.next; a != NULL && !m.full; a = a->next)
		tell_attachment(&m, a, page_of(&t));
	if (r < 0 && m.reason == REASON_COMPLETE)
		m.reason = REASON_FORMAT;
	else if (m.children == 0 && m.reason == REASON_COMPLETE)
		m.reason = REASON_EMPTY;
	TNEFFree(&t);
	outlook_mail_free(&m);
	return m.reason;
}
