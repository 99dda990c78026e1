/*
 * The router's side of a warm parent (worker.h): start one, hand it jobs, hear how
 * each ended. The router never sees a part's bytes; it reads the answer pipe itself
 * and must keep reading, because the deadline of a job runs while its child waits
 * for a full pipe.
 *
 * Order of a job: zygote_send_job; read frames from the answer pipe until its end;
 * ENDED comes from zygote_read before or after that. Only both together say what
 * became of the part: JOB_OK and a DONE frame is good, everything else a stub.
 */
#ifndef LIMPID_ZYGOTE_H
#define LIMPID_ZYGOTE_H

#include <stdint.h>
#include <sys/types.h>

#include "outcome.h"
#include "worker.h"

struct zygote;

/* How a child ended. Zero is the crash, so that a forgotten value refuses. */
enum job_end {
	JOB_CRASH = 0,		/* detail: the signal */
	JOB_OK,			/* sent DONE and left */
	JOB_FORBIDDEN_CALL,	/* the kernel ended it at a forbidden call: a
				 * security event */
	JOB_DEADLINE,		/* wall clock, or processor seconds */
	JOB_MEMORY,		/* an allocation failed and it did not survive that */
	JOB_SILENT,		/* left without DONE; detail: exit code */
	JOB_KILLED,		/* by zygote_kill_job */
	JOB_NOT_LOCKED,		/* the jail could not be closed: no byte was read;
				 * the host's trouble, not the part's */
	JOB_LOST		/* the zygote died under it */
};

enum zygote_event_type {
	ZYGOTE_READY = 1,	/* once, first */
	ZYGOTE_ENDED = 3
};

struct zygote_event {
	enum zygote_event_type	 type;
	unsigned		 held;		/* READY: JAIL_* bits of jail.h */
	struct worker_data	 data;		/* READY: what it loaded */
	uint32_t		 job;		/* ENDED, as all below */
	enum job_end		 end;
	uint32_t		 detail;
	uint32_t		 wall_ms;
	uint32_t		 cpu_ms;
	uint32_t		 max_rss_kb;
};

/*
 * Starts program (a path) with its policy file, and the folder that it loads (NULL
 * none), as uid and gid, or as the caller when uid is (uid_t)-1. *controlp is this end of the control socket and *pidp the
 * process to wait for. For the launcher, which has the right to change users and
 * passes the socket on; everybody else calls zygote_start. ERR_NOTFOUND when there
 * is no such program.
 */
int zygote_spawn(const char *program, const char *policy, const char *folder,
    uid_t uid, gid_t gid, int *controlp, pid_t *pidp);
/*
 * A zygote over a control socket (owned from now on). pid is a child of the caller
 * that zygote_free kills and waits for, or -1 when somebody else does that.
 */
int zygote_attach(int control, pid_t pid, struct zygote **zp);
/* Both, as the calling user. */
int zygote_start(const char *program, const char *policy, const char *folder,
    struct zygote **zp);
/* Ends the zygote and with it every child; NULL is fine. */
void zygote_free(struct zygote *z);

/* The control socket, for poll: POLLIN means call zygote_read. Borrowed. */
int zygote_fd(const struct zygote *z);
/* Waits until READY came (an event that is then not reported again); ERR_TIMEOUT,
 * or ERR_PEER when the zygote died of its warm-up. */
int zygote_wait_ready(struct zygote *z, int timeout_ms, unsigned *heldp);
/*
 * Hands over a job: in is the part, read from its start when it can seek, out the
 * write end of the answer pipe, words a sealed memory file of candidate passwords or
 * -1; all stay the caller's, which closes them. job->id
 * must not be in use in this zygote. At most ZYGOTE_JOBS_MAX at once (ERR_FULL).
 * ERR_PEER when the zygote is gone.
 */
#define ZYGOTE_JOBS_MAX 64
int zygote_send_job(struct zygote *z, const struct worker_job *job, int in,
    int out, int words);
/* Ends one job; its ENDED follows with JOB_KILLED (or what was faster). */
int zygote_kill_job(struct zygote *z, uint32_t job);
/* The next event without waiting; ERR_AGAIN when there is none, ERR_PEER when the
 * zygote is gone, and every job without its ENDED is lost. */
int zygote_read(struct zygote *z, struct zygote_event *ev);
/* Jobs handed over whose ENDED has not come. */
unsigned zygote_jobs(const struct zygote *z);

/* What a part's reason is after this end; only for ends other than JOB_OK. */
enum reason job_end_reason(enum job_end end);
/* "ok" "crash" "forbidden-call" ... for logs and counters; never NULL. */
const char *job_end_name(enum job_end end);

#endif
