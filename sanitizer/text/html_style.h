/*
 * What of a style a reader's eye depends on: whether text is visible at all.
 */
#ifndef LIMPID_HTML_STYLE_H
#define LIMPID_HTML_STYLE_H

#include <stdint.h>

/* Inherited from element to element. */
struct html_style {
	uint32_t	 ink, paper;	/* 0xRRGGBB */
	int		 hidden;	/* by an element around it: for good */
	unsigned	 own;		/* what hides this element (bits) */
	int		 invisible, tiny, clear;	/* until something inside says
						 * not */
	int		 picture;	/* on a picture: the paper is unknown */
};

/* What an element begins with inside of one that has this style. */
struct html_style html_style_inside(const struct html_style *outer);
/* Applies declarations: those that are !important, or those that are not. */
void html_style_apply(struct html_style *s, const char *css, int important);
/* Hides the element itself. */
void html_style_hide(struct html_style *s);
/* Applies color="", bgcolor="" and the like; NULL is fine. */
void html_style_ink(struct html_style *s, const char *colour);
void html_style_paper(struct html_style *s, const char *colour);
/* Whether a reader would not see text in this style. */
int html_style_is_hidden(const struct html_style *s);

#endif
