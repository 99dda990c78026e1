/*
 * Writes PDF and PNG containers round encoded pages. Runs in the jailed compose
 * child. Hostile input: none but numbers that were checked. Must never write
 * anything into a PDF but page objects, three-operator contents and image streams.
 */
#include <isa-l/crc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "page_encode.h"
#include "pdf_write.h"

#define OBJ_CATALOG	1
#define OBJ_PAGES	2
#define OBJ_FIRST	3	/* then image, contents, page; image ... */

struct pdf_writer {
	out_sink	*sink;
	void		*arg;
	uint64_t	 at;		/* bytes written */
	uint64_t	*offset;	/* of each object from OBJ_FIRST */
	size_t		 count, room;
	uint64_t	 fixed[OBJ_FIRST];
};

static void
pdf_write(struct pdf_writer *w, const void *data, size_t len)
{
	w->sink(w->arg, data, len);
	w->at += len;
}

static void __attribute__((format(printf, 2, 3)))
pdf_printf(struct pdf_writer *w, const char *fmt, ...)
{
	char	 line[1024];
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		panic("a line of a PDF object is too long");
	pdf_write(w, line, (size_t)n);
}

struct pdf_writer *
pdf_writer_new(out_sink *sink, void *arg)
{
	struct pdf_writer	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->sink = sink;
	w->arg = arg;
	/* The second line tells transfer programs that this is binary. */
	pdf_printf(w, "%%PDF-1.5\n%%\xe2\xe3\xcf\xd3\n");
	w->fixed[OBJ_CATALOG] = w->at;
	pdf_printf(w, "%d 0 obj\n<</Type/Catalog/Pages %d 0 R>>\nendobj\n",
	    OBJ_CATALOG, OBJ_PAGES);
	return w;
}

void
pdf_writer_free(struct pdf_writer *w)
{
	if (w == NULL)
		return;
	free(w->offset);
	free(w);
}

/* Objects are numbered as they are written, so no gap can be in the table. */
static unsigned long
object_begin(struct pdf_writer *w)
{
	w->offset[w->count++] = w->at;
	pdf_printf(w, "%zu 0 obj\n", OBJ_FIRST + w->count - 1);
	return (unsigned long)(OBJ_FIRST + w->count - 1);
}

static int
objects_fit(struct pdf_writer *w, size_t n)
{
	uint64_t	*more;
	size_t		 room;

	if (w->count + n <= w->room)
		return ERR_OK;
	room = w->room == 0 ? 96 : w->room * 2;
	if ((more = realloc(w->offset, room * sizeof(*more))) == NULL)
		return ERR_MEMORY;
	w->offset = more;
	w->room = room;
	return ERR_OK;
}

/* pixels * 72 / dpi, exact to five decimals, without trailing zeros. */
static void
points(char out[32], uint32_t pixels, unsigned dpi)
{
	uint64_t	 v = ((uint64_t)pixels * 7200000 + dpi / 2) / dpi;
	int		 n;

	n = snprintf(out, 32, "%llu.%05llu", (unsigned long long)(v / 100000),
	    (unsigned long long)(v % 100000));
	while (out[n - 1] == '0')
		out[--n] = '\0';
	if (out[n - 1] == '.')
		out[n - 1] = '\0';
}

static void
image_palette(struct pdf_writer *w, const struct page_image *image)
{
	size_t	 i;

	pdf_printf(w, "/ColorSpace[/Indexed/DeviceRGB %d<", image->colors - 1);
	for (i = 0; i < (size_t)image->colors * 3; i++)
		pdf_printf(w, "%02x", image->palette[i]);
	pdf_printf(w, ">]");
}

static uint64_t
image_object(struct pdf_writer *w, const struct page_image *image)
{
	uint64_t	 at;

	pdf_printf(w, "<</Type/XObject/Subtype/Image/Width %u/Height %u"
	    "/BitsPerComponent %u", image->width, image->height, image->depth);
	if (image->color == PAGE_PALETTE)
		image_palette(w, image);
	else
		pdf_printf(w, "/ColorSpace/Device%s",
		    image->color == PAGE_GREY ? "Gray" : "RGB");
	if (image->form == PAGE_JPEG)
		pdf_printf(w, "/Filter/DCTDecode");
	else
		pdf_printf(w, "/Filter/FlateDecode/DecodeParms<</Predictor 15"
		    "/Colors %d/BitsPerComponent %u/Columns %u>>",
		    image->color == PAGE_RGB ? 3 : 1, image->depth,
		    image->width);
	pdf_printf(w, "/Length %zu>>\nstream\n", image->len);
	at = w->at;
	pdf_write(w, image->data, image->len);
	pdf_printf(w, "\nendstream\nendobj\n");
	return at;
}

int
pdf_write_page(struct pdf_writer *w, const struct page_image *image,
    uint64_t *offset)
{
	char		 width[32], height[32], draw[128];
	unsigned	 dpi = image->dpi < 36 ? 150 : image->dpi;
	unsigned long	 object;
	int		 n, r;

	if ((r = objects_fit(w, 3)) != ERR_OK)
		return r;
	points(width, image->width, dpi);
	points(height, image->height, dpi);
	object = object_begin(w);
	*offset = image_object(w, image);
	object_begin(w);
	n = snprintf(draw, sizeof(draw), "q %s 0 0 %s 0 0 cm /I Do Q", width,
	    height);
	pdf_printf(w, "<</Length %d>>\nstream\n%s\nendstream\nendobj\n", n,
	    draw);
	object_begin(w);
	pdf_printf(w, "<</Type/Page/Parent %d 0 R/MediaBox[0 0 %s %s]"
	    "/Resources<</XObject<</I %lu 0 R>>>>/Contents %lu 0 R>>\nendobj\n",
	    OBJ_PAGES, width, height, object, object + 1);
	return ERR_OK;
}

void
pdf_write_finish(struct pdf_writer *w)
{
	uint64_t	 xref;
	size_t		 i;

	w->fixed[OBJ_PAGES] = w->at;
	pdf_printf(w, "%d 0 obj\n<</Type/Pages/Count %zu/Kids[", OBJ_PAGES,
	    w->count / 3);
	for (i = 2; i < w->count; i += 3)
		pdf_printf(w, "%zu 0 R%s", OBJ_FIRST + i,
		    i / 3 % 8 == 7 ? "\n" : " ");
	pdf_printf(w, "]>>\nendobj\n");
	xref = w->at;
	pdf_printf(w, "xref\n0 %zu\n0000000000 65535 f \n",
	    OBJ_FIRST + w->count);
	for (i = OBJ_CATALOG; i < OBJ_FIRST; i++)
		pdf_printf(w, "%010llu 00000 n \n",
		    (unsigned long long)w->fixed[i]);
	for (i = 0; i < w->count; i++)
		pdf_printf(w, "%010llu 00000 n \n",
		    (unsigned long long)w->offset[i]);
	pdf_printf(w, "trailer\n<</Size %zu/Root %d 0 R>>\nstartxref\n%llu\n"
	    "%%%%EOF\n", OBJ_FIRST + w->count, OBJ_CATALOG,
	    (unsigned long long)xref);
}

static void
put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static void
chunk_write(const char *type, const uint8_t *data, size_t len, uint32_t crc,
    out_sink *sink, void *arg)
{
	uint8_t	 head[8], tail[4];

	put_be32(head, (uint32_t)len);
	memcpy(head + 4, type, 4);
	put_be32(tail, crc);
	sink(arg, head, sizeof(head));
	sink(arg, data, len);
	sink(arg, tail, sizeof(tail));
}

static uint32_t
chunk_crc(const char *type, const uint8_t *data, size_t len)
{
	uint32_t	 crc = crc32_gzip_refl(0, (const uint8_t *)type, 4);

	return len == 0 ? crc : crc32_gzip_refl(crc, data, len);
}

void
picture_write(const struct page_image *image, out_sink *sink, void *arg)
{
	static const uint8_t	 signature[] = { 0x89, 'P', 'N', 'G', '\r',
				    '\n', 0x1a, '\n' };
	uint8_t			 ihdr[13] = {0};
	size_t			 n = (size_t)image->colors * 3;

	if (image->form == PAGE_JPEG) {
		sink(arg, image->data, image->len);
		return;
	}
	sink(arg, signature, sizeof(signature));
	put_be32(ihdr, image->width);
	put_be32(ihdr + 4, image->height);
	ihdr[8] = image->depth;
	ihdr[9] = image->color;
	chunk_write("IHDR", ihdr, sizeof(ihdr), chunk_crc("IHDR", ihdr,
	    sizeof(ihdr)), sink, arg);
	if (image->color == PAGE_PALETTE)
		chunk_write("PLTE", image->palette, n, chunk_crc("PLTE",
		    image->palette, n), sink, arg);
	chunk_write("IDAT", image->data, image->len, image->crc, sink, arg);
	chunk_write("IEND", ihdr, 0, chunk_crc("IEND", ihdr, 0), sink, arg);
}
