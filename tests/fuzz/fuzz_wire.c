/* folder: common
 * Any bytes read through the bounded buffer: the first byte picks the reads.
 * What is read must lie inside the input, and encoding it again must give it back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* One read chosen by op, put again into out. */
static int
step(struct wire *in, struct wire *out, uint8_t op)
{
	const uint8_t	*data;
	uint64_t	 u64;
	uint32_t	 u32;
	uint16_t	 u16;
	uint8_t		 u8;
	size_t		 len;
	char		*s;
	int		 r;

	switch (op % 6) {
	case 0:
		return (r = wire_get_u8(in, &u8)) != ERR_OK ? r :
		    wire_put_u8(out, u8);
	case 1:
		return (r = wire_get_u16(in, &u16)) != ERR_OK ? r :
		    wire_put_u16(out, u16);
	case 2:
		return (r = wire_get_u32(in, &u32)) != ERR_OK ? r :
		    wire_put_u32(out, u32);
	case 3:
		return (r = wire_get_u64(in, &u64)) != ERR_OK ? r :
		    wire_put_u64(out, u64);
	case 4:
		return (r = wire_get_data(in, &data, &len)) != ERR_OK ? r :
		    wire_put_data(out, data, len);
	default:
		if ((r = wire_get_text(in, 64, &s)) != ERR_OK)
			return r;
		r = wire_put_text(out, s);
		free(s);
		return r;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire	*in, *out;
	size_t		 i, ops, done;

	if (size < 1 || (ops = data[0] % 16) > size - 1)
		return 0;
	in = wire_new_over(data + 1 + ops, size - 1 - ops);
	out = wire_new(size);
	if (in == NULL || out == NULL)
		abort();
	for (i = 0; i < ops; i++)
		if (step(in, out, data[1 + i]) != ERR_OK)
			break;
	done = wire_len(in) - wire_left(in);
	if (done != wire_len(out) || (done > 0 &&
	    memcmp(wire_data(in), wire_data(out), done) != 0))
		abort();
	wire_free(in);
	wire_free(out);
	return 0;
}
