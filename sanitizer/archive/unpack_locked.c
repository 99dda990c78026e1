/*
 * unpack_locked: which of the candidate words opens a locked ZIP file.
 * Runs in: worker-archive, in the jail.
 * Hostile input: the archive, and the words.
 * Must never: believe a word that only passed the first check, or try on after the
 * time is over.
 */
#include <stdio.h>
#include <string.h>

#include <archive_entry.h>

#include "unpack_private.h"
#include "words.h"

#define BLOCK		65536
#define TRY_MS		2	/* words may take half of the time */

struct unlocking {
	struct unpack_source	 source;
	char			*password;
	size_t			 size;
};

/* The first member that is locked and has something in it. */
static struct archive_entry *
locked_find(struct archive *a)
{
	struct archive_entry	*e;
	int			 r;

	while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK ||
	    r == ARCHIVE_WARN)
		if (archive_entry_is_data_encrypted(e) > 0 &&
		    (!archive_entry_size_is_set(e) || archive_entry_size(e) > 0))
			return e;
	return NULL;
}

/* It is read to its end and its checksum compared: of wrong passwords, one in 256
 * passes the first check of the old encryption. */
static int
is_readable(struct archive *a)
{
	uint8_t		 block[BLOCK];
	la_ssize_t	 n;

	while ((n = archive_read_data(a, block, sizeof(block))) > 0)
		;
	return n == 0;
}

static int
attempt(void *arg, const char *password, unsigned line)
{
	struct unlocking	*u = arg;
	struct unpack_source	 source = u->source;
	struct archive		*a;
	enum reason		 why;
	int			 opens;

	(void)line;
	if (unpack_now_ms() > source.deadline_ms || *password == '\0' ||
	    strlen(password) >= u->size)
		return 0;
	source.password = password;
	if ((a = unpack_open(&source, "ZIP", &why)) == NULL)
		return 0;
	opens = locked_find(a) != NULL && is_readable(a);
	archive_read_free(a);
	if (opens)
		snprintf(u->password, u->size, "%s", password);
	return opens;
}

static int
is_locked(const struct unpack_source *s)
{
	struct unpack_source	 source = *s;
	struct archive		*a;
	enum reason		 why;
	int			 locked;

	if ((a = unpack_open(&source, "ZIP", &why)) == NULL)
		return 0;
	locked = locked_find(a) != NULL;
	archive_read_free(a);
	return locked;
}

int
unpack_unlock(const struct unpack_source *source,
    const struct unpack_limits *limits, char *password, size_t size)
{
	struct unlocking	 u = { *source, password, size };

	u.source.deadline_ms = unpack_now_ms() + limits->max_ms / TRY_MS;
	if (*limits->words == '\0' || !is_locked(&u.source))
		return -1;
	return words_try(limits->words, limits->max_attempts, 1, attempt, &u);
}
