/*
 * Metadata of image files: what there is and which way is up, never its words.
 * Runs in the jailed child of worker-image.
 * Hostile input: every length and offset in the file.
 * Must never read outside of data, nor walk without an end.
 */
#include <string.h>

#include "image_meta.h"

#define BLOCKS_MAX	1000000	/* chunks, segments or blocks of one file */

#define TAG_ORIENTATION	0x112
#define TAG_XMP		0x2bc
#define TAG_IPTC	0x83bb
#define TAG_PHOTOSHOP	0x8649
#define TAG_EXIF	0x8769
#define TAG_GPS		0x8825

struct span {
	const uint8_t	*p;
	size_t		 len;
	int		 little;	/* byte order */
};

static uint32_t
get_u16(const struct span *s, size_t at)
{
	if (at > s->len || s->len - at < 2)
		return 0;
	return s->little ? s->p[at] | s->p[at + 1] << 8 :
	    s->p[at] << 8 | s->p[at + 1];
}

static uint32_t
get_u32(const struct span *s, size_t at)
{
	if (at > s->len || s->len - at < 4)
		return 0;
	return s->little ? get_u16(s, at) | get_u16(s, at + 2) << 16 :
	    get_u16(s, at) << 16 | get_u16(s, at + 2);
}

static int
starts(const struct span *s, size_t at, const char *with, size_t n)
{
	return at <= s->len && s->len - at >= n &&
	    memcmp(s->p + at, with, n) == 0;
}

/* What one TIFF directory says; Exif is a TIFF of its own. */
struct directory {
	unsigned	metadata;
	uint8_t		orientation;
};

static void
directory_entry(const struct span *s, size_t at, struct directory *d)
{
	uint32_t type = get_u16(s, at + 2);
	uint32_t value = type == 3 ? get_u16(s, at + 8) : get_u32(s, at + 8);

	switch (get_u16(s, at)) {
	case TAG_ORIENTATION:
		if (value >= 1 && value <= 8)
			d->orientation = value;
		break;
	case TAG_XMP:
		d->metadata |= IMAGE_META_XMP;
		break;
	case TAG_IPTC:
	case TAG_PHOTOSHOP:
		d->metadata |= IMAGE_META_IPTC;
		break;
	case TAG_EXIF:
		d->metadata |= IMAGE_META_EXIF;
		break;
	case TAG_GPS:
		d->metadata |= IMAGE_META_POSITION;
		break;
	case 0x10d:	/* document name */
	case 0x10e:	/* description */
	case 0x10f:	/* make */
	case 0x110:	/* model */
	case 0x131:	/* software */
	case 0x132:	/* date */
	case 0x13b:	/* artist */
	case 0x8298:	/* copyright */
		d->metadata |= IMAGE_META_COMMENT;
		break;
	}
}

/* The directory at off; 0 when it lies outside. */
static int
directory_read(const struct span *s, uint32_t off, struct directory *d)
{
	uint32_t n;

	memset(d, 0, sizeof(*d));
	if (off < 8 || off > s->len || s->len - off < 6)
		return 0;
	n = get_u16(s, off);
	for (uint32_t i = 0; i < n; i++) {
		size_t at = (size_t)off + 2 + (size_t)i * 12;

		if (at > s->len || s->len - at < 12)
			return i > 0;
		directory_entry(s, at, d);
	}
	return 1;
}

static int
tiff_open(struct span *s, uint32_t *first)
{
	if (starts(s, 0, "II*\0", 4))
		s->little = 1;
	else if (starts(s, 0, "MM\0*", 4))
		s->little = 0;
	else
		return 0;
	*first = get_u32(s, 4);
	return 1;
}

void
image_meta_exif(const uint8_t *data, size_t len, struct image_meta *m)
{
	struct span s = { data, len, 0 };
	struct directory d;
	uint32_t off;

	m->metadata |= IMAGE_META_EXIF;
	if (starts(&s, 0, "Exif\0", 6)) {
		s.p += 6;
		s.len -= 6;
	}
	if (!tiff_open(&s, &off) || !directory_read(&s, off, &d))
		return;
	m->metadata |= d.metadata & IMAGE_META_POSITION;
	if (m->orientation == 0)
		m->orientation = d.orientation;
}

static void
jpeg_segment(const struct span *s, uint8_t marker, size_t at, size_t len,
    struct image_meta *m)
{
	const struct span seg = { s->p + at, len, 0 };

	if (marker == 0xe1 && starts(&seg, 0, "Exif\0", 5)) {
		image_meta_exif(seg.p, len, m);
	} else if (marker == 0xe1 &&
	    starts(&seg, 0, "http://ns.adobe.com/x", 21)) {
		m->metadata |= IMAGE_META_XMP;
	} else if (marker == 0xed) {
		m->metadata |= IMAGE_META_IPTC;
	} else if (marker == 0xfe) {
		m->metadata |= IMAGE_META_COMMENT;
	} else if (marker >= 0xc2 && marker <= 0xce && (marker & 3) == 2) {
		m->progressive = 1;
	}
}

static void
jpeg_read(const struct span *s, struct image_meta *m)
{
	size_t at = 2;

	for (int i = 0; i < BLOCKS_MAX && at + 4 <= s->len; i++) {
		uint8_t marker = s->p[at + 1];
		size_t len = get_u16(s, at + 2);

		if (s->p[at] != 0xff || marker == 0xd9)
			return;
		if (marker == 0xda) {	/* scans: the headers are over */
			m->cut = memmem(s->p + at, s->len - at, "\xff\xd9",
			    2) == NULL;
			return;
		}
		if (marker == 0xff) {
			at++;
			continue;
		}
		if (len < 2 || len > s->len - at - 2)
			return;
		jpeg_segment(s, marker, at + 4, len - 2, m);
		at += 2 + len;
	}
}

static void
png_read(const struct span *s, struct image_meta *m)
{
	size_t at = 8;

	for (int i = 0; i < BLOCKS_MAX && at + 12 <= s->len; i++) {
		uint32_t len = get_u32(s, at);

		if (starts(s, at + 4, "IEND", 4)) {
			if (at + 12 < s->len)
				m->metadata |= IMAGE_META_TRAILING;
			return;
		}
		if (len > s->len - at - 12) {
			m->cut = 1;
			return;
		}
		if (starts(s, at + 4, "acTL", 4))
			m->frames = get_u32(s, at + 8);
		else if (starts(s, at + 4, "eXIf", 4))
			image_meta_exif(s->p + at + 8, len, m);
		else if (starts(s, at + 4, "iTXtXML:com.adobe.xmp", 21))
			m->metadata |= IMAGE_META_XMP;
		else if (starts(s, at + 5, "TXt", 3) ||
		    starts(s, at + 5, "EXt", 3))
			m->metadata |= IMAGE_META_COMMENT;
		at += 12 + (size_t)len;
	}
	m->cut = 1;
}

/* Past a chain of sub-blocks; s->len when it does not end. */
static size_t
gif_skip(const struct span *s, size_t at)
{
	while (at < s->len && s->p[at] != 0)
		at += 1 + (size_t)s->p[at];
	return at < s->len ? at + 1 : s->len;
}

static size_t
gif_table(uint8_t flags)
{
	return flags & 0x80 ? (size_t)3 << ((flags & 7) + 1) : 0;
}

size_t
image_meta_gif_first(const uint8_t *data, size_t len)
{
	const struct span s = { data, len, 1 };
	size_t at;

	if (len < 13)
		return 0;
	at = 13 + gif_table(data[10]);
	for (int i = 0; i < BLOCKS_MAX && at < len; i++) {
		if (data[at] == 0x2c && len - at > 10) {
			at = gif_skip(&s, at + 11 + gif_table(data[at + 9]));
			return at < len ? at : 0;
		}
		if (data[at] != 0x21 || len - at <= 2)
			return 0;
		at = gif_skip(&s, at + 2);
	}
	return 0;
}

static void
gif_read(const struct span *s, struct image_meta *m)
{
	size_t at;

	if (s->len < 13)
		return;
	at = 13 + gif_table(s->p[10]);
	for (int i = 0; i < BLOCKS_MAX && at < s->len; i++) {
		uint8_t block = s->p[at];

		if (block == 0x2c && s->len - at > 10) {
			m->frames++;
			at = gif_skip(s, at + 11 + gif_table(s->p[at + 9]));
		} else if (block == 0x21 && s->len - at > 2) {
			if (s->p[at + 1] == 0xfe)
				m->metadata |= IMAGE_META_COMMENT;
			else if (starts(s, at + 3, "XMP Data", 8))
				m->metadata |= IMAGE_META_XMP;
			at = gif_skip(s, at + 2);
		} else {
			if (block == 0x3b && at + 1 < s->len)
				m->metadata |= IMAGE_META_TRAILING;
			return;
		}
	}
	m->cut = at >= s->len;
}

/* RIFF: chunks of a name, a length, and bytes padded to an even number. */
static void
webp_read(struct span *s, struct image_meta *m)
{
	size_t at = 12, end = (size_t)get_u32(s, 4) + 8;

	m->cut = end > s->len;
	if (end < s->len)
		m->metadata |= IMAGE_META_TRAILING;
	for (int i = 0; i < BLOCKS_MAX && at < s->len && s->len - at > 8; i++) {
		size_t len = get_u32(s, at + 4);

		if (starts(s, at, "ANMF", 4))
			m->frames++;
		if (len > s->len - at - 8)
			return;
		if (starts(s, at, "EXIF", 4))
			image_meta_exif(s->p + at + 8, len, m);
		else if (starts(s, at, "XMP ", 4))
			m->metadata |= IMAGE_META_XMP;
		at += 8 + len + (len & 1);
	}
}

int
image_meta_jpx(const uint8_t *data, size_t len, uint32_t *width,
    uint32_t *height)
{
	/* The codestream begins with SOC and SIZ, wherever its box lies. */
	const uint8_t *siz = memmem(data, len, "\xff\x4f\xff\x51", 4);
	struct span s = { siz, 0, 0 };

	if (siz == NULL)
		return 0;
	s.len = len - (siz - data);
	*width = get_u32(&s, 8) - get_u32(&s, 16);
	*height = get_u32(&s, 12) - get_u32(&s, 20);
	return s.len >= 24;
}

static void
tiff_read(struct span *s, struct image_meta *m)
{
	struct directory d;
	uint32_t off;

	if (!tiff_open(s, &off) || !directory_read(s, off, &d))
		return;
	m->metadata = d.metadata;
	m->orientation = d.orientation;
}

void
image_meta_read(const uint8_t *data, size_t len, struct image_meta *m)
{
	struct span s = { data, len, 0 };

	memset(m, 0, sizeof(*m));
	s.little = starts(&s, 0, "RIFF", 4);
	if (starts(&s, 0, "\xff\xd8\xff", 3))
		jpeg_read(&s, m);
	else if (starts(&s, 0, "\x89PNG\r\n\x1a\n", 8))
		png_read(&s, m);
	else if (starts(&s, 0, "GIF8", 4))
		gif_read(&s, m);
	else if (starts(&s, 0, "RIFF", 4) && starts(&s, 8, "WEBP", 4))
		webp_read(&s, m);
	else
		tiff_read(&s, m);
}
