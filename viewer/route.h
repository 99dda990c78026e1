/*
 * Routes: which addresses the viewer answers. A path matches one pattern of one
 * table or none; its numbers and reference are checked here, once.
 */
#ifndef LIMPID_ROUTE_H
#define LIMPID_ROUTE_H

#include <stdint.h>

#include "ref.h"

enum route {
	ROUTE_NONE = 0,		/* no such address */
	ROUTE_LIST,		/* /, of one box: /?box=NAME */
	ROUTE_MAIL,		/* /mail/REF */
	ROUTE_PICTURE,		/* /mail/REF/picture/PART/PAGE */
	ROUTE_TEXT,		/* /mail/REF/text/PART/PAGE */
	ROUTE_SEARCH,		/* /search */
	ROUTE_MARK,		/* POST /mark */
	ROUTE_SIGNIN,		/* /signin */
	ROUTE_SIGNOUT,		/* POST /signout */
	ROUTE_STYLE,		/* /style.css */
	ROUTE_MAX
};

struct route_match {
	enum route	 route;
	char		 ref[REF_TEXT_LEN + 1];	/* as it stands in the index */
	uint32_t	 part;
	int32_t		 page;			/* from 0; -1 of no page */
	int		 get, post;		/* which methods it answers */
	int		 open;			/* 1: without signing in */
};

/* Fills m; ROUTE_NONE when the path is none of ours. */
void route_find(const char *path, struct route_match *m);

#endif
