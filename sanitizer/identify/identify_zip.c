/*
 * ZIP files that are something else: office documents, books, programs.
 * Runs in the jailed child of worker-identify.
 * Hostile input: the local headers and the central directory, which may tell
 * different stories; both are listened to. Must never unpack anything.
 */
#include <string.h>

#include "identify_private.h"

#define ENTRIES_MAX	4096
#define EOCD_SEARCH	(65536 + 22)

/* What the names seen so far give away. */
struct seen {
	int	types, word, xl, ppt, visio, macros;
	int	fixed, java, class, android, appx, iwork;
	char	mimetype[80];
};

static uint32_t
le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static uint32_t
le32(const uint8_t *p)
{
	return le16(p) | le16(p + 2) << 16;
}

static int
has_prefix(const char *name, size_t n, const char *with)
{
	size_t w = strlen(with);

	return n >= w && strncasecmp(name, with, w) == 0;
}

static int
has_suffix(const char *name, size_t n, const char *with)
{
	size_t w = strlen(with);

	return n >= w && strncasecmp(name + n - w, with, w) == 0;
}

static void
name_look(struct seen *s, const char *name, size_t n)
{
	s->types |= has_prefix(name, n, "[Content_Types].xml") ||
	    has_prefix(name, n, "_rels/.rels");
	s->word |= has_prefix(name, n, "word/");
	s->xl |= has_prefix(name, n, "xl/");
	s->ppt |= has_prefix(name, n, "ppt/");
	s->visio |= has_prefix(name, n, "visio/");
	s->macros |= has_suffix(name, n, "vbaProject.bin");
	s->fixed |= has_suffix(name, n, ".fdseq");
	s->java |= has_prefix(name, n, "META-INF/MANIFEST.MF");
	s->class |= has_suffix(name, n, ".class");
	s->android |= has_prefix(name, n, "AndroidManifest.xml");
	s->appx |= has_prefix(name, n, "AppxManifest.xml") ||
	    has_prefix(name, n, "AppxMetadata/");
	s->iwork |= has_prefix(name, n, "Index/Document.iwa") ||
	    has_prefix(name, n, "index.apxl") ||
	    has_prefix(name, n, "buildVersionHistory.plist") ||
	    has_prefix(name, n, "Index.zip");
}

/* A first member "mimetype", stored, says what an ODF or EPUB is. */
static void
mimetype_take(struct seen *s, const char *name, size_t n, const uint8_t *body,
    size_t len)
{
	if (n != 8 || memcmp(name, "mimetype", 8) != 0)
		return;
	if (len >= sizeof(s->mimetype))
		len = sizeof(s->mimetype) - 1;
	memcpy(s->mimetype, body, len);
	s->mimetype[len] = '\0';
}

static void
locals_walk(struct seen *s, const uint8_t *data, size_t len)
{
	size_t at = 0;

	for (int i = 0; i < ENTRIES_MAX; i++) {
		const uint8_t *h, *next;
		size_t name, skip, packed;

		if (at > len || (next = memmem(data + at, len - at,
		    "PK\x03\x04", 4)) == NULL)
			return;
		at = next - data;
		if (len - at < 30)
			return;
		h = data + at;
		name = le16(h + 26);
		skip = 30 + name + le16(h + 28);
		packed = le32(h + 18);
		if (skip > len - at)
			return;
		name_look(s, (const char *)h + 30, name);
		if (le16(h + 8) == 0 && packed <= len - at - skip)
			mimetype_take(s, (const char *)h + 30, name, h + skip,
			    packed);
		at += skip;
		/* Sizes that lie are not followed: the next search finds it. */
		if (packed <= len - at)
			at += packed;
	}
}

static const uint8_t *
eocd_find(const uint8_t *data, size_t len)
{
	size_t from = len > EOCD_SEARCH ? len - EOCD_SEARCH : 0;

	for (size_t at = len >= 22 ? len - 22 : 0; at > from; at--) {
		if (memcmp(data + at, "PK\x05\x06", 4) == 0)
			return data + at;
	}
	return NULL;
}

static void
central_walk(struct seen *s, const uint8_t *data, size_t len)
{
	const uint8_t *end = eocd_find(data, len);
	size_t at;

	if (end == NULL)
		return;
	at = le32(end + 16);
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const uint8_t *h;
		size_t name, size;

		if (at > len || len - at < 46 ||
		    memcmp(data + at, "PK\x01\x02", 4) != 0)
			return;
		h = data + at;
		name = le16(h + 28);
		size = 46 + name + le16(h + 30) + le16(h + 32);
		if (size > len - at)
			return;
		name_look(s, (const char *)h + 46, name);
		at += size;
	}
}

static int
mimetype_decide(const struct seen *s, struct identity *id)
{
	static const struct {
		const char *type;
		enum kind kind;
		const char *format;
	} table[] = {
		{ "application/epub+zip", KIND_PDF, "EPUB" },
		{ "application/hwp+zip", KIND_OFFICE, "HWPX" },
		{ "application/vnd.oasis.opendocument.text", KIND_OFFICE,
		    "ODT" },
		{ "application/vnd.oasis.opendocument.spreadsheet",
		    KIND_OFFICE, "ODS" },
		{ "application/vnd.oasis.opendocument.presentation",
		    KIND_OFFICE, "ODP" },
		{ "application/vnd.oasis.opendocument.graphics", KIND_OFFICE,
		    "ODG" },
		{ "application/vnd.oasis.opendocument", KIND_OFFICE, "ODF" },
		{ "application/vnd.sun.xml", KIND_OFFICE, "StarOffice" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strncmp(s->mimetype, table[i].type,
		    strlen(table[i].type)) == 0) {
			identity_set(id, table[i].kind, table[i].format);
			return 1;
		}
	}
	return 0;
}

static int
office_decide(const struct seen *s, struct identity *id)
{
	const char *format;

	if (s->word)
		format = s->macros ? "DOCM" : "DOCX";
	else if (s->xl)
		format = s->macros ? "XLSM" : "XLSX";
	else if (s->ppt)
		format = s->macros ? "PPTM" : "PPTX";
	else if (s->visio)
		format = s->macros ? "VSDM" : "VSDX";
	else
		return 0;
	identity_set(id, KIND_OFFICE, format);
	return 1;
}

int
identify_zip(const uint8_t *data, size_t len, const char *declared,
    struct identity *id)
{
	struct seen s;

	if (!identify_at(data, len, 0, "PK\x03\x04", 4) &&
	    !identify_at(data, len, 0, "PK\x05\x06", 4) &&
	    !identify_at(data, len, 0, "PK\x07\x08", 4) &&
	    !identify_at(data, len, 0, "PK00PK\x03\x04", 8))
		return 0;
	memset(&s, 0, sizeof(s));
	locals_walk(&s, data, len);
	central_walk(&s, data, len);
	if (s.android)
		identity_set(id, KIND_PROGRAM, "Android program");
	else if (s.appx)
		identity_set(id, KIND_PROGRAM, "Windows app package");
	else if (s.java && s.class)
		identity_set(id, KIND_PROGRAM, "Java archive");
	else if (s.types && s.fixed)
		identity_set(id, KIND_PDF, "XPS");
	else if (s.types && office_decide(&s, id))
		return 1;
	else if (mimetype_decide(&s, id))
		return 1;
	else if (s.iwork)
		identity_set(id, KIND_OFFICE, "iWork");
	else if (strstr(declared, "comicbook") != NULL ||
	    strstr(declared, "x-cbz") != NULL)
		identity_set(id, KIND_PDF, "CBZ");
	else if (s.types)
		identity_set(id, KIND_OFFICE, "OOXML");
	else
		identity_set(id, KIND_ARCHIVE, "ZIP");
	return 1;
}
