/*
 * Packets with descriptors between processes of one host. Run by every program that
 * has a warm parent. Hostile input: none, both ends are ours. Must never leave a
 * descriptor open that nobody asked for.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "handover.h"

union room {
	struct cmsghdr	 align;
	char		 bytes[CMSG_SPACE(HANDOVER_FDS * sizeof(int))];
};

int
handover_send(int socket, const void *data, size_t len, const int *fds,
    size_t count)
{
	union room	 room = { .bytes = { 0 } };
	struct iovec	 iov = { (void *)(uintptr_t)data, len };
	struct msghdr	 m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*head;
	ssize_t		 n;

	if (count > HANDOVER_FDS)
		panic("too many descriptors for one packet");
	if (count > 0) {
		m.msg_control = room.bytes;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		head = CMSG_FIRSTHDR(&m);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(head), fds, count * sizeof(int));
	}
	do
		n = sendmsg(socket, &m, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	if (n == (ssize_t)len)
		return ERR_OK;
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return ERR_AGAIN;
	return n == -1 && (errno == EPIPE || errno == ECONNRESET ||
	    errno == ECONNREFUSED) ? ERR_PEER : ERR_SYS;
}

/* Moves what came along into fds; what is too much is closed. 1 when there was. */
static int
fds_keep(struct msghdr *m, int *fds, size_t count)
{
	struct cmsghdr	*head;
	size_t		 n, i, kept = 0;
	int		 fd, surplus = 0;

	for (head = CMSG_FIRSTHDR(m); head != NULL; head = CMSG_NXTHDR(m, head)) {
		if (head->cmsg_level != SOL_SOCKET ||
		    head->cmsg_type != SCM_RIGHTS)
			continue;
		n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(head) + i * sizeof(int),
			    sizeof(fd));
			if (kept < count) {
				fds[kept++] = fd;
				continue;
			}
			close(fd);
			surplus = 1;
		}
	}
	return surplus;
}

int
handover_take(int socket, int flags, void *data, size_t *len, int *fds,
    size_t count)
{
	union room	 room;
	struct iovec	 iov = { data, *len };
	struct msghdr	 m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = room.bytes,
			    .msg_controllen = sizeof(room.bytes) };
	ssize_t		 n;

	for (size_t i = 0; i < count; i++)
		fds[i] = -1;
	do
		n = recvmsg(socket, &m, flags | MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return ERR_AGAIN;
	if (n == -1 && errno != ECONNRESET)
		return ERR_SYS;
	if (n <= 0)
		return ERR_PEER;
	if (!fds_keep(&m, fds, count) &&
	    (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) {
		*len = (size_t)n;
		return ERR_OK;
	}
	for (size_t i = 0; i < count; i++) {
		if (fds[i] != -1)
			close(fds[i]);
		fds[i] = -1;
	}
	return ERR_FORMAT;
}
