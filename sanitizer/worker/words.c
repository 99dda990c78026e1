/*
 * words: which words of a text may be a password.
 * Runs in: every worker that sends text or a subject, in the jail.
 * Hostile input: the text.
 * Must never: take longer than the text is long times the number of hints, or find
 * more than WORDS_PART_MAX words.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "words.h"

#define SHORT_TEXT	400	/* bytes: a mail that may be nothing but a word */
#define SHORT_WORDS	16	/* of such a one */
#define NEXT_LINES	3	/* after a hint with nothing behind it */
#define LINE_TOKENS	8	/* of a line with a hint */
#define RUN_LEAST	3	/* bytes: letters of ours within other writing */
#define HINTS_MOST	64	/* of one text */
#define BEHIND_MOST	256	/* bytes of a line that are looked at, each side */

/* Latin ones in lower case; the others as they are. */
static const char *const hints[] = {
	"password", "passwort", "passwd", "passcode", "passphrase", "pass code",
	"pass word", "pass phrase", "pass", "pwd", "pw", "pin", "kennwort",
	"mot de passe", "mdp", "contrase\u00f1a", "contrasena", "clave",
	"senha", "palavra-passe", "parola", "wachtwoord", "has\u0142o", "heslo",
	"l\u00f6senord", "adgangskode", "passord", "salasana", "\u015fifre",
	"\u0430\u0440\u043e\u043b\u044c", "\u0430\u0440\u043e\u043b\u0435\u043c",
	"\u03ba\u03c9\u03b4\u03b9\u03ba", "m\u1eadt kh\u1ea9u", "kata sandi",
	"\u0e23\u0e2b\u0e31\u0e2a\u0e1c\u0e48\u0e32\u0e19",
	"\u0643\u0644\u0645\u0629 \u0627\u0644\u0645\u0631\u0648\u0631",
	"\u0643\u0644\u0645\u0629 \u0627\u0644\u0633\u0631",
	"\u05e1\u05d9\u05e1\u05de\u05d4",
	"密碼", "密码", "口令", "通關碼", "解壓碼", "解压码", "提取碼", "提取码",
	"パスワード", "ﾊﾟｽﾜｰﾄﾞ", "パスコード", "パスフレーズ", "暗証番号", "暗号",
	"合言葉", "ＰＷ", "ｐｗ", "Ｐａｓｓｗｏｒｄ", "ｐａｓｓｗｏｒｄ", "ＰＡＳＳＷＯＲＤ",
	"비밀번호", "암호", "패스워드", "비번",
};
#define HINTS	(sizeof(hints) / sizeof(hints[0]))

/* Between a hint and its word; longer ones first. */
static const char *const joints[] = {
	" ", "\t", "\u00a0", "\u3000", ":", "：", "=", "＝", "->", "→", "-", "–",
	"—", "|", "*", "#", "is ", "are ", "was ", "ist ", "lautet ", "est ",
	"es ", "é ", "è ", "jest ", "為", "为", "是", "は、", "は", "が", "即",
	"如下", "入力", "은 ", "는 ",
};

/* Stand before the word, anywhere behind a hint. */
static const char *const verbs[] = {
	": ", "：", " is ", " are ", " ist ", " lautet ", " est ", " es ", " jest ",
};

/* Ends a token, besides white space. */
static const char *const breaks[] = {
	"。", "，", "、", "；", "！", "？", "（", "）", "「", "」", "『", "』",
	"【", "】", "《", "》", "“", "”", "‘", "’", "«", "»", "：", "\u3000",
	"\u00a0",
};

/* What opens and closes a quotation. */
static const struct { const char *open, *close; } quotes[] = {
	{ "\"", "\"" }, { "'", "'" }, { "`", "`" }, { "“", "”" }, { "„", "“" },
	{ "‘", "’" }, { "«", "»" }, { "「", "」" }, { "『", "』" },
	{ "【", "】" }, { "《", "》" }, { "（", "）" }, { "[", "]" },
	{ "(", ")" }, { "<", ">" }, { "{", "}" },
};

struct search {
	words_found	*found;
	void		*arg;
	char		*seen[WORDS_PART_MAX];
	size_t		 count;
	unsigned	 hints;
	int		 strong;	/* only what stands right at a hint */
	int		 over;
	char		 begins[256];	/* 1: a hint begins with this byte */
};

struct span {
	const char	*s;
	size_t		 len;
};

static int
starts(struct span t, const char *with, size_t *n)
{
	*n = strlen(with);
	return t.len >= *n && memcmp(t.s, with, *n) == 0;
}

static struct span
skip(struct span t, size_t n)
{
	return (struct span){ t.s + n, t.len - n };
}

static int
is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span
trim(struct span t)
{
	while (t.len > 0 && is_white(t.s[0]))
		t = skip(t, 1);
	while (t.len > 0 && is_white(t.s[t.len - 1]))
		t.len--;
	return t;
}

static struct span
short_of(struct span t)
{
	if (t.len > BEHIND_MOST)
		t.len = BEHIND_MOST;
	return t;
}

static int
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void
emit(struct search *q, struct span t)
{
	char	*word;

	t = trim(t);
	if (q->over || t.len == 0 || t.len > WORDS_BYTES_MAX)
		return;
	for (size_t i = 0; i < q->count; i++)
		if (strlen(q->seen[i]) == t.len &&
		    memcmp(q->seen[i], t.s, t.len) == 0)
			return;
	if ((word = strndup(t.s, t.len)) == NULL) {
		q->over = 1;
		return;
	}
	q->seen[q->count++] = word;
	q->over = !q->found(q->arg, word) || q->count == WORDS_PART_MAX;
}

/* Without what a sentence puts around a word. */
static struct span
bare(struct span t)
{
	while (t.len > 1 && strchr("\"'`(<[{*", t.s[0]) != NULL)
		t = skip(t, 1);
	while (t.len > 1 && strchr("\"'`)>]}.,;:!?*", t.s[t.len - 1]) != NULL)
		t.len--;
	return t;
}

/* "sakura24です": the run of plain characters within other writing. */
static void
emit_runs(struct search *q, struct span t)
{
	size_t	 i, from = 0;

	for (i = 0; i <= t.len; i++) {
		if (i < t.len && (unsigned char)t.s[i] > ' ' &&
		    (unsigned char)t.s[i] < 0x7f)
			continue;
		if (i - from >= RUN_LEAST && i - from < t.len)
			emit(q, bare((struct span){ t.s + from, i - from }));
		from = i + 1;
	}
}

static void
emit_token(struct search *q, struct span t)
{
	emit(q, t);
	emit(q, bare(t));
	emit_runs(q, t);
}

/* The next token of *rest, which is moved behind it; 0: there is none. */
static int
token_next(struct span *rest, struct span *token)
{
	size_t	 i, n, at = 0;

	*rest = trim(*rest);
	for (; at < rest->len && !is_white(rest->s[at]); at++) {
		for (i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++)
			if (starts(skip(*rest, at), breaks[i], &n))
				break;
		if (i == sizeof(breaks) / sizeof(breaks[0]))
			continue;
		if (at > 0)
			break;
		*rest = trim(skip(*rest, n));
		at = (size_t)-1;
	}
	*token = (struct span){ rest->s, at };
	*rest = skip(*rest, at);
	return at > 0;
}

/* A digit, a sign, or a capital inside: no word of a sentence. */
static int
is_odd(struct span t)
{
	t = bare(t);
	for (size_t i = 0; i < t.len; i++)
		if ((i > 0 && t.s[i] >= 'A' && t.s[i] <= 'Z') ||
		    ((unsigned char)t.s[i] < 0x80 && !is_letter(t.s[i]) &&
		    t.s[i] != '-' && t.s[i] != '\''))
			return 1;
	return 0;
}

/* "of", "the", "is" */
static int
is_filler(struct span t)
{
	if (t.len > 3)
		return 0;
	for (size_t i = 0; i < t.len; i++)
		if (t.s[i] < 'a' || t.s[i] > 'z')
			return 0;
	return 1;
}

static void
emit_quoted(struct search *q, struct span t)
{
	const char	*end;
	size_t		 i, at, n;

	for (at = 0; at < t.len; at++)
		for (i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
			if (!starts(skip(t, at), quotes[i].open, &n) ||
			    at + n >= t.len)
				continue;
			end = memmem(t.s + at + n, t.len - at - n,
			    quotes[i].close, strlen(quotes[i].close));
			if (end != NULL)
				emit(q, (struct span){ t.s + at + n,
				    (size_t)(end - t.s) - at - n });
		}
}

static void
emit_tokens(struct search *q, struct span t, int odd_only, unsigned most)
{
	struct span	 token;

	while (most > 0 && token_next(&t, &token))
		if (odd_only ? is_odd(token) : !is_filler(token)) {
			emit_token(q, token);
			most--;
		}
}

/* Behind "is", ":" and the like; *moved when there was one. */
static struct span
behind_joints(struct span t, int *moved)
{
	size_t	 i, n;

	*moved = 0;
	for (i = 0; i < sizeof(joints) / sizeof(joints[0]); i++)
		if (starts(t, joints[i], &n)) {
			*moved |= !is_white(joints[i][0]);
			t = skip(t, n);
			i = (size_t)-1;
		}
	return trim(t);
}

/* "password for the file: x", "das Passwort der Datei lautet x" */
static void
emit_after_verbs(struct search *q, struct span rest)
{
	const char	*at;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if ((at = memmem(rest.s, rest.len, verbs[i],
		    strlen(verbs[i]))) != NULL)
			emit_tokens(q, skip(rest, (size_t)(at - rest.s) +
			    strlen(verbs[i])), 0, 1);
}

/* What follows a hint on its line: the word, or a sentence that ends in it. */
static void
emit_behind(struct search *q, struct span rest)
{
	struct span	 t, token, all;
	int		 moved;

	t = behind_joints(rest, &moved);
	all = t;
	emit_quoted(q, t);
	if (moved || !q->strong) {
		if (token_next(&t, &token))
			emit_token(q, token);
		emit(q, all);
		emit(q, bare(all));
	}
	emit_after_verbs(q, rest);
	if (q->strong)
		return;
	emit_tokens(q, all, 1, LINE_TOKENS);
	emit_tokens(q, all, 0, LINE_TOKENS);
}

static struct span
line_next(struct span *rest)
{
	const char	*end = memchr(rest->s, '\n', rest->len);
	struct span	 line = *rest;

	if (end != NULL)
		line.len = (size_t)(end - rest->s);
	*rest = skip(*rest, line.len + (end != NULL));
	return line;
}

/* Nothing behind it: its word stands on the next lines. */
static void
emit_below(struct search *q, struct span below)
{
	struct span	 line;
	unsigned	 n = 0;

	while (n < NEXT_LINES && below.len > 0) {
		line = short_of(trim(line_next(&below)));
		if (line.len == 0)
			continue;
		n++;
		emit_quoted(q, line);
		emit(q, line);
		emit(q, bare(line));
		emit_tokens(q, line, 0, 2);
	}
}

/* The hint that begins here, 0 none; `before` is the byte before it. */
static size_t
hint_at(struct span t, char before)
{
	size_t	 n, best = 0;

	for (size_t i = 0; i < HINTS; i++) {
		n = strlen(hints[i]);
		if (n <= best || n > t.len ||
		    strncasecmp(t.s, hints[i], n) != 0)
			continue;
		/* "pin" is no part of "shopping", nor "pass" of "passage" */
		if (is_letter(hints[i][0]) && (is_letter(before) ||
		    (n <= 4 && n < t.len && is_letter(t.s[n]))))
			continue;
		best = n;
	}
	return best;
}

static void
look_at_line(struct search *q, struct span line, struct span below)
{
	struct span	 rest;
	size_t		 at, n, first = 0;
	int		 hinted = 0, moved;

	for (at = 0; at < line.len && !q->over && q->hints < HINTS_MOST; at++) {
		if (!q->begins[(unsigned char)line.s[at]])
			continue;
		n = hint_at(skip(line, at), at > 0 ? line.s[at - 1] : ' ');
		if (n == 0)
			continue;
		if (!hinted++)
			first = at;
		q->hints++;
		rest = short_of(skip(line, at + n));
		emit_behind(q, rest);
		if (behind_joints(rest, &moved).len == 0 ||
		    (moved && !q->strong))
			emit_below(q, below);
		at += n - 1;
	}
	if (!hinted || q->strong)
		return;
	/* "sesame7 is the password" */
	line.len = first;
	if (first > BEHIND_MOST)
		line = skip(line, first - BEHIND_MOST);
	emit_quoted(q, line);
	emit_tokens(q, line, 1, LINE_TOKENS);
	emit_tokens(q, line, 0, 2);
}

/* A mail that says nothing else. */
static void
look_at_short(struct search *q, struct span text)
{
	struct span	 all = text, line, rest, token;
	size_t		 before = q->count;

	while (all.len > 0 && q->count < before + SHORT_WORDS) {
		line = rest = trim(line_next(&all));
		if (token_next(&rest, &token) && rest.len == 0)
			emit_token(q, line);
	}
	while (text.len > 0 && q->count < before + SHORT_WORDS) {
		line = trim(line_next(&text));
		emit_tokens(q, line, 1, LINE_TOKENS);
	}
}

/* What links_defang_text did, undone: a password may look like an address. */
static char *
undo(const char *s, size_t len, size_t *outlen)
{
	char	*out = malloc(len + 1);
	size_t	 i, n = 0;

	for (i = 0; out != NULL && i < len; i++) {
		if (i + 2 < len && s[i] == '[' && s[i + 2] == ']' &&
		    s[i + 1] != '\0' && strchr(".:@", s[i + 1]) != NULL) {
			out[n++] = s[i + 1];
			i += 2;
		} else
			out[n++] = s[i];
	}
	*outlen = n;
	return out;
}

static void
look_at(struct search *q, struct span text)
{
	struct span	 rest, line;

	for (q->strong = 1; q->strong >= 0; q->strong--) {
		q->hints = 0;
		for (rest = text; rest.len > 0 && !q->over;) {
			line = line_next(&rest);
			look_at_line(q, line, rest);
		}
	}
	q->strong = 0;
	text = trim(text);
	if (text.len <= SHORT_TEXT)
		look_at_short(q, text);
}

void
words_find(const char *utf8, size_t len, words_found *found, void *arg)
{
	struct search	 q = { .found = found, .arg = arg };
	char		*plain;
	size_t		 n;

	if (len > WORDS_TEXT_MAX)
		len = WORDS_TEXT_MAX;
	if ((plain = undo(utf8, len, &n)) == NULL)
		return;
	for (size_t i = 0; i < HINTS; i++) {
		q.begins[(unsigned char)hints[i][0]] = 1;
		if (is_letter(hints[i][0]))
			q.begins[(unsigned char)hints[i][0] - 32] = 1;
	}
	look_at(&q, (struct span){ plain, n });
	if (n != len)
		look_at(&q, (struct span){ utf8, len });
	while (q.count > 0)
		free(q.seen[--q.count]);
	free(plain);
}
