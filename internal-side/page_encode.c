/*
 * Decodes the samples of a page and encodes them as PNG stream or JPEG. Runs in
 * the jailed compose child. Hostile input: the zstd frame and the samples. Must
 * never decode a frame whose size is not the one computed here, nor keep anything
 * from one page to the next but buffers.
 */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <zstd.h>

#include "copy.h"
#include "err.h"
#include "page_encode.h"
#include "page_look.h"
#include "page_palette.h"
#include "wire.h"

#define WINDOW_LOG_MAX	23
#define JPEG_QUALITY	85
#define PNG_ROOM	65536	/* over the rows: headers, stored blocks */

struct buffer {
	uint8_t	*data;
	size_t	 size;
};

struct page_encoder {
	ZSTD_DCtx		*zstd;
	tjhandle		 jpeg;
	struct isal_zstream	 deflate;
	uint8_t			*level_buf;
	struct palette		*palette;
	struct buffer		 samples, line, index, rows, out;
};

void
page_encoder_free(struct page_encoder *e)
{
	if (e == NULL)
		return;
	ZSTD_freeDCtx(e->zstd);
	if (e->jpeg != NULL)
		tjDestroy(e->jpeg);
	palette_free(e->palette);
	free(e->level_buf);
	free(e->samples.data);
	free(e->line.data);
	free(e->index.data);
	free(e->rows.data);
	free(e->out.data);
	free(e);
}

struct page_encoder *
page_encoder_new(void)
{
	struct page_encoder	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->zstd = ZSTD_createDCtx();
	e->jpeg = tjInitCompress();
	e->level_buf = malloc(ISAL_DEF_LVL1_DEFAULT);
	e->palette = palette_new();
	if (e->zstd == NULL || e->jpeg == NULL || e->level_buf == NULL ||
	    e->palette == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(e->zstd,
	    ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		page_encoder_free(e);
		return NULL;
	}
	return e;
}

/* Room for n bytes; what was there is lost. */
static int
buffer_fit(struct buffer *b, size_t n)
{
	if (n <= b->size)
		return ERR_OK;
	free(b->data);
	b->size = 0;
	if ((b->data = malloc(n)) == NULL)
		return ERR_MEMORY;
	b->size = n;
	return ERR_OK;
}

/* Exactly one zstd frame of exactly width * height * channels bytes. */
static int
page_decode(struct page_encoder *e, const struct copy_page *p)
{
	size_t	 raw, got;
	int	 r;

	if ((r = size_mul(p->width, p->height, &raw)) != ERR_OK ||
	    (r = size_mul(raw, p->channels, &raw)) != ERR_OK)
		return r;
	if (raw == 0 || raw > COPY_PAGE_PIXELS * (size_t)3)
		return ERR_LIMIT;
	if (ZSTD_getFrameContentSize(p->frame, p->frame_len) != raw ||
	    ZSTD_findFrameCompressedSize(p->frame, p->frame_len) !=
	    p->frame_len || ZSTD_getDictID_fromFrame(p->frame,
	    p->frame_len) != 0)
		return ERR_FORMAT;
	if ((r = buffer_fit(&e->samples, raw)) != ERR_OK)
		return r;
	got = ZSTD_decompressDCtx(e->zstd, e->samples.data, raw, p->frame,
	    p->frame_len);
	return ZSTD_isError(got) || got != raw ? ERR_FORMAT : ERR_OK;
}

/* Deflates rows into at most room bytes: 1 done, 0 it needs more, or an error. */
static int
png_deflate(struct page_encoder *e, size_t rows_len, size_t room,
    struct page_image *out)
{
	struct isal_zstream	*z = &e->deflate;
	int			 r;

	if (rows_len > UINT32_MAX || room > UINT32_MAX)
		return ERR_LIMIT;
	if ((r = buffer_fit(&e->out, room)) != ERR_OK)
		return r;
	isal_deflate_init(z);
	z->end_of_stream = 1;
	z->flush = NO_FLUSH;
	z->gzip_flag = IGZIP_ZLIB;
	z->level = 1;
	z->level_buf = e->level_buf;
	z->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
	z->next_in = e->rows.data;
	z->avail_in = (uint32_t)rows_len;
	z->next_out = e->out.data;
	z->avail_out = (uint32_t)room;
	/* Too small a buffer is no error to igzip, only an unfinished state. */
	if (isal_deflate(z) != COMP_OK)
		return ERR_MEMORY;
	if (z->internal_state.state != ZSTATE_END)
		return 0;
	out->form = PAGE_PNG;
	out->data = e->out.data;
	out->len = z->total_out;
	out->crc = crc32_gzip_refl(crc32_gzip_refl(0,
	    (const unsigned char *)"IDAT", 4), out->data, out->len);
	return 1;
}

static size_t
png_row_bytes(size_t width, unsigned bits)
{
	return 1 + (width * bits + 7) / 8;
}

static int
rows_fit(struct page_encoder *e, const struct page_image *out, unsigned bits,
    size_t *len)
{
	*len = png_row_bytes(out->width, bits) * out->height;
	return buffer_fit(&e->rows, *len);
}

static int
encode_jpeg(struct page_encoder *e, int channels, struct page_image *out)
{
	int		 subsamp = channels == 1 ? TJSAMP_GRAY : TJSAMP_444;
	unsigned long	 len;
	unsigned char	*buf;
	int		 r;

	len = tjBufSize((int)out->width, (int)out->height, subsamp);
	if ((r = buffer_fit(&e->out, len)) != ERR_OK)
		return r;
	buf = e->out.data;
	if (tjCompress2(e->jpeg, e->samples.data, (int)out->width, 0,
	    (int)out->height, channels == 1 ? TJPF_GRAY : TJPF_RGB, &buf, &len,
	    subsamp, JPEG_QUALITY, TJFLAG_NOREALLOC) != 0)
		return ERR_MEMORY;
	out->form = PAGE_JPEG;
	out->depth = 8;
	out->color = channels == 1 ? PAGE_GREY : PAGE_RGB;
	out->colors = 0;
	out->crc = 0;
	out->data = buf;
	out->len = len;
	return ERR_OK;
}

static int
encode_grey(struct page_encoder *e, struct page_image *out)
{
	const uint8_t	*s = e->samples.data;
	size_t		 w = out->width, h = out->height, len;
	int		 r, bilevel;

	bilevel = page_is_bilevel(s, w, h);
	if (!bilevel && page_is_smooth(s, w, h, 1, NULL))
		return encode_jpeg(e, 1, out);
	out->color = PAGE_GREY;
	out->depth = bilevel ? 1 : 4;
	if ((r = buffer_fit(&e->line, w + 1)) != ERR_OK ||
	    (r = rows_fit(e, out, out->depth, &len)) != ERR_OK)
		return r;
	if (bilevel)
		page_pack_1(s, w, h, e->rows.data);
	else
		page_pack_4(s, w, h, e->line.data, e->rows.data);
	r = png_deflate(e, len, len + len / 8 + PNG_ROOM, out);
	return r == 0 ? encode_jpeg(e, 1, out) : r < 0 ? r : ERR_OK;
}

/* 1 done, 0 the page has too many colours, or an error. */
static int
encode_palette(struct page_encoder *e, struct page_image *out)
{
	size_t	 w = out->width, h = out->height, len;
	int	 n, r;

	if ((r = buffer_fit(&e->index, w * h)) != ERR_OK)
		return r;
	n = palette_make(e->palette, e->samples.data, w * h, e->index.data,
	    out->palette);
	if (n <= 0)
		return n;
	out->color = PAGE_PALETTE;
	out->colors = (uint16_t)n;
	out->depth = n <= 16 ? 4 : 8;
	if ((r = rows_fit(e, out, out->depth, &len)) != ERR_OK)
		return r;
	if (n <= 16)
		page_pack_index_4(e->index.data, w, h, e->rows.data);
	else
		page_pack_index_8(e->index.data, w, h, e->rows.data);
	return png_deflate(e, len, len + len / 8 + PNG_ROOM, out);
}

/* A PNG larger than a sixth of a byte a pixel is better served by JPEG. */
static int
encode_rgb(struct page_encoder *e, struct page_image *out)
{
	size_t	 pixels = (size_t)out->width * out->height, len;
	int	 r;

	out->color = PAGE_RGB;
	out->colors = 0;
	out->depth = 8;
	if ((r = rows_fit(e, out, 24, &len)) != ERR_OK)
		return r;
	page_pack_rgb(e->samples.data, out->width, out->height, e->rows.data);
	return png_deflate(e, len, pixels / 6 + 4096, out);
}

static int
encode_color(struct page_encoder *e, struct page_image *out)
{
	int	 r;

	if ((r = buffer_fit(&e->line, out->width)) != ERR_OK)
		return r;
	if (page_is_smooth(e->samples.data, out->width, out->height, 3,
	    e->line.data))
		return encode_jpeg(e, 3, out);
	if ((r = encode_palette(e, out)) == 0 && (r = encode_rgb(e, out)) == 0)
		return encode_jpeg(e, 3, out);
	return r < 0 ? r : ERR_OK;
}

int
page_encode(struct page_encoder *e, const struct copy_page *p,
    struct page_image *out)
{
	int	 r;

	if (p->channels != 1 && p->channels != 3)
		return ERR_FORMAT;
	if ((r = page_decode(e, p)) != ERR_OK)
		return r;
	memset(out, 0, sizeof(*out));
	out->width = p->width;
	out->height = p->height;
	out->dpi = p->dpi;
	return p->channels == 1 ? encode_grey(e, out) : encode_color(e, out);
}
