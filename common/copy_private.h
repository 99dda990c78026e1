/*
 * The inside of copy.h that its writer and its reader share: frame types, the
 * order of frames, and what each may hold. Both sides ask the same questions,
 * so the writer never says what a reader would refuse.
 */
#ifndef LIMPID_COPY_PRIVATE_H
#define LIMPID_COPY_PRIVATE_H

#include "copy.h"

#define COPY_MAGIC		"LMPC"
#define COPY_VERSION		1
#define COPY_HEADER		5	/* magic and version */
#define COPY_FRAME_HEADER	5	/* length and type */
#define COPY_DEPTH_MAX		1024	/* parts on one path of the tree */
#define COPY_FACTS_MAX		20000	/* of one part */
#define COPY_PAGES_MAX		1000000	/* page numbers of one part */

enum copy_type {
	COPY_MAIL = 1,
	COPY_PART,
	COPY_FACT,
	COPY_TEXT,
	COPY_PAGE,
	COPY_PART_END,
	COPY_END,
	COPY_TYPE_MAX
};

enum copy_stage {
	COPY_BEFORE = 0,	/* nothing yet */
	COPY_BETWEEN,		/* after MAIL or a PART_END */
	COPY_INSIDE,		/* in a part */
	COPY_AFTER		/* END was said */
};

/* Where a stream stands. Starts zeroed. */
struct copy_order {
	enum copy_stage	 stage;
	uint32_t	 parts;		/* begun so far: the last part's id */
	uint32_t	 path[COPY_DEPTH_MAX];	/* ids from the root to it */
	size_t		 path_len;
	uint32_t	 facts;		/* of the part */
	uint32_t	 pages;		/* of the part: next number allowed */
	uint32_t	 page_count;	/* of the part */
	uint64_t	 facts_seen;	/* bit a fact */
};

/*
 * Whether the frame may come now: ERR_OK, ERR_FORMAT or ERR_LIMIT. Nothing changes
 * unless it is ERR_OK. Values are checked too, strings by text_check.
 */
int copy_check_mail(struct copy_order *o, const struct copy_mail *m);
int copy_check_part(struct copy_order *o, const struct copy_part *p);
int copy_check_fact(struct copy_order *o, enum fact f, const char *value);
int copy_check_text(struct copy_order *o, uint32_t page, const char *utf8,
    size_t len);
int copy_check_page(struct copy_order *o, const struct copy_page *p);
int copy_check_part_end(struct copy_order *o, const struct copy_part_end *e);
int copy_check_end(struct copy_order *o, uint32_t parts);

/* The largest payload of a frame type; 0 for an unknown type. */
size_t copy_payload_max(uint8_t type);

#endif
