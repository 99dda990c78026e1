/*
 * Reading bar codes, by zbar's image scanner.
 * Runs in the jailed children that draw.
 * Hostile input: the samples.
 * Must never let a type of zbar out, nor look for the codes that it finds where
 * there are none.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <zbar.h>

#include "codes.h"
#include "err.h"

#define QUALITY_MIN	3	/* passes over a bar code that agree */

static zbar_image_scanner_t *scanner;

/*
 * Debian's libzbar.a can tell a desktop's message bus what it found, when it is
 * asked to. Nobody asks here; these stand for the bus, so that no program of ours
 * has its library.
 */
#define ABSENT(name)	void name(void); \
			void name(void) { panic(#name); }
ABSENT(dbus_bus_get)
ABSENT(dbus_bus_release_name)
ABSENT(dbus_bus_request_name)
ABSENT(dbus_connection_flush)
ABSENT(dbus_connection_send)
ABSENT(dbus_error_free)
ABSENT(dbus_error_init)
ABSENT(dbus_error_is_set)
ABSENT(dbus_message_iter_append_basic)
ABSENT(dbus_message_iter_append_fixed_array)
ABSENT(dbus_message_iter_close_container)
ABSENT(dbus_message_iter_init_append)
ABSENT(dbus_message_iter_open_container)
ABSENT(dbus_message_new_signal)
ABSENT(dbus_message_unref)

/* Those that zbar also sees in hatchings and lines of text stay off. */
static const struct {
	zbar_symbol_type_t	 type;
	const char		*name;
} kinds[] = {
	{ ZBAR_QRCODE, "QR code" },
	{ ZBAR_EAN13, "bar code (EAN-13)" },
	{ ZBAR_EAN8, "bar code (EAN-8)" },
	{ ZBAR_UPCA, "bar code (UPC-A)" },
	{ ZBAR_UPCE, "bar code (UPC-E)" },
	{ ZBAR_CODE128, "bar code (Code 128)" },
	{ ZBAR_CODE93, "bar code (Code 93)" },
	{ ZBAR_CODE39, "bar code (Code 39)" },
};

/* Converters that it asks for in a child, where no file can be opened; open for as
 * long as the program runs, they stay loaded. */
static int
converters_load(void)
{
	static const char *const	 names[] = {
		"ISO8859-1", "SJIS", "BIG-5", "CP437", "UTF-8"
	};
	static iconv_t			 kept[sizeof(names) / sizeof(names[0])];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (kept[i] == NULL && (kept[i] = iconv_open("UTF-8",
		    names[i])) == (iconv_t)-1)
			return ERR_NOTFOUND;
	return ERR_OK;
}

int
codes_warm(void)
{
	int r;

	if ((r = converters_load()) != ERR_OK)
		return r;
	if ((scanner = zbar_image_scanner_create()) == NULL)
		return ERR_MEMORY;
	zbar_image_scanner_set_config(scanner, 0, ZBAR_CFG_ENABLE, 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		zbar_image_scanner_set_config(scanner, kinds[i].type,
		    ZBAR_CFG_ENABLE, 1);
	zbar_image_scanner_set_config(scanner, 0, ZBAR_CFG_POSITION, 1);
	zbar_image_scanner_set_config(scanner, 0, ZBAR_CFG_TEST_INVERTED, 1);
	return ERR_OK;
}

static const char *
kind_of(zbar_symbol_type_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == type)
			return kinds[i].name;
	}
	return NULL;
}

/* 0 when it is not to be believed. */
static int
hit_make(const zbar_symbol_t *s, struct codes_hit *hit)
{
	zbar_symbol_type_t type = zbar_symbol_get_type(s);
	unsigned n = zbar_symbol_get_loc_size(s);

	hit->kind = kind_of(type);
	hit->data = zbar_symbol_get_data(s);
	hit->len = zbar_symbol_get_data_length(s);
	if (hit->kind == NULL || n == 0 || (type != ZBAR_QRCODE &&
	    zbar_symbol_get_quality(s) < QUALITY_MIN))
		return 0;
	hit->left = hit->top = INT32_MAX;
	hit->right = hit->bottom = INT32_MIN;
	for (unsigned i = 0; i < n; i++) {
		int x = zbar_symbol_get_loc_x(s, i);
		int y = zbar_symbol_get_loc_y(s, i);

		hit->left = x < hit->left ? x : hit->left;
		hit->right = x > hit->right ? x : hit->right;
		hit->top = y < hit->top ? y : hit->top;
		hit->bottom = y > hit->bottom ? y : hit->bottom;
	}
	return 1;
}

int
codes_scan(const uint8_t *grey, uint32_t width, uint32_t height,
    codes_found *found, void *arg)
{
	const zbar_symbol_t *s;
	struct codes_hit hit;
	zbar_image_t *image;
	int n = 0;

	if (scanner == NULL || (image = zbar_image_create()) == NULL)
		return ERR_MEMORY;
	zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_set_size(image, width, height);
	zbar_image_set_data(image, grey, (size_t)width * height, NULL);
	zbar_scan_image(scanner, image);
	for (s = zbar_image_first_symbol(image); s != NULL;
	    s = zbar_symbol_next(s)) {
		if (hit_make(s, &hit)) {
			found(arg, &hit);
			n++;
		}
	}
	zbar_image_destroy(image);
	return n;
}
