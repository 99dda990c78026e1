/*
 * Names and sentences of the shared vocabulary (outcome.h). Run by every
 * process. Hostile: numbers that a worker or a peer claims, so every number out
 * of range has the name "unknown". Must never change or reuse a name or a
 * number: reports and policies of years ago use them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"

static const char *const outcome_names[] = {
	[OUTCOME_STUB] = "stub",
	[OUTCOME_TEXT] = "text",
	[OUTCOME_IMAGES] = "images",
	[OUTCOME_CARD] = "card",
	[OUTCOME_CONTAINER] = "container",
};

static const struct {
	const char	*name, *sentence;
} reasons[] = {
	[REASON_COMPLETE] = { "complete",
	    "Nothing is missing." },
	[REASON_CRASH] = { "crash",
	    "The program that opened this part crashed on it." },
	[REASON_TIMEOUT] = { "timeout",
	    "Opening this part took longer than is allowed." },
	[REASON_MEMORY] = { "memory",
	    "Opening this part needed more memory than is allowed." },
	[REASON_FORBIDDEN_CALL] = { "forbidden-call",
	    "While it was opened, this part tried something forbidden; the "
	    "security staff have been told." },
	[REASON_BAD_ANSWER] = { "bad-answer",
	    "The program that opened this part answered wrongly and was "
	    "stopped." },
	[REASON_FORMAT] = { "format",
	    "This part is damaged beyond use." },
	[REASON_UNSUPPORTED] = { "unsupported",
	    "This kind of content cannot be shown." },
	[REASON_ENCRYPTED] = { "encrypted",
	    "This part is locked and its password is not known." },
	[REASON_EMPTY] = { "empty",
	    "There is nothing in this part." },
	[REASON_POLICY] = { "policy",
	    "A rule of the organisation's policy keeps this part out." },
	[REASON_NEVER] = { "never",
	    "This is a program or something like it; such parts never "
	    "pass." },
	[REASON_MALWARE] = { "malware",
	    "The virus scanner recognised this part as harmful." },
	[REASON_LIMIT_BYTES] = { "limit-bytes",
	    "This part is larger than is allowed." },
	[REASON_LIMIT_PARTS] = { "limit-parts",
	    "The mail has more parts than are allowed." },
	[REASON_LIMIT_DEPTH] = { "limit-depth",
	    "This part is nested deeper than is allowed." },
	[REASON_LIMIT_PAGES] = { "limit-pages",
	    "Only the first pages are shown; there are more than are "
	    "allowed." },
	[REASON_LIMIT_PIXELS] = { "limit-pixels",
	    "The picture or the mail is larger in pixels than is allowed." },
	[REASON_LIMIT_TEXT] = { "limit-text",
	    "The text was cut; it is longer than is allowed." },
	[REASON_LIMIT_HEADERS] = { "limit-headers",
	    "The mail has more header lines than are allowed." },
	[REASON_ENGINE] = { "engine",
	    "The program that opens this kind of content is not there." },
	[REASON_PAGES_FAILED] = { "pages-failed",
	    "Some pages could not be drawn." },
};

static const char *const kind_names[] = {
	[KIND_UNKNOWN] = "unknown",
	[KIND_MAIL] = "mail",
	[KIND_MULTIPART] = "multipart",
	[KIND_TEXT] = "text",
	[KIND_HTML] = "html",
	[KIND_PDF] = "pdf",
	[KIND_IMAGE] = "image",
	[KIND_OFFICE] = "office",
	[KIND_ARCHIVE] = "archive",
	[KIND_CARD] = "card",
	[KIND_PROGRAM] = "program",
	[KIND_SIGNATURE] = "signature",
	[KIND_ENCRYPTED] = "encrypted",
	[KIND_AUDIO] = "audio",
	[KIND_VIDEO] = "video",
	[KIND_EMPTY] = "empty",
};

static const struct {
	const char	*name;
	int		 repeatable;
} facts[] = {
	[FACT_NONE] = { "none", 0 },
	[FACT_HDR_FROM] = { "from", 0 },
	[FACT_HDR_FROM_NAME] = { "from-name", 0 },
	[FACT_HDR_REPLY_TO] = { "reply-to", 1 },
	[FACT_HDR_TO] = { "to", 1 },
	[FACT_HDR_CC] = { "cc", 1 },
	[FACT_HDR_SUBJECT] = { "subject", 0 },
	[FACT_HDR_DATE] = { "date", 0 },
	[FACT_HDR_MESSAGE_ID] = { "message-id", 0 },
	[FACT_HDR_IN_REPLY_TO] = { "in-reply-to", 0 },
	[FACT_HDR_REFERENCES] = { "references", 1 },
	[FACT_HDR_AUTH] = { "auth", 0 },
	[FACT_FORMAT] = { "format", 0 },
	[FACT_CHARSET] = { "charset", 0 },
	[FACT_CHARSET_LIED] = { "charset-lied", 0 },
	[FACT_MALFORMED] = { "malformed", 1 },
	[FACT_ENCRYPTED] = { "encrypted", 0 },
	[FACT_MACROS] = { "macros", 0 },
	[FACT_SCRIPTS] = { "scripts", 0 },
	[FACT_FORMS] = { "forms", 0 },
	[FACT_EXTERNAL_LINKS] = { "external-links", 0 },
	[FACT_EMBEDDED] = { "embedded", 0 },
	[FACT_HIDDEN_TEXT] = { "hidden-text", 0 },
	[FACT_INVISIBLE_CHARS] = { "invisible-chars", 0 },
	[FACT_LINKS] = { "links", 0 },
	[FACT_LINK_MISMATCH] = { "link-mismatch", 1 },
	[FACT_FRAMES] = { "frames", 0 },
	[FACT_ROTATED] = { "rotated", 0 },
	[FACT_METADATA] = { "metadata", 0 },
	[FACT_NAME_CHANGED] = { "name-changed", 0 },
	[FACT_PAGES_FAILED] = { "pages-failed", 0 },
	[FACT_LANGUAGE] = { "language", 0 },
	[FACT_HIDDEN_SHEETS] = { "hidden-sheets", 0 },
	[FACT_TRACKED_CHANGES] = { "tracked-changes", 0 },
	[FACT_COMMENTS] = { "comments", 0 },
	[FACT_SCANNED] = { "scanned", 0 },
	[FACT_MALWARE] = { "malware", 1 },
	[FACT_SIGNED] = { "signed", 0 },
	[FACT_CODE] = { "code", 1 },
	[FACT_UNSEEN_TEXT] = { "unseen-text", 0 },
	[FACT_OCR] = { "ocr", 0 },
	[FACT_UNLOCKED] = { "unlocked", 0 },
	[FACT_FOLLOWS] = { "follows", 0 },
};

_Static_assert(sizeof(outcome_names) / sizeof(outcome_names[0]) == OUTCOME_MAX,
    "every outcome has a name");
_Static_assert(sizeof(reasons) / sizeof(reasons[0]) == REASON_MAX,
    "every reason has a name");
_Static_assert(sizeof(kind_names) / sizeof(kind_names[0]) == KIND_MAX,
    "every kind has a name");
_Static_assert(sizeof(facts) / sizeof(facts[0]) == FACT_MAX,
    "every fact has a name");

const char *
outcome_name(enum outcome o)
{
	return (unsigned)o < OUTCOME_MAX ? outcome_names[o] : "unknown";
}

const char *
reason_name(enum reason r)
{
	return (unsigned)r < REASON_MAX ? reasons[r].name : "unknown";
}

const char *
kind_name(enum kind k)
{
	return (unsigned)k < KIND_MAX ? kind_names[k] : "unknown";
}

const char *
fact_name(enum fact f)
{
	return (unsigned)f < FACT_MAX ? facts[f].name : "unknown";
}

const char *
reason_sentence(enum reason r)
{
	return (unsigned)r < REASON_MAX ? reasons[r].sentence :
	    "The reason is not known to this version.";
}

/* Limits of the policy by name, with the words around their number. */
static const struct { const char *name, *after; int bytes; } limits[] = {
	{ "bytes ", " in one part", 1 },
	{ "parts ", " parts in one mail", 0 },
	{ "depth ", " levels of mails and archives in each other", 0 },
	{ "expand ", " times its own size unpacked", 0 },
	{ "pages ", " pages of one part", 0 },
	{ "page-pixels ", " pixels of one page", 0 },
	{ "mail-pixels ", " pixels of one mail", 0 },
	{ "text ", " of text", 1 },
	{ "headers ", " of header lines", 1 },
	{ "seconds ", " seconds for one part", 0 },
	{ "memory ", " of memory", 1 },
	{ "mail-seconds ", " seconds for one mail", 0 },
};

/* As a policy writes it: K and M where nothing is lost by it. */
static void
put_number(unsigned long long n, int bytes, char *out, size_t size)
{
	if (bytes && n >= 1048576 && n % 1048576 == 0)
		snprintf(out, size, "%llu MB", n / 1048576);
	else if (bytes && n >= 1024 && n % 1024 == 0)
		snprintf(out, size, "%llu KB", n / 1024);
	else
		snprintf(out, size, "%llu%s", n, bytes ? " bytes" : "");
}

void
note_words(const char *note, char *out, size_t size)
{
	char		 number[40], *end;
	const char	*digits;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		digits = note + strlen(limits[i].name);
		if (strncmp(note, limits[i].name, strlen(limits[i].name)) != 0 ||
		    *digits < '0' || *digits > '9')
			continue;
		put_number(strtoull(digits, &end, 10), limits[i].bytes, number,
		    sizeof(number));
		if (*end != '\0')
			break;
		snprintf(out, size, "at most %s%s", number, limits[i].after);
		return;
	}
	snprintf(out, size, "%s", note);
}

int
outcome_find(const char *name)
{
	int	 i;

	for (i = 0; i < OUTCOME_MAX; i++)
		if (strcmp(outcome_names[i], name) == 0)
			return i;
	return -1;
}

int
reason_find(const char *name)
{
	int	 i;

	for (i = 0; i < REASON_MAX; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return i;
	return -1;
}

int
kind_find(const char *name)
{
	int	 i;

	for (i = 0; i < KIND_MAX; i++)
		if (strcmp(kind_names[i], name) == 0)
			return i;
	return -1;
}

int
fact_find(const char *name)
{
	int	 i;

	for (i = 0; i < FACT_MAX; i++)
		if (strcmp(facts[i].name, name) == 0)
			return i;
	return -1;
}

int
fact_repeatable(enum fact f)
{
	return (unsigned)f < FACT_MAX && facts[f].repeatable;
}
