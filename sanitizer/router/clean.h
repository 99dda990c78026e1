/*
 * limpid-clean: one file of the command line, from opening it to its report.
 */
#ifndef LIMPID_CLEAN_H
#define LIMPID_CLEAN_H

#include <stddef.h>
#include <sys/types.h>

#include "engine.h"

struct clean_file {
	const char		*path;		/* as typed */
	char			*name;		/* of the results, without ending */
	int			 original;	/* sealed memory file, or -1 */
	struct copy_mail	 mail;
	pid_t			 compose;	/* 0: not running */
	int			 pidfd, copy;	/* -1: closed */
	int			 report;	/* memory file of compose's stdout */
	int			 engine_done, finished;
	struct engine_result	 result;
	int			 code;		/* exit code of this file */
};

/*
 * Gives every file a name for its results that is no other's, and under which
 * no result can overwrite an input. ERR_MEMORY, or ERR_SYS.
 */
int clean_name_files(struct clean_file *files, size_t count, const char *out);
/*
 * Reads the file into memory, at most limit bytes, and hashes it. On failure
 * prints one sentence to stderr, sets f->code and returns an error. A file
 * beyond the limit keeps its size and hash, and no bytes: the engine says so in
 * the report.
 */
int clean_open(struct clean_file *f, uint64_t limit);
/* Starts limpid-compose; f->copy is where the copy goes. */
int clean_compose(struct clean_file *f, const char *program, const char *seccomp,
    const char *out, int json);
/* compose has left: collects how. */
void clean_composed(struct clean_file *f);
void clean_close(struct clean_file *f);

#endif
