/*
 * Starts warm parents by name, as another user where it may.
 * Runs as the privileged half of limpid-sanitizerd, or inside limpid-clean.
 * Hostile input: the router that asks may have been taken over, so a request is
 * one number into a fixed table. Must never start anything but a known worker.
 */
#include "launcher.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "handover.h"
#include "zygote.h"

#define PAUSE_US	5000	/* a router gone wild cannot make a fork bomb */

static const char *const names[] = {
	"identify", "mime", "text", "html", "pdf", "image", "office", "archive", "msg",
	"card", "heif", "poppler", "smime", "scan", "ocr",
};

struct launcher {
	char	*worker_dir, *seccomp_dir;
	char	*database;	/* of the scanner; NULL: none */
	char	*smime_ca;	/* issuers of signatures; NULL: none */
	uid_t	 uid;
	gid_t	 gid;
	int	 socket;	/* to the launcher process; -1: in this process */
};

static int
new_launcher(const char *worker_dir, const char *seccomp_dir,
    const char *database, const char *smime_ca, struct launcher **lp)
{
	struct launcher	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return ERR_MEMORY;
	l->socket = -1;
	l->uid = (uid_t)-1;
	l->gid = (gid_t)-1;
	if ((l->worker_dir = strdup(worker_dir)) == NULL ||
	    (l->seccomp_dir = strdup(seccomp_dir)) == NULL ||
	    (database != NULL && (l->database = strdup(database)) == NULL) ||
	    (smime_ca != NULL && (l->smime_ca = strdup(smime_ca)) == NULL)) {
		launcher_free(l);
		return ERR_MEMORY;
	}
	*lp = l;
	return ERR_OK;
}

int
launcher_new(const char *worker_dir, const char *seccomp_dir,
    const char *database, const char *smime_ca, struct launcher **lp)
{
	return new_launcher(worker_dir, seccomp_dir, database, smime_ca, lp);
}

void
launcher_free(struct launcher *l)
{
	if (l == NULL)
		return;
	if (l->socket != -1)
		close(l->socket);
	free(l->worker_dir);
	free(l->seccomp_dir);
	free(l->database);
	free(l->smime_ca);
	free(l);
}

int
launcher_fd(const struct launcher *l)
{
	return l->socket;
}

/* What a worker loads beside its program; NULL: nothing. */
static const char *
folder_of(const struct launcher *l, const char *name)
{
	if (strcmp(name, "scan") == 0)
		return l->database;
	return strcmp(name, "smime") == 0 ? l->smime_ca : NULL;
}

static int
spawn(const struct launcher *l, size_t n, int *control, pid_t *pid)
{
	char	*program = NULL, *policy = NULL;
	int	 r = ERR_MEMORY;

	if (asprintf(&program, "%s/limpid-worker-%s", l->worker_dir,
	    names[n]) == -1)
		program = NULL;
	if (asprintf(&policy, "%s/worker-%s.policy", l->seccomp_dir,
	    names[n]) == -1)
		policy = NULL;
	if (program != NULL && policy != NULL)
		r = zygote_spawn(program, policy, folder_of(l, names[n]),
		    l->uid, l->gid, control, pid);
	free(program);
	free(policy);
	return r;
}

/* One byte of answer (0, or the number of the error without its sign), and the
 * control socket with a good one. */
static int
send_answer(int fd, int r, int control)
{
	uint8_t	byte = (uint8_t)-r;

	return handover_send(fd, &byte, 1, &control, r == ERR_OK ? 1 : 0);
}

static int
take_answer(int fd, int *control)
{
	uint8_t	byte;
	size_t	len = 1;

	if (handover_take(fd, 0, &byte, &len, control, 1) != ERR_OK)
		return ERR_PEER;
	if (byte == 0 && *control != -1)
		return ERR_OK;
	if (*control != -1)
		close(*control);
	*control = -1;
	return byte == 0 ? ERR_PEER : -(int)byte;
}

/* The launcher process: a number comes in, a control socket goes out. */
static _Noreturn void
launcher_run(const struct launcher *l, int fd)
{
	struct pollfd	 p = { .fd = fd, .events = POLLIN };
	uint8_t		 n;
	pid_t		 pid;
	int		 control, r;

	prctl(PR_SET_NAME, "limpid-launcher");
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGTERM, SIG_IGN);	/* the end of the socket is its end */
	signal(SIGINT, SIG_IGN);
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (poll(&p, 1, 1000) <= 0)
			continue;
		if (recv(fd, &n, 1, 0) != 1)
			break;
		control = -1;
		r = n < sizeof(names) / sizeof(names[0]) ?
		    spawn(l, n, &control, &pid) : ERR_NOTFOUND;
		r = send_answer(fd, r, control);
		if (control != -1)
			close(control);
		if (r != ERR_OK)
			break;
		usleep(PAUSE_US);
	}
	/* each zygote ends with its control socket, whose last end the router
	 * held */
	while (waitpid(-1, NULL, 0) > 0)
		;
	_exit(EXIT_DONE);
}

int
launcher_fork(const char *worker_dir, const char *seccomp_dir,
    const char *database, const char *smime_ca, uid_t uid, gid_t gid,
    struct launcher **lp, pid_t *pidp)
{
	struct launcher	*l = NULL;
	int		 pair[2] = { -1, -1 }, r;
	pid_t		 pid;

	if ((r = new_launcher(worker_dir, seccomp_dir, database, smime_ca,
	    &l)) != ERR_OK)
		return r;
	l->uid = uid;
	l->gid = gid;
	r = ERR_SYS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		goto out;
	if ((pid = fork()) == 0) {
		close(pair[0]);
		launcher_run(l, pair[1]);
	}
	if (pid == -1)
		goto out;
	l->socket = pair[0];
	pair[0] = -1;
	*lp = l;
	*pidp = pid;
	l = NULL;
	r = ERR_OK;
 out:
	for (int i = 0; i < 2; i++)
		if (pair[i] != -1)
			close(pair[i]);
	launcher_free(l);
	return r;
}

int
launcher_start(struct launcher *l, const char *name, struct zygote **zp)
{
	uint8_t	n;
	size_t	i;
	pid_t	pid = -1;
	int	control = -1, r;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			break;
	if (i == sizeof(names) / sizeof(names[0]))
		return ERR_NOTFOUND;
	n = (uint8_t)i;
	if (l->socket == -1)
		r = spawn(l, n, &control, &pid);
	else if (send(l->socket, &n, 1, MSG_NOSIGNAL) != 1)
		r = ERR_PEER;
	else
		r = take_answer(l->socket, &control);
	if (r != ERR_OK)
		return r;
	if ((r = zygote_attach(control, pid, zp)) != ERR_OK)
		close(control);
	return r;
}
