/*
 * Mail: the pieces of the mail page that have files of their own.
 */
#ifndef LIMPID_MAIL_H
#define LIMPID_MAIL_H

#include <stddef.h>
#include <stdint.h>

struct html;
struct mail;
struct marks;
struct request;

/* What a mail page shows beside its frame. */
struct mail_view {
	struct html		*h;
	struct request		*rq;
	const struct mail	*m;
	size_t			 attachments;
	size_t			 changes;
	int64_t			 open;	/* part that is open, -1 none */
	int64_t			 from;	/* its first page shown, from 0 */
	const char		*view;	/* "" "pictures" "text" */
};

/* Counts attachments and finds which one is open. */
int mail_survey(struct mail_view *v);

/* Sender panel (mail_sender.c). */
int mail_sender(struct mail_view *v);
/* Attachments with their pages (mail_pages.c). */
int mail_attachments(struct mail_view *v);
/* At most this much text of one part or page stands on one page. */
#define MAIL_BODY_MAX	((size_t)40 * 1024)
#define MAIL_LAYER_MAX	((size_t)8 * 1024)
/* The longest piece of s of at most max bytes that ends at a character. */
size_t mail_cut(const char *s, size_t max);

#endif
