/*
 * The one bounded buffer through which all bytes between processes pass.
 * Integers are little-endian. A wire has a maximum fixed at creation; put
 * beyond it fails with ERR_LIMIT, get beyond the end with ERR_SHORT, and
 * wire_end() fails with ERR_FORMAT when bytes remain unread.
 */
#ifndef LIMPID_WIRE_H
#define LIMPID_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct wire;

/* An empty buffer that never holds more than max bytes. NULL: no memory. */
struct wire *wire_new(size_t max);
/* A reader over borrowed bytes, which must outlive it. NULL: no memory. */
struct wire *wire_new_over(const uint8_t *data, size_t len);
void wire_free(struct wire *w);
/* Forgets content and read position, keeps the memory. */
void wire_clear(struct wire *w);

int wire_put_u8(struct wire *w, uint8_t v);
int wire_put_u16(struct wire *w, uint16_t v);
int wire_put_u32(struct wire *w, uint32_t v);
int wire_put_u64(struct wire *w, uint64_t v);
/* Raw bytes without a length. */
int wire_put_raw(struct wire *w, const void *data, size_t len);
/* u32 length, then the bytes. */
int wire_put_data(struct wire *w, const void *data, size_t len);
/* wire_put_data of a string without its NUL; NULL writes "". */
int wire_put_text(struct wire *w, const char *s);

int wire_get_u8(struct wire *w, uint8_t *vp);
int wire_get_u16(struct wire *w, uint16_t *vp);
int wire_get_u32(struct wire *w, uint32_t *vp);
int wire_get_u64(struct wire *w, uint64_t *vp);
/* Borrows n raw bytes; valid until the wire changes. */
int wire_get_raw(struct wire *w, const uint8_t **datap, size_t n);
/* Borrows a u32-prefixed block; valid until the wire changes. */
int wire_get_data(struct wire *w, const uint8_t **datap, size_t *lenp);
/*
 * A u32-prefixed string of at most max bytes as a new NUL-terminated string
 * (caller frees). An embedded NUL is ERR_FORMAT.
 */
int wire_get_text(struct wire *w, size_t max, char **sp);
/* ERR_OK only when every byte was read. */
int wire_end(const struct wire *w);

/* What was put (or the bytes read over), borrowed. */
const uint8_t *wire_data(const struct wire *w);
size_t wire_len(const struct wire *w);
/* Bytes not yet read. */
size_t wire_left(const struct wire *w);

/*
 * Frames on a stream: u32 length of the payload, u8 type, payload.
 * wire_write_frame sends one whole (retries EINTR; the fd must block).
 * wire_read_frame reads one into w (cleared first) and sets *typep; a length
 * above max is ERR_LIMIT, a clean end before the first byte is ERR_NOTFOUND,
 * an end inside a frame ERR_SHORT.
 */
int wire_write_frame(int fd, uint8_t type, const void *data, size_t len);
int wire_read_frame(int fd, size_t max, struct wire *w, uint8_t *typep);

/* A checked size: ERR_LIMIT instead of wrapping. */
int size_mul(size_t a, size_t b, size_t *out);

/* Whole-buffer I/O on blocking fds; EINTR is retried. ERR_SHORT at early end. */
int fd_write_all(int fd, const void *data, size_t len);
int fd_read_all(int fd, void *data, size_t len);
/* The same from at, which leaves the offset alone. */
int fd_read_at(int fd, void *data, size_t len, uint64_t at);
/* All of it at an offset of a file. ERR_FULL: the disk has no room; the same bytes may
 * be written there again. */
int fd_write_at(int fd, const void *data, size_t len, int64_t at);

#endif
