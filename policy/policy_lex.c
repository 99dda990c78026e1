/*
 * Tokens of a policy file: words, "strings", numbers, dates, marks; # comments.
 * Runs in limpid-policy and limpid-sanitizerd. Input: a file that people edit
 * and review, so what a reviewer cannot see (bidi, zero width) is refused, in
 * comments too. Must never read past the text it was given.
 */
#include "policy_lex.h"

#include <string.h>

#include "err.h"
#include "text.h"

static const struct { const char *word; int token; } keywords[] = {
	{ "policy", POLICY }, { "version", VERSION }, { "limit", LIMIT },
	{ "profile", PROFILE }, { "rule", RULE }, { "severity", SEVERITY },
	{ "owner", OWNER }, { "review-by", REVIEW_BY }, { "when", WHEN },
	{ "then", THEN }, { "convert", CONVERT }, { "stub", STUB },
	{ "default", DEFAULT }, { "else", ELSE }, { "and", AND }, { "or", OR },
	{ "not", NOT }, { "in", IN }, { "ends", ENDS }, { "starts", STARTS },
	{ "contains", CONTAINS },
};

static int
peek_char(const struct policy_parser *pp, size_t ahead)
{
	if (pp->pos + ahead >= pp->len)
		return -1;
	return (unsigned char)pp->text[pp->pos + ahead];
}

static void
step(struct policy_parser *pp)
{
	if (pp->text[pp->pos] == '\n') {
		pp->here.line++;
		pp->here.column = 1;
	} else if (((unsigned char)pp->text[pp->pos] & 0xc0) != 0x80) {
		pp->here.column++;	/* a character, not a byte */
	}
	pp->pos++;
}

/* Refuses what a reader of the file could not see. */
static int
check_visible(struct policy_parser *pp, size_t from, struct policy_place at)
{
	if (text_check(pp->text + from, pp->pos - from, TEXT_BLOCK) == ERR_OK)
		return 1;
	tree_fault(pp, at, "Delete it and type it anew in plain UTF-8",
	    "this holds invisible, control or malformed characters");
	return 0;
}

static int
skip_blank(struct policy_parser *pp)
{
	struct policy_place	at;
	size_t			from;
	int			c;

	while ((c = peek_char(pp, 0)) != -1) {
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
			step(pp);
			continue;
		}
		if (c != '#')
			break;
		at = pp->here;
		from = pp->pos;
		while ((c = peek_char(pp, 0)) != -1 && c != '\n' && c != '\r')
			step(pp);
		if (!check_visible(pp, from, at))
			return 0;
	}
	return 1;
}

static int
lex_string(struct policy_parser *pp, struct policy_value **vp)
{
	struct policy_place	at = pp->here;
	size_t			from;
	int			c;

	step(pp);
	from = pp->pos;
	while ((c = peek_char(pp, 0)) != '"') {
		if (c == -1 || c == '\n') {
			tree_fault(pp, at, "Close it with \" on the same line",
			    "this string has no end");
			return POLICY_YYerror;
		}
		step(pp);
	}
	if (pp->pos - from > POLICY_STRING_MAX) {
		tree_fault(pp, at, NULL, "this string is %zu bytes long; "
		    "%d is the most", pp->pos - from, POLICY_STRING_MAX);
		return POLICY_YYerror;
	}
	if (!check_visible(pp, from, at))
		return POLICY_YYerror;
	*vp = tree_value(pp, POLICY_IS_STRING, pp->text + from,
	    pp->pos - from, at);
	step(pp);
	return STRING;
}

static int
is_word(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

static int
is_date(const char *s, size_t len)
{
	static const char shape[] = "0000-00-00";

	if (len != sizeof(shape) - 1)
		return 0;
	for (size_t i = 0; i < len; i++)
		if (shape[i] == '-' ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return 0;
	return 1;
}

static int
lex_word(struct policy_parser *pp, struct policy_value **vp)
{
	struct policy_place	 at = pp->here;
	const char		*s = pp->text + pp->pos;
	size_t			 len, i;
	enum policy_word	 is = POLICY_IS_WORD;

	while (is_word(peek_char(pp, 0)))
		step(pp);
	len = (size_t)(pp->text + pp->pos - s);
	if (len > POLICY_STRING_MAX) {
		tree_fault(pp, at, NULL, "this word is %zu bytes long; "
		    "%d is the most", len, POLICY_STRING_MAX);
		return POLICY_YYerror;
	}
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strlen(keywords[i].word) == len &&
		    memcmp(keywords[i].word, s, len) == 0)
			return keywords[i].token;
	if (is_date(s, len))
		is = POLICY_IS_DATE;
	else if (*s >= '0' && *s <= '9')
		is = POLICY_IS_NUMBER;
	*vp = tree_value(pp, is, s, len, at);
	return is == POLICY_IS_DATE ? DATE :
	    is == POLICY_IS_NUMBER ? NUMBER : WORD;
}

static int
lex_mark(struct policy_parser *pp)
{
	int	c = peek_char(pp, 0), equals = peek_char(pp, 1) == '=';
	int	token = POLICY_YYerror, two = 0;

	switch (c) {
	case '{': token = OPEN; break;
	case '}': token = CLOSE; break;
	case '(': token = LEFT; break;
	case ')': token = RIGHT; break;
	case ',': token = COMMA; break;
	case '=': token = EQ; two = equals; break;
	case '<': token = equals ? LE : LT; two = equals; break;
	case '>': token = equals ? GE : GT; two = equals; break;
	case '!': token = equals ? NE : POLICY_YYerror; two = equals; break;
	default: break;
	}
	if (token == POLICY_YYerror)
		tree_fault(pp, pp->here, c == '\'' ?
		    "Strings stand in double quotes" : c == '!' ?
		    "Write not, or !=" : c == '&' ? "Write and" :
		    c == '|' ? "Write or" : NULL,
		    c > ' ' && c < 0x7f ? "the character %c has no meaning "
		    "here" : "a character (byte 0x%02x) has no meaning here",
		    (unsigned)c);
	step(pp);
	if (two)
		step(pp);
	return token;
}

int
policy_yylex(union POLICY_YYSTYPE *value, struct policy_place *at,
    struct policy_parser *pp)
{
	struct policy_value	*v = NULL;
	int			 c, token;

	if (pp->no_memory || !skip_blank(pp))
		return POLICY_YYerror;
	*at = pp->here;
	if ((c = peek_char(pp, 0)) == -1)
		return 0;
	if (c == '"')
		token = lex_string(pp, &v);
	else if (is_word(c))
		token = lex_word(pp, &v);
	else
		return lex_mark(pp);
	if (token == STRING)
		value->STRING = v;
	else if (token == NUMBER)
		value->NUMBER = v;
	else if (token == DATE)
		value->DATE = v;
	else if (token == WORD)
		value->WORD = v;
	return pp->no_memory ? POLICY_YYerror : token;
}
