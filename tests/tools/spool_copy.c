/*
 * spool-copy SPOOL SIGN.key SEAL.pub RCPT... < COPY: puts the copy into a spool as
 * the sanitizer host would, signed and sealed. --times N puts N, each under its own
 * reference (the copy's first, then counted up); prints the references.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "parcel.h"
#include "spool.h"

#define REF_AT	10		/* in a copy: after magic and frame head */

static void
must(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "spool-copy: %s: %s\n", what, err_text(r));
		exit(1);
	}
}

static uint8_t *
stdin_read(size_t *len)
{
	uint8_t	*buf = NULL;
	size_t	 room = 0, n;

	*len = 0;
	do {
		if (*len == room && (buf = realloc(buf, room = room * 2 +
		    65536)) == NULL)
			exit(1);
		n = fread(buf + *len, 1, room - *len, stdin);
		*len += n;
	} while (n > 0);
	return buf;
}

static void
parcel_put(struct spool *s, const struct key *sign, const struct key *seal,
    const struct ref *ref, char **rcpts, const uint8_t *copy, size_t len)
{
	struct parcel_head	 head = { .kind = PARCEL_COPY, .link = 2,
				    .ref = *ref };
	struct parcel_writer	*w = NULL;
	struct manifest		*m = manifest_new();
	char			 name[SPOOL_NAME_MAX + 1], text[32];
	int			 fd;

	head.created_ms = (int64_t)time(NULL) * 1000;
	must(manifest_add(m, "sender", "bounce@lists.example"), "sender");
	for (; *rcpts != NULL; rcpts++)
		must(manifest_add(m, "rcpt", *rcpts), "rcpt");
	must(spool_new_file(s, ref, name, &fd), "spool file");
	must(parcel_writer_new(fd, &head, m, sign, seal, &w), "parcel");
	must(parcel_writer_write(w, copy, len), "parcel body");
	must(parcel_writer_finish(w), "parcel end");
	parcel_writer_free(w);
	must(spool_commit(s, name, fd), "commit");
	close(fd);
	manifest_free(m);
	ref_format(ref, text);
	puts(text);
}

int
main(int argc, char **argv)
{
	struct spool	*s = NULL;
	struct key	*sign = NULL, *seal = NULL;
	struct ref	 ref;
	uint8_t		*copy;
	size_t		 len;
	unsigned	 times = 1, i;

	if (argc > 2 && strcmp(argv[1], "--times") == 0) {
		times = (unsigned)atoi(argv[2]);
		argv += 2;
		argc -= 2;
	}
	if (argc < 4) {
		fprintf(stderr, "usage: spool-copy [--times N] SPOOL SIGN.key "
		    "SEAL.pub RCPT... < COPY\n");
		return 2;
	}
	must(spool_open(argv[1], UINT64_C(1) << 40, 0, &s), argv[1]);
	must(key_load_private(argv[2], KEY_ED25519, &sign), argv[2]);
	must(key_load_public(argv[3], KEY_X25519, &seal), argv[3]);
	copy = stdin_read(&len);
	memset(&ref, 0, sizeof(ref));
	if (len >= REF_AT + REF_BYTES)
		memcpy(ref.b, copy + REF_AT, REF_BYTES);
	for (i = 0; i < times; i++) {
		if (len >= REF_AT + REF_BYTES)
			memcpy(copy + REF_AT, ref.b, REF_BYTES);
		parcel_put(s, sign, seal, &ref, argv + 4, copy, len);
		if (++ref.b[0] == 0 && ++ref.b[1] == 0)
			ref.b[2]++;
	}
	free(copy);
	spool_close(s);
	key_free(sign);
	key_free(seal);
	return 0;
}
