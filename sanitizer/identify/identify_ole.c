/*
 * OLE2 compound files: old office formats, Outlook messages, installers.
 * Runs in the jailed child of worker-identify.
 * Hostile input: sector numbers and names of the directory.
 * Must never follow a chain without an end; reads names only, no stream.
 */
#include <string.h>

#include "identify_private.h"

#define SECTORS_MAX	1024	/* of the directory */
#define ENTRY		128
#define HEADER_FATS	109

struct ole {
	const uint8_t	*data;
	size_t		 len;
	unsigned	 shift;		/* sector size is 1 << shift */
};

/* In the order of danger: the first stream that is there decides. */
static const struct {
	const char	*stream;
	enum kind	 kind;
	const char	*format;
} streams[] = {
	{ "EncryptedPackage", KIND_OFFICE, "encrypted OOXML" },
	{ "__properties_version1.0", KIND_MAIL, "MSG" },
	{ "WordDocument", KIND_OFFICE, "DOC" },
	{ "Workbook", KIND_OFFICE, "XLS" },
	{ "Book", KIND_OFFICE, "XLS" },
	{ "PowerPoint Document", KIND_OFFICE, "PPT" },
	{ "PP40", KIND_OFFICE, "PPT" },
	{ "VisioDocument", KIND_OFFICE, "VSD" },
	{ "Quill", KIND_OFFICE, "Publisher" },
	{ "HwpSummaryInformation", KIND_OFFICE, "HWP" },
	{ "\5HwpSummaryInformation", KIND_OFFICE, "HWP" },
	{ "BodyText", KIND_OFFICE, "HWP" },
	{ "JSRV_SegmentInformation", KIND_OFFICE, "Ichitaro" },
	{ "MM", KIND_OFFICE, "Works" },
};

#define STREAMS	(sizeof(streams) / sizeof(streams[0]))

static uint32_t
le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The bytes of a sector, NULL when it is not in the file. */
static const uint8_t *
sector_at(const struct ole *o, uint32_t n)
{
	uint64_t off = ((uint64_t)n + 1) << o->shift;

	if (off + ((uint64_t)1 << o->shift) > o->len)
		return NULL;
	return o->data + off;
}

/* The sector after n in its chain; UINT32_MAX at an end or beyond reach. */
static uint32_t
sector_next(const struct ole *o, uint32_t n)
{
	uint32_t per = (uint32_t)1 << (o->shift - 2), fat = n / per;
	const uint8_t *s;

	if (fat >= HEADER_FATS ||
	    (s = sector_at(o, le32(o->data + 76 + (size_t)4 * fat))) == NULL)
		return UINT32_MAX;
	return le32(s + (size_t)4 * (n % per));
}

/* Compares an entry's UTF-16 name with an ASCII one. */
static int
name_is(const uint8_t *entry, const char *name)
{
	size_t n = strlen(name);

	if (n > 31 || (size_t)(entry[64] | entry[65] << 8) != 2 * (n + 1))
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (entry[2 * i] != (uint8_t)name[i] || entry[2 * i + 1] != 0)
			return 0;
	}
	return 1;
}

/* Marks what one directory sector names. */
static void
sector_look(const struct ole *o, const uint8_t *s, uint8_t *found, int *msi)
{
	for (size_t at = 0; at + ENTRY <= (size_t)1 << o->shift; at += ENTRY) {
		const uint8_t *entry = s + at;

		/* Installers name themselves in the root's class: 000C108x. */
		if (entry[66] == 5 && (entry[80] & 0xf8) == 0x80 &&
		    entry[81] == 0x10 && entry[82] == 0x0c)
			*msi = 1;
		for (size_t i = 0; i < STREAMS; i++)
			found[i] |= name_is(entry, streams[i].stream);
	}
}

int
identify_ole(const uint8_t *data, size_t len, struct identity *id)
{
	struct ole o = { data, len, 9 };
	uint8_t found[STREAMS] = {0};
	const uint8_t *s;
	uint32_t n;
	int msi = 0;

	if (!identify_at(data, len, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8))
		return 0;
	identity_set(id, KIND_OFFICE, "OLE2");
	if (len < 512)
		return 1;
	if (data[30] == 12)
		o.shift = 12;
	n = le32(data + 48);
	for (int i = 0; i < SECTORS_MAX; i++) {
		if ((s = sector_at(&o, n)) == NULL)
			break;
		sector_look(&o, s, found, &msi);
		n = sector_next(&o, n);
	}
	if (msi) {
		identity_set(id, KIND_PROGRAM, "Windows installer");
		return 1;
	}
	for (size_t i = 0; i < STREAMS; i++) {
		if (found[i]) {
			identity_set(id, streams[i].kind, streams[i].format);
			return 1;
		}
	}
	return 1;
}
