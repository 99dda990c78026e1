/*
 * Links: one canonical form that no reader and no autolinker makes clickable and
 * that a person can undo: hxxps[:]//host[.]tld/path. Every dot of a host is
 * bracketed, in bare domains and mail addresses too (user[@]host[.]tld); other
 * schemes become scheme[:]rest; IDN is shown as punycode followed by the Unicode
 * form in parentheses; mixed scripts are marked.
 *
 * Idempotent: defanging defanged text changes nothing. Used where text is made
 * (in the workers) and again where the copy is composed, so that a captured
 * sanitizer host cannot deliver a live link either.
 */
#ifndef LIMPID_LINKS_H
#define LIMPID_LINKS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Defangs every link in cleaned text (text.h); caller frees, NULL: no memory.
 * *count (may be NULL) is raised by the number of links.
 */
char *links_defang_text(const char *utf8, size_t len, uint32_t *count);

/*
 * The target of an <a href>, form action or PDF link, canonical and defanged;
 * caller frees, NULL: no memory. Handles leading white space and controls,
 * backslashes, userinfo, numeric (decimal, hex, octal) hosts shown with their
 * dotted form, percent-encoded hosts, full-width dots, protocol-relative
 * targets, javascript: data: file: UNC tel: mailto:. Of targets that hold their
 * content (data:, javascript:) only the scheme, media type and size are told.
 */
char *links_defang_target(const char *utf8, size_t len);

/*
 * Whether a label that looks like a link or domain points somewhere else than
 * its target says: 1 yes, 0 no (equal, or the label is just words).
 */
int links_mismatch(const char *label, const char *target);

#endif
