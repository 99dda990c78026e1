/*
 * Policy: what happens to a part, in a file that security staff own, read and
 * test (limpid-policy.5). Evaluation is pure: facts in, action out.
 */
#ifndef LIMPID_POLICY_H
#define LIMPID_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "outcome.h"

/* Named limits with their defaults in one table (policy_limits.c); 0 is never
 * "unlimited": the parser refuses it. */
struct policy_limits {
	uint64_t bytes;		/* of one part */
	uint32_t parts;		/* of one mail, all levels */
	uint32_t depth;		/* mails in mails, archives in archives */
	uint32_t expand;	/* children's bytes / part's bytes */
	uint32_t pages;		/* of one part */
	uint32_t page_pixels;	/* of one page */
	uint64_t mail_pixels;	/* of all pages of a mail */
	uint64_t text;		/* bytes of text of one part */
	uint32_t headers;	/* bytes of one header block */
	uint32_t seconds;	/* wall clock of one worker */
	uint64_t memory;	/* bytes of one worker */
	uint32_t mail_seconds;	/* wall clock of one mail */
	uint32_t passwords;	/* tried on one locked part; 0 none */
	uint32_t password_window; /* seconds between a locked part and its
				   * password in another mail; 0 never */
};

struct policy_profile {
	char	*name;
	int	 render;	/* make pictures of pages */
	uint16_t dpi;
	uint32_t pages;		/* at most, beside limit pages */
	int	 text;		/* take text out */
	const char *ocr;	/* languages to read pages in that have no text:
				 * "jpn", "chi_tra+jpn+eng"; NULL: none. Static */
};

/* What a rule may ask about. */
struct policy_facts {
	enum kind	 kind;
	const char	*format;	/* "PDF 1.7" */
	const char	*declared;	/* "application/pdf" */
	const char	*name;		/* safe file name */
	uint64_t	 size;
	uint32_t	 depth;
	int		 encrypted;
	int		 scanned;	/* to its end, or through its parts */
	const char	*malware;	/* names, one a line; NULL: none */
	const char	*sender;	/* envelope sender */
};

enum policy_verb { POLICY_STUB = 0, POLICY_CONVERT };

struct policy_action {
	enum policy_verb	 verb;
	enum reason		 reason;	/* of a stub */
	const struct policy_profile *profile;	/* of convert, borrowed */
	const char		*rule;		/* id, or "default"; borrowed */
};

struct policy;

/*
 * Parses and checks the file. On failure ERR_CONFIG (or ERR_SYS) and *why, one
 * sentence a line, "file:line:column: what. Hint." (caller frees).
 */
int policy_load(const char *path, struct policy **pp, char **why);
/* The same from memory, for tests and fuzzing; name is shown in messages. */
int policy_parse(const char *name, const char *text, size_t len,
    struct policy **pp, char **why);
void policy_free(struct policy *p);

const struct policy_limits *policy_limits(const struct policy *p);
/* First rule whose `when` holds, else the default. A kind that the system cannot
 * convert is decided by the default's stub. Never fails: it refuses. */
void policy_decide(const struct policy *p, const struct policy_facts *f,
    struct policy_action *out);
/* SHA-256 of the effective policy, hex, 64 characters; borrowed. */
const char *policy_digest(const struct policy *p);
const char *policy_name(const struct policy *p);

#endif
