/*
 * Symbols times a matrix (fec_matrix.h).
 * Run by both programs of the diode.
 * Hostile input: none; lengths and counts are the caller's, and checked there.
 * Must never give another result on one processor than on another.
 *
 * ISA-L does it, but that of Debian 12 does not know GFNI, with which a processor
 * multiplies 64 bytes in one instruction (Intel, "Galois Field New Instructions", 2018):
 * three times as fast, on a link whose ends spend much of their time here.
 */
#include <string.h>

#include <immintrin.h>
#include <isa-l/erasure_code.h>

#include "fec_matrix.h"

#define WIDE	__attribute__((target("avx512f,avx512bw,gfni")))

static int
has_gfni(void)
{
	return __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("gfni");
}

/* Multiplication by c as a matrix of bits: row i, which is byte 7 - i, says which bits
 * of a factor add up to bit i of the product. */
static uint64_t
bits_of(uint8_t c)
{
	static uint64_t	 all[256];
	uint64_t	 bits = 0;
	unsigned	 i, j;

	if (all[c] != 0 || c == 0)
		return all[c];
	for (j = 0; j < 8; j++)
		for (i = 0; i < 8; i++)
			if (gf_mul(c, (uint8_t)(1 << j)) >> i & 1)
				bits |= UINT64_C(1) << (8 * (7 - i) + j);
	return all[c] = bits;
}

/* Rows first to first + rows - 1; rows is a constant where this is expanded. */
WIDE static inline __attribute__((always_inline)) void
rows_multiply(const struct fec_matrix *x, unsigned first, unsigned rows,
    uint8_t *const *src, uint8_t *const *out, size_t len, int add)
{
	const uint64_t	*bits = x->tables.gfni + (size_t)first * x->k;
	__m512i		 sum[8], in;
	unsigned	 i, j;
	size_t		 at;

	for (at = 0; at < len; at += 64) {
#pragma GCC unroll 8
		for (i = 0; i < rows; i++)
			sum[i] = add ? _mm512_loadu_si512(out[first + i] +
			    at) : _mm512_setzero_si512();
		for (j = 0; j < x->k; j++) {
			in = _mm512_loadu_si512(src[j] + at);
	#pragma GCC unroll 8
		for (i = 0; i < rows; i++)
				sum[i] = _mm512_xor_si512(sum[i],
				    _mm512_gf2p8affine_epi64_epi8(in,
				    _mm512_set1_epi64((long long)bits[i *
				    x->k + j]), 0));
		}
#pragma GCC unroll 8
		for (i = 0; i < rows; i++)
			_mm512_storeu_si512(out[first + i] + at, sum[i]);
	}
}

WIDE static void
gfni_multiply(const struct fec_matrix *x, uint8_t *const *src,
    uint8_t *const *out, size_t len, int add)
{
	unsigned	 i = 0;

	for (; x->m - i >= 8; i += 8)
		rows_multiply(x, i, 8, src, out, len, add);
	if (x->m - i >= 4) {
		rows_multiply(x, i, 4, src, out, len, add);
		i += 4;
	}
	for (; i < x->m; i++)
		rows_multiply(x, i, 1, src, out, len, add);
}

void
fec_matrix_set_plain(struct fec_matrix *x, const uint8_t *coefficients,
    unsigned k, unsigned m)
{
	x->k = k;
	x->m = m;
	x->wide = 0;
	ec_init_tables((int)k, (int)m, (uint8_t *)(uintptr_t)coefficients,
	    x->tables.isal);
}

void
fec_matrix_set(struct fec_matrix *x, const uint8_t *coefficients, unsigned k,
    unsigned m)
{
	unsigned	 i;

	if (!has_gfni()) {
		fec_matrix_set_plain(x, coefficients, k, m);
		return;
	}
	x->k = k;
	x->m = m;
	x->wide = 1;
	for (i = 0; i < k * m; i++)
		x->tables.gfni[i] = bits_of(coefficients[i]);
}

void
fec_matrix_multiply(const struct fec_matrix *x, uint8_t *const *src,
    uint8_t *const *out, size_t len)
{
	uint8_t	*from[FEC_SOURCES], *to[FEC_PARITY_MAX];

	if (x->wide) {
		gfni_multiply(x, src, out, len, 0);
		return;
	}
	memcpy(from, src, x->k * sizeof(*from));
	memcpy(to, out, x->m * sizeof(*to));
	ec_encode_data((int)len, (int)x->k, (int)x->m,
	    (uint8_t *)(uintptr_t)x->tables.isal, from, to);
}

void
fec_matrix_add(const struct fec_matrix *x, uint8_t *const *src,
    uint8_t *const *out, size_t len)
{
	uint8_t		*to[FEC_PARITY_MAX];
	unsigned	 j;

	if (x->wide) {
		gfni_multiply(x, src, out, len, 1);
		return;
	}
	memcpy(to, out, x->m * sizeof(*to));
	for (j = 0; j < x->k; j++)
		ec_encode_data_update((int)len, (int)x->k, (int)x->m, (int)j,
		    (uint8_t *)(uintptr_t)x->tables.isal, src[j], to);
}
