/*
 * The socket of transport udp (recv_socket.h).
 * Run by limpid-diode-recv only, before its filter.
 * Hostile input: none; the environment is systemd's.
 * Must never take a descriptor that is not the socket of this link.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "link_private.h"
#include "log.h"
#include "proc.h"
#include "recv_socket.h"

#define SOCKET_BUFFER	(32 << 20)
#define KEPT_FIRST	3	/* sd_listen_fds(3) */

static void
buffer_enlarge(int fd, int link)
{
	socklen_t	 len = sizeof(int);
	int		 size = SOCKET_BUFFER, got = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	/* The kernel doubles what it is asked for. */
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len) == 0 &&
	    got < 2 * size)
		log_warn("link=%d the receive buffer is %d KiB instead of %d:"
		    " bursts will overflow it; let the program start with"
		    " CAP_NET_ADMIN, or set net.core.rmem_max to %d", link,
		    got / 2048, size / 1024, size);
}

/* A datagram socket that is bound to this address. */
static int
is_ours(int fd, const struct sockaddr_storage *ss, socklen_t ss_len)
{
	struct sockaddr_storage	 bound;
	socklen_t		 len = sizeof(bound);
	int			 type = 0;
	socklen_t		 type_len = sizeof(type);

	memset(&bound, 0, sizeof(bound));
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	    type == SOCK_DGRAM &&
	    getsockname(fd, (struct sockaddr *)&bound, &len) == 0 &&
	    len == ss_len && memcmp(&bound, ss, len) == 0;
}

/* What systemd kept for us; -1 when there is nothing of use. */
static int
kept_take(int link, const struct sockaddr_storage *ss, socklen_t len)
{
	int	 fd, mine = -1;

	for (fd = KEPT_FIRST; fd < KEPT_FIRST + proc_kept(); fd++) {
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		if (mine == -1 && is_ours(fd, ss, len))
			mine = fd;
		else
			close(fd);
	}
	if (mine != -1)
		log_info("link=%d goes on with the socket that was kept",
		    link);
	return mine;
}

static int
socket_new(const struct sockaddr_storage *ss, socklen_t len)
{
	int	 fd;

	fd = socket(ss->ss_family, SOCK_DGRAM|SOCK_CLOEXEC, 0);
	if (fd != -1 && bind(fd, (const struct sockaddr *)ss, len) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
recv_socket_open(int link, const char *address, int *fdp, char **why)
{
	struct sockaddr_storage	 ss;
	socklen_t		 len;
	char			 name[16];
	int			 fd, on = 1, r;

	memset(&ss, 0, sizeof(ss));
	if ((r = link_address_find(address, "udp", &ss, &len, why)) != ERR_OK)
		return r;
	if ((fd = kept_take(link, &ss, len)) == -1 &&
	    (fd = socket_new(&ss, len)) != -1) {
		snprintf(name, sizeof(name), "link%d", link);
		proc_keep(name, fd);
	}
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on,
	    sizeof(on)) == -1) {
		if (asprintf(why, "cannot receive at %s: %s; see that the"
		    " address is this host's and nothing else has the port",
		    address, strerror(errno)) == -1)
			*why = NULL;
		if (fd != -1)
			close(fd);
		return ERR_SYS;
	}
	(void)setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
	buffer_enlarge(fd, link);
	*fdp = fd;
	return ERR_OK;
}
