/*
 * What outlook_msg.c, outlook_tnef.c and outlook_mail.c share.
 */
#ifndef LIMPID_OUTLOOK_PRIVATE_H
#define LIMPID_OUTLOOK_PRIVATE_H

#include "outlook.h"

/* A value of a property. */
struct outlook_value {
	uint8_t	*s;		/* owned, terminated by a NUL beyond len */
	size_t	 len;
};

struct outlook_mail {
	const struct outlook_limits	*limits;
	const struct outlook_sink	*sink;
	const char			*format;	/* "MSG", "TNEF" */
	enum reason			 reason;
	unsigned			 children;
	int				 full;
	int				 damaged;	/* it ends too early */
	/* all in UTF-8, NULL where there is none */
	char				*subject, *from, *from_name;
	char				*message_id, *in_reply_to, *class;
	int64_t				 filetime;	/* of its date, 0 none */
	char				*text;		/* plain body */
	struct outlook_value		 html;		/* in html_charset */
	char				 html_charset[24];
	struct outlook_value		 rtf;		/* compressed */
};

/* A label for a code page of Windows ("cp932", "utf-8"); "" for 0. */
void outlook_charset(uint32_t page, char *out, size_t size);
/* Bytes in a code page as UTF-8, a new string; NULL: no memory. */
char *outlook_from_page(const uint8_t *s, size_t len, uint32_t page);
/* UTF-16 the same. */
char *outlook_from_wide(const uint8_t *s, size_t len);

/* Says the facts, then the bodies as children. */
void outlook_tell(struct outlook_mail *m);
/* Begins a child with the next path; 0 when full. */
int outlook_child(struct outlook_mail *m, enum worker_role role, enum kind hint,
    const char *name, const char *declared, const char *charset,
    const char *content_id, const void *s, size_t len);
/* Whether the page shows what has this Content-ID. */
int outlook_is_shown(const struct outlook_mail *m, const char *content_id);
void outlook_mail_free(struct outlook_mail *m);

#endif
