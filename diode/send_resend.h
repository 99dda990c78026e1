/*
 * Wishes of operators (`limpid resend SLIP`): empty files in state/link/N-send, whose
 * names say all: resend-FIRST-LAST, 16 hex digits each. A wish lies there until all
 * of it was sent, so it survives a restart.
 */
#ifndef LIMPID_SEND_RESEND_H
#define LIMPID_SEND_RESEND_H

#include <stdint.h>

#define RESEND_NAME	"resend-%016llx-%016llx"

struct send_queue;
struct send_resend;

/* path: the folder N-send. NULL: no memory, or it cannot be opened. */
struct send_resend *send_resend_new(const char *path,
    struct send_queue *queue);
void send_resend_free(struct send_resend *s);
/* Looks for new wishes and removes those that are done; at most once a second. */
void send_resend_tick(struct send_resend *s);
/* Reads a wish's name; 0 when it is none. */
int send_resend_name(const char *name, uint64_t *first, uint64_t *last);

#endif
