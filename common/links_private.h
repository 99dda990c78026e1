/*
 * What links.c, links_find.c and links_target.c share.
 */
#ifndef LIMPID_LINKS_PRIVATE_H
#define LIMPID_LINKS_PRIVATE_H

#include <stddef.h>
#include <stdint.h>

#include "strbuf.h"

#define LINKS_TARGET_MAX	2000	/* bytes of a target that are shown */
#define LINKS_OTHER_MAX		200	/* of a data:, javascript: ... target */

/* A target taken apart. Strings are owned, "" when absent. */
struct link_target {
	char	*scheme;	/* as written; "" for relative ones */
	int	 slashes;	/* an authority follows */
	int	 unc;		/* \\host\share */
	char	*user;		/* userinfo as written */
	char	*host;		/* ASCII form: punycode, lower case */
	char	*unicode;	/* Unicode form when it differs */
	char	*dotted;	/* of a numeric host when it differs */
	int	 mixed;		/* a label mixes scripts */
	int	 invalid;	/* not a name that the DNS has */
	char	*port;		/* with the colon */
	char	*rest;		/* path, query, fragment */
};

/* Takes a cleaned target apart; 0 when out of memory. */
int link_target_parse(const char *s, size_t len, struct link_target *t);
void link_target_free(struct link_target *t);

/* One host name (no port): fills host unicode dotted mixed invalid; 0: memory. */
int link_host_parse(const char *s, size_t len, struct link_target *t);

/*
 * Appends s with dots of hosts, @, :// and known schemes in brackets; what is in
 * brackets already stays. Raises *count.
 */
void link_neutralise(struct strbuf *b, const char *s, size_t len,
    uint32_t *count);

/*
 * Appends a target in its canonical form, still to be neutralised; its path
 * beyond max bytes is cut. 0 when out of memory.
 */
int link_target_emit(struct strbuf *b, const char *s, size_t len, size_t max);

/* Kinds of things the scanner finds. */
enum link_found { LINK_NONE, LINK_URL, LINK_HOST };

/*
 * The next URL (with a scheme, or UNC) or bare host that
 * needs more than link_neutralise, at or after from; extent in *start, *end.
 */
enum link_found link_find(const char *s, size_t len, size_t from,
    size_t *start, size_t *end);

/* The length of a scheme with its colon at s, 0 when there is none. */
size_t link_scheme_len(const char *s, size_t len);
/* Whether a scheme (without colon) works without "//", like mailto. */
int link_scheme_is_known(const char *s, size_t len);

/* The length of a run of labels and dots at s; whether it names a host. */
size_t link_host_len(const char *s, size_t len);
int link_host_is_named(const char *s, size_t len);

#endif
