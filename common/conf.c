/*
 * Configuration: one table says every section, key, kind, default and bound;
 * libconfuse only reads the syntax. Table and reader stay in one long file, so that a
 * row is all there is to a value.
 * Run by every program at start, and by `limpid doctor` and the option -n.
 * Hostile input: none; the file belongs to root. Mistakes are likely, though.
 * Must never accept a value it does not understand, or write the file.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "conf.h"
#include "err.h"

#define CONF_LINKS	2
#define CONF_SECTIONS	8	/* section names in the table, with the top */
#define CONF_KEYS	24	/* keys of one section, with the end mark */

enum kind {
	TEXT,		/* any text */
	WORD,		/* one of the words in `words` */
	ETC_FILE,	/* a path; relative ones lie under etc/limpid */
	RUN_FILE,	/* the same under run/limpid */
	COUNT,		/* int, min..max */
	SECONDS,	/* int, suffixes s m h d */
	SIZE,		/* uint64_t, suffixes K M G T */
	RATE,		/* uint64_t bits a second, suffixes k M G, decimal */
	SWITCH		/* int: yes or no */
};

struct row {
	const char	*section, *key;
	enum kind	 kind;
	size_t		 offset;
	const char	*value;		/* default */
	int64_t		 min, max;
	const char	*words;
};

#define AT(field)	offsetof(struct conf, field)
#define LINK(field)	offsetof(struct conf_link, field)
#define DAY		86400

static const struct row rows[] = {
	{ "", "role", WORD, AT(role), "all", 0, 0,
	  "external sanitizer internal all" },
	{ "", "hostname", TEXT, AT(hostname), "", 0, 253, NULL },
	{ "intake", "authserv_id", TEXT, AT(intake.authserv_id), "", 0, 253,
	  NULL },
	{ "intake", "domains", ETC_FILE, AT(intake.domains), "domains", 0, 0,
	  NULL },
	{ "intake", "idle", SECONDS, AT(intake.idle_s), "300", 1, DAY, NULL },
	{ "intake", "listen", TEXT, AT(intake.listen), "", 0, 253, NULL },
	{ "intake", "lmtp_socket", RUN_FILE, AT(intake.lmtp_socket),
	  "lmtp.sock", 0, 0, NULL },
	{ "intake", "max_line", COUNT, AT(intake.max_line), "4096", 512, 65536,
	  NULL },
	{ "intake", "max_mails", COUNT, AT(intake.max_mails), "1000", 1,
	  1000000, NULL },
	{ "intake", "max_rcpts", COUNT, AT(intake.max_rcpts), "1000", 1, 1000,
	  NULL },
	{ "intake", "max_sessions", COUNT, AT(intake.max_sessions), "1000", 1,
	  100000, NULL },
	{ "intake", "max_size", SIZE, AT(intake.max_size), "50M", 1024,
	  INT64_C(1) << 40, NULL },
	{ "intake", "protocol", WORD, AT(intake.protocol), "smtp", 0, 0,
	  "smtp lmtp" },
	{ "intake", "recipients", ETC_FILE, AT(intake.recipients),
	  "recipients", 0, 0, NULL },
	{ "intake", "session", SECONDS, AT(intake.session_s), "3600", 1, DAY,
	  NULL },
	{ "spool", "high_water", SIZE, AT(spool.high_water), "10G", 0,
	  INT64_C(1) << 60, NULL },
	{ "spool", "reserve", SIZE, AT(spool.reserve), "256M", 0,
	  INT64_C(1) << 60, NULL },
	{ "link", "bind", TEXT, LINK(bind), NULL, 1, 1023, NULL },
	{ "link", "connect", TEXT, LINK(connect), NULL, 1, 1023, NULL },
	{ "link", "gso", SWITCH, LINK(gso), "yes", 0, 0, NULL },
	{ "link", "interleave", COUNT, LINK(interleave), "4", 1, 32, NULL },
	{ "link", "keep", SECONDS, LINK(keep_s), "7d", 0, 366 * DAY, NULL },
	{ "link", "key_slot", COUNT, LINK(key_slot), "1", 1, 2, NULL },
	{ "link", "max_object", SIZE, LINK(max_object), "512M", 4096,
	  INT64_C(1) << 40, NULL },
	{ "link", "medium", SWITCH, LINK(medium), "no", 0, 0, NULL },
	{ "link", "mtu", COUNT, LINK(mtu), "1500", 1280, 9216, NULL },
	{ "link", "parity", COUNT, LINK(parity), "16", 0, 64, NULL },
	{ "link", "rate", RATE, LINK(rate), "0", 0, INT64_C(1000000000000),
	  NULL },
	{ "link", "resend_window", SECONDS, LINK(resend_window_s), "60", 0,
	  DAY, NULL },
	{ "link", "round_gap", SECONDS, LINK(round_gap_s), "30", 0, DAY, NULL },
	{ "link", "rounds", COUNT, LINK(rounds), "1", 1, 10, NULL },
	{ "link", "transport", WORD, LINK(transport), "zmq", 0, 0,
	  "zmq file udp" },
	{ "sanitizer", "clamav_database", TEXT, AT(sanitizer.clamav_database),
	  "/var/lib/clamav", 1, 1023, NULL },
	{ "sanitizer", "clamav_max_age", SECONDS,
	  AT(sanitizer.clamav_max_age_s), "3d", 3600, 366 * DAY, NULL },
	{ "sanitizer", "smime_ca", TEXT, AT(sanitizer.smime_ca), "none", 1, 1023,
	  NULL },
	{ "sanitizer", "policy", ETC_FILE, AT(sanitizer.policy), "policy.conf",
	  0, 0, NULL },
	{ "sanitizer", "seccomp_dir", ETC_FILE, AT(sanitizer.seccomp_dir),
	  LIMPID_LIBEXEC "/seccomp", 0, 0, NULL },
	{ "sanitizer", "worker_dir", ETC_FILE, AT(sanitizer.worker_dir),
	  LIMPID_LIBEXEC, 0, 0, NULL },
	{ "sanitizer", "workers", COUNT, AT(sanitizer.workers), "2", 1, 256,
	  NULL },
	{ "deliver", "recipients", ETC_FILE, AT(deliver.recipients),
	  "boxes", 0, 0, NULL },
	{ "deliver", "unclaimed", TEXT, AT(deliver.unclaimed), "", 0, 64,
	  NULL },
	{ "viewer", "idle", SECONDS, AT(viewer.idle_s), "900", 30, DAY, NULL },
	{ "viewer", "listen", TEXT, AT(viewer.listen), "127.0.0.1:8443", 1, 253,
	  NULL },
	{ "viewer", "session", SECONDS, AT(viewer.session_s), "28800", 60,
	  7 * DAY, NULL },
	{ "viewer", "tls_cert", ETC_FILE, AT(viewer.tls_cert),
	  "keys/viewer-tls.pem", 0, 0, NULL },
	{ "viewer", "tls_key", ETC_FILE, AT(viewer.tls_key),
	  "keys/viewer-tls.key", 0, 0, NULL },
	{ "log", "identities", SWITCH, AT(identities), "no", 0, 0, NULL },
};
#define ROWS		(sizeof(rows) / sizeof(rows[0]))

static const char *const link_address[CONF_LINKS] = {
	"tcp://127.0.0.1:7101", "tcp://127.0.0.1:7102"
};

/* What the caller sees, and where each value came from. */
struct holder {
	struct conf	 conf;		/* first: conf_free casts back */
	char		*file;
	char		 set[CONF_LINKS][ROWS];	/* 1: the file says so */
};

/* libconfuse hands its error function no argument of ours; reading is done once
 * at start, in one thread, and the sentence leaves through conf_load. */
static _Thread_local char *last_why;

static void sentence_set(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static void
sentence_set(const char *fmt, ...)
{
	va_list	 ap;

	if (last_why != NULL)
		return;		/* the first mistake is the one to mend */
	va_start(ap, fmt);
	if (vasprintf(&last_why, fmt, ap) == -1)
		last_why = NULL;
	va_end(ap);
}

static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char	 what[1024];

	vsnprintf(what, sizeof(what), fmt, ap);
	sentence_set("%s:%d: %s; `man limpid.conf` lists what may stand here",
	    cfg != NULL && cfg->filename != NULL ? cfg->filename :
	    "limpid.conf", cfg != NULL ? cfg->line : 0, what);
}

static const struct row *
row_find(const char *section, const char *key)
{
	size_t	 i;

	for (i = 0; i < ROWS; i++)
		if (strcmp(rows[i].section, section) == 0 &&
		    strcmp(rows[i].key, key) == 0)
			return &rows[i];
	return NULL;
}

/* A number with one of the suffix letters; each has its factor. */
static int
number_read(const char *s, const char *suffixes, const int64_t *factors,
    int64_t *out)
{
	const char	*at;
	char		*end;
	int64_t		 n, factor = 1;

	if (!isdigit((unsigned char)*s))
		return ERR_FORMAT;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0)
		return ERR_LIMIT;
	if (*end != '\0') {
		at = strchr(suffixes, toupper((unsigned char)*end));
		if (at == NULL || end[1] != '\0')
			return ERR_FORMAT;
		factor = factors[at - suffixes];
	}
	return __builtin_mul_overflow(n, factor, out) ? ERR_LIMIT : ERR_OK;
}

static int
word_is_in(const char *word, const char *words)
{
	size_t		 n = strlen(word);
	const char	*p;

	for (p = words; n > 0 && (p = strstr(p, word)) != NULL; p += n)
		if ((p == words || p[-1] == ' ') &&
		    (p[n] == ' ' || p[n] == '\0'))
			return 1;
	return 0;
}

/* The value as a number, or the sentence about what is wrong with it. */
static int
value_read(const struct row *row, const char *s, int64_t *n, char *what,
    size_t size)
{
	static const int64_t	 bytes[] = { 1 << 10, 1 << 20, 1 << 30,
				    INT64_C(1) << 40 };
	static const int64_t	 bits[] = { 1000, 1000000, 1000000000 };
	static const int64_t	 times[] = { 1, 60, 3600, DAY };
	const char		*form = NULL;
	int			 r = ERR_OK;

	*n = 0;
	switch (row->kind) {
	case TEXT:
		*n = (int64_t)strlen(s);
		if (*n < row->min || *n > row->max) {
			snprintf(what, size, "%s has %" PRId64 " characters,"
			    " %" PRId64 " to %" PRId64 " are allowed",
			    row->key, *n, row->min, row->max);
			return ERR_CONFIG;
		}
		return ERR_OK;
	case ETC_FILE:
	case RUN_FILE:
		if (*s != '\0')
			return ERR_OK;
		snprintf(what, size, "%s is empty, write a path", row->key);
		return ERR_CONFIG;
	case WORD:
		if (word_is_in(s, row->words))
			return ERR_OK;
		snprintf(what, size, "%s is \"%s\", write one of: %s", row->key,
		    s, row->words);
		return ERR_CONFIG;
	case SWITCH:
		*n = strcmp(s, "yes") == 0;
		if (*n || strcmp(s, "no") == 0)
			return ERR_OK;
		snprintf(what, size, "%s is \"%s\", write yes or no", row->key,
		    s);
		return ERR_CONFIG;
	case COUNT:
		r = number_read(s, "", NULL, n);
		form = "a whole number";
		break;
	case SECONDS:
		r = number_read(s, "SMHD", times, n);
		form = "seconds, or a number with s, m, h or d";
		break;
	case SIZE:
		r = number_read(s, "KMGT", bytes, n);
		form = "bytes, or a number with K, M, G or T";
		break;
	case RATE:
		r = number_read(s, "KMG", bits, n);
		form = "bits a second, or a number with k, M or G";
		break;
	}
	if (r == ERR_OK && *n >= row->min && *n <= row->max)
		return ERR_OK;
	snprintf(what, size, "%s is \"%s\", write %s, from %" PRId64 " to %"
	    PRId64, row->key, s, form, row->min, row->max);
	return ERR_CONFIG;
}

/* libconfuse calls this after each assignment, when the line is known. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const char		*name = cfg_name(cfg);
	const struct row	*row;
	int64_t			 n;
	char			 what[512];
	char			*s = cfg_opt_getnstr(opt, 0);

	row = row_find(strcmp(name, "root") == 0 ? "" : name, cfg_opt_name(opt));
	if (row == NULL || s == NULL)
		return 0;
	if (value_read(row, s, &n, what, sizeof(what)) == ERR_OK)
		return 0;
	cfg_error(cfg, "%s", what);
	return -1;
}

static char *
path_join(const char *dir, const char *s)
{
	char	*p;

	if (s[0] == '/')
		return strdup(s);
	if (asprintf(&p, "%s%s%s", dir, *s == '\0' ? "" : "/", s) == -1)
		return NULL;
	return p;
}

/* Puts a checked value at its place in base (the conf, or one link). */
static int
value_store(const struct conf *c, const struct row *row, void *base,
    const char *s)
{
	char	 what[512], **text;
	void	*at = (char *)base + row->offset;
	int64_t	 n;

	if (value_read(row, s, &n, what, sizeof(what)) != ERR_OK) {
		sentence_set("%s", what);
		return ERR_CONFIG;
	}
	if (row->kind == SIZE || row->kind == RATE) {
		*(uint64_t *)at = (uint64_t)n;
		return ERR_OK;
	}
	if (row->kind == COUNT || row->kind == SECONDS || row->kind == SWITCH) {
		*(int *)at = (int)n;
		return ERR_OK;
	}
	text = at;
	free(*text);
	if (row->kind == ETC_FILE)
		*text = path_join(c->etc, s);
	else if (row->kind == RUN_FILE)
		*text = path_join(c->run, s);
	else
		*text = strdup(s);
	return *text == NULL ? ERR_MEMORY : ERR_OK;
}

static int
cfg_is_one_way(cfg_t *cfg)
{
	const char	*s = cfg == NULL ? NULL : cfg_getstr(cfg, "transport");

	return s != NULL && strcmp(s, "udp") == 0;
}

/* Every value of one section; cfg NULL means defaults only. */
static int
section_store(struct holder *h, const char *section, cfg_t *cfg, int link)
{
	const char	*s;
	void		*base = &h->conf;
	size_t		 i;
	int		 r;

	if (link >= 0)
		base = &h->conf.link[link];
	for (i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].section, section) != 0)
			continue;
		s = cfg == NULL ? NULL : cfg_getstr(cfg, rows[i].key);
		h->set[link > 0 ? link : 0][i] = s != NULL;
		if (s == NULL)
			s = rows[i].value;
		if (s == NULL && link >= 0)
			s = link_address[link];
		if (s == NULL)
			return ERR_CONFIG;
		if (link >= 0 && cfg_is_one_way(cfg) &&
		    !h->set[link][i] && strcmp(rows[i].key, "rounds") == 0)
			s = "2";	/* nobody can say what was lost */
		/* hostname and authserv_id get theirs in names_default. */
		if ((r = value_store(&h->conf, &rows[i], base, s)) != ERR_OK)
			return r;
	}
	return ERR_OK;
}

static int
names_default(struct conf *c)
{
	char	 name[256] = "localhost";

	if (*c->hostname == '\0') {
		gethostname(name, sizeof(name) - 1);
		free(c->hostname);
		if ((c->hostname = strdup(name)) == NULL)
			return ERR_MEMORY;
	}
	if (*c->intake.authserv_id == '\0') {
		free(c->intake.authserv_id);
		c->intake.authserv_id = strdup(c->hostname);
		if (c->intake.authserv_id == NULL)
			return ERR_MEMORY;
	}
	return ERR_OK;
}

static int
links_store(struct holder *h, cfg_t *cfg)
{
	const char	*title;
	cfg_t		*sec, *found;
	unsigned	 i;
	int		 n, r;

	for (i = 0; i < cfg_size(cfg, "link"); i++) {
		title = cfg_title(cfg_getnsec(cfg, "link", i));
		if (strcmp(title, "1") != 0 && strcmp(title, "2") != 0) {
			sentence_set("%s: link \"%s\" is unknown, the links are"
			    " \"1\" (external to sanitizer) and \"2\""
			    " (sanitizer to internal)", h->file, title);
			return ERR_CONFIG;
		}
	}
	for (n = 0; n < CONF_LINKS; n++) {
		found = NULL;
		for (i = 0; i < cfg_size(cfg, "link"); i++) {
			sec = cfg_getnsec(cfg, "link", i);
			if (cfg_title(sec)[0] == '1' + n)
				found = sec;
		}
		h->conf.link[n].id = n + 1;
		if ((r = section_store(h, "link", found, n)) != ERR_OK)
			return r;
	}
	return ERR_OK;
}

/* The tree that libconfuse wants, built from the table; sections come first in
 * the top's own list because libconfuse copies what it is given. */
static cfg_t *
grammar_new(void)
{
	static const char *const names[] = { "intake", "spool", "link",
	    "sanitizer", "deliver", "viewer", "log" };
	cfg_opt_t	 sub[CONF_SECTIONS][CONF_KEYS];
	cfg_opt_t	 top[CONF_KEYS];
	cfg_t		*cfg;
	size_t		 i, k, n, t = 0;
	char		 path[64];

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (k = n = 0; k < ROWS; k++)
			if (strcmp(rows[k].section, names[i]) == 0)
				sub[i][n++] = (cfg_opt_t)CFG_STR(rows[k].key,
				    NULL, CFGF_NONE);
		sub[i][n] = (cfg_opt_t)CFG_END();
		top[t++] = (cfg_opt_t)CFG_SEC(names[i], sub[i],
		    strcmp(names[i], "link") == 0 ?
		    CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE);
	}
	for (k = 0; k < ROWS; k++)
		if (*rows[k].section == '\0')
			top[t++] = (cfg_opt_t)CFG_STR(rows[k].key, NULL,
			    CFGF_NONE);
	top[t] = (cfg_opt_t)CFG_END();
	if ((cfg = cfg_init(top, CFGF_NONE)) == NULL)
		return NULL;
	cfg_set_error_function(cfg, on_error);
	for (k = 0; k < ROWS; k++) {
		snprintf(path, sizeof(path), "%s%s%s", rows[k].section,
		    *rows[k].section == '\0' ? "" : "|", rows[k].key);
		cfg_set_validate_func(cfg, path, on_value);
	}
	return cfg;
}

/* libconfuse takes an end of file inside a section for its end, and would run
 * with half of a file that was cut: braces are counted here first. */
static int
file_check_braces(const char *file)
{
	int	 c, quote = 0, depth = 0, line = 1, opened = 0;
	FILE	*f;

	if ((f = fopen(file, "re")) == NULL)
		return ERR_SYS;
	while ((c = getc(f)) != EOF) {
		line += c == '\n';
		if (quote != 0) {
			if (c == '\\' && quote == '"')
				line += getc(f) == '\n';
			else if (c == quote)
				quote = 0;
		} else if (c == '#') {
			while ((c = getc(f)) != EOF && c != '\n')
				;
			line++;
		} else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '{' && depth++ == 0)
			opened = line;
		else if (c == '}')
			depth--;
	}
	fclose(f);
	if (depth <= 0)
		return ERR_OK;
	sentence_set("%s:%d: the section that begins here has no end: the file"
	    " was cut, or a } is missing", file, opened);
	return ERR_CONFIG;
}

static int
file_parse(struct holder *h, cfg_t *cfg)
{
	static const char *const once[] = { "", "intake", "spool", "sanitizer",
	    "deliver", "viewer", "log" };
	size_t	 i;
	int	 r;

	if (access(h->file, R_OK) == -1) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
		sentence_set("%s: %s; `limpid init` makes it", h->file,
		    strerror(errno));
		return r;
	}
	if ((r = file_check_braces(h->file)) != ERR_OK)
		return r;
	if (cfg_parse(cfg, h->file) != CFG_SUCCESS) {
		sentence_set("%s: cannot be read", h->file);
		return ERR_CONFIG;
	}
	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if ((r = section_store(h, once[i], i == 0 ? cfg :
		    cfg_getsec(cfg, once[i]), -1)) != ERR_OK)
			return r;
	if ((r = links_store(h, cfg)) != ERR_OK)
		return r;
	return names_default(&h->conf);
}

/* ROOT and the three folders below it, all absolute. */
static int
folders_set(struct conf *c, const char *root)
{
	char	*real = NULL;
	int	 r = ERR_MEMORY;

	if (root != NULL && *root != '\0' && strcmp(root, "/") != 0 &&
	    (real = realpath(root, NULL)) == NULL) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
		sentence_set("%s: %s; give --root a folder that `limpid init`"
		    " has filled", root, strerror(errno));
		return r;
	}
	if ((c->root = real != NULL ? real : strdup("")) == NULL)
		return ERR_MEMORY;
	if (asprintf(&c->etc, "%s/etc/limpid", c->root) == -1)
		c->etc = NULL;
	if (asprintf(&c->state, "%s/var/lib/limpid", c->root) == -1)
		c->state = NULL;
	if (asprintf(&c->run, "%s/run/limpid", c->root) == -1)
		c->run = NULL;
	if (c->etc != NULL && c->state != NULL && c->run != NULL)
		r = ERR_OK;
	return r;
}

int
conf_load(const char *root, struct conf **cp, char **why)
{
	struct holder	*h;
	cfg_t		*cfg = NULL;
	int		 r = ERR_MEMORY;

	*why = NULL;
	last_why = NULL;
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return ERR_MEMORY;
	if ((r = folders_set(&h->conf, root)) != ERR_OK)
		goto out;
	r = ERR_MEMORY;
	if ((h->file = path_join(h->conf.etc, "limpid.conf")) == NULL ||
	    (cfg = grammar_new()) == NULL)
		goto out;
	if ((r = file_parse(h, cfg)) != ERR_OK)
		goto out;
	*cp = &h->conf;
	h = NULL;
 out:
	if (cfg != NULL)
		cfg_free(cfg);
	if (r != ERR_OK && last_why == NULL)
		sentence_set("limpid.conf: %s", err_text(r));
	if (r == ERR_OK) {
		free(last_why);
		last_why = NULL;
	}
	*why = last_why;
	last_why = NULL;
	if (h != NULL)
		conf_free(&h->conf);
	return r;
}

static int
kind_is_text(enum kind k)
{
	return k != COUNT && k != SECONDS && k != SIZE && k != RATE &&
	    k != SWITCH;
}

void
conf_free(struct conf *c)
{
	struct holder	*h = (struct holder *)c;
	size_t		 i;
	int		 n;

	if (c == NULL)
		return;
	for (i = 0; i < ROWS; i++) {
		if (!kind_is_text(rows[i].kind))
			continue;
		if (strcmp(rows[i].section, "link") != 0) {
			free(*(char **)((char *)c + rows[i].offset));
			continue;
		}
		for (n = 0; n < CONF_LINKS; n++)
			free(*(char **)((char *)&c->link[n] + rows[i].offset));
	}
	free(c->root);
	free(c->etc);
	free(c->state);
	free(c->run);
	free(h->file);
	free(h);
}

static void
row_print(const struct holder *h, size_t i, int link, FILE *out)
{
	const struct row	*row = &rows[i];
	const char		*base = (const char *)&h->conf;

	if (link >= 0)
		base = (const char *)&h->conf.link[link];
	fprintf(out, "%s%s = ", *row->section == '\0' ? "" : "\t", row->key);
	if (row->kind == SIZE || row->kind == RATE)
		fprintf(out, "%" PRIu64,
		    *(const uint64_t *)(const void *)(base + row->offset));
	else if (row->kind == SWITCH)
		fprintf(out, "%s",
		    *(const int *)(const void *)(base + row->offset) ?
		    "yes" : "no");
	else if (!kind_is_text(row->kind))
		fprintf(out, "%d",
		    *(const int *)(const void *)(base + row->offset));
	else
		fprintf(out, "\"%s\"",
		    *(char *const *)(const void *)(base + row->offset));
	fprintf(out, "\t# %s\n", h->set[link > 0 ? link : 0][i] ? h->file :
	    "default");
}

void
conf_print(const struct conf *c, FILE *out)
{
	const struct holder	*h = (const struct holder *)c;
	const char		*section = "";
	size_t			 i, first = 0;
	int			 link;

	while (first < ROWS) {
		section = rows[first].section;
		link = strcmp(section, "link") == 0 ? 0 : -1;
		do {
			if (link >= 0)
				fprintf(out, "link \"%d\" {\n", link + 1);
			else if (*section != '\0')
				fprintf(out, "%s {\n", section);
			for (i = first; i < ROWS &&
			    strcmp(rows[i].section, section) == 0; i++)
				row_print(h, i, link, out);
			if (*section != '\0')
				fprintf(out, "}\n");
		} while (link >= 0 && ++link < CONF_LINKS);
		first = i;
	}
}

char *
conf_path(const struct conf *c, const char *path)
{
	static const char *const names[] = { "etc", "state", "run" };
	const char	*dirs[] = { c->etc, c->state, c->run };
	size_t		 i, n;

	for (i = 0; i < 3; i++) {
		n = strlen(names[i]);
		if (strncmp(path, names[i], n) == 0 &&
		    (path[n] == '/' || path[n] == '\0'))
			return path_join(dirs[i], path + n +
			    (path[n] == '/'));
	}
	panic("conf_path: the first component is none of etc, state, run");
}
