/*
 * unpack_open: one archive, opened with the one format that identify found.
 * Runs in: worker-archive; the samples of unpack_warm in its warm parent.
 * Hostile input: the archive.
 * Must never: let the library choose among all formats, or start a program to
 * decompress.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "unpack_private.h"

#define BLOCK	65536		/* bytes the library gets at once */

typedef int support_fn(struct archive *);

/* A format, or a compression around one file or around a TAR. */
static const struct {
	const char	*format;
	support_fn	*filter, *reader[3];
} formats[] = {
	{ "ZIP", NULL, { archive_read_support_format_zip } },
	{ "7z", NULL, { archive_read_support_format_7zip } },
	{ "RAR", NULL, { archive_read_support_format_rar,
	    archive_read_support_format_rar5 } },
	{ "LHA", NULL, { archive_read_support_format_lha } },
	{ "CAB", NULL, { archive_read_support_format_cab } },
	{ "TAR", NULL, { archive_read_support_format_tar } },
	{ "cpio", NULL, { archive_read_support_format_cpio } },
	{ "ar", NULL, { archive_read_support_format_ar } },
	{ "ISO", NULL, { archive_read_support_format_iso9660 } },
	{ "gzip", archive_read_support_filter_gzip, { NULL } },
	{ "bzip2", archive_read_support_filter_bzip2, { NULL } },
	{ "xz", archive_read_support_filter_xz, { NULL } },
	{ "zstd", archive_read_support_filter_zstd, { NULL } },
	{ "lz4", archive_read_support_filter_lz4, { NULL } },
	{ "lzip", archive_read_support_filter_lzip, { NULL } },
	{ "LZMA", archive_read_support_filter_lzma, { NULL } },
	{ "compress", archive_read_support_filter_compress, { NULL } },
};
#define FORMATS	(sizeof(formats) / sizeof(formats[0]))

int64_t
unpack_now_ms(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static size_t
format_find(const char *format)
{
	size_t	 i;

	for (i = 0; i < FORMATS && strcmp(formats[i].format, format) != 0; i++)
		;
	return i;
}

int
unpack_is_compression(const char *format)
{
	size_t	 i = format_find(format);

	return i < FORMATS && formats[i].filter != NULL;
}

/* The clock is looked at here, because skipping a member reads it as well. */
static la_ssize_t
source_read(struct archive *a, void *arg, const void **buffer)
{
	struct unpack_source	*s = arg;
	size_t			 n = s->len - s->at;

	if (unpack_now_ms() > s->deadline_ms) {
		s->late = 1;
		archive_set_error(a, ETIMEDOUT, "no time is left");
		return -1;
	}
	if (n > BLOCK)
		n = BLOCK;
	*buffer = s->data + s->at;
	s->at += n;
	return (la_ssize_t)n;
}

static la_int64_t
source_skip(struct archive *a, void *arg, la_int64_t want)
{
	struct unpack_source	*s = arg;
	size_t			 left = s->len - s->at;

	(void)a;
	if (want < 0)
		return 0;
	if ((uint64_t)want < left)
		left = (size_t)want;
	s->at += left;
	return (la_int64_t)left;
}

static la_int64_t
source_seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct unpack_source	*s = arg;
	la_int64_t		 base = whence == SEEK_SET ? 0 :
				    whence == SEEK_CUR ? (la_int64_t)s->at :
				    (la_int64_t)s->len;

	(void)a;
	if (offset < -base || offset > (la_int64_t)s->len - base)
		return ARCHIVE_FATAL;
	s->at = (size_t)(base + offset);
	return (la_int64_t)s->at;
}

/* Only what is built in: ARCHIVE_WARN would mean a program to be started. */
static int
add(struct archive *a, support_fn *support)
{
	return support == NULL || support(a) == ARCHIVE_OK;
}

static int
configure(struct archive *a, size_t i, int alone)
{
	if (formats[i].filter != NULL && alone)
		return add(a, formats[i].filter) &&
		    add(a, archive_read_support_format_raw);
	if (formats[i].filter != NULL)
		return add(a, formats[i].filter) &&
		    add(a, archive_read_support_format_tar) &&
		    add(a, archive_read_support_format_cpio) &&
		    add(a, archive_read_support_format_empty) &&
		    add(a, archive_read_support_format_raw);
	return add(a, formats[i].reader[0]) && add(a, formats[i].reader[1]) &&
	    add(a, formats[i].reader[2]);
}

struct archive *
unpack_open(struct unpack_source *s, const char *format, enum reason *why)
{
	size_t		 i = format_find(format);
	struct archive	*a;

	*why = REASON_UNSUPPORTED;
	if (i == FORMATS)
		return NULL;
	*why = REASON_MEMORY;
	if ((a = archive_read_new()) == NULL)
		return NULL;
	*why = REASON_UNSUPPORTED;
	s->at = 0;
	if (!configure(a, i, s->alone))
		goto fail;
	if (s->charset != NULL)
		archive_read_set_format_option(a, NULL, "hdrcharset",
		    s->charset);
	if (s->password != NULL &&
	    archive_read_add_passphrase(a, s->password) != ARCHIVE_OK)
		goto fail;
	archive_read_set_read_callback(a, source_read);
	archive_read_set_skip_callback(a, source_skip);
	archive_read_set_seek_callback(a, source_seek);
	archive_read_set_callback_data(a, s);
	if (archive_read_open1(a) == ARCHIVE_OK)
		return a;
	*why = s->late ? REASON_TIMEOUT : REASON_FORMAT;
	if (archive_errno(a) == ENOMEM)
		*why = REASON_MEMORY;
	if (archive_error_string(a) != NULL)
		snprintf(s->words, sizeof(s->words), "%s",
		    archive_error_string(a));
	if (strstr(s->words, "too many filters") != NULL)
		*why = REASON_LIMIT_DEPTH;
 fail:
	archive_read_free(a);
	return NULL;
}
