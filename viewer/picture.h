/*
 * Pictures: a page of a harmless mail as PNG or JPEG, cut out of the mail file by
 * the byte range that the index holds. Nothing is parsed or encoded again.
 */
#ifndef LIMPID_PICTURE_H
#define LIMPID_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#define PICTURE_MAX	((int64_t)48 * 1024 * 1024)	/* bytes of one picture */

enum picture_form { PICTURE_PNG, PICTURE_JPEG, PICTURE_FILE };

/* One row of the index's table `page`, and where its attachment begins. */
struct picture {
	enum picture_form form;
	uint32_t	 width, height;
	uint8_t		 depth, color;
	uint8_t		 palette[768];
	size_t		 palette_len;
	uint32_t	 crc;
	int64_t		 offset, length;	/* in the decoded attachment */
	int64_t		 file_offset;		/* of its first base64 line */
	int64_t		 file_size;		/* decoded bytes */
	const char	*type;			/* what to tell the browser */
};

/*
 * Reads bytes [offset, offset+len) of a base64 attachment in lines of 76 that
 * starts at file_offset of fd. A new buffer, caller frees. ERR_LIMIT for ranges
 * beyond PICTURE_MAX, ERR_SHORT and ERR_FORMAT when the file is not what the
 * index says.
 */
int picture_read_range(int fd, int64_t file_offset, int64_t offset, int64_t len,
    uint8_t **out);

/* The whole picture as the browser gets it; a new buffer, caller frees. Errors
 * as above. */
int picture_load(int fd, const struct picture *p, uint8_t **out, size_t *len);

#endif
