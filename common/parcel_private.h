/* Between parcel.c and manifest.c, and for their tests. */
#ifndef LIMPID_PARCEL_PRIVATE_H
#define LIMPID_PARCEL_PRIVATE_H

#include "parcel.h"

/* The lines as one new buffer of *lenp bytes; the caller frees. */
int manifest_encode(const struct manifest *m, uint8_t **out, size_t *lenp);
/* Reads lines; ERR_FORMAT or ERR_LIMIT when they do not follow the grammar. */
int manifest_decode(const uint8_t *data, size_t len, struct manifest **mp);

#endif
