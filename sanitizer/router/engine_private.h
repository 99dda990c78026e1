/*
 * Inside of the engine: mails, parts, running jobs and the pool of workers.
 *
 *	engine.c	loop, mails, what may begin
 *	engine_job.c	running jobs: begun, read, ended
 *	engine_pool.c	one warm parent for each kind of worker
 *	engine_part.c	a part: made, named, told its kind, ended
 *	engine_step.c	its steps: bounds -> identify -> scan -> policy -> flatten
 *	engine_take.c	what became of a step
 *	engine_again.c	a second way, when the first one failed
 *	engine_read.c	words of pages that have none, where the profile wants them
 *	engine_scan.c	the scanner: its two warm parents, and what is said of it
 *	engine_locked.c	locked parts wait for words, and are tried with them
 *	engine_follow.c	a mail again, for its locked parts only
 *	engine_limits.c	which limit cut it, by name and number
 *	engine_answer.c	what a worker may say, and when
 *	engine_emit.c	the copy, part by part in order
 */
#ifndef LIMPID_ENGINE_PRIVATE_H
#define LIMPID_ENGINE_PRIVATE_H

#include "engine.h"
#include "engine_answer.h"
#include "store.h"
#include "worker.h"
#include "zygote.h"

enum engine_worker {
	ENGINE_IDENTIFY, ENGINE_MIME, ENGINE_TEXT, ENGINE_HTML, ENGINE_PDF,
	ENGINE_IMAGE, ENGINE_ARCHIVE, ENGINE_MSG, ENGINE_CARD, ENGINE_OFFICE,
	ENGINE_HEIF, ENGINE_POPPLER, ENGINE_SMIME,
	ENGINE_OCR,	/* from here on started at need (engine_warm) */
	ENGINE_SCAN, ENGINE_SCAN_OTHER,	/* two, for a new database (engine_scan.c) */
	ENGINE_WORKERS
};

/* What epoll gives back. */
enum watch_type { WATCH_POOL, WATCH_JOB, WATCH_SINK };
struct watch {
	enum watch_type	 type;
	void		*owner;
};

struct pool {
	struct watch	 watch;
	struct engine	*engine;
	const char	*name;
	struct zygote	*zygote;	/* NULL: not running */
	int		 ready;
	long long	 started_ms;
	long long	 retry_ms;	/* not before, after a failure */
	int		 wanted;	/* somebody waits for that moment */
	unsigned	 failures;	/* in a row, without READY */
	struct worker_data data;	/* what it loaded; good when ready */
};

#define POOL_FAILURES	2	/* in a row: parts no longer wait for it */

/* Where the children of one part stand, shared by them. */
struct origin {
	unsigned	 holders;	/* parts, and the parent */
	unsigned	 readers;	/* parts that still need the bytes */
	struct store	*bytes;
	uint32_t	 copy_id;	/* of the parent, once it is written */
};

enum second { SECOND_NONE, SECOND_PAGES, SECOND_WORDS };

enum part_state {
	PART_NEW,			/* bounds not looked at */
	PART_WAITING,			/* for the worker of its next step */
	PART_RUNNING,
	PART_LOCKED,			/* for the words of the rest of the mail */
	PART_FINISHED			/* waits for its turn in the copy */
};

struct part {
	struct part		*next;		/* depth first */
	struct mail		*mail;
	enum part_state		 state;
	enum answer_step	 step;
	enum engine_worker	 worker;	/* of the step */
	unsigned		 tries;		/* of the step */

	struct origin		*origin;	/* NULL for the root */
	int			 reading;	/* counted in origin->readers */
	uint64_t		 offset;
	enum worker_role	 role;
	enum kind		 hint;
	char			*path, *name, *declared, *charset;
	char			*old_name;	/* when it had to be changed */
	uint64_t		 size;
	int			 cut_bytes;	/* only its beginning is looked at */
	uint32_t		 depth;
	uint8_t			 sha256[32];
	enum reason		 lost;		/* its parent could not give it */

	enum kind		 kind;
	int			 identified;	/* kind is what it is found to be */
	char			 format[64];
	int			 encrypted;
	int			 scanned;	/* to its end, or through its parts */
	char			*unscanned;	/* why not; NULL: nothing to say */
	char			*malware;	/* a name a line; NULL: none */
	struct store		*recognised;	/* frames of worker-ocr */
	char			*unread;	/* why there are none; NULL: not asked */
	struct answer		*locked;	/* kept until words were tried */
	int			 with_words;	/* they are tried, or were */
	size_t			 own_words;	/* of the mail, when that began */
	char			*unlocked;	/* by which word; NULL: it was not */
	int			 opened;	/* it was, and that is news */
	int			 inside_opened;	/* of such a part */
	int			 format_said;	/* a fact of the flattening */
	struct policy_action	 action;

	struct store		*frames;	/* facts, text, pages */
	/* what is said of it now, while its pages are drawn; else NULL */
	struct answer		*answer;	/* borrowed of its job */
	int			 streamed;	/* its pages began to go out */
	uint32_t		 copy_id;	/* 0 until it is written */
	/* a document that is converted before it is drawn */
	struct store		*rendering;	/* what it became; NULL: not yet */
	struct store		*converted;	/* frames of that step */
	int			 words;		/* they hold its text */
	int			 words_only;	/* second try, without pictures */
	enum reason		 failed;	/* why there is a second try */
	enum reason		 cut;		/* what the conversion left out */
	enum second		 second;	/* what worker-poppler is asked */
	struct store		*reread;	/* its words, in the place of others */
	uint64_t		 legible;	/* characters of the first answer */
	uint64_t		 pixels;	/* of the pages in frames */
	uint32_t		 pages;		/* in frames */
	struct origin		*children;
	enum outcome		 outcome;
	enum reason		 reason;
	uint32_t		 pages_total, millis;
	char			*engine, *note;	/* NULL: "" */
};

#define MAIL_WORDS_MAX	256

enum emit_step {
	EMIT_PART, EMIT_FACTS, EMIT_CONVERTED, EMIT_REREAD, EMIT_FRAMES,
	EMIT_RECOGNISED,
	EMIT_END
};

struct mail {
	struct mail		*next;
	struct engine		*engine;
	struct engine_request	 q;
	struct part		*parts;		/* not yet written, in order */
	uint32_t		 part_count;	/* ever made */
	uint64_t		 pixels;
	uint64_t		 unpacked;	/* bytes of children, all levels */
	long long		 deadline_ms;
	int			 late;
	char			*words[MAIL_WORDS_MAX];	/* in its own parts */
	size_t			 word_count;
	uint8_t			(*locked_parts)[32], (*unlocked_parts)[32];
	int			 following;	/* q.follow was asked */
	char			 follows[REF_TEXT_LEN + 1];	/* "" no mail */
	struct copy_writer	*writer;
	struct watch		 sink_watch;
	int			 sink_watched, sink_full;
	int			 mail_said;
	enum emit_step		 emit;
	uint64_t		 emit_offset;
	uint32_t		 emit_pages;	/* written of the part */
	struct engine_result	 result;
};

struct job {
	struct watch		 watch;
	struct job		*next;
	struct part		*part;		/* NULL: nobody wants it any more */
	struct pool		*pool;
	struct worker_job	 told;
	unsigned		 weight;
	struct answer		*answer;
	int			 fd;		/* answer pipe, -1 at its end */
	int			 ended;
	enum reason		 verdict;	/* ours, when we ended it */
	struct zygote_event	 end;
	long long		 give_up_ms;
};

struct engine {
	struct engine_config	 config;
	char			*authserv_id;
	int			 epoll;
	struct pool		 pool[ENGINE_WORKERS];
	struct mail		*mails;
	unsigned		 mail_count;
	struct job		*jobs;
	unsigned		 running;	/* weight of all jobs */
	int			 full;		/* somebody waits for room */
	uint32_t		 next_job;
	int			 scan_wanted;	/* there is a database */
	int			 scan_other;	/* ENGINE_SCAN_OTHER is the one in use */
	int			 scan_again;	/* it changed while a new one was loaded */
	int			 scan_kept;	/* a newer one did not load */
	uint8_t			*block;		/* one read of a pipe */
};

#define ENGINE_BLOCK		(256 * 1024)
/*
 * What a part may weigh: a light one (few bytes of words) has a quarter of the
 * memory and four of them run in the place of another, so that a worker's start and
 * end are not waited for while all of them together take no more.
 */
#define ENGINE_WEIGHT		4

static inline uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* engine_job.c */
/* Hands a part's step to its worker. ERR_AGAIN when the worker is not up
 * yet. */
int engine_start_job(struct engine *e, struct part *p);
/* Nothing more is wanted from this worker; its ENDED still comes. */
void job_stop(struct job *j, enum reason verdict);
void job_free(struct job *j);
/* Reads what there is, a few blocks at most; the job may be gone after it. */
void job_read(struct engine *e, struct job *j);
/* Reads what the pool's zygote says of its jobs. */
void jobs_pool_event(struct engine *e, struct pool *pool);
/* Ends what a zygote did not end itself. */
void jobs_overdue(struct engine *e, long long now);

/* engine.c */
/* Ends the mail with an error: the copy cannot be finished. */
void engine_fail_mail(struct mail *m, int error);
void engine_report(struct part *p, enum reason reason, const char *what);

/* engine_pool.c */
void pool_init(struct engine *e);
void pool_free(struct engine *e);
/* The zygote when it is READY; ERR_AGAIN while it starts or rests; ERR_NOTFOUND
 * when it cannot be had. */
int pool_take(struct pool *p, long long now, struct zygote **zp);
/* Reads what the zygote says. ERR_PEER: it is gone (and has been put away). */
int pool_read(struct pool *p, struct zygote_event *ev);
/* Puts the zygote away; `failed` makes the next start wait longer. */
void pool_drop(struct pool *p, int failed);
/* When something is due at the latest, LLONG_MAX for never. */
long long pool_due(const struct engine *e);

/* Whether it takes too long to get ready. */
int pool_is_late(const struct pool *p, long long now);

/* engine_read.c */
/* The part is drawn: it ends, or its pages are read first. */
void part_drawn(struct part *p);
/* Whether its pages are to be read once all of them are there. */
int part_is_read(const struct part *p);
/* What was read. ERR_OK. */
int part_take_read(struct part *p, struct answer *a);
/* Reading failed: the part ends as it was drawn, and says so. */
void part_unread(struct part *p, enum reason reason);

/* engine_scan.c */
/* The pool of a worker: of the scanner's two the one in use. */
struct pool *scan_pool(struct engine *e, enum engine_worker w);
/* Whether it is known if this mail's parts are scanned, and so may be said. */
int scan_is_settled(const struct engine *e);
/* Whether parts are given to the scanner at all. */
int scan_is_wanted(const struct engine *e);
/* Once a turn: starts, lets the old one go. */
void scan_work(struct engine *e);
/* The pool got ready, or lost its zygote before that. */
void scan_ready(struct engine *e, struct pool *p);
void scan_failed(struct engine *e, struct pool *p);
/* What a mail says of the scanner: "ClamAV 1.4.6, database daily 27400 of 2026-11-20, 1
 * day old", "no database". */
void scan_describe(const struct engine *e, char *out, size_t size);

/* engine_part.c */
struct part *part_new_root(struct mail *m);
/* NULL: no memory. The child borrows from o, the bytes it shares with its siblings. */
struct part *part_new_child(struct part *parent, const struct answer_child *c,
    struct origin *o);
void part_free(struct part *p);
const struct policy_limits *part_limits(const struct part *p);
/* Whether a kind is a way of reading plain characters. */
int part_is_characters(enum kind k);
/* What it was found to be, and what that means in its place. */
void part_take_kind(struct part *p, enum kind found, const char *format);
/* What the worker said of the whole document, where it is not a rendering. */
void part_take_facts(struct part *p, const struct answer *a);
/* A descriptor of the part's bytes; the caller closes it. */
int part_open(const struct part *p, int *fdp);
/* The part is decided: its bytes are no longer needed. */
void part_finish(struct part *p);
/* The pages drawn so far may go out: from now on it can no longer be a stub, nor
 * can another engine have its try. */
void part_stream(struct part *p);
/* The part ends as a stub; or, when its pages began to go out or a limit ended
 * their drawing, with those that are there. note NULL: none. */
void part_stub(struct part *p, enum reason reason, const char *note);

/* engine_step.c */
/* Moves a NEW part on as far as no worker is needed. */
void part_consider(struct part *p);
/* The kind is known: first what the scanner says, for the policy may ask. */
void part_identified(struct part *p);
/* All that the policy may ask is known: what does it want? */
void part_decide(struct part *p);
/* Sets the action, by what is known of the part now. */
void part_ask_policy(struct part *p);
/* The part waits for this step. */
void part_wait_for(struct part *p, enum answer_step step,
    enum engine_worker worker);
/* Its scan failed: it goes on, and says so. */
void part_unscanned(struct part *p, enum reason reason);
/* The limits for the next worker of this part. */
void part_tell(const struct part *p, struct worker_job *told);
/* Of its next step: 1 or ENGINE_WEIGHT. */
unsigned part_weight(const struct part *p);

/* engine_take.c */
/* The step's worker answered by the rules. */
int part_take_answer(struct part *p, struct answer *a);

/* engine_limits.c */
/* Makes the part's note name the limit behind its reason, where there is one. */
void part_name_limit(struct part *p);

/* engine_again.c */
/* The step failed; p->note says more of it. 1 when the part has another way and
 * waits for it, or when what an earlier try left stands. */
int part_try_again(struct part *p, enum reason reason);
/* The step's worker answered, and the part has taken it: 1 when another engine may
 * do better and the part waits for it. */
int part_ask_second(struct part *p, const struct answer *a);
/* Whether the pages of the second engine are worth more than what there is; then that
 * is forgotten. Of its words, when they are more, it keeps those itself. */
int part_take_second(struct part *p, struct answer *a);
/* The second engine did no better, or had no time: the first one's word stands. */
void part_settle(struct part *p);
/* engine_locked.c */
/* Keeps the words of an answer, whatever it is about. */
int mail_take_words(struct mail *m, const struct answer *a);
void mail_free_words(struct mail *m);
/*
 * The step's answer says that a password is missing: 1 when the part has taken the
 * answer over and waits for words, or is decided otherwise.
 */
int part_wait_for_words(struct part *p, struct answer *a);
/* When nothing else of the mail is in work, its locked parts go on: 1 when some do. */
int mail_unlock(struct mail *m);
/* The candidates for its next job, -1: none. The caller closes it. */
int part_open_words(struct part *p, int *fdp);
/* What the final answer says about its lock. */
int part_take_lock(struct part *p, const struct answer *a);

/* engine_follow.c */
/* Whether it is news when this part is opened. */
int part_is_wanted(const struct part *p);
/* The part could be shown before, so it is not looked at again. */
int part_is_left_out(const struct part *p);
/* When all is decided: asks the caller, and keeps only what was opened. */
void mail_follow(struct mail *m);

/* engine_emit.c */
/* Whether there is something to write, if the reader takes it. */
int emit_waits(const struct mail *m);
/* Writes at most a few frames; 1 when there was something to write, 0 when it
 * waits for a part or a reader. */
int emit_some(struct mail *m);

#endif
