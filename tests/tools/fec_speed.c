/*
 * fec-speed: megabytes of sources a second that one core encodes and decodes, blocks
 * of 64 + 16 symbols, all 16 parities in use. Run by tests/bench/link.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "fec.h"

#define PARITY	16

static double
now(void)
{
	struct timespec	 t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	size_t			 len = argc > 1 ? strtoul(argv[1], NULL, 10) :
				    1408;
	struct fec_encoder	*e = fec_encoder_new();
	struct fec_decoder	*d = fec_decoder_new();
	uint8_t			*src[FEC_SOURCES], *par[PARITY];
	uint8_t			 have[FEC_SOURCES], row[PARITY];
	double			 began, spent[2] = { 0, 0 };
	unsigned		 i, n, rounds = 0;

	for (i = 0; i < FEC_SOURCES; i++) {
		if ((src[i] = malloc(len)) == NULL)
			return 1;
		memset(src[i], (int)i * 3 + 1, len);
		have[i] = i >= PARITY;
	}
	for (i = 0; i < PARITY; i++) {
		row[i] = fec_row(0, i);
		if ((par[i] = malloc(len)) == NULL)
			return 1;
	}
	while (spent[0] + spent[1] < 1) {
		for (n = 0; n < 16; n++, rounds++) {
			began = now();
			fec_encode(e, src, FEC_SOURCES, len, 0, PARITY, par);
			spent[0] += now() - began;
			for (i = 0; i < PARITY; i++)
				memset(src[i], 0, len);
			began = now();
			if (fec_decode(d, src, have, FEC_SOURCES, len, par, row,
			    PARITY) != ERR_OK || src[3][0] != 10)
				return 1;
			spent[1] += now() - began;
		}
	}
	for (i = 0; i < 2; i++)
		printf("%.0f%c", (double)rounds * FEC_SOURCES * (double)len /
		    spent[i] / 1e6, i == 0 ? ' ' : '\n');
	fec_encoder_free(e);
	fec_decoder_free(d);
	return 0;
}
