/*
 * Sender: what the reader must know about who wrote a mail: the registered
 * domain, what our own mail server found out, and contradictions.
 */
#ifndef LIMPID_SENDER_H
#define LIMPID_SENDER_H

#include <stddef.h>

enum sender_auth {
	SENDER_UNKNOWN = 0,	/* nothing proves the domain */
	SENDER_FAILED,		/* a check failed */
	SENDER_VERIFIED		/* the domain in From is proven */
};

struct sender {
	const char	*local;		/* "m.sato@", points into the address */
	size_t		 local_len;
	const char	*domain;	/* whole domain, into the address, or "" */
	const char	*registered;	/* its registered part, into the address */
	enum sender_auth auth;
	char		 spf[16], dkim[16], dmarc[16];	/* "" when not said */
	int		 name_lies;	/* the shown name holds another address */
	int		 reply_elsewhere; /* replies go to another domain */
	int		 reply_set;	/* there is a Reply-To */
};

/* Fills s from the columns of a mail; points into the strings given. */
void sender_read(const char *from_addr, const char *from_name,
    const char *reply_to, const char *auth, struct sender *s);

/*
 * Where the registered domain begins: the last two labels, three under known
 * second levels (gov.tw, co.jp ...). dot is what stands between labels: "."
 * or "[.]". Points into domain, whose length is len.
 */
const char *sender_registered(const char *domain, size_t len, const char *dot);

/*
 * The result of a method (spf, dkim, dmarc) in an Authentication-Results text of
 * our own server; "" when it is not there. out holds size bytes.
 */
void sender_auth_result(const char *auth, const char *method, char *out,
    size_t size);

#endif
