/*
 * limpid-clean: flattens mails and documents on this machine. The same engine
 * and the same jailed workers as limpid-sanitizerd, and limpid-compose as the
 * other half, joined by a pipe that carries nothing but a copy. Runs with the
 * caller's rights. Hostile input: answers of the workers; the files themselves
 * are only carried. Must never touch an input file but to read it.
 */
#include "clean.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "launcher.h"
#include "log.h"
#include "policy.h"
#include "proc.h"
#include "scan_database.h"
#include "wire.h"

#define WORKERS_MOST	32
#define CLAMAV_FOLDER	"/var/lib/clamav"
#define WORDS_MAX	1000		/* lines of a password file */
#define WORD_MAX	128		/* bytes of each */

struct options {
	const char	*policy, *out, *libexec, *seccomp, *clamav, *passwords;
	int		 json;
	unsigned	 workers;
};

struct clean {
	struct options		 o;
	char			*own, *folder, *seccomp, *compose;
	struct policy		*policy;
	struct launcher		*launcher;
	struct engine		*engine;
	struct clean_file	*files;
	size_t			 count, next, printed;
	struct engine_word	 words[WORDS_MAX];	/* of --password-file */
	size_t			 word_count;
	unsigned		 active;
	int			 tmp;
	int			 said_any;	/* a JSON object was printed */
	int			 code;
};

static const char usage[] =
    "usage: limpid clean [--policy FILE] [--out DIR] [--json] [--workers N]\n"
    "                    [--libexec DIR] [--seccomp DIR] [--clamav DIR]\n"
    "                    [--password-file FILE]\n"
    "                    [--] FILE...\n";

static void
options_take(int argc, char **argv, struct options *o)
{
	static const struct option	longs[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "out", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "password-file", required_argument, NULL, 'P' },
		{ "workers", required_argument, NULL, 'w' },
		{ "libexec", required_argument, NULL, 'l' },
		{ "seccomp", required_argument, NULL, 's' },
		{ "clamav", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	long				n;
	char				*end;
	int				c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'p':
			o->policy = optarg;
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'j':
			o->json = 1;
			break;
		case 'P':
			o->passwords = optarg;
			break;
		case 'l':
			o->libexec = optarg;
			break;
		case 's':
			o->seccomp = optarg;
			break;
		case 'c':
			o->clamav = optarg;
			break;
		case 'w':
			n = strtol(optarg, &end, 10);
			if (*end != '\0' || n < 1 || n > WORKERS_MOST)
				fatal(EXIT_USAGE, "--workers is a number from "
				    "1 to %d, not %s", WORKERS_MOST,
				    log_safe(optarg));
			o->workers = (unsigned)n;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_DONE);
		default:
			fputs(usage, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc) {
		fputs("limpid-clean: name at least one file.\n", stderr);
		fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
}

static char *
join(const char *folder, const char *name)
{
	char	*path;

	if (asprintf(&path, "%s/%s", folder, name) == -1)
		fatal(EXIT_BUG, "out of memory");
	return path;
}

static char *
copy_of(const char *s)
{
	char	*copy;

	if ((copy = strdup(s)) == NULL)
		fatal(EXIT_BUG, "out of memory");
	return copy;
}

/* Programs stand together, in a build tree and installed. */
static char *
own_folder(void)
{
	char	 path[4096], *slash;
	ssize_t	 n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		return copy_of(LIMPID_LIBEXEC);
	path[n] = '\0';
	if ((slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
	return copy_of(path);
}

/* Installed beside the programs, or in the source tree above a build. */
static char *
find_beside(const char *folder, const char *installed, const char *source)
{
	static const char *const	 up[] = { "../../", "../../../" };
	char				*path = join(folder, installed), *rel;

	for (size_t i = 0; i < 2 && access(path, R_OK) == -1; i++) {
		free(path);
		if (asprintf(&rel, "%s%s", up[i], source) == -1)
			fatal(EXIT_BUG, "out of memory");
		path = join(folder, rel);
		free(rel);
	}
	return path;
}

static void
load_policy(struct clean *c)
{
	static const char	 site[] = "/etc/limpid/policy.conf";
	char			*path, *why = NULL;
	int			 r;

	if (c->o.policy != NULL)
		path = copy_of(c->o.policy);
	else if (access(site, F_OK) == 0)
		path = copy_of(site);
	else
		path = find_beside(c->own, "default.conf",
		    "policy/default.conf");
	r = policy_load(path, &c->policy, &why);
	free(path);
	if (r != ERR_OK) {
		fputs(why != NULL ? why : err_text(r), stderr);
		exit(r == ERR_SYS ? EXIT_NOINPUT : EXIT_CONF);
	}
}

/* One password a line, in UTF-8; what is too long for one is none. */
static void
load_words(struct clean *c)
{
	static char	 from[] = "a line of the password file";
	char		*line = NULL;
	struct engine_word *word;
	size_t		 room = 0;
	ssize_t		 n;
	FILE		*f;

	if (c->o.passwords == NULL)
		return;
	if ((f = fopen(c->o.passwords, "re")) == NULL)
		fatal(EXIT_NOINPUT, "--password-file %s: %s. Name a file with "
		    "one password a line.", log_safe(c->o.passwords),
		    strerror(errno));
	for (word = c->words; word < c->words + WORDS_MAX &&
	    (n = getline(&line, &room, f)) != -1;) {
		while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = '\0';
		if (n == 0 || n > WORD_MAX)
			continue;
		word->text = copy_of(line);
		word++->from = from;
	}
	c->word_count = (size_t)(word - c->words);
	free(line);
	fclose(f);
}

static void
open_folders(struct clean *c)
{
	const char	*tmp = getenv("TMPDIR");
	struct stat	 st;

	if (c->o.out == NULL)
		c->o.out = ".";
	if (mkdir(c->o.out, 0777) == -1 && errno != EEXIST)
		fatal(EXIT_NOINPUT, "--out %s: %s. Name a folder that can be "
		    "made.", log_safe(c->o.out), strerror(errno));
	if (stat(c->o.out, &st) == -1)
		fatal(EXIT_NOINPUT, "--out %s: %s. Name another folder.",
		    log_safe(c->o.out), strerror(errno));
	if (!S_ISDIR(st.st_mode))
		fatal(EXIT_NOINPUT, "--out %s: this is no folder. Name one.",
		    log_safe(c->o.out));
	if (access(c->o.out, W_OK) == -1)
		fatal(EXIT_NOPERM, "--out %s: %s. Name a folder that you may "
		    "write to.", log_safe(c->o.out), strerror(errno));
	c->tmp = open(tmp != NULL && tmp[0] != '\0' ? tmp : "/var/tmp",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void
start(struct clean *c)
{
	struct engine_config	 config = { 0 };
	struct scan_folder	 look;
	char			*probe;

	c->own = own_folder();
	c->folder = copy_of(c->o.libexec != NULL ? c->o.libexec : c->own);
	c->seccomp = c->o.seccomp != NULL ? copy_of(c->o.seccomp) :
	    find_beside(c->own, "seccomp", "deploy/seccomp");
	c->compose = join(c->folder, "limpid-compose");
	probe = join(c->folder, "limpid-worker-identify");
	if (access(c->compose, X_OK) == -1 || access(probe, X_OK) == -1)
		fatal(EXIT_UNAVAILABLE, "%s holds no limpid-compose or no "
		    "workers. Install Limpid whole, or name their folder with "
		    "--libexec.", c->folder);
	free(probe);
	load_policy(c);
	load_words(c);
	open_folders(c);
	if (c->o.clamav == NULL)
		c->o.clamav = CLAMAV_FOLDER;
	config.scan_off = strcmp(c->o.clamav, "none") == 0;
	if (launcher_new(c->folder, c->seccomp, c->o.clamav, NULL,
	    &c->launcher) != ERR_OK)
		fatal(EXIT_BUG, "out of memory");
	config.launcher = c->launcher;
	config.workers = c->o.workers;
	config.tmp_dirfd = c->tmp;
	if (engine_new(&config, &c->engine) != ERR_OK)
		fatal(EXIT_UNAVAILABLE, "cannot start: %s", strerror(errno));
	if (scan_folder_look(c->o.clamav, &look) == ERR_OK)
		engine_scan_database(c->engine);
}

/* The worst of all files: trouble beats findings. */
static void
worsen(struct clean *c, int code)
{
	if (code > c->code)
		c->code = code;
}

static int
write_copy(void *arg, const uint8_t *data, size_t len)
{
	struct clean_file	*f = arg;

	return fd_write_all(f->copy, data, len);
}

static void
tell_event(void *arg, const struct engine_event *ev)
{
	struct clean_file	*f = arg;

	if (ev->reason == REASON_FORBIDDEN_CALL)
		log_warn("security file=%s part=%s worker=%s: tried what its "
		    "jail forbids (%s)", log_safe(f->path), ev->path,
		    ev->worker, ev->what);
	else
		log_warn("file=%s part=%s worker=%s reason=%s: %s",
		    log_safe(f->path), ev->path, ev->worker,
		    reason_name(ev->reason), ev->what);
}

static void
copy_done(void *arg, const struct engine_result *r)
{
	struct clean_file	*f = arg;

	f->result = *r;
	f->engine_done = 1;
	close(f->copy);		/* compose sees the end */
	f->copy = -1;
}

static void
finish(struct clean *c, struct clean_file *f)
{
	f->finished = 1;
	worsen(c, f->code);
}

static void
begin(struct clean *c, struct clean_file *f)
{
	struct engine_request	q = { .name = f->path, .policy = c->policy,
				    .sink = write_copy, .sink_arg = f,
				    .event = tell_event, .done = copy_done,
				    .arg = f };
	const char		*slash = strrchr(f->path, '/');
	int			 r;

	if (clean_open(f, policy_limits(c->policy)->bytes) != ERR_OK) {
		finish(c, f);
		return;
	}
	if (slash != NULL)
		q.name = slash + 1;
	if ((f->mail.policy = strdup(policy_digest(c->policy))) == NULL)
		fatal(EXIT_BUG, "out of memory");
	r = clean_compose(f, c->compose, c->seccomp, c->o.out, c->o.json);
	if (r == ERR_OK) {
		q.mail = f->mail;
		q.original = f->original;
		q.sink_fd = f->copy;
		q.words = c->words;
		q.word_count = c->word_count;
		q.locked_note = "a password would open it: limpid clean "
		    "--password-file FILE";
		f->original = -1;	/* the engine's now */
		r = engine_submit(c->engine, &q);
	}
	if (r != ERR_OK) {
		fprintf(stderr, "limpid-clean: %s: %s. Try again.\n",
		    log_safe(f->path), r == ERR_SYS ? strerror(errno) :
		    err_text(r));
		f->code = EXIT_AGAIN;
		finish(c, f);
		return;
	}
	c->active++;
}

static void
print_report(struct clean *c, struct clean_file *f)
{
	char	 block[65536];
	ssize_t	 n;
	off_t	 at = 0;

	fputs(c->said_any ? ",\n" : "[\n", stdout);
	c->said_any = 1;
	while ((n = pread(f->report, block, sizeof(block), at)) > 0) {
		if (at + n == lseek(f->report, 0, SEEK_END) &&
		    block[n - 1] == '\n')
			fwrite(block, 1, (size_t)n - 1, stdout);
		else
			fwrite(block, 1, (size_t)n, stdout);
		at += n;
	}
}

static void
print_line(const struct clean *c, const struct clean_file *f)
{
	const struct engine_result	*r = &f->result;
	char				 note[160];

	printf("%s: ", log_safe(f->path));
	if (r->parts == 1 && r->outcome == OUTCOME_STUB)
		printf("nothing of it: %s", reason_sentence(r->reason));
	else if (r->parts == 1 && r->pages_total > r->pages)
		printf("%s, %u of %u pages", outcome_name(r->outcome),
		    r->pages, r->pages_total);
	else if (r->parts == 1)
		printf("%s, %u pages", outcome_name(r->outcome), r->pages);
	else
		printf("%u parts, %u pages, %u cut, %u not delivered",
		    r->parts, r->pages, r->cuts, r->stubs);
	if (r->parts == 1 && r->cuts > 0)
		printf("; cut: %s", reason_sentence(r->reason));
	note_words(r->note, note, sizeof(note));
	if (note[0] != '\0')
		printf(" (%s)", note);
	printf(" -> %s/%s.json\n", c->o.out, f->name);
}

/* In the order of the command line, as far as they are finished. */
static void
print_finished(struct clean *c)
{
	struct clean_file	*f;

	for (; c->printed < c->count; c->printed++) {
		f = &c->files[c->printed];
		if (!f->finished)
			break;
		if (f->code <= EXIT_FINDINGS && f->engine_done) {
			if (c->o.json)
				print_report(c, f);
			else
				print_line(c, f);
		}
		clean_close(f);
	}
	fflush(stdout);
}

/* compose has left, so the file's results stand or are missing for good. */
static void
composed(struct clean *c, struct clean_file *f)
{
	clean_composed(f);
	c->active--;
	if (!f->engine_done || f->result.error != ERR_OK ||
	    f->code > EXIT_FINDINGS) {
		fprintf(stderr, "limpid-clean: %s: no result: %s. Try again, "
		    "and report it when it stays.\n", log_safe(f->path),
		    f->result.error != ERR_OK ? err_text(f->result.error) :
		    "limpid-compose failed");
		if (f->code <= EXIT_FINDINGS)
			f->code = EXIT_AGAIN;
	} else if (f->result.stubs > 0) {
		f->code = EXIT_FINDINGS;
	}
	finish(c, f);
}

static void
wait_some(struct clean *c, struct pollfd *p)
{
	nfds_t	n = 1;

	p[0].fd = engine_fd(c->engine);
	p[0].events = POLLIN;
	/* one that leaves before its copy is whole breaks the engine's pipe,
	 * and that ends the copy: only then is it waited for */
	for (size_t i = 0; i < c->next; i++)
		if (c->files[i].compose > 0 && c->files[i].engine_done) {
			p[n].fd = c->files[i].pidfd;
			p[n].revents = 0;
			p[n++].events = POLLIN;
		}
	poll(p, n, engine_timeout(c->engine));
	if (engine_work(c->engine) != ERR_OK)
		fatal(EXIT_AGAIN, "cannot go on: %s", strerror(errno));
	for (size_t i = 0; i < c->next; i++)
		for (nfds_t k = 1; k < n; k++)
			if (c->files[i].compose > 0 && p[k].revents != 0 &&
			    p[k].fd == c->files[i].pidfd) {
				composed(c, &c->files[i]);
				p[k].revents = 0;
			}
}

static void
run(struct clean *c)
{
	unsigned	 most = c->o.workers * 2;
	struct pollfd	*p;

	if ((p = calloc(most + 2, sizeof(*p))) == NULL)
		fatal(EXIT_BUG, "out of memory");
	while (c->printed < c->count) {
		while (c->next < c->count && c->active < most)
			begin(c, &c->files[c->next++]);
		if (c->active > 0)
			wait_some(c, p);
		print_finished(c);
	}
	free(p);
}

int
main(int argc, char **argv)
{
	struct clean	c = { .tmp = -1 };
	long		cpus = sysconf(_SC_NPROCESSORS_ONLN);

	proc_start();
	log_open("limpid-clean");
	c.o.workers = cpus < 1 ? 1 : cpus > 8 ? 8 : (unsigned)cpus;
	options_take(argc, argv, &c.o);
	start(&c);
	c.count = (size_t)(argc - optind);
	if ((c.files = calloc(c.count, sizeof(*c.files))) == NULL)
		fatal(EXIT_BUG, "out of memory");
	for (size_t i = 0; i < c.count; i++) {
		c.files[i].path = argv[optind + (int)i];
		c.files[i].original = c.files[i].pidfd = c.files[i].copy =
		    c.files[i].report = -1;
	}
	if (clean_name_files(c.files, c.count, c.o.out) != ERR_OK)
		fatal(EXIT_IO, "--out %s: %s", log_safe(c.o.out),
		    strerror(errno));
	run(&c);
	if (c.o.json && c.said_any)
		fputs("\n]\n", stdout);
	if (fflush(stdout) != 0)
		worsen(&c, EXIT_IO);
	engine_free(c.engine);
	launcher_free(c.launcher);
	policy_free(c.policy);
	while (c.word_count > 0)
		free(c.words[--c.word_count].text);
	free(c.files);
	free(c.own);
	free(c.folder);
	free(c.seccomp);
	free(c.compose);
	return c.code;
}
