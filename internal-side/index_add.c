/*
 * Takes a report apart, a line at a time, and puts it into the index. Runs in
 * limpid-deliverd and limpid-index. Hostile input: the report and the mail, should
 * the compose child have been captured. Must never believe a name that is on no
 * closed list, or hold more of a report than one line.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "index_private.h"
#include "mail_range.h"
#include "outcome.h"
#include "strbuf.h"

#define REPORT_FILE_MAX	(INT64_C(128) * 1024 * 1024)
#define PART_MAX	100000
#define SEARCH_MAX	((size_t)16 * 1024 * 1024)	/* of one column */

enum section { SECTION_HEAD, SECTION_PARTS, SECTION_PAGES, SECTION_TEXTS,
    SECTION_END };

struct adding {
	struct index_db	*x;
	const char	*ref;
	int		 mail;
	enum section	 section;
	int64_t		 id;		/* of the mail's row */
	uint64_t	 body_at, body_start, attach_at;
	int		 body_base64;
	uint64_t	*text_at;	/* of each part's text file; 0 none */
	size_t		 text_room;
	uint8_t		*is_body;	/* of each part */
	struct strbuf	 subject, people, body, files;
};

enum value { VALUE_TEXT, VALUE_NUMBER, VALUE_LINES, VALUE_OUTCOME,
    VALUE_REASON, VALUE_KIND };

struct column {
	const char	*key;
	enum value	 value;
};

/* In the order of the queries' parameters. */
static const struct column mail_columns[] = {
	{ "reference", VALUE_TEXT }, { "received_ms", VALUE_NUMBER },
	{ "filed_ms", VALUE_NUMBER }, { "sender", VALUE_TEXT },
	{ "from_addr", VALUE_TEXT }, { "from_name", VALUE_TEXT },
	{ "reply_to", VALUE_LINES }, { "to", VALUE_LINES },
	{ "cc", VALUE_LINES }, { "subject", VALUE_TEXT },
	{ "date_claimed", VALUE_TEXT }, { "message_id", VALUE_TEXT },
	{ "in_reply_to", VALUE_TEXT }, { "references", VALUE_LINES },
	{ "client", VALUE_TEXT }, { "tls", VALUE_TEXT },
	{ "auth", VALUE_TEXT }, { "size", VALUE_NUMBER },
	{ "sha256", VALUE_TEXT }, { "policy", VALUE_TEXT },
	{ "outcome", VALUE_OUTCOME }, { "reason", VALUE_REASON },
	{ "parts_count", VALUE_NUMBER }, { "pages", VALUE_NUMBER },
	{ "stubs", VALUE_NUMBER }, { "cuts", VALUE_NUMBER },
	{ "document", VALUE_NUMBER }, { "snippet", VALUE_TEXT },
};

static const struct column part_columns[] = {
	{ "part", VALUE_NUMBER }, { "parent", VALUE_NUMBER },
	{ "depth", VALUE_NUMBER }, { "path", VALUE_TEXT },
	{ "name", VALUE_TEXT }, { "kind", VALUE_KIND },
	{ "declared", VALUE_TEXT }, { "size", VALUE_NUMBER },
	{ "sha256", VALUE_TEXT }, { "body", VALUE_NUMBER },
	{ "outcome", VALUE_OUTCOME }, { "reason", VALUE_REASON },
	{ "note", VALUE_TEXT }, { "rule", VALUE_TEXT },
	{ "engine", VALUE_TEXT }, { "millis", VALUE_NUMBER },
	{ "pages", VALUE_NUMBER }, { "pages_total", VALUE_NUMBER },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The strings of an array, one a line. */
static int
lines_bind(sqlite3_stmt *s, int at, json_t *list)
{
	struct strbuf	 b = STRBUF_EMPTY;
	json_t		*v;
	size_t		 i;

	if (!json_is_array(list))
		return ERR_FORMAT;
	for (i = 0; i < json_array_size(list); i++) {
		v = json_array_get(list, i);
		if (!json_is_string(v)) {
			strbuf_free(&b);
			return ERR_FORMAT;
		}
		if (i > 0)
			strbuf_putc(&b, '\n');
		strbuf_puts(&b, json_string_value(v));
	}
	if (!b.failed)
		sqlite3_bind_text(s, at, b.len > 0 ? b.s : "", (int)b.len,
		    SQLITE_TRANSIENT);
	i = (size_t)b.failed;
	strbuf_free(&b);
	return i ? ERR_MEMORY : ERR_OK;
}

static int
value_bind(sqlite3_stmt *s, int at, json_t *o, const struct column *c)
{
	json_t		*v = json_object_get(o, c->key);
	const char	*text = json_string_value(v);

	if (c->value == VALUE_NUMBER) {
		if (!json_is_integer(v))
			return ERR_FORMAT;
		sqlite3_bind_int64(s, at, json_integer_value(v));
		return ERR_OK;
	}
	if (c->value == VALUE_LINES)
		return lines_bind(s, at, v);
	if (text == NULL ||
	    (c->value == VALUE_OUTCOME && outcome_find(text) < 0) ||
	    (c->value == VALUE_REASON && reason_find(text) < 0) ||
	    (c->value == VALUE_KIND && kind_find(text) < 0))
		return ERR_FORMAT;
	sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
	return ERR_OK;
}

static int
number_get(json_t *o, const char *key, uint64_t *out)
{
	json_t	*v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return ERR_FORMAT;
	*out = (uint64_t)json_integer_value(v);
	return ERR_OK;
}

static void
search_put(struct strbuf *b, const char *s)
{
	if (s == NULL || b->len + strlen(s) > SEARCH_MAX)
		return;
	if (b->len > 0)
		strbuf_putc(b, '\n');
	strbuf_puts(b, s);
}

static void
search_put_list(struct strbuf *b, json_t *list)
{
	size_t	 i;

	for (i = 0; i < json_array_size(list); i++)
		search_put(b, json_string_value(json_array_get(list, i)));
}

static int
head_add(struct adding *a, json_t *o)
{
	sqlite3_stmt	*s = index_query(a->x, QUERY_ADD_MAIL);
	struct stat	 st;
	const char	*ref, *encoding;
	size_t		 i;
	int		 r;

	ref = json_string_value(json_object_get(o, "reference"));
	encoding = json_string_value(json_object_get(o, "body_encoding"));
	if (ref == NULL || strcmp(ref, a->ref) != 0 || encoding == NULL)
		return ERR_FORMAT;
	for (i = 0; i < COUNT(mail_columns); i++)
		if ((r = value_bind(s, (int)i + 1, o,
		    &mail_columns[i])) != ERR_OK)
			return r;
	if (fstat(a->mail, &st) == -1)
		return ERR_SYS;
	sqlite3_bind_int64(s, (int)i + 1, st.st_size);
	if ((r = index_run(s)) != ERR_OK)
		return r;
	a->id = sqlite3_last_insert_rowid(a->x->db);
	a->body_base64 = strcmp(encoding, "base64") == 0;
	search_put(&a->subject, json_string_value(json_object_get(o,
	    "subject")));
	search_put(&a->people, json_string_value(json_object_get(o,
	    "from_name")));
	search_put(&a->people, json_string_value(json_object_get(o,
	    "from_addr")));
	search_put_list(&a->people, json_object_get(o, "to"));
	search_put_list(&a->people, json_object_get(o, "cc"));
	if ((r = number_get(o, "body_at", &a->body_at)) != ERR_OK ||
	    (r = number_get(o, "body_start", &a->body_start)) != ERR_OK)
		return r;
	return number_get(o, "attachments_at", &a->attach_at);
}

static int
fact_add(struct adding *a, int64_t part, const char *fact, json_t *value)
{
	sqlite3_stmt	*s = index_query(a->x, QUERY_ADD_FACT);

	if (!json_is_string(value))
		return ERR_FORMAT;
	sqlite3_bind_int64(s, 1, a->id);
	sqlite3_bind_int64(s, 2, part);
	sqlite3_bind_text(s, 3, fact, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s, 4, json_string_value(value), -1,
	    SQLITE_TRANSIENT);
	return index_run(s);
}

static int
facts_add_all(struct adding *a, int64_t part, json_t *facts)
{
	const char	*key;
	json_t		*v;
	size_t		 i;
	int		 r = ERR_OK;

	if (!json_is_object(facts))
		return ERR_FORMAT;
	json_object_foreach(facts, key, v) {
		if (fact_find(key) < 0)
			return ERR_FORMAT;
		if (!json_is_array(v))
			r = fact_add(a, part, key, v);
		for (i = 0; r == ERR_OK && i < json_array_size(v); i++)
			r = fact_add(a, part, key, json_array_get(v, i));
		if (r != ERR_OK)
			return r;
	}
	return ERR_OK;
}

/* Room to remember where part's text is. */
static int
part_remember(struct adding *a, uint64_t part, uint64_t text_at, int body)
{
	size_t		 room = a->text_room == 0 ? 64 : a->text_room;
	uint64_t	*more;
	uint8_t		*bodies;

	if (part == 0 || part > PART_MAX)
		return ERR_FORMAT;
	while (room <= part)
		room *= 2;
	if (room > a->text_room) {
		more = realloc(a->text_at, room * sizeof(*more));
		if (more != NULL)
			a->text_at = more;
		bodies = realloc(a->is_body, room);
		if (bodies != NULL)
			a->is_body = bodies;
		if (more == NULL || bodies == NULL)
			return ERR_MEMORY;
		memset(a->text_at + a->text_room, 0,
		    (room - a->text_room) * sizeof(*a->text_at));
		memset(a->is_body + a->text_room, 0, room - a->text_room);
		a->text_room = room;
	}
	a->text_at[part] = text_at;
	a->is_body[part] = (uint8_t)body;
	return ERR_OK;
}

/* The columns about the part's file; a text file where it is the only one. */
static int
file_bind(struct adding *a, sqlite3_stmt *s, int at, json_t *o,
    uint64_t *text_at)
{
	json_t		*file = json_object_get(o, "file");
	json_t		*text = json_object_get(o, "text_file");
	const char	*name = "", *type = "";
	uint64_t	 size = 0, where = 0;

	*text_at = 0;
	if (text != NULL && number_get(text, "at", text_at) != ERR_OK)
		return ERR_FORMAT;
	if (text != NULL)
		*text_at += a->attach_at;
	if (file == NULL)
		file = text;
	if (file != NULL) {
		name = json_string_value(json_object_get(file, "name"));
		type = json_string_value(json_object_get(file, "type"));
		if (name == NULL || type == NULL ||
		    number_get(file, "size", &size) != ERR_OK ||
		    number_get(file, "at", &where) != ERR_OK)
			return ERR_FORMAT;
		where += a->attach_at;
	}
	sqlite3_bind_text(s, at, name, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(s, at + 1, type, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(s, at + 2, (int64_t)size);
	sqlite3_bind_int64(s, at + 3, (int64_t)where);
	return ERR_OK;
}

static int
part_add(struct adding *a, json_t *o)
{
	sqlite3_stmt	*s = index_query(a->x, QUERY_ADD_PART);
	uint64_t	 part, text_at, body;
	size_t		 i;
	int		 r;

	sqlite3_bind_int64(s, 1, a->id);
	for (i = 0; i < COUNT(part_columns); i++)
		if ((r = value_bind(s, (int)i + 2, o,
		    &part_columns[i])) != ERR_OK)
			return r;
	if ((r = file_bind(a, s, (int)i + 2, o, &text_at)) != ERR_OK ||
	    (r = number_get(o, "part", &part)) != ERR_OK ||
	    (r = number_get(o, "body", &body)) != ERR_OK ||
	    (r = part_remember(a, part, text_at, body != 0)) != ERR_OK ||
	    (r = index_run(s)) != ERR_OK)
		return r;
	if (part > 1)
		search_put(&a->files, json_string_value(json_object_get(o,
		    "name")));
	return facts_add_all(a, (int64_t)part, json_object_get(o, "facts"));
}

static int
number_at(json_t *list, size_t i, int64_t low, int64_t *out)
{
	json_t	*v = json_array_get(list, i);

	if (!json_is_integer(v) || json_integer_value(v) < low)
		return ERR_FORMAT;
	*out = json_integer_value(v);
	return ERR_OK;
}

static int
palette_bind(sqlite3_stmt *s, int at, const char *hex)
{
	uint8_t		 rgb[256 * 3];
	size_t		 len = strlen(hex), i;
	unsigned	 v;

	if (len == 0)
		return ERR_OK;		/* stays NULL */
	if (len % 6 != 0 || len / 2 > sizeof(rgb) ||
	    strspn(hex, "0123456789abcdef") != len)
		return ERR_FORMAT;
	for (i = 0; i < len / 2; i++) {
		if (sscanf(hex + 2 * i, "%2x", &v) != 1)
			return ERR_FORMAT;
		rgb[i] = (uint8_t)v;
	}
	sqlite3_bind_blob(s, at, rgb, (int)(len / 2), SQLITE_TRANSIENT);
	return ERR_OK;
}

/* [part,page,width,height,form,depth,color,palette,crc,offset,length] */
static int
page_add(struct adding *a, json_t *list)
{
	sqlite3_stmt	*s = index_query(a->x, QUERY_ADD_PAGE);
	const char	*form = json_string_value(json_array_get(list, 4));
	const char	*palette = json_string_value(json_array_get(list, 7));
	int64_t		 n;
	size_t		 i;
	int		 r;

	if (json_array_size(list) != 11 || form == NULL || palette == NULL)
		return ERR_FORMAT;
	sqlite3_bind_int64(s, 1, a->id);
	for (i = 0; i < 11; i++) {
		if (i == 4 || i == 7)
			continue;
		if ((r = number_at(list, i, 0, &n)) != ERR_OK)
			return r;
		sqlite3_bind_int64(s, (int)i + 2, n);
	}
	sqlite3_bind_text(s, 6, form, -1, SQLITE_TRANSIENT);
	if ((r = palette_bind(s, 9, palette)) != ERR_OK)
		return r;
	return index_run(s);
}

/* [part,page,"body"|"file",offset,length]; the text stands in the mail. */
static int
text_add(struct adding *a, json_t *list)
{
	sqlite3_stmt	*s = index_query(a->x, QUERY_ADD_TEXT);
	const char	*where = json_string_value(json_array_get(list, 2));
	int64_t		 part, page, offset, len;
	char		*text = NULL;
	int		 body, r;

	if (json_array_size(list) != 5 || where == NULL ||
	    number_at(list, 0, 1, &part) != ERR_OK ||
	    number_at(list, 1, -1, &page) != ERR_OK ||
	    number_at(list, 3, 0, &offset) != ERR_OK ||
	    number_at(list, 4, 0, &len) != ERR_OK ||
	    (size_t)part >= a->text_room)
		return ERR_FORMAT;
	body = strcmp(where, "body") == 0;
	if (!body && a->text_at[part] == 0)
		return ERR_FORMAT;
	if (body)
		r = mail_range_read(a->mail, a->body_at, a->body_base64,
		    a->body_start + (uint64_t)offset, (size_t)len, &text);
	else
		r = mail_range_read(a->mail, a->text_at[part], 1,
		    (uint64_t)offset, (size_t)len, &text);
	if (r != ERR_OK)
		return r;
	search_put(body ? &a->body : &a->files, text);
	sqlite3_bind_int64(s, 1, a->id);
	sqlite3_bind_int64(s, 2, part);
	sqlite3_bind_int64(s, 3, page);
	sqlite3_bind_text(s, 4, text, (int)len, SQLITE_TRANSIENT);
	r = index_run(s);
	free(text);
	return r;
}

static int
search_add(struct adding *a)
{
	struct strbuf	*const b[] = { &a->subject, &a->people, &a->body,
			    &a->files };
	sqlite3_stmt	*s = index_query(a->x, QUERY_ADD_SEARCH);
	size_t		 i;

	sqlite3_bind_int64(s, 1, a->id);
	for (i = 0; i < COUNT(b); i++) {
		if (b[i]->failed)
			return ERR_MEMORY;
		sqlite3_bind_text(s, (int)i + 2, b[i]->len > 0 ? b[i]->s : "",
		    (int)b[i]->len, SQLITE_TRANSIENT);
	}
	return index_run(s);
}

static int
item_add(struct adding *a, const char *line, size_t len)
{
	json_t	*o;
	int	 r = ERR_FORMAT;

	if (len > 0 && line[len - 1] == ',')
		len--;
	o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL)
		return ERR_FORMAT;
	if (a->section == SECTION_PARTS && json_is_object(o))
		r = part_add(a, o);
	else if (a->section == SECTION_PAGES && json_is_array(o))
		r = page_add(a, o);
	else if (a->section == SECTION_TEXTS && json_is_array(o))
		r = text_add(a, o);
	json_decref(o);
	return r;
}

/* The first line is an object that goes on after a comma. */
static int
head_line(struct adding *a, char *line, size_t len)
{
	json_t	*o;
	int	 r;

	if (len == 0 || line[len - 1] != ',')
		return ERR_FORMAT;
	line[len - 1] = '}';
	o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (o == NULL)
		return ERR_FORMAT;
	r = head_add(a, o);
	json_decref(o);
	return r;
}

static int
line_add(struct adding *a, char *line, size_t len)
{
	static const char *const	 next[] = {
		[SECTION_HEAD] = NULL,
		[SECTION_PARTS] = "],\"page_table\":[",
		[SECTION_PAGES] = "],\"text_table\":[",
		[SECTION_TEXTS] = "]}",
	};

	if (a->section == SECTION_HEAD) {
		if (a->id == 0)
			return head_line(a, line, len);
		if (strcmp(line, "\"parts\":[") != 0)
			return ERR_FORMAT;
		a->section = SECTION_PARTS;
		return ERR_OK;
	}
	if (a->section == SECTION_END)
		return ERR_FORMAT;
	if (strcmp(line, next[a->section]) == 0) {
		a->section++;
		return ERR_OK;
	}
	return item_add(a, line, len);
}

static FILE *
report_stream(int report)
{
	struct stat	 st;
	FILE		*f;
	int		 fd;

	if (fstat(report, &st) == -1 || st.st_size > REPORT_FILE_MAX ||
	    lseek(report, 0, SEEK_SET) == -1 ||
	    (fd = fcntl(report, F_DUPFD_CLOEXEC, 3)) == -1)
		return NULL;
	if ((f = fdopen(fd, "r")) == NULL)
		close(fd);
	return f;
}

int
index_add(struct index_db *x, const char *ref, int report, int mail)
{
	struct adding	 a = { .x = x, .ref = ref, .mail = mail };
	char		*line = NULL;
	size_t		 room = 0;
	ssize_t		 n;
	FILE		*f;
	int		 r = ERR_OK;

	if ((f = report_stream(report)) == NULL)
		return ERR_FORMAT;
	while (r == ERR_OK && (n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] != '\n' || strlen(line) != (size_t)n) {
			r = ERR_FORMAT;
			break;
		}
		line[--n] = '\0';
		r = line_add(&a, line, (size_t)n);
	}
	if (r == ERR_OK && a.section != SECTION_END)
		r = ERR_FORMAT;
	if (r == ERR_OK)
		r = search_add(&a);
	free(line);
	free(a.text_at);
	free(a.is_body);
	strbuf_free(&a.subject);
	strbuf_free(&a.people);
	strbuf_free(&a.body);
	strbuf_free(&a.files);
	fclose(f);
	return r;
}
