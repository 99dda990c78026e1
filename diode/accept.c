/*
 * Wishes that sequences be accepted as lost (accept.h).
 * Run by limpid-missing and limpid-diode-recv.
 * Hostile input: none; who may write into the folder is root or the receiver.
 * Must never take half a wish for a whole one.
 */
#include <stdio.h>
#include <string.h>

#include "accept.h"
#include "err.h"

static int
line_is_good(const char *s, size_t len, size_t max)
{
	size_t	 i;

	if (len == 0 || len > max || s[0] == ' ' || s[len - 1] == ' ')
		return 0;
	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return 0;
	return 1;
}

int
accept_line_is_good(const char *s, size_t max)
{
	return line_is_good(s, strnlen(s, max + 1), max);
}

void
accept_format(const struct accept_wish *w, char out[ACCEPT_TEXT_MAX])
{
	snprintf(out, ACCEPT_TEXT_MAX, "who %s\nwhy %s\n", w->who, w->why);
}

/* "KEY value\n" at *p; the value goes to out, which has room for max and a NUL. */
static int
line_take(const char **p, const char *end, const char *key, char *out,
    size_t max)
{
	const char	*stop = memchr(*p, '\n', (size_t)(end - *p));
	size_t		 n = strlen(key), len;

	if (stop == NULL || (size_t)(stop - *p) < n || memcmp(*p, key, n) != 0)
		return ERR_FORMAT;
	len = (size_t)(stop - *p) - n;
	if (!line_is_good(*p + n, len, max))
		return ERR_FORMAT;
	memcpy(out, *p + n, len);
	out[len] = '\0';
	*p = stop + 1;
	return ERR_OK;
}

static int
name_take(const char *name, struct accept_wish *w)
{
	unsigned long long	 first, last;
	char			 again[ACCEPT_NAME_LEN + 1];

	if (sscanf(name, "accept-%16llx-%16llx", &first, &last) != 2)
		return ERR_FORMAT;
	snprintf(again, sizeof(again), ACCEPT_NAME, first, last);
	if (strcmp(name, again) != 0 || first == 0 || first > last)
		return ERR_FORMAT;
	w->first = first;
	w->last = last;
	return ERR_OK;
}

int
accept_parse(const char *name, const char *text, size_t len,
    struct accept_wish *out)
{
	struct accept_wish	 w = {0};
	const char		*p = text, *end = text + len;

	if (name_take(name, &w) != ERR_OK ||
	    line_take(&p, end, "who ", w.who, ACCEPT_WHO_MAX) != ERR_OK ||
	    line_take(&p, end, "why ", w.why, ACCEPT_WHY_MAX) != ERR_OK ||
	    p != end)
		return ERR_FORMAT;
	*out = w;
	return ERR_OK;
}
