/*
 * Compose in a jailed child: no path, no network, no new program, bounded memory,
 * CPU, time and output. The parent opens every file; the child gets only fds.
 */
#ifndef LIMPID_COMPOSE_JAIL_H
#define LIMPID_COMPOSE_JAIL_H

#include "compose.h"

struct compose_jail;

/* How a composition ended that did not give a mail. */
enum compose_end {
	COMPOSE_OK = 0,
	COMPOSE_BAD_COPY,	/* the copy does not hold: FORMAT, LIMIT, SHORT */
	COMPOSE_CRASHED,	/* the child died, or answered rubbish */
	COMPOSE_FORBIDDEN,	/* it tried what its jail forbids */
	COMPOSE_MEMORY,		/* it needed more memory than it may have */
	COMPOSE_LATE,		/* it outlived its deadline */
	COMPOSE_WORLD		/* disk full, no process: try again */
};

/*
 * Starts the warm parent (compose_warm.h) under the filters
 * SECCOMP_DIR/deliver-warm.policy and, for each child, deliver-compose.policy. To be
 * called before the caller holds anything that a child must not have in its memory. On
 * failure an error and one sentence in *why (caller frees).
 */
int compose_jail_open(const char *seccomp_dir, struct compose_jail **jp,
    char **why);
void compose_jail_close(struct compose_jail *j);

/*
 * Runs one composition. The job's files must be open, empty and at offset 0, the
 * copy at its start. done is set only for COMPOSE_OK. *detail is a fragment for
 * the log ("the content is malformed"), borrowed, never NULL.
 */
enum compose_end compose_jail_run(struct compose_jail *j,
    const struct compose_job *job, int deadline_ms, struct compose_done *done,
    const char **detail);

#endif
