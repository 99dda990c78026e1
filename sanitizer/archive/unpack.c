/*
 * unpack: walks an archive and hands out its members.
 * Runs in: worker-archive, in the jail.
 * Hostile input: the whole archive: names, sizes, links, compressed data.
 * Must never: follow a link, believe a size, or leave a member out without a word.
 */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <archive_entry.h>

#include "charset.h"
#include "err.h"
#include "unpack_private.h"
#include "words.h"

#define BLOCK		65536
#define RETRIES_MAX	100	/* headers in a row that the library gave up on */
#define NAMES_MS	4	/* names may take a quarter of the time */
#define PASSWORD_MAX	1024	/* bytes of a word in any form */

struct unpack {
	const char			*format;
	const struct unpack_limits	*limits;
	const struct unpack_sink	*sink;
	struct unpack_end		*end;
	struct unpack_source		 source;
	struct archive			*archive;
	struct unpack_names		 names;
	int64_t				 started_ms;
	uint32_t			 members;	/* begun */
	uint32_t			 locked, side_files;
	char				 password[PASSWORD_MAX];
	int				 over;		/* end is set */
};

static void
say(struct unpack *u, enum fact f, const char *value)
{
	u->sink->fact(u->sink->arg, f, value);
}

static void
stop(struct unpack *u, enum reason reason, const char *note)
{
	if (u->over)
		return;
	u->over = 1;
	u->end->reason = reason;
	snprintf(u->end->note, sizeof(u->end->note), "%s", note);
}

/* What the library's words mean to the reader. */
static enum reason
reason_of(const struct unpack *u)
{
	const char	*s = archive_error_string(u->archive);

	if (u->source.late)
		return REASON_TIMEOUT;
	if (s == NULL)
		return REASON_FORMAT;
	if (archive_errno(u->archive) == ENOMEM)
		return REASON_MEMORY;
	if (strcasestr(s, "encrypt") != NULL ||
	    strcasestr(s, "passphrase") != NULL)
		return REASON_ENCRYPTED;
	if (strcasestr(s, "unsupported") != NULL ||
	    strcasestr(s, "not supported") != NULL ||
	    strcasestr(s, "multi-volume") != NULL)
		return REASON_UNSUPPORTED;
	return REASON_FORMAT;
}

static const char *
words_of(const struct unpack *u)
{
	const char	*s = archive_error_string(u->archive);

	return s != NULL ? s : "";
}

/* The name bytes as they stand in the archive; "" none. */
static const char *
raw_name(struct archive_entry *e)
{
	const char	*s = archive_entry_pathname(e);

	if (s == NULL)
		s = archive_entry_pathname_utf8(e);
	return s != NULL ? s : "";
}

/* Reads all names first, once one is met that is not UTF-8: alone it would be too
 * short to tell its charset. */
static void
names_scan(struct unpack *u)
{
	struct unpack_source	 source = u->source;
	struct archive		*a;
	struct archive_entry	*e;
	enum reason		 why;
	int			 r;

	source.deadline_ms = unpack_now_ms() + u->limits->max_ms / NAMES_MS;
	if ((a = unpack_open(&source, u->format, &why)) != NULL) {
		while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK ||
		    r == ARCHIVE_WARN)
			if (!unpack_names_learn(&u->names, raw_name(e)))
				break;
		archive_read_free(a);
	}
	unpack_names_settle(&u->names);
}

static char *
member_name(struct unpack *u, struct archive_entry *e)
{
	const char	*raw = raw_name(e);
	char		*name, words[96];
	int		 slip = 0;

	/* what is compressed alone has no name in most formats */
	if (archive_format(u->archive) == ARCHIVE_FORMAT_RAW &&
	    strcmp(raw, "data") == 0)
		return strdup("");
	if (u->names.charset == NULL && !unpack_name_is_plain(raw))
		names_scan(u);
	name = unpack_name_show(&u->names, raw, &slip);
	if (name != NULL && *name == '\0') {
		free(name);
		name = strdup("unnamed");
	}
	if (slip && name != NULL) {
		snprintf(words, sizeof(words), "the path of member %" PRIu32
		    " led out of the archive; only its end is kept",
		    u->members + 1);
		say(u, FACT_MALFORMED, words);
	}
	return name;
}

/* What is no file: the reason why it is not followed. NULL: it is one. */
static const char *
not_a_file(struct archive_entry *e)
{
	if (archive_entry_hardlink(e) != NULL)
		return "a hard link to another file";
	switch (archive_entry_filetype(e)) {
	case AE_IFLNK:
		return "a symbolic link to another file";
	case AE_IFCHR:
	case AE_IFBLK:
		return "a device";
	case AE_IFIFO:
		return "a named pipe";
	case AE_IFSOCK:
		return "a socket";
	default:
		return NULL;
	}
}

/* Resource forks and folder views of a Mac: nothing to read in them. */
static int
is_side_file(const char *raw)
{
	return strncmp(raw, "__MACOSX/", 9) == 0 ||
	    strstr(raw, "/__MACOSX/") != NULL;
}

/* Locked members of a ZIP file are opened once their password is known. */
static const char *
note_of_lock(const struct unpack *u)
{
	if (u->source.password != NULL)
		return "locked with another password";
	return strcmp(u->format, "ZIP") == 0 ? "" :
	    "Limpid cannot open locked archives of this format, not even with "
	    "their password; ask for a locked ZIP or for the file itself";
}

static void
stub(struct unpack *u, enum reason reason, const char *note)
{
	if (reason == REASON_ENCRYPTED && u->locked++ == 0)
		say(u, FACT_ENCRYPTED, "yes");
	u->sink->stub(u->sink->arg, reason, note);
}

/* The member's bytes, as far as the limits go. */
static void
member_data(struct unpack *u, int locked)
{
	uint8_t		 block[BLOCK];
	uint64_t	 sum = 0;
	la_ssize_t	 n;
	char		 words[64];

	while ((n = archive_read_data(u->archive, block, sizeof(block))) > 0) {
		sum += (uint64_t)n;
		if (sum > u->limits->max_member) {
			snprintf(words, sizeof(words), "bytes %" PRIu64,
			    u->limits->max_member);
			stub(u, REASON_LIMIT_BYTES, words);
			return;
		}
		if (!u->sink->data(u->sink->arg, block, (size_t)n)) {
			stub(u, REASON_LIMIT_BYTES, "expand");
			stop(u, REASON_LIMIT_BYTES, "expand");
			return;
		}
		if (unpack_now_ms() > u->source.deadline_ms) {
			u->source.late = 1;
			n = -1;
			break;
		}
	}
	if (n == 0)
		return;
	if (n == ARCHIVE_WARN && sum > 0) {
		snprintf(words, sizeof(words), "member %" PRIu32 ": a wrong "
		    "checksum", u->members);
		say(u, FACT_MALFORMED, words);
		return;
	}
	if (locked && !u->source.late)
		stub(u, REASON_ENCRYPTED, note_of_lock(u));
	else
		stub(u, reason_of(u), words_of(u));
	if (n == ARCHIVE_FATAL || u->source.late)
		stop(u, reason_of(u), words_of(u));
}

static void
member_read(struct unpack *u, struct archive_entry *e)
{
	const char	*what = not_a_file(e);
	int		 locked = archive_entry_is_data_encrypted(e) > 0;
	char		*name, path[16], words[64];

	if (archive_entry_filetype(e) == AE_IFDIR && what == NULL)
		return;
	if (is_side_file(raw_name(e))) {
		u->side_files++;
		return;
	}
	if ((name = member_name(u, e)) == NULL) {
		stop(u, REASON_MEMORY, "");
		return;
	}
	snprintf(path, sizeof(path), "%" PRIu32, u->members + 1);
	if (!u->sink->child(u->sink->arg, locked &&
	    u->source.password == NULL ? KIND_ENCRYPTED : KIND_UNKNOWN, path,
	    name)) {
		snprintf(words, sizeof(words), "parts %" PRIu32, u->members);
		stop(u, REASON_LIMIT_PARTS, words);
	} else {
		u->members++;
		snprintf(words, sizeof(words), "bytes %" PRIu64,
		    u->limits->max_member);
		if (what != NULL)
			stub(u, REASON_NEVER, what);
		else if (locked && u->source.password == NULL)
			stub(u, REASON_ENCRYPTED, note_of_lock(u));
		else if (archive_entry_size_is_set(e) &&
		    archive_entry_size(e) > 0 &&
		    (uint64_t)archive_entry_size(e) > u->limits->max_member)
			stub(u, REASON_LIMIT_BYTES, words);
		else
			member_data(u, locked);
	}
	free(name);
}

static void
walk(struct unpack *u)
{
	struct archive_entry	*e;
	unsigned		 retries = 0;
	int			 r;

	while (!u->over) {
		r = archive_read_next_header(u->archive, &e);
		if (r == ARCHIVE_EOF)
			return;
		if (r == ARCHIVE_RETRY && retries++ < RETRIES_MAX)
			continue;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
			if (archive_read_has_encrypted_entries(u->archive) > 0 ||
			    reason_of(u) == REASON_ENCRYPTED) {
				if (u->locked++ == 0)
					say(u, FACT_ENCRYPTED, "yes");
				stop(u, REASON_ENCRYPTED, note_of_lock(u));
			} else
				stop(u, reason_of(u), words_of(u));
			return;
		}
		retries = 0;
		member_read(u, e);
	}
}

/* There may be nothing to show: then the archive itself is a stub. */
static void
finish(struct unpack *u)
{
	char	 words[96];

	if (u->side_files > 0) {
		snprintf(words, sizeof(words), "%" PRIu32 " side files of a "
		    "Mac, left out", u->side_files);
		say(u, FACT_METADATA, words);
	}
	if (u->members > 0) {
		u->end->outcome = OUTCOME_CONTAINER;
		return;
	}
	u->end->outcome = OUTCOME_STUB;
	if (u->end->reason == REASON_COMPLETE)
		u->end->reason = REASON_EMPTY;
}

static int
is_dos(const char *format)
{
	return strcmp(format, "ZIP") == 0 || strcmp(format, "LHA") == 0 ||
	    strcmp(format, "ARJ") == 0 || strcmp(format, "RAR") == 0 ||
	    strcmp(format, "CAB") == 0;
}

static void
unlock(struct unpack *u)
{
	u->end->word = unpack_unlock(&u->source, u->limits, u->password,
	    sizeof(u->password));
	if (u->end->word >= 0)
		u->source.password = u->password;
}

/* From here on it is LHA; what it is called stays. */
static uint8_t *
convert_arj(struct unpack *u)
{
	uint8_t	*data = NULL;
	size_t	 len;
	int	 locked, r;

	r = unpack_arj_convert(u->source.data, u->source.len, &data, &len,
	    &locked);
	if (r != ERR_OK) {
		stop(u, r == ERR_MEMORY ? REASON_MEMORY : REASON_FORMAT, "");
	} else if (locked) {
		say(u, FACT_ENCRYPTED, "yes");
		stop(u, REASON_ENCRYPTED, note_of_lock(u));
	} else {
		u->source.data = data;
		u->source.len = len;
		u->format = "LHA";
	}
	return data;
}

void
unpack_read(const uint8_t *data, size_t len, const char *format,
    const struct unpack_limits *limits, const struct unpack_sink *sink,
    struct unpack_end *end)
{
	uint8_t		*converted = NULL;
	struct unpack	 u = { .format = format, .limits = limits,
			    .sink = sink, .end = end,
			    .source = { .data = data, .len = len },
			    .names = { .dos = is_dos(format) } };
	enum reason	 why = REASON_COMPLETE;

	memset(end, 0, sizeof(*end));
	end->word = -1;
	if (strcmp(format, "ARJ") == 0)
		converted = convert_arj(&u);
	if (strcmp(u.format, "LHA") == 0)
		unpack_lha_names(u.source.data, u.source.len, &u.names);
	u.source.charset = u.names.charset;
	u.source.deadline_ms = unpack_now_ms() + limits->max_ms;
	if (strcmp(format, "ZIP") == 0 && limits->words != NULL)
		unlock(&u);
	if (strcmp(format, "ZIP") == 0 && unpack_zip_overlaps(data, len))
		stop(&u, REASON_FORMAT, "members share the same bytes, as in "
		    "an archive bomb");
	else if (!u.over &&
	    (u.archive = unpack_open(&u.source, u.format, &why)) == NULL)
		stop(&u, why, u.source.words);
	else if (!u.over)
		walk(&u);
	/* A file that begins with zeros looks like a TAR without members. */
	if (u.archive != NULL && u.members == 0 && !u.over &&
	    unpack_is_compression(format)) {
		archive_read_free(u.archive);
		u.source.alone = 1;
		if ((u.archive = unpack_open(&u.source, format, &why)) != NULL)
			walk(&u);
	}
	finish(&u);
	if (u.archive != NULL)
		archive_read_free(u.archive);
	free(converted);
}

/* Two members, one stored and one with a raw name, of a ZIP file. */
static const uint8_t sample_zip[] =
    "PK\3\4\12\0\0\0\0\0\0\0!\\\x07\xa1\xea\xdd\1\0\0\0\1\0\0\0\3\0\0\0\x93\xfa\x61"
    "aPK\1\2\24\0\12\0\0\0\0\0\0\0!\\\x07\xa1\xea\xdd\1\0\0\0\1\0\0\0\3\0\0\0\0"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\x93\xfa\x61PK\5\6\0\0\0\0\1\0\1\0\x31\0\0\0\x22\0"
    "\0\0\0";

static void
sample_fact(void *arg, enum fact f, const char *value)
{
	(void)arg;
	(void)f;
	(void)value;
}

static int
sample_child(void *arg, enum kind hint, const char *path, const char *name)
{
	(void)arg;
	(void)hint;
	(void)path;
	(void)name;
	return 1;
}

static int
sample_data(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 1;
}

static void
sample_stub(void *arg, enum reason reason, const char *note)
{
	(void)arg;
	(void)reason;
	(void)note;
}

int
unpack_warm(void)
{
	static const struct unpack_limits	 limits = { 1 << 20, 10000, NULL,
						    0 };
	static const struct unpack_sink		 sink = { NULL, sample_fact,
						    sample_child, sample_data,
						    sample_stub };
	struct unpack_end			 end;
	int					 r;

	/* the library turns names into the charset of the locale */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return ERR_NOTFOUND;
	tzset();
	if ((r = charset_warm()) != ERR_OK || (r = words_warm()) != ERR_OK)
		return r;
	unpack_read(sample_zip, sizeof(sample_zip) - 1, "ZIP", &limits, &sink,
	    &end);
	return end.outcome == OUTCOME_CONTAINER &&
	    end.reason == REASON_COMPLETE ? ERR_OK : ERR_FORMAT;
}
