/*
 * outlook_msg: .msg files, by libgsf.
 * Runs in: worker-msg, in the jail.
 * Hostile input: the whole OLE2 file: its directory, chains and properties.
 * Must never: go deeper than its limit; open what a property only refers to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsf/gsf.h>

#include "charset.h"
#include "err.h"
#include "outlook_private.h"
#include "strbuf.h"

#define VALUE_MAX	(64u << 20)	/* bytes of one property */
#define STORAGES_MAX	4096		/* attachments and recipients */
#define COPY_DEPTH	24		/* storages inside storages */
#define COPY_MAX	20000		/* streams of one mail inside the mail */

/* Types and properties, as [MS-OXPROPS] numbers them. */
enum { PT_LONG = 0x0003, PT_BOOL = 0x000b, PT_OBJECT = 0x000d,
    PT_ANSI = 0x001e, PT_WIDE = 0x001f, PT_TIME = 0x0040, PT_BINARY = 0x0102 };
enum {
	CLASS = 0x001a, SUBJECT = 0x0037, SUBMITTED = 0x0039,
	REPRESENTED_NAME = 0x0042, REPRESENTED_ADDRESS = 0x0065,
	HEADERS = 0x007d, SENDER_NAME = 0x0c1a, SENDER_ADDRESS = 0x0c1f,
	RECIPIENT_TYPE = 0x0c15, DELIVERED = 0x0e06, BODY = 0x1000,
	RTF = 0x1009, HTML = 0x1013, MESSAGE_ID = 0x1035, IN_REPLY_TO = 0x1042,
	DISPLAY_NAME = 0x3001, ADDRESS = 0x3003, ATTACH_DATA = 0x3701,
	ATTACH_NAME = 0x3704, ATTACH_METHOD = 0x3705, ATTACH_LONG = 0x3707,
	ATTACH_PATH = 0x370d, ATTACH_TYPE = 0x370e, CONTENT_ID = 0x3712,
	SMTP_ADDRESS = 0x39fe, SENDER_SMTP = 0x5d01,
	REPRESENTED_SMTP = 0x5d02, LOCALE = 0x3ff1, WEB_PAGE = 0x3fde, CODE_PAGE = 0x3ffd
};
enum { METHOD_VALUE = 1, METHOD_MAIL = 5, METHOD_OLE = 6 };

/* A storage with properties: the mail, an attachment, a recipient. */
struct storage {
	GsfInfile		*file;
	struct outlook_value	 fixed;		/* 16 bytes a property */
	uint32_t		 page;		/* of its narrow strings */
};

static uint64_t
le(const uint8_t *p, unsigned n)
{
	uint64_t	 v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

/* A whole stream, owned by the caller; 0 when it is not there. */
static int
stream_take(GsfInfile *dir, const char *name, struct outlook_value *v)
{
	GsfInput	*in = gsf_infile_child_by_name(dir, name);
	gsf_off_t	 size;
	int		 ok = 0;

	if (in == NULL)
		return 0;
	size = gsf_input_size(in);
	if (!GSF_IS_INFILE(in) || gsf_infile_num_children(GSF_INFILE(in)) < 0)
		if (size >= 0 && size <= (gsf_off_t)VALUE_MAX &&
		    (v->s = malloc((size_t)size + 2)) != NULL) {
			ok = size == 0 || gsf_input_read(in, (size_t)size,
			    v->s) != NULL;
			v->len = (size_t)size;
			v->s[v->len] = v->s[v->len + 1] = '\0';
			if (!ok) {
				free(v->s);
				v->s = NULL;
			}
		}
	g_object_unref(in);
	return ok;
}

static int
value_take(struct storage *s, unsigned id, unsigned type,
    struct outlook_value *v)
{
	char	 name[32];

	snprintf(name, sizeof(name), "__substg1.0_%04X%04X", id, type);
	return stream_take(s->file, name, v);
}

/* The 8 bytes of a property of fixed size; NULL: it is not there. */
static const uint8_t *
fixed_find(const struct storage *s, unsigned id, unsigned type)
{
	/* the header is 32 bytes at the top, 24 in a mail inside, else 8 */
	size_t	 at = s->fixed.len % 16 == 8 ? 8 : 32;

	for (; at + 16 <= s->fixed.len; at += 16)
		if (le(s->fixed.s + at, 2) == type &&
		    le(s->fixed.s + at + 2, 2) == id)
			return s->fixed.s + at + 8;
	return NULL;
}

static uint32_t
long_find(const struct storage *s, unsigned id, uint32_t otherwise)
{
	const uint8_t	*p = fixed_find(s, id, PT_LONG);

	return p != NULL ? (uint32_t)le(p, 4) : otherwise;
}

/* A string of either width, as UTF-8; NULL: none. */
static char *
string_take(struct storage *s, unsigned id)
{
	struct outlook_value	 v;
	char			*t;

	if (value_take(s, id, PT_WIDE, &v))
		t = outlook_from_wide(v.s, v.len);
	else if (value_take(s, id, PT_ANSI, &v))
		t = outlook_from_page(v.s, v.len, s->page);
	else
		return NULL;
	free(v.s);
	if (t != NULL && *t == '\0') {
		free(t);
		t = NULL;
	}
	return t;
}

static char *
string_first(struct storage *s, const unsigned *ids)
{
	char	*t = NULL;

	for (; *ids != 0 && t == NULL; ids++)
		t = string_take(s, *ids);
	return t;
}

/* Addresses of Exchange ("/O=...") are no addresses outside of it. */
static char *
address_first(struct storage *s, const unsigned *ids)
{
	char	*t = NULL;

	for (; *ids != 0; ids++) {
		if ((t = string_take(s, *ids)) != NULL && strchr(t, '@') != NULL)
			return t;
		free(t);
	}
	return NULL;
}

static void
storage_open(struct storage *s, GsfInfile *file, uint32_t page)
{
	memset(s, 0, sizeof(*s));
	s->file = file;
	s->page = page;
	if (!stream_take(file, "__properties_version1.0", &s->fixed))
		s->fixed.len = 0;
}

static void
tell_recipient(struct outlook_mail *m, GsfInfile *file, uint32_t page)
{
	static const unsigned	 addresses[] = { SMTP_ADDRESS, ADDRESS, 0 };
	struct storage		 s;
	char			*name, *address, both[1200];
	uint32_t		 type;

	storage_open(&s, file, page);
	type = long_find(&s, RECIPIENT_TYPE, 1) & 0xf;
	address = address_first(&s, addresses);
	name = string_take(&s, DISPLAY_NAME);
	if (name != NULL && address != NULL && strcmp(name, address) != 0)
		snprintf(both, sizeof(both), "%.600s <%.500s>", name, address);
	else
		snprintf(both, sizeof(both), "%.600s", address != NULL ?
		    address : name != NULL ? name : "");
	if (both[0] != '\0' && type <= 2)
		m->sink->fact(m->sink->arg, type == 2 ? FACT_HDR_CC :
		    FACT_HDR_TO, both);
	free(name);
	free(address);
	free(s.fixed.s);
}

/* Copies a storage into an OLE2 file of its own. */
static int
storage_copy(GsfInfile *from, GsfOutfile *to, unsigned depth, unsigned *count,
    uint64_t *left)
{
	int		 i, n = gsf_infile_num_children(from), ok = 1, dir;
	GsfInput	*in;
	GsfOutput	*out;
	const char	*name;
	gsf_off_t	 size;

	for (i = 0; i < n && ok; i++) {
		if (++*count > COPY_MAX || depth > COPY_DEPTH)
			return 0;
		if ((in = gsf_infile_child_by_index(from, i)) == NULL)
			continue;
		name = gsf_infile_name_by_index(from, i);
		size = gsf_input_size(in);
		dir = GSF_IS_INFILE(in) &&
		    gsf_infile_num_children(GSF_INFILE(in)) >= 0;
		out = gsf_outfile_new_child(to, name != NULL ? name : "", dir);
		if (out == NULL || size < 0 || (uint64_t)size > *left) {
			ok = 0;
		} else if (dir) {
			ok = storage_copy(GSF_INFILE(in), GSF_OUTFILE(out),
			    depth + 1, count, left);
		} else {
			*left -= (uint64_t)size;
			gsf_input_copy(in, out);
		}
		if (out != NULL) {
			gsf_output_close(out);
			g_object_unref(out);
		}
		g_object_unref(in);
	}
	return ok;
}

static void
emit_storage(struct outlook_mail *m, GsfInfile *file, enum kind hint,
    const char *name)
{
	GsfOutput	*memory = gsf_output_memory_new();
	GsfOutfile	*ole = gsf_outfile_msole_new(memory);
	unsigned	 count = 0;
	uint64_t	 left = m->limits->max_child;
	int		 ok = storage_copy(file, ole, 0, &count, &left);
	const guint8	*bytes;

	gsf_output_close(GSF_OUTPUT(ole));
	bytes = gsf_output_memory_get_bytes(GSF_OUTPUT_MEMORY(memory));
	if (ok && bytes != NULL)
		outlook_child(m, ROLE_ATTACHMENT, hint, name,
		    hint == KIND_MAIL ? "application/vnd.ms-outlook" : "", "",
		    "", bytes, (size_t)gsf_output_size(memory));
	else if (outlook_child(m, ROLE_ATTACHMENT, hint, name, "", "", "", NULL,
	    0))
		m->sink->stub(m->sink->arg, REASON_LIMIT_BYTES, "expand");
	g_object_unref(ole);
	g_object_unref(memory);
}

/* An attachment that is a mail or an object: a storage, not bytes. */
static void
tell_object(struct outlook_mail *m, struct storage *s, uint32_t method,
    const char *name)
{
	GsfInput	*in = gsf_infile_child_by_name(s->file,
			    "__substg1.0_3701000D");
	char		*own = NULL, with[300];
	struct storage	 inner;

	if (in == NULL || !GSF_IS_INFILE(in)) {
		if (outlook_child(m, ROLE_ATTACHMENT, KIND_UNKNOWN, name, "",
		    "", "", NULL, 0))
			m->sink->stub(m->sink->arg, REASON_UNSUPPORTED, "only "
			    "a reference to a file elsewhere");
		if (in != NULL)
			g_object_unref(in);
		return;
	}
	if (method == METHOD_MAIL) {
		storage_open(&inner, GSF_INFILE(in), s->page);
		own = string_take(&inner, SUBJECT);
		free(inner.fixed.s);
		snprintf(with, sizeof(with), "%.250s.msg", own != NULL ? own :
		    name != NULL ? name : "mail");
		name = with;
	}
	emit_storage(m, GSF_INFILE(in), method == METHOD_MAIL ? KIND_MAIL :
	    KIND_UNKNOWN, name);
	free(own);
	g_object_unref(in);
}

static void
tell_attachment(struct outlook_mail *m, GsfInfile *file, uint32_t page)
{
	static const unsigned	 names[] = { ATTACH_LONG, ATTACH_NAME,
				    DISPLAY_NAME, 0 };
	struct storage		 s;
	struct outlook_value	 v = { NULL, 0 };
	char			*name, *type, *id;

	storage_open(&s, file, page);
	name = string_first(&s, names);
	type = string_take(&s, ATTACH_TYPE);
	id = string_take(&s, CONTENT_ID);
	if (value_take(&s, ATTACH_DATA, PT_BINARY, &v))
		outlook_child(m, outlook_is_shown(m, id) ? ROLE_INLINE :
		    ROLE_ATTACHMENT, KIND_UNKNOWN, name, type != NULL ? type :
		    "", "", id, v.s, v.len);
	else
		tell_object(m, &s, long_find(&s, ATTACH_METHOD, METHOD_VALUE),
		    name);
	free(v.s);
	free(name);
	free(type);
	free(id);
	free(s.fixed.s);
}

/* Every storage whose name begins so. */
static void
each_storage(struct outlook_mail *m, GsfInfile *ole, const char *prefix,
    uint32_t page, void (*tell)(struct outlook_mail *, GsfInfile *, uint32_t))
{
	int		 i, n = gsf_infile_num_children(ole), seen = 0;
	const char	*name;
	GsfInput	*in;

	for (i = 0; i < n && seen < STORAGES_MAX && !m->full; i++) {
		name = gsf_infile_name_by_index(ole, i);
		if (name == NULL || strncmp(name, prefix, strlen(prefix)) != 0)
			continue;
		if ((in = gsf_infile_child_by_index(ole, i)) == NULL)
			continue;
		if (GSF_IS_INFILE(in)) {
			tell(m, GSF_INFILE(in), page);
			seen++;
		}
		g_object_unref(in);
	}
}

/* Properties that people typed into a contact. */
static const struct {
	unsigned	 id;
	const char	*label;
} contact[] = {
	{ DISPLAY_NAME, "Name" }, { 0x3a16, "Company" }, { 0x3a17, "Title" },
	{ 0x3a18, "Department" }, { 0x3a08, "Telephone, business" },
	{ 0x3a1b, "Telephone, business" }, { 0x3a09, "Telephone, home" },
	{ 0x3a1c, "Telephone, mobile" }, { 0x3a24, "Fax" },
	{ 0x3a23, "Fax" }, { 0x3a15, "Address" }, { 0x3a29, "Street" },
	{ 0x3a27, "City" }, { 0x3a2a, "Postal code" }, { 0x3a26, "Country" }
};

/* A contact has its words in fields; they stand before its notes. */
static void
contact_read(struct outlook_mail *m, struct storage *s)
{
	struct strbuf	 b = STRBUF_EMPTY;
	char		*t;
	size_t		 i;

	for (i = 0; i < sizeof(contact) / sizeof(contact[0]); i++) {
		if ((t = string_take(s, contact[i].id)) == NULL)
			continue;
		strbuf_printf(&b, "%s: %s\n", contact[i].label, t);
		free(t);
	}
	if (m->text != NULL)
		strbuf_printf(&b, "\n%s", m->text);
	free(m->text);
	m->text = strbuf_take(&b);
}

/* The code page of the language that the mail was written in; 0: not known. */
static uint32_t
locale_page(uint32_t locale)
{
	static const struct {
		uint16_t	language, page;
	} pages[] = {
		{ 0x01, 1256 }, { 0x02, 1251 }, { 0x05, 1250 }, { 0x08, 1253 },
		{ 0x0d, 1255 }, { 0x0e, 1250 }, { 0x11, 932 }, { 0x12, 949 },
		{ 0x15, 1250 }, { 0x19, 1251 }, { 0x1e, 874 }, { 0x1f, 1254 },
		{ 0x22, 1251 }, { 0x25, 1257 }, { 0x26, 1257 }, { 0x27, 1257 },
		{ 0x2a, 1258 }
	};
	size_t	 i;

	/* Chinese: mainland and Singapore write otherwise than the rest */
	if ((locale & 0x3ff) == 0x04)
		return locale == 0x0804 || locale == 0x1004 ? 936 : 950;
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (pages[i].language == (locale & 0x3ff))
			return pages[i].page;
	return locale != 0 ? 1252 : 0;
}

static void
mail_read(struct outlook_mail *m, struct storage *s)
{
	static const unsigned	 froms[] = { SENDER_SMTP, REPRESENTED_SMTP,
				    SENDER_ADDRESS, REPRESENTED_ADDRESS, 0 };
	static const unsigned	 names[] = { REPRESENTED_NAME, SENDER_NAME, 0 };
	static const unsigned	 subjects[] = { SUBJECT, 0x0e1d, 0x0070, 0 };
	const uint8_t		*date;

	if ((s->page = long_find(s, CODE_PAGE, 0)) == 0 &&
	    (s->page = locale_page(long_find(s, LOCALE, 0))) == 0)
		s->page = long_find(s, WEB_PAGE, 0);
	m->class = string_take(s, CLASS);
	m->subject = string_first(s, subjects);
	m->from = address_first(s, froms);
	m->from_name = string_first(s, names);
	m->message_id = string_take(s, MESSAGE_ID);
	m->in_reply_to = string_take(s, IN_REPLY_TO);
	m->text = string_take(s, BODY);
	if (value_take(s, HTML, PT_BINARY, &m->html))
		outlook_charset(long_find(s, WEB_PAGE, 0), m->html_charset,
		    sizeof(m->html_charset));
	else if ((m->html.s = (uint8_t *)string_take(s, HTML)) != NULL) {
		m->html.len = strlen((char *)m->html.s);
		snprintf(m->html_charset, sizeof(m->html_charset), "utf-8");
	}
	if (!value_take(s, RTF, PT_BINARY, &m->rtf))
		m->rtf.len = 0;
	if ((date = fixed_find(s, SUBMITTED, PT_TIME)) != NULL ||
	    (date = fixed_find(s, DELIVERED, PT_TIME)) != NULL)
		m->filetime = (int64_t)le(date, 8);
	if (m->class != NULL && strncmp(m->class, "IPM.Contact", 11) == 0)
		contact_read(m, s);
}

enum reason
outlook_read_msg(const uint8_t *data, size_t len,
    const struct outlook_limits *limits, const struct outlook_sink *sink)
{
	struct outlook_mail	 m = { .limits = limits, .sink = sink,
				    .format = "MSG" };
	struct storage		 s;
	GsfInput		*in;
	GsfInfile		*ole;

	if ((in = gsf_input_memory_new(data, (gsf_off_t)len, FALSE)) == NULL)
		return REASON_MEMORY;
	ole = gsf_infile_msole_new(in, NULL);
	g_object_unref(in);
	if (ole == NULL)
		return REASON_FORMAT;
	storage_open(&s, ole, 0);
	mail_read(&m, &s);
	each_storage(&m, ole, "__recip_version1.0_", s.page, tell_recipient);
	outlook_tell(&m);
	each_storage(&m, ole, "__attach_version1.0_", s.page, tell_attachment);
	if (m.children == 0 && m.reason == REASON_COMPLETE)
		m.reason = REASON_EMPTY;
	outlook_mail_free(&m);
	free(s.fixed.s);
	g_object_unref(ole);
	return m.reason;
}
