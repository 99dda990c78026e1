/* folder: sanitizer */
/* PDFs through poppler as worker-poppler uses it: first page, words, links, facts.
 * poppler itself is not instrumented; this watches what we make of its answers. */
#include <stdint.h>
#include <stdlib.h>

#include "err.h"
#include "popdf.h"
#include "seen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* fontconfig keeps some hundred bytes of its configuration for itself. */
const char *__lsan_default_suppressions(void)
    __attribute__((visibility("default")));

const char *
__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}

static int
link_count(void *arg, const char *label, const char *target)
{
	if (label == NULL || target == NULL)
		abort();
	return ++*(int *)arg < 10;
}

static int
file_begin(void *arg, const char *name, const char *type)
{
	if (name == NULL || type == NULL)
		abort();
	return ++*(int *)arg < 20;
}

static int
file_data(void *arg, const uint8_t *data, size_t len)
{
	if (len > 0)
		*(int *)arg += data[len - 1] & 1;
	return *(int *)arg < 200;
}

static void
file_lost(void *arg, enum reason reason)
{
	if (reason == REASON_COMPLETE)
		abort();
	++*(int *)arg;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct document_picture pic;
	struct document_facts facts;
	struct document *d;
	int errors = 0, links = 0, files = 0, drawn;
	struct document_sink to = { &files, file_begin, file_data, file_lost };
	struct document_glyphs glyphs;
	struct seen seen;

	if (popdf_warm() != ERR_OK)
		return 0;
	if (popdf_engine.open("PDF", data, len, NULL, &d) != REASON_COMPLETE)
		return 0;
	popdf_engine.facts(d, &facts);
	if (popdf_engine.page_load(d, 0, &errors)) {
		popdf_engine.page_links(d, link_count, &links);
		drawn = popdf_engine.page_draw(d, 30, 100000, &pic, &errors);
		if (drawn && (uint64_t)pic.width * pic.height > 100000)
			abort();
		if (popdf_engine.page_glyphs(d, 1000, &glyphs) && seen_read(&glyphs,
		    drawn ? &pic : NULL, &seen) == ERR_OK)
			free(seen.text);
	}
	popdf_engine.files(d, &to);
	popdf_close(d);
	return 0;
}
