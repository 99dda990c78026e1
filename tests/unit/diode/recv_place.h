/*
 * A receiver's place, and objects for it as a sender makes them: what the tests of the
 * ways into the spool share.
 */
#ifndef TEST_RECV_PLACE_H
#define TEST_RECV_PLACE_H

#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto.h"
#include "err.h"
#include "link.h"
#include "parcel.h"
#include "record.h"
#include "recv_digest.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"

struct place {
	char			 dir[64], state[96], spool_dir[96], record[96];
	struct key		*sign, *seal;
	struct recv_shared	 shared;
	struct fragments	*f;		/* what is tested: one of these */
	struct blocks		*b;
	uint8_t			 last[32];	/* header before */
};

/* A whole object, as it goes over the link. */
struct object {
	uint64_t	 seq;
	uint8_t		*bytes;
	size_t		 len;
};

/* In dir, which is there and empty. */
static void
place_open(struct place *p, const char *dir)
{
	char	 path[160];
	int	 fd;

	snprintf(p->dir, sizeof(p->dir), "%s", dir);
	snprintf(p->spool_dir, sizeof(p->spool_dir), "%s/spool", p->dir);
	snprintf(p->state, sizeof(p->state), "%s/state", p->dir);
	snprintf(p->record, sizeof(p->record), "%s/record", p->dir);
	fd = open(p->dir, O_RDONLY|O_DIRECTORY);
	assert_int_equal(key_create(fd, "sign", KEY_ED25519), ERR_OK);
	assert_int_equal(key_create(fd, "seal", KEY_X25519), ERR_OK);
	close(fd);
	snprintf(path, sizeof(path), "%s/sign.key", p->dir);
	assert_int_equal(key_load_private(path, KEY_ED25519, &p->sign), ERR_OK);
	snprintf(path, sizeof(path), "%s/seal.pub", p->dir);
	assert_int_equal(key_load_public(path, KEY_X25519, &p->seal), ERR_OK);
	assert_int_equal(spool_create(p->spool_dir), ERR_OK);
	p->shared.link = 1;
	p->shared.max_object = 64 << 20;
	p->shared.signer = p->sign;
	assert_int_equal(spool_open(p->spool_dir, 0, 0, &p->shared.spool),
	    ERR_OK);
	assert_int_equal(seen_open(p->state, p->shared.spool, &p->shared.seen),
	    ERR_OK);
	assert_int_equal(record_open(p->record, &p->shared.record), ERR_OK);
	assert_non_null(p->shared.digest = recv_digest_new());
}

static void
place_close(struct place *p)
{
	recv_batch_drop(&p->shared);
	record_close(p->shared.record);
	seen_close(p->shared.seen);
	spool_close(p->shared.spool);
	recv_digest_free(p->shared.digest);
	key_free(p->sign);
	key_free(p->seal);
}

static struct object
object_new(struct place *p, uint64_t seq, uint8_t link, size_t size)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = link };
	struct link_header	 h = { .link = 1, .class = LINK_MAIL,
				    .seq = seq };
	struct parcel_writer	*w;
	struct manifest		*m = manifest_new();
	struct object		 o = { .seq = seq };
	struct stat		 st;
	uint8_t			*body = calloc(1, size + 1);
	FILE			*f = tmpfile();
	int			 fd = fileno(f);

	assert_int_equal(ref_new(&head.ref), ERR_OK);
	assert_int_equal(manifest_add(m, "rcpt", "b@example.com"), ERR_OK);
	assert_int_equal(parcel_writer_new(fd, &head, m, p->sign, p->seal, &w),
	    ERR_OK);
	assert_int_equal(parcel_writer_write(w, body, size), ERR_OK);
	assert_int_equal(parcel_writer_finish(w), ERR_OK);
	parcel_writer_free(w);
	manifest_free(m);
	free(body);
	fstat(fd, &st);
	o.len = LINK_HEADER + (size_t)st.st_size;
	o.bytes = malloc(o.len);
	assert_int_equal(pread(fd, o.bytes + LINK_HEADER, (size_t)st.st_size,
	    0), st.st_size);
	h.parcel_len = (uint64_t)st.st_size;
	memcpy(h.prev, p->last, 32);
	fclose(f);
	assert_int_equal(sha256(o.bytes + o.len - PARCEL_TRAILER,
	    PARCEL_TRAILER, h.trailer_hash), ERR_OK);
	assert_int_equal(link_header_encode(&h, p->sign, o.bytes), ERR_OK);
	assert_int_equal(sha256(o.bytes, LINK_HEADER, p->last), ERR_OK);
	return o;
}

static void
expect(struct place *p, uint64_t in_new, uint64_t accepted, uint64_t repeats,
    uint64_t refused)
{
	struct spool_stat	 st;

	assert_int_equal(recv_batch_commit(&p->shared), ERR_OK);
	assert_int_equal(spool_stat(p->shared.spool, &st), ERR_OK);
	assert_int_equal(st.new_count, in_new);
	assert_int_equal(p->shared.accepted, accepted);
	assert_int_equal(p->shared.repeats, repeats);
	assert_int_equal(p->shared.refused, refused);
}

/* Nothing half done lies in tmp. */
static void
expect_clean(struct place *p)
{
	assert_int_equal(spool_clear_tmp(p->shared.spool), 0);
}

#endif
