/*
 * One file of limpid-clean's command line: opened, named, handed to compose.
 * Runs with the caller's rights. Hostile input: the file's bytes, which are
 * copied and hashed and not looked at; its name. Must never write to the file,
 * nor let a result take the place of an input.
 */
#include "clean.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "log.h"
#include "proc.h"
#include "store.h"
#include "text.h"
#include "wire.h"

#define COPY_PIPE_BYTES	(1024 * 1024)

static const char *const endings[] = { "eml", "pdf", "txt", "png", "jpg",
	"json" };

static const char *
base_of(const char *path)
{
	const char	*slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static int
same_folder(const char *path, const struct stat *out)
{
	struct stat	 st;
	char		*copy = strdup(path);
	int		 same;

	if (copy == NULL)
		return 1;	/* then it is treated as the dangerous case */
	same = stat(dirname(copy), &st) == 0 && st.st_dev == out->st_dev &&
	    st.st_ino == out->st_ino;
	free(copy);
	return same;
}

/* Whether results under this name would meet another's, or an input. */
static int
is_taken(const struct clean_file *files, size_t count, const struct stat *out,
    const char *name)
{
	char	result[NAME_MAX + 1];

	for (size_t i = 0; i < count; i++) {
		if (files[i].name != NULL && strcmp(files[i].name, name) == 0)
			return 1;
		for (size_t k = 0; k < sizeof(endings) / sizeof(endings[0]);
		    k++) {
			snprintf(result, sizeof(result), "%s.%s", name,
			    endings[k]);
			if (strcmp(base_of(files[i].path), result) == 0 &&
			    same_folder(files[i].path, out))
				return 1;
		}
	}
	return 0;
}

static int
name_file(struct clean_file *files, size_t count, size_t at,
    const struct stat *out)
{
	const char	*base = base_of(files[at].path);
	char		*stem, *dot, *name = NULL;
	int		 changed;

	if ((stem = text_file_name(base, strlen(base), &changed)) == NULL)
		return ERR_MEMORY;
	if ((dot = strrchr(stem, '.')) != NULL && dot != stem)
		*dot = '\0';
	for (unsigned n = 1; n < 100000; n++) {
		free(name);
		if ((n == 1 ? asprintf(&name, "%s", stem) :
		    n == 2 ? asprintf(&name, "%s.clean", stem) :
		    asprintf(&name, "%s.clean-%u", stem, n - 1)) == -1) {
			name = NULL;
			break;
		}
		if (!is_taken(files, count, out, name)) {
			files[at].name = name;
			free(stem);
			return ERR_OK;
		}
	}
	free(name);
	free(stem);
	return ERR_MEMORY;
}

int
clean_name_files(struct clean_file *files, size_t count, const char *out)
{
	struct stat	st;
	int		r;

	if (stat(out, &st) == -1)
		return ERR_SYS;
	for (size_t i = 0; i < count; i++)
		if ((r = name_file(files, count, i, &st)) != ERR_OK)
			return r;
	return ERR_OK;
}

static int
refuse(struct clean_file *f, int code, const char *what, const char *next)
{
	fprintf(stderr, "limpid-clean: %s: %s. %s.\n", f->path[0] != '\0' ?
	    log_safe(f->path) : "\"\"", what, next);
	f->code = code;
	return ERR_NOTFOUND;
}

/* Copies fd into the memory file, the beginning of what is too large. */
static int
read_all(struct clean_file *f, int fd, uint64_t limit, int regular)
{
	static uint8_t	 block[262144];
	struct hash	*h;
	uint64_t	 room;
	ssize_t		 n = 0;
	int		 r = ERR_OK;

	if ((h = hash_new()) == NULL)
		return ERR_MEMORY;
	while (r == ERR_OK && (n = read(fd, block, sizeof(block))) != 0) {
		if (n == -1) {
			if (errno == EINTR)
				continue;
			r = ERR_SYS;
			break;
		}
		room = f->mail.size < limit ? limit - f->mail.size : 0;
		f->mail.size += (uint64_t)n;
		if ((r = hash_update(h, block, (size_t)n)) == ERR_OK)
			r = fd_write_all(f->original, block,
			    (uint64_t)n < room ? (size_t)n : (size_t)room);
		if (r == ERR_OK && f->mail.size > limit && !regular)
			r = ERR_LIMIT;	/* a device or pipe may have no end */
	}
	if (r != ERR_OK) {
		hash_free(h);
		return r;
	}
	if (hash_final(h, f->mail.sha256) != ERR_OK)
		r = ERR_MEMORY;
	return r;
}

static int
fill_mail(struct copy_mail *m)
{
	char	**words[] = { &m->sender, &m->client, &m->tls, &m->auth };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((*words[i] = strdup("")) == NULL)
			return ERR_MEMORY;
	m->received_ms = proc_wall_ms();
	return ref_new(&m->ref);
}

static int
open_input(struct clean_file *f, int *regular, int *fdp)
{
	struct stat	st;
	int		fd;

	/* without O_NONBLOCK a pipe that nobody writes to would hold us up */
	if ((fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY)) == -1)
		return refuse(f, EXIT_NOINPUT, f->path[0] == '\0' ?
		    "an empty name" : strerror(errno), errno == ENOENT ?
		    "Check the name" : "Check who may read it");
	if (fstat(fd, &st) == -1 || S_ISDIR(st.st_mode)) {
		close(fd);
		return refuse(f, EXIT_NOINPUT, "this is a folder",
		    "Name the files in it");
	}
	if (fcntl(fd, F_SETFL, 0) == -1) {
		close(fd);
		return refuse(f, EXIT_IO, strerror(errno), "Try again");
	}
	*regular = S_ISREG(st.st_mode);
	*fdp = fd;
	return ERR_OK;
}

int
clean_open(struct clean_file *f, uint64_t limit)
{
	int	fd, regular, r;

	if ((r = open_input(f, &regular, &fd)) != ERR_OK)
		return r;
	f->original = memfd_create("limpid-original", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING);
	if (f->original == -1)
		r = ERR_SYS;
	else
		r = read_all(f, fd, limit, regular);
	if (r == ERR_OK)
		r = store_seal(f->original);
	if (r == ERR_OK)
		r = fill_mail(&f->mail);
	if (r == ERR_LIMIT)
		refuse(f, EXIT_BADDATA, "this is no file, and what comes from "
		    "it is larger than limit bytes", "Save it as a file");
	else if (r != ERR_OK)
		refuse(f, EXIT_IO, r == ERR_SYS ? strerror(errno) :
		    err_text(r), "Try again");
	close(fd);
	return r;
}

static _Noreturn void
run_compose(const struct clean_file *f, const char *program,
    const char *seccomp, const char *out, int json, int in)
{
	char	*argv[10];
	int	 n = 0;

#define ARG(s) argv[n++] = (char *)(uintptr_t)(s)
	ARG("limpid-compose");
	ARG("--out");
	ARG(out);
	ARG("--name");
	ARG(f->name);
	ARG("--seccomp");
	ARG(seccomp);
	if (json)
		ARG("--json");
	argv[n] = NULL;
#undef ARG
	if (dup2(in, STDIN_FILENO) == -1 ||
	    dup2(f->report, STDOUT_FILENO) == -1)
		_exit(EXIT_IO);
	execv(program, argv);
	_exit(EXIT_UNAVAILABLE);
}

int
clean_compose(struct clean_file *f, const char *program, const char *seccomp,
    const char *out, int json)
{
	int	fds[2];

	if ((f->report = memfd_create("limpid-report", MFD_CLOEXEC)) == -1 ||
	    pipe2(fds, O_CLOEXEC) == -1)
		return ERR_SYS;
	fcntl(fds[1], F_SETPIPE_SZ, COPY_PIPE_BYTES);
	if ((f->compose = fork()) == 0)
		run_compose(f, program, seccomp, out, json, fds[0]);
	close(fds[0]);
	f->copy = fds[1];
	if (f->compose == -1) {
		f->compose = 0;
		return ERR_SYS;
	}
	if ((f->pidfd = pidfd_open(f->compose, 0)) == -1)
		return ERR_SYS;
	return ERR_OK;
}

void
clean_composed(struct clean_file *f)
{
	int	status = 0;

	while (waitpid(f->compose, &status, 0) == -1 && errno == EINTR)
		;
	f->compose = 0;
	f->code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_BUG;
	close(f->pidfd);
	f->pidfd = -1;
}

void
clean_close(struct clean_file *f)
{
	char	*words[] = { f->mail.sender, f->mail.client, f->mail.tls,
		    f->mail.auth, f->mail.policy, f->name };

	if (f->compose > 0) {
		kill(f->compose, SIGKILL);
		clean_composed(f);
	}
	if (f->copy != -1)
		close(f->copy);
	if (f->report != -1)
		close(f->report);
	if (f->original != -1)
		close(f->original);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		free(words[i]);
}
