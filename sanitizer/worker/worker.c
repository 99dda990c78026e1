/*
 * The frame of every worker program: a warm parent that sees no data, and for each
 * part a child that locks itself in, reads the part, answers, and ends.
 * Run as limpid-worker-NAME, started by the sanitizer with its control socket on fd 3.
 * Hostile is only the part, and only the child reads it, after jail_lock.
 * The warm parent must never read a part, an answer, or anything that a child wrote,
 * but one word each: whether an allocation failed.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "err.h"
#include "jail.h"
#include "log.h"
#include "wire.h"
#include "worker.h"
#include "worker_fds.h"
#include "worker_memory.h"
#include "worker_private.h"
#include "words.h"

#define DEADLINE_MS	30000		/* when a job names none */
#define MEMORY_BYTES	(1024u << 20)
#define READ_STEP	262144
#define OPEN_FILES	256		/* of a child that is shown files */

/* One running child. */
struct slot {
	pid_t		 pid;		/* 0: free */
	uint32_t	 job;
	int64_t		 started_ms, deadline_ms;
	enum job_end	 cut;		/* DEADLINE or KILLED: by us, else OK */
};

/* The warm parent. */
struct parent {
	const struct worker_ops	*ops;
	struct jail_filter	*filter;
	uint64_t		 mapped;	/* after warm-up */
	int			 signals;	/* signalfd: a child ended */
	struct worker_fd	 kept[WORKER_FDS_MAX];	/* of a warmed-up library */
	size_t			 kept_count;
	volatile uint32_t	*notes;		/* shared, one word a slot */
	struct slot		 slot[ZYGOTE_JOBS_MAX];
};

static int64_t
clock_ms(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads up to max + 1 bytes, to know whether there were more than max. A file may
 * be shared with another job, so its offset is not touched. */
static uint8_t *
part_read(int fd, int seekable, size_t hint, size_t max, size_t *lenp)
{
	uint8_t		*data = NULL, *grown;
	size_t		 len = 0, room = 0;
	ssize_t		 n;

	for (;;) {
		if (room - len < 1) {
			room += room == 0 ? hint + 1 : room / 2 + READ_STEP;
			if (room > max + 1)
				room = max + 1;
			if (room == len)
				break;
			if ((grown = realloc(data, room)) == NULL)
				worker_no_memory();
			data = grown;
		}
		n = seekable ? pread(fd, data + len, room - len, (off_t)len) :
		    read(fd, data + len, room - len);
		if (n == -1 && errno != EINTR)
			_exit(WORKER_EXIT_INPUT);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
	}
	*lenp = len;
	return data;
}

static void
child_lock(const struct parent *p, const struct worker_job *job, int in, int out,
    int words)
{
	uint64_t		 memory = job->memory_bytes;
	struct jail_limits	 lim = {
		.memory_bytes = memory > 0 ? memory : MEMORY_BYTES,
		.mapped_bytes = p->mapped,
		.cpu_s = job->deadline_ms / 1000 + 1,
		.shown = p->ops->files,
	};
	int			 fds[3 + WORKER_FDS_MAX] = { in, out };
	size_t			 count = 2;
	sigset_t		 none;

	if (lim.shown != NULL) {
		lim.files = OPEN_FILES;
		lim.file_bytes = lim.shown->tmp_bytes;
	}
	if (words != -1)
		fds[count++] = words;
	for (size_t i = 0; i < p->kept_count; i++)
		fds[count++] = p->kept[i].fd;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    worker_fds_renew(p->kept, p->kept_count) != ERR_OK ||
	    jail_lock(p->filter, &lim, fds, count) != ERR_OK)
		_exit(WORKER_EXIT_JAIL);
}

/* Candidate passwords, as hostile as the part; too many are cut. */
static char *
words_read(int fd)
{
	uint8_t	*words;
	size_t	 len;

	words = part_read(fd, 1, WORDS_LIST_MAX, WORDS_LIST_MAX - 1, &len);
	close(fd);
	words[len < WORDS_LIST_MAX ? len : WORDS_LIST_MAX - 1] = '\0';
	return (char *)words;
}

static _Noreturn void
child_run(const struct parent *p, size_t slot,
    const struct control_packet *packet)
{
	const struct worker_job	*job = &packet->job;
	struct worker	 w = { .out = packet->out, .job = job };
	struct stat	 st;
	uint8_t		*data;
	size_t		 len, hint = READ_STEP, max = SIZE_MAX / 2;
	int		 seekable, in = packet->in;

	seekable = fstat(in, &st) == 0 && S_ISREG(st.st_mode);
	if (job->max_input < max)
		max = (size_t)job->max_input;
	if (seekable && st.st_size >= 0)
		hint = (uint64_t)st.st_size > max ? max : (size_t)st.st_size;
	worker_memory_note_to(&p->notes[slot]);
	child_lock(p, job, in, packet->out, packet->words);
	data = part_read(in, seekable, hint, max, &len);
	close(in);
	if (packet->words != -1)
		w.words = words_read(packet->words);
	if (len > max)
		worker_done(&w, OUTCOME_STUB, REASON_LIMIT_BYTES, 0, 0,
		    p->ops->name, "");
	p->ops->run(&w, job, data, len);
	_exit(WORKER_EXIT_SILENT);
}

/* The deadline begins here, before the fork. */
static int
job_start(struct parent *p, struct control_packet *packet)
{
	struct worker_job	*job = &packet->job;
	struct slot		*s;
	size_t			 i;
	pid_t			 pid;

	for (i = 0; i < ZYGOTE_JOBS_MAX && p->slot[i].pid != 0; i++)
		;
	if (i == ZYGOTE_JOBS_MAX)
		return ERR_FULL;
	s = &p->slot[i];
	if (job->deadline_ms == 0)
		job->deadline_ms = DEADLINE_MS;
	p->notes[i] = 0;
	s->started_ms = clock_ms();
	if ((pid = fork()) == 0)
		child_run(p, i, packet);
	if (pid == -1)
		return ERR_SYS;
	s->pid = pid;
	s->job = job->id;
	s->deadline_ms = s->started_ms + job->deadline_ms;
	s->cut = JOB_OK;
	return ERR_OK;
}

static void
slot_kill(struct slot *s, enum job_end why)
{
	if (s->cut != JOB_OK)
		return;
	s->cut = why;
	kill(s->pid, SIGKILL);
}

static uint32_t
time_ms(struct timeval t)
{
	return (uint32_t)(t.tv_sec * 1000 + t.tv_usec / 1000);
}

/* How a child with this status ended, where we did not end it ourselves. */
static enum job_end
end_by_status(int status, int memory, uint32_t *detail)
{
	int	 sig;

	if (WIFEXITED(status)) {
		*detail = (uint32_t)WEXITSTATUS(status);
		switch (*detail) {
		case WORKER_EXIT_DONE:
			return JOB_OK;
		case WORKER_EXIT_MEMORY:
			return JOB_MEMORY;
		case WORKER_EXIT_JAIL:
			return JOB_NOT_LOCKED;
		default:
			return memory ? JOB_MEMORY : JOB_SILENT;
		}
	}
	sig = WTERMSIG(status);
	*detail = (uint32_t)sig;
	if (sig == SIGSYS)
		return JOB_FORBIDDEN_CALL;
	if (sig == SIGXCPU)
		return JOB_DEADLINE;
	/* A SIGKILL that is not ours is the kernel's, short of memory. */
	if (memory || sig == SIGKILL)
		return JOB_MEMORY;
	return JOB_CRASH;
}

static int
slot_ended(struct parent *p, size_t i, int status, const struct rusage *ru)
{
	struct slot		*s = &p->slot[i];
	struct control_packet	 packet = { .type = CONTROL_ENDED };
	struct zygote_event	*e = &packet.event;

	e->job = s->job;
	e->end = end_by_status(status, p->notes[i] != 0, &e->detail);
	if (s->cut != JOB_OK && e->end != JOB_OK &&
	    e->end != JOB_FORBIDDEN_CALL)
		e->end = s->cut;
	e->wall_ms = (uint32_t)(clock_ms() - s->started_ms);
	e->cpu_ms = time_ms(ru->ru_utime) + time_ms(ru->ru_stime);
	e->max_rss_kb = (uint32_t)ru->ru_maxrss;
	s->pid = 0;
	return control_send(CONTROL_FD, &packet);
}

static int
children_reap(struct parent *p)
{
	struct signalfd_siginfo	 info;
	struct rusage		 ru;
	int			 status, r;
	pid_t			 pid;

	if (read(p->signals, &info, sizeof(info)) == -1 && errno != EAGAIN &&
	    errno != EINTR)
		return ERR_SYS;
	while ((pid = wait4(-1, &status, WNOHANG, &ru)) > 0)
		for (size_t i = 0; i < ZYGOTE_JOBS_MAX; i++)
			if (p->slot[i].pid == pid &&
			    (r = slot_ended(p, i, status, &ru)) != ERR_OK)
				return r;
	return ERR_OK;
}

/* Ends who is late; returns the milliseconds until the next deadline, -1 none. */
static int
deadlines_keep(struct parent *p)
{
	int64_t	 now = clock_ms(), next = -1, left;

	for (size_t i = 0; i < ZYGOTE_JOBS_MAX; i++) {
		struct slot *s = &p->slot[i];

		if (s->pid == 0 || s->cut != JOB_OK)
			continue;
		left = s->deadline_ms - now;
		if (left <= 0)
			slot_kill(s, JOB_DEADLINE);
		else if (next == -1 || left < next)
			next = left;
	}
	return next > 60000 ? 60000 : (int)next;
}

/* A job that could not even be forked ends as one whose jail did not close. */
static int
job_refuse(uint32_t id)
{
	struct control_packet	 packet = { .type = CONTROL_ENDED };

	packet.event.job = id;
	packet.event.end = JOB_NOT_LOCKED;
	return control_send(CONTROL_FD, &packet);
}

static int
request_take(struct parent *p)
{
	struct control_packet	 packet;
	int			 r;

	if ((r = control_take(CONTROL_FD, MSG_DONTWAIT, &packet)) != ERR_OK)
		return r == ERR_AGAIN ? ERR_OK : r;
	if (packet.type == CONTROL_KILL) {
		for (size_t i = 0; i < ZYGOTE_JOBS_MAX; i++)
			if (p->slot[i].pid != 0 &&
			    p->slot[i].job == packet.event.job)
				slot_kill(&p->slot[i], JOB_KILLED);
		return ERR_OK;
	}
	if (packet.type != CONTROL_JOB)
		return ERR_FORMAT;
	if ((r = job_start(p, &packet)) != ERR_OK) {
		log_warn("job %u: cannot start: %s", packet.job.id, err_text(r));
		r = job_refuse(packet.job.id);
	}
	close(packet.in);
	close(packet.out);
	if (packet.words != -1)
		close(packet.words);
	return r;
}

/* Until the router goes away; the kernel then ends whoever still runs. */
static int
serve(struct parent *p)
{
	struct pollfd	 fds[] = {
		{ .fd = CONTROL_FD, .events = POLLIN },
		{ .fd = p->signals, .events = POLLIN },
	};
	int		 r = ERR_OK;

	while (r == ERR_OK) {
		if (poll(fds, 2, deadlines_keep(p)) == -1) {
			if (errno != EINTR)
				return ERR_SYS;
			continue;
		}
		if (fds[1].revents)
			r = children_reap(p);
		if (r == ERR_OK && fds[0].revents)
			r = request_take(p);
	}
	return r;
}

/* Descriptors as jail_lock wants them; stderr stays for our own lines. */
static void
stdio_prepare(void)
{
	int	 fd;

	if ((fd = open("/dev/null", O_RDWR)) == -1)
		fatal(EXIT_IO, "cannot open /dev/null: %s; is /dev mounted?",
		    err_text(ERR_SYS));
	if (dup2(fd, STDIN_FILENO) == -1 || dup2(fd, STDOUT_FILENO) == -1)
		fatal(EXIT_IO, "cannot close standard input and output: %s",
		    err_text(ERR_SYS));
	if (fd > STDERR_FILENO)
		close(fd);
	close_range(CONTROL_FD + 1, ~0u, 0);
}

/* When the machine runs out of memory, workers go first. */
static void
volunteer_for_oom(void)
{
	int	 fd;

	if ((fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)) == -1)
		return;
	if (write(fd, "500", 3) == -1)
		log_debug("oom_score_adj stays as it was");
	close(fd);
}

static void
parent_prepare(struct parent *p)
{
	sigset_t	 set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	p->notes = mmap(NULL, ZYGOTE_JOBS_MAX * sizeof(*p->notes),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->notes == MAP_FAILED ||
	    sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		fatal(EXIT_BUG, "cannot prepare: %s", err_text(ERR_SYS));
}

/* The filter, while its file is still in reach. */
static void
filter_prepare(struct parent *p, const char *policy)
{
	char	*why;

	setenv("TZ", "UTC", 1);
	tzset();
	setlocale(LC_ALL, "C.UTF-8");
#ifdef LIMPID_SAN
	(void)p;	/* sanitizers need calls that no filter should allow */
	(void)policy;
	(void)why;
#else
	if (jail_filter_load(policy, &p->filter, &why) != ERR_OK)
		fatal(EXIT_CONF, "%s", why != NULL ? why : policy);
#endif
	volunteer_for_oom();
}

/* Loads all that children will need; most have no files after jail_enter_zygote. */
static void
warm_up(struct parent *p)
{
	int	 r;

	if (p->ops->warm != NULL && (r = p->ops->warm()) != ERR_OK)
		fatal(EXIT_UNAVAILABLE, "warm-up failed: %s", err_text(r));
	p->mapped = jail_mapped();
}

static void
namespaces_enter(const struct worker_ops *ops, unsigned *held)
{
	int	 r = jail_enter_zygote(ops->files, held);

	if (r == ERR_DENIED && ops->files != NULL)
		fatal(EXIT_UNAVAILABLE, "this kernel allows no namespaces for "
		    "users and mounts, and %s needs files: its parts become "
		    "stubs (see: limpid doctor)", ops->name);
	if (r == ERR_DENIED)
		log_warn("this kernel allows no namespaces; the filter and "
		    "Landlock still hold (see: limpid doctor)");
	else if (r != ERR_OK)
		fatal(EXIT_UNAVAILABLE, "cannot enter namespaces: %s",
		    err_text(r));
}

static const char *
arguments_read(int argc, char **argv, const char *name, const char **folder)
{
	static const struct option options[] = {
		{ "policy", required_argument, NULL, 'p' },
		{ "data", required_argument, NULL, 'd' },
		{ NULL, 0, NULL, 0 }
	};
	const char	*policy = NULL;
	int		 c, type = 0;
	socklen_t	 len = sizeof(type);

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c == 'p')
			policy = optarg;
		else if (c == 'd')
			*folder = optarg;
		else
			exit(EXIT_USAGE);
	if (policy == NULL || optind != argc)
		fatal(EXIT_USAGE, "usage: limpid-worker-%s --policy FILE", name);
	if (getsockopt(CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &len) == -1 ||
	    type != SOCK_SEQPACKET)
		fatal(EXIT_USAGE, "limpid-worker-%s is started by the sanitizer, "
		    "not by hand; to flatten a file run: limpid clean FILE", name);
	return policy;
}

/* While files are in reach: what the worker reads of its folder. */
static void
data_load(const struct worker_ops *ops, const char *folder,
    struct worker_data *data)
{
	if (ops->load != NULL && ops->load(folder, data) != ERR_OK)
		exit(EXIT_UNAVAILABLE);
}

/* What was opened is the children's; and /proc goes. */
static void
files_settle(struct parent *p)
{
	int	 n = worker_fds_remember(CONTROL_FD + 1, p->kept);

	if (n < 0)
		fatal(EXIT_UNAVAILABLE, "%s left descriptors that its children "
		    "must not share: %s", p->ops->name, err_text(n));
	p->kept_count = (size_t)n;
	if (jail_files_settle() != ERR_OK)
		fatal(EXIT_UNAVAILABLE, "cannot take /proc away: %s",
		    err_text(ERR_SYS));
}

int
worker_main(int argc, char **argv, const struct worker_ops *ops)
{
	struct parent		 p = { .ops = ops, .signals = -1 };
	struct control_packet	 ready = { .type = CONTROL_READY };
	char			 title[64];
	const char		*policy, *folder = NULL;
	int			 r;

	snprintf(title, sizeof(title), "limpid-worker-%s", ops->name);
	log_open(title);
	policy = arguments_read(argc, argv, ops->name, &folder);
	stdio_prepare();
	filter_prepare(&p, policy);
	data_load(ops, folder, &ready.event.data);
	if (ops->files == NULL)
		warm_up(&p);
	namespaces_enter(ops, &ready.event.held);
	if (ops->files != NULL) {
		warm_up(&p);
		files_settle(&p);
	}
	parent_prepare(&p);
	if ((r = control_send(CONTROL_FD, &ready)) == ERR_OK)
		r = serve(&p);
	if (r != ERR_PEER)
		log_error("control socket: %s", err_text(r));
	_exit(r == ERR_PEER ? EXIT_DONE : EXIT_BUG);
}
