/*
 * Mail addresses of SMTP's MAIL and RCPT commands: paths of RFC 5321 section
 * 4.1.2, with UTF-8 as RFC 6531 allows.
 */
#ifndef LIMPID_ADDRESS_H
#define LIMPID_ADDRESS_H

#include <stddef.h>

#define ADDRESS_LOCAL_MAX	200	/* RFC says 64; bounces go beyond */
#define ADDRESS_DOMAIN_MAX	255
#define ADDRESS_MAX \
	(ADDRESS_LOCAL_MAX * 2 + 2 + 1 + ADDRESS_DOMAIN_MAX)

/*
 * Reads "<...>" at the start of s. A source route is dropped, a quoted local
 * part that needs no quotes loses them, "<>" gives "". *used is the bytes read,
 * including the brackets. ERR_FORMAT when it is no path, ERR_LIMIT when a
 * part is too long, ERR_DENIED when it has UTF-8 and `utf8` is 0.
 */
int address_read_path(const char *s, size_t len, int utf8,
    char out[ADDRESS_MAX + 1], size_t *used);

/* The domain of an address from address_read_path, borrowed; NULL when it has
 * none ("postmaster", ""). */
const char *address_domain(const char *address);

/* Equal but for the case of ASCII letters. */
int address_equal(const char *a, const char *b);

#endif
