/*
 * Writes JSON. Runs in the jailed compose child. Hostile input: every text, clean
 * UTF-8. Must never write a control or an unescaped quote, nor break a line inside
 * an item.
 */
#include <stdlib.h>
#include <string.h>

#include "links.h"
#include "report.h"

void
json_put_text(struct strbuf *b, const char *s)
{
	strbuf_putc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\') {
			strbuf_putc(b, '\\');
			strbuf_putc(b, *s);
		} else if (*s == '\n')
			strbuf_puts(b, "\\n");
		else if ((unsigned char)*s < ' ')
			strbuf_printf(b, "\\u%04x", (unsigned)*s);
		else
			strbuf_putc(b, *s);
	}
	strbuf_putc(b, '"');
}

void
json_put_safe(struct strbuf *b, const char *s)
{
	char	*safe = links_defang_text(s, strlen(s), NULL);

	if (safe == NULL)
		b->failed = 1;
	else
		json_put_text(b, safe);
	free(safe);
}

void
json_put_safe_field(struct strbuf *b, const char *name, const char *value)
{
	strbuf_printf(b, ",\"%s\":", name);
	json_put_safe(b, value);
}

void
json_put_field(struct strbuf *b, const char *name, const char *value)
{
	strbuf_printf(b, ",\"%s\":", name);
	json_put_text(b, value);
}

void
json_put_number(struct strbuf *b, const char *name, int64_t value)
{
	strbuf_printf(b, ",\"%s\":%lld", name, (long long)value);
}

/* Facts that hold addresses and ids, which have to stay what they are. */
static int
is_exact(enum fact f)
{
	return f >= FACT_HDR_FROM && f <= FACT_HDR_AUTH &&
	    f != FACT_HDR_FROM_NAME && f != FACT_HDR_SUBJECT;
}

static void
put_value(struct strbuf *b, enum fact f, const char *value)
{
	if (is_exact(f))
		json_put_text(b, value);
	else
		json_put_safe(b, value);
}

static void
put_values(struct strbuf *b, const struct facts *f, enum fact fact)
{
	size_t	 i;
	int	 first = 1;

	strbuf_putc(b, '[');
	for (i = 0; i < f->count; i++) {
		if (f->list[i].fact != fact)
			continue;
		if (!first)
			strbuf_putc(b, ',');
		first = 0;
		put_value(b, fact, f->list[i].value);
	}
	strbuf_putc(b, ']');
}

void
json_put_list(struct strbuf *b, const char *name, const struct facts *f,
    enum fact fact)
{
	strbuf_printf(b, ",\"%s\":", name);
	put_values(b, f, fact);
}

void
json_put_facts(struct strbuf *b, const struct facts *f)
{
	int	 i, first = 1;

	strbuf_putc(b, '{');
	for (i = FACT_NONE + 1; i < FACT_MAX; i++) {
		if (facts_find(f, (enum fact)i, 0) == NULL)
			continue;
		strbuf_printf(b, "%s\"%s\":", first ? "" : ",",
		    fact_name((enum fact)i));
		first = 0;
		if (fact_repeatable((enum fact)i))
			put_values(b, f, (enum fact)i);
		else
			put_value(b, (enum fact)i,
			    facts_text(f, (enum fact)i));
	}
	strbuf_putc(b, '}');
}

void
json_put_hex(struct strbuf *b, const char *name, const uint8_t *bytes,
    size_t len)
{
	size_t	 i;

	strbuf_printf(b, ",\"%s\":\"", name);
	for (i = 0; i < len; i++)
		strbuf_printf(b, "%02x", bytes[i]);
	strbuf_putc(b, '"');
}
