/* The dialogue: each exchange whole, and cut at every point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialogue.h"
#include "err.h"

/* What the handlers saw, as one text. */
struct seen {
	struct dialogue	*d;
	char		 text[8192];
	int		 full, disk, result, later;
};

static void
see(struct seen *s, const char *what, const void *data, size_t len)
{
	size_t	 n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%s%.*s", what, (int)len,
	    (const char *)data);
}

static int
on_admit(void *arg, uint64_t size)
{
	struct seen	*s = arg;

	(void)size;
	return s->full ? ERR_FULL : ERR_OK;
}

static int
on_rcpt(void *arg, const char *address)
{
	(void)arg;
	if (strstr(address, "@here") == NULL && strcmp(address, "postmaster"))
		return ERR_DENIED;
	return strncmp(address, "nobody", 6) == 0 ? ERR_NOTFOUND : ERR_OK;
}

static int
on_data(void *arg, const uint8_t *data, size_t len)
{
	struct seen	*s = arg;

	if (s->disk)
		return ERR_FULL;
	see(s, "", data, len);
	return ERR_OK;
}

static void
on_complete(void *arg, const struct envelope *e)
{
	struct seen	*s = arg;
	size_t		 i;

	see(s, "|from ", e->sender, strlen(e->sender));
	for (i = 0; i < e->rcpt_count; i++)
		see(s, " to ", e->rcpts[i], strlen(e->rcpts[i]));
	if (e->client != NULL)
		see(s, " client ", e->client, strlen(e->client));
	if (e->smtputf8)
		see(s, " utf8", "", 0);
	see(s, "|", "", 0);
	if (!s->later)
		dialogue_committed(s->d, s->result, "LM-REF");
}

static void
on_discard(void *arg)
{
	(void)arg;
}

static const struct dialogue_handlers handlers = {
	on_admit, on_rcpt, on_data, on_complete, on_discard
};

static const struct dialogue_limits smtp = {
	.protocol = DIALOGUE_SMTP, .hostname = "mx", .max_size = 100,
	.max_rcpts = 3, .max_line = 512, .max_mails = 3
};
static const struct dialogue_limits lmtp = {
	.protocol = DIALOGUE_LMTP, .hostname = "mx", .own_mta = 1,
	.max_size = 100, .max_rcpts = 3, .max_line = 512, .max_mails = 3
};

/* All replies, drained. */
static void
replies(struct dialogue *d, char *out, size_t size)
{
	const uint8_t	*p;
	size_t		 len, n = strlen(out);

	while ((p = dialogue_output(d, &len)) != NULL) {
		snprintf(out + n, size - n, "%.*s", (int)len, (const char *)p);
		n = strlen(out);
		dialogue_drain(d, len);
	}
}

/* Runs `in`, split at `split`, and returns the codes of the reply lines. */
static void
run(const struct dialogue_limits *limits, struct seen *s, const char *in,
    size_t split, char *out, size_t size)
{
	size_t	 len = strlen(in), at = 0, to = split;

	s->d = dialogue_new(limits, &handlers, s);
	assert_non_null(s->d);
	out[0] = '\0';
	while (at < len && !dialogue_ended(s->d)) {
		size_t	 n = dialogue_feed(s->d, (const uint8_t *)in + at,
			    to - at);

		at += n;
		replies(s->d, out, size);
		if (at == to)
			to = len;
		else if (n == 0)
			break;
	}
	replies(s->d, out, size);
	dialogue_free(s->d);
}

/* "250-x\r\n250 y\r\n" becomes "250-250 ". */
static void
codes_of(const char *replies_text, char *out)
{
	const char	*p;

	for (p = replies_text; *p != '\0'; p = strstr(p, "\r\n") + 2) {
		memcpy(out, p, 4);
		out += 4;
	}
	*out = '\0';
}

#define HELLO	"EHLO c\r\n"
#define EHLO_OK	"250-250-250-250-250-250-250 "
#define ONE	"MAIL FROM:<a@b>\r\nRCPT TO:<x@here>\r\n"

static const struct {
	const struct dialogue_limits *limits;
	const char	*in, *codes, *seen;
} exchanges[] = {
	{ &smtp, "HELO c\r\n" ONE "DATA\r\nhi\r\n.\r\nQUIT\r\n",
	  "220 250 250 250 354 250 221 ", "hi\r\n|from a@b to x@here|" },
	{ &smtp, HELLO "mail from: <a@b> SIZE=5 BODY=8BITMIME\r\n"
	  "rcpt to: <x@here>\r\nrcpt to:<y@here>\r\ndata\r\n..\r\n.\r\n",
	  "220 " EHLO_OK "250 250 250 354 250 ",
	  ".\r\n|from a@b to x@here to y@here|" },
	/* nothing is accepted out of turn */
	{ &smtp, "MAIL FROM:<a@b>\r\n", "220 503 ", "" },
	{ &smtp, HELLO "RCPT TO:<x@here>\r\nDATA\r\nBDAT 2\r\nhiNOOP\r\n",
	  "220 " EHLO_OK "503 503 503 250 ", "" },
	{ &smtp, HELLO "MAIL FROM:<a@b>\r\nMAIL FROM:<c@d>\r\nDATA\r\n",
	  "220 " EHLO_OK "250 503 554 ", "" },
	{ &smtp, "LHLO c\r\nXFORWARD ADDR=1.2.3.4\r\nFOO\r\n EHLO c\r\n\r\n",
	  "220 500 502 502 502 502 ", "" },
	{ &lmtp, "EHLO c\r\nHELO c\r\n", "220 500 500 ", "" },
	{ &smtp, "EHLO\r\nEHLO a\x01z\r\n", "220 501 501 ", "" },
	/* recipients */
	{ &smtp, HELLO "MAIL FROM:<>\r\nRCPT TO:<x@there>\r\n"
	  "RCPT TO:<nobody@here>\r\nRCPT TO:<>\r\nRCPT TO:<postmaster>\r\n"
	  "DATA\r\n.\r\n", "220 " EHLO_OK "250 550 550 501 250 354 250 ",
	  "|from  to postmaster|" },
	{ &smtp, HELLO ONE "RCPT TO:<x@here>\r\nRCPT TO:<z@here>\r\n"
	  "RCPT TO:<w@here>\r\n", "220 " EHLO_OK "250 250 250 250 452 ", "" },
	/* parameters */
	{ &smtp, HELLO "MAIL FROM:<a@b> SIZE=101\r\nMAIL FROM:<a@b> SIZE=x\r\n"
	  "MAIL FROM:<a@b> FOO=1\r\nMAIL FROM:<a@b>x\r\nMAIL FROM:a@b\r\n"
	  "MAIL TO:<a@b>\r\nMAIL FROM:<a@b> BODY=BINARYMIME\r\n",
	  "220 " EHLO_OK "552 501 555 501 501 501 555 ", "" },
	{ &smtp, "HELO c\r\nMAIL FROM:<a@b> SIZE=5\r\n", "220 250 555 ", "" },
	{ &smtp, HELLO "MAIL FROM:<\xc3\xa9@b>\r\n"
	  "MAIL FROM:<\xc3\xa9@b> SMTPUTF8\r\nRCPT TO:<\xc3\xa9@here>\r\n"
	  "DATA\r\n.\r\n", "220 " EHLO_OK "553 250 250 354 250 ",
	  "|from \xc3\xa9@b to \xc3\xa9@here utf8|" },
	{ &smtp, HELLO "MAIL FROM:<a@b>\r\nRCPT TO:<\xc3\xa9@here>\r\n"
	  "RCPT TO:<x@here> NOTIFY=NEVER\r\n",
	  "220 " EHLO_OK "250 553 555 ", "" },
	/* RSET, another EHLO, NOOP, VRFY, HELP */
	{ &smtp, HELLO ONE "RSET\r\nDATA\r\n" ONE "EHLO c\r\nDATA\r\n",
	  "220 " EHLO_OK "250 250 250 503 250 250 " EHLO_OK "503 ", "" },
	{ &smtp, "NOOP\r\nVRFY a@b\r\nVRFY\r\nHELP\r\nEXPN x\r\n"
	  "STARTTLS\r\nQUIT\r\nNOOP\r\n",
	  "220 250 252 501 214 502 502 221 ", "" },
	/* LMTP: a reply for each recipient */
	{ &lmtp, "LHLO c\r\nXFORWARD ADDR=192.0.2.1 NAME=[UNAVAILABLE]\r\n" ONE
	  "RCPT TO:<nobody@here>\r\nRCPT TO:<y@here>\r\nDATA\r\nhi\r\n.\r\n",
	  "220 250-250-250-250-250-250-250-250 250 250 250 550 250 354 250 "
	  "250 ", "hi\r\n|from a@b to x@here to y@here client 192.0.2.1|" },
	{ &lmtp, "LHLO c\r\nXFORWARD ADDR=IPV6:2001:db8::1\r\n"
	  "XFORWARD ADDR=a+0Ab\r\nXFORWARD ADDR\r\n" ONE "DATA\r\n.\r\n",
	  "220 250-250-250-250-250-250-250-250 250 501 501 250 250 354 250 ",
	  "|from a@b to x@here client 2001:db8::1|" },
	/* CHUNKING */
	{ &smtp, HELLO ONE "BDAT 2\r\nhiBDAT 3 LAST\r\n.\r\nNOOP\r\n",
	  "220 " EHLO_OK "250 250 250 250 250 ",
	  "hi.\r\n|from a@b to x@here|" },
	{ &smtp, HELLO ONE "BDAT 2\r\nhiDATA\r\nMAIL FROM:<a@b>\r\n"
	  "BDAT 0 LAST\r\n", "220 " EHLO_OK "250 250 250 503 503 250 ",
	  "hi|from a@b to x@here|" },
	{ &smtp, HELLO ONE "BDAT 2\r\nhiRSET\r\nBDAT 2 LAST\r\nhiNOOP\r\n",
	  "220 " EHLO_OK "250 250 250 250 503 250 ", "hi" },
	{ &smtp, HELLO ONE "BDAT x LAST\r\nhi\r\n", "220 " EHLO_OK
	  "250 250 521 ", "" },
	{ &smtp, HELLO ONE "BDAT 99999999999999999999\r\nhi\r\n", "220 " EHLO_OK
	  "250 250 521 ", "" },
	{ &lmtp, "LHLO c\r\n" ONE "RCPT TO:<y@here>\r\nBDAT 2\r\nhi"
	  "BDAT 1 LAST\r\n!", "220 250-250-250-250-250-250-250-250 250 250 "
	  "250 250 250 250 ", "hi!|from a@b to x@here to y@here|" },
	/* smuggling: one mail at most, and that one refused */
	{ &smtp, HELLO ONE "DATA\r\nhi\n.\nMAIL FROM:<evil@b>\r\n.\r\nNOOP\r\n",
	  "220 " EHLO_OK "250 250 354 550 250 ",
	  "hi\n.\nMAIL FROM:<evil@b>\r\n" },
	{ &smtp, HELLO ONE "DATA\r\nhi\n.\r\nMAIL FROM:<evil@b>\r\n.\r\n",
	  "220 " EHLO_OK "250 250 354 550 ",
	  "hi\n.\r\nMAIL FROM:<evil@b>\r\n" },
	{ &smtp, HELLO ONE "DATA\r\nhi\r\n.\nMAIL FROM:<evil@b>\r\n.\r\n",
	  "220 " EHLO_OK "250 250 354 550 ",
	  "hi\r\n\nMAIL FROM:<evil@b>\r\n" },
	{ &smtp, HELLO ONE "DATA\r\nhi\r\n.\rMAIL FROM:<evil@b>\r\n.\r\n",
	  "220 " EHLO_OK "250 250 354 550 ",
	  "hi\r\n\rMAIL FROM:<evil@b>\r\n" },
	{ &smtp, HELLO ONE "DATA\r\nhi\r.\rMAIL FROM:<evil@b>\r\n.\r\n",
	  "220 " EHLO_OK "250 250 354 550 ",
	  "hi\r.\rMAIL FROM:<evil@b>\r\n" },
	{ &lmtp, "LHLO c\r\n" ONE "DATA\r\nhi\n.\nMAIL FROM:<evil@b>\r\n.\r\n",
	  "220 250-250-250-250-250-250-250-250 250 250 354 550 ",
	  "hi\n.\nMAIL FROM:<evil@b>\r\n" },
	{ &lmtp, "LHLO c\r\n" ONE "DATA\r\nlone \r here\r\n.\r\n",
	  "220 250-250-250-250-250-250-250-250 250 250 354 250 ",
	  "lone \r here\r\n|from a@b to x@here|" },
	{ &smtp, "NOOP\nMAIL FROM:<a@b>\r\n", "220 521 ", "" },
	{ &smtp, "NOOP\rMAIL FROM:<a@b>\r\n", "220 521 ", "" },
	/* enough is enough */
	{ &smtp, HELLO ONE "DATA\r\n.\r\n" ONE "DATA\r\n.\r\n" ONE
	  "DATA\r\n.\r\nMAIL FROM:<a@b>\r\nNOOP\r\n",
	  "220 " EHLO_OK "250 250 354 250 250 250 354 250 250 250 354 250 "
	  "421 ", "|from a@b to x@here||from a@b to x@here|"
	  "|from a@b to x@here|" },
};

static void
each_exchange_is_the_same_from_every_split(void **state)
{
	static char	 out[65536], codes[65536];
	size_t		 i, split;

	(void)state;
	for (i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
		for (split = 0; split <= strlen(exchanges[i].in); split++) {
			struct seen	 s = {0};

			run(exchanges[i].limits, &s, exchanges[i].in, split,
			    out, sizeof(out));
			codes_of(out, codes);
			assert_string_equal(codes, exchanges[i].codes);
			assert_string_equal(s.text, exchanges[i].seen);
		}
}

static void
once(const struct dialogue_limits *limits, struct seen *s, const char *in,
    char *out, size_t size)
{
	run(limits, s, in, strlen(in), out, size);
}

static void
a_mail_too_large_is_refused_at_its_end(void **state)
{
	char		 in[1024] = HELLO ONE "DATA\r\n", out[4096];
	struct seen	 s = {0};
	int		 i;

	(void)state;
	for (i = 0; i < 10; i++)
		strcat(in, "twelve byte\r\n");
	strcat(in, ".\r\nNOOP\r\n");
	once(&smtp, &s, in, out, sizeof(out));
	assert_non_null(strstr(out, "552 5.3.4"));
	assert_non_null(strstr(out, "250 2.0.0 Here"));
	assert_null(strstr(s.text, "|"));
}

static void
a_full_disk_is_a_4xx(void **state)
{
	char		 out[4096];
	struct seen	 s = { .full = 1 };

	(void)state;
	once(&smtp, &s, HELLO "MAIL FROM:<a@b>\r\n", out, sizeof(out));
	assert_non_null(strstr(out, "452 4.3.1"));
	s = (struct seen){ .disk = 1 };
	once(&smtp, &s, HELLO ONE "DATA\r\nhi\r\n.\r\n", out, sizeof(out));
	assert_non_null(strstr(out, "452 4.3.1"));
	s = (struct seen){ .result = ERR_SYS };
	once(&lmtp, &s, "LHLO c\r\n" ONE "RCPT TO:<y@here>\r\nDATA\r\nhi\r\n"
	    ".\r\n", out, sizeof(out));
	assert_non_null(strstr(out, "451 4.3.0 <x@here>"));
	assert_non_null(strstr(out, "451 4.3.0 <y@here>"));
}

static void
nothing_is_read_while_a_mail_is_made_durable(void **state)
{
	static const char	 in[] = HELLO ONE "DATA\r\n.\r\nNOOP\r\n";
	char			 out[4096] = "";
	struct seen		 s = { .later = 1 };
	size_t			 n, len = sizeof(in) - 1;

	(void)state;
	s.d = dialogue_new(&smtp, &handlers, &s);
	n = dialogue_feed(s.d, (const uint8_t *)in, len);
	assert_int_equal(n, len - 6);
	assert_true(dialogue_waiting(s.d));
	assert_int_equal(dialogue_feed(s.d, (const uint8_t *)in + n, 6), 0);
	replies(s.d, out, sizeof(out));
	assert_null(strstr(out, "Accepted"));
	dialogue_committed(s.d, ERR_OK, "LM-REF");
	assert_int_equal(dialogue_feed(s.d, (const uint8_t *)in + n, 6), 6);
	replies(s.d, out, sizeof(out));
	assert_non_null(strstr(out, "250 2.0.0 Accepted as LM-REF\r\n250"));
	dialogue_free(s.d);
}

static void
a_client_that_does_not_read_is_not_read(void **state)
{
	struct seen	 s = {0};
	size_t		 n = 1, len, total = 0;

	(void)state;
	s.d = dialogue_new(&smtp, &handlers, &s);
	while (n > 0 && total < 1000000) {
		n = dialogue_feed(s.d, (const uint8_t *)"NOOP\r\n", 6);
		total += n;
	}
	dialogue_output(s.d, &len);
	assert_true(len < 20000);
	dialogue_free(s.d);
}

static void
long_lines_and_nul_are_mistakes(void **state)
{
	char		 in[2000] = "NOOP ", out[4096];
	struct seen	 s = {0};

	(void)state;
	memset(in + 5, 'x', 1000);
	strcpy(in + 1005, "\r\nNOOP\r\n");
	once(&smtp, &s, in, out, sizeof(out));
	assert_non_null(strstr(out, "500 5.5.2 Line is too long\r\n250"));
	s.d = dialogue_new(&smtp, &handlers, &s);
	assert_int_equal(dialogue_feed(s.d, (const uint8_t *)"NO\0OP\r\n", 7),
	    7);
	out[0] = '\0';
	replies(s.d, out, sizeof(out));
	assert_non_null(strstr(out, "500 5.5.2"));
	dialogue_free(s.d);
}

static void
many_mistakes_end_it(void **state)
{
	char		 in[1000] = "", out[8192];
	struct seen	 s = {0};
	int		 i;

	(void)state;
	for (i = 0; i < 30; i++)
		strcat(in, "FOO\r\n");
	once(&smtp, &s, in, out, sizeof(out));
	assert_non_null(strstr(out, "421 4.7.0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_exchange_is_the_same_from_every_split),
		cmocka_unit_test(a_mail_too_large_is_refused_at_its_end),
		cmocka_unit_test(a_full_disk_is_a_4xx),
		cmocka_unit_test(nothing_is_read_while_a_mail_is_made_durable),
		cmocka_unit_test(a_client_that_does_not_read_is_not_read),
		cmocka_unit_test(long_lines_and_nul_are_mistakes),
		cmocka_unit_test(many_mistakes_end_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
