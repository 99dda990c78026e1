/*
 * The words that Limpid itself says in a harmless mail: the banner above the body
 * and the sentences of "what was changed".
 */
#ifndef LIMPID_COMPOSE_WORDS_H
#define LIMPID_COMPOSE_WORDS_H

#include "copy.h"
#include "facts.h"
#include "strbuf.h"

/* Appends s with its links made unclickable. */
void words_put_safe(struct strbuf *b, const char *s);
/* "From: ...", who it really is, what our mail server found. */
void words_put_banner(struct strbuf *b, const struct copy_mail *m,
    const struct facts *f);
/* Headers of a mail that was attached to the mail. */
void words_put_nested(struct strbuf *b, const char *path,
    const struct facts *f);
/*
 * One part's heading and a line for each change; nothing when there is nothing to
 * say. shown_as is the name of the file it became, "" when none.
 */
void words_put_part(struct strbuf *b, const struct copy_part *p,
    const struct facts *f, const struct copy_part_end *e,
    const char *shown_as);
/* "1.2 MB", "512 bytes" */
void words_put_size(struct strbuf *b, uint64_t n);

#endif
