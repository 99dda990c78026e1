/*
 * Byte ranges of what stands in a harmless mail, found by arithmetic: base64 in
 * lines of 76 characters, or plain bytes.
 */
#ifndef LIMPID_MAIL_RANGE_H
#define LIMPID_MAIL_RANGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decoded bytes [offset, offset + len) of the block whose first character is at
 * `at` in fd, as a new NUL-terminated buffer (caller frees). ERR_SHORT when the
 * file ends before, ERR_FORMAT when it is no base64 there.
 */
int mail_range_read(int fd, uint64_t at, int base64, uint64_t offset,
    size_t len, char **out);

#endif
