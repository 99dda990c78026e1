/*
 * The vocabulary that all parts share: kinds of content, outcomes, reasons
 * and facts. Numbers cross processes and links, names are what people see
 * in reports and write in policies; both only ever grow at the end.
 */
#ifndef LIMPID_OUTCOME_H
#define LIMPID_OUTCOME_H

#include <stddef.h>

/* What became of a part. Zero refuses, so forgetting to decide is safe. */
enum outcome {
	OUTCOME_STUB = 0,	/* nothing of it arrives; the reason says why */
	OUTCOME_TEXT,		/* its text arrives */
	OUTCOME_IMAGES,		/* pictures of its pages, and text where there is */
	OUTCOME_CARD,		/* a calendar entry or contact as text */
	OUTCOME_CONTAINER,	/* only its children arrive, each on its own */
	OUTCOME_MAX
};

/* Why: for a stub the cause, else REASON_COMPLETE or what was cut. */
enum reason {
	REASON_COMPLETE = 0,	/* nothing is missing */
	REASON_CRASH,		/* the worker died */
	REASON_TIMEOUT,		/* the worker outlived its deadline */
	REASON_MEMORY,		/* the worker wanted more memory than allowed */
	REASON_FORBIDDEN_CALL,	/* the worker tried what its jail forbids */
	REASON_BAD_ANSWER,	/* the worker broke the protocol */
	REASON_FORMAT,		/* the content is malformed beyond use */
	REASON_UNSUPPORTED,	/* no worker for this kind */
	REASON_ENCRYPTED,	/* locked; no password known */
	REASON_EMPTY,		/* there is nothing in it */
	REASON_POLICY,		/* a policy rule said so */
	REASON_NEVER,		/* programs, scripts, shortcuts, disk images */
	REASON_MALWARE,		/* the scanner named it */
	REASON_LIMIT_BYTES,	/* larger than limit bytes */
	REASON_LIMIT_PARTS,	/* more parts than limit parts */
	REASON_LIMIT_DEPTH,	/* nested deeper than limit depth */
	REASON_LIMIT_PAGES,	/* cut after limit pages */
	REASON_LIMIT_PIXELS,	/* a page or the mail beyond limit pixels */
	REASON_LIMIT_TEXT,	/* text cut after limit text */
	REASON_LIMIT_HEADERS,	/* header lines beyond limit headers */
	REASON_ENGINE,		/* the engine for it is not installed or not up */
	REASON_PAGES_FAILED,	/* some pages could not be drawn */
	REASON_MAX
};

/* Real kind, from content. */
enum kind {
	KIND_UNKNOWN = 0,
	KIND_MAIL,		/* message/rfc822, any age and damage */
	KIND_MULTIPART,		/* a MIME multipart: container only */
	KIND_TEXT,
	KIND_HTML,
	KIND_PDF,
	KIND_IMAGE,
	KIND_OFFICE,
	KIND_ARCHIVE,
	KIND_CARD,
	KIND_PROGRAM,		/* executables, scripts, shortcuts, disk images */
	KIND_SIGNATURE,		/* detached PGP or S/MIME signature */
	KIND_ENCRYPTED,		/* PGP or S/MIME encrypted */
	KIND_AUDIO,
	KIND_VIDEO,
	KIND_EMPTY,
	KIND_MAX
};

/* Facts a worker may state; each value is short text. */
enum fact {
	FACT_NONE = 0,
	/* mail headers, decoded; REPEATABLE ones may come several times */
	FACT_HDR_FROM,		/* address of the first From mailbox */
	FACT_HDR_FROM_NAME,	/* its shown name */
	FACT_HDR_REPLY_TO,	/* repeatable: Name <address> */
	FACT_HDR_TO,		/* repeatable */
	FACT_HDR_CC,		/* repeatable */
	FACT_HDR_SUBJECT,
	FACT_HDR_DATE,		/* RFC 3339, as the mail claims */
	FACT_HDR_MESSAGE_ID,
	FACT_HDR_IN_REPLY_TO,
	FACT_HDR_REFERENCES,	/* repeatable, one message-id each */
	FACT_HDR_AUTH,		/* Authentication-Results of our own MTA */
	/* about a part */
	FACT_FORMAT,		/* e.g. "PDF 1.7", "PNG", "ISO-2022-JP" */
	FACT_CHARSET,		/* charset the text really was in */
	FACT_CHARSET_LIED,	/* declared charset that did not hold */
	FACT_MALFORMED,		/* repeatable: what was wrong, in words */
	FACT_ENCRYPTED,
	FACT_MACROS,
	FACT_SCRIPTS,
	FACT_FORMS,
	FACT_EXTERNAL_LINKS,	/* remote pictures, style sheets, frames: count */
	FACT_EMBEDDED,		/* embedded files: count */
	FACT_HIDDEN_TEXT,	/* text a reader would not see: characters */
	FACT_INVISIBLE_CHARS,	/* bidi, zero width, tag characters removed */
	FACT_LINKS,		/* links defanged: count */
	FACT_LINK_MISMATCH,	/* repeatable: label said X, target is Y */
	FACT_FRAMES,		/* frames of an animation; only the first is shown */
	FACT_ROTATED,		/* orientation applied */
	FACT_METADATA,		/* metadata was present and is gone */
	FACT_NAME_CHANGED,	/* original file name, made safe */
	FACT_PAGES_FAILED,	/* list of page numbers that could not be drawn */
	FACT_LANGUAGE,		/* BCP 47 tag, a guess */
	FACT_HIDDEN_SHEETS,	/* sheets a reader would not see: count */
	FACT_TRACKED_CHANGES,	/* changes not yet accepted: count */
	FACT_COMMENTS,		/* count */
	FACT_SCANNED,		/* what the scanner is and how old, or why not */
	FACT_MALWARE,		/* repeatable: name the scanner gave it */
	FACT_SIGNED,		/* verdict on its signature, and whose it is */
	FACT_CODE,		/* repeatable: bar code, where, its text defanged */
	FACT_UNSEEN_TEXT,	/* page numbers whose text is mostly not visible */
	FACT_OCR,		/* languages the text was recognised in */
	FACT_UNLOCKED,		/* where the password that opened it came from */
	FACT_FOLLOWS,		/* reference of the mail that this one completes */
	FACT_MAX
};

/* Names; never NULL ("unknown" for numbers out of range). */
const char *outcome_name(enum outcome o);	/* "stub" ... */
const char *reason_name(enum reason r);		/* "complete", "limit-pages" ... */
const char *kind_name(enum kind k);		/* "pdf" ... */
const char *fact_name(enum fact f);		/* "charset" ... */

/* One plain English sentence for the reader of the mail; never NULL. */
const char *reason_sentence(enum reason r);

/*
 * The note behind a reason as people read it: "text 8388608" is "at most 8 MB of
 * text"; a note that names no limit stays as it is. At most size - 1 bytes.
 */
void note_words(const char *note, char *out, size_t size);

/* By name; -1 when there is none. */
int outcome_find(const char *name);
int reason_find(const char *name);
int kind_find(const char *name);
int fact_find(const char *name);

/* Whether a worker may state this fact more than once for one part. */
int fact_repeatable(enum fact f);

#endif
