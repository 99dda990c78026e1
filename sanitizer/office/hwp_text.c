/*
 * hwp_text: the words of a document of Hangul Word Processor 5.
 * Runs in: worker-msg, in the jail; libgsf opens the file, zlib its sections.
 * Hostile input: the document.
 * Must never: inflate beyond its bound, or believe a record's length.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsf/gsf-infile-msole.h>
#include <gsf/gsf-infile.h>
#include <gsf/gsf-input-memory.h>
#include <unistr.h>
#include <zlib.h>

#include "hwp_text.h"

#define STREAM_MAX	(64u << 20)	/* bytes of a section, as it is and inflated */
#define SECTIONS_MAX	500
#define TAG_PARA_TEXT	67
#define FLAG_PACKED	1u
#define FLAG_PASSWORD	2u
#define FLAG_DISTRIBUTED 4u		/* sections are encrypted with a key inside */

struct bytes {
	uint8_t	*s;
	size_t	 len;
};

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static int
stream_take(GsfInfile *dir, const char *name, struct bytes *b)
{
	GsfInput	*in = dir == NULL ? NULL :
			    gsf_infile_child_by_name(dir, name);
	gsf_off_t	 size;

	b->s = NULL;
	b->len = 0;
	if (in == NULL)
		return 0;
	size = gsf_input_size(in);
	if (size > 0 && size <= (gsf_off_t)STREAM_MAX &&
	    (b->s = malloc((size_t)size)) != NULL) {
		b->len = (size_t)size;
		if (gsf_input_read(in, b->len, b->s) == NULL) {
			free(b->s);
			b->s = NULL;
			b->len = 0;
		}
	}
	g_object_unref(in);
	return b->s != NULL;
}

/* Raw deflate; what comes before damage counts. */
static void
inflate_section(struct bytes *b)
{
	z_stream	 z = { .next_in = b->s, .avail_in = (uInt)b->len };
	uint8_t		*out = NULL, *grown;
	size_t		 room = 0;
	int		 r = Z_OK;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return;
	while (r == Z_OK && room < STREAM_MAX) {
		room = room == 0 ? 65536 : room * 2;
		if ((grown = realloc(out, room)) == NULL)
			break;
		out = grown;
		z.next_out = out + z.total_out;
		z.avail_out = (uInt)(room - z.total_out);
		r = inflate(&z, Z_NO_FLUSH);
	}
	free(b->s);
	b->s = out;
	b->len = out != NULL ? z.total_out : 0;
	inflateEnd(&z);
}

static void
put_uc(struct office_words *w, ucs4_t uc)
{
	uint8_t	 utf8[8];
	int	 n = u8_uctomb(utf8, uc, sizeof(utf8));

	/* no half of a character at the bound */
	if (n > 0 && (size_t)n <= w->max - w->len)
		office_words_add(w, (const char *)utf8, (size_t)n);
}

/*
 * One paragraph. Characters below 32 are controls: some stand alone, the others
 * begin eight units that refer to a table, a picture, a field.
 */
static void
paragraph(const uint8_t *s, size_t len, struct office_words *w)
{
	static const uint32_t	 alone = 1u << 0 | 1u << 10 | 1u << 13 |
				    1u << 24 | 1u << 25 | 1u << 26 | 1u << 27 |
				    1u << 28 | 1u << 29 | 1u << 30 | 1u << 31;
	size_t			 i = 0;
	ucs4_t			 uc, low;

	while (i + 2 <= len) {
		uc = s[i] | (ucs4_t)s[i + 1] << 8;
		i += 2;
		if (uc < 32) {
			if (uc == 9 || uc == 30 || uc == 31)
				put_uc(w, uc == 9 ? '\t' : ' ');
			else if (uc == 10)
				put_uc(w, '\n');
			else if (uc == 24)
				put_uc(w, '-');
			if (!(alone >> uc & 1))
				i += 14;
			continue;
		}
		if (uc >= 0xd800 && uc < 0xdc00 && i + 2 <= len) {
			low = s[i] | (ucs4_t)s[i + 1] << 8;
			if (low >= 0xdc00 && low < 0xe000) {
				uc = 0x10000 + ((uc - 0xd800) << 10) +
				    (low - 0xdc00);
				i += 2;
			}
		}
		put_uc(w, uc);
	}
	put_uc(w, '\n');
}

int
hwp_section(const uint8_t *s, size_t len, struct office_words *words)
{
	size_t		 at = 0, size;
	uint32_t	 head;

	while (len - at >= 4) {
		head = le32(s + at);
		at += 4;
		size = head >> 20;
		if (size == 0xfff) {
			if (len - at < 4)
				return 0;
			size = le32(s + at);
			at += 4;
		}
		if (size > len - at)
			return 0;
		if ((head & 0x3ff) == TAG_PARA_TEXT)
			paragraph(s + at, size, words);
		at += size;
	}
	return at == len;
}

/* 1 when every section could be read. */
static int
body_take(GsfInfile *ole, uint32_t flags, struct office_words *words)
{
	GsfInput	*body = gsf_infile_child_by_name(ole, "BodyText");
	struct bytes	 b;
	char		 name[32];
	int		 ok = 1, n;

	if (body == NULL || !GSF_IS_INFILE(body)) {
		if (body != NULL)
			g_object_unref(body);
		return 0;
	}
	for (n = 0; n < SECTIONS_MAX; n++) {
		snprintf(name, sizeof(name), "Section%d", n);
		if (!stream_take(GSF_INFILE(body), name, &b))
			break;
		if (flags & FLAG_PACKED)
			inflate_section(&b);
		ok &= hwp_section(b.s, b.len, words);
		free(b.s);
	}
	g_object_unref(body);
	return ok && n > 0;
}

/* The first page in plain words, as the program that saved it made it. */
static void
preview_take(GsfInfile *ole, struct office_words *words)
{
	struct bytes	 b;

	if (stream_take(ole, "PrvText", &b))
		paragraph(b.s, b.len, words);
	free(b.s);
}

static enum reason
ole_take(GsfInfile *ole, struct office_words *words)
{
	struct bytes	 head;
	uint32_t	 flags;
	int		 whole;

	whole = stream_take(ole, "FileHeader", &head) && head.len >= 40 &&
	    memcmp(head.s, "HWP Document File", 17) == 0;
	flags = whole ? le32(head.s + 36) : 0;
	free(head.s);
	if (!whole)
		return REASON_FORMAT;
	if (flags & FLAG_PASSWORD)
		return REASON_ENCRYPTED;
	whole = !(flags & FLAG_DISTRIBUTED) && body_take(ole, flags, words);
	if (words->len == 0)
		preview_take(ole, words);
	if (words->max - words->len < 4)
		return REASON_LIMIT_TEXT;
	return whole ? REASON_COMPLETE : REASON_FORMAT;
}

char *
hwp_text(const uint8_t *data, size_t len, size_t max, enum reason *reason)
{
	struct office_words	 words = { .max = max };
	GsfInput		*in = gsf_input_memory_new(data,
				    (gsf_off_t)len, FALSE);
	GsfInfile		*ole = in == NULL ? NULL :
				    gsf_infile_msole_new(in, NULL);

	*reason = REASON_FORMAT;
	if (ole != NULL)
		*reason = ole_take(ole, &words);
	if (ole != NULL)
		g_object_unref(ole);
	if (in != NULL)
		g_object_unref(in);
	if (words.s != NULL && words.s[strspn(words.s, " \t\n")] != '\0')
		return words.s;
	free(words.s);
	if (*reason == REASON_COMPLETE)
		*reason = REASON_EMPTY;
	return NULL;
}
