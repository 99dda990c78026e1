/*
 * limpid-compose: a copy on standard input becomes files in a folder. Run by
 * limpid-clean as its second half, with the caller's rights; the same compose as
 * limpid-deliverd, in the same jail. Hostile input: the copy, only in the jailed
 * child. Must never write a name that the child chose.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compose_jail.h"
#include "err.h"
#include "log.h"
#include "proc.h"
#include "wire.h"

#define DEADLINE_MS	(1800 * 1000)

static const char usage_text[] =
    "usage: limpid-compose --out DIR --name NAME [--json] [--seccomp DIR] "
    "< COPY\n";

struct options {
	const char	*out, *name, *seccomp;
	int		 json;
};

/* One file being made: a hidden name until it is whole. */
struct made {
	int	 fd;
	char	 tmp[64];
};

static int
made_open(int dir, const char *what, struct made *m)
{
	snprintf(m->tmp, sizeof(m->tmp), ".limpid-compose.%ld.%s",
	    (long)getpid(), what);
	m->fd = openat(dir, m->tmp, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0644);
	return m->fd == -1 ? ERR_SYS : ERR_OK;
}

/* Gives the file its name; with ending NULL or "" it is thrown away. */
static int
made_close(int dir, struct made *m, const char *name, const char *ending)
{
	char	*to = NULL;
	int	 r = ERR_OK;

	if (m->fd == -1)
		return ERR_OK;
	if (ending == NULL || ending[0] == '\0')
		unlinkat(dir, m->tmp, 0);
	else if (asprintf(&to, "%s.%s", name, ending) == -1) {
		to = NULL;
		r = ERR_MEMORY;
	} else if (renameat(dir, m->tmp, dir, to) == -1)
		r = ERR_SYS;
	if (r != ERR_OK)
		unlinkat(dir, m->tmp, 0);
	free(to);
	close(m->fd);
	m->fd = -1;
	return r;
}

static int
report_print(int fd)
{
	char	 buf[65536];
	ssize_t	 n;
	off_t	 at = 0;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		if (fd_write_all(STDOUT_FILENO, buf, (size_t)n) != ERR_OK)
			return ERR_SYS;
		at += n;
	}
	return n == 0 ? ERR_OK : ERR_SYS;
}

static int
end_exit(enum compose_end end)
{
	switch (end) {
	case COMPOSE_OK:
		return EXIT_DONE;
	case COMPOSE_WORLD:
		return EXIT_AGAIN;
	case COMPOSE_BAD_COPY:
	case COMPOSE_CRASHED:
	case COMPOSE_FORBIDDEN:
	case COMPOSE_MEMORY:
	case COMPOSE_LATE:
	default:
		return EXIT_BADDATA;
	}
}

static int
say(const struct options *o, const char *what, const char *why)
{
	fprintf(stderr, "limpid-compose: %s/%s: %s: %s\n", o->out, o->name,
	    what, why);
	return EXIT_IO;
}

static int
compose_files(const struct options *o, struct compose_jail *jail, int dir)
{
	struct made		 file = { -1, "" }, text = { -1, "" };
	struct made		 report = { -1, "" }, spill = { -1, "" };
	struct compose_job	 job = { .copy = STDIN_FILENO,
				    .hostname = "limpid.invalid" };
	struct compose_done	 done;
	enum compose_end	 end;
	const char		*detail;
	int			 code = EXIT_IO;

	/* The child's standard fds become /dev/null. */
	if ((job.copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)) == -1 ||
	    made_open(dir, "main", &file) != ERR_OK ||
	    made_open(dir, "text", &text) != ERR_OK ||
	    made_open(dir, "report", &report) != ERR_OK ||
	    made_open(dir, "spill", &spill) != ERR_OK) {
		say(o, "cannot make a file there", strerror(errno));
		goto out;
	}
	job.main = file.fd;
	job.text = text.fd;
	job.report = report.fd;
	job.spill = spill.fd;
	job.filed_ms = proc_wall_ms();
	end = compose_jail_run(jail, &job, DEADLINE_MS, &done, &detail);
	if ((code = end_exit(end)) != EXIT_DONE) {
		say(o, "no copy could be made from what came in", detail);
		goto out;
	}
	code = EXIT_IO;
	if (made_close(dir, &file, o->name, compose_ending(done.kind)) !=
	    ERR_OK || made_close(dir, &text, o->name,
	    done.has_text ? "txt" : "") != ERR_OK ||
	    (o->json && report_print(report.fd) != ERR_OK) ||
	    made_close(dir, &report, o->name, "json") != ERR_OK) {
		say(o, "cannot write", strerror(errno));
		goto out;
	}
	code = done.stubs > 0 ? EXIT_FINDINGS : EXIT_DONE;
 out:
	made_close(dir, &file, NULL, NULL);
	made_close(dir, &text, NULL, NULL);
	made_close(dir, &report, NULL, NULL);
	made_close(dir, &spill, NULL, NULL);
	if (job.copy > STDERR_FILENO)
		close(job.copy);
	return code;
}

/* Beside the program, or in the source tree above it, else installed. */
static int
filter_open(const struct options *o, struct compose_jail **jp, char **why)
{
	char	 dir[4096], path[4352];
	ssize_t	 n;
	char	*slash;
	int	 up;

	if (o->seccomp != NULL)
		return compose_jail_open(o->seccomp, jp, why);
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = '\0';
	for (up = 0; up < 6 && (slash = strrchr(dir, '/')) != NULL; up++) {
		*slash = '\0';
		snprintf(path, sizeof(path), "%s%s", dir, up == 0 ?
		    "/seccomp" : "/deploy/seccomp");
		if (access(path, R_OK) == 0)
			return compose_jail_open(path, jp, why);
	}
	return compose_jail_open(LIMPID_LIBEXEC "/seccomp", jp, why);
}

static void
options_read(int argc, char **argv, struct options *o)
{
	static const struct option	 longs[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "name", required_argument, NULL, 'n' },
		{ "seccomp", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int				 c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'o':
			o->out = optarg;
			break;
		case 'n':
			o->name = optarg;
			break;
		case 's':
			o->seccomp = optarg;
			break;
		case 'j':
			o->json = 1;
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_DONE);
		default:
			fputs(usage_text, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind != argc || o->out == NULL || o->name == NULL) {
		fputs(usage_text, stderr);
		exit(EXIT_USAGE);
	}
	if (o->name[0] == '\0' || strchr(o->name, '/') != NULL ||
	    strlen(o->name) > 200) {
		fprintf(stderr, "limpid-compose: --name must be a file name "
		    "without a folder, at most 200 bytes\n");
		exit(EXIT_USAGE);
	}
}

int
main(int argc, char **argv)
{
	struct options		 o = {0};
	struct compose_jail	*jail = NULL;
	char			*why = NULL;
	int			 dir, code;

	log_open("limpid-compose");
	proc_start();
	options_read(argc, argv, &o);
	if (filter_open(&o, &jail, &why) != ERR_OK) {
		fprintf(stderr, "limpid-compose: no jail, no work: %s\n",
		    why != NULL ? why : "the filter cannot be loaded");
		free(why);
		return EXIT_CONF;
	}
	if ((dir = open(o.out, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		fprintf(stderr, "limpid-compose: %s: %s; make the folder "
		    "first\n", o.out, strerror(errno));
		compose_jail_close(jail);
		return EXIT_NOINPUT;
	}
	code = compose_files(&o, jail, dir);
	compose_jail_close(jail);
	close(dir);
	return code;
}
