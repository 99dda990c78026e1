/*
 * Report: limpid-report.json, the last part of every harmless mail and what
 * `limpid clean --json` prints. One JSON object; its longer lists stand one item a
 * line, so a reader needs one line in memory:
 *
 *	{mail fields...,
 *	"parts":[
 *	{part fields..., "facts":{...}},
 *	],"page_table":[
 *	[part,page,width,height,form,depth,color,palette,crc,offset,length],
 *	],"text_table":[
 *	[part,page or -1,"body" or "file",offset,length],
 *	]}
 *
 * (the last item of a list has no comma). It holds all that the index needs, see
 * index_report.h.
 */
#ifndef LIMPID_REPORT_H
#define LIMPID_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "facts.h"
#include "strbuf.h"

/* "text" with quotes and escapes; the second form makes links unclickable first:
 * for all but addresses, ids and names from closed lists. */
void json_put_text(struct strbuf *b, const char *s);
void json_put_safe(struct strbuf *b, const char *s);
/* ,"name":"value" or, with a number, ,"name":12 */
void json_put_field(struct strbuf *b, const char *name, const char *value);
void json_put_safe_field(struct strbuf *b, const char *name,
    const char *value);
void json_put_number(struct strbuf *b, const char *name, int64_t value);
/* ,"name":["value",...]: every value of the fact. */
void json_put_list(struct strbuf *b, const char *name, const struct facts *f,
    enum fact fact);
/* {"fact":"value","repeatable fact":["value",...],...} */
void json_put_facts(struct strbuf *b, const struct facts *f);
void json_put_hex(struct strbuf *b, const char *name, const uint8_t *bytes,
    size_t len);

#endif
