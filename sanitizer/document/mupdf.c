/*
 * One MuPDF context a process. Made in the warm parent, which sees no data;
 * used in the jailed child. Hostile input: none here.
 * Must never print (a child has no stderr, and a message could hold content)
 * and never enable JavaScript.
 */
#include <malloc.h>

#include "err.h"
#include "mupdf.h"

#define STORE_BYTES	((size_t)64 << 20)
#define KEEP_BYTES	(64 << 20)

static fz_context *context;

static void
message_drop(void *user, const char *message)
{
	(void)user;
	(void)message;
}

/*
 * Big blocks come from the heap and stay there: a page's pixmap given back to
 * the kernel after each page would be faulted in again for the next.
 */
static void
memory_tune(void)
{
	mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
	mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
	mallopt(M_TOP_PAD, 1 << 20);
}

fz_context *
mupdf_context(void)
{
	if (context != NULL)
		return context;
	memory_tune();
	if ((context = fz_new_context(NULL, NULL, STORE_BYTES)) == NULL)
		return NULL;
	fz_set_warning_callback(context, message_drop, NULL);
	fz_set_error_callback(context, message_drop, NULL);
	return context;
}

int
mupdf_warm_fonts(fz_context *ctx)
{
	static const char *const base14[] = {
		"Courier", "Courier-Oblique", "Courier-Bold",
		"Courier-BoldOblique", "Helvetica", "Helvetica-Oblique",
		"Helvetica-Bold", "Helvetica-BoldOblique", "Times-Roman",
		"Times-Italic", "Times-Bold", "Times-BoldItalic", "Symbol",
		"ZapfDingbats",
	};
	int r = ERR_OK;

	fz_try(ctx) {
		for (size_t i = 0; i < nelem(base14); i++)
			fz_drop_font(ctx, fz_new_base14_font(ctx, base14[i]));
		for (int o = FZ_ADOBE_CNS; o <= FZ_ADOBE_KOREA; o++)
			fz_drop_font(ctx, fz_new_cjk_font(ctx, o));
	}
	fz_catch(ctx)
		r = ERR_MEMORY;
	return r;
}
