/*
 * What unpack.c, unpack_open.c, unpack_names.c, unpack_arj.c
 * and unpack_zip.c share.
 */
#ifndef LIMPID_UNPACK_PRIVATE_H
#define LIMPID_UNPACK_PRIVATE_H

#include <archive.h>

#include "unpack.h"

/* The archive as the library reads it. */
struct unpack_source {
	const uint8_t	*data;
	size_t		 len, at;
	const char	*charset;	/* of names, where it must be said before */
	int		 alone;		/* one compressed file, not a TAR of many */
	const char	*password;	/* NULL none */
	int64_t		 deadline_ms;
	int		 late;		/* the deadline ended the reading */
	char		 words[120];	/* of the library, when it cannot open */
};

int64_t unpack_now_ms(void);

/* Whether the format is a compression around something. */
int unpack_is_compression(const char *format);

/* Opens with the format and nothing else. NULL and *why. */
struct archive *unpack_open(struct unpack_source *s, const char *format,
    enum reason *why);

/* Raw names until their charset is known. */
#define UNPACK_SAMPLE	8192
struct unpack_names {
	int		 dos;		/* the format of DOS and Windows */
	uint8_t		 sample[UNPACK_SAMPLE];
	size_t		 len;
	const char	*charset;	/* NULL: not yet settled */
};

/* Whether the name says by itself what it is: strictly UTF-8. */
int unpack_name_is_plain(const char *raw);
/* Adds a name to the sample; 0 when there is enough. */
int unpack_names_learn(struct unpack_names *n, const char *raw);
/* Decides the charset of all names that are not plain. */
void unpack_names_settle(struct unpack_names *n);
/*
 * The name as it is shown, "folder > sub > file.txt" with the sign for "inside"; a
 * new string, NULL: no memory. *slip: the path led out of the archive.
 */
char *unpack_name_show(const struct unpack_names *n, const char *raw,
    int *slip);

/* Learns and settles the names of an LHA archive. */
void unpack_lha_names(const uint8_t *data, size_t len, struct unpack_names *n);

/*
 * An ARJ archive as one of LHA with the same packed bytes (caller frees *out). Members
 * carry no checksum. *locked: some need a password. ERR_FORMAT: it is no ARJ.
 */
int unpack_arj_convert(const uint8_t *data, size_t len, uint8_t **out,
    size_t *out_len, int *locked);

/*
 * Tries the words of the limits on a ZIP file's first locked member. The line that
 * opened it, or -1; the password stays in `password` until the next call.
 */
int unpack_unlock(const struct unpack_source *source,
    const struct unpack_limits *limits, char *password, size_t size);

/* Whether members of a ZIP file share bytes, as only bombs do. */
int unpack_zip_overlaps(const uint8_t *data, size_t len);

#endif
