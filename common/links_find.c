/*
 * links_find: where in a text links are, and what an autolinker would take for
 * one.
 * Runs in: the workers that make text, and compose.
 * Hostile input: cleaned text of a mail.
 * Must never: leave behind anything that a reader's program makes clickable.
 * Finding and neutralising stand in one file, because they must agree on what a
 * label, a dot and a host are.
 */
#include <string.h>
#include <strings.h>

#include <unictype.h>
#include <unistr.h>

#include "links_private.h"

/* Schemes that act without "//"; the others only count with it. */
static const char *const schemes[] = {
	"about", "acrobat",   "bitcoin", "blob", "callto", "chrome",
	"cid", "data", "ethereum", "facetime", "facetime-audio", "feed", "file",
	"ftp", "ftps", "geo", "git", "gopher",   "hxxp", "hxxps",
	"http", "https",  "imap", "intent", "irc", "ircs", "itms", "jabber",
	"jar", "javascript", "ldap", "ldaps",  "livescript", "magnet",
	"mailto",  "market", "mhtml", "mid", "mms", "mocha", "msteams",
	"news", "nntp", "onenote", "openpgp4fpr", "outlook", "pop", 
	"rtsp", "search-ms", "sftp",  "shttp", "sip", "sips", "skype",
	"slack", "sms", "smsto", "smb", "snews", "spotify", "ssh", "steam",
	"tel", "telnet", "tg", "urn", "vbs", "vbscript", "view-source", "vnc",
	"wais", "webcal", "webcals", "whatsapp", "ws", "wss", "xmpp", "zoommtg"
};

/*
 * Endings of file names that are not top-level domains, so that "report.pdf"
 * stays readable. Endings that are (zip, mov, sh, py, pl, rs, md, cab, app ...)
 * are not here and get brackets.
 */
static const char *const endings[] = {
	"7z", "bak", "bat", "bmp", "bz2", "cfg", "conf", "css", "csv", "dat",
	"db", "dll", "doc", "docm", "docx", "dotx", "eml", "eps", "exe", "gif",
	"gz", "heic", "htm", "html", "hwp", "ics", "ini", "iso", "jpeg", "jpg",
	"js", "json", "log", "mp3", "mp4", "msg", "odp", "ods", "odt", "pdf",
	"php", "png", "ppt", "pptm", "pptx", "psd", "rar", "rtf", "sql", "svg",
	"tar", "tex", "tgz", "tif", "tiff", "tmp", "tsv", "txt", "vcf", "wav",
	"webp", "xls", "xlsb", "xlsm", "xlsx", "xml", "xz", "yaml", "yml"
};

static int
word_is_in(const char *s, size_t len, const char *const *list, size_t n)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (strlen(list[i]) == len &&
		    strncasecmp(list[i], s, len) == 0)
			return 1;
	return 0;
}

int
link_scheme_is_known(const char *s, size_t len)
{
	return word_is_in(s, len, schemes, sizeof(schemes) / sizeof(*schemes));
}

static int
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_scheme_char(char c)
{
	return is_alpha(c) || is_digit(c) || c == '+' || c == '-';
}

size_t
link_scheme_len(const char *s, size_t len)
{
	size_t	 i;

	if (len == 0 || !is_alpha(s[0]))
		return 0;
	for (i = 1; i < len && is_scheme_char(s[i]); i++)
		;
	return i < len && s[i] == ':' ? i + 1 : 0;
}

static size_t
uc_at(const char *s, size_t len, ucs4_t *uc)
{
	int	 n;

	if ((uint8_t)*s < 0x80) {
		*uc = (uint8_t)*s;
		return 1;
	}
	n = u8_mbtouc(uc, (const uint8_t *)s, len);
	return n < 1 ? 1 : (size_t)n;
}

/* Dots as browsers see them in a host. */
static int
uc_is_dot(ucs4_t uc)
{
	return uc == '.' || uc == 0x3002 || uc == 0xff0e || uc == 0xff61;
}

/* What can stand in a label for any autolinker: some take symbols, too. */
static int
uc_is_label(ucs4_t uc)
{
	if (uc < 0x80)
		return is_alpha((char)uc) || is_digit((char)uc) ||
		    uc == '-' || uc == '_';
	return !uc_is_dot(uc) && !uc_is_general_category_withtable(uc,
	    UC_CATEGORY_MASK_Z | UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_Cc);
}

/* Scripts written without spaces, where a URL may touch the words around it. */
static int
uc_is_unspaced(ucs4_t uc)
{
	return (uc >= 0x0e00 && uc <= 0x0eff) ||
	    (uc >= 0x1000 && uc <= 0x109f) || (uc >= 0x1780 && uc <= 0x17ff) ||
	    (uc >= 0x2e80 && uc <= 0x9fff) || (uc >= 0xac00 && uc <= 0xd7ff) ||
	    (uc >= 0xf900 && uc <= 0xfaff) || (uc >= 0xff00 && uc <= 0xffef) ||
	    (uc >= 0x20000 && uc <= 0x3ffff);
}

static int
uc_is_letter(ucs4_t uc)
{
	if (uc < 0x80)
		return is_alpha((char)uc);
	return uc_is_general_category_withtable(uc,
	    UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M);
}

/*
 * A run of labels joined by single dots. A dot that is not ASCII joins only
 * where ASCII stands on both sides: elsewhere it ends a Chinese or Japanese
 * sentence.
 */
size_t
link_host_len(const char *s, size_t len)
{
	size_t	 i = 0, n, m;
	ucs4_t	 uc, next;
	int	 in_label = 0;

	while (i < len) {
		n = uc_at(s + i, len - i, &uc);
		if (uc_is_label(uc)) {
			in_label = 1;
			i += n;
			continue;
		}
		if (!in_label || !uc_is_dot(uc) || i + n >= len)
			return i;
		m = uc_at(s + i + n, len - i - n, &next);
		if (!uc_is_label(next) || (n > 1 &&
		    (next >= 0x80 || (uint8_t)s[i - 1] >= 0x80)))
			return i;
		i += n + m;
	}
	return i;
}

/* Calls for each label; *dot_len is 0 after the last one. */
static size_t
label_len(const char *s, size_t len, size_t *dot_len)
{
	size_t	 i, n;
	ucs4_t	 uc;

	*dot_len = 0;
	for (i = 0; i < len; i += n) {
		n = uc_at(s + i, len - i, &uc);
		if (uc_is_dot(uc)) {
			*dot_len = n;
			return i;
		}
	}
	return i;
}

static int
label_is_octet(const char *s, size_t len)
{
	size_t	 i;

	if (len == 0 || len > 3)
		return 0;
	for (i = 0; i < len; i++)
		if (!is_digit(s[i]))
			return 0;
	return 1;
}

/* Four octets in a row, also at the edge of words ("3A__1.2.3.4"): an address. */
static int
labels_are_ipv4(const char *s, size_t len)
{
	size_t	 i, n, dot, row = 0;

	for (i = 0; i < len; i += n + dot) {
		n = label_len(s + i, len - i, &dot);
		if (row >= 3 && n > 0 && is_digit(s[i]))
			return 1;
		if (label_is_octet(s + i, n))
			row++;
		else
			row = n > 0 && is_digit(s[i + n - 1]) ? 1 : 0;
	}
	return 0;
}

/* Begins like a top-level domain: two letters, or xn--. */
static int
label_is_domain(const char *s, size_t len)
{
	ucs4_t	 a, b;
	size_t	 n;

	if (len < 2)
		return 0;
	n = uc_at(s, len, &a);
	if (!uc_is_letter(a) || n >= len)
		return 0;
	uc_at(s + n, len - n, &b);
	/* "1.4.x" and then a word of another script is no domain. */
	return uc_is_letter(b) && (a >= 0x80 || b < 0x80 || !uc_is_unspaced(b));
}

int
link_host_is_named(const char *s, size_t len)
{
	size_t	 i, n, dot, labels = 0, domains = 0;

	for (i = 0; i < len; i += n + dot, labels++) {
		n = label_len(s + i, len - i, &dot);
		if (labels > 0 && label_is_domain(s + i, n) &&
		    !word_is_in(s + i, n, endings,
		    sizeof(endings) / sizeof(*endings)))
			domains++;
	}
	return domains > 0 || labels_are_ipv4(s, len);
}

/* The end of a host run with the words of an unspaced script cut off, when
 * its last label begins in ASCII. */
static size_t
host_trim_end(const char *s, size_t len)
{
	size_t	 i, n, last = 0;
	ucs4_t	 uc;

	for (i = 0; i < len; i += n) {
		n = uc_at(s + i, len - i, &uc);
		if (uc_is_dot(uc))
			last = i + n;
	}
	if (last >= len || (uint8_t)s[last] >= 0x80)
		return len;
	for (i = last; i < len; i += n) {
		n = uc_at(s + i, len - i, &uc);
		if (uc_is_unspaced(uc))
			return i;
	}
	return len;
}

/* The start likewise: "...www" in the first label. */
static size_t
host_trim_start(const char *s, size_t len)
{
	size_t	 dot, n, i, m, start = 0;
	ucs4_t	 uc;

	n = label_len(s, len, &dot);
	if (n == 0 || (uint8_t)s[n - 1] >= 0x80)
		return 0;
	for (i = 0; i < n; i += m) {
		m = uc_at(s + i, n - i, &uc);
		if (uc_is_unspaced(uc))
			start = i + m;
	}
	return start;
}

/* Words of an unspaced script and ASCII in one label: two hosts with a word between
 * them, or one that touches its sentence. */
static int
label_is_joined(const char *s, size_t len)
{
	size_t	 i, n;
	ucs4_t	 uc;
	int	 ascii = 0, other = 0;

	for (i = 0; i < len; i += n) {
		n = uc_at(s + i, len - i, &uc);
		ascii |= uc < 0x80;
		other |= uc_is_unspaced(uc);
	}
	return ascii && other;
}

/* Whether a bare host is worth punycode: its top level is a domain's. */
static int
host_has_idn(const char *s, size_t len)
{
	size_t	 i, n, dot, last = 0, last_len = 0;
	int	 idn = 0;

	for (i = 0; i < len; i += n + dot) {
		n = label_len(s + i, len - i, &dot);
		last = i;
		last_len = n;
		if (label_is_joined(s + i, n))
			return 0;
		if (n > 4 && strncasecmp(s + i, "xn--", 4) == 0)
			idn = 1;
	}
	for (i = 0; i < last && !idn; i++)
		idn = (uint8_t)s[i] >= 0x80;
	for (i = 0; i < last_len; i++)
		if ((uint8_t)s[last + i] >= 0x80)
			return 0;
	return idn && label_is_domain(s + last, last_len);
}

/* What ends a URL in running text. */
static int
uc_ends_url(ucs4_t uc, int in_host)
{
	if (uc <= ' ' || uc == '<' || uc == '>' || uc == '"' || uc == 0x7f)
		return 1;
	if (uc < 0x80)
		return 0;
	if (in_host && (uc_is_dot(uc) || uc == 0xff0f))
		return 0;
	return uc_is_general_category_withtable(uc, UC_CATEGORY_MASK_Z |
	    UC_CATEGORY_MASK_Ps | UC_CATEGORY_MASK_Pe | UC_CATEGORY_MASK_Pi |
	    UC_CATEGORY_MASK_Pf) || (uc >= 0x3000 && uc <= 0x303f) ||
	    (uc >= 0xff00 && uc <= 0xff0f) || (uc >= 0xff1a && uc <= 0xff1f);
}

/* Takes away punctuation that belongs to the sentence. */
static size_t
url_trim(const char *s, size_t len)
{
	size_t	 i;
	int	 round = 0, square = 0;

	for (i = 0; i < len; i++) {
		round += s[i] == '(' ? 1 : s[i] == ')' ? -1 : 0;
		square += s[i] == '[' ? 1 : s[i] == ']' ? -1 : 0;
	}
	for (; len > 0; len--) {
		if (strchr(".,;:!?'*}", s[len - 1]) != NULL)
			continue;
		if (s[len - 1] == ')' && round < 0)
			round++;
		else if (s[len - 1] == ']' && square < 0)
			square++;
		else
			break;
	}
	/* "。" and its kin at the end are the sentence's as well. */
	while (len > 3 && (memcmp(s + len - 3, "\u3002", 3) == 0 ||
	    memcmp(s + len - 3, "\uff0e", 3) == 0 ||
	    memcmp(s + len - 3, "\uff61", 3) == 0))
		len -= 3;
	return len;
}

/* The length of the URL at s whose first skip bytes are scheme and slashes. */
static size_t
url_len(const char *s, size_t len, size_t skip)
{
	size_t	 i = skip, n, host_end;
	ucs4_t	 uc;
	int	 in_host = 1;

	for (; i < len; i += n) {
		n = uc_at(s + i, len - i, &uc);
		if (uc == '/' || uc == '?' || uc == '#' || uc == '\\')
			in_host = 0;
		/* A sentence's full stop, not a dot of the host. */
		if (in_host && n > 1 && uc_is_dot(uc) && (i + n >= len ||
		    ((uint8_t)s[i + n] >= 0x80 && (uint8_t)s[i - 1] < 0x80)))
			break;
		if (uc_ends_url(uc, in_host))
			break;
	}
	len = url_trim(s, i);
	host_end = skip + link_host_len(s + skip, len > skip ? len - skip : 0);
	if (host_end > skip && host_end == len)
		len = skip + host_trim_end(s + skip, host_end - skip);
	return len;
}

static int
is_slash(char c)
{
	return c == '/' || c == '\\';
}

/* A URL with a scheme at s: its length, 0 when there is none. */
static size_t
url_at(const char *s, size_t len)
{
	size_t	 n = link_scheme_len(s, len), skip;

	/* One letter is a drive. */
	if (n < 3 || n >= len || (uint8_t)s[n] <= ' ' || s[n] == ':')
		return 0;
	/* An address is found as what it is. */
	if (n == 7 && strncasecmp(s, "mailto:", n) == 0)
		return 0;
	for (skip = n; skip < len && is_slash(s[skip]); skip++)
		;
	if (skip - n < 2 && !link_scheme_is_known(s, n - 1))
		return 0;
	n = url_len(s, len, skip);
	return n > skip ? n : 0;
}

/* \\host\ of \\host\share: its length without the last slash, or 0. */
static size_t
unc_host_len(const char *s, size_t len)
{
	size_t	 n;
	ucs4_t	 uc;

	if (len < 4 || s[0] != '\\' || s[1] != '\\')
		return 0;
	uc_at(s + 2, len - 2, &uc);
	if (!uc_is_label(uc))
		return 0;
	n = link_host_len(s + 2, len - 2) + 2;
	return n < len && is_slash(s[n]) ? n : 0;
}

/* A bare host at s that needs punycode. */
static size_t
host_at(const char *s, size_t len, size_t *start)
{
	size_t	 n = link_host_len(s, len), end;

	*start = host_trim_start(s, n);
	end = *start + host_trim_end(s + *start, n - *start);
	if (!link_host_is_named(s + *start, end - *start) ||
	    !host_has_idn(s + *start, end - *start))
		return 0;
	return end;
}

enum link_found
link_find(const char *s, size_t len, size_t from,
    size_t *start, size_t *end)
{
	size_t	 i, n, skip;
	ucs4_t	 uc;
	int	 fresh = 1;		/* not inside a run of labels */

	for (i = from; i < len; i += n) {
		*start = i;
		if (is_alpha(s[i]) && (i == 0 || (s[i - 1] != '.' &&
		    !is_scheme_char(s[i - 1]))) &&
		    (n = url_at(s + i, len - i)) > 0) {
			*end = i + n;
			return LINK_URL;
		}
		if (s[i] == '\\' && (i == 0 || s[i - 1] != '\\') &&
		    unc_host_len(s + i, len - i) > 0) {
			*end = i + url_len(s + i, len - i, 2);
			return LINK_URL;
		}
		n = uc_at(s + i, len - i, &uc);
		if (!uc_is_label(uc)) {
			fresh = !uc_is_dot(uc);
			continue;
		}
		if (fresh && (end[0] = host_at(s + i, len - i, &skip)) > 0) {
			*start = i + skip;
			*end += i;
			return LINK_HOST;
		}
		fresh = 0;
	}
	return LINK_NONE;
}

/* A label; "localhost" needs no dot to become a link, so it is broken up. */
static void
put_label(struct strbuf *b, const char *s, size_t len, uint32_t *count)
{
	size_t	 i, n;

	for (i = 0; i < len; i += n) {
		n = 1;
		if (len - i >= 9 && strncasecmp(s + i, "localhost", 9) == 0) {
			n = 9;
			strbuf_printf(b, "[%.5s]%.4s", s + i, s + i + 5);
			(*count)++;
		} else
			strbuf_add(b, s + i, n);
	}
}

/* One run of labels: dots in brackets when forced or when it names a host;
 * whether there were any. */
static int
neutralise_host(struct strbuf *b, const char *s, size_t len, int forced,
    uint32_t *count)
{
	size_t	 i, n, dot, dots = 0;

	forced |= link_host_is_named(s, len);
	for (i = 0; i < len; i += n + dot) {
		n = label_len(s + i, len - i, &dot);
		put_label(b, s + i, n, count);
		if (dot > 0 && forced) {
			strbuf_puts(b, "[.]");
			dots++;
		} else
			strbuf_add(b, s + i + n, dot);
	}
	return dots > 0;
}

/* The length of [...] around an IPv6 address at s, 0 when it is none. */
static size_t
ipv6_len(const char *s, size_t len)
{
	size_t	 n, colons = 0;

	if (len < 4 || s[0] != '[')
		return 0;
	for (n = 1; n < len && n < 60 && s[n] != '\0' &&
	    strchr("0123456789abcdefABCDEF:.%", s[n]) != NULL; n++)
		colons += s[n] == ':';
	return n < len && s[n] == ']' && colons > 1 ? n + 1 : 0;
}

/* Whether the colon at s[i] ends a scheme; looks back for its name. */
static int
colon_is_scheme(const char *s, size_t len, size_t i)
{
	size_t	 word = i, letters = i;

	if (i + 1 >= len || (uint8_t)s[i + 1] <= ' ')
		return 0;
	if (i + 2 < len && is_slash(s[i + 1]) && is_slash(s[i + 2]))
		return 1;
	while (word > 0 && is_scheme_char(s[word - 1]) && i - word < 20)
		word--;
	while (letters > word && is_alpha(s[letters - 1]))
		letters--;
	return link_scheme_is_known(s + word, i - word) ||
	    link_scheme_is_known(s + letters, i - letters);
}

/* Whether the sign at s[i] (n bytes) stands between a name and a host. */
static int
at_is_address(const char *s, size_t len, size_t i, size_t n)
{
	ucs4_t	 uc;

	if (i == 0 || (uint8_t)s[i - 1] <= ' ' || s[i - 1] == '[' ||
	    i + n >= len)
		return 0;
	uc_at(s + i + n, len - i - n, &uc);
	return uc_is_label(uc) || (uc < 0x80 && uc > ' ' &&
	    strchr("$+=^`|~", (int)uc) != NULL) || (uc == '[' && i + n + 1 < len &&
	    (is_digit(s[i + n + 1]) || is_alpha(s[i + n + 1])));
}

/* "~.example": some take symbols for labels. */
static int
dot_is_odd(const char *s, size_t len, size_t i, int in_host)
{
	ucs4_t	 next;
	size_t	 n, dot;

	if (s[i] != '.' || i == 0 || i + 1 >= len || s[i + 1] == '.' ||
	    s[i - 1] == '.' || s[i - 1] == '[' || (uint8_t)s[i - 1] <= ' ')
		return 0;
	uc_at(s + i + 1, len - i - 1, &next);
	if (in_host)
		return uc_is_label(next) ||
		    (next < 0x80 && strchr("$+=^`|~", (int)next) != NULL);
	n = link_host_len(s + i + 1, len - i - 1);
	n = label_len(s + i + 1, n, &dot);
	return (strchr("$+=^`|~*#", s[i - 1]) != NULL && uc_is_letter(next) &&
	    !word_is_in(s + i + 1, n, endings,
	    sizeof(endings) / sizeof(*endings))) ||
	    (next < 0x80 && strchr("$+=^`|~", (int)next) != NULL);
}

/* Whether s[i] follows "word:", which some take for a scheme. */
static int
follows_word(const char *s, size_t i)
{
	size_t	 b;

	if (i < 2 || s[i - 1] != ':')
		return 0;
	for (b = i - 1; b > 0 && is_scheme_char(s[b - 1]) && i - b < 64; b--)
		;
	return is_alpha(s[b]);
}

static int
is_unc(const char *s, size_t len, size_t i)
{
	return s[i] == '\\' && (i == 0 || s[i - 1] != '\\') &&
	    unc_host_len(s + i, len - i) > 0;
}

void
link_neutralise(struct strbuf *b, const char *s, size_t len, uint32_t *count)
{
	size_t	 i, n, six = 0;
	ucs4_t	 uc;
	int	 in_host = 0;		/* after "//" */
	int	 forced;

	for (i = 0; i < len; i += n) {
		n = uc_at(s + i, len - i, &uc);
		if (uc_is_label(uc)) {
			n = link_host_len(s + i, len - i);
			forced = in_host || (i > 0 && s[i - 1] == '@') ||
			    follows_word(s, i);
			/* The name before @ is part of the address after. */
			if (neutralise_host(b, s + i, n, forced, count) &&
			    (i + n == len || s[i + n] != '@'))
				(*count)++;
			continue;
		}
		if (uc == '/')
			in_host = i > 0 && s[i - 1] == '/';
		else if (uc == '?' || uc == '#' || uc_ends_url(uc, 1))
			in_host = 0;
		if (uc == ':' && colon_is_scheme(s, len, i))
			strbuf_puts(b, "[:]");
		else if ((uc == '@' || uc == 0xff20) &&
		    at_is_address(s, len, i, n))
			strbuf_puts(b, "[@]");
		else if (dot_is_odd(s, len, i, in_host))
			strbuf_puts(b, "[.]");
		else if (is_unc(s, len, i)) {
			strbuf_puts(b, "[\\\\]");
			n = 2;
		} else if (uc == '[' && i > 1 && is_slash(s[i - 1]) &&
		    is_slash(s[i - 2]) && ipv6_len(s + i, len - i) > 0) {
			/* The second pair of brackets is what stops them. */
			six = i + ipv6_len(s + i, len - i) - 1;
			strbuf_puts(b, "[[");
		} else if (uc == ']' && i == six && six > 0)
			strbuf_puts(b, "]]");
		else
			strbuf_add(b, s + i, n);
	}
}
