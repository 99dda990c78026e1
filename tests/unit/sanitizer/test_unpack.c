/*
 * Archives taken apart: names in every charset, what is refused, what is cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "strbuf.h"
#include "unpack.h"

/* What was said, a line each. */
static struct strbuf	 said;
static size_t		 room;		/* bytes of members that are taken */
static unsigned		 members_max;
static struct unpack_end end;

static void
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	strbuf_printf(&said, "%s=%s\n", fact_name(f), value);
}

static int
on_child(void *arg, enum kind hint, const char *path, const char *name)
{
	(void)arg;
	if (members_max-- == 0)
		return 0;
	strbuf_printf(&said, "%s %s '%s'\n", path, kind_name(hint), name);
	return 1;
}

static int
on_data(void *arg, const void *data, size_t len)
{
	(void)arg;
	if (len > room)
		return 0;
	room -= len;
	if (len < 100)
		strbuf_printf(&said, "<%.*s>\n", (int)len, (const char *)data);
	return 1;
}

static void
on_stub(void *arg, enum reason reason, const char *note)
{
	(void)arg;
	strbuf_printf(&said, "! %s %s\n", reason_name(reason), note);
}

static const struct unpack_sink sink = { NULL, on_fact, on_child, on_data,
    on_stub };

/* A ZIP file of stored members, byte by byte. */
struct zip {
	uint8_t		 b[65536], central[65536];
	size_t		 n, central_n;
	unsigned	 count;
	unsigned	 flags;
};

static void
put(uint8_t *b, size_t *n, uint32_t v, unsigned width)
{
	while (width-- > 0) {
		b[(*n)++] = (uint8_t)v;
		v >>= 8;
	}
}

static uint32_t
crc(const char *s, size_t len)
{
	uint32_t	 c = ~0u;

	for (size_t i = 0; i < len; i++) {
		c ^= (uint8_t)s[i];
		for (int k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	return ~c;
}

static void
header(uint8_t *b, size_t *n, const struct zip *z, const char *name,
    const char *data, size_t len)
{
	put(b, n, 20, 2);
	put(b, n, z->flags, 2);
	put(b, n, 0, 2);
	put(b, n, 0x5c210000, 4);
	put(b, n, crc(data, len), 4);
	put(b, n, (uint32_t)len, 4);
	put(b, n, (uint32_t)len, 4);
	put(b, n, (uint32_t)strlen(name), 2);
	put(b, n, 0, 2);
}

static void
zip_central(struct zip *z, const char *name, const char *data, uint32_t at)
{
	put(z->central, &z->central_n, 0x02014b50, 4);
	put(z->central, &z->central_n, 20, 2);
	header(z->central, &z->central_n, z, name, data, strlen(data));
	put(z->central, &z->central_n, 0, 10);
	put(z->central, &z->central_n, at, 4);
	memcpy(z->central + z->central_n, name, strlen(name));
	z->central_n += strlen(name);
	z->count++;
}

static void
zip_add(struct zip *z, const char *name, const char *data)
{
	size_t	 at = z->n;

	put(z->b, &z->n, 0x04034b50, 4);
	header(z->b, &z->n, z, name, data, strlen(data));
	memcpy(z->b + z->n, name, strlen(name));
	z->n += strlen(name);
	memcpy(z->b + z->n, data, strlen(data));
	z->n += strlen(data);
	zip_central(z, name, data, (uint32_t)at);
}

static void
zip_end(struct zip *z)
{
	size_t	 at = z->n;

	memcpy(z->b + z->n, z->central, z->central_n);
	z->n += z->central_n;
	put(z->b, &z->n, 0x06054b50, 4);
	put(z->b, &z->n, 0, 4);
	put(z->b, &z->n, z->count, 2);
	put(z->b, &z->n, z->count, 2);
	put(z->b, &z->n, (uint32_t)z->central_n, 4);
	put(z->b, &z->n, (uint32_t)at, 4);
	put(z->b, &z->n, 0, 2);
}

static const char	*words;

static char *
unpack(const void *data, size_t len, const char *format)
{
	static struct unpack_limits		 limits = { 1000, 10000, NULL, 100 };
	char					*s;

	limits.words = words;
	unpack_read(data, len, format, &limits, &sink, &end);
	strbuf_printf(&said, "%s %s\n", outcome_name(end.outcome),
	    reason_name(end.reason));
	s = strbuf_take(&said);
	room = 1 << 20;
	members_max = 100;
	return s;
}

static void
says(const void *data, size_t len, const char *format, const char *wanted)
{
	char	*s = unpack(data, len, format);

	assert_string_equal(s, wanted);
	free(s);
}

static int
warm(void **state)
{
	(void)state;
	room = 1 << 20;
	members_max = 100;
	return unpack_warm() != ERR_OK;
}

static void
members_come_with_their_folders(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));

	(void)state;
	zip_add(z, "a.txt", "one");
	zip_add(z, "folder/", "");
	zip_add(z, "folder/sub\\b.txt", "two");
	zip_end(z);
	says(z->b, z->n, "ZIP", "1 unknown 'a.txt'\n<one>\n"
	    "2 unknown 'folder \xe2\x80\xba sub \xe2\x80\xba b.txt'\n<two>\n"
	    "container complete\n");
	free(z);
}

static void
paths_that_lead_out_are_cut_and_told(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));

	(void)state;
	zip_add(z, "../../etc/passwd", "x");
	zip_add(z, "/abs.txt", "y");
	zip_add(z, "C:\\win.txt", "z");
	zip_add(z, "..", "w");
	zip_end(z);
	says(z->b, z->n, "ZIP", "malformed=the path of member 1 led out of the "
	    "archive; only its end is kept\n"
	    "1 unknown 'etc \xe2\x80\xba passwd'\n<x>\n"
	    "malformed=the path of member 2 led out of the "
	    "archive; only its end is kept\n"
	    "2 unknown 'abs.txt'\n<y>\n"
	    "malformed=the path of member 3 led out of the "
	    "archive; only its end is kept\n"
	    "3 unknown 'win.txt'\n<z>\n"
	    "malformed=the path of member 4 led out of the "
	    "archive; only its end is kept\n"
	    "4 unknown 'unnamed'\n<w>\n"
	    "container complete\n");
	free(z);
}

/* raw is the name as a program of that country writes it. */
static void
name_is(const char *raw, const char *wanted)
{
	struct zip	*z = calloc(1, sizeof(*z));
	char		 all[200];

	zip_add(z, raw, "x");
	zip_end(z);
	snprintf(all, sizeof(all), "1 unknown '%s'\n<x>\ncontainer complete\n",
	    wanted);
	says(z->b, z->n, "ZIP", all);
	free(z);
}

static void
names_are_read_in_the_charset_of_their_country(void **state)
{
	(void)state;
	name_is("\xe8\xb3\x87\xe6\x96\x99.txt", "資料.txt");
	name_is("\x8c\xa9\x90\xcf\x8f\x91.txt", "見積書.txt");
	name_is("\x89\xef\x8b\x63\x8e\x91\x97\xbf.doc", "会議資料.doc");
	name_is("\xb3\xf8\xbb\xf9\xb3\xe6.xls", "報價單.xls");
	name_is("\xae\xfc\xa9\xa4\xba\xca\xb4\xfa\xb8\xea\xae\xc6.pdf",
	    "海岸監測資料.pdf");
	name_is("\xb1\xa8\xbc\xdb\xb5\xa5.xls", "报价单.xls");
	name_is("\xbb\xe1\xd2\xe9\xbc\xcd\xd2\xaa.doc", "会议纪要.doc");
	name_is("\xc8\xb8\xc0\xc7 \xc0\xda\xb7\xe1.txt", "회의 자료.txt");
	name_is("\x8e\xe2\xe7\xf1\xe2 \xa7\xa0 \xac\xa0\xe0\xe2.txt",
	    "Отчёт за март.txt");
	name_is("\x9a" "bersicht K\x94ln.txt", "Übersicht Köln.txt");
	name_is("M\x81ller.txt", "Müller.txt");
	name_is("caf\xe9.txt", "café.txt");
}

static void
members_that_share_bytes_are_a_bomb(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));

	(void)state;
	zip_add(z, "a.txt", "the same bytes");
	for (int i = 0; i < 20; i++)
		zip_central(z, "a.txt", "the same bytes", 0);
	zip_end(z);
	says(z->b, z->n, "ZIP", "stub format\n");
	free(z);
}

static void
limits_cut_and_what_fits_is_there(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));
	char		 big[2001];

	(void)state;
	memset(big, 'b', 2000);
	big[2000] = '\0';
	zip_add(z, "big", big);
	zip_add(z, "small", "s");
	zip_add(z, "more", "m");
	zip_end(z);
	members_max = 2;
	says(z->b, z->n, "ZIP", "1 unknown 'big'\n! limit-bytes bytes 1000\n"
	    "2 unknown 'small'\n<s>\ncontainer limit-parts\n");
	room = 0;
	says(z->b, z->n, "ZIP", "1 unknown 'big'\n! limit-bytes bytes 1000\n"
	    "2 unknown 'small'\n! limit-bytes expand\n"
	    "container limit-bytes\n");
	free(z);
}

static void
locked_members_are_named_one_by_one(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));

	(void)state;
	z->flags = 1;
	zip_add(z, "secret.txt", "123456789012 locked");
	z->flags = 0;
	zip_add(z, "open.txt", "open");
	zip_end(z);
	says(z->b, z->n, "ZIP", "1 encrypted 'secret.txt'\nencrypted=yes\n"
	    "! encrypted \n2 unknown 'open.txt'\n<open>\n"
	    "container complete\n");
	free(z);
}

/* Made by tests/samples/locked.py: a.txt, in the old encryption, by "sesame". */
static const uint8_t locked_zip[] =
    "PK\3\4\x14\x00\x01\x00\x00\x00\x00\x00\x21\x5c\x86\xb4\xa8\xd6\x12\x00\x00"
    "\x00\x06\x00\x00\x00\x05\x00\x00\x00" "a.txt" "\xba\xe1\x14\xa8\x32\x56\xb5"
    "\x8d\xb9\x1f\x34\xae\xbf\x84\xa3\x72\x31\xe6PK\1\2\x14\x00\x14\x00\x01\x00"
    "\x00\x00\x00\x00\x21\x5c\x86\xb4\xa8\xd6\x12\x00\x00\x00\x06\x00\x00\x00\x05"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" "a.txt"
    "PK\5\6\x00\x00\x00\x00\x01\x00\x01\x00\x33\x00\x00\x00\x35\x00\x00\x00\x00"
    "\x00";
#define LOCKED_ZIP locked_zip, sizeof(locked_zip) - 1, "ZIP"

static void
a_word_opens_a_locked_archive(void **state)
{
	(void)state;
	words = "other\nsesame\nmore\n";
	says(LOCKED_ZIP, "1 unknown 'a.txt'\n<words\n>\ncontainer complete\n");
	assert_int_equal(end.word, 1);
	words = "Sesame\n\n";
	says(LOCKED_ZIP, "1 encrypted 'a.txt'\nencrypted=yes\n! encrypted \n"
	    "container complete\n");
	assert_int_equal(end.word, -1);
	words = NULL;
}

/* One wrong word in 256 passes the first check of the old encryption. */
static void
only_a_checksum_that_fits_is_believed(void **state)
{
	char	 list[8 * 2000 + 1] = "", *at = list;

	(void)state;
	for (int i = 0; i < 2000; i++)
		at += sprintf(at, "w%d\n", i);
	words = list;
	for (int i = 0; i < 20; i++, words = strchr(words, '\n') + 1 + 7 * 70) {
		says(LOCKED_ZIP, "1 encrypted 'a.txt'\nencrypted=yes\n"
		    "! encrypted \ncontainer complete\n");
		assert_int_equal(end.word, -1);
	}
	words = NULL;
}

/* One TAR header; the checksum is that of the library's reader. */
static void
tar_header(uint8_t *b, const char *name, char type, const char *link)
{
	unsigned	 sum = 0;

	memset(b, 0, 512);
	strcpy((char *)b, name);
	memcpy(b + 100, "0000644\0" "0000000\0" "0000000\0" "00000000000\0"
	    "00000000000\0        ", 56);
	b[156] = (uint8_t)type;
	strcpy((char *)b + 157, link);
	memcpy(b + 257, "ustar\0" "00", 8);
	for (int i = 0; i < 512; i++)
		sum += b[i];
	snprintf((char *)b + 148, 8, "%06o", sum);
	b[155] = ' ';
}

static void
links_and_devices_are_never_followed(void **state)
{
	uint8_t	 b[512 * 6] = { 0 };

	(void)state;
	tar_header(b, "link", '2', "/etc/passwd");
	tar_header(b + 512, "hard", '1', "other");
	tar_header(b + 1024, "device", '3', "");
	tar_header(b + 1536, "pipe", '6', "");
	says(b, sizeof(b), "TAR",
	    "1 unknown 'link'\n! never a symbolic link to another file\n"
	    "2 unknown 'hard'\n! never a hard link to another file\n"
	    "3 unknown 'device'\n! never a device\n"
	    "4 unknown 'pipe'\n! never a named pipe\ncontainer complete\n");
}

static void
nothing_and_rubbish_end_by_name(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));

	(void)state;
	zip_end(z);
	says(z->b, z->n, "ZIP", "stub empty\n");
	says("rubbish that is no archive at all", 33, "7z", "stub format\n");
	says("rubbish", 7, "ACE", "stub unsupported\n");
	says("", 0, "gzip", "stub empty\n");
	free(z);
}

/* Made by arj 3.10: one member packed, one stored. */
static const uint8_t	 arj[] =
    "`\xea)\x00\x22\x0b\x01\x02\x10\x00\x02J\xedP\x02k\xedP\x02k\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00s.arj"
    "\x00\x00\x15\x8c\x30\xe8\x00\x00`\xea\x39\x00.\x0b\x01\x02\x10\x01\x00"
    "\xed\xedP\x02k\x1e\x00\x00\x00(\x00\x00\x00\xd5\x9c\xb2\x63\x00\x00"
    "\xa4\x11\x00\x00\x00\x00\x00\x00\x93P\x02k\xedP\x02k\x00\x00\x00\x00wo"
    "rds.txt\x00\x00\x3f]c\xab\x00\x00\x00\x13:Nj(\xbd\x80=\x8b\x08\x38\x44"
    "\x84\x85\x07\x90\xb2\x1e\x01{\x14h\xc9\x06\xc1T\xe3\xc1\x80`\xea<\x00."
    "\x0b\x01\x02\x00\x00\x00\xed\x93P\x02k\x05\x00\x00\x00\x05\x00\x00\x00"
    "\x82\xb8\x9e'\x04\x00\xa4\x11\x00\x00\x00\x00\x00\x00\x93P\x02k\x93P"
    "\x02k\x00\x00\x00\x00sub/deep.txt\x00\x00WuMG\x00\x00\x64\x65\x65p\x0a"
    "`\xea\x00\x00";

static void
an_arj_is_unpacked_whole_or_ends_by_name(void **state)
{
	uint8_t	 bytes[sizeof(arj) - 1];
	char	*s;

	(void)state;
	s = unpack(arj, sizeof(arj) - 1, "ARJ");
	assert_string_equal(s, "1 unknown 'words.txt'\n"
	    "<words of an arj, words of an arj, words\n>\n"
	    "2 unknown 'sub \xe2\x80\xba deep.txt'\n<deep\n>\n"
	    "container complete\n");
	free(s);
	for (size_t n = 0; n < sizeof(arj) - 1; n++) {
		free(unpack(arj, n, "ARJ"));
		assert_true(end.outcome == OUTCOME_CONTAINER ||
		    end.reason != REASON_COMPLETE);
	}
	for (size_t at = 0; at < sizeof(bytes); at++) {	/* lengths that lie */
		memcpy(bytes, arj, sizeof(bytes));
		bytes[at] = 0xff;
		free(unpack(bytes, sizeof(bytes), "ARJ"));
	}
	memcpy(bytes, arj, sizeof(bytes));
	bytes[59] |= 1;				/* the first member's flags */
	s = unpack(bytes, sizeof(bytes), "ARJ");
	assert_true(end.outcome == OUTCOME_STUB);
	assert_true(end.reason == REASON_ENCRYPTED);
	free(s);
}

static void
an_archive_that_is_cut_anywhere_ends_by_name(void **state)
{
	struct zip	*z = calloc(1, sizeof(*z));

	(void)state;
	zip_add(z, "a.txt", "one");
	zip_add(z, "b.txt", "two");
	zip_end(z);
	for (size_t n = 0; n < z->n; n++) {
		free(unpack(z->b, n, "ZIP"));
		assert_true(end.outcome == OUTCOME_CONTAINER ||
		    end.reason != REASON_COMPLETE);
	}
	free(z);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(members_come_with_their_folders),
		cmocka_unit_test(paths_that_lead_out_are_cut_and_told),
		cmocka_unit_test(
		    names_are_read_in_the_charset_of_their_country),
		cmocka_unit_test(members_that_share_bytes_are_a_bomb),
		cmocka_unit_test(limits_cut_and_what_fits_is_there),
		cmocka_unit_test(locked_members_are_named_one_by_one),
		cmocka_unit_test(a_word_opens_a_locked_archive),
		cmocka_unit_test(only_a_checksum_that_fits_is_believed),
		cmocka_unit_test(links_and_devices_are_never_followed),
		cmocka_unit_test(nothing_and_rubbish_end_by_name),
		cmocka_unit_test(an_arj_is_unpacked_whole_or_ends_by_name),
		cmocka_unit_test(an_archive_that_is_cut_anywhere_ends_by_name),
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
