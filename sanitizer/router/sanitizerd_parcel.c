/*
 * Parcels of limpid-sanitizerd: MAIL parcels are opened, COPY parcels are
 * written. Runs in limpid-sanitizerd. Hostile input: the envelope, which came
 * from outside but stands under intake's signature; the original, which is only
 * carried. Must never use a byte of a parcel whose signature does not hold.
 */
#include "sanitizerd_parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "proc.h"
#include "store.h"
#include "text.h"
#include "wire.h"

/* The original on its way into memory: its beginning, should it be too large. */
struct body {
	int		 fd;
	uint64_t	 size, most;
	struct hash	*hash;
};

static int
body_take(void *arg, const uint8_t *data, size_t len)
{
	struct body	*b = arg;
	uint64_t	 room = b->size < b->most ? b->most - b->size : 0;
	int		 r;

	b->size += len;
	if ((r = hash_update(b->hash, data, len)) != ERR_OK)
		return r;
	return fd_write_all(b->fd, data, len < room ? len : (size_t)room);
}

static char *
clean_line(const char *s)
{
	struct text_cleaned	counts;

	if (s == NULL)
		s = "";
	return text_clean(s, strlen(s), TEXT_LINE, COPY_VALUE_MAX, &counts);
}

/* All values of a key in one line. */
static char *
clean_lines(const struct manifest *m, const char *key)
{
	const char	*value;
	char		*all = NULL, *line;
	size_t		 len = 0;
	FILE		*f;

	if ((f = open_memstream(&all, &len)) == NULL)
		return NULL;
	for (size_t i = 0; (value = manifest_find(m, key, i)) != NULL; i++)
		fprintf(f, "%s%s", i > 0 ? "; " : "", value);
	if (fclose(f) != 0) {
		free(all);
		return NULL;
	}
	line = clean_line(all);
	free(all);
	return line;
}

static int
take_rcpts(const struct manifest *m, struct copy_mail *c)
{
	size_t	n = 0;

	while (n < COPY_RCPTS_MAX && manifest_find(m, "rcpt", n) != NULL)
		n++;
	if ((c->rcpts = calloc(n + 1, sizeof(*c->rcpts))) == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		c->rcpts[i] = clean_line(manifest_find(m, "rcpt", i));
		if (c->rcpts[i] == NULL)
			return ERR_MEMORY;
		c->rcpt_count++;
	}
	return ERR_OK;
}

static int
take_envelope(struct opened *o)
{
	struct copy_mail	*c = &o->mail;
	const struct manifest	*m = o->manifest;

	c->ref = o->head.ref;
	c->received_ms = o->head.created_ms;
	if ((c->sender = clean_line(manifest_find(m, "sender", 0))) == NULL ||
	    (c->client = clean_line(manifest_find(m, "client", 0))) == NULL ||
	    (c->tls = clean_line(manifest_find(m, "tls", 0))) == NULL ||
	    (c->auth = clean_lines(m, "auth")) == NULL)
		return ERR_MEMORY;
	return take_rcpts(m, c);
}

void
hex_format(const uint8_t *data, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
}

/* Intake said how large the mail is and what its hash is: both must hold. */
static int
check_body(const struct opened *o)
{
	const char	*size = manifest_find(o->manifest, "size", 0);
	const char	*hash = manifest_find(o->manifest, "sha256", 0);
	char		 have[2 * SHA256_BYTES + 1];

	hex_format(o->mail.sha256, SHA256_BYTES, have);
	if (size == NULL || strtoull(size, NULL, 10) != o->mail.size ||
	    hash == NULL || strcmp(hash, have) != 0)
		return ERR_FORMAT;
	return o->head.kind == PARCEL_MAIL && o->head.link == 1 ? ERR_OK :
	    ERR_FORMAT;
}

int
opened_take(const struct sanitizer *s, int fd, uint64_t most,
    struct opened *o)
{
	struct body	b = { .fd = -1, .most = most };
	int		r = ERR_SYS;

	memset(o, 0, sizeof(*o));
	o->original = -1;
	if ((b.fd = memfd_create("limpid-original", MFD_CLOEXEC |
	    MFD_ALLOW_SEALING)) == -1)
		return ERR_SYS;
	o->original = b.fd;
	if ((b.hash = hash_new()) == NULL) {
		opened_free(o);
		return ERR_MEMORY;
	}
	r = parcel_open(fd, s->intake_sign, s->own_seal, &o->head,
	    &o->manifest, body_take, &b);
	if (r != ERR_OK)
		hash_free(b.hash);
	else
		r = hash_final(b.hash, o->mail.sha256);
	o->mail.size = b.size;
	if (r == ERR_OK)
		r = check_body(o);
	if (r == ERR_OK)
		r = store_seal(b.fd);
	if (r == ERR_OK)
		r = take_envelope(o);
	if (r != ERR_OK)
		opened_free(o);
	return r;
}

void
opened_free(struct opened *o)
{
	struct copy_mail	*c = &o->mail;

	for (size_t i = 0; i < c->rcpt_count; i++)
		free(c->rcpts[i]);
	free(c->rcpts);
	free(c->sender);
	free(c->client);
	free(c->tls);
	free(c->auth);
	free(c->policy);
	manifest_free(o->manifest);
	if (o->original != -1)
		close(o->original);
	memset(o, 0, sizeof(*o));
	o->original = -1;
}

/* What may be read of a COPY without opening it: enough to trace it. */
static int
fill_manifest(struct manifest *m, const struct opened *o)
{
	static const char *const	 keys[] = { "sender", "received",
					    "size", "sha256" };
	const char			*value;
	int				 r;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if ((value = manifest_find(o->manifest, keys[i], 0)) != NULL &&
		    (r = manifest_add(m, keys[i], value)) != ERR_OK)
			return r;
	for (size_t i = 0; (value = manifest_find(o->manifest, "rcpt", i)) !=
	    NULL; i++)
		if ((r = manifest_add(m, "rcpt", value)) != ERR_OK)
			return r;
	return manifest_add(m, "policy", o->mail.policy);
}

int
outgoing_open(struct sanitizer *s, const struct opened *o,
    struct outgoing *out)
{
	struct parcel_head	 head = { .kind = PARCEL_COPY, .link = 2,
				    .ref = o->head.ref,
				    .created_ms = proc_wall_ms() };
	struct manifest		*m = NULL;
	int			 r;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if ((r = spool_new_file(s->out, &o->head.ref, out->name,
	    &out->fd)) != ERR_OK)
		return r;
	r = ERR_MEMORY;
	if ((m = manifest_new()) != NULL &&
	    (r = fill_manifest(m, o)) == ERR_OK)
		r = parcel_writer_new(out->fd, &head, m, s->own_sign,
		    s->internal_seal, &out->writer);
	manifest_free(m);
	if (r != ERR_OK)
		outgoing_abort(s, out);
	return r;
}

int
outgoing_write(void *arg, const uint8_t *data, size_t len)
{
	struct outgoing	*out = arg;

	return parcel_writer_write(out->writer, data, len);
}

static void
outgoing_close(struct outgoing *out)
{
	parcel_writer_free(out->writer);
	out->writer = NULL;
	if (out->fd != -1)
		close(out->fd);
	out->fd = -1;
}

int
outgoing_finish(struct outgoing *out)
{
	int	r;

	if ((r = parcel_writer_finish(out->writer)) == ERR_OK)
		(void)sync_file_range(out->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	parcel_writer_free(out->writer);
	out->writer = NULL;
	return r;
}

int
outgoing_commit_many(struct sanitizer *s, struct outgoing *const *outs,
    size_t count)
{
	char	(*names)[SPOOL_NAME_MAX + 1] = calloc(count, sizeof(*names));
	int	 *fds = calloc(count, sizeof(*fds)), r = ERR_MEMORY;

	if (names != NULL && fds != NULL) {
		for (size_t i = 0; i < count; i++) {
			memcpy(names[i], outs[i]->name, sizeof(names[i]));
			fds[i] = outs[i]->fd;
		}
		r = spool_commit_many(s->out, names, fds, count);
	}
	for (size_t i = 0; i < count; i++) {
		if (r != ERR_OK)
			spool_abort(s->out, outs[i]->name);
		outgoing_close(outs[i]);
	}
	free(names);
	free(fds);
	return r;
}

int
outgoing_commit(struct sanitizer *s, struct outgoing *out)
{
	int	r;

	if ((r = outgoing_finish(out)) == ERR_OK)
		return outgoing_commit_many(s, &out, 1);
	outgoing_abort(s, out);
	return r;
}

void
outgoing_abort(struct sanitizer *s, struct outgoing *out)
{
	if (out->fd == -1)
		return;
	spool_abort(s->out, out->name);
	outgoing_close(out);
}
