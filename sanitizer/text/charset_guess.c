/*
 * charset_guess: what a text is in, from its bytes.
 * Runs in: worker-mime, -text and -html, in the jail.
 * Hostile input: the text; a wrong guess shows wrong characters and nothing worse.
 * Must never: look at more than a sample where work grows with the text.
 */
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "charset_private.h"

#define CYRILLIC 0x0430
#define GREEK	0x0386
#define HEBREW	0x05d0
#define ARABIC	0x0621
#define THAI	0x0e01
#define LATIN	0x00c0
#define SAMPLE	8192		/* bytes of 8-bit text that are weighed */
#define LETTERS_MIN 3

const char *
charset_guess_wide(const uint8_t *s, size_t len, size_t *skip)
{
	size_t	 i, n, even = 0, odd = 0;

	*skip = 3;
	if (len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 &&
	    charset_is_utf8(s + 3, len - 3, &n))
		return "UTF-8";
	*skip = 4;
	if (len >= 4 && memcmp(s, "\xff\xfe\0\0", 4) == 0)
		return "UTF-32LE";
	if (len >= 4 && memcmp(s, "\0\0\xfe\xff", 4) == 0)
		return "UTF-32BE";
	*skip = 2;
	if (len >= 2 && memcmp(s, "\xff\xfe", 2) == 0)
		return "UTF-16LE";
	if (len >= 2 && memcmp(s, "\xfe\xff", 2) == 0)
		return "UTF-16BE";
	*skip = 0;
	if (len < 8)
		return NULL;
	n = (len < SAMPLE ? len : SAMPLE) & ~(size_t)1;
	for (i = 0; i < n; i += 2) {
		even += s[i] == 0;
		odd += s[i + 1] == 0;
	}
	if (odd * 2 > n / 2 && even * 10 < odd)
		return "UTF-16LE";
	if (even * 2 > n / 2 && odd * 10 < even)
		return "UTF-16BE";
	return NULL;
}

int
charset_is_hz(const uint8_t *s, size_t len)
{
	const uint8_t	*p = s, *end = s + len, *open;
	int		 found = 0;

	while ((open = memmem(p, (size_t)(end - p), "~{", 2)) != NULL) {
		for (p = open + 2; end - p >= 2 && p[0] >= 0x21 &&
		    p[0] <= 0x77 && p[1] >= 0x21 && p[1] <= 0x7e; p += 2)
			;
		if (p == open + 2 || end - p < 2 || memcmp(p, "~}", 2) != 0)
			return 0;
		found = 1;
	}
	return found;
}

const char *
charset_guess_escapes(const uint8_t *s, size_t len)
{
	const uint8_t	*p = s, *end = s + len;

	if (memchr(s, 0x1b, len) == NULL)
		return NULL;
	for (; (p = memchr(p, 0x1b, (size_t)(end - p))) != NULL; p++) {
		if (end - p < 3)
			return NULL;
		if (p[1] == '$' && p[2] == ')' && end - p > 3)
			return p[3] == 'C' ? "ISO-2022-KR" : "ISO-2022-CN-EXT";
		if (p[1] == '$' && (p[2] == '@' || p[2] == 'B' ||
		    (p[2] == '(' && end - p > 3 && p[3] == 'D')))
			return "ISO-2022-JP-2";
		if (p[1] == '$' && p[2] == '(')
			return "ISO-2022-JP-3";
	}
	return NULL;
}

int
charset_is_utf8(const uint8_t *s, size_t len, size_t *multi)
{
	size_t	 i;

	if (u8_check(s, len) != NULL)
		return 0;
	*multi = 0;
	for (i = 0; i < len; i++)
		*multi += s[i] >= 0xc0;
	return 1;
}

int
charset_is_cut_utf8(const uint8_t *s, size_t len)
{
	size_t	 i, k, multi = 0, bad = 0;
	ucs4_t	 uc;

	if (len > SAMPLE)
		len = SAMPLE;
	for (i = 0; i < len; i += k) {
		k = (size_t)u8_mbtouc(&uc, s + i, len - i);
		multi += k > 1 && uc != 0xfffd;
		bad += uc == 0xfffd;
	}
	return multi >= 4 && bad * 8 <= multi;
}

/* For each candidate, the characters its readers write most. */
static const struct language {
	const char	*name;
	ucs4_t		 from, to;	/* the script as a whole, half weight */
	const char	*common;
} languages[] = {
	{ "CP932", 0x3041, 0x30fc,
	  "のにはをたがでてとしれさいるもかなこりまあうらすっんくきつけ"
	  "日本人年月大一会社様、。ー" },
	{ "EUC-JP-MS", 0x3041, 0x30fc,
	  "のにはをたがでてとしれさいるもかなこりまあうらすっんくきつけ"
	  "日本人年月大一会社様、。ー" },
	{ "GB18030", 0, 0,
	  "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得"
	  "就那要下以生会自着去之过家学对可里后小么心多天而能好都然没日于起"
	  "，。、：！？您请公司发件电话" },
	{ "BIG5-HKSCS", 0, 0,
	  "的一是不了在人有我他這中大來上國個到說們為子和你地出道也時年得"
	  "就那要下以生會自著去之過家學對可里後小麼心多天而能好都然沒日於起"
	  "，。、：！？您請公司發件電話" },
	{ "CP949", 0xac00, 0xd7a3,
	  "이다의는에을를가고하지로기사은한도자리인니서시어해일그나정수안"
	  "대습녕세요합장보내" },
	{ "CP1251", CYRILLIC, 0x044f, "оеаинтсрвлкмдпуяыьгзб" },
	{ "KOI8-R", CYRILLIC, 0x044f, "оеаинтсрвлкмдпуяыьгзб" },
	{ "CP866", CYRILLIC, 0x044f, "оеаинтсрвлкмдпуяыьгзб" },
	{ "ISO-8859-5", CYRILLIC, 0x044f, "оеаинтсрвлкмдпуяыьгзб" },
	{ "KOI8-U", CYRILLIC, 0x044f, "оеаинтсрвлкмдпуяыьгзбіїє" },
	{ "CP1253", GREEK, 0x03ce, "αοιετσνηρκπμλςυδγωθφχάέήίόύώ" },
	{ "CP1255", HEBREW, 0x05ea, "יוהלארתמבשנעדקחםפט" },
	{ "CP1256", ARABIC, 0x06ff, "اليمونرتبةعدسفهكحقأجى،" },
	{ "CP874", THAI, 0x0e5b, "านรอกเงมยลวดทสะคแไ่้ิีัุ" },
	{ "CP1252", LATIN, 0x0178, "äöüßéèàçñóáíúêâôûîëïùìòãõåæøœ" },
	{ "CP1254", LATIN, 0x0178, "ığşİöüçÖÜÇŞâ" },
	{ "CP1250", LATIN, 0x0178, "ąćęłńóśźżŁŚŻ" },
	{ "ISO-8859-2", LATIN, 0x0178, "ąćęłńóśźżŁŚŻ" },
	{ "CP1250", LATIN, 0x0178, "áčďéěíňóřšťúůýžČŘŠŽ" },
	{ "ISO-8859-2", LATIN, 0x0178, "áčďéěíňóřšťúůýžČŘŠŽ" },
	{ "CP1250", LATIN, 0x0178, "áéíóöőúüű" },
	{ "CP1250", LATIN, 0x0178, "ăâîşţ" },
	{ "CP1252", LATIN, 0x0178, "áðéíóúýþæöÞÁÍÓ" }
};

/* Scripts of letters that stand in words of their own. */
static int
is_alphabet(const struct language *l)
{
	return l->from == CYRILLIC || l->from == GREEK || l->from == HEBREW ||
	    l->from == ARABIC || l->from == THAI;
}

/* A capital in the middle of a word is none: the text is in another set. */
static int
is_capital(const struct language *l, ucs4_t uc)
{
	if (l->from == CYRILLIC)
		return uc >= 0x0410 && uc <= 0x042f;
	return l->from == GREEK && uc >= 0x0391 && uc <= 0x03ab;
}

/* A vowel or tone of Thai stands over a letter, and that one in a word. */
static int
is_stray(const struct language *l, ucs4_t uc, ucs4_t before)
{
	return l->from == THAI && (uc == 0x0e31 || (uc >= 0x0e34 &&
	    uc <= 0x0e3a) || (uc >= 0x0e47 && uc <= 0x0e4e)) &&
	    !(before >= THAI && before <= 0x0e2e) &&
	    !(before >= 0x0e31 && before <= 0x0e4d);
}

/* Marks of Latin text that say nothing of its language. */
static int
is_mark(const struct language *l, ucs4_t uc)
{
	return l->from == LATIN && ((uc >= 0x2010 && uc <= 0x20ac) ||
	    uc == 0xa0 || uc == 0xa7 || uc == 0xab || uc == 0xb0 || uc == 0xbb);
}

/* Weight of one character in a language: 4 common, 1 script, 0 other. */
static int
weight(const struct language *l, ucs4_t uc)
{
	if (u8_strchr((const uint8_t *)l->common, uc) != NULL)
		return 4;
	if (uc >= 0xff61 && uc <= 0xff9f)
		return -2;		/* half-width katakana: mostly chance */
	if (uc >= 0xe000 && uc <= 0xf8ff)
		return -4;		/* private use */
	if (l->from == LATIN)
		return -2;		/* not of this language */
	return uc >= l->from && uc <= l->to ? 1 : 0;
}

static int
is_latin(ucs4_t uc)
{
	return (uc | 0x20) >= 'a' && (uc | 0x20) <= 'z';
}

/* Which of a language's letters this is, as a bit; 0: none. */
static uint64_t
letter_bit(const struct language *l, ucs4_t uc)
{
	const uint8_t	*at = u8_strchr((const uint8_t *)l->common, uc);

	return at == NULL ? 0 : UINT64_C(1) <<
	    ((size_t)(at - (const uint8_t *)l->common) & 63);
}

/* One "m³" makes no Pole, and "20 °C" no Thai: alphabets need some letters that are
 * different, and a lone character of a large set must be a common one. */
static int
is_enough(const struct language *l, uint64_t letters, size_t chars)
{
	unsigned	 n = 0;

	if (l->from == LATIN && strcmp(l->name, "CP1252") == 0)
		return 1;
	for (; letters != 0; letters &= letters - 1)
		n++;
	if (l->from != LATIN && !is_alphabet(l))
		return chars > 1 || n > 0;
	return n >= (l->from == CYRILLIC ? LETTERS_MIN - 1 : LETTERS_MIN);
}

/* The weight in hundredths of each non-ASCII character; -1: not this set. */
static int
score(const struct language *l, const uint8_t *s, size_t len)
{
	size_t		 n, bad, i, chars = 0;
	long		 sum = 0;
	uint64_t	 letters = 0;
	ucs4_t		 uc, before = ' ';
	char		*t;

	if ((t = charset_convert(s, len, l->name, &n, &bad)) == NULL)
		return -1;
	for (i = 0, uc = ' '; i < n; before = uc) {
		i += (size_t)u8_mbtouc(&uc, (uint8_t *)t + i, n - i);
		/* "caf" and then Cyrillic: an accented letter, read wrongly. */
		if (is_alphabet(l) && ((is_latin(uc) && before >= 0x80) ||
		    (is_latin(before) && uc >= 0x80)))
			sum -= 4;
		if (uc < 0x80 || is_mark(l, uc))
			continue;
		chars++;
		letters |= letter_bit(l, uc);
		if ((is_capital(l, uc) && before >= l->from + 0x20) ||
		    is_stray(l, uc, before))
			sum -= 8;
		/* accented letters stand among plain ones */
		else if (l->from == LATIN && before >= 0x80)
			sum += weight(l, uc) / 4;
		else
			sum += weight(l, uc);
	}
	free(t);
	if (chars == 0 || bad * 20 > chars + 20 || (bad > 0 && is_alphabet(l)) ||
	    !is_enough(l, letters, chars))
		return -1;
	return sum < 0 ? 0 : (int)(sum * 100 / (long)chars);
}

int
charset_guess_score(const uint8_t *s, size_t len, const char *name)
{
	size_t	 i;

	for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++)
		if (strcmp(languages[i].name, name) == 0)
			return score(&languages[i], s, len < SAMPLE ? len :
			    SAMPLE);
	return -1;
}

const char *
charset_guess_language(const uint8_t *s, size_t len, const char *said)
{
	const char	*best = NULL;
	int		 most = 60, n, own = -1;
	size_t		 i;

	if (len > SAMPLE)
		len = SAMPLE;
	for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		n = score(&languages[i], s, len);
		if (said != NULL && strcmp(languages[i].name, said) == 0)
			own = n;
		if (n > most) {
			most = n;
			best = languages[i].name;
		}
	}
	/* what stands out from nothing else is that anyway */
	if (best != NULL && strcmp(best, "CP1252") == 0)
		best = NULL;
	if (said == NULL)
		return best;
	return own >= 0 && best != NULL && most > own + 100 ? best : said;
}
