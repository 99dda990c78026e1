/*
 * The lines that harmless mail is made of: header fields, encoded so that no mail
 * program reads anything but text out of them, and the headers of its parts.
 */
#ifndef LIMPID_MAIL_WRITE_H
#define LIMPID_MAIL_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "strbuf.h"

/* "Name: value" of free text, RFC 2047 where it is not short plain ASCII. */
void mail_put_text(struct strbuf *b, const char *name, const char *value);
/*
 * Adds `shown <address>` to a list of mailboxes: *count is how many the field has
 * so far; the first begins it with "Name: ". An address that is none by the strict
 * rule (ASCII dot-atom at domain) becomes unknown@invalid, its text stays in what
 * is shown.
 */
void mail_put_mailbox(struct strbuf *b, const char *name, size_t *count,
    const char *shown, const char *address);
/* Takes `Shown <address>` or a bare address apart and adds it. */
void mail_put_mailbox_line(struct strbuf *b, const char *name, size_t *count,
    const char *line);
/* Adds a message-id to a list of them; one that is none is left out. */
void mail_put_id(struct strbuf *b, const char *name, size_t *count,
    const char *id);
/* Ends a list begun by the functions above. */
void mail_put_end(struct strbuf *b, size_t count);
/* "Date: Tue, 17 Mar 2026 11:40:02 +0000" */
void mail_put_date(struct strbuf *b, int64_t ms);
/* Boundary line and header of an attachment, base64. */
void mail_put_part(struct strbuf *b, const char *boundary, const char *type,
    const char *file_name);

/* Whether address is one that may stand in a header. */
int mail_address_ok(const char *address);
/* "2026-03-17T11:40:02Z", the same with a space and without "T" and "Z" */
void time_rfc3339(int64_t ms, char out[32]);
void time_plain(int64_t ms, char out[32]);

#endif
