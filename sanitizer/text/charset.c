/*
 * charset: labels, converters, and which one a text is really in.
 * Runs in: worker-mime, -text and -html; loaded in their warm parents.
 * Hostile input: labels and text.
 * Must never: open a file in the jail, or believe a label that does not hold.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "charset.h"
#include "charset_private.h"
#include "charset_table.h"
#include "err.h"
#include "strbuf.h"

/* Served names, as glibc calls them. The first is what nothing else matches. */
static const char *const served[] = {
	"CP1252", "UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32",
	"UTF-32LE", "UTF-32BE", "UTF-7", "ISO-8859-2", "ISO-8859-3",
	"ISO-8859-4", "ISO-8859-5", "ISO-8859-6", "ISO-8859-7", "ISO-8859-8",
	"ISO-8859-10", "ISO-8859-13", "ISO-8859-14", "ISO-8859-15",
	"ISO-8859-16", "CP1250", "CP1251", "CP1253", "CP1254", "CP1255",
	"CP1256", "CP1257", "CP1258", "CP874", "KOI8-R", "KOI8-U",
	"ISO-2022-JP-2", "ISO-2022-JP-3", "ISO-2022-KR", "ISO-2022-CN-EXT",
	"CP932", "EUC-JP-MS", "EUC-KR", "CP949", "JOHAB", "GB18030",
	"BIG5-HKSCS", "CP950", "EUC-TW", "TIS-620", "VISCII", "TCVN",
	"CP437", "CP850", "CP852", "CP855", "CP857", "CP858", "CP862", "CP864",
	"CP866", "CP1125", "MACINTOSH", "MAC-CENTRALEUROPE", "MAC-CYRILLIC",
	"ARMSCII-8", "GEORGIAN-PS", "PT154", "CP037", "CP500", "CP1047"
};
#define SERVED (sizeof(served) / sizeof(served[0]))

/* Labels in mails, lower case, "_" as "-". A label that people use for a larger
 * set means the larger set, as in browsers. */
static const struct {
	const char	*label, *name;
} aliases[] = {
	{ "ascii", "CP1252" }, { "us-ascii", "CP1252" },
	{ "ansi-x3.4-1968", "CP1252" }, { "iso646-us", "CP1252" },
	{ "iso-8859-1", "CP1252" }, { "iso8859-1", "CP1252" },
	{ "latin1", "CP1252" }, { "latin-1", "CP1252" }, { "l1", "CP1252" },
	{ "windows-1252", "CP1252" }, { "cp-1252", "CP1252" },
	{ "x-ansi", "CP1252" }, { "iso-8859-1-windows-3.1-latin-1", "CP1252" },
	{ "utf8", "UTF-8" }, { "unicode-1-1-utf-8", "UTF-8" },
	{ "utf-8-sig", "UTF-8" }, { "utf8mb4", "UTF-8" },
	{ "unicode", "UTF-16" }, { "ucs-2", "UTF-16" }, { "ucs2", "UTF-16" },
	{ "utf16", "UTF-16" }, { "iso-10646-ucs-2", "UTF-16" },
	{ "utf7", "UTF-7" }, { "unicode-1-1-utf-7", "UTF-7" },
	{ "unicode-2-0-utf-7", "UTF-7" },
	{ "iso-8859-9", "CP1254" }, { "latin5", "CP1254" },
	{ "iso-8859-11", "CP874" }, { "windows-874", "CP874" },
	{ "dos-874", "CP874" }, { "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-8-e", "ISO-8859-8" }, { "latin2", "ISO-8859-2" },
	{ "latin-2", "ISO-8859-2" }, { "latin9", "ISO-8859-15" },
	{ "latin-9", "ISO-8859-15" }, { "koi8r", "KOI8-R" },
	{ "koi8", "KOI8-R" }, { "koi", "KOI8-R" }, { "koi8-ru", "KOI8-U" },
	{ "win1251", "CP1251" }, { "win-1251", "CP1251" },
	{ "iso-2022-jp", "ISO-2022-JP-2" }, { "iso-2022-jp-1", "ISO-2022-JP-2" },
	{ "csiso2022jp", "ISO-2022-JP-2" }, { "jis", "ISO-2022-JP-2" },
	{ "cp50220", "ISO-2022-JP-2" }, { "cp50221", "ISO-2022-JP-2" },
	{ "iso-2022-jp-ms", "ISO-2022-JP-2" },
	{ "iso-2022-jp-2004", "ISO-2022-JP-3" },
	{ "iso-2022-cn", "ISO-2022-CN-EXT" }, { "csiso2022kr", "ISO-2022-KR" },
	{ "shift-jis", "CP932" }, { "shiftjis", "CP932" }, { "sjis", "CP932" },
	{ "x-sjis", "CP932" }, { "ms-kanji", "CP932" },
	{ "csshiftjis", "CP932" }, { "windows-31j", "CP932" },
	{ "ms932", "CP932" }, { "euc-jp", "EUC-JP-MS" },
	{ "eucjp", "EUC-JP-MS" }, { "x-euc-jp", "EUC-JP-MS" },
	{ "ujis", "EUC-JP-MS" }, { "euckr", "CP949" }, { "euc-kr", "CP949" },
	{ "ks-c-5601-1987", "CP949" }, { "ks-c-5601-1989", "CP949" },
	{ "ks-c-5601", "CP949" }, { "ksc5601", "CP949" },
	{ "ksc-5601", "CP949" }, { "uhc", "CP949" },
	{ "windows-949", "CP949" }, { "korean", "CP949" },
	{ "gb2312", "GB18030" }, { "gb-2312", "GB18030" },
	{ "gb2312-80", "GB18030" }, { "gb-2312-80", "GB18030" },
	{ "csgb2312", "GB18030" }, { "x-gb2312", "GB18030" },
	{ "gb", "GB18030" }, { "gbk", "GB18030" }, { "x-gbk", "GB18030" },
	{ "cp936", "GB18030" }, { "ms936", "GB18030" },
	{ "windows-936", "GB18030" }, { "euc-cn", "GB18030" },
	{ "euccn", "GB18030" }, { "chinese", "GB18030" },
	{ "iso-ir-58", "GB18030" }, { "gb-18030", "GB18030" },
	{ "gb18030-2000", "GB18030" }, { "gb18030-2005", "GB18030" },
	{ "big5", "BIG5-HKSCS" }, { "big-5", "BIG5-HKSCS" },
	{ "csbig5", "BIG5-HKSCS" }, { "cn-big5", "BIG5-HKSCS" },
	{ "x-x-big5", "BIG5-HKSCS" }, { "big5hk", "BIG5-HKSCS" },
	{ "x-big5", "BIG5-HKSCS" }, { "windows-950", "CP950" },
	{ "euctw", "EUC-TW" }, { "tis620", "TIS-620" }, { "tis-620", "CP874" },
	{ "viscii1.1-1", "VISCII" }, { "ibm437", "CP437" }, { "437", "CP437" },
	{ "ibm850", "CP850" }, { "ibm852", "CP852" }, { "ibm855", "CP855" },
	{ "ibm866", "CP866" }, { "866", "CP866" }, { "ibm862", "CP862" },
	{ "ibm864", "CP864" }, { "ibm037", "CP037" }, { "ibm500", "CP500" },
	{ "ibm1047", "CP1047" }, { "mac", "MACINTOSH" },
	{ "x-mac-roman", "MACINTOSH" }, { "macroman", "MACINTOSH" },
	{ "mac-roman", "MACINTOSH" }, { "x-mac-cyrillic", "MAC-CYRILLIC" },
	{ "x-mac-ce", "MAC-CENTRALEUROPE" }
};

static struct {
	int			 loaded;
	int			 is_table;
	struct charset_table	 table;
	iconv_t			 held;	/* keeps its library loaded */
}		 set[SERVED];
static int	 warmed;

/* libc's own. */
static struct {
	iconv_t		(*open)(const char *, const char *);
	charset_iconv	*convert;
	int		(*close)(iconv_t);
} real;

static int
real_find(void)
{
	void	*o = dlsym(RTLD_NEXT, "iconv_open");
	void	*i = dlsym(RTLD_NEXT, "iconv");
	void	*c = dlsym(RTLD_NEXT, "iconv_close");

	if (real.open != NULL)
		return 1;
	if (o == NULL || i == NULL || c == NULL)
		return 0;
	memcpy(&real.convert, &i, sizeof(real.convert));
	memcpy(&real.close, &c, sizeof(real.close));
	memcpy(&real.open, &o, sizeof(real.open));
	return 1;
}

static iconv_t
real_open(const char *to, const char *from)
{
	if (!real_find()) {
		errno = EINVAL;
		return (iconv_t)-1;
	}
	return real.open(to, from);
}

/* Tables are learnt and their libraries let go; the others stay loaded. */
int
charset_warm(void)
{
	iconv_t	 cd;
	size_t	 i;

	for (i = 0; i < SERVED; i++) {
		if ((cd = real_open("UTF-8", served[i])) == (iconv_t)-1)
			continue;
		set[i].loaded = 1;
		set[i].is_table = charset_table_learn(&set[i].table, cd,
		    real.convert);
		if (set[i].is_table)
			real.close(cd);
		else
			set[i].held = cd;
	}
	warmed = 1;
	return set[2].loaded ? ERR_OK : ERR_NOTFOUND;
}

/* A converter to UTF-8 from a served name. */
static iconv_t
served_open(const char *name)
{
	size_t	 i;

	for (i = 0; i < SERVED; i++)
		if (set[i].is_table && strcmp(served[i], name) == 0)
			return (iconv_t)&set[i].table;
	return real_open("UTF-8", name);
}

/* The table that this converter is, or NULL. */
static const struct charset_table *
table_of(iconv_t cd)
{
	size_t	 i;

	for (i = 0; i < SERVED; i++)
		if (cd == (iconv_t)&set[i].table)
			return &set[i].table;
	return NULL;
}

static const char *
served_find(const char *name)
{
	size_t	 i;

	for (i = 0; i < SERVED; i++)
		if (strcasecmp(served[i], name) == 0)
			return !warmed || set[i].loaded ? served[i] : NULL;
	return NULL;
}

static void
label_normalise(const char *label, char *out, size_t size)
{
	size_t	 n = 0;

	label += strspn(label, " \t\"'=");
	if (strncasecmp(label, "charset=", 8) == 0)
		label += 8 + strspn(label + 8, " \t\"'");
	for (; *label != '\0' && n + 1 < size &&
	    strchr("\"';, \t*/", *label) == NULL; label++)
		out[n++] = *label == '_' ? '-' :
		    *label >= 'A' && *label <= 'Z' ? *label + 'a' - 'A' : *label;
	out[n] = '\0';
}

const char *
charset_find(const char *label)
{
	char		 s[64], cp[64];
	const char	*name;
	size_t		 i, skip;

	label_normalise(label, s, sizeof(s));
	if (*s == '\0')
		return NULL;
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].label, s) == 0)
			return served_find(aliases[i].name);
	if ((name = served_find(s)) != NULL)
		return name;
	/* windows-1250, win1250, x-cp1250, ibm850: the number says it. */
	skip = strcspn(s, "0123456789");
	if (strncmp(s, "win", 3) == 0 || strncmp(s, "ibm", 3) == 0 ||
	    strncmp(s, "x-cp", 4) == 0 || strncmp(s, "cp", 2) == 0 ||
	    strncmp(s, "dos", 3) == 0) {
		memcpy(cp, "cp", 2);
		memcpy(cp + 2, s + skip, strlen(s + skip) + 1);
		return skip > 1 ? served_find(cp) : NULL;
	}
	if (strncmp(s, "iso8859-", 8) == 0 || strncmp(s, "iso-8859", 8) == 0) {
		memcpy(cp, "iso-8859-", 9);
		i = strncmp(s, "iso8859-", 8) == 0 ? 8 : 8 + (s[8] == '-');
		memcpy(cp + 9, s + i, strlen(s + i) + 1);
		return served_find(cp);
	}
	return strncmp(s, "x-", 2) == 0 ? charset_find(s + 2) : NULL;
}

iconv_t
iconv_open(const char *to, const char *from)
{
	const char	*name = charset_find(from), *dest = charset_find(to);

	if (!warmed)
		return real_open(to, from);
	if (name == NULL || dest == NULL || strcmp(dest, "UTF-8") != 0) {
		errno = EINVAL;
		return (iconv_t)-1;
	}
	return served_open(name);
}

size_t
iconv(iconv_t cd, char **in, size_t *in_left, char **out, size_t *out_left)
{
	const struct charset_table	*t = table_of(cd);

	if (t != NULL)
		return charset_table_convert(t, in, in_left, out, out_left);
	if (!real_find()) {
		errno = EBADF;
		return (size_t)-1;
	}
	return real.convert(cd, in, in_left, out, out_left);
}

int
iconv_close(iconv_t cd)
{
	return table_of(cd) != NULL || !real_find() ? 0 : real.close(cd);
}

char *
charset_convert(const uint8_t *s, size_t len, const char *name,
    size_t *out_len, size_t *bad)
{
	struct strbuf	 b = STRBUF_EMPTY;
	char		 chunk[4096], *in = (char *)(uintptr_t)s, *out;
	size_t		 left = len, room, r;
	iconv_t		 cd;
	int		 was_bad = 0;

	*bad = 0;
	if ((cd = served_open(name)) == (iconv_t)-1)
		return NULL;
	while (left > 0 && !b.failed) {
		out = chunk;
		room = sizeof(chunk);
		r = iconv(cd, &in, &left, &out, &room);
		if (out > chunk)
			was_bad = 0;
		strbuf_add(&b, chunk, (size_t)(out - chunk));
		if (r != (size_t)-1 || errno == E2BIG)
			continue;
		if (!was_bad) {
			strbuf_puts(&b, "\xef\xbf\xbd");
			(*bad)++;
		}
		was_bad = 1;
		in++;
		left--;
	}
	iconv_close(cd);
	*out_len = b.len;
	return strbuf_take(&b);
}

/* How many bytes are not ASCII. */
static size_t
high_bytes(const uint8_t *s, size_t len)
{
	size_t	 i, n = 0;

	for (i = 0; i < len; i++)
		n += s[i] >= 0x80;
	return n;
}

static int
is_stateful(const char *name)
{
	return name != NULL && (strncmp(name, "ISO-2022", 8) == 0 ||
	    strcmp(name, "UTF-7") == 0);
}

static int
is_ebcdic(const char *name)
{
	return name != NULL && (strcmp(name, "CP037") == 0 ||
	    strcmp(name, "CP500") == 0 || strcmp(name, "CP1047") == 0);
}

static int
is_wide(const char *name)
{
	return name != NULL && (strncmp(name, "UTF-16", 6) == 0 ||
	    strncmp(name, "UTF-32", 6) == 0);
}

/* Multi-byte sets whose pairs can look like UTF-8 by accident. */
static int
is_pairs(const char *name)
{
	static const char *const pairs[] = {
		"CP932", "EUC-JP-MS", "CP949", "EUC-KR", "GB18030",
		"BIG5-HKSCS", "CP950", "EUC-TW", "JOHAB"
	};
	size_t	 i;

	for (i = 0; name != NULL && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(pairs[i], name) == 0)
			return 1;
	return 0;
}

/* The best guess when what was declared is absent, unknown or wrong. */
static const char *
guess(const uint8_t *s, size_t len)
{
	const char	*name;
	size_t		 multi;

	if ((name = charset_guess_escapes(s, len)) != NULL)
		return name;
	if (charset_is_utf8(s, len, &multi) || charset_is_cut_utf8(s, len))
		return "UTF-8";
	if ((name = charset_guess_language(s, len, NULL)) != NULL)
		return name;
	return "CP1252";
}

/* Which set the bytes are in; what was declared counts unless they say no. */
static const char *
decide(const uint8_t *s, size_t len, const char *declared)
{
	const char	*better;
	size_t		 multi, high = high_bytes(s, len), bad, n;
	char		*t;

	if (declared == NULL)
		return guess(s, len);
	if (is_ebcdic(declared))
		return declared;
	/* Wide text would have shown its NULs. */
	if (is_wide(declared))
		return memchr(s, '\0', len) == NULL &&
		    charset_is_utf8(s, len, &multi) ? "UTF-8" : declared;
	if (high == 0 && !is_stateful(declared))
		return guess(s, len);
	if (high > 0 && charset_is_utf8(s, len, &multi) &&
	    (!is_pairs(declared) || multi > 3))
		return "UTF-8";
	if (strcmp(declared, "CP1252") == 0) {
		/* The label of programs that do not know. */
		better = charset_guess_language(s, len, high * 4 > len ? NULL :
		    declared);
		return better != NULL ? better : declared;
	}
	if ((t = charset_convert(s, len, declared, &n, &bad)) == NULL)
		return guess(s, len);
	free(t);
	if (bad * 50 <= high || bad <= 1)
		return high > 24 && is_pairs(declared) ?
		    charset_guess_language(s, len, declared) : declared;
	better = guess(s, len);
	return strcmp(better, "CP1252") == 0 && bad * 4 < high ? declared :
	    better;
}

/* HZ, which the library does not know, as the GB 2312 that it is. NULL: no memory. */
static char *
hz_convert(const uint8_t *s, size_t len, size_t *out_len, size_t *bad)
{
	uint8_t	*gb = malloc(len + 1);
	size_t	 i, n = 0;
	int	 pairs = 0;
	char	*t;

	if (gb == NULL)
		return NULL;
	for (i = 0; i < len; i++) {
		if (s[i] != '~' || i + 1 == len || (pairs && s[i + 1] != '}')) {
			gb[n++] = pairs && s[i] > ' ' ? s[i] | 0x80 : s[i];
		} else if (s[++i] == '~')
			gb[n++] = '~';
		else if (s[i] != '\n')
			pairs = s[i] == '{';
	}
	t = charset_convert(gb, n, "GB18030", out_len, bad);
	free(gb);
	return t;
}

char *
charset_to_utf8(const uint8_t *s, size_t len, const char *declared,
    struct charset_found *found, size_t *out_len)
{
	struct charset_found	 f = { 0 };
	const char		*said = charset_find(declared);
	size_t			 skip = 0, multi;
	int			 ascii;
	char			*t;

	if (is_ebcdic(said) ||
	    (f.name = charset_guess_wide(s, len, &skip)) == NULL)
		f.name = decide(s, len, said);
	ascii = high_bytes(s, len) == 0 && strcmp(f.name, "UTF-8") == 0 &&
	    charset_is_utf8(s, len, &multi);
	f.lied = *declared != '\0' && !ascii && (said == NULL ||
	    strcmp(said, f.name) != 0) && !(is_wide(said) && is_wide(f.name));
	if (ascii && charset_is_hz(s, len)) {
		f.name = "HZ";
		t = hz_convert(s, len, out_len, &f.bad);
	} else
		t = charset_convert(s + skip, len - skip, f.name, out_len,
		    &f.bad);
	if (ascii && strcmp(f.name, "HZ") != 0)
		f.name = "US-ASCII";
	if (found != NULL)
		*found = f;
	return t;
}
