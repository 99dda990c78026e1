/* folder: diode
 * A series of fragments into a real receiver's assembly. The input is a program: one
 * operation a byte pair, over three objects that are signed well, so that every order,
 * cut and repeat is tried; or raw bytes as a message.
 * What must hold: nothing is accepted twice, nothing stays in tmp.
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
#include "parcel.h"
#include "record.h"
#include "recv_digest.h"
#include "recv_fragments.h"
#include "recv_object.h"
#include "recv_seen.h"
#include "spool.h"
#include "log.h"

#define OBJECTS	3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char		 top[] = "/tmp/limpid-fuzz-XXXXXX";
static struct key	*sign_with, *seal_to;
static struct recv_digest	*digest;
static uint8_t		*object[OBJECTS];
static size_t		 object_len[OBJECTS];
static uint8_t		 message[LINK_MESSAGE + 64];

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
	must((object[i] = malloc(object_len[i])) != NULL);
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

static void
world_make(void)
{
	char	 cmd[96];

	must(mkdtemp(top) != NULL);
	must(atexit(world_end) == 0);
	log_set_level(LOG_LEVEL_ERROR);
	must((digest = recv_digest_new()) != NULL);
	keys_make();
	object_make(0, 100);
	object_make(1, LINK_CHUNK + 10);
	object_make(2, 2 * LINK_CHUNK + 10);
	snprintf(cmd, sizeof(cmd), "%s/spool", top);
	must(spool_create(cmd) == ERR_OK);
}

/* op: object 2 bits, stream 3 bits, change 3 bits; arg: index. */
static void
play(struct fragments *f, uint8_t op, uint8_t arg)
{
	unsigned		 i = op & 3, change = op >> 5;
	struct link_fragment	 g = { (op >> 2) & 7, i + 1, 0, 0 };
	size_t			 at, n;

	if (i >= OBJECTS)
		return;
	g.count = (uint32_t)((object_len[i] + LINK_CHUNK - 1) / LINK_CHUNK);
	g.index = arg % g.count;
	at = (size_t)g.index * LINK_CHUNK;
	n = object_len[i] - at < LINK_CHUNK ? object_len[i] - at : LINK_CHUNK;
	memcpy(message + LINK_FRAGMENT, object[i] + at, n);
	if (change == 1)
		message[LINK_FRAGMENT + arg] ^= 1;
	else if (change == 2)
		g.count++;
	else if (change == 3)
		n -= 1;
	else if (change == 4)
		g.seq++;
	link_fragment_encode(&g, message);
	must(fragments_take(f, message, LINK_FRAGMENT + n) == ERR_OK);
}

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recv_shared	 s = { .link = 1, .max_object = 8 << 20 };
	struct fragments	*f;
	char			 spool[96], state[96], record[96], cmd[128];
	size_t			 i;

	if (sign_with == NULL)
		world_make();
	if (size < 1 || size > 256)
		return 0;
	snprintf(spool, sizeof(spool), "%s/spool", top);
	snprintf(state, sizeof(state), "%s/state", top);
	snprintf(record, sizeof(record), "%s/record", top);
	s.signer = sign_with;
	s.digest = digest;
	must(spool_open(spool, 0, 0, &s.spool) == ERR_OK &&
	    seen_open(state, s.spool, &s.seen) == ERR_OK &&
	    record_open(record, &s.record) == ERR_OK &&
	    (f = fragments_new(&s)) != NULL);
	if (data[0] & 1)
		must(fragments_take(f, data + 1, size - 1) == ERR_OK);
	else
		for (i = 1; i + 1 < size; i += 2)
			play(f, data[i], data[i + 1]);
	fragments_free(f);
	must(recv_batch_commit(&s) == ERR_OK);
	must(s.accepted <= OBJECTS);
	must(files_in("new") == s.accepted);
	must(files_in("tmp") == 0);
	record_close(s.record);
	seen_close(s.seen);
	spool_close(s.spool);
	snprintf(cmd, sizeof(cmd), "%s/state/seen", top);
	unlink(cmd);
	snprintf(cmd, sizeof(cmd), "%s/state/gaps", top);
	unlink(cmd);
	unlink(record);
	return 0;
}
