/*
 * The one table of limits: name, unit, default, least and most.
 * Runs in limpid-policy and limpid-sanitizerd. Input: words of a policy file,
 * written by security staff, so wrong but not hostile.
 * Must never take 0 or "unlimited": each limit has a most that the copy format
 * and the jails can bear.
 */
#include "policy_private.h"

#include "copy.h"
#include "err.h"

#define K 1024ull
#define M (1024ull * 1024)
#define G (1024ull * 1024 * 1024)
#define LIMIT(field, name, unit, initial, least, most, what)		\
	{ name, unit, offsetof(struct policy_limits, field),		\
	  8 * sizeof(((struct policy_limits *)0)->field),		\
	  initial, least, most, what }

const struct policy_limit policy_limit_table[] = {
	LIMIT(bytes, "bytes", "bytes", 64 * M, 1 * K, 2 * G, "of one part"),
	LIMIT(parts, "parts", "parts", 2000, 1, COPY_PARTS_MAX, "of one mail"),
	LIMIT(depth, "depth", "levels", 8, 1, 64,
	    "of mails and archives in each other"),
	LIMIT(expand, "expand", "times", 200, 1, 10000,
	    "children's bytes to a part's bytes"),
	LIMIT(pages, "pages", "pages", 500, 1, 100000, "of one part"),
	LIMIT(page_pixels, "page-pixels", "pixels", 40000000, 10000,
	    COPY_PAGE_PIXELS, "of one page"),
	LIMIT(mail_pixels, "mail-pixels", "pixels", 4000000000, 10000,
	    1000000000000, "of all pages of a mail"),
	LIMIT(text, "text", "bytes", 8 * M, 1 * K, 256 * M, "of one part"),
	LIMIT(headers, "headers", "bytes", 1 * M, 1 * K, 64 * M,
	    "of one header block"),
	LIMIT(seconds, "seconds", "seconds", 30, 1, 3600, "of one worker"),
	LIMIT(memory, "memory", "bytes", 1536 * M, 64 * M, 64 * G,
	    "of one worker"),
	LIMIT(mail_seconds, "mail-seconds", "seconds", 300, 1, 86400,
	    "of one mail"),
	LIMIT(passwords, "passwords", "passwords", 500, 0, 100000,
	    "tried on one locked part"),
	LIMIT(password_window, "password-window", "seconds", 48 * 3600, 0,
	    30 * 86400, "between a locked part and the mail with its password"),
};
const size_t policy_limit_count =
    sizeof(policy_limit_table) / sizeof(policy_limit_table[0]);

void
policy_limit_set(struct policy_limits *l, size_t n, uint64_t value)
{
	const struct policy_limit	*t = &policy_limit_table[n];
	char				*at = (char *)l + t->offset;

	if (t->bits == 64)
		*(uint64_t *)(void *)at = value;
	else
		*(uint32_t *)(void *)at = (uint32_t)value;
}

uint64_t
policy_limit_get(const struct policy_limits *l, size_t n)
{
	const struct policy_limit	*t = &policy_limit_table[n];
	const char			*at = (const char *)l + t->offset;

	if (t->bits == 64)
		return *(const uint64_t *)(const void *)at;
	return *(const uint32_t *)(const void *)at;
}

void
policy_limits_initial(struct policy_limits *l)
{
	for (size_t n = 0; n < policy_limit_count; n++)
		policy_limit_set(l, n, policy_limit_table[n].initial);
}

static uint64_t
suffix_value(char c, enum policy_unit unit)
{
	int	binary = unit == POLICY_BYTES;

	switch (c) {
	case '\0':
		return 1;
	case 's':
		return unit == POLICY_SECONDS;
	case 'm':
		return unit == POLICY_SECONDS ? 60 : 0;
	case 'h':
		return unit == POLICY_SECONDS ? 3600 : 0;
	case 'd':
		return unit == POLICY_SECONDS ? 86400 : 0;
	case 'K':
		return binary ? K : 1000;
	case 'M':
		return binary ? M : 1000000;
	case 'G':
		return binary ? G : 1000000000;
	default:
		return 0;
	}
}

int
policy_number(const char *text, enum policy_unit unit, uint64_t *np)
{
	uint64_t	 whole = 0, part = 0, scale = 1, times;
	const char	*s = text;

	if (*s < '0' || *s > '9')
		return ERR_FORMAT;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (whole > 1000000000000)
			return ERR_LIMIT;
		whole = whole * 10 + (uint64_t)(*s - '0');
	}
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9'; s++) {
			if (scale >= 1000)
				return ERR_FORMAT;
			part = part * 10 + (uint64_t)(*s - '0');
			scale *= 10;
		}
		if (scale == 1 || *s == '\0')
			return ERR_FORMAT;	/* "1." and "1.5" of nothing */
	}
	if ((times = suffix_value(*s, unit)) == 0 || (*s && s[1] != '\0'))
		return ERR_FORMAT;
	if (whole > (UINT64_MAX >> 1) / times)
		return ERR_LIMIT;
	*np = whole * times + part * times / scale;
	return ERR_OK;
}
