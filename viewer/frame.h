/*
 * Frame: what stands round every page: top bar, folders, foot.
 */
#ifndef LIMPID_FRAME_H
#define LIMPID_FRAME_H

struct html;
struct request;

/*
 * Head, top bar and folders, up to and with <main>. box: the folder that is
 * open, NULL for none; lists: 1 on pages with a search box on narrow screens;
 * query: what stands in the search box. Returns the store's error.
 */
int frame_begin(struct html *h, struct request *rq, const char *title,
    const char *box, int lists, const char *query);
/* Ends main and the page; ref: of the mail shown, NULL for none. */
void frame_end(struct html *h, struct request *rq, const char *ref);

/* A hidden field with the session's token, for every form that changes. */
void frame_token(struct html *h, const struct request *rq);

/* The first letter of a name for its round badge. */
void frame_initial(const char *name, char out[8]);

#endif
