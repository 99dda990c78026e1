/*
 * Purpose: limpid-viewerd: starts, locks itself in, serves.
 * Process: limpid-viewerd, as limpid-view.
 * Hostile input: browsers (http.c); nothing here.
 * Must never: listen without TLS beyond this machine, or serve before the filter
 *	holds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "accounts.h"
#include "conf.h"
#include "err.h"
#include "http.h"
#include "log.h"
#include "proc.h"
#include "record.h"
#include "store.h"
#include "throttle.h"
#include "viewer.h"

#define SESSIONS	1024
#define PEM_MAX		262144

/* Whether a certificate is configured: tls_cert = "none" says plain HTTP. */
static int
has_tls(const struct conf *c)
{
	const char	*name = strrchr(c->viewer.tls_cert, '/');

	return strcmp(name == NULL ? c->viewer.tls_cert : name + 1, "none") !=
	    0;
}

/* A small file as a string; start-up only. */
static char *
read_pem(const char *path, const char *setting)
{
	struct stat	 st;
	char		*s;
	int		 fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    fstat(fd, &st) == -1)
		fatal(EXIT_CONF, "%s: %s; viewer.%s names this file: run "
		    "`limpid init` to make one, or correct the setting",
		    path, strerror(errno), setting);
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PEM_MAX)
		fatal(EXIT_CONF, "%s: is not a PEM file; correct viewer.%s",
		    path, setting);
	if ((s = calloc(1, (size_t)st.st_size + 1)) == NULL)
		fatal(EXIT_IO, "out of memory");
	if (read(fd, s, (size_t)st.st_size) != st.st_size)
		fatal(EXIT_IO, "%s: cannot be read whole", path);
	close(fd);
	return s;
}

/* "addr:port" or "[addr]:port", numbers only. */
static struct addrinfo *
read_listen(const char *listen_on)
{
	struct addrinfo	 hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV |
			    AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *ai;
	char		 host[128];
	const char	*colon = strrchr(listen_on, ':');
	size_t		 n = colon == NULL ? sizeof(host) :
			    (size_t)(colon - listen_on);

	if (n >= sizeof(host))
		fatal(EXIT_CONF, "viewer.listen \"%s\" is not ADDRESS:PORT",
		    listen_on);
	if (n >= 2 && listen_on[0] == '[' && listen_on[n - 1] == ']') {
		listen_on++;
		n -= 2;
	}
	memcpy(host, listen_on, n);
	host[n] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &ai) != 0)
		fatal(EXIT_CONF, "viewer.listen \"%s\": the address must be "
		    "in numbers, such as 127.0.0.1:8443", listen_on);
	return ai;
}

static int
is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)sa)->
		    sin_addr.s_addr) >> 24 == 127;
	return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(
	    &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr);
}

static int
open_listener(const struct conf *c)
{
	struct addrinfo	*ai = read_listen(c->viewer.listen);
	int		 fd, on = 1;

	if (!has_tls(c) && !is_loopback(ai->ai_addr))
		fatal(EXIT_CONF, "viewer.listen %s is reachable from other "
		    "machines, but no certificate is configured: set "
		    "viewer.tls_cert and viewer.tls_key", c->viewer.listen);
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == -1 || bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(fd, 64) == -1)
		fatal(EXIT_UNAVAILABLE, "%s: cannot listen: %s; is another "
		    "viewer running?", c->viewer.listen, strerror(errno));
	freeaddrinfo(ai);
	return fd;
}

static char *
path_of(const struct conf *c, const char *path)
{
	char	*s = conf_path(c, path);

	if (s == NULL)
		fatal(EXIT_IO, "out of memory");
	return s;
}

static void
open_stores(const struct conf *c, struct viewer *v)
{
	char	*index = path_of(c, "state/index/index.db"),
		*mail = path_of(c, "state/mail"),
		*accounts = path_of(c, "state/accounts/accounts.db"),
		*record = path_of(c, "state/record/viewerd.record");
	int	 r;

	if ((r = accounts_open(accounts, 1, &v->accounts)) != ERR_OK)
		fatal(err_exit(r), "%s: cannot be opened: %s; its folder must "
		    "belong to limpid-view", accounts, err_text(r));
	if ((r = record_open(record, &v->record)) != ERR_OK)
		fatal(err_exit(r), "%s: cannot be opened: %s; without it "
		    "nobody may read", record, err_text(r));
	if ((r = store_open(index, mail, accounts, &v->store)) != ERR_OK)
		fatal(err_exit(r), "%s: %s", index, err_text(r));
	if ((r = store_reader(v->store, NULL)) != ERR_OK)
		log_warn("%s: %s; readers are asked to wait until "
		    "limpid-deliverd has made it", index, err_text(r));
	free(index);
	free(mail);
	free(accounts);
	free(record);
}

static void
make_tables(const struct conf *c, struct viewer *v)
{
	v->idle_ms = (int64_t)c->viewer.idle_s * 1000;
	v->absolute_ms = (int64_t)c->viewer.session_s * 1000;
	v->https = has_tls(c);
	v->sessions = sessions_new(v->idle_ms, v->absolute_ms, SESSIONS);
	v->names = throttle_new(1024, 5);
	v->addresses = throttle_new(1024, 20);
	if (v->sessions == NULL || v->names == NULL || v->addresses == NULL)
		fatal(EXIT_IO, "out of memory");
}

static void
lock_in(const struct conf *c)
{
	char	*policy;
	int	 r;

	if (asprintf(&policy, "%s/viewerd.policy",
	    c->sanitizer.seccomp_dir) == -1)
		fatal(EXIT_IO, "out of memory");
	if ((r = proc_no_new_privs()) != ERR_OK)
		fatal(EXIT_NOPERM, "cannot give up privileges: %s",
		    err_text(r));
	if ((r = proc_filter(policy)) != ERR_OK)
		fatal(EXIT_CONF, "%s: the filter cannot be applied: %s",
		    policy, err_text(r));
	free(policy);
}

static void
serve(struct http *http, int signals)
{
	struct pollfd	 p[2] = { { .fd = http_fd(http), .events = POLLIN },
			    { .fd = signals, .events = POLLIN } };

	while (!proc_stopping()) {
		if (poll(p, 2, http_wait_ms(http)) == -1 && errno != EINTR)
			fatal(EXIT_IO, "poll: %s", strerror(errno));
		if (p[1].revents != 0)
			proc_signals_read();
		http_run(http);
	}
}

static void
close_all(struct viewer *v, struct conf *c)
{
	store_close(v->store);
	record_close(v->record);
	accounts_close(v->accounts);
	sessions_free(v->sessions);
	throttle_free(v->names);
	throttle_free(v->addresses);
	conf_free(c);
}

int
main(int argc, char **argv)
{
	struct proc_options	 opt;
	struct viewer		 v = { 0 };
	struct conf		*c = NULL;
	struct http		*http;
	char			*why = NULL, *cert = NULL, *key = NULL, *pid;
	int			 fd, signals, r;

	proc_start();
	log_open("limpid-viewerd");
	proc_options(argc, argv, "limpid-viewerd [-n] [--root DIR]", &opt);
	if ((r = conf_load(opt.root, &c, &why)) != ERR_OK)
		fatal(EXIT_CONF, "%s", why == NULL ? err_text(r) : why);
	if (opt.check_only) {
		conf_print(c, stdout);
		conf_free(c);
		return EXIT_DONE;
	}
	tzset();
	fd = open_listener(c);
	if (has_tls(c)) {
		cert = read_pem(c->viewer.tls_cert, "tls_cert");
		key = read_pem(c->viewer.tls_key, "tls_key");
	}
	if ((r = proc_drop_user("limpid-view")) != ERR_OK)
		fatal(EXIT_NOPERM, "cannot become limpid-view: %s; run "
		    "`limpid init`, which makes the users", err_text(r));
	make_tables(c, &v);
	open_stores(c, &v);
	if ((http = http_start(&v, fd, cert, key)) == NULL)
		fatal(EXIT_CONF, "the web server cannot start: do %s and its "
		    "key belong together?", has_tls(c) ? c->viewer.tls_cert :
		    "certificate");
	if ((signals = proc_signals()) < 0)
		fatal(EXIT_IO, "signals: %s", strerror(errno));
	lock_in(c);
	pid = path_of(c, "run/viewerd.pid");
	if ((r = proc_ready(pid)) != ERR_OK)
		log_warn("%s: %s", pid, err_text(r));
	log_info("event=ready listen=%s tls=%s", c->viewer.listen,
	    has_tls(c) ? "yes" : "no");
	serve(http, signals);
	log_info("event=stopped");
	http_stop(http);
	free(pid);
	free(cert);
	if (key != NULL)
		explicit_bzero(key, strlen(key));
	free(key);
	close_all(&v, c);
	return EXIT_DONE;
}
