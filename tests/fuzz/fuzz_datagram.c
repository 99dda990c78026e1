/* folder: diode
 * Datagrams from the wire to a whole object. The input is either raw bytes for the front's
 * door, or a program: three bytes an operation, over datagrams of two real objects that are
 * changed, cut, sealed again and put through the door and the block store.
 * What must hold: nothing unsealed is taken, memory stays below its bound, nothing is
 * accepted twice, nothing stays in tmp.
 */
#define OBJECTS		2
#define SYMBOL		64
#define FULL		4096	/* bytes of a block */
#define SLACK		FULL	/* behind the last symbol */
#define MEMORY		(64 * 1024)

#include "fuzz_receiver.h"
#include "datagram.h"
#include "fec.h"
#include "recv_blocks.h"

_Static_assert(FULL == FEC_SOURCES * SYMBOL, "a block has 64 symbols");

static struct datagram_keys	*sender, *receiver;
static struct fec_encoder	*fec;
static const struct datagram_limits limits = { SYMBOL, 64 };

static void
ends_make(void)
{
	static const uint8_t	 secret[32] = { 1, 2, 3 };

	world_make();
	object_make(0, 100);
	object_make(1, 3 * FULL);
	must(datagram_keys_new(secret, NULL, &sender) == ERR_OK &&
	    datagram_keys_new(secret, NULL, &receiver) == ERR_OK &&
	    (fec = fec_encoder_new()) != NULL);
}

/* Datagram `row` of a block as a sender would make it. */
static void
datagram_make(unsigned i, unsigned block, unsigned row, struct datagram *d,
    uint8_t symbol[SYMBOL])
{
	uint8_t		*src[FEC_SOURCES], *out[1] = { symbol };
	size_t		 at = (size_t)block * FULL, n, j;

	n = object_len[i] - at < FULL ? object_len[i] - at : FULL;
	memset(d, 0, sizeof(*d));
	d->type = DATAGRAM_BLOCK;
	d->object = i + 1;
	d->block = block;
	d->blocks = (uint32_t)((object_len[i] + FULL - 1) / FULL);
	d->len = SYMBOL;
	d->k = (uint8_t)((n + SYMBOL - 1) / SYMBOL);
	d->m = 1;
	d->last = (uint16_t)(n - (size_t)(d->k - 1) * SYMBOL);
	d->flags = d->k < FEC_SOURCES ? DATAGRAM_SHORTENED : 0;
	if (row < d->k) {
		d->index = (uint8_t)row;
		memcpy(symbol, object[i] + at + row * SYMBOL, SYMBOL);
		return;
	}
	for (j = 0; j < d->k; j++)
		src[j] = object[i] + at + j * SYMBOL;
	d->round = (uint8_t)(row % 100);
	d->index = fec_row(d->round, 0);
	d->flags |= d->round > 0 ? DATAGRAM_REPEAT : 0;
	fec_encode(fec, src, d->k, SYMBOL, d->round, 1, out);
}

/* Through the door, and into the store when it is let in. */
static void
door(struct blocks *b, const uint8_t *raw, size_t len, int sealed)
{
	uint8_t		 symbol[DATAGRAM_SYMBOL_MAX];
	struct datagram	 d;

	if (datagram_open(receiver, raw, len, &limits, &d, symbol) !=
	    DATAGRAM_GOOD)
		return;
	must(sealed);
	if (d.type == DATAGRAM_BLOCK)
		must(blocks_take(b, &d, symbol, 1000) == ERR_OK);
	must(blocks_memory(b) <= MEMORY + 2 * FULL);
}

/* op: object 1 bit, block 2 bits, change 3 bits, length of a run 2 bits. */
static void
play(struct blocks *b, const uint8_t *p, uint64_t *seq)
{
	unsigned	 i = p[0] & 1, block, change = p[0] >> 3 & 7, n;
	unsigned	 run = 1u << (2 * (p[0] >> 6));
	uint8_t		 symbol[SYMBOL], raw[SYMBOL + 80];
	struct datagram	 d;
	size_t		 len = SYMBOL + DATAGRAM_HEADER + DATAGRAM_TAG;

	for (n = 0; n < run; n++) {
		block = (p[0] >> 1 & 3) %
		    (unsigned)((object_len[i] + FULL - 1) / FULL);
		datagram_make(i, block, (p[1] + n) & 0xff, &d, symbol);
		d.epoch = UINT64_C(1) << 32;
		d.seq = ++*seq;
		if (change == 1)
			symbol[p[2] % SYMBOL] ^= 1;
		else if (change == 2)
			d.blocks += p[2];
		else if (change == 3)
			d.k ^= p[2];
		else if (change == 4)
			d.last ^= p[2];
		else if (change == 5)
			d.object = p[2];
		else if (change == 6)
			d.index = p[2];
		must(datagram_seal(sender, &d, symbol, raw) == ERR_OK);
		if (change == 7)
			raw[p[2] % len] ^= 0x10;
		door(b, raw, len, change != 7);
	}
}

static void
state_remove(void)
{
	static const char *const names[] = { "state/seen", "state/gaps",
	    "record", "record.head" };
	char	 path[96];
	size_t	 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", top, names[i]);
		unlink(path);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct blocks_limits	 small = { MEMORY, 8, 4, 1000 };
	struct recv_shared		 s = { .link = 1,
					    .max_object = 1 << 20 };
	struct blocks			*b;
	char				 path[96];
	uint64_t			 seq = 0;
	size_t				 i;
	int				 dir;

	if (sign_with == NULL)
		ends_make();
	if (size < 1 || size > 1500)
		return 0;
	must((dir = open(top, O_RDONLY|O_DIRECTORY)) != -1);
	s.signer = sign_with;
	s.digest = digest;
	snprintf(path, sizeof(path), "%s/spool", top);
	must(spool_open(path, 0, 0, &s.spool) == ERR_OK);
	snprintf(path, sizeof(path), "%s/state", top);
	must(seen_open(path, s.spool, &s.seen) == ERR_OK);
	snprintf(path, sizeof(path), "%s/record", top);
	must(record_open(path, &s.record) == ERR_OK &&
	    (b = blocks_new(&small, dir)) != NULL);
	blocks_set_shared(b, &s);
	if (data[0] & 1)
		door(b, data + 1, size - 1, 0);
	else
		for (i = 1; i + 2 < size; i += 3)
			play(b, data + i, &seq);
	blocks_free(b);
	must(recv_batch_commit(&s) == ERR_OK);
	must(s.accepted <= OBJECTS);
	must(files_in("new") == s.accepted);
	must(files_in("tmp") == 0);
	record_close(s.record);
	seen_close(s.seen);
	spool_close(s.spool);
	close(dir);
	state_remove();
	return 0;
}
