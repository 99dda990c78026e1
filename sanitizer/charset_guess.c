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
#define SAMPLE	8192		/* bytes of 8-bit text that are weighed */

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
	{ "CP866", CYRILLIC, 0x044f, "оеаинтсрвлкмдпуяыьгзб" }
};

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
	return uc >= l->from && uc <= l->to ? 1 : 0;
}

static int
is_latin(ucs4_t uc)
{
	return (uc | 0x20) >= 'a' && (uc | 0x20) <= 'z';
}

/* The weight in hundredths of each non-ASCII character; -1: not this set. */
static int
score(const struct language *l, const uint8_t *s, size_t len)
{
	size_t		 n, bad, i, chars = 0;
	long		 sum = 0;
	ucs4_t		 uc, before = ' ';
	char		*t;

	if ((t = charset_convert(s, len, l->name, &n, &bad)) == NULL)
		return -1;
	for (i = 0; i < n; before = uc) {
		i += (size_t)u8_mbtouc(&uc, (uint8_t *)t + i, n - i);
		/* "caf" and then Cyrillic: an accented letter, read wrongly. */
		if (l->from == CYRILLIC && ((is_latin(uc) && before >= 0x80) ||
		    (is_latin(before) && uc >= 0x80)))
			sum -= 4;
		if (uc < 0x80)
			continue;
		chars++;
		sum += weight(l, uc);
	}
	free(t);
	if (chars == 0 || bad * 20 > chars + 20)
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
	if (said == NULL)
		return best;
	return own >= 0 && best != NULL && most > own + 100 ? best : said;
}
