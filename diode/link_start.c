/*
 * The start of either end of a link (link_start.h).
 * Run by limpid-diode-send and limpid-diode-recv.
 * Hostile input: none.
 * Must never name a sending or a receiving function: both programs contain this one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "link.h"
#include "link_start.h"
#include "log.h"
#include "proc.h"

int
link_start(int argc, char **argv, const char *program, const char *usage,
    struct conf **cp)
{
	struct proc_options	 options;
	char			*why;
	int			 link, r;

	proc_start();
	log_open(program);
	link = link_option_take(&argc, argv);
	proc_options(argc, argv, usage, &options);
	if ((r = conf_load(options.root, cp, &why)) != ERR_OK)
		fatal(err_exit(r), "%s", why);
	if (options.check_only) {
		conf_print(*cp, stdout);
		exit(EXIT_DONE);
	}
	if (link == 0)
		fatal(EXIT_USAGE, "say which link: --link 1 or --link 2");
	return link;
}

char *
link_path(const struct conf *c, int link, const char *before,
    const char *after)
{
	char	 name[128], *path;

	snprintf(name, sizeof(name), "%s%d%s", before, link, after);
	if ((path = conf_path(c, name)) == NULL)
		fatal(EXIT_BUG, "out of memory");
	return path;
}

void
link_start_user(const char *user)
{
	int	 r;

	if ((r = proc_drop_user(user)) != ERR_OK)
		fatal(err_exit(r), "user %s: %s", user, err_text(r));
}

int
link_start_signals(void)
{
	int	 fd, r;

	if ((fd = proc_signals()) < 0)
		fatal(EXIT_IO, "signals: %s", strerror(errno));
	if ((r = proc_no_new_privs()) != ERR_OK)
		fatal(err_exit(r), "privileges: %s", err_text(r));
	return fd;
}

void
link_start_filter(const struct conf *c, const char *policy)
{
	char	*path;

	if (asprintf(&path, "%s/%s.policy", c->sanitizer.seccomp_dir,
	    policy) == -1)
		fatal(EXIT_BUG, "out of memory");
	if (proc_filter(path) != ERR_OK)
		fatal(EXIT_CONF, "%s: the filter is not in force", path);
	free(path);
}
