/*
 * The commands of the dialogue. Run by limpid-intaked. Hostile: every line.
 * Must never accept a mail without a recipient that the served tables hold,
 * and must never repeat more than a bounded, printable part of what was said.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "dialogue_private.h"
#include "err.h"

#define RCPT_BYTES_MAX	((size_t)128 * 1024)	/* of all recipients:
					 * a manifest must hold them */
#define HELO_MAX	255
#define XFORWARD_MAX	255

/* A word of the line: [p, p+len). */
struct word { const char *p; size_t len; };

static int
word_is(const struct word *w, const char *s)
{
	return strlen(s) == w->len && strncasecmp(w->p, s, w->len) == 0;
}

/* The next word of *p, advancing it past the word; empty at the end. */
static struct word
word_next(const char **p)
{
	struct word	 w;

	*p += strspn(*p, " \t");
	w.p = *p;
	w.len = strcspn(*p, " \t");
	*p += w.len;
	return w;
}

static int
digits(const char *s, size_t len, uint64_t *out)
{
	uint64_t	 v = 0;
	size_t		 i;

	if (len == 0 || len > 18)
		return ERR_FORMAT;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*out = v;
	return ERR_OK;
}

static void
offer_extensions(struct dialogue *d)
{
	dialogue_reply(d, "250-%s", d->limits.hostname);
	dialogue_reply(d, "250-PIPELINING");
	dialogue_reply(d, "250-SIZE %llu",
	    (unsigned long long)d->limits.max_size);
	dialogue_reply(d, "250-ENHANCEDSTATUSCODES");
	dialogue_reply(d, "250-8BITMIME");
	dialogue_reply(d, "250-SMTPUTF8");
	if (d->limits.own_mta)
		dialogue_reply(d, "250-XFORWARD NAME ADDR PORT PROTO HELO "
		    "IDENT SOURCE");
	dialogue_reply(d, "250 CHUNKING");
}

/* A host name or address literal as people send them: printable, no blanks. */
static int
helo_is_sane(const char *s)
{
	size_t	 i, n = strlen(s);

	if (n == 0 || n > HELO_MAX)
		return 0;
	for (i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] > 0x7e)
			return 0;
	return 1;
}

static void
greet(struct dialogue *d, const char *rest, int extended)
{
	struct word	 w = word_next(&rest);
	char		*name = strndup(w.p, w.len);

	if (name == NULL) {
		dialogue_no_memory(d);
		return;
	}
	if (!helo_is_sane(name)) {
		free(name);
		dialogue_mistake(d, "501 5.5.4 A host name must follow");
		return;
	}
	if (d->stage == STAGE_NEW)
		d->stage = STAGE_READY;
	dialogue_reset(d);
	free(d->env.helo);
	d->env.helo = name;
	d->extended = extended;
	if (extended)
		offer_extensions(d);
	else
		dialogue_reply(d, "250 %s", d->limits.hostname);
}

static void
cmd_hello(struct dialogue *d, const char *verb, const char *rest)
{
	int	 lmtp = d->limits.protocol == DIALOGUE_LMTP;

	if (lmtp != (strcasecmp(verb, "LHLO") == 0)) {
		dialogue_mistake(d, lmtp ?
		    "500 5.5.1 This is LMTP: say LHLO" :
		    "500 5.5.1 This is SMTP: say EHLO");
		return;
	}
	greet(d, rest, strcasecmp(verb, "HELO") != 0);
}

/*
 * After "FROM" or "TO": the colon and the path. The reply is sent on failure.
 */
static int
read_path(struct dialogue *d, const char *word, const char **p, int utf8,
    char address[ADDRESS_MAX + 1])
{
	size_t	 n = strlen(word), used;
	int	 r;

	*p += strspn(*p, " \t");
	if (strncasecmp(*p, word, n) != 0 || (*p)[n] != ':') {
		dialogue_mistake(d, word[0] == 'F' ?
		    "501 5.5.4 Syntax: MAIL FROM:<address>" :
		    "501 5.5.4 Syntax: RCPT TO:<address>");
		return ERR_FORMAT;
	}
	*p += n + 1;
	*p += strspn(*p, " \t");
	r = address_read_path(*p, strlen(*p), utf8, address, &used);
	if (r == ERR_OK && (*p)[used] != '\0' && (*p)[used] != ' ')
		r = ERR_FORMAT;
	if (r == ERR_OK)
		*p += used;
	else if (r == ERR_DENIED)
		dialogue_mistake(d, "553 5.6.7 An address beyond ASCII needs "
		    "SMTPUTF8");
	else
		dialogue_mistake(d, word[0] == 'F' ?
		    "501 5.1.7 That is not an address" :
		    "501 5.1.3 That is not an address");
	return r;
}

/* The parameters of MAIL. The reply is sent on failure. */
static int
read_mail_params(struct dialogue *d, const char *p, uint64_t *size)
{
	struct word	 w;

	for (w = word_next(&p); w.len > 0; w = word_next(&p)) {
		if (!d->extended)
			goto unknown;
		if (word_is(&w, "SMTPUTF8"))
			d->env.smtputf8 = 1;
		else if (word_is(&w, "BODY=8BITMIME"))
			d->env.body8bit = 1;
		else if (w.len > 5 && strncasecmp(w.p, "SIZE=", 5) == 0) {
			if (digits(w.p + 5, w.len - 5, size) != ERR_OK) {
				dialogue_mistake(d, "501 5.5.4 SIZE wants a "
				    "number");
				return ERR_FORMAT;
			}
		} else if (!word_is(&w, "BODY=7BIT"))
			goto unknown;
	}
	return ERR_OK;
 unknown:
	dialogue_mistake(d, "555 5.5.4 Unknown parameter");
	return ERR_FORMAT;
}

/* Whether the line asks for SMTPUTF8: it decides how the path is read. */
static int
wants_utf8(const char *p)
{
	struct word	 w;

	for (w = word_next(&p); w.len > 0; w = word_next(&p))
		if (word_is(&w, "SMTPUTF8"))
			return 1;
	return 0;
}

static void
cmd_mail(struct dialogue *d, const char *verb, const char *rest)
{
	char		 address[ADDRESS_MAX + 1];
	uint64_t	 size = 0;

	(void)verb;
	if (d->stage != STAGE_READY) {
		dialogue_mistake(d, d->stage == STAGE_NEW ?
		    "503 5.5.1 Say hello first" :
		    "503 5.5.1 A mail is under way; RSET ends it");
		return;
	}
	if (d->mails >= d->limits.max_mails) {
		dialogue_end(d, "421 4.7.0 Enough mails in one session");
		return;
	}
	if (read_path(d, "FROM", &rest, d->extended && wants_utf8(rest),
	    address) != ERR_OK)
		return;
	if (read_mail_params(d, rest, &size) != ERR_OK) {
		d->env.smtputf8 = d->env.body8bit = 0;
		return;
	}
	if (size > d->limits.max_size) {
		dialogue_reset(d);
		dialogue_reply(d, "552 5.3.4 Mail is larger than allowed");
		return;
	}
	if (d->handlers->admit(d->arg, size) != ERR_OK) {
		dialogue_reset(d);
		dialogue_reply(d, "452 4.3.1 No room at the moment; try again "
		    "later");
		return;
	}
	if ((d->env.sender = strdup(address)) == NULL) {
		dialogue_no_memory(d);
		return;
	}
	d->stage = STAGE_MAIL;
	dialogue_reply(d, "250 2.1.0 Sender taken");
}

/* Appends a recipient that was accepted. */
static int
rcpt_add(struct dialogue *d, const char *address)
{
	struct envelope	*e = &d->env;
	char		**p;

	if ((p = reallocarray(e->rcpts, e->rcpt_count + 1, sizeof(*p))) == NULL)
		return ERR_MEMORY;
	e->rcpts = p;
	if ((p[e->rcpt_count] = strdup(address)) == NULL)
		return ERR_MEMORY;
	e->rcpt_count++;
	d->rcpt_bytes += strlen(address) + 8;
	return ERR_OK;
}

/* Strangers who guess addresses are sent away; our own MTA may have a mail with
 * many that are gone. */
static void
rcpt_refuse(struct dialogue *d, const char *line)
{
	if (d->limits.own_mta)
		dialogue_reply(d, "%s", line);
	else
		dialogue_mistake(d, line);
}

static void
cmd_rcpt(struct dialogue *d, const char *verb, const char *rest)
{
	char		 address[ADDRESS_MAX + 1];
	int		 r;

	(void)verb;
	if (d->stage != STAGE_MAIL && d->stage != STAGE_RCPT) {
		dialogue_mistake(d, "503 5.5.1 MAIL comes first");
		return;
	}
	if (read_path(d, "TO", &rest, d->env.smtputf8, address) != ERR_OK)
		return;
	if (address[0] == '\0') {
		dialogue_mistake(d, "501 5.1.3 That is not an address");
		return;
	}
	if (rest[strspn(rest, " \t")] != '\0') {
		dialogue_mistake(d, "555 5.5.4 Unknown parameter");
		return;
	}
	if (d->env.rcpt_count >= d->limits.max_rcpts ||
	    d->rcpt_bytes + strlen(address) + 8 > RCPT_BYTES_MAX) {
		dialogue_reply(d, "452 4.5.3 Too many recipients; send the "
		    "rest in another mail");
		return;
	}
	r = d->handlers->rcpt(d->arg, address);
	if (r == ERR_DENIED || r == ERR_NOTFOUND) {
		rcpt_refuse(d, r == ERR_DENIED ?
		    "550 5.7.1 We do not take mail for that domain" :
		    "550 5.1.1 No such user here");
		return;
	}
	if (r != ERR_OK || rcpt_add(d, address) != ERR_OK) {
		dialogue_reply(d, "451 4.3.0 Cannot tell at the moment; try "
		    "again later");
		return;
	}
	d->stage = STAGE_RCPT;
	dialogue_reply(d, "250 2.1.5 Recipient taken");
}

static void
cmd_data(struct dialogue *d, const char *verb, const char *rest)
{
	(void)verb;
	if (rest[strspn(rest, " \t")] != '\0') {
		dialogue_mistake(d, "501 5.5.4 DATA stands alone");
		return;
	}
	if (d->stage == STAGE_BETWEEN) {
		dialogue_mistake(d, "503 5.5.1 DATA and BDAT do not mix");
		return;
	}
	if (d->stage != STAGE_RCPT) {
		dialogue_mistake(d, d->stage == STAGE_MAIL ?
		    "554 5.5.1 No valid recipients" :
		    "503 5.5.1 MAIL and RCPT come first");
		return;
	}
	d->stage = STAGE_DATA;
	dialogue_reply(d, "354 Send the mail, end with a dot on a line");
}

static void
cmd_bdat(struct dialogue *d, const char *verb, const char *rest)
{
	struct word	 size = word_next(&rest), last = word_next(&rest);
	uint64_t	 n;

	(void)verb;
	if (!d->extended || digits(size.p, size.len, &n) != ERR_OK ||
	    (last.len > 0 && !word_is(&last, "LAST")) ||
	    word_next(&rest).len > 0) {
		/* How many bytes follow is unknown: they cannot be told from
		 * commands. */
		dialogue_end(d, "521 5.5.4 Syntax: BDAT size [LAST]");
		return;
	}
	d->chunk_left = n;
	if (d->stage != STAGE_RCPT && d->stage != STAGE_BETWEEN) {
		/* RFC 3030: the bytes follow whether we like it or not. */
		dialogue_mistake(d, d->stage == STAGE_MAIL ?
		    "554 5.5.1 No valid recipients" :
		    "503 5.5.1 MAIL and RCPT come first");
		d->chunk_bad = n > 0;
		return;
	}
	d->chunk_last = last.len > 0;
	d->stage = STAGE_CHUNK;
	if (n == 0) {
		if (d->chunk_last)
			dialogue_complete(d);
		else {
			d->stage = STAGE_BETWEEN;
			dialogue_reply(d, "250 2.0.0 Nothing taken");
		}
	}
}

static void
cmd_rset(struct dialogue *d, const char *verb, const char *rest)
{
	(void)verb;
	(void)rest;
	dialogue_reset(d);
	dialogue_reply(d, "250 2.0.0 Forgotten");
}

static void
cmd_noop(struct dialogue *d, const char *verb, const char *rest)
{
	(void)verb;
	(void)rest;
	dialogue_reply(d, "250 2.0.0 Here");
}

static void
cmd_vrfy(struct dialogue *d, const char *verb, const char *rest)
{
	(void)verb;
	if (rest[strspn(rest, " \t")] == '\0')
		dialogue_mistake(d, "501 5.5.4 An address must follow");
	else
		dialogue_reply(d, "252 2.5.0 Not told; send the mail and see");
}

static void
cmd_help(struct dialogue *d, const char *verb, const char *rest)
{
	(void)verb;
	(void)rest;
	dialogue_reply(d, "214 2.0.0 %s MAIL RCPT DATA BDAT RSET NOOP VRFY "
	    "HELP QUIT", d->limits.protocol == DIALOGUE_LMTP ? "LHLO" :
	    "EHLO HELO");
}

static void
cmd_quit(struct dialogue *d, const char *verb, const char *rest)
{
	(void)verb;
	(void)rest;
	dialogue_end(d, "221 2.0.0 Goodbye");
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ?
	    c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A value in xtext (RFC 3461), printable ASCII only; NULL when it is not.
 * The caller frees. */
static char *
xtext_new(const char *s, size_t len)
{
	char	*out;
	size_t	 i, n = 0;
	int	 c;

	if (len > XFORWARD_MAX || (out = malloc(len + 1)) == NULL)
		return NULL;
	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '+' && len - i > 2 && hex_digit(s[i + 1]) >= 0 &&
		    hex_digit(s[i + 2]) >= 0) {
			c = hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2]);
			i += 2;
		}
		if (c <= 0x20 || c > 0x7e) {
			free(out);
			return NULL;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return out;
}

/* Sets one attribute that our MTA forwards; "[UNAVAILABLE]" unsets it. */
static int
xforward_set(char **field, const char *s, size_t len)
{
	char	*value = xtext_new(s, len);

	if (value == NULL)
		return ERR_FORMAT;
	free(*field);
	*field = NULL;
	if (strcasecmp(value, "[UNAVAILABLE]") == 0 || value[0] == '\0')
		free(value);
	else if (strncasecmp(value, "IPV6:", 5) == 0) {
		memmove(value, value + 5, strlen(value + 5) + 1);
		*field = value;
	} else
		*field = value;
	return ERR_OK;
}

static void
cmd_xforward(struct dialogue *d, const char *verb, const char *rest)
{
	struct word	 w;
	const char	*eq;
	size_t		 name, len;

	(void)verb;
	if (!d->limits.own_mta) {
		dialogue_mistake(d, "502 5.5.1 Unknown command");
		return;
	}
	if (d->stage != STAGE_READY) {
		dialogue_mistake(d, "503 5.5.1 Not now");
		return;
	}
	for (w = word_next(&rest); w.len > 0; w = word_next(&rest)) {
		if ((eq = memchr(w.p, '=', w.len)) == NULL)
			goto bad;
		name = (size_t)(eq - w.p);
		len = w.len - name - 1;
		if (name == 4 && strncasecmp(w.p, "ADDR", 4) == 0 &&
		    xforward_set(&d->env.client, eq + 1, len) != ERR_OK)
			goto bad;
		if (name == 4 && strncasecmp(w.p, "HELO", 4) == 0 &&
		    xforward_set(&d->env.client_helo, eq + 1, len) != ERR_OK)
			goto bad;
	}
	dialogue_reply(d, "250 2.0.0 Noted");
	return;
 bad:
	dialogue_mistake(d, "501 5.5.4 Syntax: XFORWARD NAME=value ...");
}

static const struct command {
	const char	*verb;
	void		(*run)(struct dialogue *d, const char *verb,
			    const char *rest);
} commands[] = {
	{ "BDAT",	cmd_bdat },
	{ "DATA",	cmd_data },
	{ "EHLO",	cmd_hello },
	{ "HELO",	cmd_hello },
	{ "HELP",	cmd_help },
	{ "LHLO",	cmd_hello },
	{ "MAIL",	cmd_mail },
	{ "NOOP",	cmd_noop },
	{ "QUIT",	cmd_quit },
	{ "RCPT",	cmd_rcpt },
	{ "RSET",	cmd_rset },
	{ "VRFY",	cmd_vrfy },
	{ "XFORWARD",	cmd_xforward },
};

void
dialogue_command(struct dialogue *d, char *line, size_t len)
{
	const char	*rest = line;
	struct word	 w;
	size_t		 i;

	if (memchr(line, '\0', len) != NULL) {
		dialogue_mistake(d, "500 5.5.2 A command holds no NUL");
		return;
	}
	w = word_next(&rest);
	if (w.p != line)
		w.len = 0;		/* a command starts its line */
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!word_is(&w, commands[i].verb))
			continue;
		/* between chunks only the mail's own commands go on */
		if (d->stage == STAGE_BETWEEN &&
		    (commands[i].run == cmd_mail || commands[i].run ==
		    cmd_rcpt)) {
			dialogue_mistake(d, "503 5.5.1 A mail is under way; "
			    "RSET ends it");
			return;
		}
		commands[i].run(d, commands[i].verb, rest);
		return;
	}
	dialogue_mistake(d, "502 5.5.1 Unknown command");
}
