/*
 * Outlook's mails: RTF bodies undone, .msg built by the library and read again, TNEF.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <gsf/gsf.h>
#include <gsf/gsf-outfile-msole.h>

#include "err.h"
#include "outlook.h"
#include "rtf_text.h"
#include "strbuf.h"

static struct strbuf	 said;

static void
on_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	strbuf_printf(&said, "%s=%s\n", fact_name(f), value);
}

static int
on_child(void *arg, enum worker_role role, enum kind hint, const char *path,
    const char *name, const char *declared, const char *charset,
    const char *content_id)
{
	(void)arg;
	(void)content_id;
	strbuf_printf(&said, "%s %d %s '%s' %s %s\n", path, (int)role,
	    kind_name(hint), name, declared, charset);
	return 1;
}

static int
on_data(void *arg, const void *data, size_t len)
{
	(void)arg;
	if (len < 200)
		strbuf_printf(&said, "<%.*s>\n", (int)len, (const char *)data);
	else
		strbuf_puts(&said, "<...>\n");
	return 1;
}

static void
on_stub(void *arg, enum reason reason, const char *note)
{
	(void)arg;
	strbuf_printf(&said, "! %s %s\n", reason_name(reason), note);
}

static const struct outlook_sink	 sink = { NULL, on_fact, on_child,
					    on_data, on_stub };
static const struct outlook_limits	 limits = { 1 << 20, 1 << 20 };

static int
warm(void **state)
{
	(void)state;
	return outlook_warm() != ERR_OK;
}

static void
rtf_says(const char *rtf, enum rtf_form wanted_form, const char *wanted)
{
	enum rtf_form	 form;
	size_t		 n;
	int		 own;
	char		*t = rtf_read((const uint8_t *)rtf, strlen(rtf), &form,
			    &own, &n);

	assert_non_null(t);
	assert_int_equal(form, wanted_form);
	assert_string_equal(t, wanted);
	free(t);
}

static void
words_in_rtf_are_read(void **state)
{
	(void)state;
	rtf_says("{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}one\\par "
	    "caf\\'e9 \\u26085?\\{x\\}{\\pict 00ff}{\\*\\x no}}", RTF_TEXT,
	    "one\ncaf\xc3\xa9 \xe6\x97\xa5{x}");
	rtf_says("{\\rtf1\\ansi{\\fonttbl{\\f1\\fcharset128 G;}}"
	    "{\\f1\\'93\\'fa\\'96\\'7b}}", RTF_TEXT, "日本");
	rtf_says("{\\rtf1\\uc2\\u-10179??\\u-8704??x}", RTF_TEXT,
	    "\xf0\x9f\x98\x80x");
	rtf_says("no rtf", RTF_NONE, "");
}

static void
a_page_wrapped_in_rtf_comes_out(void **state)
{
	(void)state;
	rtf_says("{\\rtf1\\ansi\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf "
	    "{\\b \\htmlrtf0 bold\\htmlrtf }\\htmlrtf0 "
	    "{\\*\\htmltag72 </p>}}", RTF_HTML, "<p>bold</p>");
	rtf_says("{\\rtf1\\ansi\\fromtext words\\par more}", RTF_TEXT,
	    "words\nmore");
}

/* The example of [MS-OXRTFCP]. */
static const char lzfu[] =
    "\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\n\0rcpg125B2\nS h"
    "el\tQ wor-ld}\n\x80\x0f\xa0";

static void
compressed_rtf_is_undone(void **state)
{
	static const char	plain[] = "\x10\0\0\0\4\0\0\0MELA\0\0\0\0abcd";
	uint8_t			*t;
	size_t			 n;

	(void)state;
	t = rtf_decompress((const uint8_t *)plain, sizeof(plain) - 1, 100, &n);
	assert_string_equal((char *)t, "abcd");
	free(t);
	t = rtf_decompress((const uint8_t *)plain, sizeof(plain) - 1, 2, &n);
	assert_int_equal(n, 2);
	free(t);
	for (size_t i = 0; i < sizeof(lzfu); i++)
		free(rtf_decompress((const uint8_t *)lzfu, i, 100, &n));
	assert_null(rtf_decompress((const uint8_t *)"rubbish, no rtf at all",
	    22, 100, &n));
}

static void
add(GsfOutfile *dir, const char *name, const char *bytes, size_t len)
{
	GsfOutput	*o = gsf_outfile_new_child(dir, name, FALSE);

	gsf_output_write(o, len, (const guint8 *)bytes);
	gsf_output_close(o);
	g_object_unref(o);
}

static GsfOutfile *
folder(GsfOutfile *dir, const char *name)
{
	return GSF_OUTFILE(gsf_outfile_new_child(dir, name, TRUE));
}

static void
folder_end(GsfOutfile *dir)
{
	gsf_output_close(GSF_OUTPUT(dir));
	g_object_unref(dir);
}

/* One property of a fixed size behind the header of the stream. */
static void
fixed(GsfOutfile *dir, size_t head, const char *property)
{
	char	 b[48] = { 0 };

	memcpy(b + head, property, 16);
	add(dir, "__properties_version1.0", b, head + 16);
}

static GsfOutput *
message(void)
{
	GsfOutput	*memory = gsf_output_memory_new();
	GsfOutfile	*ole = gsf_outfile_msole_new(memory), *a, *inner;

	/* code page 932 */
	fixed(ole, 32, "\x03\0\xfd\x3f\0\0\0\0\xa4\3\0\0\0\0\0\0");
	add(ole, "__substg1.0_0037001F", "S\0u\0b\0", 6);
	add(ole, "__substg1.0_0C1F001E", "/O=EX/CN=A", 10);
	add(ole, "__substg1.0_5D01001E", "a@b.example", 11);
	add(ole, "__substg1.0_1000001E", "\x93\xfa\x96\x7b", 4);
	a = folder(ole, "__recip_version1.0_#00000000");
	fixed(a, 8, "\x03\0\x15\x0c\0\0\0\0\2\0\0\0\0\0\0\0");
	add(a, "__substg1.0_3001001E", "C", 1);
	add(a, "__substg1.0_39FE001E", "c@d.example", 11);
	folder_end(a);
	a = folder(ole, "__attach_version1.0_#00000000");
	fixed(a, 8, "\x03\0\x05\x37\0\0\0\0\1\0\0\0\0\0\0\0");
	add(a, "__substg1.0_3707001E", "\x8e\x91\x97\xbf.txt", 8);
	add(a, "__substg1.0_37010102", "bytes", 5);
	folder_end(a);
	a = folder(ole, "__attach_version1.0_#00000001");
	fixed(a, 8, "\x03\0\x05\x37\0\0\0\0\5\0\0\0\0\0\0\0");
	inner = folder(a, "__substg1.0_3701000D");
	add(inner, "__substg1.0_0037001E", "inner", 5);
	folder_end(inner);
	folder_end(a);
	a = folder(ole, "__attach_version1.0_#00000002");
	fixed(a, 8, "\x03\0\x05\x37\0\0\0\0\2\0\0\0\0\0\0\0");
	add(a, "__substg1.0_3707001E", "far.doc", 7);
	folder_end(a);
	folder_end(ole);
	return memory;
}

static void
a_message_gives_facts_body_and_attachments(void **state)
{
	GsfOutput	*m = message();
	char		*s;

	(void)state;
	assert_int_equal(outlook_read_msg(gsf_output_memory_get_bytes(
	    GSF_OUTPUT_MEMORY(m)), (size_t)gsf_output_size(m), &limits, &sink),
	    REASON_COMPLETE);
	s = strbuf_take(&said);
	assert_string_equal(s, "cc=C <c@d.example>\nformat=MSG\n"
	    "from=a@b.example\nsubject=Sub\n"
	    "1 1 text '' text/plain utf-8\n<日本>\n"
	    "2 0 unknown '資料.txt'  \n<bytes>\n"
	    "3 0 mail 'inner.msg' application/vnd.ms-outlook \n<...>\n"
	    "4 0 unknown 'far.doc'  \n"
	    "! unsupported only a reference to a file elsewhere\n");
	free(s);
	g_object_unref(m);
}

static void
a_message_that_is_cut_anywhere_ends(void **state)
{
	GsfOutput	*m = message();
	const uint8_t	*b = gsf_output_memory_get_bytes(GSF_OUTPUT_MEMORY(m));
	size_t		 len = (size_t)gsf_output_size(m);

	(void)state;
	for (size_t n = 0; n < len; n += 61) {
		outlook_read_msg(b, n, &limits, &sink);
		strbuf_free(&said);
	}
	g_object_unref(m);
}

static void
tnef_gives_its_words(void **state)
{
	static const char	tnef[] = "\x78\x9f\x3e\x22\1\0"
	    "\1\4\x80\1\0\2\0\0\0a\0\x61\0" "\1\x0c\x80\2\0\2\0\0\0b\0\x62\0";
	char			*s;

	(void)state;
	assert_int_equal(outlook_read_tnef((const uint8_t *)tnef,
	    sizeof(tnef) - 1, &limits, &sink), REASON_COMPLETE);
	s = strbuf_take(&said);
	assert_string_equal(s, "format=TNEF\nsubject=a\n"
	    "1 1 text '' text/plain utf-8\n<b>\n");
	free(s);
	assert_int_equal(outlook_read_msg((const uint8_t *)"rubbish", 7,
	    &limits, &sink), REASON_FORMAT);
	strbuf_free(&said);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(words_in_rtf_are_read),
		cmocka_unit_test(a_page_wrapped_in_rtf_comes_out),
		cmocka_unit_test(compressed_rtf_is_undone),
		cmocka_unit_test(a_message_gives_facts_body_and_attachments),
		cmocka_unit_test(a_message_that_is_cut_anywhere_ends),
		cmocka_unit_test(tnef_gives_its_words),
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
