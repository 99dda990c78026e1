/*
 * Engine: takes one mail or document apart and writes its copy. Event-driven,
 * in one thread: several mails at once, `workers` parts at once. It parses
 * nothing but its workers' answers. limpid-sanitizerd and limpid-clean are two
 * callers of the same engine.
 *
 * The caller polls engine_fd() for reading with engine_timeout() and calls
 * engine_work() after every return of poll.
 */
#ifndef LIMPID_ENGINE_H
#define LIMPID_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "copy.h"
#include "outcome.h"
#include "policy.h"
#include "worker.h"

struct engine;
struct launcher;

struct engine_config {
	struct launcher	*launcher;	/* borrowed */
	unsigned	 workers;	/* parts at once, over all mails; >= 1.
					 * Four light ones count as one */
	int		 tmp_dirfd;	/* unnamed files; -1: memory. Borrowed */
	const char	*authserv_id;	/* whose Authentication-Results count */
	int		 scan_off;	/* the operator wants no scanner */
};

/* Something an operator must know. Nothing in it is the worker's own words but
 * what passed text_file_name; borrowed until the call returns. */
struct engine_event {
	const struct ref	*ref;
	const char		*path;		/* of the part */
	const char		*name;
	const uint8_t		*sha256;	/* of the part */
	const char		*worker;	/* "pdf" */
	enum reason		 reason;	/* FORBIDDEN_CALL, BAD_ANSWER ... */
	const char		*what;		/* "signal 31" or what deviated */
};

/* What became of the whole. */
struct engine_result {
	int		 error;		/* ERR_OK, or why the copy is not whole */
	enum outcome	 outcome;	/* of the root part */
	enum reason	 reason;
	uint32_t	 parts, stubs, cuts, pages;
	uint32_t	 pages_total;	/* of the root part; 0 unknown */
	char		 note[80];	/* of the root part */
	/* Borrowed until done returns; words are never to be logged. */
	char *const	*words;			/* candidates found in it */
	size_t		 word_count;
	const uint8_t	(*locked)[32];		/* parts a password would open */
	size_t		 locked_count;
	const uint8_t	(*unlocked)[32];	/* parts that one opened */
	size_t		 unlocked_count;
};

/* A candidate password that did not come with the mail itself. */
struct engine_word {
	char		*text;		/* words.h */
	char		*from;		/* for the reader: "a word in the mail ..." */
};

struct engine_request {
	struct copy_mail	 mail;		/* borrowed until done; its size and
						 * sha256 are the original's */
	const char		*name;		/* file name of a document, "" none */
	enum kind		 kind;		/* KIND_MAIL when that is known, else
						 * KIND_UNKNOWN: identify decides, and
						 * mail.document is set by that */
	int			 original;	/* sealed memory file, at least its first
						 * `limit bytes`; the engine's now,
						 * also when engine_submit fails */
	const struct policy	*policy;	/* borrowed until done */
	const struct engine_word *words;	/* borrowed until done */
	size_t			 word_count;
	/*
	 * NULL, or the mail was flattened before and is looked at again for the
	 * parts with these hashes. follow is called when all is decided and a
	 * part was opened: it sets the reference of the copy that follows, which
	 * then goes to the sink; ERR_NOTFOUND when there is to be none.
	 */
	int			(*follow)(void *arg,
				    const uint8_t (*unlocked)[32], size_t n,
				    struct ref *ref);
	const uint8_t		(*only)[32];	/* borrowed until done */
	size_t			 only_count;
	const char		*locked_note;	/* of a stub that a password would
						 * open; NULL none; until done */
	copy_sink		*sink;
	void			*sink_arg;
	int			 sink_fd;	/* polled before writing, -1 none */
	void			(*event)(void *arg, const struct engine_event *ev);
	void			(*done)(void *arg, const struct engine_result *r);
	void			*arg;
};

int engine_new(const struct engine_config *config, struct engine **ep);
/* Ends all workers; mails that are not done get no answer. */
void engine_free(struct engine *e);
/* Starts every kind of worker now instead of at its first part. */
void engine_warm(struct engine *e);

/* Takes a mail; done is called once, from engine_work, unless this fails. */
int engine_submit(struct engine *e, const struct engine_request *q);
/*
 * The scanner. Until engine_scan_database was called parts are not scanned, and each mail
 * says "no database". The first call starts it; each later one says that the database has
 * changed: a second warm parent loads it, takes over when it is ready, and the old one
 * goes after its last part. When the new database does not load, the old one stays.
 */
void engine_scan_database(struct engine *e);
enum engine_scan_state {
	ENGINE_SCAN_OFF, ENGINE_SCAN_NONE, ENGINE_SCAN_STARTING,
	ENGINE_SCAN_READY, ENGINE_SCAN_BROKEN
};
struct engine_scan {
	enum engine_scan_state	 state;
	int			 kept;		/* a newer database did not load */
	struct worker_data	 data;		/* of the one in use: READY */
};
void engine_scan_look(const struct engine *e, struct engine_scan *out);
/* "off" "none" "starting" "ready" "broken". */
const char *engine_scan_name(enum engine_scan_state s);

/* How many mails are not done. */
unsigned engine_mails(const struct engine *e);

int engine_fd(const struct engine *e);
/* Milliseconds for poll: 0 when there is work now, -1 when there is no
 * deadline. */
int engine_timeout(struct engine *e);
/* Does what can be done without waiting. ERR_OK, or ERR_SYS and ERR_MEMORY when
 * the engine itself cannot go on. */
int engine_work(struct engine *e);

#endif
