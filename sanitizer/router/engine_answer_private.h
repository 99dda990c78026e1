/*
 * Inside of an answer: engine_answer.c has the table and the framing,
 * engine_frames.c a handler for each frame.
 */
#ifndef LIMPID_ENGINE_ANSWER_PRIVATE_H
#define LIMPID_ENGINE_ANSWER_PRIVATE_H

#include "engine_answer.h"
#include "words.h"

struct hash;
struct wire;

#define ANSWER_HEADER	5		/* u32 length, u8 type */

struct answer {
	enum answer_step	 step;
	const struct worker_job	*limits;
	int			 dirfd;

	uint8_t			 header[ANSWER_HEADER];
	size_t			 header_len;
	uint8_t			*payload;
	size_t			 payload_len, payload_want, payload_room;

	uint32_t		 said;		/* bit a ONCE frame */
	uint64_t		 facts_said;
	char			*malware;	/* a name a line; NULL: none */
	struct copy_writer	*check;		/* says what a reader would */
	struct store		*frames, *bytes;
	struct answer_child	*children, *child;
	struct answer_child	**children_end;
	struct hash		*child_hash;
	size_t			 child_count;
	uint64_t		 text_bytes, pixels;
	uint32_t		 pages, pages_total;
	char			*words[WORDS_PART_MAX];
	size_t			 word_count;
	int64_t			 unlocked;	/* the line, -1: not said */
	uint64_t		 legible;
	int			 doubted;
	enum kind		 kind;
	char			*format;
	struct answer_done	 done;
	const char		*fault;
};

/* The first deviation is final; returns ERR_FORMAT. */
int answer_deviate(struct answer *a, const char *what);

/* One for each frame, with its whole payload: ERR_OK, ERR_FORMAT after a
 * deviation, or what the world answered. */
int answer_on_fact(struct answer *a, struct wire *w);
int answer_on_text(struct answer *a, struct wire *w);
int answer_on_page(struct answer *a, struct wire *w);
int answer_on_pages_total(struct answer *a, struct wire *w);
int answer_on_legible(struct answer *a, struct wire *w);
int answer_on_child(struct answer *a, struct wire *w);
int answer_on_child_data(struct answer *a, struct wire *w);
int answer_on_child_stub(struct answer *a, struct wire *w);
int answer_on_word(struct answer *a, struct wire *w);
int answer_on_unlocked(struct answer *a, struct wire *w);
int answer_on_identified(struct answer *a, struct wire *w);
int answer_on_done(struct answer *a, struct wire *w);

#endif
