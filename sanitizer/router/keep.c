/*
 * keep: the folder and what is known of it: which notes, of which pairs, how old.
 * Runs in limpid-sanitizerd.
 * Hostile input: none; the files are our own, and one that does not open is removed.
 * Must never: keep a note beyond its window, or more than its limits.
 */
#include "keep_private.h"

#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "wire.h"

#define PARCEL		".parcel"
#define NEW		".new"
#define BLOCK		65536

int
keep_pair(const char *sender, const char *rcpt, struct keep_pair *out)
{
	char	*both = NULL;
	uint8_t	 hash[SHA256_BYTES];
	int	 r;

	if (sender[0] == '\0' || rcpt[0] == '\0' ||
	    asprintf(&both, "limpid-pair %s\n%s", sender, rcpt) == -1)
		return 0;
	for (char *s = both; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
	r = sha256(both, strlen(both), hash);
	free(both);
	memcpy(out->b, hash, sizeof(out->b));
	return r == ERR_OK;
}

void
keep_note_clear(struct keep_note *n)
{
	while (n->word_count > 0) {
		char *word = n->words[--n->word_count];

		explicit_bzero(word, strlen(word));
		free(word);
	}
	memset(n, 0, sizeof(*n));
}

static void
name_of(const struct ref *ref, const char *end, char out[KEEP_NAME_MAX])
{
	char	 text[REF_TEXT_LEN + 1];

	ref_format(ref, text);
	snprintf(out, KEEP_NAME_MAX, "%s%s", text, end);
}

static void
entry_free(struct entry *e)
{
	free(e->pairs);
	free(e);
}

static struct entry **
entry_find(struct keep *k, const struct ref *ref)
{
	struct entry	**at;

	for (at = &k->entries; *at != NULL; at = &(*at)->next)
		if (memcmp(&(*at)->ref, ref, sizeof(*ref)) == 0)
			break;
	return at;
}

static const struct entry *
entry_peek(const struct keep *k, const struct ref *ref)
{
	const struct entry	*e;

	for (e = k->entries; e != NULL; e = e->next)
		if (memcmp(&e->ref, ref, sizeof(*ref)) == 0)
			break;
	return e;
}

static void
entry_forget(struct keep *k, const struct ref *ref)
{
	struct entry	**at = entry_find(k, ref), *e = *at;

	if (e == NULL)
		return;
	*at = e->next;
	k->count--;
	k->bytes -= e->bytes;
	entry_free(e);
}

/* In the order of their age, the newest first. */
static int
entry_add(struct keep *k, const struct keep_note *n, uint64_t bytes)
{
	struct entry	**at = &k->entries, *e;

	if ((e = calloc(1, sizeof(*e))) == NULL ||
	    (e->pairs = calloc(n->pair_count + 1, sizeof(*e->pairs))) == NULL) {
		free(e);
		return ERR_MEMORY;
	}
	e->ref = n->ref;
	e->since_ms = n->since_ms;
	e->pair_count = n->pair_count;
	e->bytes = bytes;
	memcpy(e->pairs, n->pairs, n->pair_count * sizeof(*e->pairs));
	while (*at != NULL && (*at)->since_ms > e->since_ms)
		at = &(*at)->next;
	e->next = *at;
	*at = e;
	k->count++;
	k->bytes += bytes;
	return ERR_OK;
}

static int
has_pair(const struct entry *e, const struct keep_pair *pairs, size_t count)
{
	for (size_t i = 0; i < e->pair_count; i++)
		for (size_t j = 0; j < count; j++)
			if (memcmp(&e->pairs[i], &pairs[j],
			    sizeof(*pairs)) == 0)
				return 1;
	return 0;
}

static uint64_t
parcel_bytes(const struct keep *k, const struct ref *ref)
{
	char		 name[KEEP_NAME_MAX];
	struct stat	 st;

	name_of(ref, PARCEL, name);
	return fstatat(k->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static void
files_remove(struct keep *k, const struct ref *ref)
{
	static const char *const	ends[] = { "", NEW, PARCEL, PARCEL NEW };
	char				name[KEEP_NAME_MAX];

	/* the note first: a parcel without one is removed at the next start */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		name_of(ref, ends[i], name);
		unlinkat(k->dirfd, name, 0);
	}
}

void
keep_drop(struct keep *k, const struct ref *ref)
{
	files_remove(k, ref);
	entry_forget(k, ref);
}

static int
note_open(const struct keep *k, const char *name, struct keep_note *n)
{
	int	fd, r;

	if ((fd = openat(k->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) ==
	    -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	r = keep_unseal(fd, k->own, n);
	close(fd);
	return r;
}

/* One file of the folder at the start. */
static int
file_take(struct keep *k, const char *name)
{
	struct keep_note	 n = { .pair_count = 0 };
	char			 shown[REF_TEXT_LEN + 1], whole[KEEP_NAME_MAX];
	struct ref		 ref;
	int			 r;

	snprintf(shown, sizeof(shown), "%s", name);
	if (strlen(name) < REF_TEXT_LEN || ref_parse(shown, &ref) != ERR_OK) {
		unlinkat(k->dirfd, name, 0);
		return ERR_OK;
	}
	if (strcmp(name + REF_TEXT_LEN, PARCEL) == 0) {
		name_of(&ref, "", whole);
		if (faccessat(k->dirfd, whole, F_OK, 0) == -1)
			unlinkat(k->dirfd, name, 0);
		return ERR_OK;
	}
	if (name[REF_TEXT_LEN] != '\0') {
		unlinkat(k->dirfd, name, 0);	/* half written */
		return ERR_OK;
	}
	r = note_open(k, name, &n);
	if (r == ERR_OK && memcmp(&n.ref, &ref, sizeof(ref)) != 0)
		r = ERR_FORMAT;
	if (r == ERR_OK && (r = entry_add(k, &n, parcel_bytes(k, &ref))) ==
	    ERR_OK)
		keep_mark(k, &ref);
	else if (r != ERR_MEMORY && r != ERR_SYS) {
		files_remove(k, &ref);
		r = ERR_OK;
	}
	keep_note_clear(&n);
	return r;
}

static int
folder_read(struct keep *k)
{
	struct dirent	*e;
	DIR		*d;
	int		 fd, r = ERR_OK;

	if ((fd = openat(k->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) ==
	    -1 || (d = fdopendir(fd)) == NULL)
		return ERR_SYS;
	while (r == ERR_OK && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			r = file_take(k, e->d_name);
	closedir(d);
	return r;
}

int
keep_open(const char *path, const struct key *own,
    const struct keep_limits *limits, struct keep **kp)
{
	struct keep	*k;
	int		 r;

	if ((k = calloc(1, sizeof(*k))) == NULL)
		return ERR_MEMORY;
	k->own = own;
	k->limits = *limits;
	k->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->dirfd == -1) {
		free(k);
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	}
	if ((r = folder_read(k)) != ERR_OK) {
		keep_close(k);
		return r;
	}
	*kp = k;
	return ERR_OK;
}

void
keep_close(struct keep *k)
{
	struct entry	*e;

	if (k == NULL)
		return;
	while ((e = k->entries) != NULL) {
		k->entries = e->next;
		entry_free(e);
	}
	close(k->dirfd);
	free(k);
}

size_t
keep_count(const struct keep *k)
{
	return k->count;
}

int
keep_has_room(const struct keep *k, uint64_t bytes)
{
	return k->count < k->limits.notes &&
	    bytes <= k->limits.bytes - (k->bytes < k->limits.bytes ? k->bytes :
	    k->limits.bytes);
}

/* The oldest of a pair gives way. */
static void
make_room(struct keep *k, const struct keep_note *n)
{
	struct entry	*e, *last;
	size_t		 count;

	for (size_t i = 0; i < n->pair_count; i++) {
		count = 0;
		last = NULL;
		for (e = k->entries; e != NULL; e = e->next)
			if (has_pair(e, &n->pairs[i], 1)) {
				last = e;
				count++;
			}
		if (count >= k->limits.pair)
			keep_drop(k, &last->ref);
	}
}

static int
parcel_copy(struct keep *k, const struct ref *ref, int from, uint64_t *bytes)
{
	char	 name[KEEP_NAME_MAX], final[KEEP_NAME_MAX], *block;
	off_t	 at = 0;
	ssize_t	 n = 0;
	int	 fd, r = ERR_OK;

	name_of(ref, PARCEL NEW, name);
	name_of(ref, PARCEL, final);
	if ((block = malloc(BLOCK)) == NULL)
		return ERR_MEMORY;
	if ((fd = openat(k->dirfd, name, O_CREAT | O_TRUNC | O_WRONLY |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1) {
		free(block);
		return ERR_SYS;
	}
	while (r == ERR_OK && (n = pread(from, block, BLOCK, at)) > 0) {
		r = fd_write_all(fd, block, (size_t)n);
		at += n;
	}
	if (n == -1 || (r == ERR_OK && renameat(k->dirfd, name, k->dirfd,
	    final) == -1))
		r = ERR_SYS;
	if (r != ERR_OK)
		unlinkat(k->dirfd, name, 0);
	close(fd);
	free(block);
	*bytes = (uint64_t)at;
	return r;
}

static int
note_write(struct keep *k, const struct keep_note *n)
{
	char	 name[KEEP_NAME_MAX], final[KEEP_NAME_MAX];
	int	 fd, r;

	name_of(&n->ref, NEW, name);
	name_of(&n->ref, "", final);
	if ((fd = openat(k->dirfd, name, O_CREAT | O_TRUNC | O_WRONLY |
	    O_NOFOLLOW | O_CLOEXEC, 0600)) == -1)
		return ERR_SYS;
	r = keep_seal(fd, k->own, n);
	close(fd);
	if (r == ERR_OK && renameat(k->dirfd, name, k->dirfd, final) == -1)
		r = ERR_SYS;
	if (r != ERR_OK)
		unlinkat(k->dirfd, name, 0);
	return r;
}

int
keep_put(struct keep *k, const struct keep_note *n, int parcel)
{
	const struct entry	*old = entry_peek(k, &n->ref);
	uint64_t		 bytes = old != NULL ? old->bytes : 0;
	int			 r = ERR_OK;

	if (old == NULL) {
		make_room(k, n);
		if (!keep_has_room(k, 0))
			return ERR_FULL;
	}
	if (parcel != -1 && bytes == 0)
		r = parcel_copy(k, &n->ref, parcel, &bytes);
	if (r == ERR_OK)
		r = note_write(k, n);
	if (r != ERR_OK) {
		if (old == NULL)
			files_remove(k, &n->ref);
		return r;
	}
	entry_forget(k, &n->ref);
	return entry_add(k, n, bytes);
}

int
keep_get(const struct keep *k, const struct ref *ref, struct keep_note *n)
{
	char	 name[KEEP_NAME_MAX];
	int	 r;

	memset(n, 0, sizeof(*n));
	name_of(ref, "", name);
	r = note_open(k, name, n);
	if (r == ERR_OK && memcmp(&n->ref, ref, sizeof(*ref)) != 0)
		r = ERR_FORMAT;
	if (r != ERR_OK)
		keep_note_clear(n);
	return r;
}

int
keep_parcel(const struct keep *k, const struct ref *ref, int *fdp)
{
	char	 name[KEEP_NAME_MAX];
	int	 fd;

	name_of(ref, PARCEL, name);
	if ((fd = openat(k->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) ==
	    -1)
		return errno == ENOENT ? ERR_NOTFOUND : ERR_SYS;
	*fdp = fd;
	return ERR_OK;
}

size_t
keep_expire(struct keep *k, int64_t now_ms, int64_t window_ms)
{
	struct entry	*e, *next;
	size_t		 n = 0;

	for (e = k->entries; e != NULL; e = next) {
		next = e->next;
		if (e->since_ms > now_ms)
			e->since_ms = now_ms;
		if (window_ms > 0 && now_ms - e->since_ms < window_ms)
			continue;
		keep_drop(k, &e->ref);
		n++;
	}
	return n;
}

size_t
keep_find(const struct keep *k, const struct keep_pair *pairs,
    size_t pair_count, const struct ref *not, struct ref *refs, size_t max)
{
	const struct entry	*e;
	size_t			 n = 0;

	for (e = k->entries; e != NULL && n < max; e = e->next)
		if (memcmp(&e->ref, not, sizeof(*not)) != 0 &&
		    has_pair(e, pairs, pair_count))
			refs[n++] = e->ref;
	return n;
}

void
keep_mark(struct keep *k, const struct ref *ref)
{
	struct entry	*e = *entry_find(k, ref);

	if (e != NULL)
		e->marked = 1;
}

int
keep_take_marked(struct keep *k, struct ref *ref)
{
	struct entry	*e;

	for (e = k->entries; e != NULL && !e->marked; e = e->next)
		;
	if (e == NULL)
		return ERR_NOTFOUND;
	e->marked = 0;
	*ref = e->ref;
	return ERR_OK;
}
