/*
 * Listening sockets. Run by limpid-intaked, before it drops its rights.
 * Hostile: nothing but who connects. Must never take over a socket that
 * another process still answers.
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "err.h"
#include "listen.h"
#include "log.h"

#define BACKLOG	511

static int
explain(char **why, int r, const char *name, const char *what)
{
	if (asprintf(why, "%s: %s", name, what) == -1)
		*why = NULL;
	return r;
}

/* Removes a socket file that nobody answers. */
static int
remove_stale(const struct sockaddr_un *sun, char **why)
{
	int	 fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;

	if (fd == -1)
		return explain(why, ERR_SYS, sun->sun_path, err_text(ERR_SYS));
	r = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	close(fd);
	if (r == 0)
		return explain(why, ERR_EXISTS, sun->sun_path, "another "
		    "program answers there; stop it first");
	if (errno == ECONNREFUSED && unlink(sun->sun_path) == -1)
		return explain(why, ERR_SYS, sun->sun_path, err_text(ERR_SYS));
	return ERR_OK;
}

/* Postfix may connect, nobody else but our own group. */
static void
give_to_mta(const char *path)
{
	struct group	*gr = geteuid() == 0 ? getgrnam("postfix") : NULL;

	if (gr != NULL && chown(path, (uid_t)-1, gr->gr_gid) == -1)
		log_warn("%s: cannot be given to group postfix: %s", path,
		    err_text(ERR_SYS));
	if (chmod(path, 0660) == -1)
		log_warn("%s: %s", path, err_text(ERR_SYS));
}

int
listen_unix(const char *path, char **why)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd, r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return explain(why, ERR_LIMIT, path, "the name is too long for "
		    "a socket; set intake lmtp_socket to a shorter one");
	strcpy(sun.sun_path, path);
	if ((r = remove_stale(&sun, why)) != ERR_OK)
		return r;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0)) == -1 ||
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		explain(why, ERR_SYS, path, err_text(ERR_SYS));
		if (fd != -1)
			close(fd);
		return ERR_SYS;
	}
	give_to_mta(path);
	return fd;
}

/* Splits "host:port" at its last colon; *port points into the returned copy. */
static char *
split_address(const char *address, char **port)
{
	char	*host = strdup(address), *colon;
	size_t	 n;

	if (host == NULL)
		return NULL;
	if ((colon = strrchr(host, ':')) == NULL) {
		free(host);
		return NULL;
	}
	*colon = '\0';
	*port = colon + 1;
	n = strlen(host);
	if (host[0] == '[' && n > 1 && host[n - 1] == ']') {
		memmove(host, host + 1, n - 2);
		host[n - 2] = '\0';
	}
	return host;
}

static int
bind_first(const struct addrinfo *ai)
{
	int	 fd, on = 1;

	if ((fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0)) == -1)
		return ERR_SYS;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		int	 saved = errno;

		close(fd);
		errno = saved;
		return ERR_SYS;
	}
	return fd;
}

int
listen_tcp(const char *address, char **why)
{
	struct addrinfo	 hints = { .ai_family = AF_UNSPEC,
			    .ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICHOST |
			    AI_NUMERICSERV }, *ai = NULL;
	char		*port, *host = split_address(address, &port);
	int		 fd, r;

	if (host == NULL)
		return explain(why, ERR_CONFIG, address, "intake listen wants "
		    "address:port, like 127.0.0.1:2525");
	r = getaddrinfo(strcmp(host, "*") == 0 || host[0] == '\0' ? NULL :
	    host, port, &hints, &ai);
	free(host);
	if (r != 0)
		return explain(why, ERR_CONFIG, address, "intake listen wants "
		    "address:port in figures, like 127.0.0.1:2525");
	if ((fd = bind_first(ai)) < 0)
		explain(why, fd, address, err_text(fd));
	freeaddrinfo(ai);
	return fd;
}

int
listen_accept(int fd, char peer[LISTEN_PEER_MAX])
{
	struct sockaddr_storage	 ss = { .ss_family = AF_UNSPEC };
	socklen_t		 len = sizeof(ss);
	int			 client;

	client = accept4(fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK |
	    SOCK_CLOEXEC);
	if (client == -1)
		return errno == EAGAIN || errno == EINTR ||
		    errno == ECONNABORTED ? ERR_AGAIN : ERR_SYS;
	peer[0] = '\0';
	if (ss.ss_family != AF_UNIX && getnameinfo((struct sockaddr *)&ss, len,
	    peer, LISTEN_PEER_MAX, NULL, 0, NI_NUMERICHOST) != 0)
		strcpy(peer, "unknown");
	return client;
}
