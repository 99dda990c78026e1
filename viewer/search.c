/*
 * Purpose: reads the search box.
 * Process: limpid-viewerd.
 * Hostile input: the words typed; they end as bound parameters, quoted for FTS5.
 * Must never: let a word become part of a statement or of the FTS5 grammar.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "search.h"
#include "strbuf.h"
#include "when.h"

void
search_free(struct search *s)
{
	size_t	 i;

	for (i = 0; i < s->limit_count; i++)
		free(s->limits[i]);
	free(s->buf);
	free(s->match);
	memset(s, 0, sizeof(*s));
}

/* Characters, not bytes: trigrams need three. */
static size_t
characters(const char *s)
{
	size_t	 n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* column : "word" AND ..., each quotation mark doubled. */
static void
add_match(struct strbuf *b, const char *word)
{
	if (b->len > 0)
		strbuf_puts(b, " AND ");
	strbuf_putc(b, '"');
	for (; *word != '\0'; word++) {
		if (*word == '"')
			strbuf_putc(b, '"');
		strbuf_putc(b, *word);
	}
	strbuf_putc(b, '"');
}

static void
add_word(struct search *s, struct strbuf *b, const char *word)
{
	if (characters(word) >= 3)
		add_match(b, word);
	else
		s->q.word = word;
}

static int64_t
read_size(const char *s)
{
	char		*end;
	long long	 n = strtoll(s, &end, 10);

	if (n <= 0 || n > 1000000000LL)
		return 0;
	if (*end == 'k' || *end == 'K')
		n *= 1000;
	else if (*end == 'm' || *end == 'M')
		n *= 1000000;
	return n;
}

/* 1 when key:value limits the search, 0 when it is just a word. */
static int
add_limit(struct search *s, struct strbuf *b, const char *key, const char *value)
{
	if (strcmp(key, "from") == 0)
		s->q.from = value;
	else if (strcmp(key, "to") == 0)
		s->q.to = value;
	else if (strcmp(key, "subject") == 0)
		s->q.subject = value;
	else if (strcmp(key, "file") == 0)
		s->q.file = value;
	else if (strcmp(key, "reason") == 0)
		s->q.reason = value;
	else if (strcmp(key, "text") == 0)
		add_word(s, b, value);
	else if (strcmp(key, "before") == 0 && when_day(value) != 0)
		s->q.before_ms = when_day(value);
	else if (strcmp(key, "after") == 0 && when_day(value) != 0)
		s->q.after_ms = when_day(value);
	else if (strcmp(key, "larger") == 0 && read_size(value) != 0)
		s->q.larger = read_size(value);
	else if (strcmp(key, "is") == 0 && strcmp(value, "unread") == 0)
		s->q.show = STORE_UNREAD;
	else if (strcmp(key, "has") == 0 && strcmp(value, "loss") == 0)
		s->q.show = STORE_CUTS;
	else
		return 0;
	return 1;
}

/* Cuts one word off *p: up to a space outside quotation marks, which go. */
static char *
take_word(char **p)
{
	char	*in, *out, *start;
	int	 quoted = 0;

	while (**p == ' ' || **p == '\t')
		++*p;
	if (**p == '\0')
		return NULL;
	start = out = in = *p;
	for (; *in != '\0' && (quoted || (*in != ' ' && *in != '\t')); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*p = *in == '\0' ? in : in + 1;
	*out = '\0';
	return start;
}

static int
add_item(struct search *s, struct strbuf *b, char *word)
{
	char	*colon;

	if (*word == '\0' || s->limit_count == SEARCH_WORDS_MAX)
		return ERR_OK;
	if ((s->limits[s->limit_count] = strdup(word)) == NULL)
		return ERR_MEMORY;
	s->limit_count++;
	colon = strchr(word, ':');
	if (colon != NULL && colon[1] != '\0') {
		*colon = '\0';
		if (add_limit(s, b, word, colon + 1))
			return ERR_OK;
		*colon = ':';
	}
	add_word(s, b, word);
	return ERR_OK;
}

int
search_parse(const char *text, struct search *s)
{
	struct strbuf	 b = STRBUF_EMPTY;
	char		*p, *word;
	int		 r = ERR_OK;

	memset(s, 0, sizeof(*s));
	if ((s->buf = p = strdup(text)) == NULL)
		return ERR_MEMORY;
	while (r == ERR_OK && (word = take_word(&p)) != NULL)
		r = add_item(s, &b, word);
	if (b.len > 0 && (s->match = strbuf_take(&b)) == NULL)
		r = ERR_MEMORY;
	strbuf_free(&b);
	s->q.match = s->match;
	if (r != ERR_OK)
		search_free(s);
	return r;
}
