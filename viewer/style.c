/*
 * Purpose: serves the style sheet, which is part of the program.
 * Process: limpid-viewerd.
 * Hostile input: none.
 * Must never: read a file for it.
 */
#include <string.h>

#include "err.h"
#include "style.h"
#include "viewer.h"

int
page_style(struct request *rq, struct reply *out)
{
	(void)rq;
	out->type = "text/css; charset=utf-8";
	out->fixed = style_css;
	out->len = strlen(style_css);
	out->keep = 1;
	return ERR_OK;
}
