/*
 * Inside of a running child, for the emitters (worker_answer.c, pixels.c) and the
 * frame (worker.c). Nothing here is for the workers themselves.
 */
#ifndef LIMPID_WORKER_PRIVATE_H
#define LIMPID_WORKER_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "worker.h"

/* Exit codes of a child, read by its zygote only. */
enum {
	WORKER_EXIT_DONE	= 0,	/* sent DONE */
	WORKER_EXIT_SILENT	= 100,	/* run() returned without DONE */
	WORKER_EXIT_PIPE	= 101,	/* nobody reads the answers any more */
	WORKER_EXIT_MEMORY	= 102,	/* worker_no_memory() */
	WORKER_EXIT_JAIL	= 103,	/* could not lock itself in: saw no byte */
	WORKER_EXIT_INPUT	= 104	/* the part could not be read */
};

struct worker {
	int				 out;		/* answer pipe */
	const struct worker_job		*job;
	uint64_t			 text_bytes;	/* sent so far */
	uint64_t			 pixels;	/* sent so far, all pages */
	uint32_t			 pages;		/* sent so far */
	uint32_t			 children;	/* begun so far */
	uint64_t			 child_bytes;	/* sent so far, all children */
	int				 child_open;	/* a child takes data */
	uint8_t				 fact_seen[FACT_MAX];
	const char			*words;		/* of the job; NULL none */
	uint32_t			 words_said;
	size_t				 words_looked;	/* bytes of text */
	unsigned			 codes;		/* FACT_CODE sent so far */
};

/*
 * Sends one frame whose payload is head and then body (either may be empty, body
 * is not copied). When the pipe is broken the child ends at once.
 */
void worker_send(struct worker *w, uint8_t type, const void *head,
    size_t head_len, const void *body, size_t body_len);

/* No memory for something that the child cannot go on without: ends it, and the
 * part becomes REASON_MEMORY. */
_Noreturn void worker_no_memory(void);

/* Whether an allocation failed in this process (worker_memory.c). */
int worker_memory_failed(void);

#endif
