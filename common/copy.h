/*
 * Copy: all that the sanitizer may say about a mail: numbers from closed lists,
 * UTF-8 text, and samples. It is the body of a COPY parcel, a stream of frames:
 *
 *	"LMPC" version(1)
 *	frame = u32 length of payload | u8 type | payload
 *
 * in this order (any other order is ERR_FORMAT):
 *
 *	MAIL	once, first	what the mail says of itself and what our MTA says
 *	PART	begins a part	id from 1 rising, parent id (0: none), depth first
 *	  FACT*	TEXT* PAGE*	of the part just begun; pages numbered from 0 rising
 *	  PART_END		outcome, reason, counts; then the next PART
 *	END	once, last	number of parts; nothing follows
 *
 * Parts do not nest in the stream; parent ids say how they nest in the mail, and
 * a parent ends before its children begin.
 *
 * Every string is valid UTF-8, NFC, free of controls but \n and \t (text only) and
 * of bidi and invisible characters; the reader checks this again and fails with
 * ERR_FORMAT, so a captured sanitizer host cannot smuggle other bytes in.
 */
#ifndef LIMPID_COPY_H
#define LIMPID_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"
#include "ref.h"

#define COPY_NAME_MAX		255	/* bytes of a part's name or path */
#define COPY_VALUE_MAX		4096	/* bytes of a fact or header value */
#define COPY_TEXT_CHUNK		65536	/* bytes of one TEXT frame */
#define COPY_PARTS_MAX		100000
#define COPY_PAGE_SIDE		20000	/* samples */
#define COPY_PAGE_PIXELS	40000000u
#define COPY_FRAME_MAX		160000000u
#define COPY_RCPTS_MAX		1000

struct copy_mail {
	struct ref	 ref;
	int64_t		 received_ms;	/* at intake */
	uint64_t	 size;		/* original bytes */
	uint8_t		 sha256[32];	/* of the original */
	char		*sender;	/* envelope; "" is the null sender */
	char		**rcpts;	/* envelope, rcpt_count of them */
	size_t		 rcpt_count;
	char		*client;	/* address our MTA saw, as text */
	char		*tls;		/* "" when plain */
	char		*auth;		/* our MTA's Authentication-Results, "" none */
	char		*policy;	/* digest of the policy, hex */
	uint8_t		 document;	/* 1: a lone document, not a mail */
};

struct copy_part {
	uint32_t	 id, parent;
	uint32_t	 depth;		/* 0 is the mail or document itself */
	enum kind	 kind;
	uint64_t	 size;		/* original bytes */
	uint8_t		 sha256[32];
	char		*path;		/* "1.2.3"; the root is "0" */
	char		*name;		/* safe file name, "" when none */
	char		*declared;	/* declared MIME type, "" when none */
	uint8_t		 body;		/* 1: shown as mail body, not as attachment */
};

struct copy_page {
	uint32_t	 index;		/* from 0 */
	uint32_t	 width, height;	/* samples */
	uint8_t		 channels;	/* 1 grey, 3 RGB; 8 bits a sample */
	uint16_t	 dpi;
	const uint8_t	*frame;		/* zstd, one frame, content size in header */
	size_t		 frame_len;
};

struct copy_part_end {
	enum outcome	 outcome;
	enum reason	 reason;
	uint32_t	 pages;		/* shown */
	uint32_t	 pages_total;	/* in the original; 0 unknown */
	uint32_t	 millis;	/* wall time of its workers */
	char		*engine;	/* "mupdf", "libxml2" ... */
	char		*rule;		/* policy rule that decided, "default" */
	char		*note;		/* number behind a limit, "" none */
};

/*
 * Writer over a sink (often parcel_writer_write). Returns what the sink returns,
 * or ERR_LIMIT/ERR_FORMAT for what a reader would refuse: then nothing of the
 * frame was written and the caller may state something else.
 */
typedef int copy_sink(void *arg, const uint8_t *data, size_t len);
struct copy_writer;
struct copy_writer *copy_writer_new(copy_sink *sink, void *arg);
void copy_writer_free(struct copy_writer *w);
int copy_write_mail(struct copy_writer *w, const struct copy_mail *m);
int copy_write_part(struct copy_writer *w, const struct copy_part *p);
int copy_write_fact(struct copy_writer *w, enum fact f, const char *value);
/* page: 0-based page the text belongs to, or COPY_NO_PAGE. Split into chunks
 * at character borders by the writer. */
#define COPY_NO_PAGE 0xffffffffu
int copy_write_text(struct copy_writer *w, uint32_t page, const char *utf8,
    size_t len);
int copy_write_page(struct copy_writer *w, const struct copy_page *p);
int copy_write_part_end(struct copy_writer *w, const struct copy_part_end *e);
int copy_write_end(struct copy_writer *w);

/*
 * Reader: call copy_read with every handler set; it reads fd to its end, checks
 * everything and calls the handlers in order. What a handler is given is borrowed
 * until it returns; a handler's negative return ends the reading and is returned.
 * A copy that ends early is ERR_SHORT.
 */
struct copy_handlers {
	int (*mail)(void *arg, const struct copy_mail *m);
	int (*part)(void *arg, const struct copy_part *p);
	int (*fact)(void *arg, enum fact f, const char *value);
	int (*text)(void *arg, uint32_t page, const char *utf8, size_t len);
	int (*page)(void *arg, const struct copy_page *p);
	int (*part_end)(void *arg, const struct copy_part_end *e);
	int (*end)(void *arg, uint32_t parts);
};
int copy_read(int fd, const struct copy_handlers *h, void *arg);

#endif
