/*
 * limpid-resend: has the sender of a link repeat what a resend slip names.
 * Runs as an operator (root, or the sender's user) on the sending host.
 * Hostile input: the slip, which a person types.
 * Must never: send anything itself, or promise what the spool no longer holds.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "send_ledger.h"
#include "send_resend.h"
#include "slip.h"
#include "spool.h"

static const char usage[] =
    "usage: limpid resend [--root DIR] SLIP\n"
    "SLIP is what `limpid slip` printed on the receiving host, such as\n"
    "LR-50000-000D0-000NV.\n"
    "Exit 0: all of it is sent again, 1: a part of it, 65: the slip is mistyped,\n"
    "66: such a number was never given, 69: it is kept no more, 78: this host has\n"
    "no sender of that link.\n";

struct resend {
	const char	*root;
	struct slip	 slip;
	struct ledger	*ledger;
	struct spool	*spool;
	char		 dir[4096];	/* of the link's state */
	uint64_t	 kept, gone;
};

static int
slip_read(const char *typed, struct slip *s)
{
	int	 r = slip_parse(typed, s);

	if (r == ERR_OK)
		return EXIT_DONE;
	if (r == ERR_CRYPTO)
		fprintf(stderr, "limpid resend: \"%s\": the check letters do"
		    " not fit, so a letter is mistyped; compare it with the"
		    " slip\n", typed);
	else if (r == ERR_LIMIT)
		fprintf(stderr, "limpid resend: \"%s\" is a slip of another"
		    " version; use the same Limpid on both hosts\n", typed);
	else
		fprintf(stderr, "limpid resend: \"%s\" is no resend slip; it"
		    " looks like LR-XXXXX-XXXXX-XXXXX\n", typed);
	return EXIT_BADDATA;
}

static int
stores_open(struct resend *w)
{
	char	 path[4096];
	int	 r;

	snprintf(w->dir, sizeof(w->dir), "%s/var/lib/limpid/link/%d-send",
	    w->root, w->slip.link);
	if ((r = ledger_open_reader(w->dir, &w->ledger)) != ERR_OK) {
		if (r == ERR_NOTFOUND)
			fprintf(stderr, "limpid resend: the slip is for link"
			    " %d, and this host does not send on it (no ledger"
			    " in %s); type it on the %s host\n", w->slip.link,
			    w->dir, w->slip.link == 1 ? "external" :
			    "sanitizer");
		else
			fprintf(stderr, "limpid resend: %s: %s; run this as"
			    " root\n", w->dir, err_text(r));
		return r == ERR_NOTFOUND ? EXIT_CONF : err_exit(r);
	}
	snprintf(path, sizeof(path), "%s/var/lib/limpid/spool/link%d-out",
	    w->root, w->slip.link);
	if ((r = spool_open(path, 0, 0, &w->spool)) != ERR_OK) {
		fprintf(stderr, "limpid resend: %s: %s; run this as root\n",
		    path, err_text(r));
		return err_exit(r);
	}
	return EXIT_DONE;
}

static int
is_kept(struct resend *w, uint64_t seq)
{
	struct ledger_entry	 e;
	int			 fd;

	if (ledger_read(w->ledger, seq, &e) != ERR_OK ||
	    (spool_open_file(w->spool, "sent", e.name, &fd) != ERR_OK &&
	    spool_open_file(w->spool, "work", e.name, &fd) != ERR_OK))
		return 0;
	close(fd);
	return 1;
}

static int
kept_count(struct resend *w)
{
	uint64_t	 seq, first = w->slip.first;
	uint64_t	 last = first + w->slip.count - 1;
	uint64_t	 given = ledger_last(w->ledger);

	if (last > given) {
		fprintf(stderr, "limpid resend: the slip names numbers up to %"
		    PRIu64 " and this sender has given none above %" PRIu64
		    "; it is the slip of another site, or the sender's ledger"
		    " was lost\n", last, given);
		return EXIT_NOINPUT;
	}
	for (seq = first; seq <= last; seq++)
		if (is_kept(w, seq))
			w->kept++;
		else
			w->gone++;
	if (w->kept > 0)
		return EXIT_DONE;
	fprintf(stderr, "limpid resend: link %d, numbers %" PRIu64 "-%" PRIu64
	    ": expired, this host keeps no copy any more (`keep` in"
	    " limpid.conf), or an operator holds them; ask the senders to"
	    " write again, `limpid record` has the references. Then type"
	    " `limpid missing accept` on the receiving host, or it stays an"
	    " alarm there\n",
	    w->slip.link, first, last);
	return EXIT_UNAVAILABLE;
}

/* The wish, as a name: the sender needs no right to read it. The time tells one that
 * is typed again, while the first is served, from that. */
static int
wish_write(struct resend *w)
{
	char	 path[4200];
	int	 fd, n;

	n = snprintf(path, sizeof(path), "%s/", w->dir);
	snprintf(path + n, sizeof(path) - (size_t)n, RESEND_NAME,
	    (unsigned long long)w->slip.first,
	    (unsigned long long)w->slip.first + w->slip.count - 1);
	fd = open(path, O_WRONLY|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0640);
	if (fd == -1 || futimens(fd, NULL) == -1 || fsync(fd) == -1) {
		fprintf(stderr, "limpid resend: %s: %s; nothing is sent"
		    " again\n", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return errno == EACCES ? EXIT_NOPERM : EXIT_IO;
	}
	close(fd);
	return EXIT_DONE;
}

static int
resend(struct resend *w)
{
	int	 code;

	if ((code = stores_open(w)) != EXIT_DONE ||
	    (code = kept_count(w)) != EXIT_DONE ||
	    (code = wish_write(w)) != EXIT_DONE)
		return code;
	printf("link %d, numbers %" PRIu64 "-%" PRIu64 ": %" PRIu64 " sent"
	    " again by limpid-diode-send within seconds of the line being"
	    " up\n", w->slip.link, w->slip.first, w->slip.first +
	    w->slip.count - 1, w->kept);
	if (w->gone == 0)
		return EXIT_DONE;
	fprintf(stderr, "limpid resend: %" PRIu64 " of them are expired: this"
	    " host keeps no copy of these any more\n", w->gone);
	return EXIT_FINDINGS;
}

int
main(int argc, char **argv)
{
	struct resend	 w = { .root = "" };
	const char	*typed = NULL;
	int		 a, code, help;

	for (a = 1; a < argc; a++) {
		if (strcmp(argv[a], "--root") == 0 && a + 1 < argc)
			w.root = argv[++a];
		else if (argv[a][0] != '-' && typed == NULL)
			typed = argv[a];
		else {
			help = strcmp(argv[a], "--help") == 0;
			fputs(usage, help ? stdout : stderr);
			return help ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (typed == NULL) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if ((code = slip_read(typed, &w.slip)) == EXIT_DONE)
		code = resend(&w);
	ledger_close(w.ledger);
	spool_close(w.spool);
	return code;
}
