/*
 * The fixture of frames (frames.txt) that another implementation made from PROTOCOL.md:
 * what it calls a header, a notice, a fragment, a slip or a parity is one here too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "crypto.h"
#include "err.h"
#include "fec.h"
#include "link_private.h"
#include "parcel.h"
#include "pieces.h"
#include "slip.h"

#define FIXTURE		"tests/unit/diode/frames.txt"
#define FRAME_MAX	32768
#define SYMBOL		64
#define SOURCES		5

static struct key		*signer;
static struct link_header	 headers[2];
static uint8_t			 raw_headers[2][LINK_HEADER];
static unsigned			 header_count, met;

/* Bytes of a text of hexadecimal digits. */
static size_t
bytes_of(const char *hex, uint8_t *out, size_t size)
{
	unsigned	 b;
	size_t		 n = 0;

	while (n < size && sscanf(hex + 2 * n, "%2x", &b) == 1)
		out[n++] = (uint8_t)b;
	return n;
}

static void
take_public(const char *text)
{
	char	 path[] = "/tmp/limpid-frames-XXXXXX";
	int	 fd = mkstemp(path);

	assert_int_not_equal(fd, -1);
	dprintf(fd, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
	    text);
	close(fd);
	assert_int_equal(key_load_public(path, KEY_ED25519, &signer), ERR_OK);
	unlink(path);
}

static void
take_header(const uint8_t *raw, size_t len)
{
	struct link_header	*h = &headers[header_count];
	uint8_t			 hash[32];

	assert_int_equal(len, LINK_HEADER);
	assert_int_equal(link_header_decode(raw, signer, 1, h), ERR_OK);
	assert_int_equal(link_header_decode(raw, signer, 2, h), ERR_FORMAT);
	assert_int_equal(link_header_decode(raw, signer, 1, h), ERR_OK);
	assert_int_equal(h->seq, header_count + 1);
	assert_int_equal(h->class, LINK_MAIL);
	if (header_count == 1) {
		assert_int_equal(sha256(raw_headers[0], LINK_HEADER, hash),
		    ERR_OK);
		assert_memory_equal(hash, h->prev, 32);
	}
	memcpy(raw_headers[header_count++], raw, LINK_HEADER);
}

static void
take_parcel(const uint8_t *raw, size_t len)
{
	const uint8_t	*trailer = raw + len - PARCEL_TRAILER;
	struct pieces	*p = pieces_new();
	uint8_t		 sum[32];

	assert_int_equal(headers[0].parcel_len, len);
	assert_int_equal(pieces_update(p, raw, len - PARCEL_TRAILER), ERR_OK);
	assert_int_equal(pieces_final(p, sum), ERR_OK);
	assert_memory_equal(sum, trailer, 32);
}

static void
take_notice(const uint8_t *raw, size_t len, int beat)
{
	static char		 udp[] = "udp";
	struct conf_link	 conf = { .id = 1, .transport = udp,
				    .max_object = 512 << 20 };
	struct link_notice	 n;
	uint8_t			 config[32];

	assert_int_equal(link_notice_decode(raw, len, signer, 1, &n), ERR_OK);
	assert_int_equal(n.class, beat ? LINK_HEARTBEAT : LINK_HISTORY);
	assert_int_equal(n.epoch, UINT64_C(7) << 32 | 9);
	assert_int_equal(n.sent, 2);
	if (beat) {
		assert_int_equal(link_config_hash(&conf, config), ERR_OK);
		assert_memory_equal(n.config, config, 32);
		assert_int_equal(n.waiting, 3);
		assert_int_equal(n.waiting_bytes, 4096);
		assert_int_equal(n.oldest_ms, 5000);
		return;
	}
	assert_int_equal(n.first, 1);
	assert_int_equal(n.count, 2);
	assert_int_equal(sha256(raw_headers[1], LINK_HEADER, config), ERR_OK);
	assert_memory_equal(n.hash[1], config, 16);
}

static void
take_fragment(const uint8_t *raw, size_t len)
{
	struct link_fragment	 f;

	assert_int_equal(link_fragment_decode(raw, len, &f), ERR_OK);
	assert_int_equal(f.stream, UINT64_C(0x1122334455667788));
	assert_int_equal(f.seq, 1);
	assert_int_equal(f.count, 1);
	assert_memory_equal(raw + LINK_FRAGMENT, raw_headers[0], LINK_HEADER);
}

static void
take_slip(const char *text)
{
	char			 code[64], ours[SLIP_TEXT_LEN + 1];
	unsigned long long	 link, first, count;
	struct slip		 s;

	assert_int_equal(sscanf(text, "%llu %llu %llu %63s", &link, &first,
	    &count, code), 4);
	assert_int_equal(slip_parse(code, &s), ERR_OK);
	assert_int_equal(s.link, link);
	assert_int_equal(s.first, first);
	assert_int_equal(s.count, count);
	assert_int_equal(slip_format(&s, ours), ERR_OK);
	assert_string_equal(ours, code);
}

/* Each parity alone brings back each source. */
static void
take_symbol(const char *text)
{
	static uint8_t		 sources[SOURCES][SYMBOL];
	uint8_t			 work[SOURCES][SYMBOL], parity[SYMBOL], *src[SOURCES],
				 *par[1] = { parity }, have[SOURCES], row[1];
	struct fec_decoder	*d = fec_decoder_new();
	unsigned		 at, lost, j;
	char			 hex[2 * SYMBOL + 1];

	assert_int_equal(sscanf(text, "%u %128s", &at, hex), 2);
	if (at < SOURCES)
		assert_int_equal(bytes_of(hex, sources[at], SYMBOL), SYMBOL);
	for (lost = 0; at >= SOURCES && lost < SOURCES; lost++) {
		assert_int_equal(bytes_of(hex, parity, SYMBOL), SYMBOL);
		row[0] = (uint8_t)at;
		memcpy(work, sources, sizeof(work));
		memset(work[lost], 0, SYMBOL);
		for (j = 0; j < SOURCES; j++) {
			src[j] = work[j];
			have[j] = j != lost;
		}
		assert_int_equal(fec_decode(d, src, have, SOURCES, SYMBOL, par,
		    row, 1), ERR_OK);
		assert_memory_equal(work, sources, sizeof(work));
	}
	fec_decoder_free(d);
}

static void
take_line(char *line)
{
	static uint8_t	 raw[FRAME_MAX];
	char		*text = strchr(line, ' ');
	size_t		 len;

	assert_non_null(text);
	*text++ = '\0';
	len = bytes_of(text, raw, sizeof(raw));
	met++;
	if (strcmp(line, "public") == 0)
		take_public(text);
	else if (strcmp(line, "header") == 0)
		take_header(raw, len);
	else if (strcmp(line, "parcel") == 0)
		take_parcel(raw, len);
	else if (strcmp(line, "beat") == 0 || strcmp(line, "history") == 0)
		take_notice(raw, len, line[0] == 'b');
	else if (strcmp(line, "fragment") == 0)
		take_fragment(raw, len);
	else if (strcmp(line, "slip") == 0)
		take_slip(text);
	else if (strcmp(line, "symbol") == 0)
		take_symbol(text);
	else
		fail_msg("%s is no frame", line);
}

static void
test_frames(void **state)
{
	FILE	*f = fopen(FIXTURE, "re");
	char	*line = NULL;
	size_t	 room = 0;

	(void)state;
	assert_non_null(f);
	while (getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '#')
			take_line(line);
	}
	free(line);
	fclose(f);
	assert_int_equal(met, 18);
	key_free(signer);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
