/* Identify: each signature by a few bytes, and what looks like two things. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "identify.h"


struct row {
	const char	*bytes;
	size_t		 len;
	const char	*declared;
	enum kind	 kind;
	const char	*format;
};

#define ROW(b, d, k, f)	{ b, sizeof(b) - 1, d, k, f }

static const struct row rows[] = {
	ROW("", "", KIND_EMPTY, "empty"),
	ROW(" \r\n\t ", "", KIND_EMPTY, "blank"),
	ROW("%PDF-1.7\n%\xe2\xe3", "", KIND_PDF, "PDF 1.7"),
	ROW("junk\r\n%PDF-1.4\n", "image/png", KIND_PDF, "PDF 1.4"),
	ROW("%PDF-x", "", KIND_PDF, "PDF"),
	ROW("\xe2\xe3\xcf 1 0 obj\n<</Type /Catalog>>\nendobj\n", "",
	    KIND_PDF, "PDF"),
	ROW("CWS meets on Tuesday.\n", "", KIND_TEXT, "text"),
	ROW("BZh is how it begins.\n", "", KIND_TEXT, "text"),
	ROW("CWS\x0a\x20\1\0\0x\x9c", "", KIND_PROGRAM, "Flash"),
	ROW("\x89PNG\r\n\x1a\n....", "", KIND_IMAGE, "PNG"),
	ROW("\xff\xd8\xff\xe0..JFIF", "", KIND_IMAGE, "JPEG"),
	ROW("GIF89a.....", "text/html", KIND_IMAGE, "GIF"),
	ROW("II*\0....", "", KIND_IMAGE, "TIFF"),
	ROW("P6\n2 2\n255\n............", "", KIND_IMAGE, "PNM"),
	ROW("RIFF....WEBPVP8 ", "", KIND_IMAGE, "WebP"),
	ROW("\0\0\0\x1c" "ftypheic....", "", KIND_IMAGE, "HEIC"),
	ROW("\0\0\0\x1c" "ftypisom....", "", KIND_VIDEO, "MP4"),
	ROW("BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01",
	    "", KIND_IMAGE, "BMP"),
	ROW("BM meets on Friday at the usual place.", "", KIND_TEXT, "text"),
	ROW("MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0", "", KIND_PROGRAM,
	    "Windows program"),
	ROW("MZ is how the letter to Mozart begins, and it goes on in words for "
	    "more than a line.", "", KIND_TEXT, "text"),
	ROW("\x7f" "ELF\x02\x01\x01", "text/plain", KIND_PROGRAM, "ELF program"),
	ROW("\0asm\x01\0\0\0", "", KIND_PROGRAM, "WebAssembly"),
	ROW("#!/bin/sh\nrm -rf /\n", "text/plain", KIND_PROGRAM, "script"),
	ROW("[InternetShortcut]\r\nURL=http://x.example/\r\n", "",
	    KIND_PROGRAM, "internet shortcut"),
	ROW("\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46....", "",
	    KIND_PROGRAM, "Windows shortcut"),
	ROW("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3",
	    "", KIND_PROGRAM, "OneNote"),
	ROW("<html><head><HTA:APPLICATION id=a></head>", "text/html",
	    KIND_PROGRAM, "HTA"),
	ROW("{\\rtf1\\ansi hello}", "application/msword", KIND_OFFICE, "RTF"),
	ROW("7z\xbc\xaf\x27\x1c\0\4", "", KIND_ARCHIVE, "7z"),
	ROW("Rar!\x1a\x07\x01\0", "", KIND_ARCHIVE, "RAR"),
	ROW("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "", KIND_ARCHIVE,
	    "ZIP"),
	ROW("\x78\x9f\x3e\x22\0\0", "", KIND_MAIL, "TNEF"),
	ROW("Received: from a by b\r\nFrom: x@y\r\n\r\nhi", "", KIND_MAIL,
	    "mail"),
	ROW("From x@y Thu Jan  1 00:00:00 1970\nSubject: a\nFrom: x@y\n\n", "",
	    KIND_MAIL, "mbox"),
	ROW("Return-Path: <>\rReceived: x\r\tby y\rFrom: z\r\rtext", "",
	    KIND_MAIL, "mail"),
	ROW("Subject :a\nDate   : b\nFrom : c\n\nx", "", KIND_MAIL, "mail"),
	ROW("MIME-Version: 1.0\nFrom: a\nMessage-ID: <b>\n\n\0\0\0\0\0\0\0",
	    "", KIND_MAIL, "mail"),
	ROW("Subject: only\n\nwords", "message/rfc822", KIND_MAIL, "mail"),
	ROW("From: A\nSent: Monday\nTo: B\nSubject: C\n\nSee below.",
	    "text/plain", KIND_TEXT, "text"),
	ROW("Dear all,\nplease note: the meeting is off.\n", "", KIND_TEXT,
	    "text"),
	ROW("<!DOCTYPE html><p>x", "", KIND_HTML, "HTML"),
	ROW("<p>words", "text/plain", KIND_TEXT, "text"),
	ROW("<p>words", "application/octet-stream", KIND_HTML, "HTML"),
	ROW("words", "text/html; charset=x", KIND_HTML, "HTML"),
	ROW("\xff\xfe<\0h\0t\0m\0l\0>\0", "", KIND_HTML, "HTML"),
	ROW("\xfe\xff\x65\xe5\x67\x2c\x8a\x9e", "", KIND_TEXT, "UTF-16 text"),
	ROW("w\0o\0r\0d\0s\0 \0a\0n\0d\0 \0w\0o\0r\0d\0s\0", "", KIND_TEXT,
	    "UTF-16 text"),
	ROW("\x1b$B%5%s%W%k\x1b(B\n", "", KIND_TEXT, "ISO-2022 text"),
	ROW("\xb4\xfa\xb8\xd5\xa4\xa4\xa4\xe5", "", KIND_TEXT, "text"),
	ROW("\xef\xbb\xbf" "BEGIN:VCALENDAR\r\n", "", KIND_CARD, "calendar"),
	ROW("begin:vcard\nversion:4.0\n", "", KIND_CARD, "contact"),
	ROW("-----BEGIN PGP MESSAGE-----\n\nhQ", "", KIND_ENCRYPTED,
	    "PGP encrypted"),
	ROW("-----BEGIN PGP SIGNATURE-----\n", "", KIND_SIGNATURE,
	    "PGP signature"),
	ROW("0\x82\x04\x00\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0....."
	    "....", "", KIND_SIGNATURE, "S/MIME signature"),
	ROW("0\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0.............",
	    "", KIND_ENCRYPTED, "S/MIME encrypted"),
	ROW("<?xml version=\"1.0\"?>\n<svg xmlns=\"a\"/>", "", KIND_PDF, "SVG"),
	ROW("<!-- a --><p>b <svg/>", "text/html", KIND_HTML, "HTML"),
	ROW("<?xml version=\"1.0\"?><a/>", "", KIND_TEXT, "XML"),
	ROW("ID3\x03\0", "", KIND_AUDIO, "MP3"),
	ROW("\x01\x02\x03\x04\x05\x06\x07\x08\x10\x11\x12\x13\x14\x15", "",
	    KIND_UNKNOWN, "data"),
};

static void
each_row_is_what_its_bytes_say(void **state)
{
	struct identity id;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		identify((const uint8_t *)rows[i].bytes, rows[i].len,
		    rows[i].declared, &id);
		if (id.kind != rows[i].kind ||
		    strcmp(id.format, rows[i].format) != 0)
			fail_msg("row %zu: %s (%s), not %s (%s)", i,
			    kind_name(id.kind), id.format,
			    kind_name(rows[i].kind), rows[i].format);
	}
}

/* One stored member; enough for the names, there is no central directory. */
static size_t
zip_add(uint8_t *out, const char *name, const char *body)
{
	size_t n = strlen(name), b = strlen(body);

	memcpy(out, "PK\x03\x04\x14\0\0\0\0\0", 10);
	memset(out + 10, 0, 20);
	out[18] = out[22] = b;
	out[26] = n;
	memcpy(out + 30, name, n);
	memcpy(out + 30 + n, body, b);
	return 30 + n + b;
}

static enum kind
zip_kind(const char *const *names, const char *body, struct identity *id)
{
	uint8_t buf[1024];
	size_t len = 0;

	for (; *names != NULL; names++)
		len += zip_add(buf + len, *names, body);
	identify(buf, len, "", id);
	return id->kind;
}

static void
zips_are_told_apart_by_their_members(void **state)
{
	static const struct {
		const char *names[4];
		const char *body;
		enum kind kind;
		const char *format;
	} table[] = {
		{ { "[Content_Types].xml", "word/document.xml" }, "x",
		    KIND_OFFICE, "DOCX" },
		{ { "[Content_Types].xml", "xl/vbaProject.bin" }, "x",
		    KIND_OFFICE, "XLSM" },
		{ { "[Content_Types].xml", "ppt/p.xml" }, "x", KIND_OFFICE,
		    "PPTX" },
		{ { "mimetype" }, "application/epub+zip", KIND_PDF, "EPUB" },
		{ { "mimetype" }, "application/vnd.oasis.opendocument.text",
		    KIND_OFFICE, "ODT" },
		{ { "META-INF/MANIFEST.MF", "a/B.class" }, "x", KIND_PROGRAM,
		    "Java archive" },
		{ { "word/notes.txt" }, "%PDF-1.4", KIND_ARCHIVE, "ZIP" },
	};
	struct identity id;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(zip_kind(table[i].names, table[i].body, &id),
		    table[i].kind);
		assert_string_equal(id.format, table[i].format);
	}
}

static void
a_program_that_is_also_an_archive_is_a_program(void **state)
{
	uint8_t buf[512] = "MZ";
	struct identity id;

	(void)state;
	zip_add(buf + 128, "a.txt", "hello");
	identify(buf, sizeof(buf), "application/zip", &id);
	assert_int_equal(id.kind, KIND_PROGRAM);
}

static void
a_disk_image_is_known_by_its_end(void **state)
{
	static uint8_t buf[4096];
	struct identity id;

	(void)state;
	memcpy(buf + sizeof(buf) - 512, "koly", 4);
	identify(buf, sizeof(buf), "", &id);
	assert_string_equal(id.format, "disk image (DMG)");
	memcpy(buf + sizeof(buf) - 512, "conectix", 8);
	identify(buf, sizeof(buf), "", &id);
	assert_string_equal(id.format, "disk image (VHD)");
}

/* A compound file: header, its table in sector 0, its directory in sector 1. */
static void
ole_make(uint8_t *f, const char *stream)
{
	uint8_t *entry = f + 1024 + 128;
	size_t n = strlen(stream);

	memset(f, 0, 2048);
	memcpy(f, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8);
	f[30] = 9;
	f[48] = 1;
	memset(f + 512, 0xff, 512);
	f[512 + 4] = 0xfe;
	for (size_t i = 0; i < n; i++)
		entry[2 * i] = stream[i];
	entry[64] = 2 * (n + 1);
}

static void
old_office_files_are_told_apart_by_their_streams(void **state)
{
	uint8_t f[2048];
	struct identity id;

	(void)state;
	ole_make(f, "WordDocument");
	identify(f, sizeof(f), "", &id);
	assert_string_equal(id.format, "DOC");
	ole_make(f, "__properties_version1.0");
	identify(f, sizeof(f), "", &id);
	assert_string_equal(id.format, "MSG");
	ole_make(f, "EncryptedPackage");
	identify(f, sizeof(f), "", &id);
	assert_string_equal(id.format, "encrypted OOXML");
	/* A directory that is its own next sector ends all the same. */
	f[512 + 4] = 1;
	f[512 + 5] = f[512 + 6] = f[512 + 7] = 0;
	identify(f, sizeof(f), "", &id);
	assert_int_equal(id.kind, KIND_OFFICE);
}

static void
every_cut_of_a_file_is_safe_to_look_at(void **state)
{
	uint8_t f[2048], small[2048];
	struct identity id;

	(void)state;
	ole_make(f, "Workbook");
	for (size_t n = 0; n <= sizeof(f); n += 7) {
		memcpy(small + sizeof(small) - n, f, n);
		identify(small + sizeof(small) - n, n, "", &id);
		assert_true(id.format[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_what_its_bytes_say),
		cmocka_unit_test(zips_are_told_apart_by_their_members),
		cmocka_unit_test(a_program_that_is_also_an_archive_is_a_program),
		cmocka_unit_test(a_disk_image_is_known_by_its_end),
		cmocka_unit_test(old_office_files_are_told_apart_by_their_streams),
		cmocka_unit_test(every_cut_of_a_file_is_safe_to_look_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
