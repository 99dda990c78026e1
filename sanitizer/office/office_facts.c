/*
 * Facts of a document from its container: names of members and the elements that
 * matter in them (OOXML, ODF), names of streams (OLE2), words (RTF).
 * Runs in the jailed child of worker-office.
 * Hostile input: everything. A document may hide things from this look; it is shown
 * to people and decides nothing. Must never follow what it finds.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "office_facts.h"
#include "office_package.h"

#define STYLES_MAX	64	/* styles of hidden sheets */
#define NAME_BYTES	128
#define TARGET_BYTES	1024
#define FIRST_RECORDS	6

struct look {
	struct office_facts	*f;
	char			 style[NAME_BYTES];	/* being defined */
	char			 hiding[STYLES_MAX][NAME_BYTES];
	unsigned		 hidings;
	int			 in_field;
	char			 field[256];	/* words of a field, as far as kept */
};

static int
starts(const char *s, const char *with)
{
	return strncasecmp(s, with, strlen(with)) == 0;
}

static int
ends(const char *s, const char *with)
{
	size_t	 n = strlen(s), m = strlen(with);

	return n >= m && strcasecmp(s + n - m, with) == 0;
}

/* Where a link leads, which a label may hide. */
static void
target_add(struct office_facts *f, const char *target)
{
	unsigned	 n = f->target_count;

	for (unsigned i = 0; i < n; i++)
		if (strcmp(f->targets[i], target) == 0)
			return;
	if (n < OFFICE_TARGETS_MAX && *target != '\0' &&
	    (f->targets[n] = strdup(target)) != NULL)
		f->target_count++;
}

/* Relationships of OOXML: a link waits for a click, all else would be fetched. */
static void
rels_begin(void *arg, const char *name, const void *at)
{
	struct look	*l = arg;
	char		 value[TARGET_BYTES];

	if (strcmp(name, "Relationship") != 0 ||
	    !office_attribute(at, "TargetMode", value, sizeof(value)) ||
	    strcasecmp(value, "External") != 0)
		return;
	office_attribute(at, "Type", value, sizeof(value));
	if (!ends(value, "/hyperlink")) {
		l->f->external++;
		return;
	}
	office_attribute(at, "Target", value, sizeof(value));
	target_add(l->f, value);
}

static int
is_change(const char *name)
{
	static const char *const names[] = {
		"ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange",
		"sectPrChange", "tblPrChange", "cellIns", "cellDel",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return 1;
	return 0;
}

/* Fields of Word that fetch or start something. */
static void
field_judge(struct look *l)
{
	static const char *const fetch[] = {
		"INCLUDEPICTURE", "INCLUDETEXT", "IMPORT", "INCLUDE", "RD",
	};
	const char	*s = l->field + strspn(l->field, " \t");

	for (size_t i = 0; i < sizeof(fetch) / sizeof(fetch[0]); i++)
		if (starts(s, fetch[i]) && s[strlen(fetch[i])] == ' ')
			l->f->external++;
	if (starts(s, "DDE "))
		l->f->scripts++;
	if (starts(s, "DDEAUTO "))
		l->f->scripts++;
	l->field[0] = '\0';
}

static void
word_begin(void *arg, const char *name, const void *at)
{
	struct look	*l = arg;
	char		 type[16];

	if (is_change(name))
		l->f->changes++;
	l->in_field = strcmp(name, "instrText") == 0;
	if (strcmp(name, "fldSimple") == 0) {
		office_attribute(at, "instr", l->field, sizeof(l->field));
		field_judge(l);
	}
	/* a field's words may come in pieces; its end says that they are whole */
	if (strcmp(name, "fldChar") == 0 &&
	    office_attribute(at, "fldCharType", type, sizeof(type)) &&
	    strcmp(type, "begin") != 0)
		field_judge(l);
}

static void
word_text(void *arg, const char *s, size_t len)
{
	struct look	*l = arg;
	size_t		 at = strlen(l->field), room = sizeof(l->field) - 1 - at;

	if (!l->in_field)
		return;
	if (len > room)
		len = room;
	memcpy(l->field + at, s, len);
	l->field[at + len] = '\0';
}

static void
word_end(void *arg, const char *name)
{
	struct look	*l = arg;

	(void)name;
	l->in_field = 0;
}

static void
comments_begin(void *arg, const char *name, const void *at)
{
	struct look	*l = arg;

	(void)at;
	l->f->comments += strcmp(name, "comment") == 0 ||
	    strcmp(name, "cm") == 0;
}

static void
workbook_begin(void *arg, const char *name, const void *at)
{
	struct look	*l = arg;
	char		 state[16];

	l->f->hidden_sheets += strcmp(name, "sheet") == 0 &&
	    office_attribute(at, "state", state, sizeof(state)) &&
	    strcmp(state, "visible") != 0;
}

/* A target of ODF that is not inside the package. */
static int
leads_out(const char *href)
{
	return strstr(href, "://") != NULL || starts(href, "mailto:") ||
	    starts(href, "file:") || starts(href, "../") || href[0] == '/' ||
	    href[0] == '\\';
}

static void
table_begin(struct look *l, const void *at)
{
	char	 style[NAME_BYTES];

	office_attribute(at, "style-name", style, sizeof(style));
	for (unsigned i = 0; i < l->hidings; i++)
		if (strcmp(style, l->hiding[i]) == 0) {
			l->f->hidden_sheets++;
			return;
		}
}

static void
odf_begin(void *arg, const char *name, const void *at)
{
	struct look	*l = arg;
	char		 value[TARGET_BYTES];

	if (office_attribute(at, "href", value, sizeof(value)) &&
	    leads_out(value)) {
		if (strcmp(name, "a") == 0)
			target_add(l->f, value);
		else
			l->f->external++;
	}
	l->f->comments += strcmp(name, "annotation") == 0;
	l->f->changes += strcmp(name, "changed-region") == 0 ||
	    strcmp(name, "cell-content-change") == 0;
	l->f->macros += strcmp(name, "event-listener") == 0;
	l->f->scripts += strcmp(name, "dde-connection-decl") == 0 ||
	    strcmp(name, "dde-source") == 0;
	if (strcmp(name, "style") == 0)
		office_attribute(at, "name", l->style, sizeof(l->style));
	else if (strcmp(name, "table-properties") == 0 &&
	    office_attribute(at, "display", value, sizeof(value)) &&
	    strcmp(value, "false") == 0 && l->hidings < STYLES_MAX)
		memcpy(l->hiding[l->hidings++], l->style, NAME_BYTES);
	else if (strcmp(name, "table") == 0)
		table_begin(l, at);
}

static void
manifest_begin(void *arg, const char *name, const void *at)
{
	struct look	*l = arg;

	(void)at;
	if (strcmp(name, "encryption-data") == 0)
		l->f->encrypted = 1;
}

static const struct office_listener
	rels = { rels_begin, NULL, NULL },
	word = { word_begin, word_end, word_text },
	comments = { comments_begin, NULL, NULL },
	workbook = { workbook_begin, NULL, NULL },
	odf = { odf_begin, NULL, NULL },
	manifest = { manifest_begin, NULL, NULL };

/* Which members are worth listening to; the first line that fits. */
static const struct {
	const char			*from, *to;
	const struct office_listener	*listener;
} members[] = {
	{ "",			".rels",	&rels },
	{ "word/comments",	".xml",		&comments },
	{ "word/",		".xml",		&word },
	{ "xl/comments",	".xml",		&comments },
	{ "ppt/comments/",	".xml",		&comments },
	{ "xl/workbook",	".xml",		&workbook },
	{ "META-INF/manifest",	".xml",		&manifest },
	{ "content.xml",	"",		&odf },
	{ "styles.xml",		"",		&odf },
};

static void
name_look(struct office_facts *f, const char *name)
{
	size_t	 n = strlen(name);

	if (n == 0 || name[n - 1] == '/')
		return;
	f->macros += ends(name, "vbaProject.bin") ||
	    starts(name, "xl/macrosheets/") || starts(name, "Scripts/") ||
	    (starts(name, "Basic/") && !ends(name, "/script-lc.xml") &&
	    !ends(name, "/script-lb.xml"));
	if (ends(name, ".rels"))
		return;
	f->embedded += strstr(name, "/embeddings/") != NULL ||
	    (strstr(name, "/activeX/") != NULL && ends(name, ".xml")) ||
	    (starts(name, "Object ") && (ends(name, "/content.xml") ||
	    strchr(name, '/') == NULL));
}

static void
package_look(const uint8_t *data, size_t len, struct office_facts *f)
{
	struct office_package	*p = office_package_open(data, len);
	struct look		 l = { .f = f };
	const char		*name;

	if (p == NULL)
		return;
	while ((name = office_package_next(p)) != NULL) {
		f->known = 1;
		name_look(f, name);
		for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
			if (starts(name, members[i].from) &&
			    ends(name, members[i].to)) {
				office_package_listen(p, members[i].listener, &l);
				break;
			}
	}
	office_package_close(p);
}

/* How often a name stands in the directory of an OLE2 file, as UTF-16. */
static unsigned
ole_count(const uint8_t *data, size_t len, const char *name)
{
	uint8_t		 wide[128];
	size_t		 n = strlen(name);
	unsigned	 found = 0;
	const uint8_t	*at = data, *hit;

	for (size_t i = 0; i < n; i++) {
		wide[2 * i] = (uint8_t)name[i];
		wide[2 * i + 1] = 0;
	}
	/* entries of a directory begin at multiples of 128 bytes */
	while ((hit = memmem(at, len - (size_t)(at - data), wide, 2 * n)) !=
	    NULL) {
		found += (size_t)(hit - data) % 128 == 0;
		at = hit + 2 * n;
	}
	return found;
}

/* Excel: a FILEPASS among the first records of a workbook. */
static int
excel_locked(const uint8_t *data, size_t len)
{
	static const uint8_t	 begin[] = { 9, 8, 16, 0, 0, 6, 5, 0 };
	const uint8_t		*at = memmem(data, len, begin, sizeof(begin));
	size_t			 left;

	for (int i = 0; at != NULL && i < FIRST_RECORDS; i++) {
		left = len - (size_t)(at - data);
		if (left < 4)
			return 0;
		if (at[0] == 0x2f && at[1] == 0)
			return 1;
		if (left - 4 < (size_t)(at[2] | at[3] << 8))
			return 0;
		at += 4 + (at[2] | at[3] << 8);
	}
	return 0;
}

/* Word: a flag in the head of the document's stream. */
static int
word_locked(const uint8_t *data, size_t len)
{
	for (size_t i = 512; i + 12 < len; i += 512)
		if (data[i] == 0xec && data[i + 1] == 0xa5)
			return (data[i + 11] & 1) != 0;
	return 0;
}

static void
ole_look(const uint8_t *data, size_t len, struct office_facts *f)
{
	f->macros = ole_count(data, len, "_VBA_PROJECT") > 0 ||
	    ole_count(data, len, "_VBA_PROJECT_CUR") > 0;
	f->embedded = ole_count(data, len, "\1Ole10Native") +
	    ole_count(data, len, "MBD");
	if (ole_count(data, len, "ObjectPool") > 0 && f->embedded == 0)
		f->embedded = ole_count(data, len, "_1");
	f->encrypted = ole_count(data, len, "EncryptedPackage") > 0 ||
	    excel_locked(data, len) || word_locked(data, len);
}

static unsigned
words_count(const uint8_t *data, size_t len, const char *what)
{
	const uint8_t	*at = data, *hit;
	size_t		 n = strlen(what);
	unsigned	 found = 0;

	while ((hit = memmem(at, len - (size_t)(at - data), what, n)) != NULL) {
		found++;
		at = hit + n;
	}
	return found;
}

static void
rtf_look(const uint8_t *data, size_t len, struct office_facts *f)
{
	f->embedded = words_count(data, len, "\\objdata");
	f->external = words_count(data, len, "INCLUDEPICTURE") +
	    words_count(data, len, "INCLUDETEXT") +
	    words_count(data, len, "HYPERLINK") +
	    words_count(data, len, "{\\*\\template");
	f->scripts = words_count(data, len, "DDEAUTO");
}

void
office_facts_look(const uint8_t *data, size_t len, struct office_facts *f)
{
	memset(f, 0, sizeof(*f));
	if (len >= 8 && memcmp(data, "\xd0\xcf\x11\xe0", 4) == 0)
		ole_look(data, len, f);
	else if (len >= 5 && memcmp(data, "{\\rtf", 5) == 0)
		rtf_look(data, len, f);
	else
		package_look(data, len, f);
}

void
office_facts_free(struct office_facts *f)
{
	while (f->target_count > 0)
		free(f->targets[--f->target_count]);
}
