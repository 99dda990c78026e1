/*
 * What the second engine needs of the host, loaded before any document: fonts and
 * tables of characters stay in memory, and poppler and fontconfig have read their
 * configuration. Runs in the warm parent of worker-poppler. Hostile input: none.
 * Must never leave anything for a child to open.
 */
#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include <iconv.h>

#include "err.h"
#include "popdf_private.h"
#include "shelf.h"

#define TABLES		"/usr/share/poppler"	/* Debian: poppler-data */

static unsigned complaints;
static struct document *open_document;	/* poppler forgets with the last one */
static iconv_t converters[3];

unsigned
popdf_complaints(void)
{
	return complaints;
}

/* GLib would print it, and it may hold words of the document. */
static void
complaint_count(const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer arg)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)arg;
	complaints++;
}

/*
 * FreeType would open the file by its name; cairo and poppler ask for it here
 * (build.mk).
 */
SHELF_API FT_Error shelf_new_face(FT_Library library, const char *path,
    FT_Long index, FT_Face *face);

FT_Error
shelf_new_face(FT_Library library, const char *path, FT_Long index,
    FT_Face *face)
{
	FT_Open_Args args = { .flags = FT_OPEN_MEMORY };
	const uint8_t *data;
	size_t len;

	if ((data = shelf_find(path, &len)) == NULL)
		return FT_Err_Cannot_Open_Resource;
	args.memory_base = data;
	args.memory_size = (FT_Long)len;
	return FT_Open_Face(library, &args, index, face);
}

static int
fonts_keep(void)
{
	FcFontSet *fonts;
	FcChar8 *path;
	int r = ERR_OK;

	/* Without fonts, documents that bring theirs are drawn all the same. */
	if (!FcInit() || (fonts = FcConfigGetFonts(NULL, FcSetSystem)) == NULL)
		return ERR_OK;
	for (int i = 0; i < fonts->nfont && r == ERR_OK; i++)
		if (FcPatternGetString(fonts->fonts[i], FC_FILE, 0, &path) ==
		    FcResultMatch)
			r = shelf_add_file((const char *)path);
	return r;
}

/* Strings of a PDF are often UTF-16; what converts it is loaded at its first use, and
 * stays while one of it is open. */
static int
converters_load(void)
{
	static const char *const from[] = { "UTF-16", "UTF-16BE", "UTF-16LE" };

	for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++)
		if ((converters[i] = iconv_open("UTF-8", from[i])) ==
		    (iconv_t)-1)
			return ERR_NOTFOUND;
	return ERR_OK;
}

/* A font that is not embedded, and one whose characters need a table. */
static const char harmless[] =
    "%PDF-1.4\n"
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 90 40]/Contents 4 0 R"
    "/Resources<</Font<</F 5 0 R/J 6 0 R>>>>>>endobj\n"
    "4 0 obj<</Length 61>>stream\n"
    "BT /F 12 Tf 5 5 Td (warm) Tj /J 12 Tf 0 15 Td <65e5672c> Tj ET\n"
    "endstream endobj\n"
    "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    "6 0 obj<</Type/Font/Subtype/Type0/BaseFont/Ryumin-Light"
    "/Encoding/UniJIS-UCS2-H/DescendantFonts[7 0 R]>>endobj\n"
    "7 0 obj<</Type/Font/Subtype/CIDFontType0/BaseFont/Ryumin-Light"
    "/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>"
    "/DW 1000/FontDescriptor<</Type/FontDescriptor/FontName/Ryumin-Light"
    "/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 900/Descent 0"
    "/CapHeight 700/StemV 80>>>>endobj\n"
    "trailer<</Root 1 0 R>>\n";

static int
harmless_draw(void)
{
	struct document_picture pic;
	struct document_glyphs glyphs;
	struct document *d;
	int errors = 0;

	if (popdf_engine.open("PDF", (const uint8_t *)harmless,
	    sizeof(harmless) - 1, NULL, &d) != REASON_COMPLETE ||
	    !popdf_page_load(d, 0, &errors) ||
	    !popdf_page_draw(d, 72, 100000, &pic, &errors) ||
	    !popdf_page_glyphs(d, 100, &glyphs))
		return ERR_FORMAT;
	popdf_page_drop(d);
	open_document = d;
	complaints = 0;
	return ERR_OK;
}

int
popdf_warm(void)
{
	int r;

	if (open_document != NULL)
		return ERR_OK;
	g_log_set_default_handler(complaint_count, NULL);
	if ((r = converters_load()) != ERR_OK ||
	    (r = shelf_add_folder(TABLES)) != ERR_OK ||
	    (r = fonts_keep()) != ERR_OK)
		return r;
	shelf_close();
	return harmless_draw();
}
