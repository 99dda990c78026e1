/*
 * Members of a document, by libarchive, and their XML, by libxml2.
 * Runs in the jailed child of worker-office, after or instead of LibreOffice.
 * Hostile input: the ZIP structure and all XML. Must never keep a whole member, expand
 * an entity, or follow a reference; bytes unpacked are bounded over the document.
 */
#include <archive.h>
#include <archive_entry.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>
#include <stdlib.h>
#include <string.h>

#include "office_package.h"

#define MEMBERS_MAX	20000
#define UNPACKED_MAX	(512u << 20)
#define STEP		32768

struct office_package {
	struct archive	*archive;
	size_t		 members;
	uint64_t	 unpacked;
};

struct listening {
	const struct office_listener	*l;
	void				*arg;
};

/* The five values libxml2 has for each attribute. */
struct attributes {
	const xmlChar	**at;
	int		  count;
};

static void __attribute__((format(printf, 2, 3)))
hush(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

void
office_package_warm(void)
{
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, hush);
}

struct office_package *
office_package_open(const uint8_t *data, size_t len)
{
	struct office_package	*p;

	if (len < 4 || memcmp(data, "PK", 2) != 0 ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	if ((p->archive = archive_read_new()) == NULL ||
	    archive_read_support_format_zip(p->archive) != ARCHIVE_OK ||
	    archive_read_open_memory(p->archive, data, len) != ARCHIVE_OK) {
		office_package_close(p);
		return NULL;
	}
	return p;
}

void
office_package_close(struct office_package *p)
{
	if (p == NULL)
		return;
	if (p->archive != NULL)
		archive_read_free(p->archive);
	free(p);
}

const char *
office_package_next(struct office_package *p)
{
	struct archive_entry	*e;
	const char		*name;
	int			 r;

	while (p->members++ < MEMBERS_MAX && p->unpacked < UNPACKED_MAX) {
		r = archive_read_next_header(p->archive, &e);
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return NULL;
		if ((name = archive_entry_pathname(e)) != NULL)
			return name;
	}
	return NULL;
}

int
office_attribute(const void *attributes, const char *name, char *value,
    size_t size)
{
	const struct attributes	*a = attributes;
	const xmlChar		*from, *to;
	size_t			 n;

	value[0] = '\0';
	for (int i = 0; i < a->count; i++) {
		if (strcmp((const char *)a->at[5 * i], name) != 0)
			continue;
		from = a->at[5 * i + 3];
		to = a->at[5 * i + 4];
		n = (size_t)(to - from) < size - 1 ? (size_t)(to - from) :
		    size - 1;
		memcpy(value, from, n);
		value[n] = '\0';
		return 1;
	}
	return 0;
}

static void
on_begin(void *arg, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, int spaces, const xmlChar **space, int count,
    int defaulted, const xmlChar **at)
{
	struct listening	*l = arg;
	struct attributes	 a = { at, count };

	(void)prefix;
	(void)uri;
	(void)spaces;
	(void)space;
	(void)defaulted;
	if (l->l->begin != NULL)
		l->l->begin(l->arg, (const char *)name, &a);
}

static void
on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct listening	*l = arg;

	(void)prefix;
	(void)uri;
	if (l->l->end != NULL)
		l->l->end(l->arg, (const char *)name);
}

static void
on_text(void *arg, const xmlChar *s, int len)
{
	struct listening	*l = arg;

	if (l->l->text != NULL && len > 0)
		l->l->text(l->arg, (const char *)s, (size_t)len);
}

/* No entity but the five of XML itself exists. */
static xmlEntityPtr
no_entity(void *arg, const xmlChar *name)
{
	(void)arg;
	return xmlGetPredefinedEntity(name);
}

static xmlParserCtxtPtr
parser_new(struct listening *l)
{
	static const xmlSAXHandler	 handlers = {
		.initialized = XML_SAX2_MAGIC, .startElementNs = on_begin,
		.endElementNs = on_end, .characters = on_text,
		.cdataBlock = on_text, .getEntity = no_entity,
	};
	xmlSAXHandler			 sax = handlers;
	xmlParserCtxtPtr		 p;

	if ((p = xmlCreatePushParserCtxt(&sax, l, NULL, 0, NULL)) != NULL)
		xmlCtxtUseOptions(p, XML_PARSE_NONET | XML_PARSE_HUGE);
	return p;
}

static void
parser_end(xmlParserCtxtPtr p)
{
	xmlParseChunk(p, NULL, 0, 1);
	xmlFreeDoc(p->myDoc);
	p->myDoc = NULL;
	xmlFreeParserCtxt(p);
}

void
office_package_listen(struct office_package *p,
    const struct office_listener *l, void *arg)
{
	struct listening	 listening = { l, arg };
	xmlParserCtxtPtr	 parser = parser_new(&listening);
	char			 block[STEP];
	la_ssize_t		 n;

	if (parser == NULL)
		return;
	while (p->unpacked < UNPACKED_MAX &&
	    (n = archive_read_data(p->archive, block, sizeof(block))) > 0) {
		p->unpacked += (uint64_t)n;
		if (xmlParseChunk(parser, block, (int)n, 0) != 0)
			break;
	}
	parser_end(parser);
}

void
office_xml_listen(const char *xml, size_t len,
    const struct office_listener *l, void *arg)
{
	struct listening	 listening = { l, arg };
	xmlParserCtxtPtr	 parser = parser_new(&listening);
	size_t			 n;

	if (parser == NULL)
		return;
	for (; len > 0; xml += n, len -= n) {
		n = len < STEP ? len : STEP;
		if (xmlParseChunk(parser, xml, (int)n, 0) != 0)
			break;
	}
	parser_end(parser);
}
