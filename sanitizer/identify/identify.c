/*
 * What a part really is: the signatures of binary formats, and the order in
 * which the steps are asked.
 * Runs in the jailed child of worker-identify.
 * Hostile input: every byte; a part may be made to look like two things.
 * Must never trust a name, nor call harmless what a program could be.
 */
#include <stdio.h>
#include <string.h>

#include "envelope.h"
#include "identify_private.h"

#define FTYP_MAX	256	/* bytes of brands that are looked at */
#define PDF_SEARCH	1024	/* PDF readers look this far */

struct magic {
	uint32_t	 off;
	uint8_t		 len;
	const char	*bytes;
	enum kind	 kind;
	const char	*format;
};

/* Asked first: nothing that follows in the file makes these harmless. */
static const struct magic programs[] = {
	{ 0, 4, "\x7f" "ELF", KIND_PROGRAM, "ELF program" },
	{ 0, 4, "\xfe\xed\xfa\xce", KIND_PROGRAM, "Mach-O program" },
	{ 0, 4, "\xfe\xed\xfa\xcf", KIND_PROGRAM, "Mach-O program" },
	{ 0, 4, "\xce\xfa\xed\xfe", KIND_PROGRAM, "Mach-O program" },
	{ 0, 4, "\xcf\xfa\xed\xfe", KIND_PROGRAM, "Mach-O program" },
	{ 0, 4, "\xca\xfe\xba\xbe", KIND_PROGRAM, "Java or Mach-O program" },
	{ 0, 4, "\xca\xfe\xd0\x0d", KIND_PROGRAM, "Java pack200" },
	{ 0, 4, "\0asm", KIND_PROGRAM, "WebAssembly" },
	{ 0, 4, "dex\n", KIND_PROGRAM, "Android program" },
	{ 0, 4, "Cr24", KIND_PROGRAM, "browser extension" },
	{ 0, 20, "\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46",
	    KIND_PROGRAM, "Windows shortcut" },
	{ 0, 16, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96"
	    "\xd3", KIND_PROGRAM, "OneNote" },
	{ 0, 16, "\xa1\x2f\xf4\x3f\xd9\xef\x76\x4c\x9e\xe2\x10\xea\x57\x22\x76"
	    "\x5f", KIND_PROGRAM, "OneNote" },
	{ 0, 4, "ITSF", KIND_PROGRAM, "compiled help" },
	{ 0, 4, "?_\x03\0", KIND_PROGRAM, "Windows help" },
	{ 0, 3, "FWS", KIND_PROGRAM, "Flash" },
	{ 0, 3, "CWS", KIND_PROGRAM, "Flash" },
	{ 0, 3, "ZWS", KIND_PROGRAM, "Flash" },
	{ 0, 4, "\xed\xab\xee\xdb", KIND_PROGRAM, "RPM package" },
	{ 0, 21, "!<arch>\ndebian-binary", KIND_PROGRAM, "Debian package" },
	{ 0, 8, "conectix", KIND_PROGRAM, "disk image (VHD)" },
	{ 0, 8, "vhdxfile", KIND_PROGRAM, "disk image (VHDX)" },
	{ 0, 4, "KDMV", KIND_PROGRAM, "disk image (VMDK)" },
	{ 0, 21, "# Disk DescriptorFile", KIND_PROGRAM, "disk image (VMDK)" },
	{ 0, 4, "QFI\xfb", KIND_PROGRAM, "disk image (QCOW)" },
	{ 0x8001, 5, "BEA01", KIND_PROGRAM, "disk image (UDF)" },
	{ 4, 15, "Standard Jet DB", KIND_PROGRAM, "Access database" },
	{ 4, 15, "Standard ACE DB", KIND_PROGRAM, "Access database" },
	{ 0, 8, "MSWIM\0\0\0", KIND_PROGRAM, "disk image (WIM)" },
};

static const struct magic magics[] = {
	{ 0, 8, "\x89PNG\r\n\x1a\n", KIND_IMAGE, "PNG" },
	{ 0, 3, "\xff\xd8\xff", KIND_IMAGE, "JPEG" },
	{ 0, 6, "GIF87a", KIND_IMAGE, "GIF" },
	{ 0, 6, "GIF89a", KIND_IMAGE, "GIF" },
	{ 0, 4, "II*\0", KIND_IMAGE, "TIFF" },
	{ 0, 4, "MM\0*", KIND_IMAGE, "TIFF" },
	{ 0, 4, "II+\0", KIND_IMAGE, "BigTIFF" },
	{ 0, 4, "MM\0+", KIND_IMAGE, "BigTIFF" },
	{ 0, 8, "\0\0\0\x0cjP  ", KIND_IMAGE, "JPEG 2000" },
	{ 0, 4, "\xff\x4f\xff\x51", KIND_IMAGE, "JPEG 2000" },
	{ 0, 8, "\0\0\0\x0cJXL ", KIND_IMAGE, "JPEG XL" },
	{ 0, 2, "\xff\x0a", KIND_IMAGE, "JPEG XL" },
	{ 0, 3, "II\xbc", KIND_IMAGE, "JPEG XR" },
	{ 0, 8, "\x97JB2\r\n\x1a\n", KIND_IMAGE, "JBIG2" },
	{ 0, 4, "8BPS", KIND_IMAGE, "PSD" },
	{ 40, 4, " EMF", KIND_OFFICE, "EMF" },
	{ 0, 4, "\xd7\xcd\xc6\x9a", KIND_OFFICE, "WMF" },
	{ 0, 6, "\x01\0\x09\0\0\x03", KIND_OFFICE, "WMF" },
	{ 0, 9, "gimp xcf ", KIND_IMAGE, "XCF" },
	{ 0, 4, "DDS ", KIND_IMAGE, "DDS" },
	{ 0, 8, "farbfeld", KIND_IMAGE, "farbfeld" },
	{ 0, 4, "icns", KIND_IMAGE, "ICNS" },
	{ 0, 3, "\x0a\x05\x01", KIND_IMAGE, "PCX" },
	{ 0, 8, "AT&TFORM", KIND_UNKNOWN, "DjVu" },
	{ 0, 4, "%!PS", KIND_UNKNOWN, "PostScript" },
	{ 0, 4, "\xc5\xd0\xd3\xc6", KIND_UNKNOWN, "PostScript" },

	{ 0, 5, "{\\rtf", KIND_OFFICE, "RTF" },
	{ 0, 4, "\xff" "WPC", KIND_OFFICE, "WordPerfect" },
	{ 0, 21, "HWP Document File V3.", KIND_OFFICE, "HWP 3" },
	{ 0, 5, "ID;P\r", KIND_OFFICE, "SYLK" },
	{ 0, 4, "ID;P", KIND_OFFICE, "SYLK" },
	{ 0, 4, "\x09\x02\x06\0", KIND_OFFICE, "XLS" },
	{ 0, 4, "\x09\x04\x06\0", KIND_OFFICE, "XLS" },
	{ 0, 4, "\x09\x08\x10\0", KIND_OFFICE, "XLS" },
	{ 0, 6, "\x09\x08\x08\0\0\x05", KIND_OFFICE, "XLS" },
	{ 0, 4, "\xdb\xa5-\0", KIND_OFFICE, "DOC" },
	{ 0, 4, "\x31\xbe\0\0", KIND_OFFICE, "Write" },
	{ 0, 4, "\x32\xbe\0\0", KIND_OFFICE, "Write" },
	{ 0, 5, "\0\0\x02\0\x04", KIND_OFFICE, "Lotus 1-2-3" },
	{ 0, 5, "\0\0\x02\0\x06", KIND_OFFICE, "Lotus 1-2-3" },
	{ 0, 6, "\0\0\x1a\0\0\x10", KIND_OFFICE, "Lotus 1-2-3" },

	{ 0, 6, "7z\xbc\xaf\x27\x1c", KIND_ARCHIVE, "7z" },
	{ 0, 6, "Rar!\x1a\x07", KIND_ARCHIVE, "RAR" },
	{ 0, 2, "\x1f\x8b", KIND_ARCHIVE, "gzip" },
	{ 0, 2, "\x1f\x9d", KIND_ARCHIVE, "compress" },
	{ 0, 3, "BZh", KIND_ARCHIVE, "bzip2" },
	{ 0, 6, "\xfd" "7zXZ\0", KIND_ARCHIVE, "xz" },
	{ 0, 4, "\x28\xb5\x2f\xfd", KIND_ARCHIVE, "zstd" },
	{ 0, 4, "\x04\x22\x4d\x18", KIND_ARCHIVE, "lz4" },
	{ 0, 4, "LZIP", KIND_ARCHIVE, "lzip" },
	{ 0, 5, "\x5d\0\0\x80\0", KIND_ARCHIVE, "LZMA" },
	{ 0, 4, "MSCF", KIND_ARCHIVE, "CAB" },
	{ 0, 4, "ISc(", KIND_ARCHIVE, "InstallShield CAB" },
	{ 0, 2, "\x60\xea", KIND_ARCHIVE, "ARJ" },
	{ 7, 7, "**ACE**", KIND_ARCHIVE, "ACE" },
	{ 20, 4, "\xdc\xa7\xc4\xfd", KIND_ARCHIVE, "ZOO" },
	{ 0x8001, 5, "CD001", KIND_ARCHIVE, "ISO" },
	{ 257, 5, "ustar", KIND_ARCHIVE, "TAR" },
	{ 0, 6, "070701", KIND_ARCHIVE, "cpio" },
	{ 0, 6, "070707", KIND_ARCHIVE, "cpio" },
	{ 0, 4, "xar!", KIND_ARCHIVE, "XAR" },
	{ 0, 4, "!BDN", KIND_ARCHIVE, "Outlook PST" },
	{ 0, 7, "!<arch>", KIND_ARCHIVE, "ar" },
	{ 0, 4, "\x78\x9f\x3e\x22", KIND_MAIL, "TNEF" },

	{ 0, 3, "ID3", KIND_AUDIO, "MP3" },
	{ 0, 4, "fLaC", KIND_AUDIO, "FLAC" },
	{ 0, 4, "OggS", KIND_AUDIO, "Ogg" },
	{ 0, 4, "MThd", KIND_AUDIO, "MIDI" },
	{ 0, 5, "#!AMR", KIND_AUDIO, "AMR" },
	{ 8, 4, "AIFF", KIND_AUDIO, "AIFF" },
	{ 0, 4, ".snd", KIND_AUDIO, "AU" },
	{ 0, 4, "\x1a\x45\xdf\xa3", KIND_VIDEO, "Matroska" },
	{ 0, 4, "\0\0\x01\xba", KIND_VIDEO, "MPEG" },
	{ 0, 4, "\0\0\x01\xb3", KIND_VIDEO, "MPEG" },
	{ 0, 3, "FLV", KIND_VIDEO, "FLV" },
	{ 0, 4, "\x30\x26\xb2\x75", KIND_VIDEO, "ASF" },

	{ 0, 4, "wOFF", KIND_UNKNOWN, "font" },
	{ 0, 4, "wOF2", KIND_UNKNOWN, "font" },
	{ 0, 4, "OTTO", KIND_UNKNOWN, "font" },
	{ 0, 5, "\0\x01\0\0\0", KIND_UNKNOWN, "font" },
	{ 0, 16, "SQLite format 3\0", KIND_UNKNOWN, "SQLite" },
	{ 0, 4, "\0\x05\x16\x07", KIND_UNKNOWN, "AppleDouble" },
	{ 0, 4, "\0\x05\x16\0", KIND_UNKNOWN, "AppleSingle" },
};

void
identity_set(struct identity *id, enum kind kind, const char *format)
{
	id->kind = kind;
	snprintf(id->format, sizeof(id->format), "%s", format);
}

int
identify_at(const uint8_t *data, size_t len, size_t off, const char *with,
    size_t n)
{
	return off <= len && len - off >= n && memcmp(data + off, with, n) == 0;
}

static int
is_printable(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((data[i] < 0x20 || data[i] > 0x7e) && data[i] != '\t' &&
		    data[i] != '\r' && data[i] != '\n')
			return 0;
	return 1;
}

/*
 * "CWS meets on Tuesday" is no Flash: a short magic that could begin a sentence
 * counts only where bytes follow that no sentence has. Formats that are text
 * themselves (RTF, SYLK, PostScript) stay as they are.
 */
static int
is_sentence(const struct magic *m, const uint8_t *data, size_t len)
{
	return m->len <= 5 && m->kind != KIND_OFFICE && m->kind != KIND_UNKNOWN &&
	    is_printable((const uint8_t *)m->bytes, m->len) &&
	    is_printable(data, len < 64 ? len : 64);
}

static int
table_find(const struct magic *table, size_t n, const uint8_t *data, size_t len,
    struct identity *id)
{
	for (size_t i = 0; i < n; i++) {
		const struct magic *m = &table[i];

		if (identify_at(data, len, m->off, m->bytes, m->len) &&
		    !is_sentence(m, data, len)) {
			identity_set(id, m->kind, m->format);
			return 1;
		}
	}
	return 0;
}

/* Programs that have no fixed signature at the front. */
static int
program_find(const uint8_t *data, size_t len, struct identity *id)
{
	/* MZ may begin a text, but no text has a NUL in its first line. */
	if (identify_at(data, len, 0, "MZ", 2) &&
	    (len < 64 || memchr(data, 0, 64) != NULL))
		identity_set(id, KIND_PROGRAM, "Windows program");
	else if (len >= 512 && (identify_at(data, len, len - 512, "koly", 4)))
		identity_set(id, KIND_PROGRAM, "disk image (DMG)");
	else if (len >= 512 && identify_at(data, len, len - 512, "conectix", 8))
		identity_set(id, KIND_PROGRAM, "disk image (VHD)");
	else
		return table_find(programs, sizeof(programs) /
		    sizeof(programs[0]), data, len, id);
	return 1;
}

/* "%PDF-1.7", anywhere in the first kilobyte. */
static int
pdf_find(const uint8_t *data, size_t len, struct identity *id)
{
	size_t n = len < PDF_SEARCH ? len : PDF_SEARCH;
	const uint8_t *p = memmem(data, n, "%PDF", 4);
	size_t left = p == NULL ? 0 : len - (p - data);

	if (p == NULL)
		return 0;
	if (left >= 8 && p[4] == '-' && p[5] >= '0' && p[5] <= '9' &&
	    p[6] == '.' && p[7] >= '0' && p[7] <= '9')
		snprintf(id->format, sizeof(id->format), "PDF %c.%c", p[5],
		    p[7]);
	else
		snprintf(id->format, sizeof(id->format), "PDF");
	id->kind = KIND_PDF;
	return 1;
}

/* ISO media files say what they are in their brands. */
static int
ftyp_find(const uint8_t *data, size_t len, struct identity *id)
{
	static const struct {
		const char *brand;
		enum kind kind;
		const char *format;
	} brands[] = {
		{ "avif", KIND_IMAGE, "AVIF" },
		{ "avis", KIND_IMAGE, "AVIF" },
		{ "heic", KIND_IMAGE, "HEIC" },
		{ "heix", KIND_IMAGE, "HEIC" },
		{ "hevc", KIND_IMAGE, "HEIC" },
		{ "heif", KIND_IMAGE, "HEIF" },
		{ "mif1", KIND_IMAGE, "HEIF" },
		{ "mif2", KIND_IMAGE, "HEIF" },
		{ "msf1", KIND_IMAGE, "HEIF" },
		{ "crx ", KIND_IMAGE, "CR3" },
		{ "M4A ", KIND_AUDIO, "M4A" },
		{ "M4B ", KIND_AUDIO, "M4A" },
		{ "qt  ", KIND_VIDEO, "QuickTime" },
	};

	const size_t brand_count = sizeof(brands) / sizeof(brands[0]);
	size_t n;

	if (!identify_at(data, len, 4, "ftyp", 4))
		return 0;
	n = len < FTYP_MAX ? len : FTYP_MAX;
	if (((uint32_t)data[0] << 24 | data[1] << 16 | data[2] << 8 |
	    data[3]) < n)
		n = data[2] << 8 | data[3];
	/* The main brand, then those it is compatible with. */
	for (size_t at = 8; at + 4 <= n; at += 4) {
		for (size_t i = 0; i < brand_count; i++) {
			if (!identify_at(data, len, at, brands[i].brand, 4))
				continue;
			identity_set(id, brands[i].kind, brands[i].format);
			return 1;
		}
	}
	identity_set(id, KIND_VIDEO, "MP4");
	return 1;
}

static int
riff_find(const uint8_t *data, size_t len, struct identity *id)
{
	if (!identify_at(data, len, 0, "RIFF", 4))
		return 0;
	if (identify_at(data, len, 8, "WEBP", 4))
		identity_set(id, KIND_IMAGE, "WebP");
	else if (identify_at(data, len, 8, "WAVE", 4))
		identity_set(id, KIND_AUDIO, "WAV");
	else if (identify_at(data, len, 8, "AVI ", 4))
		identity_set(id, KIND_VIDEO, "AVI");
	else if (identify_at(data, len, 8, "ACON", 4))
		identity_set(id, KIND_IMAGE, "ANI");
	else
		identity_set(id, KIND_UNKNOWN, "RIFF");
	return 1;
}

/* Signatures too short to be believed alone. */
static int
weak_find(const uint8_t *data, size_t len, struct identity *id)
{
	if (len >= 26 && identify_at(data, len, 0, "BM", 2) &&
	    data[15] == 0 && data[16] == 0 && data[17] == 0 &&
	    (data[14] == 12 || data[14] >= 40))
		identity_set(id, KIND_IMAGE, "BMP");
	else if (len >= 22 && data[0] == 0 && data[1] == 0 &&
	    (data[2] == 1 || data[2] == 2) && data[3] == 0 && data[5] == 0 &&
	    data[4] > 0 && data[9] == 0)
		identity_set(id, KIND_IMAGE, data[2] == 1 ? "ICO" : "CUR");
	else if (len >= 7 && data[0] == 'P' && data[1] >= '1' &&
	    data[1] <= '7' && strchr(" \t\r\n#", data[2]) != NULL &&
	    data[2] != 0 && strchr("0123456789 \t\r\n#W", data[3]) != NULL &&
	    data[3] != 0)
		identity_set(id, KIND_IMAGE, "PNM");
	else if (len >= 7 && data[2] == '-' && data[3] == 'l' &&
	    (data[4] == 'h' || data[4] == 'z') && data[6] == '-')
		identity_set(id, KIND_ARCHIVE, "LHA");
	else if (len >= 4 && data[0] == 0xff && (data[1] & 0xe6) == 0xe2 &&
	    (data[2] & 0xf0) != 0xf0 && (data[2] & 0x0c) != 0x0c)
		identity_set(id, KIND_AUDIO, "MP3");
	else if (len >= 18 && identify_at(data, len, len - 18,
	    "TRUEVISION-XFILE", 16))
		identity_set(id, KIND_IMAGE, "TGA");
	else
		return 0;
	return 1;
}

/* A tar without "ustar": the header's own checksum. */
static int
tar_find(const uint8_t *data, size_t len, struct identity *id)
{
	unsigned long sum = 0, want = 0;

	if (len < 512 || data[0] == 0)
		return 0;
	for (int i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : data[i];
	for (int i = 148; i < 156; i++) {
		if (data[i] >= '0' && data[i] <= '7')
			want = want * 8 + (data[i] - '0');
	}
	if (sum != want)
		return 0;
	identity_set(id, KIND_ARCHIVE, "TAR");
	return 1;
}

/* S/MIME: what is inside a signature is read by whoever reads mails. */
static int
smime_find(const uint8_t *data, size_t len, struct identity *id)
{
	switch (envelope_find(data, len)) {
	case ENVELOPE_SIGNED:
		identity_set(id, KIND_MULTIPART, "S/MIME signed");
		return 1;
	case ENVELOPE_COMPRESSED:
		identity_set(id, KIND_MULTIPART, "S/MIME compressed");
		return 1;
	case ENVELOPE_SIGNATURE:
		identity_set(id, KIND_SIGNATURE, "S/MIME signature");
		return 1;
	case ENVELOPE_ENCRYPTED:
		identity_set(id, KIND_ENCRYPTED, "S/MIME encrypted");
		return 1;
	case ENVELOPE_NONE:
		break;
	}
	return 0;
}

void
identify(const uint8_t *data, size_t len, const char *declared,
    struct identity *id)
{
	identity_set(id, KIND_UNKNOWN, "data");
	if (len == 0) {
		identity_set(id, KIND_EMPTY, "empty");
		return;
	}
	if (program_find(data, len, id) ||
	    identify_zip(data, len, declared, id) ||
	    identify_ole(data, len, id) ||
	    table_find(magics, sizeof(magics) / sizeof(magics[0]), data, len,
	    id) || ftyp_find(data, len, id) || riff_find(data, len, id) ||
	    weak_find(data, len, id) || smime_find(data, len, id) ||
	    pdf_find(data, len, id) || tar_find(data, len, id))
		return;
	identify_text(data, len, declared, id);
}
