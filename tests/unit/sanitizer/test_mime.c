#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "mime_mbox.h"
#include "mime_parts.h"
#include "signed_pair.h"
#include "strbuf.h"

/* A ContentInfo that is signedData with one content and no signer. */
#define ENVELOPED \
    "MEQGCSqGSIb3DQEHAqA3MDUCAQExADAsBgkqhkiG9w0BBwGgHwQdQ29udGVu" \
    "dC1UeXBlOiB0ZXh0L2h0bWwNCg0KaGkxAA=="

/* "fact=value" and "[path role hint name type charset] bytes", a line each; of a
 * pair, {sender|over|signature|content}, a long signature by its first byte. */
static const struct {
	const char	*mail, *said;
} cases[] = {
	{ "From: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?= <a@b.example>\n"
	  "To: \"Smith, J\" <j@b.example>, k@b.example (Kay)\n"
	  "Subject: =?utf-8?Q?caf=C3?= =?utf-8?Q?=A9_?= =?utf-8?b?4pyT?=\n"
	  "Date: Mon, 7 Jul 2025 10:00:00 +0900\n"
	  "Message-ID: <1@b.example>\nReferences: <2@x> <3@x>\n\nhi\n",
	  "from=a@b.example\nfrom-name=日本\n"
	  "to=Smith, J <j@b.example>\nto=Kay <k@b.example>\n"
	  "subject=café ✓\ndate=2025-07-07T10:00:00+09:00\n"
	  "message-id=<1@b.example>\nreferences=<2@x>\nreferences=<3@x>\n"
	  "[1 body text  text/plain ] hi\n" },
	/* raw 8-bit, broken words, groups, lost mailboxes */
	{ "Subject: \xa9\xfa\xa4\xd1\xaa\xba\xb7|\xc4\xb3\xa1" "A\xa4" "H\xad"
	  "n\xa5\xfe\n\nx", "subject=明天的會議，人要全\n"
	  "malformed=headers with raw 8-bit bytes\n"
	  "[1 body text  text/plain ] x" },
	{ "Subject: =?utf-8?B?Y2Fmw6k\nTo: undisclosed-recipients:;\n\nx",
	  "subject=café\n[1 body text  text/plain ] x" },
	{ "From: a@b.example, c@b.example\nFrom: d@b.example\n\nx",
	  "from=a@b.example\n"
	  "malformed=several senders; the first is shown\n"
	  "malformed=several From lines; the first is shown\n"
	  "malformed=headers that contradict each other\n"
	  "[1 body text  text/plain ] x" },
	/* only our own MTA's word counts */
	{ "Authentication-Results: evil.example; spf=pass\n"
	  "Authentication-Results: mx.example; dkim=fail\n"
	  "Authentication-Results: mx.example; dkim=pass\n"
	  "Authentication-Results: mx.example.evil; spf=pass\n\nx",
	  "auth=dkim=fail\n[1 body text  text/plain ] x" },
	/* the HTML form is the body, pictures stand beside it */
	{ "Content-Type: multipart/mixed; boundary=m\n\n"
	  "--m\nContent-Type: multipart/alternative; boundary=a\n\n"
	  "--a\n\nplain\n"
	  "--a\nContent-Type: multipart/related; boundary=r\n\n"
	  "--r\nContent-Type: text/html; charset=big5\n\n<b>html</b>\n"
	  "--r\nContent-Type: image/png\nContent-ID: <i>\n\nPNG\n--r--\n"
	  "--a--\n"
	  "--m\nContent-Type: text/plain; name=\"=?utf-8?Q?=C3=A9.txt?=\"\n\n"
	  "file\n--m--\n",
	  "[1.1 alternative text  text/plain ] plain"
	  "[1.2.1 body html  text/html big5] <b>html</b>"
	  "[1.2.2 inline unknown  image/png ] PNG"
	  "[2 attachment text é.txt text/plain ] file" },
	{ "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
	  "Content-Disposition: attachment; filename*0*=utf-8''%E6%97%A5;\n"
	  " filename*1=.pdf\n\nJVBE\n?Ri0=\n",
	  "malformed=part 1: 1 places in its base64 do not fit\n"
	  "[1 attachment unknown 日.pdf application/pdf ] %PDF-" },
	{ "Content-Transfer-Encoding: quoted-printable\n\na=\nb=3D=zz=\n",
	  "malformed=part 1: 1 places in its quoted-printable do not fit\n"
	  "[1 body text  text/plain ] ab==zz" },
	{ "Content-Type: text/plain; format=flowed\n\na \nb\n> c \n> d\n",
	  "[1 body text  text/plain ] a b\n> c d\n" },
	{ "Subject: u\n\nsee\nbegin 644 a.txt\n#0V%T\n`\nend\nbye\n",
	  "subject=u\n[1 body text  text/plain ] see\nbye"
	  "[1.1 attachment unknown a.txt  ] Cat" },
	{ "Content-Type: message/rfc822\n\nSubject: in\n\nx\n",
	  "[1 attachment mail  message/rfc822 ] Subject: in\n\nx\n" },
	{ "Content-Type: multipart/encrypted; boundary=m\n\n"
	  "--m\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
	  "--m\nContent-Type: application/octet-stream\n\nPGP\n--m--\n",
	  "[2 attachment unknown  application/octet-stream ] PGP" },
	/* a signature comes with the very bytes that it signs */
	{ "From: a@b.example\r\nContent-Type: multipart/signed; boundary=s\r\n"
	  "\r\n--s\r\nContent-Type: text/plain\r\n\r\nwords\r\n--s\r\n"
	  "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nU0lH\r\n--s--\r\n",
	  "from=a@b.example\n[1 body text  text/plain ] words"
	  "[2 signature signature smime.p7s application/pkcs7-signature ] "
	  "{a@b.example||SIG|Content-Type: text/plain\r\n\r\nwords}" },
	{ "Content-Type: multipart/mixed; boundary=m\n\n--m\n\nfirst\n--m\n"
	  "Content-Type: multipart/signed; boundary=s\n\n--s \n"
	  "Content-Type: multipart/mixed; boundary=i\n\nprologue --s\n--i\n\n"
	  "one\n--i\n\n\ntwo\n--i--\nepilogue\n\n--s\n"
	  "Content-Type: application/pkcs7-signature\n\nSIG\n--s\n\nmore\n"
	  "--s--\n--m--\n",
	  "[1 body text  text/plain ] first[2.1.1 body text  text/plain ] one"
	  "[2.1.2 body text  text/plain ] \ntwo[2.2 signature signature "
	  "smime.p7s application/pkcs7-signature ] {|2.1|SIG|Content-Type: "
	  "multipart/mixed; boundary=i\n\nprologue --s\n--i\n\none\n--i\n\n\n"
	  "two\n--i--\nepilogue\n}malformed=part 2.3: it stands beside a signed "
	  "part and is not signed\n[2.3 body text  text/plain ] more" },
	/* and some carry them inside */
	{ "From: a@b.example\nContent-Type: application/pkcs7-mime; name=x.p7m;\n"
	  " smime-type=signed-data\nContent-Transfer-Encoding: base64\n\n"
	  ENVELOPED "\n",
	  "from=a@b.example\n[1.1 body html  text/html ] hi"
	  "[1 signature signature x.p7m application/pkcs7-mime ] "
	  "{a@b.example||0?|Content-Type: text/html\r\n\r\nhi}" },
	/* damage */
	{ "", "[1 body text  text/plain ] " },
	{ "From a@b Mon Jul 7\nSubject: s\n\nx", "subject=s\n"
	  "[1 body text  text/plain ] x" },
	{ "no headers here\nat all\n",
	  "malformed=no headers: all of it is shown as text\n"
	  "[1 body text  text/plain ] no headers here\nat all\n" },
	{ "Subject: cr\r\rbody\r", "malformed=lines ended in CR alone\n"
	  "subject=cr\n[1 body text  text/plain ] body\n" },
	{ "\n\nSubject: s\n\nx", "malformed=blank lines before the headers\n"
	  "subject=s\n[1 body text  text/plain ] x" },
	{ "Content-Type: multipart/mixed\n\nlost words\n",
	  "malformed=part 1: a multipart without parts\n"
	  "[1 body text  text/plain ] lost words\n"
	  "malformed=a multipart without boundary\n" }
};

static void
on_fact(void *arg, enum fact f, const char *value)
{
	strbuf_printf(arg, "%s=%s\n", fact_name(f), value);
}

static enum worker_role	 role_now;

static int
on_child(void *arg, enum worker_role role, enum kind hint, const char *path,
    const char *name, const char *declared, const char *charset,
    const char *content_id)
{
	static const char *const roles[] = {
		[ROLE_ATTACHMENT] = "attachment", [ROLE_BODY] = "body",
		[ROLE_ALTERNATIVE] = "alternative", [ROLE_INLINE] = "inline",
		[ROLE_SIGNATURE] = "signature"
	};

	(void)content_id;
	role_now = role;
	strbuf_printf(arg, "[%s %s %s %s %s %s] ", path, roles[role],
	    kind_name(hint), name, declared, charset);
	return 1;
}

static int
on_data(void *arg, const void *data, size_t len)
{
	struct signed_pair	 p = { 0 };

	if (role_now != ROLE_SIGNATURE) {
		strbuf_add(arg, data, len);
		return 1;
	}
	assert_int_equal(signed_pair_unpack(data, len, &p), ERR_OK);
	strbuf_printf(arg, "{%s|%s|", p.from, p.over);
	strbuf_printf(arg, p.signature_len > 10 ? "%.1s?" : "%.3s",
	    (const char *)p.signature);
	strbuf_printf(arg, "|%.*s}", (int)p.content_len,
	    (const char *)p.content);
	return 1;
}

static char *
said_of(const char *mail, size_t len, const struct mime_limits *limits,
    enum reason *reason)
{
	struct strbuf		 b = STRBUF_EMPTY;
	struct mime_sink	 sink = { &b, on_fact, on_child, on_data };
	uint64_t		 limit;

	*reason = mime_read((const uint8_t *)mail, len, limits, &sink, &limit);
	return strbuf_take(&b);
}

static const struct mime_limits	 plenty = { 65536, 50, "mx.example" };

/* Facts of damage are said when it is met, so their order is not compared. */
static void
assert_lines_said(const char *said, const char *want)
{
	const char	*end;
	char		*line;

	for (; *want != '\0'; want = end) {
		end = want + strcspn(want, "\n");
		end += *end == '\n';
		line = strndup(want, (size_t)(end - want));
		if (strstr(said, line) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", line, said);
		free(line);
	}
}

static void
mails_come_apart_as_the_table_says(void **state)
{
	size_t		 i;
	char		*said;
	enum reason	 reason;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		said = said_of(cases[i].mail, strlen(cases[i].mail), &plenty,
		    &reason);
		assert_lines_said(said, cases[i].said);
		assert_int_equal(strlen(said), strlen(cases[i].said));
		assert_int_equal(reason, REASON_COMPLETE);
		free(said);
	}
}

static void
what_is_beyond_a_limit_is_named(void **state)
{
	struct mime_limits	 small = { 64, 1, "" };
	static const char	 long_headers[] = "Subject: first\nX: "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
	    "To: dropped@b.example\n\nbody";
	static const char	 deep[] =
	    "Content-Type: multipart/mixed; boundary=a\n\n"
	    "--a\n\nshown\n--a\nContent-Type: multipart/mixed; boundary=b\n\n"
	    "--b\n\nbelow\n--b--\n--a--\n";
	char		*said;
	enum reason	 reason;

	(void)state;
	said = said_of(long_headers, sizeof(long_headers) - 1, &small, &reason);
	assert_int_equal(reason, REASON_LIMIT_HEADERS);
	assert_non_null(strstr(said, "subject=first"));
	assert_null(strstr(said, "dropped@"));
	assert_non_null(strstr(said, "] body"));
	free(said);
	small.max_headers = 65536;
	said = said_of(deep, sizeof(deep) - 1, &small, &reason);
	assert_int_equal(reason, REASON_COMPLETE);
	assert_non_null(strstr(said, "[1 body text  text/plain ] shown"));
	assert_non_null(strstr(said, "malformed=part 2.1: nested so deeply"));
	assert_non_null(strstr(said, "[2.1 attachment mail  message/rfc822 ] "));
	free(said);
}

static void
a_file_of_mails_comes_apart(void **state)
{
	static const struct {
		const char	*file;
		unsigned	 count;
		const char	*said;
	} files[] = {
		{ "", 0, "" },
		{ "From a@b Mon Jan  5 10:00:00 2026\nSubject: x\n\nFrom me\n",
		  0, "" },
		{ "From a@b Mon Jan  5 10:00:00 2026\nSubject: x\n\none\n\n"
		  "From c@d Mon Jan  5 11:00:00 2026\nSubject: y\n\ntwo\n"
		  "From now on: no\nborder: here\n", 2,
		  "[1 attachment mail  message/rfc822 ] Subject: x\n\none\n\n"
		  "[2 attachment mail  message/rfc822 ] Subject: y\n\ntwo\n"
		  "From now on: no\nborder: here\n" },
		{ "From a 1:2\r\nA: b\r\n\r\nFrom c 1:2\r\nC: d\r\n", 2,
		  "[1 attachment mail  message/rfc822 ] A: b\r\n\r\n"
		  "[2 attachment mail  message/rfc822 ] C: d\r\n" },
		{ "Subject: x\n\nFrom a 1:2\nA: b\n\nFrom c 1:2\nC: d\n", 0,
		  "" }
	};
	struct strbuf	 b = STRBUF_EMPTY;
	struct mime_sink sink = { &b, on_fact, on_child, on_data };
	char		*said;
	int		 cut;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(mime_mbox((const uint8_t *)files[i].file,
		    strlen(files[i].file), &sink, &cut), files[i].count);
		strbuf_puts(&b, "");
		said = strbuf_take(&b);
		assert_string_equal(said == NULL ? "" : said, files[i].said);
		assert_int_equal(cut, 0);
		free(said);
	}
}

static void
a_mail_cut_anywhere_still_has_a_part(void **state)
{
	const char	*mail;
	size_t		 i, n;
	char		*said;
	enum reason	 reason;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mail = cases[i].mail;
		for (n = 0; n <= strlen(mail); n++) {
			said = said_of(mail, n, &plenty, &reason);
			assert_non_null(strstr(said, "["));
			assert_int_equal(reason, REASON_COMPLETE);
			free(said);
		}
	}
}

static int
warm(void **state)
{
	(void)state;
	return mime_warm();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails_come_apart_as_the_table_says),
		cmocka_unit_test(what_is_beyond_a_limit_is_named),
		cmocka_unit_test(a_file_of_mails_comes_apart),
		cmocka_unit_test(a_mail_cut_anywhere_still_has_a_part)
	};

	return cmocka_run_group_tests(tests, warm, NULL);
}
