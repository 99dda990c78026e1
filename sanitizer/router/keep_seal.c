/*
 * keep_seal: a note as sealed bytes, and back.
 * Runs in limpid-sanitizerd.
 * Hostile input: none; but a file may be damaged.
 * Must never: let a word reach a disk unsealed, or leave one in freed memory.
 */
#include "keep_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "wire.h"
#include "words.h"

#define CONTEXT		"limpid-keep-1"
#define NOTE_MAX	(128 * 1024)
#define BLOCK		4096

static int
put_list(struct wire *w, const void *data, size_t count, size_t size)
{
	int	r;

	if ((r = wire_put_u32(w, (uint32_t)count)) != ERR_OK)
		return r;
	return wire_put_raw(w, data, count * size);
}

static int
note_put(struct wire *w, const struct keep_note *n)
{
	int	r;

	if ((r = wire_put_raw(w, n->ref.b, sizeof(n->ref.b))) != ERR_OK ||
	    (r = wire_put_u64(w, (uint64_t)n->since_ms)) != ERR_OK ||
	    (r = put_list(w, n->pairs, n->pair_count,
	    sizeof(n->pairs[0]))) != ERR_OK ||
	    (r = put_list(w, n->locked, n->locked_count,
	    sizeof(n->locked[0]))) != ERR_OK ||
	    (r = wire_put_u32(w, (uint32_t)n->word_count)) != ERR_OK)
		return r;
	for (size_t i = 0; i < n->word_count && r == ERR_OK; i++)
		r = wire_put_text(w, n->words[i]);
	return r;
}

static int
get_list(struct wire *w, void *data, size_t *count, size_t max, size_t size)
{
	const uint8_t	*raw;
	uint32_t	 n;
	int		 r;

	if ((r = wire_get_u32(w, &n)) != ERR_OK)
		return r;
	if (n > max)
		return ERR_LIMIT;
	if ((r = wire_get_raw(w, &raw, n * size)) != ERR_OK)
		return r;
	memcpy(data, raw, n * size);
	*count = n;
	return ERR_OK;
}

static int
note_get(struct wire *w, struct keep_note *n)
{
	const uint8_t	*raw;
	uint64_t	 since;
	uint32_t	 words;
	int		 r;

	if ((r = wire_get_raw(w, &raw, sizeof(n->ref.b))) != ERR_OK)
		return r;
	memcpy(n->ref.b, raw, sizeof(n->ref.b));
	if ((r = wire_get_u64(w, &since)) != ERR_OK ||
	    (r = get_list(w, n->pairs, &n->pair_count, KEEP_PAIRS_MAX,
	    sizeof(n->pairs[0]))) != ERR_OK ||
	    (r = get_list(w, n->locked, &n->locked_count, KEEP_PARTS_MAX,
	    sizeof(n->locked[0]))) != ERR_OK ||
	    (r = wire_get_u32(w, &words)) != ERR_OK)
		return r;
	if (words > KEEP_WORDS_MAX || since > INT64_MAX)
		return ERR_LIMIT;
	n->since_ms = (int64_t)since;
	for (; n->word_count < words; n->word_count++)
		if ((r = wire_get_text(w, WORDS_BYTES_MAX,
		    &n->words[n->word_count])) != ERR_OK)
			return r;
	return wire_end(w);
}

static int
to_file(void *arg, const uint8_t *data, size_t len)
{
	return fd_write_all(*(int *)arg, data, len);
}

static int
to_wire(void *arg, const uint8_t *data, size_t len)
{
	return wire_put_raw(arg, data, len);
}

static void
wire_wipe(struct wire *w)
{
	if (w != NULL && wire_len(w) > 0)
		explicit_bzero((void *)(uintptr_t)wire_data(w), wire_len(w));
	wire_free(w);
}

int
keep_seal(int fd, const struct key *own, const struct keep_note *n)
{
	struct wire	*w;
	struct seal	*s = NULL;
	int		 r;

	if ((w = wire_new(NOTE_MAX)) == NULL)
		return ERR_MEMORY;
	if ((r = note_put(w, n)) == ERR_OK &&
	    (r = seal_new(own, CONTEXT, NULL, 0, to_file, &fd, &s)) == ERR_OK &&
	    (r = seal_write(s, wire_data(w), wire_len(w))) == ERR_OK)
		r = seal_finish(s);
	seal_free(s);
	wire_wipe(w);
	return r;
}

static int
file_unseal(int fd, struct unseal *u)
{
	uint8_t	 block[BLOCK];
	ssize_t	 n;
	off_t	 at = 0;
	int	 r = ERR_OK;

	while (r == ERR_OK && (n = pread(fd, block, sizeof(block), at)) != 0) {
		if (n == -1)
			return ERR_SYS;
		r = unseal_write(u, block, (size_t)n);
		at += n;
	}
	return r == ERR_OK ? unseal_finish(u) : r;
}

int
keep_unseal(int fd, const struct key *own, struct keep_note *n)
{
	struct wire	*w;
	struct unseal	*u = NULL;
	int		 r;

	memset(n, 0, sizeof(*n));
	if ((w = wire_new(NOTE_MAX)) == NULL)
		return ERR_MEMORY;
	if ((r = unseal_new(own, CONTEXT, NULL, 0, to_wire, w, &u)) == ERR_OK &&
	    (r = file_unseal(fd, u)) == ERR_OK)
		r = note_get(w, n);
	unseal_free(u);
	wire_wipe(w);
	if (r != ERR_OK)
		keep_note_clear(n);
	return r;
}
