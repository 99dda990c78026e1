/*
 * Datagrams of transport udp. PROTOCOL.md has every byte.
 *
 * Each is AES-256-GCM under the link's secret: the header is authenticated, the
 * symbol encrypted as well. The nonce is the counter of the sender's starts and the
 * datagram's number since, so it never comes twice. datagram_seal.c is linked by
 * senders, datagram_open.c by receivers, neither by both.
 */
#ifndef LIMPID_DATAGRAM_H
#define LIMPID_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

struct conf;

#define DATAGRAM_VERSION	1
#define DATAGRAM_HEADER		48
#define DATAGRAM_TAG		16
#define DATAGRAM_UNIT		64	/* symbols are a multiple of this */
#define DATAGRAM_SYMBOL		1408	/* of MTU 1500 over IPv4 */
#define DATAGRAM_SYMBOL_MAX	9088
#define DATAGRAM_MAX	(DATAGRAM_HEADER + DATAGRAM_SYMBOL_MAX + DATAGRAM_TAG)

enum datagram_type { DATAGRAM_BLOCK = 1, DATAGRAM_NOTICE = 2,
    DATAGRAM_PAD = 4 };

#define DATAGRAM_REPEAT		0x1	/* round 1 or later */
#define DATAGRAM_SHORTENED	0x2	/* fewer than 64 sources */
#define DATAGRAM_JUMBO		0x4	/* symbol larger than 1408 */
#define DATAGRAM_SLOT_2		0x8	/* second key */

struct datagram {
	uint8_t		 type;
	uint16_t	 flags;
	uint64_t	 epoch;		/* start counter << 32 | random */
	uint64_t	 seq;		/* in the epoch, from 1 */
	uint64_t	 object;
	uint32_t	 block, blocks;
	uint8_t		 k, m, index, round;
	uint16_t	 len;		/* of the symbol */
	uint16_t	 last;		/* bytes that count in source k - 1 */
};

/* What a receiver allows, from its configuration. */
struct datagram_limits {
	uint16_t	 symbol_max;
	uint32_t	 blocks_max;
};

/* Why a datagram was dropped; also the names of the counters. */
enum datagram_fault {
	DATAGRAM_GOOD,
	DATAGRAM_FOREIGN,	/* no datagram of ours */
	DATAGRAM_TRUNCATED,	/* shorter than its header says */
	DATAGRAM_OVERLONG,	/* longer */
	DATAGRAM_FORGED,	/* its tag does not verify */
	DATAGRAM_CONTRADICTORY,	/* sealed by the sender, and makes no sense */
	DATAGRAM_REPLAYED,	/* that number came before */
	DATAGRAM_LATE,		/* its number, or its epoch, is long past */
	DATAGRAM_FAULTS
};

/* The secrets of a link: one or two AES-256-GCM keys. */
struct datagram_keys;

/*
 * Reads keys/linkN-udp.key, and keys/linkN-udp-2.key where there is one: 64 hex
 * digits each. slot 1 or 2 must be there, 0: any. On failure *why (caller frees)
 * is a sentence.
 */
int datagram_keys_load(const struct conf *c, int link, int slot,
    struct datagram_keys **kp, char **why);
/* From raw secrets, NULL where there is none. For tests. */
int datagram_keys_new(const uint8_t *one, const uint8_t *two,
    struct datagram_keys **kp);
void datagram_keys_free(struct datagram_keys *k);

/* The largest symbol that an MTU carries; 0 when there is no room for one. */
uint16_t datagram_symbol(int mtu, int six);

/* Writes d->len bytes of symbol and what is around them to out. ERR_CRYPTO. */
int datagram_seal(struct datagram_keys *k, const struct datagram *d,
    const uint8_t *symbol, uint8_t *out);

/* Verifies the tag, then decodes and checks every field. The symbol (at most
 * len - 64 bytes) goes to symbol, which is undefined after a fault. */
enum datagram_fault datagram_open(struct datagram_keys *k, const uint8_t *in,
    size_t len, const struct datagram_limits *limits, struct datagram *out,
    uint8_t *symbol);
/* Whether the fields make sense: what datagram_open checks last. */
int datagram_is_sound(const struct datagram *d,
    const struct datagram_limits *limits);

#endif
