/*
 * Which mailbox a recipient's mail goes to: a file of lines "ADDRESS BOX" and
 * "@DOMAIN BOX" (everybody else there); # begins a comment. A box is a folder name:
 * letters, digits and . _ - + @, at most 64.
 */
#ifndef LIMPID_RECIPIENTS_H
#define LIMPID_RECIPIENTS_H

struct recipients;

/*
 * Reads the file. unclaimed is the box for everybody else ("" means "unclaimed").
 * ERR_CONFIG, ERR_NOTFOUND with one sentence in *why (caller frees).
 */
int recipients_load(const char *path, const char *unclaimed,
    struct recipients **rp, char **why);
void recipients_free(struct recipients *r);
/* Whether the file has changed since it was loaded. */
int recipients_changed(const struct recipients *r);

/* The box of an address; never NULL; borrowed. "user+tag@domain" is user's. */
const char *recipients_box(const struct recipients *r, const char *address);

/* Whether a name may be a mailbox. */
int box_name_ok(const char *name);

#endif
