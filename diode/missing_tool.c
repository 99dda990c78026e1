/*
 * limpid-missing: lists what never came over a link, and leaves the wish that some of
 * it be accepted as lost.
 * Runs as an operator (root, or the receiver's user) on the receiving host.
 * Hostile input: the slip, which a person types.
 * Must never change what is missing itself: the receiver does, and says so.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "err.h"
#include "link_private.h"
#include "recv_gaps.h"
#include "slip.h"
#include "wire.h"

#define SERVED_MS	4000	/* the receiver looks each second */
#define LOOK_MS		50

static const char usage[] =
    "usage: limpid missing list [--root DIR] [--link 1|2] [--json]\n"
    "       limpid missing accept [--root DIR] [--link 1|2] --why TEXT\n"
    "              SLIP | FIRST | FIRST-LAST\n"
    "list: what never came over the links that end here, and what of it was accepted\n"
    "as lost. accept: what SLIP names, and is missing, is no alarm any more; when it\n"
    "comes after all, it is taken. TEXT goes to the record.\n"
    "Exit of list: 0 there is something, 1 nothing. Exit of accept: 0 accepted,\n"
    "1 not yet: limpid-diode-recv does not run or refused, 65 the slip is mistyped,\n"
    "66 nothing of that is missing, 78 no such link ends on this host.\n";

struct missing {
	const char	*root, *why, *typed;
	int		 link;		/* 0: not said */
	json_t		*list;		/* NULL: text */
	int		 dir;		/* of the link's state */
	struct gaps	*gaps;
	uint64_t	 told;
	uint64_t	 first, last;
	int		 printed;
};

static void
dir_path(const struct missing *m, int link, char out[4096])
{
	snprintf(out, 4096, "%s/var/lib/limpid/link/%d-recv", m->root, link);
}

static int
ends_here(const struct missing *m, int link)
{
	char	 path[4096];

	dir_path(m, link, path);
	return access(path, F_OK) == 0;
}

/* What the receiver has on disk; it is never more than a second behind. */
static int
state_read(struct missing *m, int link)
{
	char	 path[4096], text[32];
	int	 r = ERR_SYS;

	dir_path(m, link, path);
	gaps_free(m->gaps);
	if (m->dir != -1)
		close(m->dir);
	m->told = 0;
	m->dir = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
	if ((m->gaps = gaps_new()) == NULL)
		r = ERR_MEMORY;
	else if (m->dir != -1 && (r = gaps_read(m->gaps, m->dir)) == ERR_OK) {
		r = link_text_read(m->dir, "told", text, sizeof(text));
		if (r == ERR_OK)
			m->told = strtoull(text, NULL, 10);
		if (r == ERR_NOTFOUND)
			r = ERR_OK;
	}
	if (r == ERR_OK)
		return EXIT_DONE;
	fprintf(stderr, "limpid missing: %s: %s%s\n", path, err_text(r),
	    errno == EACCES ? "; run this as root" : "");
	return errno == EACCES ? EXIT_NOPERM : err_exit(r);
}

static void
range_print(struct missing *m, uint64_t from, uint64_t to, const char *state)
{
	m->printed++;
	if (m->list != NULL)
		json_array_append_new(m->list, json_pack(
		    "{s:i, s:I, s:I, s:s}", "link", m->link, "first",
		    (json_int_t)from, "last", (json_int_t)to, "state", state));
	else if (from == to)
		printf("link %d  number %" PRIu64 "  %s\n", m->link, from,
		    state);
	else
		printf("link %d  numbers %" PRIu64 "-%" PRIu64 "  %s\n",
		    m->link, from, to, state);
}

static void
missing_print(void *arg, uint64_t from, uint64_t to)
{
	range_print(arg, from, to, "missing");
}

static void
accepted_print(void *arg, uint64_t from, uint64_t to)
{
	range_print(arg, from, to, "accepted");
}

static int
none_here(const struct missing *m, const char *what)
{
	fprintf(stderr, "limpid missing: %s under %s/var/lib/limpid/link; run"
	    " this on the receiving host\n", what, m->root);
	return EXIT_CONF;
}

static int
list_print(struct missing *m)
{
	int	 only = m->link, any = 0, code;

	for (m->link = 1; m->link <= 2; m->link++) {
		if ((only != 0 && m->link != only) || !ends_here(m, m->link))
			continue;
		any = 1;
		if ((code = state_read(m, m->link)) != EXIT_DONE)
			return code;
		gaps_each(m->gaps, GAP_MISSING, 1, m->told, missing_print, m);
		gaps_each(m->gaps, GAP_ACCEPTED, 1, m->told, accepted_print,
		    m);
	}
	if (!any)
		return none_here(m, "no link ends");
	if (m->list != NULL) {
		json_dumpf(m->list, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (m->printed == 0)
		puts("nothing is missing");
	return m->printed > 0 ? EXIT_DONE : EXIT_FINDINGS;
}

/* FIRST or FIRST-LAST. */
static int
range_typed(struct missing *m)
{
	const char	*s = m->typed;
	char		*end;

	if (s[0] < '1' || s[0] > '9')
		return ERR_FORMAT;
	errno = 0;
	m->first = m->last = strtoull(s, &end, 10);
	if (*end == '-' && end[1] >= '1' && end[1] <= '9')
		m->last = strtoull(end + 1, &end, 10);
	return *end == '\0' && errno == 0 && m->first <= m->last ? ERR_OK :
	    ERR_FORMAT;
}

static int
slip_refuse(const struct missing *m, int r)
{
	fprintf(stderr, "limpid missing: \"%s\" ", m->typed);
	if (r == ERR_CRYPTO)
		fputs("is mistyped: the check letters do not fit; compare it"
		    " with what `limpid slip` prints\n", stderr);
	else if (r == ERR_LIMIT)
		fputs("is a slip of another version of Limpid; `limpid slip`"
		    " on this host prints one that fits\n", stderr);
	else
		fputs("is no slip and no range; a slip looks like"
		    " LR-XXXXX-XXXXX-XXXXX, a range like 6-8\n", stderr);
	return EXIT_BADDATA;
}

static int
link_refuse(const struct missing *m, int link)
{
	fprintf(stderr, "limpid missing: this is for link %d, which does not"
	    " end on this host (no %s/var/lib/limpid/link/%d-recv); type it on"
	    " the %s host\n", link, m->root, link, link == 1 ? "sanitizer" :
	    "internal");
	return EXIT_CONF;
}

/* What was typed: a slip says its link, a range may leave it open where only one
 * link ends. */
static int
typed_read(struct missing *m)
{
	struct slip	 s;
	int		 r = slip_parse(m->typed, &s);

	if (r == ERR_OK) {
		if (m->link != 0 && m->link != s.link) {
			fprintf(stderr, "limpid missing: the slip is for link"
			    " %d, and --link says %d; leave --link out\n",
			    s.link, m->link);
			return EXIT_USAGE;
		}
		m->link = s.link;
		m->first = s.first;
		m->last = s.first + s.count - 1;
	} else if (range_typed(m) != ERR_OK)
		return slip_refuse(m, r);
	else if (m->link == 0) {
		if (ends_here(m, 1) && ends_here(m, 2)) {
			fputs("limpid missing: both links end on this host;"
			    " say --link 1 or --link 2 with a range\n", stderr);
			return EXIT_USAGE;
		}
		if (!ends_here(m, 1) && !ends_here(m, 2))
			return none_here(m, "no link ends");
		m->link = ends_here(m, 1) ? 1 : 2;
	}
	return ends_here(m, m->link) ? EXIT_DONE : link_refuse(m, m->link);
}

static uint64_t
typed_count(const struct missing *m, enum gap_kind kind)
{
	return gaps_count(m->gaps, kind, m->first, m->last < m->told ?
	    m->last : m->told);
}

static int
is_missing(const struct missing *m)
{
	uint64_t	 n = typed_count(m, GAP_MISSING);

	if (n > 0) {
		if (n < m->last - m->first + 1)
			fprintf(stderr, "limpid missing: %" PRIu64 " of these %"
			    PRIu64 " are missing; the others are not"
			    " concerned\n", n, m->last - m->first + 1);
		return EXIT_DONE;
	}
	fprintf(stderr, "limpid missing: link %d, numbers %" PRIu64 "-%" PRIu64
	    ": ", m->link, m->first, m->last);
	if (typed_count(m, GAP_ACCEPTED) > 0)
		fputs("accepted as lost already\n", stderr);
	else if (m->first > m->told)
		fprintf(stderr, "nothing above %" PRIu64 " is known to be"
		    " missing; compare it with `limpid slip`\n", m->told);
	else
		fputs("nothing of that is missing, it came; `limpid slip`"
		    " prints what is\n", stderr);
	return EXIT_NOINPUT;
}

/* Who types: the account that logged in, also behind sudo and su. */
static void
who_find(char out[ACCEPT_WHO_MAX + 1])
{
	const char	*sudo = getenv("SUDO_USER");
	unsigned	 login = (unsigned)-1;
	struct passwd	*pw;
	FILE		*f;

	if ((f = fopen("/proc/self/loginuid", "re")) != NULL) {
		if (fscanf(f, "%u", &login) != 1)
			login = (unsigned)-1;
		fclose(f);
	}
	if (login == (unsigned)-1 && sudo != NULL &&
	    (pw = getpwnam(sudo)) != NULL)
		login = pw->pw_uid;
	if (login == (unsigned)-1)
		login = getuid();
	pw = getpwuid(login);
	if (pw != NULL && accept_line_is_good(pw->pw_name, ACCEPT_WHO_MAX))
		snprintf(out, ACCEPT_WHO_MAX + 1, "%s", pw->pw_name);
	else
		snprintf(out, ACCEPT_WHO_MAX + 1, "uid %u", login);
}

/* A whole file under a name of its own, then the name; the receiver may read it. */
static int
file_write(const struct missing *m, const char *name, const char *text)
{
	char		 fresh[ACCEPT_NAME_LEN + 5];
	struct stat	 st;
	int		 fd, r = ERR_SYS;

	snprintf(fresh, sizeof(fresh), "%s.new", name);
	/* The folder is the receiver's: root follows nothing that lies there. */
	(void)unlinkat(m->dir, fresh, 0);
	fd = openat(m->dir, fresh, O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|
	    O_CLOEXEC, 0640);
	if (fd == -1)
		return ERR_SYS;
	if (fstat(m->dir, &st) == 0 && (geteuid() != 0 ||
	    fchown(fd, st.st_uid, st.st_gid) == 0) &&
	    fd_write_all(fd, text, strlen(text)) == ERR_OK &&
	    fsync(fd) == 0 && renameat(m->dir, fresh, m->dir, name) == 0 &&
	    fsync(m->dir) == 0)
		r = ERR_OK;
	else
		unlinkat(m->dir, fresh, 0);
	close(fd);
	return r;
}

static int
wish_write(struct missing *m, char name[ACCEPT_NAME_LEN + 1])
{
	struct accept_wish	 w = { .first = m->first, .last = m->last };
	char			 text[ACCEPT_TEXT_MAX];

	who_find(w.who);
	snprintf(w.why, sizeof(w.why), "%s", m->why);
	accept_format(&w, text);
	snprintf(name, ACCEPT_NAME_LEN + 1, ACCEPT_NAME,
	    (unsigned long long)m->first, (unsigned long long)m->last);
	if (file_write(m, name, text) == ERR_OK)
		return EXIT_DONE;
	fprintf(stderr, "limpid missing: %s/var/lib/limpid/link/%d-recv/%s: %s;"
	    " nothing is accepted%s\n", m->root, m->link, name, strerror(errno),
	    errno == EACCES ? ", run this as root" : "");
	return errno == EACCES ? EXIT_NOPERM : EXIT_IO;
}

/* The receiver removes the wish when it is served. */
static int
wish_wait(struct missing *m, const char *name)
{
	uint64_t	 n = typed_count(m, GAP_MISSING);
	int		 waited, code;

	for (waited = 0; faccessat(m->dir, name, F_OK, 0) == 0; waited +=
	    LOOK_MS) {
		if (waited >= SERVED_MS) {
			fprintf(stderr, "limpid missing: limpid-diode-recv"
			    " --link %d does not answer; the wish stays, and is"
			    " served when it runs\n", m->link);
			return EXIT_FINDINGS;
		}
		usleep(LOOK_MS * 1000);
	}
	if ((code = state_read(m, m->link)) != EXIT_DONE)
		return code;
	if (typed_count(m, GAP_MISSING) > 0) {
		fprintf(stderr, "limpid missing: limpid-diode-recv --link %d"
		    " did not accept it; its log says why\n", m->link);
		return EXIT_FINDINGS;
	}
	printf("link %d, numbers %" PRIu64 "-%" PRIu64 ": %" PRIu64 " accepted"
	    " as lost; what comes of it after all is still taken\n", m->link,
	    m->first, m->last, n);
	return EXIT_DONE;
}

static int
accept_typed(struct missing *m)
{
	char	 name[ACCEPT_NAME_LEN + 1];
	int	 code;

	if (m->why == NULL || !accept_line_is_good(m->why, ACCEPT_WHY_MAX)) {
		fprintf(stderr, "limpid missing: say --why in one line of 1 to"
		    " %d bytes; it goes to the record\n", ACCEPT_WHY_MAX);
		return EXIT_USAGE;
	}
	if ((code = typed_read(m)) != EXIT_DONE ||
	    (code = state_read(m, m->link)) != EXIT_DONE ||
	    (code = is_missing(m)) != EXIT_DONE ||
	    (code = wish_write(m, name)) != EXIT_DONE)
		return code;
	return wish_wait(m, name);
}

/* The options behind the verb; 0 when one is wrong. */
static int
options_take(struct missing *m, int argc, char **argv)
{
	int	 a;

	for (a = 2; a < argc; a++)
		if (strcmp(argv[a], "--root") == 0 && a + 1 < argc)
			m->root = argv[++a];
		else if (strcmp(argv[a], "--why") == 0 && a + 1 < argc)
			m->why = argv[++a];
		else if (strcmp(argv[a], "--link") == 0 && a + 1 < argc &&
		    (strcmp(argv[a + 1], "1") == 0 ||
		    strcmp(argv[a + 1], "2") == 0))
			m->link = atoi(argv[++a]);
		else if (strcmp(argv[a], "--json") == 0 && m->list == NULL)
			m->list = json_array();
		else if (argv[a][0] != '-' && m->typed == NULL)
			m->typed = argv[a];
		else
			return 0;
	return 1;
}

int
main(int argc, char **argv)
{
	struct missing	 m = { .root = "", .dir = -1 };
	int		 code = EXIT_USAGE;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_DONE;
	}
	if (argc > 1 && options_take(&m, argc, argv)) {
		if (strcmp(argv[1], "list") == 0 && m.typed == NULL &&
		    m.why == NULL)
			code = list_print(&m);
		else if (strcmp(argv[1], "accept") == 0 && m.typed != NULL &&
		    m.list == NULL)
			code = accept_typed(&m);
	}
	if (code == EXIT_USAGE)
		fputs(usage, stderr);
	gaps_free(m.gaps);
	json_decref(m.list);
	if (m.dir != -1)
		close(m.dir);
	return code;
}
