/*
 * Compose: a copy (copy.h) becomes a harmless mail, byte for byte our own, or for
 * a lone document a PDF or picture and its text. Reads and writes only the fds it
 * is given, so it can run where no file can be opened (compose_jail.h).
 *
 * The mail: multipart/mixed; text/plain with banner, body and what was changed;
 * for each flattened part NAME.pdf (or one PNG or JPEG of a picture) and NAME.txt
 * where there is text; limpid-report.json (report.h). Lines end with LF. The field
 * "X-Limpid-Report: OFFSET LENGTH" says where the first base64 line of the report
 * is in the file, and its decoded bytes.
 */
#ifndef LIMPID_COMPOSE_H
#define LIMPID_COMPOSE_H

#include <stdint.h>

#include "outcome.h"

/* What job->main became. */
enum compose_kind {
	COMPOSE_NOTHING = 0,	/* nothing was written: a document without pages */
	COMPOSE_MAIL,
	COMPOSE_PDF,
	COMPOSE_PNG,
	COMPOSE_JPEG,
	COMPOSE_KIND_MAX
};

struct compose_job {
	int		 copy;		/* the copy stream, read to its end */
	int		 main;		/* mail, PDF or picture; empty, at 0 */
	int		 text;		/* text of a lone document */
	int		 report;	/* the report, plain JSON */
	int		 spill;		/* attachments meanwhile; read and written */
	const char	*hostname;	/* for the Message-ID */
	int64_t		 filed_ms;	/* now, goes into the report */
};

struct compose_done {
	enum compose_kind kind;
	enum outcome	 outcome;	/* of the root part */
	enum reason	 reason;
	uint32_t	 parts;		/* all but the root */
	uint32_t	 pages;
	uint32_t	 stubs;		/* parts that are not shown */
	uint8_t		 has_text;	/* job->text is not empty */
};

/*
 * ERR_OK; ERR_FORMAT, ERR_LIMIT or ERR_SHORT for a copy that does not hold; or an
 * error of the world. What was written is of no use unless ERR_OK. Memory is
 * bounded by the largest page and the text.
 */
int compose(const struct compose_job *job, struct compose_done *done);

/* "eml" "pdf" "png" "jpg"; "" for nothing. */
const char *compose_ending(enum compose_kind kind);

#endif
