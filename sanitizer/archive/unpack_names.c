/*
 * unpack_names: which charset the names of an archive are in, and how they are shown.
 * Runs in: worker-archive, in the jail.
 * Hostile input: names of members. A wrong guess shows wrong characters and nothing
 * worse.
 * Must never: give a name that leads anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "charset.h"
#include "charset_private.h"
#include "strbuf.h"
#include "text.h"
#include "unpack_private.h"

#define SHOWN_MAX	110	/* bytes of folders and name; text_file_name cuts at 120 */
#define RAW_MAX		8192	/* bytes of a raw name that are looked at */
#define INSIDE		" \xe2\x80\xba "
#define INSIDE_LEN	5
#define ENOUGH		200	/* of 1200: a guess that is worth more than Latin */
#define KOREAN		150

static size_t
raw_length(const char *raw)
{
	return strnlen(raw, RAW_MAX);
}

int
unpack_name_is_plain(const char *raw)
{
	size_t	 multi;

	return charset_is_utf8((const uint8_t *)raw, raw_length(raw), &multi);
}

int
unpack_names_learn(struct unpack_names *n, const char *raw)
{
	size_t	 len = raw_length(raw);

	if (unpack_name_is_plain(raw))
		return 1;
	if (len + 1 > sizeof(n->sample) - n->len)
		return 0;
	memcpy(n->sample + n->len, raw, len);
	n->len += len;
	n->sample[n->len++] = '\n';
	return 1;
}

/*
 * Names are short and mostly without the small words by which texts are told apart.
 * But the common characters stand together in each set of pairs: its rows tell.
 */
struct pairs {
	const char	*name;
	uint8_t		 lead[2], lead2[2];	/* first bytes of pairs */
	uint8_t		 trail;			/* least second byte */
	uint8_t		 common[2];		/* rows of common characters */
	uint8_t		 script[2];		/* rows of kana or hangul */
	uint8_t		 single[2];		/* half-width katakana */
	const char	*words;			/* of which offices make names */
};

static const struct pairs pairs[] = {
	{ "CP932", { 0x81, 0x9f }, { 0xe0, 0xfc }, 0x40, { 0x88, 0x97 },
	    { 0x82, 0x83 }, { 0xa1, 0xdf },
	    "見積請求書契約納品会議資料事録報告申案内通知類添付写真覧表計画提仕様最終版"
	    "修正第回説明規程名簿予算注文領収確認用新旧" },
	{ "BIG5-HKSCS", { 0xa1, 0xf9 }, { 1, 0 }, 0x40, { 0xa4, 0xc6 },
	    { 1, 0 }, { 1, 0 },
	    "報價單合約發票附件會議紀錄通知申請表格材料資文說明書計畫總結方案專管理數據"
	    "訊部門員工薪名證審核圖片照壓縮檔最終版新增修改監測圖" },
	{ "GB18030", { 0xa1, 0xf7 }, { 0x81, 0xa0 }, 0x40, { 0xb0, 0xd7 },
	    { 1, 0 }, { 1, 0 },
	    "报价单合同发票附件会议纪要通知申请表格材料资文档说明书计划总结方案项目管理数据"
	    "信息部门员工工资名证审批图片照压缩最终版新建修改" },
	{ "CP949", { 0xa1, 0xfd }, { 1, 0 }, 0xa1, { 0xb0, 0xc8 },
	    { 0xb0, 0xc8 }, { 1, 0 },
	    "견적서계약보고회의자료첨부파일안내신청통지문서최종수정사진명단예산" },
	{ "EUC-JP-MS", { 0xa1, 0xfc }, { 1, 0 }, 0xa1, { 0xb0, 0xcf },
	    { 0xa4, 0xa5 }, { 1, 0 },
	    "見積請求書契約納品会議資料事録報告申案内通知類添付写真覧表計画提仕様最終版"
	    "修正第回説明規程名簿予算注文領収確認用新旧" },
};
#define PAIRS	(sizeof(pairs) / sizeof(pairs[0]))

static int
in_rows(uint8_t c, const uint8_t rows[2])
{
	return c >= rows[0] && c <= rows[1];
}

static int
is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static int
pair_weight(const struct pairs *p, const uint8_t *s, uint8_t before)
{
	/* "K", two bytes, "ln": an accented letter and the one after it. */
	if (is_letter(s[1]) && is_letter(before))
		return -4;
	/* Second bytes below 0xa1 are rare in names of mainland China. */
	if (s[1] < 0xa1 && strcmp(p->name, "GB18030") == 0)
		return -1;
	return in_rows(s[0], p->common) || in_rows(s[0], p->script) ? 4 : 0;
}

/* 0 to 400, or -1: not in this set. */
static int
pairs_score(const struct pairs *p, const uint8_t *s, size_t len)
{
	long	 sum = 0, chars = 0;
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (s[i] < 0x80)
			continue;
		chars++;
		if (in_rows(s[i], p->single)) {
			sum--;
		} else if (i + 1 < len && s[i + 1] >= p->trail &&
		    s[i + 1] != 0x7f && (in_rows(s[i], p->lead) ||
		    in_rows(s[i], p->lead2))) {
			sum += pair_weight(p, s + i, i > 0 ? s[i - 1] : 0);
			i++;
		} else
			return -1;
	}
	return chars == 0 || sum < 0 ? 0 : (int)(sum * 100 / chars);
}

/* 0 to 400: how many characters are of the words that offices name files with. */
static int
words_score(const struct pairs *p, const uint8_t *s, size_t len)
{
	size_t	 n, bad, i, chars = 0, known = 0;
	ucs4_t	 uc;
	char	*t;

	if ((t = charset_convert(s, len, p->name, &n, &bad)) == NULL)
		return 0;
	for (i = 0; i < n;) {
		i += (size_t)u8_mbtouc(&uc, (uint8_t *)t + i, n - i);
		chars += uc >= 0x80;
		known += uc >= 0x80 && u8_strchr((const uint8_t *)p->words,
		    uc) != NULL;
	}
	free(t);
	return chars == 0 ? 0 : (int)(known * 400 / chars);
}

/* Accented letters of DOS lie where Windows has its signs, and the other way. */
static const char *
latin_choose(const struct unpack_names *n)
{
	size_t	 i, low = 0, high = 0;

	for (i = 0; i < n->len; i++) {
		low += n->sample[i] >= 0x80 && n->sample[i] <= 0xa5;
		high += n->sample[i] >= 0xc0;
	}
	return n->dos && low >= high ? "CP437" : "CP1252";
}

void
unpack_names_settle(struct unpack_names *n)
{
	static const char *const letters[] = { "CP866", "CP1251", "KOI8-R" };
	int	 most = ENOUGH, own, language;
	size_t	 i;

	n->charset = latin_choose(n);
	for (i = 0; i < PAIRS; i++) {
		if ((own = pairs_score(&pairs[i], n->sample, n->len)) < 0 ||
		    (language = charset_guess_score(n->sample, n->len,
		    pairs[i].name)) < 0)
			continue;
		/* Any pairs of Chinese can be read as hangul: as odd ones. */
		own += language + words_score(&pairs[i], n->sample, n->len);
		if (strcmp(pairs[i].name, "CP949") == 0)
			own -= KOREAN;
		if (own > most) {
			most = own;
			n->charset = pairs[i].name;
		}
	}
	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if ((own = 3 * charset_guess_score(n->sample, n->len,
		    letters[i])) > most) {
			most = own;
			n->charset = letters[i];
		}
}

/* The name as clean UTF-8, still with its folders; NULL: no memory. */
static char *
name_decode(const struct unpack_names *n, const char *raw)
{
	char	*t = NULL, *clean;
	size_t	 len = raw_length(raw), bad;

	if (n->charset != NULL && !unpack_name_is_plain(raw)) {
		if ((t = charset_convert((const uint8_t *)raw, len, n->charset,
		    &len, &bad)) == NULL)
			return NULL;
		raw = t;
	}
	clean = text_clean(raw, len, TEXT_LINE, RAW_MAX, NULL);
	free(t);
	return clean;
}

/* Steps of the path that name something, from the front; *slip when one led out. */
static size_t
path_split(char *s, char **step, size_t max, int *slip)
{
	char	*at, *rest = s;
	size_t	 n = 0;

	for (at = s; *at != '\0'; at++)
		if (*at == '\\')
			*at = '/';
	*slip = s[0] == '/' || (is_letter((uint8_t)s[0]) && s[1] == ':');
	if (*slip && s[1] == ':')
		rest += 2;
	while ((at = strsep(&rest, "/")) != NULL) {
		if (strcmp(at, "..") == 0)
			*slip = 1;
		if (*at == '\0' || strcmp(at, ".") == 0 ||
		    strcmp(at, "..") == 0)
			continue;
		if (n == max) {
			memmove(step, step + 1, (max - 1) * sizeof(*step));
			n--;
		}
		step[n++] = at;
	}
	return n;
}

char *
unpack_name_show(const struct unpack_names *n, const char *raw, int *slip)
{
	char		*step[16], *name;
	struct strbuf	 b = STRBUF_EMPTY;
	size_t		 i, first, len;

	if ((name = name_decode(n, raw)) == NULL)
		return NULL;
	if ((i = path_split(name, step, 16, slip)) == 0) {
		free(name);
		return strdup("");
	}
	/* The file itself, and as many folders around it as there is room for. */
	first = i - 1;
	len = strlen(step[first]);
	while (first > 0 && len + strlen(step[first - 1]) + INSIDE_LEN <=
	    SHOWN_MAX)
		len += strlen(step[--first]) + INSIDE_LEN;
	for (; first < i; first++) {
		strbuf_puts(&b, step[first]);
		if (first + 1 < i)
			strbuf_puts(&b, INSIDE);
	}
	free(name);
	return strbuf_take(&b);
}
