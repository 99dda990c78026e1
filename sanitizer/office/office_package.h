/*
 * Documents that are ZIP files of XML (OOXML, ODF), looked at without LibreOffice:
 * members are unpacked one after another, never to a file, and XML is only listened to.
 */
#ifndef LIMPID_OFFICE_PACKAGE_H
#define LIMPID_OFFICE_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

/* In the warm parent: what libxml2 sets up once. */
void office_package_warm(void);

struct office_package;

/* NULL when it is no ZIP file. data stays the caller's and must live as long. */
struct office_package *office_package_open(const uint8_t *data, size_t len);
void office_package_close(struct office_package *p);
/* The next member's name, borrowed until the next call; NULL at the end or where the
 * file is damaged or beyond its bounds. */
const char *office_package_next(struct office_package *p);

/* What is heard in XML. Names are local ones; attributes by office_attribute. */
struct office_listener {
	void	(*begin)(void *arg, const char *name, const void *attributes);
	void	(*end)(void *arg, const char *name);
	void	(*text)(void *arg, const char *s, size_t len);
};
/* Listens to the current member. Entities are not followed. */
void office_package_listen(struct office_package *p,
    const struct office_listener *l, void *arg);

/* The same of XML in memory. */
void office_xml_listen(const char *xml, size_t len,
    const struct office_listener *l, void *arg);

/* Copies an attribute's value by its local name; 0 and "" when it is not there. */
int office_attribute(const void *attributes, const char *name, char *value,
    size_t size);

#endif
