/*
 * parcel-put: puts signed and sealed MAIL parcels into the spool link1-out of a
 * root, as limpid-intaked would; prints their references, one a line.
 * Run by the tests of the link.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "parcel.h"
#include "proc.h"
#include "ref.h"
#include "spool.h"

static void
check(int r, const char *what)
{
	if (r == ERR_OK)
		return;
	fprintf(stderr, "parcel-put: %s: %s\n", what, err_text(r));
	exit(1);
}

static void
put(struct spool *s, const struct key *sign_with, const struct key *seal_to,
    size_t size, const uint8_t *body)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = 1 };
	struct parcel_writer	*w;
	struct manifest		*m = manifest_new();
	char			 name[SPOOL_NAME_MAX + 1];
	char			 text[REF_TEXT_LEN + 1];
	int			 fd;

	check(ref_new(&head.ref), "reference");
	head.created_ms = proc_wall_ms();
	check(manifest_add(m, "sender", "a@example.org"), "manifest");
	check(manifest_add(m, "rcpt", "b@example.com"), "manifest");
	check(spool_new_file(s, &head.ref, name, &fd), "spool");
	check(parcel_writer_new(fd, &head, m, sign_with, seal_to, &w), "parcel");
	check(parcel_writer_write(w, body, size), "parcel");
	check(parcel_writer_finish(w), "parcel");
	check(spool_commit(s, name, fd), "commit");
	parcel_writer_free(w);
	manifest_free(m);
	close(fd);
	ref_format(&head.ref, text);
	puts(text);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct conf	*c;
	struct spool	*s;
	struct key	*sign_with, *seal_to;
	uint8_t		*body;
	char		*path, *why;
	size_t		 size;
	long		 i, count, pause_ms;

	if (argc != 5) {
		fprintf(stderr, "usage: parcel-put ROOT COUNT BYTES PAUSE_MS\n");
		return EXIT_USAGE;
	}
	count = atol(argv[2]);
	size = (size_t)atol(argv[3]);
	pause_ms = atol(argv[4]);
	check(conf_load(argv[1], &c, &why), "configuration");
	path = conf_path(c, "etc/keys/intake-sign.key");
	check(key_load_private(path, KEY_ED25519, &sign_with), path);
	free(path);
	path = conf_path(c, "etc/keys/sanitizer-seal.pub");
	check(key_load_public(path, KEY_X25519, &seal_to), path);
	free(path);
	path = conf_path(c, "state/spool/link1-out");
	check(spool_open(path, 0, 0, &s), path);
	free(path);
	if ((body = malloc(size + 1)) == NULL)
		return 1;
	for (i = 0; i < count; i++) {
		check(random_bytes(body, size), "random");
		put(s, sign_with, seal_to, size, body);
		if (pause_ms > 0)
			usleep((useconds_t)pause_ms * 1000);
	}
	free(body);
	key_free(sign_with);
	key_free(seal_to);
	spool_close(s);
	conf_free(c);
	return 0;
}
