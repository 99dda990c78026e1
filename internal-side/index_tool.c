/*
 * limpid-index: makes the index of delivered mail again, out of the mails. Run by
 * an operator as root or limpid-deliver, beside a running limpid-deliverd or
 * without it. Hostile input: the mails, see index_fill.c. Must never touch a mail,
 * nor leave half an index under its name.
 */
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "index.h"
#include "index_fill.h"
#include "log.h"
#include "maildir.h"
#include "missing.h"
#include "proc.h"

static const char usage_text[] =
    "usage: limpid index rebuild [--root DIR] [--json]\n";

struct rebuild {
	struct conf		*conf;
	struct maildir		*maildir;
	char			*path, *fresh;	/* the index, and the new one */
	struct index_fill	 count;
};

static void
bad_file(const char *box, const char *file, const char *why)
{
	fprintf(stderr, "limpid-index: mail/%s/%s: no harmless mail of ours "
	    "(%s); it stays as it is and is not in the index\n", box,
	    log_safe(file), why);
}

static int
say(const char *what, const char *why)
{
	fprintf(stderr, "limpid-index: %s: %s\n", what, why);
	return EXIT_IO;
}

/* Root works as the owner of the index, whose files limpid-deliverd can use. */
static int
owner_become(const char *dir)
{
	struct stat	 st;

	if (geteuid() != 0)
		return ERR_OK;
	if (stat(dir, &st) == -1 || setgroups(0, NULL) == -1 ||
	    setresgid(st.st_gid, st.st_gid, st.st_gid) == -1 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) == -1)
		return ERR_SYS;
	return ERR_OK;
}

/* Durable, then the name. */
static int
fresh_install(const struct rebuild *b)
{
	char	*dir = strdup(b->path), *slash;
	int	 fd = -1, r = ERR_SYS;

	if (dir == NULL || (slash = strrchr(dir, '/')) == NULL)
		goto out;
	*slash = '\0';
	if (chmod(b->fresh, 0640) == -1)
		goto out;
	if ((fd = open(b->fresh, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fsync(fd) == -1 || rename(b->fresh, b->path) == -1)
		goto out;
	close(fd);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		goto out;
	r = proc_sync_dir(fd);
 out:
	if (fd != -1)
		close(fd);
	free(dir);
	return r;
}

/* SQLite keeps an empty journal beside the new name. */
static void
journal_remove(const struct rebuild *b)
{
	char	*path;

	if (asprintf(&path, "%s-journal", b->fresh) == -1)
		return;
	unlink(path);
	free(path);
}

static int
rebuild_index(struct rebuild *b)
{
	struct index_db	*x = NULL;
	char		*why = NULL;
	int		 lock, r;

	/* limpid-deliverd waits meanwhile; readers keep the old one. */
	if ((lock = index_lock(b->path)) < 0)
		return say(b->path, "cannot be locked; run this as root or "
		    "limpid-deliver");
	unlink(b->fresh);
	if ((r = index_open(b->fresh, &x, &why)) != ERR_OK) {
		close(lock);
		return say("the new index", why != NULL ? why : err_text(r));
	}
	/* The mails do not say what never came. */
	r = missing_inherit(x, b->path);
	if (r != ERR_OK && r != ERR_NOTFOUND)
		say(b->path, "what never came over the links cannot be read "
		    "from it; the next list of each receiver names what is "
		    "missing still, but what was healed is forgotten");
	r = index_fill(x, b->maildir, &b->count, bad_file);
	if (r != ERR_OK)
		fprintf(stderr, "limpid-index: %s: %s; the old index stays\n",
		    b->fresh, index_why(x));
	index_close(x);
	journal_remove(b);
	if (r == ERR_OK && (r = fresh_install(b)) != ERR_OK)
		say(b->path, "the new index cannot be put in its place; the "
		    "old one stays");
	if (r != ERR_OK)
		unlink(b->fresh);
	close(lock);
	return r == ERR_OK ? EXIT_DONE : EXIT_IO;
}

static int
rebuild_open(struct rebuild *b, const char *root)
{
	char	*why = NULL, *mail = NULL, *dir = NULL;
	int	 r, code = EXIT_CONF;

	if ((r = conf_load(root, &b->conf, &why)) != ERR_OK) {
		say("configuration", why != NULL ? why : err_text(r));
		free(why);
		return EXIT_CONF;
	}
	mail = conf_path(b->conf, "state/mail");
	dir = conf_path(b->conf, "state/index");
	b->path = conf_path(b->conf, "state/index/index.db");
	if (mail == NULL || dir == NULL || b->path == NULL ||
	    asprintf(&b->fresh, "%s.new", b->path) == -1) {
		b->fresh = NULL;
		say("memory", "there is none");
	} else if ((r = owner_become(dir)) != ERR_OK)
		code = say(dir, err_text(r));
	else if ((r = maildir_open(mail, &b->maildir)) != ERR_OK)
		code = say(mail, err_text(r));
	else
		code = EXIT_DONE;
	free(mail);
	free(dir);
	return code;
}

static void
rebuild_close(struct rebuild *b)
{
	maildir_close(b->maildir);
	free(b->path);
	free(b->fresh);
	if (b->conf != NULL)
		conf_free(b->conf);
}

int
main(int argc, char **argv)
{
	static const struct option	 longs[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct rebuild			 b = {0};
	const char			*root = NULL;
	int				 c, json = 0, code;

	log_open("limpid-index");
	proc_start();
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'r')
			root = optarg;
		else if (c == 'j')
			json = 1;
		else {
			fputs(usage_text, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_DONE : EXIT_USAGE;
		}
	}
	if (optind + 1 != argc || strcmp(argv[optind], "rebuild") != 0) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	if ((code = rebuild_open(&b, root)) == EXIT_DONE)
		code = rebuild_index(&b);
	if (code == EXIT_DONE)
		printf(json ? "{\"mails\":%zu,\"files\":%zu,\"bad\":%zu}\n" :
		    "%zu mails in the index, from %zu files; %zu files are not "
		    "ours\n", b.count.added, b.count.files, b.count.bad);
	if (code == EXIT_DONE && b.count.bad > 0)
		code = EXIT_FINDINGS;
	rebuild_close(&b);
	return code;
}
