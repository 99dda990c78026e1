/*
 * A paged document (PDF, XPS, EPUB, CBZ, SVG) opened from memory: what an engine
 * can do with it, and the engine that is MuPDF; popdf.h is the other. Nothing of
 * the libraries leaks from here. One page is loaded at a time: load, then draw,
 * text and links of it in any order.
 */
#ifndef LIMPID_DOCUMENT_H
#define LIMPID_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "outcome.h"

struct document;

/* What a document says of itself and what hides in it. */
struct document_facts {
	char		format[64];	/* "PDF 1.7"; "" for other formats */
	char		encryption[64];	/* method, though it opened; "" none */
	const char	*scripts;	/* in words, NULL none */
	const char	*metadata;	/* in words, NULL none */
	const char	*forms;		/* in words, NULL none */
	uint32_t	embedded;	/* embedded files, up to 1,000 */
	int		repaired;	/* its structure was damaged */
};

/* A drawn page; samples are borrowed until the next draw or close. */
struct document_picture {
	uint32_t	width, height;
	size_t		stride;
	uint16_t	dpi;		/* less than asked to make it fit */
	double		scale;		/* the same, exactly: samples a point */
	uint8_t		*samples;	/* RGB */
};

/* The characters of a page in reading order; '\n' ends a line. Boxes are in points,
 * from the upper left of the page. All borrowed until the next page or close. */
struct document_glyph {
	uint32_t	rune;
	float		x0, y0, x1, y1;
};

struct document_glyphs {
	struct document_glyph	*list;
	size_t			 count;
	float			 width, height;		/* of the page */
	uint32_t		 layered;	/* characters more, in layers that
						 * are not shown */
};

/* Called for each link of a page that leads out of the document. label is what
 * stands under it, both raw UTF-8 and borrowed. Returns 0 to stop. */
typedef int document_link(void *arg, const char *label, const char *target);

/*
 * Where files that a document holds go, one after the other. Names and types are raw
 * and borrowed. begin returns 0 when no file more is wanted, data 0 when no more of
 * this one; lost says that the file just begun cannot be had, or not whole.
 */
struct document_sink {
	void *arg;
	int (*begin)(void *arg, const char *name, const char *type);
	int (*data)(void *arg, const uint8_t *data, size_t len);
	void (*lost)(void *arg, enum reason reason);
};

/* Candidate passwords (words.h) and how many attempts; line is set to the one that
 * opened the document, and stays -1 when it needed none. */
struct document_key {
	const char	*words;
	unsigned	 attempts;
	int		 line;
};

/* An engine; documents of one are nothing to another. */
struct document_engine {
	const char *name;		/* for reports */
	/*
	 * Opens data, which must outlive the document. format: what
	 * worker-identify said; key: NULL, or passwords to try.
	 * REASON_COMPLETE, or FORMAT, ENCRYPTED (no password fits), MEMORY,
	 * EMPTY (no page): no document.
	 */
	enum reason (*open)(const char *format, const uint8_t *data, size_t len,
	    struct document_key *key, struct document **dp);
	/* Pages as the document counts them: hostile, may be millions. */
	uint32_t (*pages)(const struct document *d);
	void (*facts)(struct document *d, struct document_facts *f);
	/* Reads and interprets one page. 0: it cannot be. *errors is set when
	 * parts of its content could not be understood and were left out. */
	int (*page_load)(struct document *d, uint32_t index, int *errors);
	/* Draws the page at dpi, or lower so that it fits max_pixels and the
	 * sides that a copy allows. 0: it cannot be. */
	int (*page_draw)(struct document *d, uint16_t dpi, uint32_t max_pixels,
	    struct document_picture *pic, int *errors);
	/* What is written on the page, about max characters of it at most. 0: it
	 * cannot be read. */
	int (*page_glyphs)(struct document *d, size_t max,
	    struct document_glyphs *glyphs);
	void (*page_links)(struct document *d, document_link *found, void *arg);
	/* Embedded and attached files, at most 1,000; each once, where the
	 * engine can tell. */
	void (*files)(struct document *d, const struct document_sink *to);
};

/* MuPDF. A format other than XPS, EPUB, CBZ and SVG is taken as PDF. */
extern const struct document_engine document_mupdf;

/* In the warm parent: context and fonts. ERR_OK or ERR_MEMORY. */
int document_warm(void);

/* As the members of struct document_engine. */
enum reason document_open(const char *format, const uint8_t *data, size_t len,
    struct document_key *key, struct document **dp);
void document_close(struct document *d);

uint32_t document_pages(const struct document *d);
void document_facts(struct document *d, struct document_facts *f);

int document_page_load(struct document *d, uint32_t index, int *errors);

int document_page_draw(struct document *d, uint16_t dpi, uint32_t max_pixels,
    struct document_picture *pic, int *errors);

int document_page_glyphs(struct document *d, size_t max,
    struct document_glyphs *glyphs);

void document_page_links(struct document *d, document_link *found, void *arg);
void document_files(struct document *d, const struct document_sink *to);

/*
 * For engines: the samples a point at which a page of width x height points, drawn
 * at dpi, fits max_pixels and the sides that a copy allows; less than dpi says when
 * it does not. 0: no scale does.
 */
double document_scale(double width, double height, uint16_t dpi,
    uint32_t max_pixels);

#endif
