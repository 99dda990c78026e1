/* folder: diode
 * A series of fragments into a real receiver's assembly. The input is a program: one
 * operation a byte pair, over three objects that are signed well, so that every order,
 * cut and repeat is tried; or raw bytes as a message.
 * What must hold: nothing is accepted twice, nothing stays in tmp.
 */
#define OBJECTS	3
#define SLACK	0

#include "fuzz_receiver.h"
#include "recv_fragments.h"

static uint8_t	 message[LINK_MESSAGE + 64];

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct recv_shared	 s = { .link = 1, .max_object = 8 << 20 };
	struct fragments	*f;
	char			 spool[96], state[96], record[96], cmd[128];
	size_t			 i;

	if (sign_with == NULL) {
		world_make();
		object_make(0, 100);
		object_make(1, LINK_CHUNK + 10);
		object_make(2, 2 * LINK_CHUNK + 10);
	}
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
