/*
 * A receiver's world for targets that put objects together: keys, objects that are signed
 * well, a spool. Included by one of them at a time, after a definition of OBJECTS, and of
 * SLACK: zeros behind each object.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto.h"
#include "err.h"
#include "link.h"
#include "log.h"
#include "parcel.h"
#include "record.h"
#include "recv_digest.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char			 top[] = "/tmp/limpid-fuzz-XXXXXX";
static struct key		*sign_with, *seal_to;
static struct recv_digest	*digest;
static uint8_t			*object[OBJECTS];
static size_t			 object_len[OBJECTS];

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
keys_make(void)
{
	char	 path[96];
	int	 fd;

	must((fd = open(top, O_RDONLY)) != -1 &&
	    key_create(fd, "sign", KEY_ED25519) == ERR_OK &&
	    key_create(fd, "seal", KEY_X25519) == ERR_OK);
	close(fd);
	snprintf(path, sizeof(path), "%s/sign.key", top);
	must(key_load_private(path, KEY_ED25519, &sign_with) == ERR_OK);
	snprintf(path, sizeof(path), "%s/seal.pub", top);
	must(key_load_public(path, KEY_X25519, &seal_to) == ERR_OK);
}

static void
object_make(int i, size_t size)
{
	struct parcel_head	 head = { .kind = PARCEL_MAIL, .link = 1 };
	struct link_header	 h = { .link = 1, .class = LINK_MAIL };
	struct parcel_writer	*w;
	struct manifest		*m = manifest_new();
	struct stat		 st;
	uint8_t			*body = calloc(1, size);
	FILE			*f = tmpfile();

	must(m != NULL && body != NULL && f != NULL);
	must(manifest_add(m, "rcpt", "b@example.com") == ERR_OK &&
	    parcel_writer_new(fileno(f), &head, m, sign_with, seal_to, &w) ==
	    ERR_OK && parcel_writer_write(w, body, size) == ERR_OK &&
	    parcel_writer_finish(w) == ERR_OK);
	parcel_writer_free(w);
	manifest_free(m);
	free(body);
	must(fstat(fileno(f), &st) == 0);
	object_len[i] = LINK_HEADER + (size_t)st.st_size;
	must((object[i] = calloc(1, object_len[i] + SLACK)) != NULL);
	must(pread(fileno(f), object[i] + LINK_HEADER, (size_t)st.st_size, 0) ==
	    st.st_size);
	h.seq = (uint64_t)i + 1;
	h.parcel_len = (uint64_t)st.st_size;
	must(sha256(object[i] + object_len[i] - PARCEL_TRAILER, PARCEL_TRAILER,
	    h.trailer_hash) == ERR_OK &&
	    link_header_encode(&h, sign_with, object[i]) == ERR_OK);
	fclose(f);
}

static void
world_end(void)
{
	char	 cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", top);
	must(system(cmd) == 0);
}

/* Without objects yet. */
static void
world_make(void)
{
	char	 cmd[96];

	must(mkdtemp(top) != NULL);
	must(atexit(world_end) == 0);
	log_set_level(LOG_LEVEL_ERROR);
	must((digest = recv_digest_new()) != NULL);
	keys_make();
	snprintf(cmd, sizeof(cmd), "%s/spool", top);
	must(spool_create(cmd) == ERR_OK);
}

/* How many, and removes them. */
static size_t
files_in(const char *folder)
{
	struct dirent	*e;
	char		 path[128];
	size_t		 n = 0;
	DIR		*d;

	snprintf(path, sizeof(path), "%s/spool/%s", top, folder);
	must((d = opendir(path)) != NULL);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
	return n;
}
