/*
 * Domains and recipients that we take mail for, from two files: `domains`, one
 * domain a line; `recipients`, "user@domain" or "@domain" (everybody there) a
 * line, further words on the line are for other programs. "#" starts a comment.
 */
#ifndef LIMPID_SERVED_H
#define LIMPID_SERVED_H

struct served;

/* Reads both files. On failure *why (caller frees) is "file:line: what, what to
 * do" and the old tables, if any, are better kept. */
int served_load(const char *domains, const char *recipients,
    struct served **sp, char **why);
void served_free(struct served *s);

/* ERR_OK, ERR_DENIED when the domain is not ours, ERR_NOTFOUND when the user is
 * not. postmaster is always there (RFC 5321 section 4.5.1). */
int served_check(const struct served *s, const char *address);

/* The address that a bare "postmaster" means, borrowed. */
const char *served_postmaster(const struct served *s);

#endif
