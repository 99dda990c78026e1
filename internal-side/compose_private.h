/*
 * The state of one composition, shared by compose.c (the copy's handlers) and
 * compose_mail.c (what is built at the end).
 */
#ifndef LIMPID_COMPOSE_PRIVATE_H
#define LIMPID_COMPOSE_PRIVATE_H

#include "compose.h"
#include "copy.h"
#include "facts.h"
#include "out.h"
#include "page_encode.h"
#include "strbuf.h"

#define TEXT_MAX	((size_t)32 * 1024 * 1024)	/* of one part, and of the body */
#define REPORT_MAX	((size_t)96 * 1024 * 1024)
#define BOUNDARY	"=_limpid_"

struct pdf_writer;

/* The file that a part becomes. */
struct compose_file {
	char		*name;		/* NULL: none yet */
	const char	*type;
	uint64_t	 at;		/* in the attachments */
	uint64_t	 size;		/* decoded */
};

struct compose {
	const struct compose_job *job;
	struct compose_done	*done;
	char			 ref[REF_TEXT_LEN + 1];
	char			 boundary[64];
	struct copy_mail	 mail;		/* own strings */
	struct facts		 root_facts;
	struct copy_part	 part;		/* the present one, own strings */
	struct facts		 facts;		/* of it */
	enum outcome		 root_outcome;
	enum reason		 root_reason;
	uint32_t		 cuts;

	struct out		*main, *attach;
	struct base64		 base64;
	struct page_encoder	*encoder;	/* from the first page on */
	struct pdf_writer	*pdf;
	struct page_image	 held;		/* picture: is there a second? */
	uint8_t			*held_data;
	uint32_t		 held_part, held_index;
	struct compose_file	 file, text_file;
	uint8_t			 names[8192];	/* bits: names given, by hash */

	struct strbuf		 text;		/* of the part, not of bodies */
	struct strbuf		 group;		/* chunks of one page */
	uint32_t		 group_page;
	int			 group_open, text_cut;

	struct strbuf		 body, changes;
	struct strbuf		 parts, pages, texts;	/* lines of the report */
};

/* The whole report; where the first part and the attachments stand in the mail. */
int compose_report(struct compose *c, uint64_t body_at, const char *encoding,
    uint64_t body_size, uint64_t body_start, uint64_t attach_at,
    struct strbuf *out);
/* Writes it to job->report. */
int compose_report_write(struct compose *c, const struct strbuf *report);
/* Head, first part, attachments and report into job->main. */
int compose_mail(struct compose *c);

#endif
