/*
 * Page layouts of a spreadsheet, in flat ODF as LibreOffice writes it.
 * Runs in the jailed child of worker-office.
 * Hostile input: the words inside that XML; a "<" in it is always the beginning of a
 * tag, because LibreOffice wrote it. Must never change anything but these tags.
 */
#include <stdlib.h>
#include <string.h>

#include "office_fit.h"

#define TAG	"<style:page-layout-properties"
#define FULL	" style:scale-to=\"100%\""
#define FIT	" style:scale-to-X=\"1\" style:scale-to-Y=\"0\""

static int
has(const char *tag, size_t len, const char *word)
{
	return memmem(tag, len, word, strlen(word)) != NULL;
}

/* The author's own scale stays, unless it is none. */
static int
is_free(const char *tag, size_t len)
{
	if (has(tag, len, "style:scale-to-"))
		return 0;
	return !has(tag, len, "style:scale-to=") || has(tag, len, FULL);
}

static size_t
append(char *out, size_t at, const char *s, size_t len)
{
	memcpy(out + at, s, len);
	return at + len;
}

/* The tag's name, the wish, and its attributes without the scale of 100 %. */
static size_t
tag_write(char *out, size_t at, const char *tag, size_t len)
{
	const size_t	 name = strlen(TAG);
	const char	*full;

	at = append(out, at, TAG FIT, strlen(TAG FIT));
	tag += name;
	len -= name;
	if ((full = memmem(tag, len, FULL, strlen(FULL))) == NULL)
		return append(out, at, tag, len);
	at = append(out, at, tag, (size_t)(full - tag));
	len -= (size_t)(full - tag) + strlen(FULL);
	return append(out, at, full + strlen(FULL), len);
}

static size_t
tags_count(const char *s, size_t len)
{
	const char	*end = s + len;
	size_t		 n = 0;

	while ((s = memmem(s, (size_t)(end - s), TAG, strlen(TAG))) != NULL) {
		n++;
		s += strlen(TAG);
	}
	return n;
}

char *
office_fit_pages(const char *fods, size_t len, size_t *outlen)
{
	const char	*at = fods, *end = fods + len, *tag, *close;
	size_t		 tags = tags_count(fods, len), n = 0, size;
	int		 changed = 0;
	char		*out;

	if (tags == 0 || tags > len / strlen(TAG) ||
	    (out = malloc(len + tags * strlen(FIT) + 1)) == NULL)
		return NULL;
	while ((tag = memmem(at, (size_t)(end - at), TAG, strlen(TAG))) != NULL &&
	    (close = memchr(tag, '>', (size_t)(end - tag))) != NULL) {
		n = append(out, n, at, (size_t)(tag - at));
		size = (size_t)(close - tag) + 1;
		if (is_free(tag, size)) {
			n = tag_write(out, n, tag, size);
			changed = 1;
		} else {
			n = append(out, n, tag, size);
		}
		at = close + 1;
	}
	n = append(out, n, at, (size_t)(end - at));
	if (!changed) {
		free(out);
		return NULL;
	}
	*outlen = n;
	return out;
}
