/*
 * What every worker shares. A worker program is a warm parent (zygote): it loads
 * its library once, sees no data, and forks one child for each part. The child
 * locks itself in (jail.h), reads its part from one fd, answers on another, and
 * ends. Nothing is reused after it has met a part.
 *
 * sanitizerd -> zygote, SEQPACKET on fd 3:  JOB with two fds (part in, answers out)
 *					     and a third where passwords are tried
 * zygote -> sanitizerd, the same socket:    READY once; ENDED for each job
 * child -> sanitizerd, the answer pipe:     FACT TEXT PAGE CHILD CHILD_DATA
 *					     CHILD_STUB IDENTIFIED PAGES_TOTAL WORD
 *					     UNLOCKED LEGIBLE DONE
 * The child never reads from the control socket and the zygote never reads a part.
 */
#ifndef LIMPID_WORKER_H
#define LIMPID_WORKER_H

#include <stddef.h>
#include <stdint.h>

#include "copy.h"
#include "outcome.h"

/* Frame types on the answer pipe (wire.h frames, payload in this order). */
enum worker_msg {
	WORKER_FACT = 1,	/* u16 fact, text value */
	WORKER_TEXT = 3,	/* u32 page or COPY_NO_PAGE, text (<= 64 KiB) */
	WORKER_PAGE = 5,	/* u32 index w h, u8 channels, u16 dpi, data zstd */
	WORKER_CHILD = 7,	/* begins a child: u8 role, u8 kind hint, text path
				 * name declared charset content-id */
	WORKER_CHILD_DATA = 9,	/* raw bytes of the child just begun (<= 256 KiB) */
	WORKER_IDENTIFIED = 11,	/* u8 kind, text format: of the part, by
				 * worker-identify; or of the child just begun,
				 * which then needs no worker-identify */
	WORKER_DONE = 13,	/* u8 outcome, u8 reason, u32 pages, u32 pages_total,
				 * text engine, text note; nothing follows */
	WORKER_PAGES_TOTAL = 17,	/* u32, before the pages: of how many, should
				 * it not come to DONE */
	WORKER_CHILD_STUB = 15,	/* the child just begun is not there, or not whole:
				 * u8 reason, text note; it takes no more data */
	WORKER_WORD = 19,	/* text: may be the password of another part
				 * (words.h); never enters the copy */
	WORKER_UNLOCKED = 21,	/* u32: the part was locked, and which of the words
				 * that came with the job, from 0, opened it */
	WORKER_LEGIBLE = 23	/* u64 characters of the part that could be read so
				 * far, u8 1 when another engine may read more */
};

#define WORKER_TEXT_MAX		65536
#define WORKER_DATA_MAX		262144
#define WORKER_FRAME_MAX	COPY_FRAME_MAX

/* Roles of a child in its mail. A RENDERING is no part of its own: it is its parent in
 * another form, and what is drawn of it are the parent's pages. A SIGNATURE comes
 * together with what it signs (signed_pair.h), and from worker-mime only. */
enum worker_role {
	ROLE_ATTACHMENT, ROLE_BODY, ROLE_ALTERNATIVE, ROLE_INLINE, ROLE_RENDERING,
	ROLE_SIGNATURE
};

/* All that a child is told about its part. Strings are short and cleaned. */
struct worker_job {
	uint32_t id;
	uint32_t deadline_ms;		/* wall clock, enforced by the zygote */
	uint64_t memory_bytes;
	uint64_t max_input;		/* bytes */
	uint32_t max_pages;
	uint32_t max_page_pixels;
	uint64_t max_pixels;		/* over all pages */
	uint64_t max_text;		/* bytes */
	uint32_t max_children;
	uint64_t max_child_bytes;	/* over all children */
	uint32_t max_headers;		/* bytes of one header block */
	uint32_t max_depth;		/* multipart nesting inside one mail */
	uint32_t max_words;		/* WORDs it may state */
	uint32_t max_attempts;		/* passwords to be tried */
	uint16_t dpi;
	uint8_t	 want_pages;		/* profile: render */
	uint8_t	 want_text;		/* profile: text */
	char	 charset[64];		/* declared, hostile: a hint */
	char	 format[64];		/* from worker-identify: "PDF 1.7", "PNG" ... */
	char	 authserv_id[128];	/* whose Authentication-Results count */
	char	 ocr[32];		/* languages: "jpn", "chi_tra+jpn+eng" */
};

/* What a worker loaded before its jail closed (ops.load), for those who ask how old it
 * is. All zero when it loads nothing. */
struct worker_data {
	char	 engine[48];		/* "ClamAV 1.4.6" */
	char	 name[16];		/* of the set, "daily"; "" none */
	uint32_t version;		/* of the set; 0 none */
	uint32_t entries;
	uint64_t made_s;		/* seconds since 1970; 0 not known */
};

struct worker;			/* the running child */
struct jail_files;

struct worker_ops {
	const char *name;	/* "pdf": also the policy file's name */
	/*
	 * NULL, or what is read from the folder of --data before anything is shut,
	 * while the file system is as its user sees it; folder is NULL when none was
	 * named. Fills *data. Any other return than ERR_OK ends the program: it has
	 * said why.
	 */
	int (*load)(const char *folder, struct worker_data *data);
	/* Warm-up in the parent: load, initialise. Returns ERR_OK. */
	int (*warm)(void);
	/* NULL, or what the jail shows of the file system (jail.h); warm then runs
	 * inside the namespaces and sees nothing else. */
	const struct jail_files *files;
	/*
	 * The child, locked in. Ends by worker_done; returning without it is
	 * REASON_BAD_ANSWER. data is the whole part, owned by the frame.
	 */
	void (*run)(struct worker *w, const struct worker_job *job,
	    const uint8_t *data, size_t len);
};

/* The main of every worker program: `limpid-worker-NAME --policy FILE`, and
 * `--data FOLDER` where there is a load. */
int worker_main(int argc, char **argv, const struct worker_ops *ops);

/*
 * Answers. Each checks limits and the rules of copy.h; text is cleaned and, for
 * worker_text, links are defanged by the caller before. A broken pipe ends the
 * child at once, so nothing returns an error. worker_text counts against
 * job->max_text and returns 0 when the limit cut it (the caller stops), else 1.
 */
void worker_fact(struct worker *w, enum fact f, const char *value);
void worker_fact_number(struct worker *w, enum fact f, uint64_t n);
int worker_text(struct worker *w, uint32_t page, const char *utf8, size_t len);
/*
 * One page: samples are 8-bit grey (1), RGB (3) or RGBA (4, flattened onto white)
 * with stride bytes a row. Covers bar codes in them and states what they say
 * (FACT_CODE; the worker's warm calls codes_warm), finds grey pages (greatest
 * chroma <= 16), compresses (zstd level 1) and sends. Returns 0 when a pixel limit
 * forbids the page.
 */
int worker_page(struct worker *w, uint32_t index, uint32_t width,
    uint32_t height, uint8_t channels, size_t stride, uint16_t dpi,
    uint8_t *samples);
/* How many characters could be read so far; doubted: there are more that this engine
 * has no name for. Before 16 pages are sent it keeps the first ones from going out. */
void worker_legible(struct worker *w, uint64_t legible, int doubted);
/* How many pages the document has by its own word, before the first is sent. */
void worker_pages_total(struct worker *w, uint32_t pages);
/* Begins a child; 0 when max_children forbids it. Then data, any number of times
 * (0 when max_child_bytes cuts it). hint may be KIND_UNKNOWN. */
int worker_child(struct worker *w, enum worker_role role, enum kind hint,
    const char *path, const char *name, const char *declared,
    const char *charset, const char *content_id);
int worker_child_data(struct worker *w, const void *data, size_t len);
/* The child just begun cannot be had, or not whole: it ends as a stub for this
 * reason. note is shown to staff, "" none. */
void worker_child_stub(struct worker *w, enum reason reason, const char *note);
/* The candidate passwords that came with the job, one a line; "" none, borrowed. */
const char *worker_words(const struct worker *w);
/* The part was locked; the word on this line, from 0, opened it. */
void worker_unlocked(struct worker *w, unsigned line);
/* Of the part; or, between a child and its first data, of that child. */
void worker_identified(struct worker *w, enum kind kind, const char *format);
_Noreturn void worker_done(struct worker *w, enum outcome outcome,
    enum reason reason, uint32_t pages, uint32_t pages_total,
    const char *engine, const char *note);

#endif
