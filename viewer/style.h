/*
 * Style: viewer/style.css as a string, made by build.mk.
 */
#ifndef LIMPID_STYLE_H
#define LIMPID_STYLE_H

extern const char style_css[];

#endif
