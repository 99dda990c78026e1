/*
 * What one worker says about one part, decoded, checked and kept until the
 * part's turn. Frames come in any split; the first deviation is final.
 */
#ifndef LIMPID_ENGINE_ANSWER_H
#define LIMPID_ENGINE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"
#include "worker.h"

/* What the worker was asked; decides which frames it may send. */
enum answer_step {
	ANSWER_IDENTIFY = 1,
	ANSWER_UNPACK = 2,		/* a container: facts and children */
	ANSWER_DRAW = 4,		/* facts, text, pages */
	ANSWER_OVER = 8,		/* after DONE: nothing at all */
	ANSWER_CONVERT = 16,		/* facts, text, and one rendering */
	ANSWER_DOCUMENT = 32,		/* as DRAW, and the files it holds */
	ANSWER_SCAN = 64,		/* names of malware; its outcome is none */
	ANSWER_READ = 128		/* words of pages drawn before */
};

struct answer_child {
	struct answer_child	*next;
	enum worker_role	 role;
	enum kind		 hint;
	enum kind		 kind;		/* good when format is set */
	char			*format;	/* NULL: not identified */
	char			*path, *name, *declared, *charset;
	uint64_t		 offset, len;	/* in the answer's children store */
	enum reason		 lost;		/* COMPLETE: all of it is there */
	char			*note;		/* why it is lost; NULL: none */
	uint8_t			 sha256[32];
};

struct answer_done {
	enum outcome		 outcome;
	enum reason		 reason;
	uint32_t		 pages, pages_total;
	char			*engine, *note;
};

struct answer;

/* limits is what the worker was told; borrowed until DONE. dirfd as in
 * store.h. NULL: no memory. */
struct answer *answer_new(enum answer_step step,
    const struct worker_job *limits, int dirfd);
void answer_free(struct answer *a);

/*
 * Takes bytes as they come. ERR_OK; ERR_FORMAT for a deviation (answer_fault
 * says which, and every later call returns it again); ERR_SYS or ERR_MEMORY
 * when the world failed.
 */
int answer_feed(struct answer *a, const uint8_t *data, size_t len);
/* A short sentence about the deviation, never NULL, never the worker's
 * words. */
const char *answer_fault(const struct answer *a);

/* The following are good after DONE; until then answer_done is NULL.
 * Borrowed. */
const struct answer_done *answer_done(const struct answer *a);
/* IDENTIFIED of the part: 1 and the values, or 0 when it was not said. */
int answer_identified(const struct answer *a, enum kind *kind,
    const char **format);
/* FACT f was stated. */
int answer_has_fact(const struct answer *a, enum fact f);
/* Names of malware, one a line, as a new string (the caller frees); NULL: none. */
char *answer_take_malware(struct answer *a);
/* TEXT was sent. */
int answer_has_text(const struct answer *a);
/* The nth WORD, borrowed; NULL: there are no more. */
const char *answer_word(const struct answer *a, size_t n);
/* The line of the word that UNLOCKED the part, -1: none. */
int64_t answer_unlocked(const struct answer *a);
uint64_t answer_pixels(const struct answer *a);
/* The next four are good at any time: pages sent so far, and of how many (0: not
 * said). */
uint32_t answer_pages(const struct answer *a);
uint32_t answer_pages_total(const struct answer *a);
/* Characters that could be read so far; and whether another engine may read more. */
uint64_t answer_legible(const struct answer *a);
int answer_doubted(const struct answer *a);
/* The frames kept so far, borrowed until answer_take_frames. */
struct store *answer_frames(const struct answer *a);
size_t answer_child_count(const struct answer *a);

/* Hands over the frames kept (worker frames as in wire.h), the children's bytes
 * (NULL when there are none) and the children; the caller frees them. */
struct store *answer_take_frames(struct answer *a);
struct store *answer_take_bytes(struct answer *a);
struct answer_child *answer_take_children(struct answer *a);
void answer_child_free(struct answer_child *c);

/* Fields of a kept frame's payload, for the one who writes the copy. */
struct wire;
int answer_get_fact(struct wire *w, enum fact *f, char **value);
int answer_get_text(struct wire *w, uint32_t *page, char **text);
int answer_get_page(struct wire *w, struct copy_page *page);

#endif
