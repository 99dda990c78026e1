/*
 * words_try: a word in the forms in which it may have been typed when the part was
 * locked: other widths, other charsets.
 * Runs in: the workers that open locked parts, in the jail; its tables are made in
 * their warm parents.
 * Hostile input: the words.
 * Must never: make more attempts than it was allowed.
 */
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "charset_private.h"
#include "err.h"
#include "words.h"

#define FORM_MAX	(4 * WORDS_BYTES_MAX)

/* Sets of two bytes, as tables from the pair to the character. */
#define LEAD_FIRST	0x81
#define TRAIL_FIRST	0x40
#define LEADS		(0xff - LEAD_FIRST)
#define TRAILS		(0xff - TRAIL_FIRST)

static struct set {
	const char	*name;
	ucs4_t		 single[0x80];			/* bytes from 0x80 */
	uint16_t	 pair[LEADS][TRAILS];		/* 0: none */
} sets[] = {
	{ .name = "CP932" }, { .name = "CP950" }, { .name = "GB18030" },
	/* not CP949: glibc's own converter of it crashes on the bytes a2 e8 */
	{ .name = "EUC-KR" },
};
#define SETS	(sizeof(sets) / sizeof(sets[0]))

static ucs4_t
character_of(const char *set, const uint8_t *s, size_t len)
{
	size_t	 n = 0, bad = 0;
	ucs4_t	 uc = 0;
	char	*t;

	if ((t = charset_convert(s, len, set, &n, &bad)) == NULL)
		return 0;
	if (bad > 0 || n == 0 ||
	    (size_t)u8_mbtouc(&uc, (uint8_t *)t, n) != n || uc < 0x80)
		uc = 0;
	free(t);
	return uc;
}

int
words_warm(void)
{
	uint8_t	 b[2];
	ucs4_t	 uc;

	for (size_t i = 0; i < SETS; i++)
		for (unsigned lead = 0x80; lead < 0xff; lead++) {
			b[0] = (uint8_t)lead;
			sets[i].single[lead - 0x80] =
			    character_of(sets[i].name, b, 1);
			if (lead < LEAD_FIRST ||
			    sets[i].single[lead - 0x80] != 0)
				continue;
			for (unsigned t = TRAIL_FIRST; t < 0xff; t++) {
				b[1] = (uint8_t)t;
				uc = character_of(sets[i].name, b, 2);
				sets[i].pair[lead - LEAD_FIRST]
				    [t - TRAIL_FIRST] =
				    uc <= 0xffff ? (uint16_t)uc : 0;
			}
		}
	return sets[0].pair['\x88' + 256 - LEAD_FIRST]['\x9f' + 256 -
	    TRAIL_FIRST] == 0x4e9c ? ERR_OK : ERR_NOTFOUND;
}

/* The bytes of one character in a set; 0: it has none. */
static size_t
encode(const struct set *s, ucs4_t uc, char out[2])
{
	if (uc < 0x80) {
		out[0] = (char)uc;
		return 1;
	}
	for (unsigned i = 0; i < 0x80; i++)
		if (s->single[i] == uc) {
			out[0] = (char)(0x80 + i);
			return 1;
		}
	for (unsigned l = 0; l < LEADS; l++)
		for (unsigned t = 0; t < TRAILS; t++)
			if (uc <= 0xffff && s->pair[l][t] == uc) {
				out[0] = (char)(LEAD_FIRST + l);
				out[1] = (char)(TRAIL_FIRST + t);
				return 2;
			}
	return 0;
}

/* The word's bytes in a set; 0 when it cannot be written in it. */
static int
form_in_set(const struct set *s, const char *word, char *out)
{
	size_t	 len = strlen(word), at = 0, n = 0, k;
	ucs4_t	 uc;

	while (at < len) {
		at += (size_t)u8_mbtouc(&uc, (const uint8_t *)word + at,
		    len - at);
		if ((k = encode(s, uc, out + n)) == 0)
			return 0;
		n += k;
	}
	out[n] = '\0';
	return 1;
}

/* Full width to half, or half to full; 0 when that changes nothing. */
static int
form_in_width(const char *word, int full, char *out)
{
	size_t	 len = strlen(word), at = 0, n = 0;
	int	 changed = 0, k;
	ucs4_t	 uc, to;

	while (at < len) {
		at += (size_t)u8_mbtouc(&uc, (const uint8_t *)word + at,
		    len - at);
		to = uc;
		if (full && uc > 0x20 && uc < 0x7f)
			to = uc - 0x21 + 0xff01;
		else if (!full && uc >= 0xff01 && uc <= 0xff5e)
			to = uc - 0xff01 + 0x21;
		else if (uc == (full ? 0x20 : 0x3000))
			to = full ? 0x3000 : 0x20;
		changed |= to != uc;
		if ((k = u8_uctomb((uint8_t *)out + n, to, (int)(FORM_MAX -
		    n))) < 0)
			return 0;
		n += (size_t)k;
	}
	out[n] = '\0';
	return changed;
}

struct trying {
	unsigned	 left, line;
	words_attempt	*attempt;
	void		*arg;
};

static int
try_form(struct trying *t, const char *form)
{
	if (t->left == 0)
		return 0;
	t->left--;
	return t->attempt(t->arg, form, t->line);
}

static int
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return 0;
	return 1;
}

/* All byte forms of it. */
static int
try_bytes(struct trying *t, const char *word)
{
	char	 out[FORM_MAX + 8];

	if (is_plain(word))
		return 0;
	for (size_t i = 0; i < SETS; i++)
		if (form_in_set(&sets[i], word, out) && try_form(t, out))
			return 1;
	return 0;
}

/* The likely forms of all words come before the odd ones of any. */
enum round { ROUND_PLAIN, ROUND_BYTES, ROUND_FULL, ROUND_FULL_BYTES,
    ROUND_COUNT };

static int
try_word(struct trying *t, const char *word, enum round round)
{
	char	 wide[FORM_MAX + 8];

	switch (round) {
	case ROUND_PLAIN:
		return try_form(t, word) || (form_in_width(word, 0, wide) &&
		    try_form(t, wide));
	case ROUND_BYTES:
		return try_bytes(t, word);
	case ROUND_FULL:
		return form_in_width(word, 1, wide) && try_form(t, wide);
	case ROUND_FULL_BYTES:
		return form_in_width(word, 1, wide) && try_bytes(t, wide);
	case ROUND_COUNT:
		break;
	}
	return 0;
}

/* The next line, "" where it is no word; NULL at the end. */
static const char *
line_take(const char **at, char word[WORDS_BYTES_MAX + 1])
{
	size_t	 len = strcspn(*at, "\n");

	if (**at == '\0')
		return NULL;
	word[0] = '\0';
	if (len <= WORDS_BYTES_MAX &&
	    u8_check((const uint8_t *)*at, len) == NULL) {
		memcpy(word, *at, len);
		word[len] = '\0';
	}
	*at += len;
	*at += **at == '\n';
	return word;
}

int
words_try(const char *list, unsigned most, int bytes,
    words_attempt *attempt, void *arg)
{
	struct trying	 t = { most, 0, attempt, arg };
	char		 word[WORDS_BYTES_MAX + 1];
	const char	*at;

	for (int round = 0; round < ROUND_COUNT && t.left > 0; round++) {
		if (!bytes && (round == ROUND_BYTES ||
		    round == ROUND_FULL_BYTES))
			continue;
		at = list;
		for (t.line = 0; t.left > 0 && line_take(&at, word) != NULL;
		    t.line++)
			if (word[0] != '\0' && try_word(&t, word,
			    (enum round)round))
				return (int)t.line;
	}
	return -1;
}
