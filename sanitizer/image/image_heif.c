/*
 * HEIC and AVIF by libheif.
 * Runs in the jailed child of worker-heif.
 * Hostile input: the whole file.
 * Must never decode before the declared sides are checked, nor start a thread: the
 * decoders' two ways of asking for threads are answered here, in their place.
 */
#include <dlfcn.h>
#include <dav1d/dav1d.h>
#include <libde265/de265.h>
#include <libheif/heif.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "image.h"
#include "image_heif.h"

#define NEED_BYTES	20	/* a pixel: planes, RGB, packed, turned, sent */
#define PICTURES_MAX	256
#define EXPORTED	__attribute__((visibility("default")))

typedef int dav1d_open_function(Dav1dContext **c, const Dav1dSettings *s);

struct heif {
	const uint8_t		*data;
	size_t			 len;
	struct heif_context	*context;
	heif_item_id		 ids[PICTURES_MAX];
	uint32_t		 count;
};

static dav1d_open_function *real_dav1d_open;

/* libheif always asks for one thread; with none, de265_decode does the work. */
EXPORTED de265_error
de265_start_worker_threads(de265_decoder_context *c, int n)
{
	(void)c;
	(void)n;
	return DE265_OK;
}

/* libheif leaves the number at "as many as there are processors". */
EXPORTED int
dav1d_open(Dav1dContext **c, const Dav1dSettings *s)
{
	Dav1dSettings one = *s;

	one.n_threads = 1;
	one.max_frame_delay = 1;
	return real_dav1d_open(c, &one);
}

int
image_heif_warm(void)
{
	void *next = dlsym(RTLD_NEXT, "dav1d_open");

	if (next == NULL || heif_init(NULL).code != heif_error_Ok)
		return ERR_SYS;
	memcpy(&real_dav1d_open, &next, sizeof(next));
	return ERR_OK;
}

static enum reason
reason_of(struct heif_error e)
{
	if (e.subcode == heif_suberror_Security_limit_exceeded)
		return REASON_LIMIT_PIXELS;
	switch (e.code) {
	case heif_error_Ok:
		return REASON_COMPLETE;
	case heif_error_Memory_allocation_error:
		return REASON_MEMORY;
	case heif_error_Unsupported_feature:
	case heif_error_Unsupported_filetype:
		return REASON_UNSUPPORTED;
	case heif_error_Input_does_not_exist:
	case heif_error_Invalid_input:
	case heif_error_Usage_error:
	case heif_error_Decoder_plugin_error:
	case heif_error_Encoder_plugin_error:
	case heif_error_Encoding_error:
	case heif_error_Color_profile_does_not_exist:
	case heif_error_Plugin_loading_error:
		break;
	}
	return REASON_FORMAT;
}

static void
heif_close(void *state)
{
	struct heif *p = state;

	heif_context_free(p->context);
	free(p);
}

/* The one that a person is meant to see, then the others. */
static enum reason
pictures_list(struct heif *p)
{
	heif_item_id first, all[PICTURES_MAX];
	enum reason reason;
	int n;

	reason = reason_of(heif_context_get_primary_image_ID(p->context, &first));
	if (reason != REASON_COMPLETE)
		return reason;
	p->ids[p->count++] = first;
	n = heif_context_get_list_of_top_level_image_IDs(p->context, all,
	    PICTURES_MAX);
	for (int i = 0; i < n && p->count < PICTURES_MAX; i++)
		if (all[i] != first)
			p->ids[p->count++] = all[i];
	return REASON_COMPLETE;
}

static enum reason
heif_open(const uint8_t *data, size_t len, uint64_t max_memory, void **statep)
{
	struct heif *p;
	enum reason reason;

	(void)max_memory;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return REASON_MEMORY;
	p->data = data;
	p->len = len;
	if ((p->context = heif_context_alloc()) == NULL) {
		free(p);
		return REASON_MEMORY;
	}
	heif_context_set_max_decoding_threads(p->context, 0);
	reason = reason_of(heif_context_read_from_memory_without_copy(p->context,
	    data, len, NULL));
	if (reason == REASON_COMPLETE)
		reason = pictures_list(p);
	if (reason != REASON_COMPLETE) {
		heif_close(p);
		return reason;
	}
	*statep = p;
	return REASON_COMPLETE;
}

static const char *
heif_format(const void *state)
{
	const struct heif *p = state;

	if (p->len >= 12 && memcmp(p->data + 8, "avi", 3) == 0)
		return "AVIF";
	return p->len >= 12 && memcmp(p->data + 8, "he", 2) == 0 ? "HEIC" :
	    "HEIF";
}

static uint32_t
heif_count(const void *state)
{
	return ((const struct heif *)state)->count;
}

static void
exif_add(const struct heif_image_handle *h, heif_item_id id,
    struct image_meta *m)
{
	struct image_meta exif = {0};
	size_t len = heif_image_handle_get_metadata_size(h, id);
	uint8_t *block;

	if (len <= 4 || len > 1 << 20 || (block = malloc(len)) == NULL)
		return;
	/* Four bytes say where the block begins; the turn in it does not count:
	 * the file has its own, which libheif applies. */
	if (heif_image_handle_get_metadata(h, id, block).code == heif_error_Ok)
		image_meta_exif(block + 4, len - 4, &exif);
	m->metadata |= exif.metadata;
	free(block);
}

static void
heif_meta(const void *state, struct image_meta *m)
{
	const struct heif *p = state;
	struct heif_image_handle *h;
	heif_item_id ids[16];
	int n;

	memset(m, 0, sizeof(*m));
	if (heif_context_get_image_handle(p->context, p->ids[0], &h).code !=
	    heif_error_Ok)
		return;
	n = heif_image_handle_get_list_of_metadata_block_IDs(h, NULL, ids, 16);
	for (int i = 0; i < n; i++) {
		const char *type = heif_image_handle_get_metadata_type(h,
		    ids[i]);

		if (strcmp(type, "Exif") == 0) {
			m->metadata |= IMAGE_META_EXIF;
			exif_add(h, ids[i], m);
		} else {
			m->metadata |= IMAGE_META_XMP;
		}
	}
	heif_image_handle_release(h);
}

static enum reason
samples_take(const struct heif_image *image, struct image_drawn *out)
{
	int stride, w, h;
	const uint8_t *in;

	in = heif_image_get_plane_readonly(image, heif_channel_interleaved,
	    &stride);
	w = heif_image_get_width(image, heif_channel_interleaved);
	h = heif_image_get_height(image, heif_channel_interleaved);
	if (in == NULL || w <= 0 || h <= 0 || stride < w * 4)
		return REASON_FORMAT;
	if ((out->samples = malloc((size_t)w * h * 4)) == NULL)
		return REASON_MEMORY;
	for (int y = 0; y < h; y++)
		memcpy(out->samples + (size_t)y * w * 4,
		    in + (size_t)y * stride, (size_t)w * 4);
	out->width = out->full_width = w;
	out->height = h;
	out->channels = 4;
	return REASON_COMPLETE;
}

static enum reason
heif_decode(void *state, uint32_t index, const struct image_limits *lim,
    struct image_drawn *out)
{
	struct heif *p = state;
	struct heif_image_handle *h;
	struct heif_image *image = NULL;
	enum reason reason;
	int wide, high;

	if (index >= p->count)
		return REASON_FORMAT;
	reason = reason_of(heif_context_get_image_handle(p->context,
	    p->ids[index], &h));
	if (reason != REASON_COMPLETE)
		return reason;
	wide = heif_image_handle_get_width(h);
	high = heif_image_handle_get_height(h);
	if (wide <= 0 || high <= 0)
		reason = REASON_FORMAT;
	else if ((uint64_t)wide * (uint64_t)high > lim->max_memory / NEED_BYTES)
		reason = REASON_LIMIT_PIXELS;
	else
		reason = reason_of(heif_decode_image(h, &image,
		    heif_colorspace_RGB, heif_chroma_interleaved_RGBA, NULL));
	if (reason == REASON_COMPLETE)
		reason = samples_take(image, out);
	heif_image_release(image);
	heif_image_handle_release(h);
	return reason;
}

const struct image_engine image_heif = {
	.name = "libheif",
	.open = heif_open,
	.close = heif_close,
	.format = heif_format,
	.count = heif_count,
	.meta = heif_meta,
	.decode = heif_decode,
};
